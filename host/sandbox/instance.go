package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/gate"

	"github.com/tetratelabs/wazero/api"
)

// An instance is the host's side of one running guest. One goroutine owns it,
// so it has no lock.
type instance struct {
	env    Env
	limits wire.Limits
	data   wire.Policy
	model  wire.Policy

	mem     api.Memory // of the guest, valid during a host call
	handles handles
	random  *rand.ChaCha8
	wasi    wasi
	log     guestLog

	output      []byte
	metrics     []wire.Metric
	models      []Saved
	modelBytes  uint64 // of private models saved
	answerBytes uint64 // of a sealed model's outputs read

	refusal string // text of the last refused call
	stopped error  // why the host stopped the guest, if it did
}

func newInstance(g gate.Grant, env Env) *instance {
	limits := g.Limits()
	return &instance{
		env: env, limits: limits, data: g.Data(), model: g.Model(),
		handles: handles{limit: limits.Handle},
		random:  stream(env.Seed, "random"),
		wasi:    wasi{random: stream(env.Seed, "wasi"), now: wasiEpoch},
		log:     guestLog{limit: int(limits.Log), sink: env.Log},
	}
}

// stream returns a random stream of its own for each purpose of one job.
func stream(seed abi.Digest, purpose string) *rand.ChaCha8 {
	return rand.NewChaCha8(sha256.Sum256(append(seed[:], purpose...)))
}

// wipe forgets the records that passed through.
func (in *instance) wipe() {
	for _, s := range in.handles.slots {
		if d, ok := s.object.(*dataset); ok {
			clear(d.x[:cap(d.x)])
			clear(d.y[:cap(d.y)])
			clear(d.bytes[:cap(d.bytes)])
		}
	}
}

type instanceKey struct{}

func withInstance(ctx context.Context, in *instance) context.Context {
	return context.WithValue(ctx, instanceKey{}, in)
}

// read returns a view of guest memory, good until the host call returns.
func (in *instance) read(ptr, size uint32) ([]byte, error) {
	b, ok := in.mem.Read(ptr, size)
	if !ok {
		return nil, fmt.Errorf("[%d, %d+%d) is outside the memory of %d bytes: %w", ptr, ptr, size, in.mem.Size(), abi.Invalid)
	}
	return b, nil
}

// array is read for n elements of the given size.
func (in *instance) array(ptr, n uint32, size uint64) ([]byte, error) {
	total := uint64(n) * size
	if total > 1<<32-1 {
		return nil, fmt.Errorf("%d elements of %d bytes at %d are outside the memory of %d bytes: %w", n, size, ptr, in.mem.Size(), abi.Invalid)
	}
	return in.read(ptr, uint32(total))
}

// text returns a copy of a name or note in guest memory, of at most limit
// bytes, with everything that does not print taken out.
func (in *instance) text(what string, ptr, size uint32, limit int) (string, error) {
	if uint64(size) > uint64(limit) {
		return "", fmt.Errorf("%s of %d bytes, at most %d: %w", what, size, limit, abi.Invalid)
	}
	b, err := in.read(ptr, size)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	return printable(string(b), limit), nil
}

// give writes as much of b to guest memory as fits in room bytes and returns
// its whole length.
func (in *instance) give(b []byte, ptr, room uint32) (uint32, error) {
	if uint64(len(b)) > 1<<31-1 {
		return 0, fmt.Errorf("%d bytes are too many for one call: %w", len(b), abi.Invalid)
	}
	dst, err := in.read(ptr, min(room, uint32(len(b))))
	if err != nil {
		return 0, err
	}
	copy(dst, b)
	return uint32(len(b)), nil
}

// guestLog keeps what an app says, within its limit.
type guestLog struct {
	limit int
	sink  func(level int, text string) // nil: nobody listens

	kept      []byte
	partial   []byte // of a line that fd 1 or 2 did not end yet
	full      bool
	last      string // the last line, or the first that tells of a panic
	crashed   bool   // last tells of a panic
	lastError string // the last line at level 3
}

// Levels of the log import.
const (
	levelDebug = iota
	levelInfo
	levelWarn
	levelError
)

// line appends one line.
func (l *guestLog) line(level int, text string) error {
	if len(l.kept)+len(text)+1 > l.limit {
		if !l.full && l.sink != nil {
			l.sink(levelWarn, fmt.Sprintf("log limit of %d bytes reached", l.limit))
		}
		l.full = true
		return fmt.Errorf("log of %d bytes, %d granted: %w", len(l.kept)+len(text)+1, l.limit, abi.Exhausted)
	}
	l.kept = append(append(l.kept, text...), '\n')
	if l.sink != nil {
		l.sink(level, text)
	}
	return nil
}

// note remembers a line for the error that may follow it, logged or not.
func (l *guestLog) note(level int, text string) {
	if level == levelError {
		l.lastError = text
	}
	if text == "" || l.crashed {
		return
	}
	l.last = text
	l.crashed = strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ")
}

// write takes what the app writes to fd 1 or 2. What is over the limit is lost.
func (l *guestLog) write(b []byte) {
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte{'\n'})
		if room := maxLine - len(l.partial); len(line) > room {
			line, rest, ended = line[:room], b[room:], true
		}
		l.partial = append(l.partial, line...)
		b = rest
		if ended {
			l.flush()
		}
	}
}

// flush ends a line that has begun.
func (l *guestLog) flush() {
	if len(l.partial) == 0 {
		return
	}
	text := printable(string(l.partial), maxLine)
	l.partial = l.partial[:0]
	l.note(levelInfo, text)
	_ = l.line(levelInfo, text) // a write to fd 2 has nobody to tell that the log is full
}

// said returns what to add to an error about the app's own failure.
func (l *guestLog) said() string {
	if l.last == "" {
		return ""
	}
	return ": " + printable(l.last, 256)
}
