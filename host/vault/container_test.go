package vault_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/vault"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var card = vault.Card{Name: "digits", Task: "classification", Format: "onnx", Input: "gray8x8/16", Shape: []int64{1, 8, 8}, Classes: []string{"0", "1"}}

// sealed returns the container of n bytes that count up, and its key.
func sealed(t testing.TB, n int) ([]byte, []byte, vault.Key) {
	t.Helper()
	plain := make([]byte, n)
	for i := range plain {
		plain[i] = byte(i*7 + i>>8)
	}
	key := vault.NewKey()
	file, content, err := vault.SealModel(key, card, abi.Digest{}, plain)
	if err != nil {
		t.Fatal(err)
	}
	if content != abi.Sum(file) {
		t.Fatalf("content id %v, the file is %v", content, abi.Sum(file))
	}
	return file, plain, key
}

func open(file []byte, key vault.Key) (*vault.Container, error) {
	return vault.Open(bytes.NewReader(file), int64(len(file)), key)
}

func TestWhatIsSealedIsRead(t *testing.T) {
	for _, n := range []int{1, 15, 64<<10 - 1, 64 << 10, 64<<10 + 1, 300_000} {
		file, plain, key := sealed(t, n)
		c, err := open(file, key)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Bytes(); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: Bytes differ, %v", n, err)
		}
		if err := c.Verify(t.Context()); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		if diff := cmp.Diff(&card, c.Header().Card); diff != "" {
			t.Errorf("card (-want +got):\n%s", diff)
		}
		if bytes.Contains(file, plain[:min(n, 32)]) && n >= 32 {
			t.Errorf("%d bytes: the plaintext stands in the file", n)
		}
	}
}

func TestReadAtReadsAnyRange(t *testing.T) {
	file, plain, key := sealed(t, 200_000)
	c, err := open(file, key)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	want := bytes.NewReader(plain)
	rapid.Check(t, func(t *rapid.T) {
		off := rapid.Int64Range(0, 201_000).Draw(t, "off")
		a, b := make([]byte, rapid.IntRange(0, 140_000).Draw(t, "n")), []byte(nil)
		b = make([]byte, len(a))
		n, err := c.ReadAt(a, off)
		m, wantErr := want.ReadAt(b, off)
		if n != m || !errors.Is(err, wantErr) && len(a) > 0 || !bytes.Equal(a, b) {
			t.Fatalf("ReadAt(%d bytes, %d) = %d, %v; want %d, %v", len(a), off, n, err, m, wantErr)
		}
	})
}

func TestSealingIsDeterministic(t *testing.T) {
	key := vault.NewKey()
	a, _, _ := vault.SealModel(key, card, abi.Digest{}, []byte("model"))
	b, _, _ := vault.SealModel(key, card, abi.Digest{}, []byte("model"))
	if !bytes.Equal(a, b) {
		t.Error("one model sealed twice under one key gives two files")
	}
	// Nonces repeat only under the same derived key, so two plaintexts under
	// one file key must differ everywhere.
	c, _, _ := vault.SealModel(key, card, abi.Digest{}, []byte("model"[:4]+"m"))
	if bytes.Equal(a[len(a)-21 : len(a)-16][:4], c[len(c)-21 : len(c)-16][:4]) {
		t.Error("two models under one key share a key stream")
	}
}

func TestDamageIsFoundAndSaid(t *testing.T) {
	file, _, key := sealed(t, 150_000)
	const chunk = 64<<10 + 16
	body := len(file) - 150_000 - 3*16
	other, _, _ := sealed(t, 150_000)
	for _, tt := range []struct {
		name  string
		spoil func(b []byte) []byte
		key   vault.Key
		kind  abi.Kind
		text  string
	}{
		{"empty file", func([]byte) []byte { return nil }, key, abi.Invalid, "0 bytes are too few"},
		{"another file", func([]byte) []byte { return make([]byte, 1000) }, key, abi.Invalid, `does not begin with "CLOISTER"`},
		{"newer version", func(b []byte) []byte { b[8] = 2; return b }, key, abi.Invalid, "version 2, this build reads version 1"},
		{"header too long", func(b []byte) []byte { binary.LittleEndian.PutUint32(b[12:], 1<<30); return b }, key, abi.Invalid, "header of 1073741824 bytes"},
		{"cut in the header", func(b []byte) []byte { return b[:50] }, key, abi.Invalid, "truncated"},
		{"cut by a byte", func(b []byte) []byte { return b[:len(b)-1] }, key, abi.Invalid, "truncated or extended"},
		{"cut by a chunk", func(b []byte) []byte { return b[:body+2*chunk] }, key, abi.Invalid, "truncated or extended"},
		{"longer", func(b []byte) []byte { return append(b, 0) }, key, abi.Invalid, "truncated or extended"},
		{"a bit of a chunk", func(b []byte) []byte { b[body+chunk+5] ^= 1; return b }, key, abi.Invalid, "chunk 1 of 3 is damaged"},
		{"chunks swapped", func(b []byte) []byte {
			x := bytes.Clone(b[body : body+chunk])
			copy(b[body:], b[body+chunk:body+2*chunk])
			copy(b[body+chunk:], x)
			return b
		}, key, abi.Invalid, "chunk 0 of 3 is damaged or not from here"},
		{"a chunk of another container", func(b []byte) []byte { copy(b[len(b)-100:], other[len(other)-100:]); return b }, key, abi.Invalid, "chunk 2 of 3 is damaged or not from here"},
		{"a bit of the header", func(b []byte) []byte { b[bytes.Index(b, []byte("gray8x8"))] ^= 1; return b }, key, abi.Invalid, "chunk 0 of 3"},
		{"the wrong key", func(b []byte) []byte { return b }, vault.NewKey(), abi.Denied, "the key is another container's"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := open(tt.spoil(bytes.Clone(file)), tt.key)
			if err == nil {
				_, err = c.Bytes()
			}
			if !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v; want %v and %q", err, tt.kind, tt.text)
			}
		})
	}
}

func TestVerifyFindsAChunkOfAnotherRoot(t *testing.T) {
	file, _, key := sealed(t, 1000)
	file[len(file)-1] ^= 1
	c, err := open(file, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Verify(t.Context()); !errors.Is(err, abi.Invalid) {
		t.Errorf("Verify = %v, want %v", err, abi.Invalid)
	}
}

// The Merkle root is recomputed here from RFC 6962's recursive definition.
func TestTheRootIsTheRFC6962TreeHash(t *testing.T) {
	const chunk = 64<<10 + 16
	for _, n := range []int{1, 64 << 10, 3 * 64 << 10, 5*64<<10 + 1, 7 * 64 << 10} {
		file, _, _ := sealed(t, n)
		h, err := vault.ReadHeader(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			t.Fatal(err)
		}
		count := (n + 64<<10 - 1) / (64 << 10)
		body := file[len(file)-n-16*count:]
		var leaves [][]byte
		for len(body) > 0 {
			k := min(chunk, len(body))
			leaves, body = append(leaves, body[:k]), body[k:]
		}
		if got, want := h.Root, mth(leaves); got != want {
			t.Errorf("%d chunks: root %v, want %v", count, got, want)
		}
	}
}

func mth(d [][]byte) abi.Digest {
	if len(d) == 1 {
		return sha256.Sum256(append([]byte{0}, d[0]...))
	}
	k := 1
	for k*2 < len(d) {
		k *= 2
	}
	l, r := mth(d[:k]), mth(d[k:])
	return sha256.Sum256(append(append([]byte{1}, l[:]...), r[:]...))
}

// What FORMAT.md says is enough to read a container: this test does, with
// nothing of the package.
func TestAContainerIsAsFORMATSays(t *testing.T) {
	file, plain, key := sealed(t, 100_000)
	if string(file[:8]) != "CLOISTER" || binary.LittleEndian.Uint16(file[8:]) != 1 {
		t.Fatalf("the file begins with %x", file[:10])
	}
	n := binary.LittleEndian.Uint32(file[12:])
	var head, meta map[int]any
	if err := cbor.Unmarshal(file[16:16+n], &head); err != nil {
		t.Fatal(err)
	}
	if err := cbor.Unmarshal(head[1].([]byte), &meta); err != nil {
		t.Fatal(err)
	}
	if meta[1] != "model" || meta[5] != uint64(65536) || meta[6] != uint64(100_000) {
		t.Fatalf("meta %v", meta)
	}
	check, err := hkdf.Key(sha256.New, key[:], nil, "cloister container v1 check", 16)
	if err != nil || !bytes.Equal(meta[10].([]byte), check) {
		t.Errorf("key check %x, want %x, %v", meta[10], check, err)
	}
	id := sha256.Sum256(head[1].([]byte))
	k, err := hkdf.Key(sha256.New, key[:], id[:], "cloister container v1 chunks", 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	aad := append([]byte("CLOISTER"), id[:]...)
	for _, v := range []uint64{1, 2, 100_000} {
		aad = binary.LittleEndian.AppendUint64(aad, v)
	}
	got, err := gcm.Open(nil, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, file[16+int(n)+65536+16:], aad)
	if err != nil || !bytes.Equal(got, plain[65536:]) {
		t.Errorf("chunk 1 does not open: %v", err)
	}
}

func TestAClosedContainerReadsNothing(t *testing.T) {
	file, _, key := sealed(t, 10)
	c, err := open(file, key)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ReadAt(make([]byte, 1), 0); !errors.Is(err, abi.Invalid) {
		t.Errorf("ReadAt = %v, want %v", err, abi.Invalid)
	}
}

func TestManyReadersShareAContainer(t *testing.T) {
	file, plain, key := sealed(t, 70<<20) // more chunks than are kept
	c, err := open(file, key)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			buf := make([]byte, 1000)
			for i := range 1500 {
				off := int64((i*4+g)*104729) % int64(len(plain)-1000)
				if _, err := c.ReadAt(buf, off); err != nil || !bytes.Equal(buf, plain[off:off+1000]) {
					t.Errorf("ReadAt(%d): wrong bytes, %v", off, err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestKeysDoNotShowThemselves(t *testing.T) {
	key := vault.NewKey()
	secret := fmt.Sprintf("%x", key[:4])
	for _, verb := range []string{"%v", "%s", "%+v", "%#v"} {
		if got := fmt.Sprintf(verb, key); strings.Contains(strings.ToLower(got), secret) || strings.Contains(got, fmt.Sprint(key[0], " ", key[1])) {
			t.Errorf("%s shows %s", verb, got)
		}
	}
	if _, err := key.MarshalText(); !errors.Is(err, abi.Denied) {
		t.Errorf("MarshalText = %v, want %v", err, abi.Denied)
	}
}

func FuzzReadHeader(f *testing.F) {
	file, _, key := sealed(f, 100)
	f.Add(file)
	f.Add(file[:20])
	f.Add([]byte("CLOISTER\x01\x00\x00\x00\x05\x00\x00\x00\xa2\x01\x40\x02\x40"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := vault.ReadHeader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if !errors.Is(err, abi.Invalid) {
				t.Errorf("ReadHeader = %v, want %v", err, abi.Invalid)
			}
			return
		}
		if h.Size == 0 || h.Size > uint64(len(b)) {
			t.Errorf("%d bytes hold %d", len(b), h.Size)
		}
		c, err := vault.Open(bytes.NewReader(b), int64(len(b)), key)
		if err != nil {
			return
		}
		if _, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size())); err != nil && !errors.Is(err, abi.Invalid) {
			t.Errorf("read = %v", err)
		}
	})
}
