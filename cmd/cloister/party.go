package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/vault"
	"github.com/cloister-ai/cloister/market"
)

// A party is somebody who acts: a key that pays and signs, an identity that
// bodies, outputs and file keys are sealed to, and the file keys it holds.
type party struct {
	name string
	key  *market.Key
	id   *vault.Identity
	keys *vault.Keyring
}

// The parties that a state folder knows by role. A person may name others.
const (
	operator  = "operator"  // of the embedded chain: grants test credits
	seller    = "seller"    // owns data
	developer = "developer" // owns apps and models
	owner     = "host"      // owns machines
	user      = "user"      // asks questions
)

var partyName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// party opens the party of that name, making its keys the first time.
func (s stateDir) party(name string) (*party, error) {
	if !partyName.MatchString(name) {
		return nil, fmt.Errorf("party %q: a name is lower-case letters, digits and dashes, at most 32: %w", name, abi.Invalid)
	}
	dir := s.path("parties", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("party %s: %w: %w", name, abi.Unavailable, err)
	}
	p := &party{name: name}
	var err error
	p.key, err = market.LoadKey(s.path("parties", name, "key"))
	if errors.Is(err, abi.NotFound) {
		p.key, err = market.CreateKey(s.path("parties", name, "key"))
	}
	if err != nil {
		return nil, fmt.Errorf("party %s: %w", name, err)
	}
	if p.id, err = vault.OpenIdentity(s.path("parties", name, "identity")); err != nil {
		return nil, fmt.Errorf("party %s: %w", name, err)
	}
	if p.keys, err = vault.OpenKeyring(s.path("parties", name, "keys")); err != nil {
		return nil, fmt.Errorf("party %s: %w", name, err)
	}
	return p, nil
}

// parties opens everybody this folder has keys of.
func (s stateDir) parties() ([]*party, error) {
	entries, err := os.ReadDir(s.path("parties"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state %s: %w: %w", s, abi.Unavailable, err)
	}
	var all []*party
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		p, err := s.party(e.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
