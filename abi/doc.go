// Package abi is what both sides of the sandbox agree on: error kinds, content
// digests, tensor types, and the contract of a tensor engine. Package guest is
// an app's way to use it; package wire is what machines say to each other.
// None of the three does I/O, and none imports the rest of this module.
package abi

// ImportModule is the wasm import module apps link against. A breaking change
// gets a new name; both are served while apps move.
const ImportModule = "cloister_v1"

// Names of the exports the host looks for in a module.
const (
	ExportMemory     = "memory"       // required: the one linear memory
	ExportInitialize = "_initialize"  // optional: called once, first
	ExportRun        = "cloister_run" // required: func() i32; below zero is -Kind
)
