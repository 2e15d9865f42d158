package sandbox

import "github.com/cloister-ai/cloister/abi"

// An Import is a row of the tables, for tests outside the package.
type Import struct {
	Name   string
	Params int
}

// Imports lists the cloister_v1 table.
func Imports() []Import {
	var all []Import
	for _, im := range imports {
		all = append(all, Import{im.name, im.params})
	}
	return all
}

// WASIImports lists the names of the other table.
func WASIImports() []string {
	var all []string
	for _, im := range wasiImports {
		all = append(all, im.name)
	}
	return all
}

// DecodeAttrs is the decoder of a node's attributes.
func DecodeAttrs(b []byte) ([]abi.Attr, error) { return decodeAttrs(b) }

// Metered is a module as it goes to the compiler.
func Metered(wasm []byte) ([]byte, error) {
	m, err := check(wasm)
	if err != nil {
		return nil, err
	}
	return metered(m)
}
