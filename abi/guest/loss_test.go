package guest

import (
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// reckon is an adder over vectors of numbers.
func reckon(t *testing.T) adder[[]float64] {
	return func(op string, in [][]float64, attrs ...abi.Attr) []float64 {
		out := make([]float64, len(in[0]))
		for i, x := range in[0] {
			switch op {
			case "Sub":
				out[i] = x - in[1][i]
			case "Mul":
				out[i] = x * in[1][i]
			case "Softplus":
				out[i] = math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x)))
			case "ReduceMean":
				if len(attrs) != 1 || attrs[0].Name != "keepdims" || attrs[0].I != 0 {
					t.Fatalf("ReduceMean has attributes %v", attrs)
				}
				out[0] += x
			default:
				t.Fatalf("%s is no operator that losses need", op)
			}
		}
		if op == "ReduceMean" {
			return []float64{out[0] / float64(len(in[0]))}
		}
		return out
	}
}

func TestMSEIsTheMeanOfSquares(t *testing.T) {
	if got := reckon(t).meanSquare([]float64{1, 2, 5}, []float64{0, 4, 5}); got[0] != 5.0/3 {
		t.Errorf("MSE = %v, want %v", got, 5.0/3)
	}
}

func TestBCEIsTheEntropyAndStaysFinite(t *testing.T) {
	x, y := []float64{-2, 0.5, 3}, []float64{0, 1, 0.25}
	want := 0.0
	for i := range x {
		p := 1 / (1 + math.Exp(-x[i]))
		want -= (y[i]*math.Log(p) + (1-y[i])*math.Log(1-p)) / 3
	}
	if got := reckon(t).binary(x, y); math.Abs(got[0]-want) > 1e-12 {
		t.Errorf("BCE of %v and %v = %v, want %v", x, y, got, want)
	}
	if got := reckon(t).binary([]float64{1000, -1000}, []float64{0, 1}); got[0] != 1000 {
		t.Errorf("BCE of what is sure and wrong = %v, want 1000", got)
	}
}
