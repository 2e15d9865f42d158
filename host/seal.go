package host

import (
	"context"
	"fmt"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/gate"
	"github.com/cloister-ai/cloister/host/vault"
)

// seal makes what may leave ready to leave: the output under the client's key,
// trained models in sealed containers in the store. It returns the result,
// still without its receipt, and a list of everything in it for the receipt.
func (n *Node) seal(ctx context.Context, job wire.Job, in *inputs, l gate.Leaving) (res wire.Result, releases []wire.Release, err error) {
	id := job.Request.ID
	res.Output, res.Key, err = vault.SealOutput(in.body.Reply, id, l.Output)
	if err != nil {
		return wire.Result{}, nil, err
	}
	releases = append(releases, wire.Release{Kind: "output", Bytes: uint64(len(l.Output)), Digest: abi.Sum(res.Output)})

	res.Metrics = l.Metrics
	for _, m := range l.Metrics {
		b, err := wire.Marshal(m)
		if err != nil {
			return wire.Result{}, nil, fmt.Errorf("host: metric %q: %w: %w", m.Name, abi.Internal, err)
		}
		releases = append(releases, wire.Release{Kind: "metric", Name: m.Name, Bytes: uint64(len(b)), Digest: abi.Sum(b)})
	}
	for _, m := range l.Models {
		card := vault.Card{Name: m.Name, Format: "onnx", Metrics: l.Metrics, App: job.Request.App, Data: job.Request.Data, Job: id}
		if in.data != nil {
			s := in.data.Schema()
			card.Task, card.Input, card.Shape, card.Classes, card.Licence = s.Task, s.Input, s.Shape, s.Classes, s.Licence
		}
		file, trained, err := vault.SealTrained(in.body.Reply, id, card, abi.Digest{}, m.ONNX)
		if err != nil {
			return wire.Result{}, nil, err
		}
		if _, err := n.cfg.Store.Put(ctx, file); err != nil {
			return wire.Result{}, nil, fmt.Errorf("host: keep model %q: %w", m.Name, err)
		}
		res.Models = append(res.Models, trained)
		releases = append(releases, wire.Release{Kind: "model", Name: m.Name, Bytes: uint64(len(m.ONNX)), Digest: trained.Content})
	}
	return res, releases, nil
}
