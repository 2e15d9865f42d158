package fleet

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"
)

const (
	inviteFor  = 24 * time.Hour
	maxInvites = 256
	maxMembers = 1 << 14
)

// members knows who may connect and as what. It is safe for concurrent use.
type members struct {
	path string

	mu sync.Mutex // held across writes of the file: they are small and rare
	m  membership
}

// A membership is the file.
type membership struct {
	Version int               `json:"version"`
	Codes   map[Role][]byte   `json:"codes"`   // standing, one a role
	Invites map[string]invite `json:"invites"` // good once, by digest of the code
	Members map[string]Role   `json:"members"` // who used an invite
}

type invite struct {
	Role    Role      `json:"role"`
	Expires time.Time `json:"expires"`
}

func openMembers(path string) (*members, error) {
	m := &members{path: path}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		m.m = membership{Version: 1, Codes: map[Role][]byte{}, Invites: map[string]invite{}, Members: map[string]Role{}}
		for role := range may {
			c := newCode()
			m.m.Codes[role] = c[:]
		}
		return m, m.save(m.m)
	}
	if err != nil {
		return nil, fmt.Errorf("fleet: members: %w: %w", abi.Internal, err)
	}
	if err := json.Unmarshal(b, &m.m); err != nil {
		return nil, fmt.Errorf("fleet: %s: %w: %w", path, abi.Invalid, err)
	}
	if m.m.Version != 1 {
		return nil, fmt.Errorf("fleet: %s is of version %d, this build reads version 1: %w", path, m.m.Version, abi.Invalid)
	}
	return m, nil
}

func (m *members) save(next membership) error {
	b, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return fmt.Errorf("fleet: members: %w: %w", abi.Internal, err)
	}
	return writeFile(m.path, append(b, '\n'))
}

// change saves what f does to a copy, or changes nothing.
func (m *members) change(f func(*membership)) error {
	next := membership{m.m.Version, maps.Clone(m.m.Codes), maps.Clone(m.m.Invites), maps.Clone(m.m.Members)}
	f(&next)
	if err := m.save(next); err != nil {
		return err
	}
	m.m = next
	return nil
}

// code is the standing code of role.
func (m *members) code(role Role) (Code, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var c Code
	if copy(c[:], m.m.Codes[role]) != len(c) {
		return Code{}, fmt.Errorf("fleet: no code for role %q: %w", role, abi.Invalid)
	}
	return c, nil
}

// invite makes a code that enrols whoever uses it first.
func (m *members) invite(role Role) (Code, error) {
	if _, ok := may[role]; !ok {
		return Code{}, fmt.Errorf("fleet: no role %q: %w", role, abi.Invalid)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	open := 0
	for _, v := range m.m.Invites {
		if time.Now().Before(v.Expires) {
			open++
		}
	}
	if open >= maxInvites {
		return Code{}, fmt.Errorf("fleet: %d invites are open: %w", open, abi.Exhausted)
	}
	c := newCode()
	return c, m.change(func(next *membership) {
		for k, v := range next.Invites {
			if time.Now().After(v.Expires) {
				delete(next.Invites, k)
			}
		}
		next.Invites[abi.Sum(c[:]).String()] = invite{role, time.Now().Add(inviteFor)}
	})
}

// rotate replaces the standing code of role.
func (m *members) rotate(role Role) error {
	if _, ok := may[role]; !ok {
		return fmt.Errorf("fleet: no role %q: %w", role, abi.Invalid)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c := newCode()
	return m.change(func(next *membership) { next.Codes[role] = c[:] })
}

// revoke forgets a member that an invite enrolled.
func (m *members) revoke(id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.m.Members[id]; !ok {
		return fmt.Errorf("fleet: no member %s: %w", id, abi.NotFound)
	}
	return m.change(func(next *membership) { delete(next.Members, id) })
}

// admit says which role the holder of id has, with the code it shows, if any.
func (m *members) admit(id string, code []byte) (Role, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for role, want := range m.m.Codes {
		if subtle.ConstantTimeCompare(code, want) == 1 {
			return role, true
		}
	}
	if role, ok := m.m.Members[id]; ok {
		return role, true
	}
	name := abi.Sum(code).String()
	inv, ok := m.m.Invites[name]
	if !ok || time.Now().After(inv.Expires) || len(m.m.Members) >= maxMembers {
		return "", false
	}
	err := m.change(func(next *membership) {
		delete(next.Invites, name)
		next.Members[id] = inv.Role
	})
	return inv.Role, err == nil
}
