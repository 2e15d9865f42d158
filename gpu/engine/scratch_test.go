//go:build !race

// Under the race detector pools forget what they were given, so that runs allocate
// more than they do: make check runs these tests without it.

package engine_test

import (
	"encoding/binary"
	"math"
	"runtime"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/kernel"
)

// TestScratchIsBounded: a wide window over a wide image takes no more memory than
// any other: the cost says only what lies in the arena, and beside it a worker holds
// as much as its kernels may.
func TestScratchIsBounded(t *testing.T) {
	ints := func(name string, v ...int64) abi.Attr { return abi.Attr{Name: name, Type: abi.AttrInts, Ints: v} }
	const columns, taps = 1 << 18, 512
	floats := func(b []byte) []float32 {
		x := make([]float32, len(b)/4)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		return x
	}
	for _, op := range []string{"MaxPool", "AveragePool", "Conv"} {
		x := newTrial(t, abi.Quota{})
		in := []abi.Value{x.input("x", abi.Float32, 1, 1, 1, columns)}
		args := []abi.Tensor{x.tensor(1, 1, 1, 1, 1, columns)}
		if op == "Conv" {
			in = append(in, x.input("w", abi.Float32, 1, 1, 1, taps))
			args = append(args, x.tensor(2, 1, 1, 1, 1, taps))
		}
		x.output("y", x.node(op, []abi.Attr{ints("kernel_shape", 1, taps)}, in...))
		p, err := x.s.Compile(t.Context(), x.g)
		if err != nil {
			t.Fatal(err)
		}
		if held := p.Cost().Bytes; held != 0 {
			t.Errorf("%s: %d bytes are charged, want none", op, held)
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		out, err := p.Run(t.Context(), args)
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		result := int64(4 * (columns - taps + 1))
		if took := int64(after.TotalAlloc-before.TotalAlloc) - result; took > int64(runtime.GOMAXPROCS(0)+1)*2*4*kernel.TaskScratch {
			t.Errorf("%s: a run allocated %d bytes beside its result", op, took)
		}
		image, y := floats(x.read(args[0])), floats(x.read(out[0]))
		for i := 0; i < len(y); i += 997 {
			sum, largest, product := 0.0, math.Inf(-1), 0.0
			for _, v := range image[i:][:taps] {
				sum, largest = sum+float64(v), max(largest, float64(v))
			}
			if op == "Conv" {
				for j, w := range floats(x.read(args[1])) {
					product += float64(w) * float64(image[i+j])
				}
			}
			want := map[string]float64{"MaxPool": largest, "AveragePool": sum / taps, "Conv": product}[op]
			if math.Abs(float64(y[i])-want) > 1e-4*(1+math.Abs(want)) {
				t.Fatalf("%s: element %d is %v, want %v", op, i, y[i], want)
			}
		}
	}
}
