package kernel

import "unsafe"

// A transform takes tiles of one size to tiles of another: it applies a line to the
// columns and then to the rows, to as many neighbouring tiles at once as a vector
// has elements. The assembly reads these fields; steps and offsets are in bytes.
type transform struct {
	n       int      // tiles
	src     *float32 // the elements of a tile, row by row, are at the offsets in
	srcStep int      // from tile to tile
	in      *int32
	inStep  int
	dst     *float32
	dstStep int
	out     *int32
	outStep int
	temp    *float32
	ends    *ends // of results, what is done to them last
}

// Ends is what is done to the results of one vector of channels.
type ends struct {
	bias, scale, shift [16]float32
	low, high          float32
}

// A line is one transform of a row or column. Which lines there are is in
// Winograd.
type line uint8

const (
	pixels4 line = iota
	weights4
	results4
	pixels2
	weights2
	results2
)

// lines are their definitions. They set dst, and may change x.
var lines = [...]struct {
	from, to int
	apply    func(dst, x *[6]float32)
}{
	pixels4:  {6, 6, pixelLine4},
	weights4: {3, 6, weightLine4},
	results4: {6, 4, resultLine4},
	pixels2:  {4, 4, pixelLine2},
	weights2: {3, 4, weightLine2},
	results2: {4, 2, resultLine2},
}

// The points of the lines of six, beside zero and infinity: ±p and ±q.
const (
	pointP = 0.75
	pointQ = 1.5
	sqP    = pointP * pointP
	sqQ    = pointQ * pointQ
)

func pixelLine4(dst, x *[6]float32) {
	e, o := fma(-sqQ, x[2], x[4]), fma(-sqQ, x[1], x[3])
	dst[1], dst[2] = fma(pointP, o, e), fma(-pointP, o, e)
	e, o = fma(-sqP, x[2], x[4]), fma(-sqP, x[1], x[3])
	dst[3], dst[4] = fma(pointQ, o, e), fma(-pointQ, o, e)
	dst[0] = fma(sqP*sqQ, x[0], fma(-sqP-sqQ, x[2], x[4]))
	dst[5] = fma(sqP*sqQ, x[1], fma(-sqP-sqQ, x[3], x[5]))
}

func weightLine4(dst, x *[6]float32) {
	const p, q = 1 / (2 * sqP * (sqP - sqQ)), 1 / (2 * sqQ * (sqQ - sqP))
	e := fma(sqP, x[2], x[0])
	dst[1], dst[2] = fma(pointP, x[1], e)*p, fma(-pointP, x[1], e)*p
	e = fma(sqQ, x[2], x[0])
	dst[3], dst[4] = fma(pointQ, x[1], e)*q, fma(-pointQ, x[1], e)*q
	dst[0], dst[5] = x[0]*(1/(sqP*sqQ)), x[2]
}

func resultLine4(dst, x *[6]float32) {
	s, d, u, v := x[1]+x[2], x[1]-x[2], x[3]+x[4], x[3]-x[4]
	dst[0] = x[0] + s + u
	dst[1] = fma(pointQ, v, float32(pointP*d))
	dst[2] = fma(sqQ, u, float32(sqP*s))
	dst[3] = fma(sqQ*pointQ, v, fma(sqP*pointP, d, x[5]))
}

func pixelLine2(dst, x *[6]float32) {
	dst[0], dst[1], dst[2], dst[3] = x[0]-x[2], x[1]+x[2], x[2]-x[1], x[1]-x[3]
}

func weightLine2(dst, x *[6]float32) {
	e := x[0] + x[2]
	dst[0], dst[1], dst[2], dst[3] = x[0], (e+x[1])*0.5, (e-x[1])*0.5, x[2]
}

func resultLine2(dst, x *[6]float32) {
	dst[0], dst[1] = x[0]+x[1]+x[2], x[1]-x[2]-x[3]
}

// portable is the definition of a transform.
func (t *transform) portable(l line) {
	from, to, apply := lines[l].from, lines[l].to, lines[l].apply
	in, out := unsafe.Slice(t.in, from*from+(t.n-1)*t.inStep/4), unsafe.Slice(t.out, to*to+(t.n-1)*t.outStep/4)
	var temp, x, y [6]float32
	var columns [6][6]float32 // transformed
	for i := range t.n {
		src, dst := shift(t.src, i*t.srcStep), shift(t.dst, i*t.dstStep)
		in, out := in[i*t.inStep/4:], out[i*t.outStep/4:]
		for lane := range lanes() {
			for j := range from {
				for k := range from {
					x[k] = *shift(src, int(in[k*from+j])+4*lane)
				}
				apply(&columns[j], &x)
			}
			for k := range to {
				for j := range from {
					temp[j] = columns[j][k]
				}
				apply(&y, &temp)
				for j := range to {
					v := y[j]
					if e := t.ends; e != nil {
						act := Epilogue{Act: Clamp, Low: e.low, High: e.high}
						v = act.finish(fma(v+e.bias[lane], e.scale[lane], e.shift[lane]))
					}
					*shift(dst, int(out[k*to+j])+4*lane) = v
				}
			}
		}
	}
}
