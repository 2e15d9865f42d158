package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/store"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func open(t testing.TB, cfg store.Config) *store.Store {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	s, err := store.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsPutIsWhatIsGot(t *testing.T) {
	s := open(t, store.Config{})
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "blob")
		d, n, err := s.Put(bytes.NewReader(b))
		if err != nil || d != abi.Sum(b) || n != int64(len(b)) {
			t.Fatalf("Put = %v, %d, %v; want %v, %d", d, n, err, abi.Sum(b), len(b))
		}
		got, err := s.Get(d)
		if err != nil || !bytes.Equal(got, b) {
			t.Fatalf("Get = %x, %v; want %x", got, err, b)
		}
		if size, err := s.Size(d); err != nil || size != int64(len(b)) || !s.Has(d) {
			t.Fatalf("Size = %d, %v, Has = %v; want %d, true", size, err, s.Has(d), len(b))
		}
	})
}

func TestABlobThatIsNotThereIsNotFound(t *testing.T) {
	s := open(t, store.Config{})
	d := abi.Sum([]byte("x"))
	if _, err := s.Get(d); !errors.Is(err, abi.NotFound) || !strings.Contains(err.Error(), d.String()) {
		t.Errorf("Get = %v, want %v and the name", err, abi.NotFound)
	}
	if _, err := s.Size(d); !errors.Is(err, abi.NotFound) {
		t.Errorf("Size = %v, want %v", err, abi.NotFound)
	}
	if err := s.Remove(d); err != nil || s.Has(d) {
		t.Errorf("Remove = %v, Has = %v; want nothing", err, s.Has(d))
	}
}

func TestACorruptBlobIsNamedAndPutRepairsIt(t *testing.T) {
	s := open(t, store.Config{})
	d, err := s.PutBytes([]byte("truth"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path(d), []byte("lies!"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := s.Get(d); !errors.Is(err, abi.Internal) || !strings.Contains(err.Error(), s.Path(d)) || b != nil {
		t.Errorf("Get = %q, %v; want %v naming %s", b, err, abi.Internal, s.Path(d))
	}
	if _, err := s.PutBytes([]byte("truth")); err != nil {
		t.Fatal(err)
	}
	if b, err := s.Get(d); err != nil || string(b) != "truth" {
		t.Errorf("after Put, Get = %q, %v", b, err)
	}
}

func TestABlobOverTheLimitIsRefusedAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Config{Dir: dir, MaxBlob: 10})
	if _, err := s.PutBytes(make([]byte, 10)); err != nil {
		t.Errorf("Put of 10 bytes: %v", err)
	}
	if _, err := s.PutBytes(make([]byte, 11)); !errors.Is(err, abi.Exhausted) {
		t.Errorf("Put of 11 bytes = %v, want %v", err, abi.Exhausted)
	}
	if left := files(t, filepath.Join(dir, "tmp")); left != 0 {
		t.Errorf("%d partial files left", left)
	}
}

func TestCommitRefusesOtherBytesThanWanted(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Config{Dir: dir})
	w, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "not it"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(abi.Sum([]byte("it"))); !errors.Is(err, abi.Invalid) {
		t.Errorf("Commit = %v, want %v", err, abi.Invalid)
	}
	if _, err := w.Commit(abi.Digest{}); !errors.Is(err, abi.Invalid) {
		t.Errorf("second Commit = %v, want %v", err, abi.Invalid)
	}
	if list, err := s.List(); err != nil || len(list) != 0 || files(t, filepath.Join(dir, "tmp")) != 0 {
		t.Errorf("List = %v, %v; want nothing kept", list, err)
	}
}

func TestListHasEveryBlobAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Config{Dir: dir})
	want := map[abi.Digest]int64{}
	for i := range 20 {
		d, err := s.PutBytes(bytes.Repeat([]byte{byte(i)}, i))
		if err != nil {
			t.Fatal(err)
		}
		want[d] = int64(i)
	}
	for _, stray := range []string{"README", filepath.Join("sha256", "note"), filepath.Join("sha256", "zz")} {
		if err := os.WriteFile(filepath.Join(dir, stray), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	got := map[abi.Digest]int64{}
	for _, e := range list {
		got[e.Digest] = e.Bytes
	}
	if diff := cmp.Diff(want, got); diff != "" || len(list) != len(want) {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

func TestOpenSweepsOnlyWhatHasNoWriter(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Config{Dir: dir})
	w, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(dir, "tmp", "put-stale")
	if err := os.WriteFile(stale, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(stale, old, old); err != nil {
		t.Fatal(err)
	}
	open(t, store.Config{Dir: dir})
	if _, err := os.Stat(stale); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the stale file is still there: %v", err)
	}
	if _, err := io.WriteString(w, "x"); err != nil {
		t.Fatal(err)
	}
	if d, err := w.Commit(abi.Digest{}); err != nil || !s.Has(d) {
		t.Errorf("a writer lost its file to another Open: %v", err)
	}
}

func TestManyWritersOfTheSameBlobsAgree(t *testing.T) {
	s := open(t, store.Config{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 10 {
				b := fmt.Appendf(nil, "blob %d", i)
				d, err := s.PutBytes(b)
				if err != nil {
					t.Errorf("Put: %v", err)
					return
				}
				if got, err := s.Get(d); err != nil || !bytes.Equal(got, b) {
					t.Errorf("Get = %q, %v; want %q", got, err, b)
				}
			}
		})
	}
	wg.Wait()
}

// A child process puts blobs and is killed in the middle; every blob it left
// must be whole, and the ones it reported must be there.
func TestKillLeavesOnlyWholeBlobs(t *testing.T) {
	if dir := os.Getenv("STORE_TEST_CHILD"); dir != "" {
		s := open(t, store.Config{Dir: dir})
		for i := 0; ; i++ {
			d, err := s.PutBytes(bytes.Repeat(fmt.Appendf(nil, "%d ", i), 20000))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Println(d)
		}
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillLeavesOnlyWholeBlobs$")
	cmd.Env = append(os.Environ(), "STORE_TEST_CHILD="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1000) // about a dozen blobs in
	n, err := io.ReadFull(out, buf)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	s := open(t, store.Config{Dir: dir})
	lines := strings.Split(string(buf[:n]), "\n")
	for _, line := range lines[:len(lines)-1] {
		d, err := abi.ParseDigest(line)
		if err != nil {
			t.Fatalf("child said %q: %v", line, err)
		}
		if _, err := s.Get(d); err != nil {
			t.Errorf("a reported blob is gone: %v", err)
		}
	}
	list, err := s.List()
	if err != nil || len(list) < len(lines)-1 {
		t.Fatalf("List = %d blobs, %v; want at least %d", len(list), err, len(lines)-1)
	}
	for _, e := range list {
		if _, err := s.Get(e.Digest); err != nil {
			t.Error(err)
		}
	}
}

func files(t *testing.T, dir string) int {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
