package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/store"

	"golang.org/x/sync/errgroup"
)

// BlobsConfig says which blobs are shared. Everybody who joined may read all
// of them: keep only what is sealed or public there.
type BlobsConfig struct {
	Store   *store.Store // required
	MaxPush int64        // bytes of one blob that a host may bring; zero means 1 GiB
	Log     *slog.Logger
}

const (
	pushesEach = 4  // blobs one host brings at a time
	pushesAll  = 64 // and all of them
	pushIdle   = time.Minute
	fetchAhead = 4 // pieces asked for at a time
)

// ServeBlobs gives pieces of blobs to whoever joined, and takes whole ones from
// hosts, over c, a connection of the server's owner, until ctx is done.
func ServeBlobs(ctx context.Context, c *Conn, cfg BlobsConfig) error {
	if cfg.Store == nil {
		return fmt.Errorf("fleet: blobs without a store: %w", abi.Invalid)
	}
	if cfg.MaxPush == 0 {
		cfg.MaxPush = 1 << 30
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	in := &incoming{cfg: cfg, pushes: map[pushKey]*push{}}
	defer in.close()
	return serve(ctx, c, cfg.Log, func(e *endpoints) error {
		return errors.Join(
			answer(e, opGet, func(_ context.Context, _ string, q getRequest) (any, error) { return piece(cfg.Store, q) }),
			answer(e, opPut, func(_ context.Context, who string, q putRequest) (any, error) { return in.put(who, q) }),
		)
	})
}

// piece reads up to 256 KiB of a blob.
func piece(s *store.Store, q getRequest) (getReply, error) {
	f, err := s.Open(q.Blob)
	if err != nil {
		return getReply{}, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return getReply{}, fmt.Errorf("fleet: blob %v: %w: %w", q.Blob.Short(), abi.Internal, err)
	}
	a := getReply{Total: uint64(fi.Size())}
	if q.Offset > a.Total {
		return getReply{}, bad("blob %v has %d bytes, piece at %d", q.Blob.Short(), a.Total, q.Offset)
	}
	a.Piece = make([]byte, min(pieceBytes, a.Total-q.Offset))
	if _, err := f.ReadAt(a.Piece, int64(q.Offset)); err != nil && !errors.Is(err, io.EOF) {
		return getReply{}, fmt.Errorf("fleet: blob %v: %w: %w", q.Blob.Short(), abi.Internal, err)
	}
	return a, nil
}

// incoming is the blobs that hosts are bringing.
type incoming struct {
	cfg BlobsConfig

	mu     sync.Mutex
	pushes map[pushKey]*push
}

type pushKey struct {
	who  string
	blob abi.Digest
}

// A push is one blob on its way in.
type push struct {
	mu   sync.Mutex // one piece at a time; held across its write
	w    *store.Writer
	last time.Time // guarded by incoming.mu
}

// put takes the next piece. A piece from elsewhere changes nothing: the answer
// says which is wanted.
func (in *incoming) put(who string, q putRequest) (putReply, error) {
	switch {
	case in.cfg.Store.Has(q.Blob):
		return putReply{Next: q.Total, Kept: true}, nil
	case q.Total > uint64(in.cfg.MaxPush):
		return putReply{}, fmt.Errorf("fleet: blob %v of %d bytes, at most %d are taken: %w", q.Blob.Short(), q.Total, in.cfg.MaxPush, abi.Exhausted)
	case q.Total == 0 || q.Offset > q.Total || uint64(len(q.Piece)) > q.Total-q.Offset || len(q.Piece) == 0:
		return putReply{}, bad("blob %v of %d bytes: piece of %d at %d", q.Blob.Short(), q.Total, len(q.Piece), q.Offset)
	}
	key := pushKey{who, q.Blob}
	p, err := in.open(key)
	if err != nil {
		return putReply{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	next := uint64(p.w.Size())
	if q.Offset != next {
		return putReply{Next: next}, nil
	}
	if _, err := p.w.Write(q.Piece); err != nil {
		in.end(key, p)
		return putReply{}, err
	}
	if next += uint64(len(q.Piece)); next < q.Total {
		return putReply{Next: next}, nil
	}
	_, err = p.w.Commit(q.Blob)
	in.end(key, p)
	return putReply{Next: next, Kept: true}, err
}

func (in *incoming) open(key pushKey) (*push, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	now, mine := time.Now(), 0
	if p, ok := in.pushes[key]; ok {
		p.last = now
		return p, nil
	}
	for k, p := range in.pushes {
		if now.Sub(p.last) > pushIdle && p.mu.TryLock() {
			p.w.Abort()
			p.mu.Unlock()
			delete(in.pushes, k)
		} else if k.who == key.who {
			mine++
		}
	}
	if mine >= pushesEach || len(in.pushes) >= pushesAll {
		return nil, fmt.Errorf("fleet: blob %v: %d blobs of yours are on their way already: %w", key.blob.Short(), mine, abi.Unavailable)
	}
	w, err := in.cfg.Store.Create()
	if err != nil {
		return nil, err
	}
	p := &push{w: w, last: now}
	in.pushes[key] = p
	return p, nil
}

// end forgets a push. The caller holds p.mu.
func (in *incoming) end(key pushKey, p *push) {
	p.w.Abort()
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.pushes[key] == p {
		delete(in.pushes, key)
	}
}

// close drops what did not arrive whole. No put is running any more.
func (in *incoming) close() {
	for _, p := range in.pushes {
		p.w.Abort()
	}
}

// Fetch brings a blob into s, unless it is there, and checks it. Errors:
// NotFound; Invalid when other bytes came; Exhausted over the store's MaxBlob;
// Unavailable when pieces stay lost for 30 s.
func (c *Conn) Fetch(ctx context.Context, s *store.Store, blob abi.Digest) error {
	if s.Has(blob) {
		return nil
	}
	w, err := s.Create()
	if err != nil {
		return err
	}
	defer w.Abort()
	get := func(ctx context.Context, off uint64) (getReply, error) {
		return persist[getReply](ctx, c, opGet, getRequest{blob, off}, callFor, patienceFor)
	}
	first, err := get(ctx, 0)
	if err != nil {
		return err
	}
	if first.Total > uint64(s.MaxBlob()) {
		return fmt.Errorf("fleet: blob %v of %d bytes, at most %d fit: %w", blob.Short(), first.Total, s.MaxBlob(), abi.Exhausted)
	}
	pieces := []getReply{first}
	for off := uint64(0); ; {
		for _, p := range pieces {
			if p.Total != first.Total || uint64(len(p.Piece)) != min(pieceBytes, first.Total-off) {
				return bad("blob %v: a piece of %d of %d bytes at %d", blob.Short(), len(p.Piece), p.Total, off)
			}
			if _, err := w.Write(p.Piece); err != nil {
				return err
			}
			off += uint64(len(p.Piece))
		}
		if off == first.Total {
			break
		}
		left := (first.Total - off + pieceBytes - 1) / pieceBytes
		pieces = make([]getReply, min(fetchAhead, left))
		g, gctx := errgroup.WithContext(ctx)
		for i := range pieces {
			g.Go(func() (err error) {
				pieces[i], err = get(gctx, off+uint64(i)*pieceBytes)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	_, err = w.Commit(blob)
	return err
}

// Push brings a blob of s to the owner's store; for hosts, of sealed results.
// It goes on where it was cut off. Errors: NotFound; Invalid when the blob here
// is corrupt; Exhausted when it is more than the owner takes; Unavailable.
func (c *Conn) Push(ctx context.Context, s *store.Store, blob abi.Digest) error {
	f, err := s.Open(blob)
	if err != nil {
		return err
	}
	defer f.Close()
	total, err := s.Size(blob)
	if err != nil {
		return err
	}
	buf := make([]byte, pieceBytes)
	for off, same := uint64(0), 0; ; {
		n, err := f.ReadAt(buf, int64(off))
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("fleet: blob %v: %w: %w", blob.Short(), abi.Internal, err)
		}
		a, err := persist[putReply](ctx, c, opPut, putRequest{blob, uint64(total), off, buf[:n]}, callFor, patienceFor)
		if err != nil || a.Kept {
			return err
		}
		if same++; a.Next > off {
			same = 0
		}
		if a.Next >= uint64(total) || same > maxLosses {
			return fmt.Errorf("fleet: blob %v of %d bytes: the store asks for byte %d: %w", blob.Short(), total, a.Next, abi.Unavailable)
		}
		off = a.Next
	}
}
