package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"

	"github.com/nats-io/nats.go"
)

// A Conn is one connection to the bus. It is safe for concurrent use, and
// comes back by itself when the server does.
type Conn struct {
	nc *nats.Conn
	id string

	mu   sync.Mutex
	up   context.Context // ends when the connection is lost; another one follows
	lost context.CancelCauseFunc
}

// renew ends the calls that wait for an answer over a connection that was lost.
func (c *Conn) renew() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost != nil {
		c.lost(fmt.Errorf("fleet: connection lost: %w", errLost))
	}
	c.up, c.lost = context.WithCancelCause(context.Background())
}

// calling returns ctx, ended also by the loss of the connection.
func (c *Conn) calling(ctx context.Context) (context.Context, func()) {
	c.mu.Lock()
	up := c.up
	c.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(up, func() { cancel(context.Cause(up)) })
	return ctx, func() { stop(); cancel(nil) }
}

// DialConfig says who dials.
type DialConfig struct {
	Identity Identity     // zero means a new one, known to nobody after
	Log      *slog.Logger // of disconnects; nil: none
}

// Dial joins the fleet a token names. Errors: Unavailable when nobody answers;
// Denied when the server is another than the token's, or refuses the code.
func Dial(ctx context.Context, t Token, cfg DialConfig) (*Conn, error) {
	id := cfg.Identity
	if id.pair == nil {
		var err error
		if id, err = NewIdentity(); err != nil {
			return nil, err
		}
	}
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	timeout := callFor
	if end, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(end))
	}
	return connect(id.id, "tls://"+t.Addr, id,
		nats.Timeout(timeout), nats.Token(b64.EncodeToString(t.Code[:])),
		nats.Secure(pinned(t.Pin)), nats.TLSHandshakeFirst(),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("fleet connection back", slog.String("addr", t.Addr)) }),
	)
}

func connect(id, url string, key Identity, opts ...nats.Option) (*Conn, error) {
	c := &Conn{id: id}
	c.renew()
	opts = append(opts,
		nats.DisconnectErrHandler(func(*nats.Conn, error) { c.renew() }),
		nats.Nkey(key.id, func(nonce []byte) ([]byte, error) { return key.pair.Sign(nonce) }),
		nats.CustomInboxPrefix(inboxOf(id)), nats.MaxReconnects(-1), nats.ReconnectWait(200*time.Millisecond),
		nats.ReconnectBufSize(-1), // a call that cannot be sent fails, and is made again
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	)
	nc, err := nats.Connect(url, opts...)
	switch {
	case errors.Is(err, errPin), errors.Is(err, nats.ErrAuthorization):
		return nil, fmt.Errorf("fleet: join %s: %w: %w", url, abi.Denied, err)
	case err != nil:
		return nil, fmt.Errorf("fleet: join %s: %w: %w", url, abi.Unavailable, err)
	}
	c.nc = nc
	return c, nil
}

var errPin = errors.New("the server has another key than the token says: it is not the one you were invited to")

// pinned trusts one public key and no authority.
func pinned(pin abi.Digest) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, //nolint:gosec // VerifyConnection checks the key itself
		VerifyConnection: func(cs tls.ConnectionState) error {
			if abi.Sum(cs.PeerCertificates[0].RawSubjectPublicKeyInfo) != pin {
				return errPin
			}
			return nil
		},
	}
}

// ID names the connection to the other side.
func (c *Conn) ID() string { return c.id }

// Close ends the connection and every subscription on it.
func (c *Conn) Close() { c.nc.Close() }
