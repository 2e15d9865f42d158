package kernel

// packedChannels is how many input channels a task of Pack takes at once, so that
// what it copies stays in the first cache.
const packedChannels = 16

// PackedLen is how many elements the packed weights have, on every path.
func (w *Winograd) PackedLen() int {
	return roundUp(w.OutC, winogradChannels) * w.InC * w.products()
}

// PackTasks is into how many independent tasks Pack is divided.
func (w *Winograd) PackTasks() int { return (w.OutC + PanelCols() - 1) / PanelCols() }

// Pack transforms one task of the weights into packed: for each panel of output
// channels and each element of a tile its row for each input channel. It is for the
// path that it runs on.
func (w *Winograd) Pack(task int, packed, weights []float32) {
	cols, n := PanelCols(), w.products()
	m := task * cols
	packed = packed[m*w.InC*n:][:cols*w.InC*n]
	src := weights[m*w.InC*9 : min(w.OutC, m+cols)*w.InC*9]
	b := basins.Get().(*basin)
	defer basins.Put(b)
	from, to := grow(&b.from, 9), grow(&b.to, n)
	for i := range from {
		from[i] = int32(4 * i * cols)
	}
	for e := range to {
		to[e] = int32(4 * e * w.InC * cols)
	}
	_, kind, _ := w.lines()
	for c := 0; c < w.InC; c += packedChannels {
		channels := min(packedChannels, w.InC-c)
		copied := grow(&b.pixels, channels*9*cols)
		interleave(copied, cols, src[c*9:], w.InC*9, len(src)/(w.InC*9), channels*9)
		for l := 0; l < cols; l += lanes() {
			b.transform = transform{n: channels, src: &copied[l], srcStep: 4 * 9 * cols, in: &from[0],
				dst: &packed[c*cols+l], dstStep: 4 * cols, out: &to[0], temp: &b.temp[0]}
			b.transform.run(kind)
		}
	}
	b.transform = transform{}
}
