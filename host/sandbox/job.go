package sandbox

import (
	"context"
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// Bounds on what an app says about itself.
const (
	maxLine = 1024 // bytes of a log line
	maxNote = 256  // bytes of a progress note
	maxName = 256  // bytes of a name
)

// inputLen() → the bytes of the input.
func inputLen(_ context.Context, in *instance, _ []uint32) (uint32, error) {
	return uint32(len(in.env.Input)), nil
}

// inputRead(off, ptr, len) → the bytes copied, less than len at the end.
func inputRead(_ context.Context, in *instance, a []uint32) (uint32, error) {
	off := a[0]
	if uint64(off) > uint64(len(in.env.Input)) {
		return 0, fmt.Errorf("offset %d in an input of %d bytes: %w", off, len(in.env.Input), abi.Invalid)
	}
	rest := in.env.Input[off:]
	dst, err := in.read(a[1], min(a[2], uint32(len(rest))))
	if err != nil {
		return 0, err
	}
	return uint32(copy(dst, rest)), nil
}

// outputWrite(ptr, len) appends to the output. The app does not survive going
// over the limit: a cut output must not look like a whole one.
func outputWrite(_ context.Context, in *instance, a []uint32) (uint32, error) {
	b, err := in.read(a[0], a[1])
	if err != nil {
		return 0, err
	}
	if n := uint64(len(in.output)) + uint64(len(b)); n > uint64(in.limits.Output) {
		return 0, fatal{fmt.Errorf("output of %d bytes, %d granted: %w", n, in.limits.Output, abi.Exhausted)}
	}
	in.output = append(in.output, b...) // a copy: b is guest memory
	return 0, nil
}

// logLine(level, ptr, len) logs one line; level 3 is the app's word on why it
// fails.
func logLine(_ context.Context, in *instance, a []uint32) (uint32, error) {
	level := a[0]
	if level > levelError {
		return 0, fmt.Errorf("log level %d, 0 to %d: %w", level, levelError, abi.Invalid)
	}
	text, err := in.text("log line", a[1], a[2], maxLine)
	if err != nil {
		return 0, err
	}
	in.log.note(int(level), text)
	return 0, in.log.line(int(level), text)
}

// param(key, key_len, ptr, cap) → the length of a parameter of the job.
func param(_ context.Context, in *instance, a []uint32) (uint32, error) {
	key, err := in.text("parameter name", a[0], a[1], maxName)
	if err != nil {
		return 0, err
	}
	v, ok := in.env.Params[key]
	if !ok {
		return 0, fmt.Errorf("the job has no parameter %q: %w", key, abi.NotFound)
	}
	return in.give([]byte(v), a[2], a[3])
}

// progress(done, total, ptr, len) tells whoever waits.
func progress(_ context.Context, in *instance, a []uint32) (uint32, error) {
	note, err := in.text("progress note", a[2], a[3], maxNote)
	if err != nil {
		return 0, err
	}
	if in.env.Progress != nil {
		in.env.Progress(uint64(a[0]), uint64(a[1]), note)
	}
	return 0, nil
}

// errorText(ptr, cap) → the length of the text of the last refused call.
func errorText(_ context.Context, in *instance, a []uint32) (uint32, error) {
	return in.give([]byte(in.refusal), a[0], a[1])
}

// maxRandom bounds one call of random.
const maxRandom = 1 << 20

// random(ptr, len) fills memory with bytes of the job's random stream.
func random(_ context.Context, in *instance, a []uint32) (uint32, error) {
	if a[1] > maxRandom {
		return 0, fmt.Errorf("%d random bytes, at most %d in one call: %w", a[1], maxRandom, abi.Invalid)
	}
	b, err := in.read(a[0], a[1])
	if err != nil {
		return 0, err
	}
	_, _ = in.random.Read(b) // never fails
	return a[1], nil
}
