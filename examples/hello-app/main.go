//go:build wasip1

// Command hello-app is an app to start from: it greets whoever its input names,
// and has the host multiply two matrices.
package main

import (
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/guest"
)

//go:wasmexport cloister_run
func run() int32 { return guest.Run(hello) }

func main() {}

func hello() error {
	name, err := guest.Input()
	if err != nil {
		return err
	}
	who := strings.TrimSpace(string(name))
	if who == "" {
		return guest.Fail(abi.Invalid, "the input names nobody to greet")
	}
	product, cost, err := multiply([]float32{1, 2, 3, 4}, []float32{5, 6, 7, 8})
	if err != nil {
		return err
	}
	var out strings.Builder
	out.WriteString(guest.Param("greeting", "Hello") + ", " + who + ".\n")
	out.WriteString("[1 2; 3 4] × [5 6; 7 8] =")
	for _, f := range product {
		out.WriteString(" " + strconv.FormatFloat(float64(f), 'g', -1, 32))
	}
	out.WriteString(", for " + strconv.FormatUint(cost.FLOPs, 10) + " operations.\n")
	return guest.Write([]byte(out.String()))
}

// multiply has the host compute a × b, two by two. The price is known before
// the program runs.
func multiply(a, b []float32) ([]float32, abi.Cost, error) {
	g := guest.NewGraph()
	x, y := g.Input("a", abi.Float32, 2, 2), g.Input("b", abi.Float32, 2, 2)
	g.Output("product", g.MatMul(x, y))
	p, err := g.Compile()
	if err != nil {
		return nil, abi.Cost{}, err
	}
	cost, err := p.Cost()
	if err != nil {
		return nil, abi.Cost{}, err
	}
	left, err := guest.Floats(a, 2, 2)
	if err != nil {
		return nil, abi.Cost{}, err
	}
	right, err := guest.Floats(b, 2, 2)
	if err != nil {
		return nil, abi.Cost{}, err
	}
	out, err := p.Run(left, right)
	if err != nil {
		return nil, abi.Cost{}, err
	}
	product, err := out[0].Floats()
	return product, cost, err
}
