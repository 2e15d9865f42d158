package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cloister-ai/cloister/abi"

	"github.com/nats-io/nkeys"
)

// An Identity is the key a machine proves itself with on the bus. Its public
// half is the connection's id.
type Identity struct {
	pair nkeys.KeyPair
	id   string
}

// NewIdentity returns an identity that lives in memory.
func NewIdentity() (Identity, error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return Identity{}, fmt.Errorf("fleet: identity: %w: %w", abi.Internal, err)
	}
	return identityOf(pair)
}

func identityOf(pair nkeys.KeyPair) (Identity, error) {
	id, err := pair.PublicKey()
	if err != nil {
		return Identity{}, fmt.Errorf("fleet: identity: %w: %w", abi.Invalid, err)
	}
	return Identity{pair, id}, nil
}

// OpenIdentity returns the identity kept at path and makes one, readable by its
// owner alone, if there is none. Errors: Invalid for a file that holds none.
func OpenIdentity(path string) (Identity, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		id, err := NewIdentity()
		if err != nil {
			return Identity{}, err
		}
		seed, err := id.pair.Seed()
		if err != nil {
			return Identity{}, fmt.Errorf("fleet: identity: %w: %w", abi.Internal, err)
		}
		return id, writeFile(path, append(seed, '\n'))
	}
	if err != nil {
		return Identity{}, fmt.Errorf("fleet: identity: %w: %w", abi.Internal, err)
	}
	pair, err := nkeys.FromSeed(bytes.TrimSpace(b))
	if err != nil {
		return Identity{}, fmt.Errorf("fleet: %s holds no identity: %w: %w", path, abi.Invalid, err)
	}
	return identityOf(pair)
}

// ID is the public half.
func (i Identity) ID() string { return i.id }

// writeFile replaces a small secret file, durably and in one step.
func writeFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return fmt.Errorf("fleet: %w: %w", abi.Internal, err)
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("fleet: %w: %w", abi.Internal, err)
	}
	return nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
