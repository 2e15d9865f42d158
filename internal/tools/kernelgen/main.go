// Command kernelgen writes the assembly of gpu/kernel: kernelgen -part NAME -out
// FILE -stubs FILE -pkg kernel. The parts are the keys of the table below.
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

var parts = map[string]func(){
	"tile":      tiles,
	"transpose": transposes,
	"math":      functions,
	"window":    windows,
	"dots":      dots,
}

func main() {
	part := flag.String("part", "", "what to generate")
	flag.Parse()
	generate, ok := parts[*part]
	if !ok {
		fmt.Fprintf(os.Stderr, "kernelgen: no part %q\n", *part)
		os.Exit(2)
	}
	generate()
	Generate()
}
