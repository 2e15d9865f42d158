//go:build unix

package driver

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine/cpu"
)

// large is more than several slots of quick's ring hold.
const large = 3*ringPage/4 + 5

func TestWhatIsWrittenIsComputedAndRead(t *testing.T) {
	u := newUser(t, quick(t, Config{}), "Neg", large)
	if err := u.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.wantNeg(t)
}

func TestADriverWithoutADeviceSaysWhy(t *testing.T) {
	_, err := quick(t, Config{BuiltIn: "none"}).Start(t.Context())
	if !errors.Is(err, abi.Unavailable) || !strings.Contains(err.Error(), "no such card here") {
		t.Errorf("Start = %v, want Unavailable with the reason", err)
	}
	_, err = quick(t, Config{BuiltIn: "unheard of"}).Start(t.Context())
	if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "unheard of") {
		t.Errorf("Start = %v, want Invalid that names the driver", err)
	}
	_, err = quick(t, Config{Path: "/nowhere/driver"}).Start(t.Context())
	if !errors.Is(err, abi.Unavailable) {
		t.Errorf("Start = %v, want Unavailable", err)
	}
	_, err = quick(t, Config{Path: "/bin/false"}).Start(t.Context())
	if !errors.Is(err, abi.Unavailable) {
		t.Errorf("Start = %v, want Unavailable", err)
	}
}

func TestADriverThatAnybodyMayWriteIsRefused(t *testing.T) {
	path := t.TempDir() + "/driver"
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o777); err != nil { // whatever the mask is
		t.Fatal(err)
	}
	if _, err := quick(t, Config{Path: path}).Start(t.Context()); !errors.Is(err, abi.Denied) {
		t.Errorf("Start = %v, want Denied", err)
	}
}

func TestABinaryWithoutTheHookStartsNoChild(t *testing.T) {
	hooked.Store(false)
	defer hooked.Store(true)
	if _, err := quick(t, Config{}).Start(t.Context()); !errors.Is(err, errNotHooked) {
		t.Errorf("Start = %v, want errNotHooked", err)
	}
}

// TestAKilledDeviceIsReplacedAndItsSessionsGoOn kills the process with -9 while it
// runs a plan, at many moments, and compares a training with one that nobody killed.
func TestAKilledDeviceIsReplacedAndItsSessionsGoOn(t *testing.T) {
	for _, opt := range []abi.Optimizer{
		{Kind: abi.SGD, LearningRate: 0.1, Momentum: 0.9},
		{Kind: abi.Adam, LearningRate: 0.1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8},
	} {
		want := trained(t, quick(t, Config{}), opt, func(*Host, int) {})
		first := 0
		got := trained(t, quick(t, Config{}), opt, func(h *Host, step int) {
			switch {
			case step == 0:
				first = h.pid()
			case step%97 == 50:
				go func() {
					time.Sleep(time.Duration(step%7) * 50 * time.Microsecond)
					_ = syscall.Kill(h.pid(), syscall.SIGKILL)
				}()
			}
			if step == 399 && h.pid() == first {
				t.Error("nothing was killed")
			}
		})
		if !bytes.Equal(want, got) {
			t.Errorf("%v: the parameters of a training that was killed differ", opt.Kind)
		}
	}
}

// trained is the parameter after 400 steps; before each, f is called.
func trained(t *testing.T, h *Host, opt abi.Optimizer, f func(*Host, int)) []byte {
	t.Helper()
	s := h.Session()
	defer s.Close()
	x, err := s.Compile(t.Context(), training(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	alloc := func(n int64, b []byte) *Buffer {
		x, err := s.Alloc(n)
		if err == nil {
			err = x.Write(0, b)
		}
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	w := alloc(4*64, counted(64))
	for step := range 400 {
		f(h, step)
		in := alloc(4*32, counted(int64(step%32)))
		loss := alloc(4, nil)
		if err := x.Run(t.Context(), []*Buffer{in}, []*Buffer{w}, []*Buffer{loss}, opt.LearningRate/float32(step+1)); err != nil {
			t.Fatal(err)
		}
		in.Free()
		loss.Free()
	}
	b := make([]byte, 4*64)
	if err := w.Read(0, b); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(b, counted(64)) {
		t.Fatal("the parameter did not change")
	}
	return b
}

// TestWhatIsKeptFollowsItsParameter: a kernel that keeps what it made of a parameter
// hears that it was written to.
func TestWhatIsKeptFollowsItsParameter(t *testing.T) {
	h := quick(t, Config{Slots: 2, SlotBytes: 1 << 20})
	s := h.Session()
	defer s.Close()
	p := convolution(t)
	if p.Steps[0].Keep == 0 {
		t.Fatal("its kernel keeps nothing")
	}
	sizes := [3]int64{4 * 16 * 12 * 12, 4 * 32 * 16 * 9, 4 * 32 * 10 * 10}
	var b [3]*Buffer
	for i, n := range sizes {
		var err error
		if b[i], err = s.Alloc(n); err != nil {
			t.Fatal(err)
		}
	}
	run := func(x *Executable) []byte {
		t.Helper()
		y := make([]byte, sizes[2])
		err := x.Run(t.Context(), b[:1], b[1:2], b[2:], 0)
		if err == nil {
			err = b[2].Read(0, y)
		}
		if err != nil {
			t.Fatal(err)
		}
		return y
	}
	compile := func() *Executable {
		t.Helper()
		x, err := s.Compile(t.Context(), p, abi.Optimizer{})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	old := compile()
	var last []byte
	for _, from := range []int64{0, 7} {
		if err := errors.Join(b[0].Write(0, counted(sizes[0]/4)), b[1].Write(0, counted(sizes[1]/4 + from)[4*from:])); err != nil {
			t.Fatal(err)
		}
		got := run(old)
		if bytes.Equal(got, last) {
			t.Error("other weights give the same result")
		}
		if last = run(compile()); !bytes.Equal(got, last) {
			t.Error("a program that has run before gives another result than a new one")
		}
	}
}

func TestTheOthersGoOnWhenOneKillsTheDevice(t *testing.T) {
	h := quick(t, Config{})
	good := newUser(t, h, "Neg", large)
	if err := good.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	bad := newUser(t, h, "Sin", 2)
	if err := bad.run(t.Context()); !errors.Is(err, ErrLost) || !errors.Is(err, abi.Unavailable) {
		t.Errorf("a run that kills = %v, want that the device is lost", err)
	}
	good.wantNeg(t) // of before: it was brought back
	if err := good.run(t.Context()); err != nil {
		t.Errorf("the other's run = %v", err)
	}
}

func TestAPlanThatEndedTheDeviceTwiceIsRefusedByName(t *testing.T) {
	for _, op := range []string{"Sin", "Cos", "Asin"} {
		h := quick(t, Config{Run: 300 * time.Millisecond})
		bad := newUser(t, h, op, 2)
		if err := bad.run(t.Context()); !errors.Is(err, ErrLost) {
			t.Errorf("%s: the first run = %v, want that the device is lost", op, err)
		}
		name := bad.x.digest.String()
		born := h.born
		if err := bad.run(t.Context()); !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: the next run = %v, want Denied that names %s", op, err, name)
		}
		other := h.Session()
		defer other.Close()
		if _, err := other.Compile(t.Context(), plan(t, op, 2), abi.Optimizer{}); !errors.Is(err, abi.Denied) {
			t.Errorf("%s: the same plan of another session = %v, want Denied", op, err)
		}
		newUser(t, h, "Neg", 2) // and other plans are not
		if h.born > born+1 {
			t.Errorf("%s: a plan that is refused took %d processes", op, h.born-born)
		}
	}
}

func TestARunThatIsCancelledStopsAndTheProcessStays(t *testing.T) {
	h := quick(t, Config{})
	u := newUser(t, h, "Tan", 2)
	first := h.pid()
	cause := errors.New("the user left")
	for _, after := range []time.Duration{0, 10 * time.Millisecond} {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(after, func() { cancel(cause) })
		if err := u.run(ctx); !errors.Is(err, cause) {
			t.Errorf("Run = %v, want the cause", err)
		}
	}
	newUser(t, h, "Neg", 2)
	if h.pid() != first {
		t.Error("the process was killed, though it stopped")
	}
}

func TestARunThatDoesNotStopIsKilledAndNobodyIsHurt(t *testing.T) {
	h := quick(t, Config{Grace: 50 * time.Millisecond})
	good := newUser(t, h, "Neg", large)
	if err := good.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	bad := newUser(t, h, "Cos", 2)
	first := h.pid()
	cause := errors.New("the user left")
	for range 3 { // who cancels is not blamed
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(10*time.Millisecond, func() { cancel(cause) })
		if err := bad.run(ctx); !errors.Is(err, cause) {
			t.Errorf("Run = %v, want the cause", err)
		}
	}
	gone(t, first)
	good.wantNeg(t)
}

func TestAHungDriverIsKilledAtTheDeadline(t *testing.T) {
	h := quick(t, Config{Call: 300 * time.Millisecond})
	u := newUser(t, h, "Neg", 2)
	first := h.pid()
	if err := syscall.Kill(first, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for h.pid() == first { // it may answer once more before it stops
		if err := u.in.Write(0, counted(2)); err != nil {
			t.Fatalf("Write = %v, want another process to take it", err)
		}
	}
	gone(t, first)
}

func TestADriverThatLiesIsLost(t *testing.T) {
	for name := range lies {
		if strings.HasPrefix(name, "has a state") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			h := quick(t, Config{BuiltIn: name})
			u := newUser(t, h, "Neg", 2)
			first := h.pid()
			b := []byte("nothing.")
			err := u.run(t.Context())
			if err == nil {
				err = u.out.Read(0, b)
			}
			if !errors.Is(err, ErrLost) || string(b) != "nothing." {
				t.Errorf("error %v, and %q was read; want that the device is lost", err, b)
			}
			gone(t, first)
		})
	}
	t.Run("has a state of minus one", func(t *testing.T) {
		h := quick(t, Config{BuiltIn: "has a state of minus one"})
		s := h.Session()
		defer s.Close()
		x, err := s.Compile(t.Context(), training(t), abi.Optimizer{Kind: abi.SGD})
		if err != nil {
			t.Fatal(err)
		}
		err = s.do(t.Context(), nil, func(p *process) error { _, err := x.save(p); return err })
		if !errors.Is(err, ErrLost) {
			t.Errorf("save = %v, want that the device is lost", err)
		}
	})
}

// TestARingThatIsNoneIsRefused: a driver believes the ring no more than a host does.
func TestARingThatIsNoneIsRefused(t *testing.T) {
	for _, spoil := range []func(mem []byte) []byte{
		func(mem []byte) []byte { return mem[:100] },
		func(mem []byte) []byte { return mem[:len(mem)-ringPage] },
		func(mem []byte) []byte { mem[0] = 'X'; return mem },
		func(mem []byte) []byte { mem[7] = 2; return mem },
		func(mem []byte) []byte { mem[8] = 200; return mem },
		func(mem []byte) []byte { mem[15] = 0xff; return mem },
		func(mem []byte) []byte { clear(mem[16:24]); return mem },
		func(mem []byte) []byte { mem[23] = 0x80; return mem },
	} {
		mem := make([]byte, ringBytes(2, ringPage))
		newRing(mem, 2, ringPage)
		if _, err := openRing(spoil(mem)); !errors.Is(err, abi.Invalid) {
			t.Errorf("openRing = %v, want Invalid", err)
		}
	}
	r := newRing(make([]byte, ringBytes(2, ringPage)), 2, ringPage)
	for _, c := range []struct {
		k uint32
		n int64
	}{{2, 1}, {0, ringPage + 1}, {0, -1}, {1 << 31, 1}} {
		if _, err := r.slot(c.k, c.n); !errors.Is(err, abi.Invalid) {
			t.Errorf("%d bytes of slot %d: %v, want Invalid", c.n, c.k, err)
		}
	}
}

// TestNothingOfASessionIsLeft looks for one session's bytes in the ring, in the next
// session's memory, and in what the host keeps once it is closed.
func TestNothingOfASessionIsLeft(t *testing.T) {
	h := quick(t, Config{})
	canary := bytes.Repeat([]byte("canary! "), large/2)
	s := h.Session()
	b, err := s.Alloc(int64(len(canary)))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Write(0, canary); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(canary))
	if err := b.Read(0, got); err != nil || !bytes.Equal(got, canary) {
		t.Fatalf("Read = %v, and the bytes are not those that were written", err)
	}
	mem := h.process.ring.mem
	for i, x := range mem[24:] {
		if x != 0 {
			t.Fatalf("byte %d of the ring is %#x after its use", i+24, x)
		}
	}
	base := s.past.base[b.id].bytes
	if !bytes.Equal(base, canary) {
		t.Fatal("nothing is kept to bring the session back")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(base, []byte("canary")) {
		t.Error("the host's copy is left")
	}
	next := h.Session()
	defer next.Close()
	for range 4 {
		b, err := next.Alloc(int64(len(canary)))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Read(0, got); err != nil || bytes.Contains(got, []byte("canary")) {
			t.Fatalf("Read = %v, and the last session's bytes are there", err)
		}
	}
}

func TestObjectsOfAnotherSessionAreNotThere(t *testing.T) {
	h := quick(t, Config{})
	u, v := newUser(t, h, "Neg", 2), newUser(t, h, "Neg", 2)
	theirs := *u.in
	theirs.s, theirs.id = v.s, 1<<40
	if err := theirs.Read(0, make([]byte, 8)); !errors.Is(err, abi.Invalid) {
		t.Errorf("Read = %v, want Invalid", err)
	}
	if err := v.x.Run(t.Context(), []*Buffer{&theirs}, nil, []*Buffer{v.out}, 0); !errors.Is(err, abi.Invalid) {
		t.Errorf("Run = %v, want Invalid", err)
	}
}

func TestASessionThatIsTooLargeToKeepIsLostWithItsDevice(t *testing.T) {
	h := quick(t, Config{Keep: 64})
	u := newUser(t, h, "Neg", large)
	if err := u.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.wantNeg(t)
	if err := syscall.Kill(h.pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := u.run(t.Context()); !errors.Is(err, ErrLost) {
			t.Errorf("Run = %v, want that the device is lost", err)
		}
	}
	newUser(t, h, "Neg", 2) // the device itself is back
}

func TestADriverEndsWithItsHost(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "CLOISTER_TEST_HOST=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, bad := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || bad != nil {
		t.Fatalf("the host said %q", line)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Fatalf("the driver is not there: %v", err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	gone(t, pid)
}

func TestNothingWorksAfterClose(t *testing.T) {
	h := quick(t, Config{})
	u := newUser(t, h, "Neg", 2)
	pid := h.pid()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
	if err := u.run(t.Context()); !errors.Is(err, abi.Unavailable) {
		t.Errorf("Run = %v, want Unavailable", err)
	}
	if err := u.s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}

func TestTurnsComeInTheirOrder(t *testing.T) {
	var q turns
	if err := q.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	order := make(chan int, 10)
	for i := range 10 {
		go func() {
			if q.take(context.Background()) == nil {
				order <- i
				q.give()
			}
		}()
		for len(q.waitingNow()) != i+1 {
			time.Sleep(time.Millisecond)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.take(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("take = %v, want that it was cancelled", err)
	}
	q.give()
	for i := range 10 {
		if got := <-order; got != i {
			t.Errorf("turn %d was that of %d", i, got)
		}
	}
}

func (t *turns) waitingNow() []chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting
}

// BenchmarkRestart is the time from the loss of a device to the end of the next run
// on another one.
func BenchmarkRestart(b *testing.B) {
	h := quick(b, Config{})
	u := newUser(b, h, "Neg", 2)
	for b.Loop() {
		_ = syscall.Kill(h.pid(), syscall.SIGKILL)
		if err := u.run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRun is a run that computes next to nothing.
func BenchmarkRun(b *testing.B) {
	u := newUser(b, quick(b, Config{}), "Neg", 2)
	for b.Loop() {
		if err := u.run(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkWrite moves 16 MiB to the device.
func BenchmarkWrite(b *testing.B) {
	s := quick(b, Config{Slots: 4, SlotBytes: 4 << 20, Keep: -1}).Session()
	defer s.Close()
	data := cpu.Alloc(16 << 20)
	x, err := s.Alloc(int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if err := x.Write(0, data); err != nil {
			b.Fatal(err)
		}
	}
}
