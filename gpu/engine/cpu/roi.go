package cpu

import (
	"math"

	"github.com/cloister-ai/cloister/gpu/graph"
)

// A corner is a pixel beside a sample, with its weight.
type corner struct {
	at     int
	weight float64
}

// A regions is the sizes of one RoiAlign.
type regions struct {
	how                           graph.Roi
	images, channels, h, w, count int
	bins                          [2]int // rows and columns
}

func newRegions(n *graph.Node, image, rois []int64, out []int64) regions {
	return regions{how: n.Attrs.Roi, images: int(image[0]), channels: int(image[1]), h: int(image[2]), w: int(image[3]),
		count: int(rois[0]), bins: [2]int{int(out[2]), int(out[3])}}
}

// bin appends the corners of the samples of one bin, four each, and returns how
// many samples there are; those outside have none.
func (r *regions) bin(corners []corner, box [4]float64, row, col int) ([]corner, int) {
	shift, least := 0.0, 1.0
	if r.how.Half {
		shift, least = 0.5, math.Inf(-1)
	}
	x0, y0 := box[0]*r.how.Scale-shift, box[1]*r.how.Scale-shift
	width, height := math.Max(box[2]*r.how.Scale-shift-x0, least), math.Max(box[3]*r.how.Scale-shift-y0, least)
	bw, bh := width/float64(r.bins[1]), height/float64(r.bins[0])
	nx, ny := r.how.Bin(bw), r.how.Bin(bh)
	for i := range ny {
		y := y0 + bh*(float64(row)+(float64(i)+0.5)/float64(ny))
		for j := range nx {
			x := x0 + bw*(float64(col)+(float64(j)+0.5)/float64(nx))
			corners = r.sample(corners, x, y)
		}
	}
	return corners, nx * ny
}

func (r *regions) sample(corners []corner, x, y float64) []corner {
	if !(x >= -1 && x <= float64(r.w) && y >= -1 && y <= float64(r.h)) {
		return corners
	}
	xl, xh, fx := between(x, r.w)
	yl, yh, fy := between(y, r.h)
	return append(corners, corner{yl*r.w + xl, (1 - fy) * (1 - fx)}, corner{yl*r.w + xh, (1 - fy) * fx},
		corner{yh*r.w + xl, fy * (1 - fx)}, corner{yh*r.w + xh, fy * fx})
}

// between is the elements below and above a position, and how far it is from the
// lower.
func between(x float64, n int) (low, high int, f float64) {
	x = math.Max(x, 0)
	if low = int(x); low >= n-1 {
		return n - 1, n - 1, 0
	}
	return low, low + 1, x - float64(low)
}

// heaviest returns the corner whose weighted pixel is largest, the first of equals;
// the definition compares corners, not samples.
func heaviest[T float32 | float64](corners []corner, x []T) (best int, value T) {
	for i, c := range corners {
		if v := T(c.weight) * x[c.at]; i == 0 || v > value || v != v && value == value {
			best, value = i, v
		}
	}
	return best, value
}

// walkRegions calls f for each bin of regions [from, to), with the image it is of.
func walkRegions[T float32 | float64](r *regions, boxes []T, images []int64, from, to int, f func(image, region, bin, samples int, corners []corner)) {
	var corners []corner
	for n := from; n < to; n++ {
		box := [4]float64{float64(boxes[4*n]), float64(boxes[4*n+1]), float64(boxes[4*n+2]), float64(boxes[4*n+3])}
		image := int(min(max(images[n], 0), int64(r.images-1)))
		for k := range r.bins[0] * r.bins[1] {
			var samples int
			corners, samples = r.bin(corners[:0], box, k/r.bins[1], k%r.bins[1])
			f(image, n, k, samples, corners)
		}
	}
}

func bindRoiAlign[T float32 | float64](b *binding) []stage {
	r := newRegions(b.n, b.in[0].typ.Shape, b.in[1].typ.Shape, b.out.typ.Shape)
	plane, bins := r.h*r.w, r.bins[0]*r.bins[1]
	return []stage{{r.count, func(_, n int) {
		x, y := view[T](b.p, b.in[0]), view[T](b.p, b.out)
		walkRegions(&r, view[T](b.p, b.in[1]), view[int64](b.p, b.in[2]), n, n+1, func(image, region, bin, samples int, corners []corner) {
			for c := range r.channels {
				src := x[(image*r.channels+c)*plane:][:plane]
				var v T
				if r.how.Max {
					_, v = heaviest(corners, src)
				} else {
					for _, k := range corners {
						v += T(T(k.weight) * src[k.at])
					}
					v /= T(samples)
				}
				y[(region*r.channels+c)*bins+bin] = v
			}
		})
	}}}
}

// bindRoiAlignGrad adds dy up over the pixels, in the order of regions and bins; a
// task takes some channels of all images.
func bindRoiAlignGrad[T float32 | float64](b *binding) []stage {
	r := newRegions(b.n, b.out.typ.Shape, b.in[2].typ.Shape, b.in[0].typ.Shape)
	plane, bins := r.h*r.w, r.bins[0]*r.bins[1]
	return spreadBy(r.channels, 8, func(from, to int) {
		dy, x, dx := view[T](b.p, b.in[0]), view[T](b.p, b.in[1]), view[T](b.p, b.out)
		for n := range r.images {
			clear(dx[(n*r.channels+from)*plane : (n*r.channels+to)*plane])
		}
		walkRegions(&r, view[T](b.p, b.in[2]), view[int64](b.p, b.in[3]), 0, r.count, func(image, region, bin, samples int, corners []corner) {
			for c := from; c < to && len(corners) > 0; c++ {
				at := (image*r.channels + c) * plane
				d, dst := dy[(region*r.channels+c)*bins+bin], dx[at:][:plane]
				if r.how.Max {
					best, _ := heaviest(corners, x[at:][:plane])
					dst[corners[best].at] += T(T(corners[best].weight) * d)
					continue
				}
				d /= T(samples)
				for _, k := range corners {
					dst[k.at] += T(T(k.weight) * d)
				}
			}
		})
	})
}
