package driver

import (
	"context"
	"fmt"
	"time"
)

// A history is what a host keeps of a session, to bring it back when its device is
// lost: a snapshot of buffers and states, and what was done since, in order. A device
// gives the same bits again, so that what was done is done anew. What is larger than
// the host may keep is not kept, and such a session is lost with its device.
type history struct {
	limit    int64
	bytes    int64 // in base, states and journal
	gone     bool  // nothing is kept: too large
	base     map[uint64]kept
	journal  []entry
	programs []*Executable
	dirty    map[uint64]*Buffer // changed by a run since the snapshot, and not freed
	runs     int
	written  int64         // bytes in the journal
	spent    time.Duration // by runs since the snapshot
	cost     time.Duration // of the last snapshot
}

// kept is a buffer as it was at the snapshot; nil bytes are zeros.
type kept struct {
	size  int64
	bytes []byte
}

// An entry is one thing that was done: one of its fields is set.
type entry struct {
	make, free uint64
	size       int64
	write      *writing
	program    *Executable // that was run, as run says
	run        *request
}

type writing struct {
	id  uint64
	off int64
	b   []byte
}

// A snapshot is taken after so many runs, if the runs took so many times as long as
// the last one; after mostRuns, and when the journal is large, in any case.
const (
	fewestRuns = 64
	mostRuns   = 4096
	worth      = 20
)

func newHistory(limit int64) history {
	return history{limit: max(0, limit), base: make(map[uint64]kept), dirty: make(map[uint64]*Buffer)}
}

// hold accounts for n bytes more, or gives up.
func (m *history) hold(n int64) bool {
	if m.gone {
		return false
	}
	if m.bytes += n; m.bytes > m.limit {
		m.forget()
		m.gone = true
	}
	return !m.gone
}

// forget drops, and wipes, everything.
func (m *history) forget() {
	for _, k := range m.base {
		clear(k.bytes)
	}
	for _, e := range m.journal {
		if e.write != nil {
			clear(e.write.b)
		}
	}
	for _, x := range m.programs {
		clear(x.state)
		x.state = nil
	}
	m.base, m.dirty, m.journal, m.programs, m.bytes = make(map[uint64]kept), make(map[uint64]*Buffer), nil, nil, 0
}

func (m *history) compiled(x *Executable) {
	if !m.gone {
		m.programs = append(m.programs, x)
	}
}

func (m *history) made(b *Buffer) {
	if !m.hold(0) {
		return
	}
	if m.runs == 0 {
		m.base[b.id] = kept{size: b.size}
		return
	}
	m.journal = append(m.journal, entry{make: b.id, size: b.size})
}

func (m *history) freed(b *Buffer) {
	if m.gone {
		return
	}
	delete(m.dirty, b.id)
	if m.runs > 0 {
		m.journal = append(m.journal, entry{free: b.id})
		return
	}
	m.drop(b.id)
}

// drop takes a buffer out of the snapshot.
func (m *history) drop(id uint64) {
	k := m.base[id]
	clear(k.bytes)
	m.bytes -= int64(len(k.bytes))
	delete(m.base, id)
}

func (m *history) wrote(b *Buffer, off int64, data []byte) {
	if m.runs > 0 {
		if m.hold(int64(len(data))) {
			m.written += int64(len(data))
			m.journal = append(m.journal, entry{write: &writing{b.id, off, append([]byte{}, data...)}})
		}
		return
	}
	k := m.base[b.id]
	if k.bytes == nil {
		if !m.hold(b.size) {
			return
		}
		k.bytes = make([]byte, b.size)
		m.base[b.id] = k
	}
	copy(k.bytes[off:], data)
}

// ran notes a run, and what it changed.
func (m *history) ran(x *Executable, q *request, params, out []*Buffer) {
	if m.gone {
		return
	}
	m.runs++
	m.journal = append(m.journal, entry{program: x, run: q})
	for _, b := range out {
		m.dirty[b.id] = b
	}
	for _, i := range x.trained {
		m.dirty[params[i].id] = params[i]
	}
}

// timed adds to what runs took.
func (m *history) timed(f func() error) error {
	begun := time.Now()
	err := f()
	m.spent += time.Since(begun)
	return err
}

func (m *history) due() bool {
	return !m.gone && (m.runs >= mostRuns || m.written > m.limit/4 || m.runs >= fewestRuns && m.spent >= worth*m.cost)
}

// snapshot reads what runs have changed, and begins a new journal.
func (m *history) snapshot(s *Session, p *process) error {
	begun := time.Now()
	if err := s.tell(p); err != nil {
		return err
	}
	fresh := make(map[uint64][]byte, len(m.dirty))
	for id, b := range m.dirty {
		if !m.hold(b.size) {
			return nil
		}
		fresh[id] = make([]byte, b.size)
		if err := p.read(s.id, id, 0, fresh[id]); err != nil {
			return err
		}
	}
	states := make(map[*Executable][]byte)
	for _, e := range m.journal {
		x := e.program
		if x == nil || x.closed || len(x.trained) == 0 || states[x] != nil {
			continue
		}
		b, err := x.save(p)
		if err != nil {
			return err
		}
		if !m.hold(int64(len(b))) {
			return nil
		}
		states[x] = b
	}
	m.settle(fresh, states)
	m.cost = time.Since(begun)
	return nil
}

// settle makes what was read, and what was written since the last snapshot, the
// snapshot.
func (m *history) settle(fresh map[uint64][]byte, states map[*Executable][]byte) {
	for _, e := range m.journal {
		switch {
		case e.make != 0:
			m.base[e.make] = kept{size: e.size}
		case e.free != 0:
			m.drop(e.free)
		case e.write != nil:
			w := e.write
			k, ok := m.base[w.id]
			if _, read := fresh[w.id]; ok && !read {
				if k.bytes == nil {
					k.bytes = make([]byte, k.size)
					m.bytes += k.size
					m.base[w.id] = k
				}
				copy(k.bytes[w.off:], w.b)
			}
			clear(w.b)
			m.bytes -= int64(len(w.b))
		}
	}
	for id, b := range fresh {
		size := m.base[id].size
		m.drop(id)
		m.base[id] = kept{size, b}
	}
	for x, b := range states {
		clear(x.state)
		m.bytes -= int64(len(x.state))
		x.state = b
	}
	open := m.programs[:0]
	for _, x := range m.programs {
		if x.closed {
			clear(x.state)
			m.bytes -= int64(len(x.state))
			continue
		}
		open = append(open, x)
	}
	m.programs, m.journal, m.dirty = open, nil, make(map[uint64]*Buffer)
	m.runs, m.written, m.spent = 0, 0, 0
}

// save reads the state of a program.
func (x *Executable) save(p *process) ([]byte, error) {
	r, err := p.ask(methodSave, &request{Session: x.s.id, Object: x.id})
	if err != nil {
		return nil, err
	}
	if r.Bytes < 0 || r.Bytes > maxStage {
		return nil, &lostError{fmt.Errorf("%w: a state of %d bytes", errBroken, r.Bytes)}
	}
	b := make([]byte, r.Bytes)
	if err := p.read(x.s.id, 0, 0, b); err != nil {
		return nil, err
	}
	_, err = p.ask(methodStage, &request{Session: x.s.id}) // it is wiped
	return b, err
}

// restore does everything again in a process that is new to the session.
func (m *history) restore(s *Session, p *process) error {
	if m.gone {
		return fmt.Errorf("driver: %w: the session had more than the %d bytes that are kept to bring it back", ErrLost, m.limit)
	}
	if _, err := p.ask(methodEnd, &request{Session: s.id}); err != nil { // what an attempt that failed has left
		return err
	}
	s.todo = nil // it is in the history
	for id, k := range m.base {
		s.todo = append(s.todo, change{id: id, size: k.size})
	}
	if err := s.tell(p); err != nil {
		return err
	}
	for id, k := range m.base {
		if err := p.write(s.id, id, 0, k.bytes); err != nil {
			return err
		}
	}
	for _, x := range m.programs {
		if err := x.restore(p); err != nil {
			return err
		}
	}
	for _, e := range m.journal {
		if err := m.redo(s, p, e); err != nil {
			return err
		}
	}
	for _, x := range m.programs {
		if !x.closed {
			continue
		}
		if _, err := p.ask(methodRelease, &request{Session: s.id, Object: x.id}); err != nil {
			return err
		}
	}
	return s.tell(p)
}

func (x *Executable) restore(p *process) error {
	if err := x.s.host.admit(x.digest); err != nil {
		return err
	}
	if err := x.compile(p); err != nil {
		return err
	}
	if len(x.state) == 0 {
		return nil
	}
	if err := x.stage(p, int64(len(x.state)), x.state); err != nil {
		return err
	}
	_, err := p.ask(methodLoad, &request{Session: x.s.id, Object: x.id})
	return err
}

func (m *history) redo(s *Session, p *process, e entry) error {
	switch {
	case e.make != 0:
		s.todo = append(s.todo, change{id: e.make, size: e.size})
	case e.free != 0:
		s.todo = append(s.todo, change{id: e.free, size: -1})
	case e.write != nil:
		if err := s.tell(p); err != nil {
			return err
		}
		return p.write(s.id, e.write.id, e.write.off, e.write.b)
	case e.run != nil:
		return s.blame(context.Background(), e.program, func() error {
			q := *e.run
			err := p.run(context.Background(), s.pending(&q))
			s.told(err)
			return err
		})
	}
	return nil
}
