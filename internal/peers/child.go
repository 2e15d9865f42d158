package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A worker is one candidate, loaded.
type worker struct {
	version string
	step    func() error
	result  func() ([]float64, error) // of the step before
	close   func() error
}

// candidates make the workers that are Go programs.
var candidates = map[string]func(context.Context, spec) (*worker, error){
	"cloister":    newCloister,
	"sgemm":       newSgemm,
	"openblas":    newOpenBLAS,
	"onnxruntime": newONNXRuntime,
}

// child does what the parent asks on in, and answers on out.
func child(ctx context.Context, in io.Reader, out io.Writer) (err error) {
	lines := json.NewDecoder(bufio.NewReader(in))
	answer := json.NewEncoder(out)
	var s spec
	if err := lines.Decode(&s); err != nil {
		return err
	}
	w, err := candidates[s.Candidate](ctx, s)
	if err == nil {
		err = w.step()
	}
	if err != nil {
		return answer.Encode(readyLine{Refused: err.Error()})
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := answer.Encode(readyLine{Version: w.version}); err != nil {
		return err
	}
	for {
		var t turnLine
		if err := lines.Decode(&t); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
		f, err := turn(w, time.Duration(t.Milliseconds*1e6))
		if err != nil {
			return err
		}
		if err := answer.Encode(f); err != nil {
			return err
		}
	}
	v, err := w.result()
	if err != nil {
		return err
	}
	return writeNumbers(s.Result, v)
}

// turn runs w for so long, and at least once.
func turn(w *worker, long time.Duration) (figures, error) {
	var f figures
	cpu, begun := processorTime(), time.Now()
	for f.Runs == 0 || time.Since(begun) < long {
		start := time.Now()
		if err := w.step(); err != nil {
			return f, err
		}
		if took := milliseconds(time.Since(start)); f.Runs == 0 || took < f.Best {
			f.Best = took
		}
		f.Runs++
	}
	f.CPU = milliseconds(processorTime()-cpu) / float64(f.Runs)
	peak, err := peakMemory()
	f.Peak = peak
	return f, err
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// processorTime is what all threads of this process have used.
func processorTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err) // the clock is there on every Linux
	}
	return time.Duration(t.Nano())
}

// peakMemory is the most bytes that this process ever had resident.
func peakMemory() (uint64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	var kib uint64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0, fmt.Errorf("VmHWM in /proc/self/status: %w", err)
	}
	return kib << 10, nil
}
