package ledger_test

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/ledger"
)

// seal is a signer with real behaviour and no curve: its signature is a keyed
// hash, so a changed byte is noticed.
type seal struct{ key abi.Address }

func (s seal) Address() abi.Address { return s.key }

func (s seal) Sign(d abi.Digest) ([]byte, error) {
	h := sha256.Sum256(append(s.key[:], d[:]...))
	return append(h[:], s.key[:]...), nil
}

func recoverSeal(d abi.Digest, sig []byte) (abi.Address, error) {
	if len(sig) != 52 {
		return abi.Address{}, abi.Denied
	}
	a := abi.Address(sig[32:])
	want, _ := seal{a}.Sign(d)
	if string(want) != string(sig) {
		return abi.Address{}, abi.Denied
	}
	return a, nil
}

func open(t *testing.T, path string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(path, seal{abi.Address{7}}, recoverSeal)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func jobs(t *testing.T, l *ledger.Ledger) (got []abi.Digest) {
	t.Helper()
	if err := l.All(func(s wire.SignedReceipt) error {
		r, err := s.Verify(recoverSeal)
		got = append(got, r.Job)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func fill(t *testing.T, path string, n int) {
	t.Helper()
	l := open(t, path)
	defer l.Close()
	for i := range n {
		if _, err := l.Append(t.Context(), wire.Receipt{Job: abi.Sum([]byte{byte(i)})}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReceiptsSurviveAndStayChained(t *testing.T) {
	path := filepath.Join(t.TempDir(), "receipts")
	fill(t, path, 2)
	fill(t, path, 1)
	l := open(t, path)
	defer l.Close()
	if got := len(jobs(t, l)); got != 3 {
		t.Errorf("%d receipts after reopening, want 3", got)
	}
}

// Every prefix of the file is what some crash may leave behind.
func TestATornEndIsCutAndTheRestKept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "receipts")
	fill(t, path, 3)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) {
		cut := filepath.Join(dir, "cut")
		if err := os.WriteFile(cut, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		l := open(t, cut)
		before := len(jobs(t, l))
		if want := 3 * n / len(whole); before != want {
			t.Errorf("%d of %d bytes hold %d receipts, want %d", n, len(whole), before, want)
		}
		if _, err := l.Append(t.Context(), wire.Receipt{Job: abi.Sum([]byte("after"))}); err != nil {
			t.Fatal(err)
		}
		l.Close()
		l = open(t, cut)
		if got := len(jobs(t, l)); got != before+1 {
			t.Errorf("cut at %d: %d receipts after one more, want %d", n, got, before+1)
		}
		l.Close()
	}
}

func TestAZeroedEndIsATornEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "receipts")
	fill(t, path, 2)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole, make([]byte, 100)...), 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, path)
	defer l.Close()
	if got := len(jobs(t, l)); got != 2 {
		t.Errorf("%d receipts before the zeros, want 2", got)
	}
}

func TestDamageIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "receipts")
	fill(t, path, 3)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range len(whole) / 3 {
		bad := append([]byte{}, whole...)
		bad[at] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := ledger.Open(path, seal{abi.Address{7}}, recoverSeal)
		if err == nil {
			t.Errorf("byte %d changed: %d receipts read as whole", at, len(jobs(t, l)))
			l.Close()
			continue
		}
		if !errors.Is(err, abi.Internal) && !errors.Is(err, abi.Invalid) && !errors.Is(err, abi.Denied) {
			t.Errorf("byte %d changed: %v", at, err)
		}
	}
}

// FuzzOpen: no file makes the ledger panic, and whatever opens can be appended to.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 1, 0, 0, 0, 0, 0})
	f.Add([]byte{255, 255, 255, 255, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "receipts")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := ledger.Open(path, seal{abi.Address{7}}, recoverSeal)
		if err != nil {
			return
		}
		defer l.Close()
		if _, err := l.Append(t.Context(), wire.Receipt{}); err != nil {
			t.Error(err)
		}
	})
}

// A full disk takes a part of an entry. The next entry may be shorter.
func TestWhatAFailedAppendLeftBehindIsNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "receipts")
	l := open(t, path)
	torn, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 4096 {
		if _, err := torn.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := torn.Close(); err != nil {
		t.Fatal(err)
	}
	job := abi.Sum([]byte("job"))
	if _, err := l.Append(t.Context(), wire.Receipt{Job: job}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	defer again.Close()
	if got := jobs(t, again); len(got) != 1 || got[0] != job {
		t.Errorf("jobs = %v, want %v alone", got, job)
	}
}
