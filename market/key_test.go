package market_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"
	"pgregory.net/rapid"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market"
)

// Key 1 of secp256k1, whose address is known everywhere.
const (
	keyOne     = "0000000000000000000000000000000000000000000000000000000000000001"
	addressOne = "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"
)

func TestAKeySurvivesItsFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "me.key")
	made, err := market.CreateKey(file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file = %v, %v; want mode 0600", info, err)
	}
	loaded, err := market.LoadKey(file)
	if err != nil || loaded.Address() != made.Address() {
		t.Errorf("LoadKey = %v, %v; want %v", loaded, err, made)
	}
	if _, err := market.CreateKey(file); abi.KindOf(err) != abi.Invalid {
		t.Errorf("CreateKey over a key = %v; want invalid", err)
	}
	if again, err := market.LoadKey(file); err != nil || again.Address() != made.Address() {
		t.Errorf("the key was overwritten: %v, %v", again, err)
	}
}

func TestLoadKeyRefusesWhatIsNoKey(t *testing.T) {
	for what, c := range map[string]struct {
		content string
		mode    os.FileMode
		kind    abi.Kind
	}{
		"a file others may read": {keyOne, 0o640, abi.Denied},
		"an empty file":          {"", 0o600, abi.Invalid},
		"a short key":            {keyOne[1:], 0o600, abi.Invalid},
		"a long key":             {keyOne + "00", 0o600, abi.Invalid},
		"two newlines":           {keyOne + "\n\n", 0o600, abi.Invalid},
		"a prefix":               {"0x" + keyOne[2:], 0o600, abi.Invalid},
		"a letter":               {"g" + keyOne[1:], 0o600, abi.Invalid},
		"zero":                   {strings.Repeat("0", 64), 0o600, abi.Invalid},
		"the group's order":      {"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 0o600, abi.Invalid},
	} {
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, []byte(c.content), c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := market.LoadKey(file)
		if abi.KindOf(err) != c.kind {
			t.Errorf("%s: LoadKey = %v; want %v", what, err, c.kind)
		}
		if err != nil && len(c.content) > 8 && strings.Contains(err.Error(), c.content[:8]) {
			t.Errorf("%s: the error shows the key: %v", what, err)
		}
	}
	if _, err := market.LoadKey(filepath.Join(t.TempDir(), "none")); abi.KindOf(err) != abi.NotFound {
		t.Errorf("LoadKey of nothing = %v", err)
	}
	if _, err := market.LoadKey(t.TempDir()); abi.KindOf(err) != abi.Denied {
		t.Errorf("LoadKey of a folder = %v", err)
	}
}

func TestAKeyShowsItsAddressAndNothingElse(t *testing.T) {
	k, err := market.ParseKey([]byte(keyOne))
	if err != nil || k.Address().String() != addressOne {
		t.Fatalf("ParseKey = %v, %v; want %s", k, err, addressOne)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "key", k)
	for _, shown := range []string{
		fmt.Sprint(k), fmt.Sprintf("%+v", k), fmt.Sprintf("%#v", k), fmt.Sprintf("%x", k), fmt.Sprintf("%d", k), log.String(),
	} {
		if !strings.Contains(shown, addressOne) || strings.Contains(shown, "D:") || strings.Contains(shown, keyOne[32:]) {
			t.Errorf("a key shows as %q", shown)
		}
	}
}

func TestWhatAKeySignsRecoversToIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, err := market.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		digest := abi.Sum(rapid.SliceOf(rapid.Byte()).Draw(t, "signed"))
		sig, err := k.Sign(digest)
		if err != nil || len(sig) != 65 || sig[64] != 27 && sig[64] != 28 {
			t.Fatalf("Sign = %x, %v", sig, err)
		}
		if who, err := market.Recover(digest, sig); err != nil || who != k.Address() {
			t.Fatalf("Recover = %v, %v; want %v", who, err, k.Address())
		}
		if again, err := k.Sign(digest); err != nil || !bytes.Equal(again, sig) {
			t.Fatalf("Sign again = %x, %v; want %x", again, err, sig)
		}
		bit := rapid.IntRange(0, 65*8-1).Draw(t, "flipped bit")
		sig[bit/8] ^= 1 << (bit % 8)
		if who, err := market.Recover(digest, sig); err == nil && who == k.Address() {
			t.Fatalf("signature with bit %d flipped still recovers to %v", bit, who)
		} else if err != nil && abi.KindOf(err) != abi.Denied {
			t.Fatalf("Recover = %v; want denied", err)
		}
	})
}

func TestRecoverAcceptsOneFormOnly(t *testing.T) {
	k := newKey(t)
	digest := digest("signed")
	sig, err := k.Sign(digest)
	if err != nil {
		t.Fatal(err)
	}
	order := crypto.S256().Params().N
	edit := func(f func(sig []byte)) []byte {
		b := bytes.Clone(sig)
		f(b)
		return b
	}
	for what, bad := range map[string][]byte{
		"nothing":   nil,
		"64 bytes":  sig[:64],
		"66 bytes":  append(bytes.Clone(sig), 0),
		"v 0":       edit(func(b []byte) { b[64] -= 27 }),
		"v 29":      edit(func(b []byte) { b[64] = 29 }),
		"zeros":     make([]byte, 65),
		"zero r":    edit(func(b []byte) { clear(b[:32]) }),
		"zero s":    edit(func(b []byte) { clear(b[32:64]) }),
		"r = order": edit(func(b []byte) { order.FillBytes(b[:32]) }),
		"s = order": edit(func(b []byte) { order.FillBytes(b[32:64]) }),
		"high s, the other signature of the same key": edit(func(b []byte) {
			s := new(big.Int).SetBytes(b[32:64])
			s.Sub(order, s).FillBytes(b[32:64])
			b[64] = 27 + 28 - b[64]
		}),
	} {
		if who, err := market.Recover(digest, bad); abi.KindOf(err) != abi.Denied || !who.IsZero() {
			t.Errorf("%s: Recover = %v, %v; want nobody and denied", what, who, err)
		}
	}
}

func FuzzRecover(f *testing.F) {
	k, err := market.ParseKey([]byte(keyOne))
	if err != nil {
		f.Fatal(err)
	}
	sig, err := k.Sign(abi.Digest{1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{1}, sig)
	f.Add([]byte{}, sig[:64])
	f.Add([]byte{2}, make([]byte, 65))
	f.Fuzz(func(t *testing.T, signed, sig []byte) {
		var digest abi.Digest
		copy(digest[:], signed)
		who, err := market.Recover(digest, sig)
		switch {
		case err != nil && (abi.KindOf(err) != abi.Denied || !who.IsZero()):
			t.Errorf("Recover = %v, %v; want nobody and denied", who, err)
		case err == nil && (len(sig) != 65 || who.IsZero()):
			t.Errorf("Recover of %d bytes = %v", len(sig), who)
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add([]byte(keyOne))
	f.Add([]byte(keyOne + "\n"))
	f.Add([]byte("0x" + keyOne))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := market.ParseKey(b)
		if err != nil {
			if abi.KindOf(err) != abi.Invalid {
				t.Errorf("ParseKey = %v; want invalid", err)
			}
			return
		}
		if sig, err := k.Sign(abi.Digest{1}); err != nil {
			t.Errorf("a key that was accepted does not sign: %x, %v", sig, err)
		}
	})
}
