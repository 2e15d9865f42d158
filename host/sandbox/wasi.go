package sandbox

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/cloister-ai/cloister/abi"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"
)

const wasiModule = "wasi_snapshot_preview1"

// wasi is the virtual machine behind wasi_snapshot_preview1: no files,
// arguments, variables or network, a clock that only moves when asked or slept
// on, and the job's randomness. What toolchains link is there and says no.
type wasi struct {
	random *rand.ChaCha8
	now    uint64 // nanoseconds
	polls  uint32
}

const (
	wasiEpoch = 1_767_225_600_000_000_000 // 2026-01-01 UTC, where every guest's clock starts
	wasiTick  = 1_000                     // nanoseconds that looking at the clock takes
	maxPolls  = 1 << 20                   // sleeps of one run: each is free for the guest's clock, not for ours
	maxVecs   = 1024                      // buffers of one fd_write
	maxWrite  = 64 << 10                  // bytes of one fd_write
	maxSubs   = 64                        // subscriptions of one poll_oneoff
)

// Error numbers of WASI preview 1.
const (
	wasiOK         = 0
	wasiBadF       = 8
	wasiFault      = 21
	wasiInval      = 28
	wasiNoSys      = 52
	wasiNotCapable = 76
)

// wasiCall is a WASI function. It reads and writes guest memory, and its error
// ends the guest.
type wasiCall func(in *instance, s []uint64) (errno uint32, err error)

const (
	i32 = api.ValueTypeI32
	i64 = api.ValueTypeI64
)

// wasiImports is the whole WASI surface.
var wasiImports = []struct {
	name    string
	params  []byte
	results []byte
	fn      wasiCall
}{
	// There are none of these.
	{"args_sizes_get", []byte{i32, i32}, []byte{i32}, noneOfThem},
	{"args_get", []byte{i32, i32}, []byte{i32}, nothing},
	{"environ_sizes_get", []byte{i32, i32}, []byte{i32}, noneOfThem},
	{"environ_get", []byte{i32, i32}, []byte{i32}, nothing},

	// Time and chance are the job's.
	{"clock_res_get", []byte{i32, i32}, []byte{i32}, clockRes},
	{"clock_time_get", []byte{i32, i64, i32}, []byte{i32}, clockTime},
	{"poll_oneoff", []byte{i32, i32, i32, i32}, []byte{i32}, pollOneoff},
	{"random_get", []byte{i32, i32}, []byte{i32}, randomGet},
	{"sched_yield", nil, []byte{i32}, nothing},
	{"proc_exit", []byte{i32}, nil, procExit},

	// Descriptors 1 and 2 are the log; there are no others.
	{"fd_write", []byte{i32, i32, i32, i32}, []byte{i32}, fdWrite},
	{"fd_fdstat_get", []byte{i32, i32}, []byte{i32}, fdStat},
	{"fd_close", []byte{i32}, []byte{i32}, badF},
	{"fd_fdstat_set_flags", []byte{i32, i32}, []byte{i32}, badF},
	{"fd_filestat_get", []byte{i32, i32}, []byte{i32}, badF},
	{"fd_prestat_get", []byte{i32, i32}, []byte{i32}, badF},
	{"fd_prestat_dir_name", []byte{i32, i32, i32}, []byte{i32}, badF},
	{"fd_read", []byte{i32, i32, i32, i32}, []byte{i32}, badF},
	{"fd_seek", []byte{i32, i64, i32, i32}, []byte{i32}, badF},
	{"fd_tell", []byte{i32, i32}, []byte{i32}, badF},
	{"path_filestat_get", []byte{i32, i32, i32, i32, i32}, []byte{i32}, notCapable},
	{"path_open", []byte{i32, i32, i32, i32, i32, i64, i64, i32, i32}, []byte{i32}, notCapable},
}

func (r *Runtime) adaptWASI(name string, fn wasiCall) api.GoModuleFunc {
	return func(ctx context.Context, m api.Module, stack []uint64) {
		in := ctx.Value(instanceKey{}).(*instance)
		v, err := r.guard(ctx, in, name, m, func() (uint32, error) { return fn(in, stack) })
		if exit, ok := err.(*sys.ExitError); ok { //nolint:errorlint // procExit's own, never wrapped
			panic(exit) // wazero's way to end a guest
		}
		if err != nil {
			in.stop(fmt.Errorf("%s: %w", name, err))
		}
		if len(stack) > 0 {
			stack[0] = uint64(v)
		}
	}
}

func nothing(*instance, []uint64) (uint32, error)    { return wasiOK, nil }
func badF(*instance, []uint64) (uint32, error)       { return wasiBadF, nil }
func notCapable(*instance, []uint64) (uint32, error) { return wasiNotCapable, nil }

// noneOfThem says that there are zero strings of zero bytes.
func noneOfThem(in *instance, s []uint64) (uint32, error) {
	if !in.mem.WriteUint32Le(uint32(s[0]), 0) || !in.mem.WriteUint32Le(uint32(s[1]), 0) {
		return wasiFault, nil
	}
	return wasiOK, nil
}

func clockRes(in *instance, s []uint64) (uint32, error) {
	if !in.mem.WriteUint64Le(uint32(s[1]), wasiTick) {
		return wasiFault, nil
	}
	return wasiOK, nil
}

// clockTime is the same clock under every id.
func clockTime(in *instance, s []uint64) (uint32, error) {
	in.wasi.now += wasiTick
	if !in.mem.WriteUint64Le(uint32(s[2]), in.wasi.now) {
		return wasiFault, nil
	}
	return wasiOK, nil
}

func randomGet(in *instance, s []uint64) (uint32, error) {
	b, ok := in.mem.Read(uint32(s[0]), uint32(s[1]))
	if !ok || len(b) > maxRandom {
		return wasiFault, nil
	}
	_, _ = in.wasi.random.Read(b) // never fails
	return wasiOK, nil
}

// pollOneoff knows clocks only: it jumps to the earliest deadline.
func pollOneoff(in *instance, s []uint64) (uint32, error) {
	const subSize, eventSize, absolute = 48, 32, 1
	if in.wasi.polls++; in.wasi.polls > maxPolls {
		return 0, fmt.Errorf("%d sleeps, %d granted: %w", in.wasi.polls, maxPolls, abi.Exhausted)
	}
	n := uint32(s[2])
	if n == 0 || n > maxSubs {
		return wasiInval, nil
	}
	subs, ok := in.mem.Read(uint32(s[0]), n*subSize)
	if !ok {
		return wasiFault, nil
	}
	event := make([]byte, eventSize)
	next := ^uint64(0)
	for ; len(subs) > 0; subs = subs[subSize:] {
		if subs[8] != 0 { // tag: 0 is a clock
			return wasiNoSys, nil
		}
		at := binary.LittleEndian.Uint64(subs[24:])
		if binary.LittleEndian.Uint16(subs[40:])&absolute == 0 {
			at += in.wasi.now
			if at < in.wasi.now {
				at = ^uint64(0) // for ever
			}
		}
		if at < next {
			next = at
			copy(event, subs[:8]) // its userdata
		}
	}
	in.wasi.now = max(in.wasi.now, min(next, 1<<63))
	if !in.mem.Write(uint32(s[1]), event) || !in.mem.WriteUint32Le(uint32(s[3]), 1) {
		return wasiFault, nil
	}
	return wasiOK, nil
}

func procExit(_ *instance, s []uint64) (uint32, error) { return 0, sys.NewExitError(uint32(s[0])) }

func fdWrite(in *instance, s []uint64) (uint32, error) {
	if fd := uint32(s[0]); fd != 1 && fd != 2 {
		return wasiBadF, nil
	}
	n := uint32(s[2])
	if n > maxVecs {
		return wasiInval, nil
	}
	vecs, ok := in.mem.Read(uint32(s[1]), 8*n)
	if !ok {
		return wasiFault, nil
	}
	var written uint32
	for ; len(vecs) > 0; vecs = vecs[8:] {
		b, ok := in.mem.Read(binary.LittleEndian.Uint32(vecs), binary.LittleEndian.Uint32(vecs[4:]))
		if !ok {
			return wasiFault, nil
		}
		b = b[:min(len(b), maxWrite-int(written))] // the rest is for another call
		in.log.write(b)
		written += uint32(len(b))
	}
	if !in.mem.WriteUint32Le(uint32(s[3]), written) {
		return wasiFault, nil
	}
	return wasiOK, nil
}

// fdStat calls descriptors 0 to 2 character devices.
func fdStat(in *instance, s []uint64) (uint32, error) {
	if uint32(s[0]) > 2 {
		return wasiBadF, nil
	}
	if !in.mem.Write(uint32(s[1]), append([]byte{2}, make([]byte, 23)...)) {
		return wasiFault, nil
	}
	return wasiOK, nil
}
