package fleet_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/host/store"
)

func openStore(t testing.TB, cfg store.Config) *store.Store {
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

// blobs serves an owner's store and returns it.
func (w *world) blobs(maxPush int64) *store.Store {
	w.t.Helper()
	s := openStore(w.t, store.Config{})
	stop := background(w.t, func(ctx context.Context) error {
		return fleet.ServeBlobs(ctx, w.conn, fleet.BlobsConfig{Store: s, MaxPush: maxPush})
	})
	_ = stop // at the end of the test
	return s
}

func bytesOf(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 31 >> 3)
	}
	return b
}

func TestBlobsAreFetchedAndPushedWhole(t *testing.T) {
	w := newWorld(t, t.TempDir(), 1)
	theirs := w.blobs(0)
	host, client := w.dial(fleet.RoleHost), w.dial(fleet.RoleClient)
	for _, n := range []int{0, 1, 256 << 10, 256<<10 + 1, 3<<20 + 17} {
		b := bytesOf(n)
		d, err := theirs.PutBytes(b)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]*fleet.Conn{"host": host, "client": client} {
			mine := openStore(t, store.Config{})
			for range 2 { // the second finds it there
				if err := c.Fetch(t.Context(), mine, d); err != nil {
					t.Fatalf("%s fetches %d bytes: %v", name, n, err)
				}
			}
			if got, err := mine.Get(d); err != nil || len(got) != n {
				t.Errorf("%s fetched %d of %d bytes, %v", name, len(got), n, err)
			}
		}
	}
	mine := openStore(t, store.Config{})
	for _, n := range []int{1, 256 << 10, 1<<20 + 5} {
		d, err := mine.PutBytes(append(bytesOf(n), 'p'))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := host.Push(t.Context(), mine, d); err != nil {
				t.Fatalf("push of %d bytes: %v", n, err)
			}
		}
		if _, err := theirs.Get(d); err != nil {
			t.Error(err)
		}
	}
}

func TestCorruptBlobsAreRefusedOnArrival(t *testing.T) {
	w := newWorld(t, t.TempDir(), 1)
	theirs := w.blobs(0)
	host, mine := w.dial(fleet.RoleHost), openStore(t, store.Config{})
	spoil := func(s *store.Store, n int) abi.Digest {
		b := bytesOf(n)
		d, err := s.PutBytes(b)
		if err != nil {
			t.Fatal(err)
		}
		b[n/2] ^= 1
		if err := os.WriteFile(s.Path(d), b, 0o600); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, n := range []int{10, 600 << 10} {
		d := spoil(theirs, n)
		if err := host.Fetch(t.Context(), mine, d); !errors.Is(err, abi.Invalid) || mine.Has(d) {
			t.Errorf("fetch of %d corrupt bytes = %v, kept %v; want %v", n, err, mine.Has(d), abi.Invalid)
		}
		d = spoil(mine, n+1)
		if err := host.Push(t.Context(), mine, d); !errors.Is(err, abi.Invalid) || theirs.Has(d) {
			t.Errorf("push of %d corrupt bytes = %v, kept %v; want %v", n, err, theirs.Has(d), abi.Invalid)
		}
	}
}

func TestBlobsAreBounded(t *testing.T) {
	w := newWorld(t, t.TempDir(), 1)
	theirs := w.blobs(1000)
	host, mine := w.dial(fleet.RoleHost), openStore(t, store.Config{})
	if err := host.Fetch(t.Context(), mine, abi.Sum([]byte("none"))); !errors.Is(err, abi.NotFound) {
		t.Errorf("a blob nobody has: %v, want %v", err, abi.NotFound)
	}
	if err := host.Push(t.Context(), mine, abi.Sum([]byte("none"))); !errors.Is(err, abi.NotFound) {
		t.Errorf("pushing what is not here: %v, want %v", err, abi.NotFound)
	}
	big, err := mine.PutBytes(bytesOf(1001))
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Push(t.Context(), mine, big); !errors.Is(err, abi.Exhausted) || theirs.Has(big) {
		t.Errorf("a push over the limit: %v, want %v", err, abi.Exhausted)
	}
	if big, err = theirs.PutBytes(bytesOf(2000)); err != nil {
		t.Fatal(err)
	}
	small := openStore(t, store.Config{MaxBlob: 1999})
	if err := host.Fetch(t.Context(), small, big); !errors.Is(err, abi.Exhausted) {
		t.Errorf("a fetch over the limit: %v, want %v", err, abi.Exhausted)
	}
}

func TestAHalfPushedBlobLeavesNothing(t *testing.T) {
	w := newWorld(t, t.TempDir(), 1)
	dir := t.TempDir()
	theirs := openStore(t, store.Config{Dir: dir})
	stop := background(t, func(ctx context.Context) error {
		return fleet.ServeBlobs(ctx, w.conn, fleet.BlobsConfig{Store: theirs})
	})
	host, mine := w.dial(fleet.RoleHost), openStore(t, store.Config{})
	d, err := mine.PutBytes(bytesOf(2 << 20))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(mine.Path(d), 512<<10); err != nil { // the sender loses the rest
		t.Fatal(err)
	}
	if err := host.Push(t.Context(), mine, d); !errors.Is(err, abi.Invalid) {
		t.Errorf("Push = %v, want %v", err, abi.Invalid)
	}
	stop()
	if left, err := os.ReadDir(filepath.Join(dir, "tmp")); err != nil || len(left) != 0 {
		t.Errorf("left %d files, %v", len(left), err)
	}
}
