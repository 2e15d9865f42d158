package fleet

import (
	"context"
	"log/slog"

	"github.com/cloister-ai/cloister/abi/wire"
)

// ServeKeys answers key requests of hosts over c, a connection of the server's
// owner, until ctx is done. release decides; its errors reach the host as they
// are.
func ServeKeys(ctx context.Context, c *Conn, release func(context.Context, wire.KeyRequest) (wire.SealedKey, error)) error {
	return serve(ctx, c, slog.New(slog.DiscardHandler), func(e *endpoints) error {
		return answer(e, opKey, func(ctx context.Context, _ string, q keyRequest) (any, error) {
			k, err := release(ctx, q.Request)
			return keyReply{k}, err
		})
	})
}

// RequestKey asks the seller for the key of a content, for one job. Errors:
// the seller's own; Unavailable after 30 s without an answer.
func (c *Conn) RequestKey(ctx context.Context, q wire.KeyRequest) (wire.SealedKey, error) {
	a, err := persist[keyReply](ctx, c, opKey, keyRequest{q}, callFor, patienceFor)
	return a.Key, err
}
