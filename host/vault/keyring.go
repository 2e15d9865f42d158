package vault

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cloister-ai/cloister/abi"
)

// A Keyring is a folder of file keys, each under the content id it opens. It
// is safe for concurrent use, also by several processes.
type Keyring struct{ dir string }

const (
	// keyLine begins a key file and says how the key is kept, so that another
	// way, a passphrase say, is another line.
	keyLine   = "cloister-file-key-v1 plain\n"
	keySuffix = ".key"
)

// OpenKeyring returns the keyring in dir, which is made if it is not there.
func OpenKeyring(dir string) (*Keyring, error) {
	if dir == "" {
		return nil, fmt.Errorf("vault: keyring without a folder: %w", abi.Invalid)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("vault: keyring: %w: %w", abi.Internal, err)
	}
	return &Keyring{dir}, nil
}

// Put keeps the key of content, durably. Another key for the same content is
// Invalid.
func (k *Keyring) Put(content abi.Digest, key Key) error {
	if key.IsZero() || content.IsZero() {
		return fmt.Errorf("vault: keyring: no key or no content id: %w", abi.Invalid)
	}
	old, err := k.Get(content)
	switch {
	case err == nil && old == key:
		return nil
	case err == nil:
		return fmt.Errorf("vault: keyring has another key for %v: %w", content, abi.Invalid)
	case !errors.Is(err, abi.NotFound):
		return err
	}
	b := hex.AppendEncode([]byte(keyLine), key[:])
	defer clear(b)
	return writeSecret(k.path(content), append(b, '\n'))
}

// Get returns the key of content. Errors: NotFound; Denied for a file others
// may read; Invalid for one that is no key.
func (k *Keyring) Get(content abi.Digest) (Key, error) {
	b, err := readSecret(k.path(content))
	if err != nil {
		return Key{}, err
	}
	defer clear(b)
	var key Key
	text, ok := bytes.CutPrefix(b, []byte(keyLine))
	text = bytes.TrimSuffix(text, []byte("\n"))
	if !ok || hex.DecodedLen(len(text)) != len(key) {
		return Key{}, fmt.Errorf("vault: %s is no key file this version reads: %w", k.path(content), abi.Invalid)
	}
	if _, err := hex.Decode(key[:], text); err != nil {
		return Key{}, fmt.Errorf("vault: %s: %w: %w", k.path(content), abi.Invalid, err)
	}
	return key, nil
}

// Has reports whether there is a key for content.
func (k *Keyring) Has(content abi.Digest) bool {
	_, err := os.Stat(k.path(content))
	return err == nil
}

// List returns the content ids there are keys for, in order.
func (k *Keyring) List() ([]abi.Digest, error) {
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return nil, fmt.Errorf("vault: keyring: %w: %w", abi.Internal, err)
	}
	var list []abi.Digest
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), keySuffix)
		if d, err := abi.ParseDigest("sha256:" + name); ok && err == nil {
			list = append(list, d)
		}
	}
	return list, nil
}

func (k *Keyring) path(content abi.Digest) string {
	return filepath.Join(k.dir, hex.EncodeToString(content[:])+keySuffix)
}

// writeSecret makes a file only its owner reads, whole or not at all. A file
// that is there already is Invalid.
func writeSecret(path string, b []byte) error {
	fail := func(err error) error { return fmt.Errorf("vault: %w: %w", abi.Internal, err) }
	f, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // 0600
	if err != nil {
		return fail(err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fail(err)
	}
	err = os.Link(f.Name(), path) // unlike a rename, replaces nothing
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("vault: %s is there already: %w", path, abi.Invalid)
	}
	if err != nil { // some file systems have no links
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fail(err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fail(err)
	}
	return nil
}

// readSecret reads a file that nobody but its owner may read.
func readSecret(path string) ([]byte, error) {
	fi, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("vault: no key in %s: %w", path, abi.NotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("vault: %w: %w", abi.Internal, err)
	}
	if fi.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("vault: %s may be read by others, mode %v: chmod 600 it: %w", path, fi.Mode().Perm(), abi.Denied)
	}
	if fi.Size() > 4<<10 {
		return nil, fmt.Errorf("vault: %s has %d bytes, it is no key file: %w", path, fi.Size(), abi.Invalid)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("vault: %w: %w", abi.Internal, err)
	}
	return b, nil
}
