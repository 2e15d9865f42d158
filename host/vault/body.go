package vault

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
)

// MaxHosts bounds the hosts one body is sealed to.
const MaxHosts = 64

// envelopeVersion begins every sealed body and output. The key below it seals
// nothing else, so the nonce is always zero.
const envelopeVersion = 1

// SealBody seals body once and its key to every host. Errors: Invalid without
// hosts, over [MaxHosts] of them, or for one whose key is none.
func SealBody(body wire.Body, hosts []wire.Host) ([]byte, []wire.SealedKey, error) {
	if len(hosts) == 0 || len(hosts) > MaxHosts {
		return nil, nil, fmt.Errorf("vault: body for %d hosts, want 1 to %d: %w", len(hosts), MaxHosts, abi.Invalid)
	}
	plain, err := wire.Marshal(body)
	if err != nil {
		return nil, nil, fmt.Errorf("vault: body: %w: %w", abi.Invalid, err)
	}
	defer clear(plain)
	key := NewKey()
	defer key.Wipe()
	sealed := sealOnce(key, "body", plain)
	keys := make([]wire.SealedKey, len(hosts))
	for i, h := range hosts {
		if keys[i], err = SealKey(h.Key, key, BodyInfo(abi.Sum(sealed))); err != nil {
			return nil, nil, fmt.Errorf("vault: body for host %q: %w", h.Name, err)
		}
	}
	return sealed, keys, nil
}

// OpenBody opens the body of job. Errors: Denied when it is not sealed to id;
// Invalid when it is not the body the request names, or is malformed.
func OpenBody(job wire.Job, id *Identity) (wire.Body, error) {
	sum := abi.Sum(job.Body)
	if sum != job.Request.Body {
		return wire.Body{}, fmt.Errorf("vault: job %v: its body is %v, the request names %v: %w", job.Request.ID.Short(), sum.Short(), job.Request.Body.Short(), abi.Invalid)
	}
	for _, k := range job.Keys {
		if k.Recipient != id.Recipient() {
			continue
		}
		key, err := id.OpenKey(k, BodyInfo(sum))
		if err != nil {
			return wire.Body{}, err
		}
		defer key.Wipe()
		plain, err := openOnce(key, "body", job.Body)
		if err != nil {
			return wire.Body{}, err
		}
		defer clear(plain)
		var body wire.Body
		if err := wire.Unmarshal(plain, &body); err != nil {
			return wire.Body{}, fmt.Errorf("vault: job %v: %w", job.Request.ID.Short(), err)
		}
		return body, nil
	}
	return wire.Body{}, fmt.Errorf("vault: job %v is not sealed to this host: %w", job.Request.ID.Short(), abi.Denied)
}

// SealOutput seals what a job put out to its body's reply key. The results are
// what [wire.Result] carries as Output and Key.
func SealOutput(reply []byte, job abi.Digest, output []byte) ([]byte, wire.SealedKey, error) {
	key := NewKey()
	defer key.Wipe()
	sealed := sealOnce(key, "output", output)
	k, err := SealKey(reply, key, OutputInfo(job, abi.Sum(sealed)))
	if err != nil {
		return nil, wire.SealedKey{}, fmt.Errorf("vault: output of job %v: %w", job.Short(), err)
	}
	return sealed, k, nil
}

// OpenOutput opens what job put out with the private half of the reply key.
// Errors: Denied when it is sealed to somebody else or is another job's.
func OpenOutput(id *Identity, job abi.Digest, res wire.Result) ([]byte, error) {
	key, err := id.OpenKey(res.Key, OutputInfo(job, abi.Sum(res.Output)))
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	return openOnce(key, "output", res.Output)
}

// SealTrained seals a model that job made: the container's bytes, to be kept
// under Content, and what the buyer gets of it. Its key goes to the body's
// reply key.
func SealTrained(reply []byte, job abi.Digest, card Card, policy abi.Digest, model []byte) ([]byte, wire.TrainedModel, error) {
	key := NewKey()
	defer key.Wipe()
	file, content, err := SealModel(key, card, policy, model)
	if err != nil {
		return nil, wire.TrainedModel{}, err
	}
	k, err := SealKey(reply, key, ModelInfo(job, content))
	if err != nil {
		return nil, wire.TrainedModel{}, fmt.Errorf("vault: model of job %v: %w", job.Short(), err)
	}
	return file, wire.TrainedModel{Name: card.Name, Content: content, Bytes: uint64(len(model)), Key: k}, nil
}

// OpenTrained returns the file key of a model that job made.
func OpenTrained(id *Identity, job abi.Digest, m wire.TrainedModel) (Key, error) {
	return id.OpenKey(m.Key, ModelInfo(job, m.Content))
}

// sealOnce seals plain under a key that seals nothing else.
func sealOnce(key Key, purpose string, plain []byte) []byte {
	gcm := newGCM(key[:])
	return gcm.Seal([]byte{envelopeVersion}, make([]byte, gcm.NonceSize()), plain, []byte("cloister "+purpose))
}

func openOnce(key Key, purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != envelopeVersion {
		return nil, fmt.Errorf("vault: %s of %d bytes is of no version this build reads: %w", purpose, len(sealed), abi.Invalid)
	}
	gcm := newGCM(key[:])
	plain, err := gcm.Open(nil, make([]byte, gcm.NonceSize()), sealed[1:], []byte("cloister "+purpose))
	if err != nil {
		return nil, fmt.Errorf("vault: %s was changed on its way: %w", purpose, abi.Invalid)
	}
	return plain, nil
}
