//go:build wasip1

package guest

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

// Run runs f as the app's cloister_run. An error f returns becomes the job's:
// its Kind and its text reach whoever asked for the run.
func Run(f func() error) int32 {
	err := f()
	if err == nil {
		return 0
	}
	say(levelError, err.Error())
	k := abi.KindOf(err)
	if k == abi.Other {
		k = abi.Guest
	}
	return -int32(k)
}

// Error is a call the host refused.
type Error struct {
	Kind abi.Kind
	Text string // in the host's words
}

func (e *Error) Error() string { return e.Text + ": " + e.Kind.Error() }

// Unwrap returns the Kind, so that errors.Is(err, abi.Denied) works.
func (e *Error) Unwrap() error { return e.Kind }

// Fail makes an error of the app's own: a Kind and the parts of its text. It
// saves an app fmt, which is a third of a small module.
func Fail(kind abi.Kind, parts ...string) error {
	text := ""
	for _, p := range parts {
		text += p
	}
	return &Error{kind, text}
}

// Within says where err happened; the Kind stays.
func Within(where string, err error) error {
	k := abi.KindOf(err)
	return &Error{k, where + ": " + strings.TrimSuffix(err.Error(), ": "+k.Error())}
}

// result turns what an import returned into a value or an error.
func result(n int32) (uint32, error) {
	if n >= 0 {
		return uint32(n), nil
	}
	return 0, &Error{abi.Kind(-n), whole(func(p unsafe.Pointer, room uint32) int32 { return errorText(p, room) })}
}

// only is result for calls that return nothing.
func only(n int32) error {
	_, err := result(n)
	return err
}

// whole calls a function that returns a length and writes what fits, until all
// of it did.
func whole(get func(ptr unsafe.Pointer, room uint32) int32) string {
	b := make([]byte, 1024)
	for {
		n := get(at(b), uint32(len(b)))
		if n < 0 {
			return ""
		}
		if int(n) <= len(b) {
			return string(b[:n])
		}
		b = make([]byte, n)
	}
}

// at returns the address of s, for one call.
func at[T any](s []T) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(s)) }

// text returns address and length of s, for one call.
func text(s string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(s)), uint32(len(s))
}

// Input returns the job's input.
func Input() ([]byte, error) {
	n, err := result(inputLen())
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	got, err := result(inputRead(0, at(b), n))
	return b[:got], err
}

// Write appends b to the job's output. An output over the granted bytes ends
// the app.
func Write(b []byte) error { return only(outputWrite(at(b), uint32(len(b)))) }

const (
	levelInfo  = 1
	levelError = 3
	maxLine    = 1024
)

// Log logs one line.
func Log(text string) { say(levelInfo, text) }

func say(level uint32, line string) {
	p, n := text(line[:min(len(line), maxLine)])
	_ = logLine(level, p, n) // a full log is no reason to stop
}

// Param returns the job's parameter key, or or when the job has none.
func Param(key, or string) string {
	p, n := text(key)
	if param(p, n, nil, 0) < 0 {
		return or
	}
	return whole(func(ptr unsafe.Pointer, room uint32) int32 { return param(p, n, ptr, room) })
}

// ParamInt is Param for a whole number of least to most.
func ParamInt(key string, or, least, most int) (int, error) {
	s := Param(key, strconv.Itoa(or))
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, Fail(abi.Invalid, "parameter ", key, "=", s, ": a whole number from ", strconv.Itoa(least), " to ", strconv.Itoa(most), " is wanted")
	}
	return n, nil
}

// ParamFloat is Param for a number of least to most.
func ParamFloat(key string, or, least, most float64) (float64, error) {
	s := Param(key, number(or))
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= least && f <= most) {
		return 0, Fail(abi.Invalid, "parameter ", key, "=", s, ": a number from ", number(least), " to ", number(most), " is wanted")
	}
	return f, nil
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// Progress says how far the app has come: done of total.
func Progress(done, total int, note string) {
	p, n := text(note)
	_ = progress(uint32(done), uint32(total), p, n) // for the eyes only
}

// Random returns a source of randomness that depends on the job's seed and
// nothing else. Two calls give independent sources.
func Random() *rand.Rand {
	var seed [32]byte
	_ = random(unsafe.Pointer(&seed), uint32(len(seed))) // 32 bytes are never refused
	return rand.New(rand.NewChaCha8(seed))
}
