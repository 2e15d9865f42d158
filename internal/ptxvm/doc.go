// Package ptxvm runs PTX text: a machine in Go that stands in for a CUDA device
// in tests. It is strict rather than fast. What a card would let pass, or get
// wrong only sometimes, is a fault here that names the kernel, the line, the
// instruction and the thread.
package ptxvm
