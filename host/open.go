package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/sandbox"
	"github.com/cloister-ai/cloister/host/vault"
)

// modelName is the name under which an app opens the model of its job.
const modelName = "model"

// inputs is what one job computes on, opened. Nothing of it outlives the job.
type inputs struct {
	body   wire.Body
	data   *vault.Dataset // nil: the job has none
	models map[string]sandbox.Model
}

// open opens the job's body, and its dataset and model with keys that their
// owners release to this host for this job.
func (n *Node) open(ctx context.Context, job wire.Job, f gate.Facts) (_ *inputs, err error) {
	in := &inputs{models: map[string]sandbox.Model{}}
	defer func() {
		if err != nil {
			in.wipe()
		}
	}()
	if in.body, err = vault.OpenBody(job, n.cfg.Identity); err != nil {
		return nil, err
	}
	if len(in.body.Reply) == 0 {
		return nil, fmt.Errorf("host: job %v names no key to seal its output to: %w", job.Request.ID.Short(), abi.Invalid)
	}
	if d := job.Request.Data; !d.IsZero() {
		c, err := n.container(ctx, job, f, wire.Dataset, d)
		if err != nil {
			return nil, err
		}
		if in.data, err = vault.NewDataset(c); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	if d := job.Request.Model; !d.IsZero() {
		c, err := n.container(ctx, job, f, wire.Model, d)
		if err != nil {
			return nil, err
		}
		in.models[modelName], err = Model(c, f.Model)
		if err = errors.Join(err, c.Close()); err != nil {
			return nil, err
		}
	}
	return in, nil
}

// wipe forgets the plaintext.
func (in *inputs) wipe() {
	clear(in.body.Input)
	if in.data != nil {
		in.data.Close() // reading is over: nothing can be lost
	}
	for _, m := range in.models {
		clear(m.ONNX)
	}
}

// container opens a sealed dataset or model that the job paid for.
func (n *Node) container(ctx context.Context, job wire.Job, f gate.Facts, kind wire.AssetKind, content abi.Digest) (*vault.Container, error) {
	receipt, err := gate.Pays(f, job.Request, kind, content)
	if err != nil {
		return nil, err
	}
	sealed, err := n.cfg.Keys.Key(ctx, wire.KeyRequest{
		Job: job.Request, Signature: job.Signature, Content: content, Receipt: receipt, Host: n.cfg.Address,
	})
	if err != nil {
		return nil, fmt.Errorf("host: key of %v %v: %w", kind, content.Short(), err)
	}
	key, err := n.cfg.Identity.OpenKey(sealed, vault.KeyInfo(content, job.Request.ID, receipt, n.cfg.Address))
	if err != nil {
		return nil, fmt.Errorf("host: key of %v %v: %w", kind, content.Short(), err)
	}
	defer key.Wipe()
	file, err := n.cfg.Store.Open(ctx, content)
	if err != nil {
		return nil, fmt.Errorf("host: %v %v: %w", kind, content.Short(), err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("host: %v %v: %w: %w", kind, content.Short(), abi.Unavailable, err), file.Close())
	}
	c, err := vault.Open(file, info.Size(), key)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return c, nil
}

// Model reads a sealed model as the sandbox wants it, under the policy it was
// bought with.
func Model(c *vault.Container, p wire.Policy) (sandbox.Model, error) {
	h := c.Header()
	if h.Kind != vault.KindModel || h.Card == nil {
		return sandbox.Model{}, fmt.Errorf("host: container holds a %s, not a model: %w", h.Kind, abi.Invalid)
	}
	card, err := json.Marshal(h.Card)
	if err != nil {
		return sandbox.Model{}, fmt.Errorf("host: model card: %w: %w", abi.Invalid, err)
	}
	onnx, err := c.Bytes()
	if err != nil {
		return sandbox.Model{}, err
	}
	return sandbox.Model{ONNX: onnx, Card: card, Open: p.Kind == wire.Open}, nil
}
