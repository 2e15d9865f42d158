package vault_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/vault"

	"github.com/google/go-cmp/cmp"
)

func identity(t testing.TB) *vault.Identity {
	t.Helper()
	id, err := vault.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestAnIdentityIsTheSameAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "id")
	var ids [4]*vault.Identity
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			var err error
			if ids[i], err = vault.OpenIdentity(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	key := vault.NewKey()
	sealed, err := vault.SealKey(ids[0].Public(), key, "purpose")
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if got, err := id.OpenKey(sealed, "purpose"); err != nil || got != key {
			t.Errorf("opener %d has another identity: %v", i, err)
		}
	}
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", fi.Mode(), err)
	}
}

func TestSecretsOthersMayReadAreRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "id")
	if _, err := vault.OpenIdentity(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.OpenIdentity(path); !errors.Is(err, abi.Denied) || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("OpenIdentity = %v, want %v", err, abi.Denied)
	}
	write(t, filepath.Join(dir, "junk"), []byte("cloister-identity-v2 something\n"))
	if _, err := vault.OpenIdentity(filepath.Join(dir, "junk")); !errors.Is(err, abi.Invalid) {
		t.Errorf("OpenIdentity = %v, want %v", err, abi.Invalid)
	}
}

func TestTheKeyringKeepsKeys(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	k, err := vault.OpenKeyring(dir)
	if err != nil {
		t.Fatal(err)
	}
	content, key := abi.Sum([]byte("content")), vault.NewKey()
	if _, err := k.Get(content); !errors.Is(err, abi.NotFound) || k.Has(content) {
		t.Errorf("Get = %v, want %v", err, abi.NotFound)
	}
	for range 2 { // the second changes nothing
		if err := k.Put(content, key); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Put(content, vault.NewKey()); !errors.Is(err, abi.Invalid) {
		t.Errorf("another key: %v, want %v", err, abi.Invalid)
	}
	again, err := vault.OpenKeyring(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Get(content); err != nil || got != key {
		t.Errorf("after reopening Get = %v", err)
	}
	if list, err := again.List(); err != nil || !cmp.Equal(list, []abi.Digest{content}) {
		t.Errorf("List = %v, %v", list, err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.key"))
	for _, bad := range []string{"", "cloister-file-key-v1 plain\nabc\n", "cloister-file-key-v1 age\n" + strings.Repeat("a", 64)} {
		write(t, files[0], []byte(bad))
		if _, err := k.Get(content); !errors.Is(err, abi.Invalid) {
			t.Errorf("a key file of %q: %v, want %v", bad, err, abi.Invalid)
		}
	}
}

func TestASealedKeyOpensForOneReaderAndOnePurpose(t *testing.T) {
	a, b, key := identity(t), identity(t), vault.NewKey()
	info := vault.KeyInfo(abi.Sum([]byte("data")), abi.Sum([]byte("job")), abi.Sum([]byte("receipt")), abi.Address{1})
	sealed, err := vault.SealKey(a.Public(), key, info)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.OpenKey(sealed, info); err != nil || got != key {
		t.Fatalf("OpenKey = %v", err)
	}
	if _, err := b.OpenKey(sealed, info); !errors.Is(err, abi.Denied) {
		t.Errorf("another reader: %v, want %v", err, abi.Denied)
	}
	for name, other := range map[string]string{
		"dataset": vault.KeyInfo(abi.Sum([]byte("x")), abi.Sum([]byte("job")), abi.Sum([]byte("receipt")), abi.Address{1}),
		"job":     vault.KeyInfo(abi.Sum([]byte("data")), abi.Sum([]byte("x")), abi.Sum([]byte("receipt")), abi.Address{1}),
		"receipt": vault.KeyInfo(abi.Sum([]byte("data")), abi.Sum([]byte("job")), abi.Sum([]byte("x")), abi.Address{1}),
		"host":    vault.KeyInfo(abi.Sum([]byte("data")), abi.Sum([]byte("job")), abi.Sum([]byte("receipt")), abi.Address{2}),
		"kind":    vault.ModelInfo(abi.Sum([]byte("data")), abi.Sum([]byte("job"))),
	} {
		if _, err := a.OpenKey(sealed, other); !errors.Is(err, abi.Denied) {
			t.Errorf("another %s: %v, want %v", name, err, abi.Denied)
		}
	}
	sealed.Enc = sealed.Enc[:10]
	if _, err := a.OpenKey(sealed, info); !errors.Is(err, abi.Denied) {
		t.Errorf("a cut key: %v, want %v", err, abi.Denied)
	}
	if _, err := vault.SealKey([]byte("short"), key, info); !errors.Is(err, abi.Invalid) {
		t.Errorf("a public key that is none: %v, want %v", err, abi.Invalid)
	}
}

func TestABodyIsReadByTheHostsItIsFor(t *testing.T) {
	a, b, c := identity(t), identity(t), identity(t)
	body := wire.Body{Input: []byte("secret input"), Params: map[string]string{"epochs": "3"}, Seed: abi.Sum([]byte("seed")), Reply: c.Public()}
	sealed, keys, err := vault.SealBody(body, []wire.Host{{Name: "a", Key: a.Public()}, {Name: "b", Key: b.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, body.Input) {
		t.Error("the input stands in the sealed body")
	}
	job := wire.Job{Request: wire.Request{ID: abi.Sum([]byte("job")), Body: abi.Sum(sealed)}, Body: sealed, Keys: keys}
	for _, id := range []*vault.Identity{a, b} {
		got, err := vault.OpenBody(job, id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(body, got); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
	}
	if _, err := vault.OpenBody(job, c); !errors.Is(err, abi.Denied) {
		t.Errorf("another host: %v, want %v", err, abi.Denied)
	}
	swapped := job
	swapped.Body = append(bytes.Clone(sealed[:len(sealed)-1]), sealed[len(sealed)-1]^1)
	if _, err := vault.OpenBody(swapped, a); !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), "the request names") {
		t.Errorf("another body: %v, want %v", err, abi.Invalid)
	}
	swapped.Request.Body = abi.Sum(swapped.Body) // the forger signs again, but has no key
	if _, err := vault.OpenBody(swapped, a); !errors.Is(err, abi.Denied) {
		t.Errorf("another body under an old key: %v, want %v", err, abi.Denied)
	}
	for _, hosts := range [][]wire.Host{nil, make([]wire.Host, vault.MaxHosts+1), {{Name: "x", Key: []byte("no key")}}} {
		if _, _, err := vault.SealBody(body, hosts); !errors.Is(err, abi.Invalid) {
			t.Errorf("%d hosts: %v, want %v", len(hosts), err, abi.Invalid)
		}
	}
}

func TestAnOutputIsReadByWhoAskedForTheJob(t *testing.T) {
	user, other, job := identity(t), identity(t), abi.Sum([]byte("job"))
	sealed, key, err := vault.SealOutput(user.Public(), job, []byte("cat, 0.93"))
	if err != nil {
		t.Fatal(err)
	}
	res := wire.Result{Output: sealed, Key: key}
	if got, err := vault.OpenOutput(user, job, res); err != nil || string(got) != "cat, 0.93" {
		t.Errorf("OpenOutput = %q, %v", got, err)
	}
	if _, err := vault.OpenOutput(other, job, res); !errors.Is(err, abi.Denied) {
		t.Errorf("somebody else: %v, want %v", err, abi.Denied)
	}
	if _, err := vault.OpenOutput(user, abi.Sum([]byte("another")), res); !errors.Is(err, abi.Denied) {
		t.Errorf("another job: %v, want %v", err, abi.Denied)
	}
	res.Output = append(bytes.Clone(sealed), 0)
	if _, err := vault.OpenOutput(user, job, res); !errors.Is(err, abi.Denied) {
		t.Errorf("a changed output: %v, want %v", err, abi.Denied)
	}
}

func TestATrainedModelOpensForItsBuyer(t *testing.T) {
	buyer, job := identity(t), abi.Sum([]byte("job"))
	file, m, err := vault.SealTrained(buyer.Public(), job, card, abi.Digest{}, []byte("onnx bytes"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Content != abi.Sum(file) || m.Bytes != 10 || m.Name != card.Name {
		t.Errorf("trained model %+v", m)
	}
	key, err := vault.OpenTrained(buyer, job, m)
	if err != nil {
		t.Fatal(err)
	}
	c, err := open(file, key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Bytes(); err != nil || string(got) != "onnx bytes" {
		t.Errorf("Bytes = %q, %v", got, err)
	}
	if _, err := vault.NewDataset(c); !errors.Is(err, abi.Invalid) {
		t.Errorf("NewDataset of a model = %v, want %v", err, abi.Invalid)
	}
}

func FuzzOpenBody(f *testing.F) {
	id := identity(f)
	sealed, keys, err := vault.SealBody(wire.Body{Input: []byte("x")}, []wire.Host{{Key: id.Public()}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, keys[0].Enc, keys[0].Ciphertext)
	f.Add([]byte{}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, body, enc, ct []byte) {
		job := wire.Job{
			Request: wire.Request{Body: abi.Sum(body)}, Body: body,
			Keys: []wire.SealedKey{{Recipient: id.Recipient(), Enc: enc, Ciphertext: ct}},
		}
		if b, err := vault.OpenBody(job, id); err == nil && !bytes.Equal(body, sealed) {
			t.Errorf("forged body %+v", b)
		}
	})
}
