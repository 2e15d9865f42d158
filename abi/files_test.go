package abi_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/cloister-ai/cloister/abi"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestSplitFilesUndoesJoinFiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		files := rapid.SliceOf(rapid.SliceOf(rapid.Byte())).Draw(t, "files")
		got, err := abi.SplitFiles(abi.JoinFiles(files...))
		if d := cmp.Diff(files, got, cmpopts.EquateEmpty()); err != nil || d != "" {
			t.Fatalf("%v, (-want +got):\n%s", err, d)
		}
	})
}

func TestAnyOtherInputIsOneFile(t *testing.T) {
	for _, in := range []string{"", "\x89PNG", "\x00files2\nabc"} {
		got, err := abi.SplitFiles([]byte(in))
		if err != nil || len(got) != 1 || string(got[0]) != in {
			t.Errorf("SplitFiles(%q) = %q, %v", in, got, err)
		}
	}
}

func TestTruncatedFilesAreInvalid(t *testing.T) {
	whole := abi.JoinFiles([]byte("one"), []byte("two"))
	ends := []int{8, 15, 22} // after the magic, the first and the second file
	for i := 8; i <= len(whole); i++ {
		if _, err := abi.SplitFiles(whole[:i]); errors.Is(err, abi.Invalid) == slices.Contains(ends, i) {
			t.Errorf("SplitFiles of the first %d bytes: %v", i, err)
		}
	}
}

func FuzzSplitFiles(f *testing.F) {
	f.Add(abi.JoinFiles())
	f.Add(abi.JoinFiles([]byte("a"), nil, []byte("bc")))
	f.Add(append(abi.JoinFiles(), 0xff, 0xff, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, b []byte) {
		files, err := abi.SplitFiles(b)
		if err != nil && !errors.Is(err, abi.Invalid) {
			t.Errorf("error %v", err)
		}
		n := 0
		for _, f := range files {
			n += len(f)
		}
		if n > len(b) {
			t.Errorf("%d bytes out of %d", n, len(b))
		}
	})
}
