package score

import (
	"errors"
	"fmt"
	"io"
	"net"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

// allReduce gives two workers of n numbers each the means of both: a
// ring of two (Patarasuk and Yuan 2009) over a TCP connection of this machine.
// The work is the bytes of one worker's numbers.
func allReduce(n int) shape {
	return shape{AllReduce, fmt.Sprintf("%d numbers, 2 workers", n), float64(4 * n), func(b *bench) func() error {
		r, err := newRing(n)
		if err != nil {
			b.err = err
			return nil
		}
		b.closers = append(b.closers, r)
		return r.reduce
	}}
}

// A ring is two workers, connected.
type ring struct{ workers [2]worker }

// A worker holds numbers, and a half of the other's that just came in.
type worker struct {
	conn      net.Conn
	numbers   []float32
	halves    [2][]float32 // of numbers
	delivered []float32
}

func newRing(n int) (r *ring, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	r = new(ring)
	for i := range r.workers {
		w := &r.workers[i]
		w.numbers = make([]float32, n)
		for j := range w.numbers {
			w.numbers[j] = float32((i + 1) * (j%7 + 1))
		}
		w.halves = [2][]float32{w.numbers[:n/2], w.numbers[n/2:]}
		w.delivered = make([]float32, n-n/2)
	}
	// The listener's queue holds the connection until it is accepted.
	if r.workers[0].conn, err = net.Dial("tcp", l.Addr().String()); err != nil {
		return nil, fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	if r.workers[1].conn, err = l.Accept(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", abi.Unavailable, err), r.workers[0].conn.Close())
	}
	return r, nil
}

func (r *ring) Close() error {
	return errors.Join(r.workers[0].conn.Close(), r.workers[1].conn.Close())
}

// reduce is one all-reduce. When a worker fails both connections are closed, so
// that the other does not wait for it.
func (r *ring) reduce() error {
	failed := make(chan error, len(r.workers))
	for i := range r.workers {
		go func() {
			err := r.workers[i].reduce(i)
			if err != nil {
				err = errors.Join(fmt.Errorf("worker %d: %w: %w", i, abi.Unavailable, err), r.Close())
			}
			failed <- err
		}()
	}
	return errors.Join(<-failed, <-failed)
}

// reduce makes half number own the mean of both workers', and swaps halves.
func (w *worker) reduce(own int) error {
	mine, theirs := w.halves[own], w.halves[1-own]
	in := w.delivered[:len(mine)]
	if err := w.exchange(theirs, in); err != nil {
		return err
	}
	for i, x := range in {
		mine[i] = (mine[i] + x) / 2
	}
	return w.exchange(mine, theirs)
}

// exchange sends and receives at once: two workers that only sent would wait for
// each other as soon as the connection is full.
func (w *worker) exchange(out, in []float32) error {
	sent := make(chan error, 1)
	go func() {
		_, err := w.conn.Write(bytesOf(out))
		sent <- err
	}()
	_, err := io.ReadFull(w.conn, bytesOf(in))
	if err != nil {
		err = errors.Join(err, w.conn.Close()) // or the sender waits for ever
	}
	return errors.Join(err, <-sent)
}

// bytesOf views numbers as they lie in memory: both workers are of one machine.
func bytesOf(v []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), 4*len(v))
}
