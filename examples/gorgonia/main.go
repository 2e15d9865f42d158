// Command gorgonia trains two networks that are written with Gorgonia, first as
// Gorgonia brings it and then with the adapters of gpu/gorgonia, on the digits
// in a table: gorgonia TABLE.csv.gz.
package main

import (
	"fmt"
	"log"
	"os"
	"time"

	adapt "github.com/cloister-ai/cloister/gpu/gorgonia"

	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

const (
	batch  = 50
	unseen = 4 // batches that are not trained on
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: gorgonia TABLE.csv.gz")
	}
	digits, err := load(os.Args[1], 22*batch)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range []struct {
		name   string
		build  func(conv2d) (*net, error)
		epochs int
	}{{"mlp", mlp, 2}, {"convnet", convnet, 1}} {
		var took [2]time.Duration
		for i, adapted := range []bool{false, true} {
			convolve := gorgonia.Conv2d
			if adapted {
				convolve = adapt.Conv2d
			}
			model, err := n.build(convolve)
			if err != nil {
				log.Fatal(err)
			}
			right := 0
			if took[i], right, err = train(model, digits, n.epochs, adapted); err != nil {
				log.Fatal(err)
			}
			fmt.Printf("%-8s %-14s %7.1f ms a step, %d of %d right\n", n.name, [...]string{"Gorgonia alone", "with adapters"}[i],
				float64(took[i].Microseconds())/1000, right, unseen*batch)
		}
		fmt.Printf("%-8s %.1f times as fast\n", n.name, float64(took[0])/float64(took[1]))
	}
}

// train follows the gradients over all batches but the unseen ones, and then asks
// the network about those. It returns the time of the fastest step.
func train(n *net, digits []digit, epochs int, adapted bool) (best time.Duration, right int, err error) {
	gorgonia.Use(gonum.Implementation{})
	var solver gorgonia.Solver = gorgonia.NewAdamSolver(gorgonia.WithLearnRate(1e-3))
	options := []gorgonia.VMOpt{gorgonia.BindDualValues(n.params...)}
	if adapted { // this, and Conv2d above, is all it takes
		gorgonia.Use(adapt.BLAS{})
		solver = adapt.NewAdam(adapt.Adam{Rate: 1e-3})
		options = append(options, gorgonia.WithEngine(adapt.Engine{}))
	}
	vm := gorgonia.NewTapeMachine(n.graph, options...)
	defer vm.Close()

	pictures, labels := make([]float32, batch*side*side), make([]float32, batch*classes)
	x, err := adapt.Wrap(pictures, n.x.Shape()...) // shares memory: a batch is written, not copied
	if err != nil {
		return 0, 0, err
	}
	y, err := adapt.Wrap(labels, batch, classes)
	if err != nil {
		return 0, 0, err
	}
	step := func(part []digit, learn bool) error {
		clear(labels)
		for i, d := range part {
			copy(pictures[i*side*side:], d.pixels)
			labels[i*classes+d.label] = 1
		}
		for _, v := range []struct {
			node  *gorgonia.Node
			value tensor.Tensor
		}{{n.x, x}, {n.y, y}} {
			if err := gorgonia.Let(v.node, v.value); err != nil {
				return err
			}
		}
		if err := vm.RunAll(); err != nil {
			return err
		}
		if learn {
			if err := solver.Step(gorgonia.NodesToValueGrads(n.params)); err != nil {
				return err
			}
		}
		vm.Reset()
		return nil
	}
	known := digits[unseen*batch:]
	for range epochs {
		for from := 0; from+batch <= len(known); from += batch {
			start := time.Now()
			if err := step(known[from:from+batch], true); err != nil {
				return 0, 0, err
			}
			if took := time.Since(start); best == 0 || took < best {
				best = took
			}
		}
	}
	for from := 0; from < unseen*batch; from += batch {
		part := digits[from : from+batch]
		if err := step(part, false); err != nil {
			return 0, 0, err
		}
		scores := n.scores.Data().([]float32)
		for i, d := range part {
			if likeliest(scores[i*classes:][:classes]) == d.label {
				right++
			}
		}
	}
	return best, right, nil
}

func likeliest(scores []float32) (class int) {
	for i, s := range scores {
		if s > scores[class] {
			class = i
		}
	}
	return class
}
