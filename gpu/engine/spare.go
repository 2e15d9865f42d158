package engine

// maxSpare is how many buffers are kept for later results.
const maxSpare = 16

// spare is the memory of results that were freed, for results of the same size: a
// run after the other then takes no new memory. With what a session holds, it is
// never more than the session once held, so that a quota bounds both.
type spare struct {
	buffers []sizedBuffer
	bytes   int64
}

type sizedBuffer struct {
	buffer
	bytes int64
}

// keep takes a buffer of n bytes, or reports that there is no room.
func (p *spare) keep(s *session, b buffer, n int64) bool {
	if len(p.buffers) == maxSpare || s.usage.Bytes+uint64(p.bytes+n) > s.usage.PeakBytes {
		return false
	}
	p.buffers = append(p.buffers, sizedBuffer{b, n})
	p.bytes += n
	return true
}

// take returns a buffer of n bytes, the latest, or nil.
func (p *spare) take(n int64) buffer {
	for i := len(p.buffers) - 1; i >= 0; i-- {
		if b := p.buffers[i]; b.bytes == n {
			last := len(p.buffers) - 1
			p.buffers[i], p.buffers[last] = p.buffers[last], sizedBuffer{}
			p.buffers, p.bytes = p.buffers[:last], p.bytes-n
			return b.buffer
		}
	}
	return nil
}

// free gives everything back.
func (p *spare) free() {
	for _, b := range p.buffers {
		b.free()
	}
	clear(p.buffers)
	p.buffers, p.bytes = p.buffers[:0], 0
}
