package kernel

var (
	functionsAVX2 = [...]vectorFunction{
		ofExp:          expAVX2,
		ofLog:          logAVX2,
		ofSigmoid:      sigmoidAVX2,
		ofTanh:         tanhAVX2,
		ofErf:          erfAVX2,
		ofSqrt:         sqrtAVX2,
		ofExpSub:       expSubAVX2,
		ofAdd:          addAVX2,
		ofSub:          subAVX2,
		ofMul:          mulAVX2,
		ofDiv:          divAVX2,
		ofAddTo:        addToAVX2,
		ofScale:        scaleAVX2,
		ofDivBy:        divByAVX2,
		ofSubFrom:      subFromAVX2,
		ofDivInto:      divIntoAVX2,
		ofAxpy:         axpyAVX2,
		ofMulAdd:       mulAddAVX2,
		ofBound:        boundAVX2,
		ofLeaky:        leakyAVX2,
		ofPassPositive: passPositiveAVX2,
		ofSigmoidGrad:  sigmoidGradAVX2,
		ofTanhGrad:     tanhGradAVX2,
		ofSilu:         siluAVX2,
		ofGelu:         geluAVX2,
	}
	functionsAVX512 = [...]vectorFunction{
		ofExp:          expAVX512,
		ofLog:          logAVX512,
		ofSigmoid:      sigmoidAVX512,
		ofTanh:         tanhAVX512,
		ofErf:          erfAVX512,
		ofSqrt:         sqrtAVX512,
		ofExpSub:       expSubAVX512,
		ofAdd:          addAVX512,
		ofSub:          subAVX512,
		ofMul:          mulAVX512,
		ofDiv:          divAVX512,
		ofAddTo:        addToAVX512,
		ofScale:        scaleAVX512,
		ofDivBy:        divByAVX512,
		ofSubFrom:      subFromAVX512,
		ofDivInto:      divIntoAVX512,
		ofAxpy:         axpyAVX512,
		ofMulAdd:       mulAddAVX512,
		ofBound:        boundAVX512,
		ofLeaky:        leakyAVX512,
		ofPassPositive: passPositiveAVX512,
		ofSigmoidGrad:  sigmoidGradAVX512,
		ofTanhGrad:     tanhGradAVX512,
		ofSilu:         siluAVX512,
		ofGelu:         geluAVX512,
	}
)

// vectors is f in assembly, or nil on the portable path.
func vectors(f function) vectorFunction {
	switch active {
	case AVX512:
		return functionsAVX512[f]
	case AVX2:
		return functionsAVX2[f]
	}
	return nil
}

func (a *Adam) vectors(x, g, m, v []float32, c *[9]float32) bool {
	switch active {
	case AVX512:
		adamAVX512(&x[0], &g[0], &m[0], &v[0], len(x), c)
	case AVX2:
		adamAVX2(&x[0], &g[0], &m[0], &v[0], len(x), c)
	}
	return active != Portable
}

func (s *Momentum) vectors(x, g, m []float32, c *[4]float32) bool {
	switch {
	case active == AVX512 && m != nil:
		momentumAVX512(&x[0], &g[0], &m[0], len(x), c)
	case active == AVX512:
		descendAVX512(&x[0], &g[0], nil, len(x), c)
	case active == AVX2 && m != nil:
		momentumAVX2(&x[0], &g[0], &m[0], len(x), c)
	case active == AVX2:
		descendAVX2(&x[0], &g[0], nil, len(x), c)
	}
	return active != Portable
}

func sumVectors(acc *[16]float64, x []float32, mean float64, square bool) bool {
	switch active {
	case AVX512:
		sumAVX512(acc, &x[0], len(x), mean, square)
	case AVX2:
		sumAVX2(acc, &x[0], len(x), mean, square)
	}
	return active != Portable
}

func widenVectors(acc []float64, x []float32) bool {
	switch active {
	case AVX512:
		widenAVX512(&acc[0], &x[0], len(x))
	case AVX2:
		widenAVX2(&acc[0], &x[0], len(x))
	}
	return active != Portable
}
