package abi_test

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"

	"pgregory.net/rapid"
)

func TestKindOfFindsTheOutermostKind(t *testing.T) {
	noDevice := fmt.Errorf("no device fits: %w", abi.Unavailable)
	for _, tt := range []struct {
		name string
		err  error
		want abi.Kind
	}{
		{"nil", nil, abi.Other},
		{"foreign", errors.New("disk on fire"), abi.Other},
		{"bare", abi.Denied, abi.Denied},
		{"wrapped twice", fmt.Errorf("job 7: %w", noDevice), abi.Unavailable},
		{"joined", errors.Join(errors.New("first"), noDevice, abi.Denied), abi.Unavailable},
	} {
		if got := abi.KindOf(tt.err); got != tt.want {
			t.Errorf("%s: KindOf(%v) = %v, want %v", tt.name, tt.err, got, tt.want)
		}
	}
}

// The numbers are the ABI: a change here breaks every published app.
func TestErrnosNeverChange(t *testing.T) {
	for errno, kind := range map[int32]abi.Kind{
		-1: abi.Invalid, -2: abi.Denied, -3: abi.NotFound, -4: abi.Exhausted, -5: abi.Unavailable, -6: abi.Guest, -7: abi.Internal,
	} {
		if got := abi.Errno(fmt.Errorf("x: %w", kind)); got != errno {
			t.Errorf("Errno(%v) = %d, want %d", kind, got, errno)
		}
	}
	if abi.Errno(nil) != 0 || abi.Errno(errors.New("unclassified")) != -7 {
		t.Errorf("Errno(nil) = %d, Errno(unclassified) = %d; want 0 and -7", abi.Errno(nil), abi.Errno(errors.New("x")))
	}
}

func TestElementsNeverOverflows(t *testing.T) {
	for _, shape := range [][]int64{
		{math.MaxInt64, 2}, {1 << 31, 1 << 31}, {-1}, {1 << 20, 1 << 20, 2}, {1, 1, 1, 1, 1, 1, 1, 1, 1},
	} {
		if n, err := abi.Elements(shape); !errors.Is(err, abi.Invalid) {
			t.Errorf("Elements(%v) = %d, %v; want %v", shape, n, err, abi.Invalid)
		}
	}
	for n, shape := range map[int64][]int64{1: {}, 0: {3, 0, 5}, 24: {2, 3, 4}, abi.MaxElements: {1 << 20, 1 << 20}} {
		if got, err := abi.Elements(shape); err != nil || got != n {
			t.Errorf("Elements(%v) = %d, %v; want %d", shape, got, err, n)
		}
	}
}

func TestNamesReadBackAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := abi.Sum(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		if got, err := abi.ParseDigest(d.String()); err != nil || got != d {
			t.Fatalf("ParseDigest(%v) = %v, %v", d, got, err)
		}
		a := abi.Address(d[:20])
		if got, err := abi.ParseAddress(a.String()); err != nil || got != a {
			t.Fatalf("ParseAddress(%v) = %v, %v", a, got, err)
		}
	})
}

// FuzzParseDigest: what parses must print as it was given; the rest is Invalid.
func FuzzParseDigest(f *testing.F) {
	f.Add(abi.Sum(nil).String())
	f.Add("sha256:")
	f.Add("sha512:00")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := abi.ParseDigest(s); err == nil && d.String() != s || err != nil && !errors.Is(err, abi.Invalid) {
			t.Errorf("ParseDigest(%q) = %v, %v", s, d, err)
		}
	})
}

// FuzzParseAddress: what parses must parse again from how it prints.
func FuzzParseAddress(f *testing.F) {
	f.Add(abi.Address{1}.String())
	f.Add("0x")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := abi.ParseAddress(s)
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("ParseAddress(%q) = %v", s, err)
			}
			return
		}
		if again, err := abi.ParseAddress(a.String()); err != nil || again != a {
			t.Errorf("ParseAddress(%q) = %v, then %v, %v", s, a, again, err)
		}
	})
}

func ExampleDigest() {
	d := abi.Sum([]byte("hello"))
	fmt.Println(d)
	fmt.Println(d.Short())
	// Output:
	// sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824
	// 2cf24dba
}
