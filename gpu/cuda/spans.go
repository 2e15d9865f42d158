package cuda

import (
	"cmp"
	"slices"
)

// A span is a range of addresses, the device's or this process's.
type span struct{ at, n uintptr }

// spans are ranges that do not overlap, by address.
type spans []span

// find returns the place of the last range that starts at or before at; -1 if none does.
func (s spans) find(at uintptr) int {
	i, ok := slices.BinarySearchFunc(s, at, func(e span, at uintptr) int { return cmp.Compare(e.at, at) })
	if ok {
		return i
	}
	return i - 1
}

// hold reports whether n bytes from at are in one range.
func (s spans) hold(at, n uintptr) bool {
	i := s.find(at)
	return i >= 0 && at-s[i].at <= s[i].n && n <= s[i].n-(at-s[i].at)
}

// starts reports whether a range starts at at, and how long it is.
func (s spans) starts(at uintptr) (n uintptr, ok bool) {
	i := s.find(at)
	if i < 0 || s[i].at != at {
		return 0, false
	}
	return s[i].n, true
}

// meets reports whether a range has a byte of n > 0 bytes from at.
func (s spans) meets(at, n uintptr) bool {
	i := s.find(at + n - 1)
	return i >= 0 && s[i].at+s[i].n > at
}

func (s *spans) add(at, n uintptr) {
	*s = slices.Insert(*s, s.find(at)+1, span{at, n})
}

func (s *spans) remove(at uintptr) {
	if i := s.find(at); i >= 0 && (*s)[i].at == at {
		*s = slices.Delete(*s, i, i+1)
	}
}
