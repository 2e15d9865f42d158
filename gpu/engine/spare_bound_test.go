package engine

import "testing"

func TestSpareMemoryIsPartOfWhatASessionOnceHeld(t *testing.T) {
	s := &session{backend: cpuBackend{}}
	if err := s.charge(100); err != nil {
		t.Fatal(err)
	}
	s.release(40)
	b := &hostBuffer{b: make([]byte, 30)}
	if !s.spare.keep(s, b, 30) {
		t.Error("30 of 40 bytes were not kept")
	}
	if s.spare.keep(s, &hostBuffer{}, 11) {
		t.Error("11 more bytes were kept")
	}
	if s.spare.take(29) != nil || s.spare.take(30) == nil || s.spare.take(30) != nil {
		t.Error("a buffer is found by its size, once")
	}
	if !s.spare.keep(s, b, 30) {
		t.Error("30 bytes were not kept again")
	}
	if err := s.charge(11); err != nil {
		t.Fatal(err)
	}
	if s.spare.bytes != 0 || b.b != nil {
		t.Error("spare memory was not given back for what is used")
	}
}
