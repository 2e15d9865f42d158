package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/contracts"
)

// stateVersion is the layout this binary writes. A folder with a higher number
// was written by a newer binary, which knows things that this one does not.
const stateVersion = 1

// A stateDir is the folder that holds everything a node knows; ARCHITECTURE.md
// lists what is in it.
type stateDir string

func defaultState() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ".cloister"
	}
	return filepath.Join(home, ".cloister")
}

// path joins elements below the folder.
func (s stateDir) path(elem ...string) string {
	return filepath.Join(append([]string{string(s)}, elem...)...)
}

// open makes the folder if there is none and refuses one of a newer version or
// one that is something else.
func (s stateDir) open() error {
	if err := os.MkdirAll(string(s), 0o700); err != nil {
		return fmt.Errorf("state %s: %w: %w", s, abi.Unavailable, err)
	}
	info, err := os.Stat(string(s))
	if err != nil {
		return fmt.Errorf("state %s: %w: %w", s, abi.Unavailable, err)
	}
	if info.Mode().Perm()&0o002 != 0 {
		err := fmt.Errorf("state %s: anybody may write there, mode %v: %w", s, info.Mode().Perm(), abi.Denied)
		return withHint(err, "keys are kept there: chmod 700 it")
	}
	b, err := os.ReadFile(s.path("version"))
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(string(s))
		if err != nil {
			return fmt.Errorf("state %s: %w: %w", s, abi.Unavailable, err)
		}
		if len(entries) > 0 {
			err := fmt.Errorf("state %s: the folder holds %s and no version: not a state folder: %w", s, entries[0].Name(), abi.Invalid)
			return withHint(err, "name an empty or new folder with --state")
		}
		return writeFile(s.path("version"), fmt.Appendln(nil, stateVersion))
	}
	if err != nil {
		return fmt.Errorf("state %s: %w: %w", s, abi.Unavailable, err)
	}
	v, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || v < 1 {
		return fmt.Errorf("state %s: version %q is not a number: %w", s, b, abi.Invalid)
	}
	if v > stateVersion {
		err := fmt.Errorf("state %s is of version %d, this cloister writes version %d: %w", s, v, stateVersion, abi.Invalid)
		return withHint(err, "use the newer cloister that wrote it; nothing was changed")
	}
	return nil
}

// writeFile replaces path by b, whole or not at all, also when the process
// dies in between.
func writeFile(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	defer os.Remove(f.Name()) // a no-op once renamed
	if _, err := f.Write(b); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", abi.Unavailable, err), f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", abi.Unavailable, err), f.Close())
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// A nodeFile says where a running node listens.
type nodeFile struct {
	PID    int        `json:"pid"`
	RPC    string     `json:"rpc"`    // JSON-RPC of the chain
	Client string     `json:"client"` // join token of a client
	Host   string     `json:"host"`   // join token of a host
	HTTP   string     `json:"http"`   // address of the owner's page
	Bus    string     `json:"bus"`    // address of the NATS port
	Slot   abi.Digest `json:"slot"`   // content id of the slot served here

	Contracts *contracts.Addresses `json:"contracts,omitempty"` // on another chain; nil: the chain is the embedded one
}

func (s stateDir) writeNode(n nodeFile) error {
	b, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(s.path("node.json"), append(b, '\n'))
}

func (s stateDir) readNode() (nodeFile, error) {
	var n nodeFile
	b, err := os.ReadFile(s.path("node.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return n, fmt.Errorf("state %s: no node runs here: %w", s, abi.Unavailable)
	}
	if err != nil {
		return n, fmt.Errorf("state %s: %w: %w", s, abi.Unavailable, err)
	}
	if err := json.Unmarshal(b, &n); err != nil {
		return n, fmt.Errorf("%s: %w: %w", s.path("node.json"), abi.Invalid, err)
	}
	return n, nil
}

// lock takes the folder for this process. Errors: Unavailable while another
// process has it; the lock ends with the process, however it ends.
func (s stateDir) lock() (unlock func(), err error) {
	f, err := os.OpenFile(s.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("state %s: %w: %w", s, abi.Unavailable, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, withHint(fmt.Errorf("state %s is in use by another process: %w", s, abi.Unavailable), "stop it, or name another folder with --state")
	}
	return func() { f.Close() }, nil
}
