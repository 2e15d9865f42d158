// Command kernelgen writes the assembly of gpu/kernel: kernelgen -part NAME -out
// FILE -stubs FILE -pkg kernel. The parts are the keys of the table below.
// go generate ./gpu/kernel runs it for all of them.
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
	"integers":  integers,
	"pairs":     pairs,
	"winograd":  winograds,
}

func main() {
	part := flag.String("part", "", "what to generate")
	sums := flag.String("sums", "", "write sums of the generator and of what is generated to a file instead")
	flag.Parse()
	if *sums != "" {
		if err := writeSums(*sums); err != nil {
			fmt.Fprintln(os.Stderr, "kernelgen:", err)
			os.Exit(1)
		}
		return
	}
	generate, ok := parts[*part]
	if !ok {
		fmt.Fprintf(os.Stderr, "kernelgen: no part %q\n", *part)
		os.Exit(2)
	}
	generate()
	Generate()
}
