//go:build wasip1

// Command echo is the smallest app: its output is its input.
package main

import "github.com/cloister-ai/cloister/abi/guest"

//go:wasmexport cloister_run
func run() int32 { return guest.Run(echo) }

func echo() error {
	input, err := guest.Input()
	if err != nil {
		return err
	}
	return guest.Write(input)
}

func main() {}
