// Package enginetest is what every [abi.Engine] must do: the rules of the
// contract as tests, each operator against loops written by hand.
package enginetest

import (
	"errors"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// Run runs the suite on e. refuses lists the cases, by name, that e must refuse
// when the operator is added, as Invalid and naming it; every other case must
// work. A name that is no case fails, so that the list stays true. "Op/*" lets e
// refuse any case of an operator, "*/type" any that is named for that. Beside cases,
// "Gradient/intermediate" (by a computed value) and "Gradient/computed" (nodes
// that compute with a gradient) may be refused by Compile.
func Run(t *testing.T, e abi.Engine, refuses ...string) { run(t, e, true, refuses) }

// RunShort is Run without what takes minutes where kernels are interpreted:
// gradients in float64, a run that is long enough to be cancelled, and every
// operator a second time from a file.
func RunShort(t *testing.T, e abi.Engine, refuses ...string) { run(t, e, false, refuses) }

func run(t *testing.T, e abi.Engine, long bool, refuses []string) {
	t.Run("Operators", func(t *testing.T) { operators(t, e, refuses) })
	t.Run("GradientsAreValuesLikeOthers", func(t *testing.T) { gradientUses(t, e, refuses) })
	type rule struct {
		name string
		run  func(*testing.T, abi.Engine)
	}
	if long {
		for _, test := range []rule{
			{"EverythingDifferentiableIsTrueInFloat64", doubles},
			{"CancelEndsARunWithItsCause", cancelled},
			{"EveryOperatorIsReadAsItIsWritten", written},
		} {
			t.Run(test.name, func(t *testing.T) { test.run(t, e) })
		}
	}
	for _, test := range []rule{
		{"MalformedNodesAreInvalidAndSaySo", malformedNodes},
		{"MalformedFormsAreInvalidAndSaySo", malformedForms},
		{"GraphsAreChecked", graphsAreChecked},
		{"AGraphIsFrozenOnceCompiled", frozen},
		{"GradientsAddUpOverAllWays", gradientPaths},
		{"TensorsReadWhatWasWritten", tensors},
		{"BytesAreBounded", byteQuota},
		{"FLOPsAreBounded", flopQuota},
		{"NodesAreBounded", nodeQuota},
		{"UsageIsExact", usage},
		{"ObjectsOfAnotherSessionAreRefused", foreignObjects},
		{"NothingWorksAfterClose", closed},
		{"TheSameBitsTwice", deterministic},
		{"OutputsMayBeInputsParametersAndEachOther", sharedOutputs},
		{"NumbersThatAreNoneStayInTheirPlace", totality},
		{"OptimizersFollowTheirFormulas", optimizers},
		{"TheLearningRateChanges", learningRate},
		{"OptimizersAreChecked", badOptimizers},
		{"ATrainerReturnsOutputsFromBeforeTheUpdate", outputsBeforeUpdate},
		{"FrozenParametersStay", frozenParameters},
		{"AGraphWithinAGraphComputesTheSame", graphsWithinGraphs},
		{"ANetworkLearnsXOR", learnsXOR},
		{"AConvolutionalNetworkLearns", learnsImages},
		{"ONNXFilesRoundTrip", roundTrip},
		{"BadONNXFilesAreInvalid", badFiles},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, e) })
	}
}

// Operators lists the operators that the suite has cases of.
func Operators() []string {
	var ops []string
	for _, c := range cases() {
		ops = append(ops, c.op())
	}
	slices.Sort(ops)
	return slices.Compact(ops)
}

func operators(t *testing.T, e abi.Engine, refuses []string) {
	all := cases()
	for _, name := range refuses {
		if !strings.HasSuffix(name, "/*") && !strings.HasPrefix(name, "*/") && name != intermediate && name != computed && !slices.ContainsFunc(all, func(c opCase) bool { return c.name == name }) {
			t.Errorf("%q is to be refused, but is no case", name)
		}
	}
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, e, abi.Quota{})
			_, _, err := c.build(b)
			if slices.Contains(refuses, c.name) || err != nil && (slices.Contains(refuses, c.op()+"/*") || slices.Contains(refuses, "*/"+path.Base(c.name))) {
				if !errors.Is(err, abi.Invalid) || !strings.Contains(err.Error(), c.op()) {
					t.Errorf("Node = %v; want Invalid that names %s", err, c.op())
				}
				return
			}
			c.forward(t, open(t, e, abi.Quota{}))
			if c.differentiable() {
				c.gradient(t, open(t, e, abi.Quota{}))
			}
		})
	}
}

// forward compares the engine's result with the reference.
func (c opCase) forward(t *testing.T, b *builder) {
	v, in, err := c.build(b)
	if err != nil {
		t.Fatal(err)
	}
	b.output("y", v)
	got := b.run(in...)[0]
	want := c.reference()
	wantShape(t, got.shape, want.shape)
	near(t, "y", got.data, want.data, c.tolerance())
}

// gradient compares the engine's gradient of Σ w·y, for fixed random w, with
// central differences through the reference.
func (c opCase) gradient(t *testing.T, b *builder) {
	v, in, err := c.build(b)
	if err != nil {
		t.Fatal(err)
	}
	y := c.reference()
	w := random(99, y.shape...)
	if w.dt, _, err = b.g.Type(v); err != nil {
		t.Fatal(err)
	}
	if w.dt == abi.Float16 { // the loss is no float16
		w.dt = abi.Float32
		v = b.node("Cast", attrs("to", int(w.dt)), v)
	}
	loss := b.node("Mul", nil, v, b.constant(w))
	if len(y.shape) > 0 {
		loss = b.node("ReduceSum", attrs("keepdims", 0), loss)
	}
	var wrt []abi.Value
	var which []int
	for i, o := range c.in {
		if o.diff {
			wrt, which = append(wrt, b.operands[i]), append(which, i)
		}
	}
	grads, err := b.g.Gradient(loss, wrt)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range grads {
		b.output("d"+string(rune('a'+i)), g)
	}
	out := b.run(in...)
	objective := func() float64 {
		sum := 0.0
		for i, v := range c.reference().data {
			sum += v * w.data[i]
		}
		return sum
	}
	const h = 1e-5
	for k, i := range which {
		x := c.in[i].data
		want := make([]float64, len(x))
		for j, v := range x {
			x[j] = v + h
			up := objective()
			x[j] = v - h
			want[j] = (up - objective()) / (2 * h)
			x[j] = v
		}
		wantShape(t, out[k].shape, c.in[i].shape)
		near(t, "gradient by operand "+string(rune('0'+i)), out[k].data, want, 2*c.tolerance()+1e-4)
	}
}
