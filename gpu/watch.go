package gpu

import "fmt"

// A Watch tells when the owner of a machine uses a card himself, so that no job is
// put beside him. The zero Watch takes every process for his and looks at no more.
type Watch struct {
	// Ours reports whether a process computes for us. Nil says no.
	Ours func(pid int) bool
	// Busy is the percent of time from which a card is in use although nothing of
	// ours runs there; 0 does not look.
	Busy int64
	// Drawing is the bytes from which a process that draws counts: a desktop
	// always has some, a game has many. 0 does not look.
	Drawing uint64
}

// Sees says what of the owner's is on a card, or "" for nothing. running says that
// a job of ours is there, so that how busy the card is tells nothing.
func (w Watch) Sees(s Sample, list []Process, running bool) string {
	for _, p := range list {
		switch {
		case w.Ours != nil && w.Ours(p.PID):
		case !p.Graphics:
			return fmt.Sprintf("process %d computes", p.PID)
		case w.Drawing > 0 && p.Memory >= w.Drawing:
			return fmt.Sprintf("process %d draws, with %d bytes", p.PID, p.Memory)
		}
	}
	if !running && w.Busy > 0 && s.Busy >= w.Busy {
		return fmt.Sprintf("%d%% busy with nothing of ours", s.Busy)
	}
	return ""
}
