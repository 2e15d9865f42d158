package kernel

// A vectorFunction is a function of a range in assembly: of n elements of x and,
// where it takes two, y, and of the numbers s and u.
type vectorFunction func(dst, x, y *float32, n int, s, u float32)

// A function is one that has assembly.
type function int

const (
	ofExp function = iota
	ofLog
	ofSigmoid
	ofTanh
	ofErf
	ofSqrt
	ofExpSub
	ofAdd
	ofSub
	ofMul
	ofDiv
	ofAddTo
	ofScale
	ofDivBy
	ofSubFrom
	ofDivInto
	ofAxpy
	ofMulAdd
	ofBound
	ofLeaky
	ofPassPositive
	ofSigmoidGrad
	ofTanhGrad
	ofSilu
	ofGelu
)

// run is dst = f(x, y, s, u), element by element. y is nil for functions of one
// operand.
func run(f function, one func(x, y, s, u float32) float32, dst, x, y []float32, s, u float32) {
	if len(dst) == 0 {
		return
	}
	x = x[:len(dst)]
	second := x // read by the definition, not by the assembly
	if y != nil {
		second = y[:len(dst)]
	}
	if fast := vectors(f); fast != nil {
		fast(&dst[0], &x[0], &second[0], len(dst), s, u)
		return
	}
	for i := range dst {
		dst[i] = one(x[i], second[i], s, u)
	}
}
