package main

import (
	"encoding/binary"
	"math"
	"os"
)

// A spec is what the parent asks of a child process: the first line that it
// reads. A child then prints one readyLine, answers each turnLine with a
// figures, and writes its result when its input ends.
type spec struct {
	Candidate string  `json:"candidate"` // key of candidates, or a program of its own
	Kind      string  `json:"kind"`      // gemm, model or train
	Threads   int     `json:"threads"`
	Size      int     `json:"size"`    // gemm: of the square matrices
	Model     string  `json:"model"`   // model: the ONNX file; its inputs lie in test_data_set_0 beside it
	Net       string  `json:"net"`     // train: mlp or lenet
	Arrays    []array `json:"arrays"`  // train: data, labels and first parameters
	Rate      float32 `json:"rate"`    // train: Adam's
	Losses    int     `json:"losses"`  // train: how many, from the first step on, are the result
	Library   string  `json:"library"` // the peer's shared library
	Result    string  `json:"result"`  // file for the child's result: float64, little-endian
}

// An array is a tensor in a file of its own: little-endian float32, or int64
// for the labels.
type array struct {
	Name  string  `json:"name"`
	Shape []int64 `json:"shape"`
	File  string  `json:"file"`
}

// A readyLine says that a child is loaded and has run once, or why it never will.
type readyLine struct {
	Refused string `json:"refused,omitempty"`
	Version string `json:"version"` // of the candidate and of what it computes with
}

// A turnLine asks a child to run for so long.
type turnLine struct {
	Milliseconds float64 `json:"milliseconds"`
}

// figures are what one turn took.
type figures struct {
	Runs int     `json:"runs"`
	CPU  float64 `json:"cpu_ms"`  // processor time of the whole process, a run
	Best float64 `json:"best_ms"` // wall time of the fastest run
	Peak uint64  `json:"peak"`    // bytes resident at most, up to now
}

func writeNumbers(path string, v []float64) error {
	b := make([]byte, 0, 8*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return os.WriteFile(path, b, 0o600)
}

func readNumbers(path string) ([]float64, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	v := make([]float64, len(b)/8)
	for i := range v {
		v[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return v, nil
}
