package kernel

// A Conv is a convolution of images of InC×H×W with OutC×(InC/Groups)×KH×KW
// weights, into images of OutC×OH×OW.
//
// An element of the result is one chain of fused multiply-adds in the order of the
// weights (channel, row, column), which starts from zero or its bias; padding
// counts as zeros. Then come scale and shift, residual and activation, as in a
// Product. Where an image has at most eight positions, and a position reads 64
// pixels or more, an element is a Dot instead, to which its bias is added.
//
// RowBias, RowScale and RowShift have an element for each output channel; Residual
// lies like the result.
type Conv struct {
	Images, Groups int
	InC, H, W      int
	OutC, OH, OW   int
	KH, KW         int
	Stride         [2]int
	Dilation       [2]int
	Pad            [2]int // before the first row and column
	Spread         [2]int // zeros between pixels, plus one; zero means one
	Epilogue
}

// A convolution is a matrix product whose right operand has a row for each channel
// and tap and a column for each position. For some rows of positions, all pixels
// that their taps read are copied, once for each tap column, so that the pixels of
// neighbouring positions lie side by side: then each row of the right operand is
// somewhere in the copy, whole, and tiles read it by a table of offsets.

// A slab is that copy, for some channels and rows of positions.
type slab struct {
	*Conv
	first, rows int // of positions
	channels    int
	phases      int // rows of the image that positions share are stride apart
	phaseRows   int
	padding     float32
}

func (c *Conv) slab(first, rows, channels int) slab {
	reach := (rows-1)*c.Stride[0] + (c.KH-1)*c.Dilation[0] + 1
	return slab{c, first, rows, channels, c.Stride[0], (reach + c.Stride[0] - 1) / c.Stride[0], 0}
}

// len is the elements of the copy; tiles read up to two vectors more.
func (s *slab) len() int { return s.channels*s.KW*s.phases*s.phaseRows*s.OW + 32 }

// tap is where the row of the right operand of tap (i, j) of a channel starts.
func (s *slab) tap(channel, i, j int) int {
	u := i * s.Dilation[0]
	return (((channel*s.KW+j)*s.phases+u%s.phases)*s.phaseRows + u/s.phases) * s.OW
}

// fill copies from images of which channel 0 starts at x.
func (s *slab) fill(dst, x []float32) {
	for ch := range s.channels {
		plane := x[ch*s.H*s.W:][:s.H*s.W]
		for j := range s.KW {
			for ph := range s.phases {
				s.fillPhase(dst[((ch*s.KW+j)*s.phases+ph)*s.phaseRows*s.OW:][:s.phaseRows*s.OW], plane, j, ph)
			}
		}
	}
}

// fillPhase copies one column of taps and every row of one phase.
func (s *slab) fillPhase(dst, plane []float32, j, phase int) {
	at := j*s.Dilation[1] - s.Pad[1]
	top := s.first*s.Stride[0] + phase - s.Pad[0] // the image row of the first row here
	if max(s.Spread[0], s.Spread[1]) <= 1 {
		from, to := inside(at, s.Stride[1], s.OW, s.W)
		low, high := inside(top, s.phases, s.phaseRows, s.H)
		if from < to && low < high && copyRows(dst[low*s.OW+from:], s.OW, plane[(top+low*s.phases)*s.W+at+from*s.Stride[1]:], s.phases*s.W, high-low, to-from, s.Stride[1]) {
			s.blank(dst[:low*s.OW])
			s.blank(dst[high*s.OW:])
			s.blankColumns(dst[low*s.OW:high*s.OW], 0, from)
			s.blankColumns(dst[low*s.OW:high*s.OW], to, s.OW)
			return
		}
	}
	for r := range s.phaseRows {
		row := dst[r*s.OW:][:s.OW]
		u := top + r*s.phases
		if d := max(1, s.Spread[0]); u < 0 || u%d != 0 || u/d >= s.H {
			s.blank(row)
		} else {
			s.fillRow(row, plane[u/d*s.W:][:s.W], at)
		}
	}
}

// inside is which of n elements, at + i·step, lie in [0, size).
func inside(at, step, n, size int) (from, to int) {
	if at < 0 {
		from = min(n, (-at+step-1)/step)
	}
	return from, min(n, max(from, (size-at+step-1)/step))
}

// blank fills what lies outside.
func (s *slab) blank(row []float32) {
	if s.padding == 0 {
		clear(row)
		return
	}
	for i := range row {
		row[i] = s.padding
	}
}

// blankColumns fills columns [from, to) of rows.
func (s *slab) blankColumns(rows []float32, from, to int) {
	for x := from; x < to; x++ {
		for i := x; i < len(rows); i += s.OW {
			rows[i] = s.padding
		}
	}
}

// fillRow sets element x to pixel at + x·stride of the line, zero padding outside.
func (s *slab) fillRow(row, line []float32, at int) {
	step := s.Stride[1]
	if d := s.Spread[1]; d > 1 {
		clear(row)
		for i := range row {
			if p := at + i*step; p >= 0 && p%d == 0 && p/d < len(line) {
				row[i] = line[p/d]
			}
		}
		return
	}
	from, to := inside(at, step, len(row), len(line))
	s.blank(row[:from])
	s.blank(row[to:])
	switch {
	case from == to:
	case step == 1:
		copy(row[from:to], line[at+from:])
	default:
		stepped(row[from:to], line[at+from*step:], step)
	}
}

// stepped is dst[i] = src[i*step].
func stepped(dst, src []float32, step int) {
	if len(dst) == 0 {
		return
	}
	_ = src[(len(dst)-1)*step]
	done := 0
	if step == 2 {
		done = everySecond(dst, src)
	}
	for i := done; i < len(dst); i++ {
		dst[i] = src[i*step]
	}
}

func (c *Conv) pointwise() bool {
	return c.KH == 1 && c.KW == 1 && c.Stride == [2]int{1, 1} && c.Pad == [2]int{} && c.OH == c.H && c.OW == c.W && max(c.Spread[0], c.Spread[1]) <= 1
}

func (c *Conv) depthwise() bool { return c.InC == c.Groups && c.OutC == c.Groups }

// slabElements bounds a slab, so that it stays in the second cache.
const slabElements = 256 << 10

// blockRows is how many rows of positions a task takes: about 1024 positions, a
// number that leaves little of the last tile empty.
func (c *Conv) blockRows() int {
	most := min(c.OH, max(1, 1024/c.OW))
	perRow := c.InC / c.Groups * c.KW * c.OW * c.Stride[0]
	most = max(1, min(most, slabElements/max(1, perRow)-c.KH*c.Dilation[0]/c.Stride[0]))
	best, waste := most, 2.0
	for r := most; r > most/2; r-- {
		blocks := (c.OH + r - 1) / r
		even := (c.OH + blocks - 1) / blocks
		if w := float64(blocks*((even*c.OW+31)/32)*32) / float64(c.OH*c.OW); w < waste-0.02 {
			best, waste = even, w
		}
	}
	return best
}

// A share is how a convolution is divided: into blocks of positions, a number that
// leaves little of the last tile empty, and blocks of output channels where
// positions alone give few tasks.
type share struct {
	positions, blocks int
	channels, parts   int // of a group
}

// What a task should cost at least, in multiply-adds, and how many tasks are enough
// for several goroutines to end at about the same time.
const (
	taskWork    = 1 << 19
	enoughTasks = 4
)

func (c *Conv) share() share {
	gm, n, k := c.OutC/c.Groups, c.OH*c.OW, c.InC/c.Groups*c.KH*c.KW
	if c.few() {
		channels := gm
		if k*gm >= 1<<18 {
			channels = (gm + 3) / 4
		}
		return share{n, 1, channels, (gm + channels - 1) / channels}
	}
	var s share
	if c.pointwise() {
		s.positions = evenly(n, 1024, 32)
	} else {
		s.positions = c.blockRows() * c.OW
	}
	s.blocks = (n + s.positions - 1) / s.positions
	groups := c.Images * c.Groups
	want := min(enoughTasks, groups*gm*n/taskWork*k+groups*gm*n%taskWork*k/taskWork)
	if c.pointwise() && groups*s.blocks < want && n > 512 { // blocks of 256 at least
		s.positions = evenly(n, max(256, n*groups/want), 32)
		s.blocks = (n + s.positions - 1) / s.positions
	}
	s.channels, s.parts = gm, 1
	if has := groups * s.blocks; has < want {
		parts := min((want+has-1)/has, gm/24) // of 24 channels at least
		s.channels = (gm + max(1, parts) - 1) / max(1, parts)
		s.parts = (gm + s.channels - 1) / s.channels
	}
	return s
}

// evenly divides n into parts of about the same size, at most most, a multiple of
// unit but for the last.
func evenly(n, most, unit int) int {
	parts := (n + most - 1) / most
	return min(n, ((n+parts-1)/parts+unit-1)/unit*unit)
}

// Tasks is into how many independent tasks the convolution is divided.
func (c *Conv) Tasks() int {
	if c.wide() {
		return c.wideTasks()
	}
	if c.depthwise() {
		n := c.depthChannels()
		return (c.Images*c.Groups + n - 1) / n
	}
	s := c.share()
	return c.Images * c.Groups * s.blocks * s.parts
}

// Run computes one task of y from x and the weights w.
func (c *Conv) Run(task int, y, x, w []float32) {
	if c.wide() {
		c.runWide(task, y, x, w)
		return
	}
	if c.depthwise() {
		n := c.depthChannels()
		c.depth(task*n, min(c.Images*c.Groups, (task+1)*n), y, x, w)
		return
	}
	d := c.share()
	gi, gm := c.InC/c.Groups, c.OutC/c.Groups
	part := task % d.parts
	block := task / d.parts % d.blocks
	group := task / (d.parts * d.blocks) % c.Groups
	image := task / (d.parts * d.blocks * c.Groups)
	first := block * d.positions
	m0 := group*gm + part*d.channels
	k := gi * c.KH * c.KW
	p := Product{M: min(d.channels, (group+1)*gm-m0), N: min(d.positions, c.OH*c.OW-first), K: k, Alpha: 1, LDC: c.OH * c.OW, Epilogue: c.Epilogue}
	at := (image*c.OutC+m0)*p.LDC + first
	p.C = y[at:]
	p.A = Matrix{w[m0*k:], k, 1}
	if c.RowBias != nil {
		p.RowBias = c.RowBias[m0:]
	}
	if c.RowScale != nil {
		p.RowScale, p.RowShift = c.RowScale[m0:], c.RowShift[m0:]
	}
	if c.Residual != nil {
		p.Residual = c.Residual[at:]
	}
	src := x[(image*c.InC+group*gi)*c.H*c.W:]
	if c.few() {
		c.dotted(p.M, k, p.C, src, w[m0*k:], &p.Epilogue)
		return
	}
	if c.pointwise() {
		p.B = Matrix{src[first:], c.H * c.W, 1}
		p.Run()
		return
	}
	b := benches.Get().(*bench)
	defer benches.Put(b)
	s := c.slab(first/c.OW, p.N/c.OW, gi)
	s.fill(grow(&b.right, s.len()), src)
	off := grow(&b.offsets, k)
	i := 0
	for ch := range gi {
		for y := range c.KH {
			for x := range c.KW {
				off[i] = int32(4 * s.tap(ch, y, x))
				i++
			}
		}
	}
	p.gathered(b)
}

// gathered multiplies with a right operand in b.right whose rows are at b.offsets.
func (p *Product) gathered(b *bench) {
	_ = p.C[(p.M-1)*p.LDC+p.N-1]
	_ = p.A.Data[(p.M-1)*p.A.RS+(p.K-1)*p.A.CS]
	p.checkEpilogue(p.M, p.N, p.LDC)
	blocks := (p.K + innerBlock - 1) / innerBlock
	inner := (p.K + blocks - 1) / blocks
	height, w := heights(p.M), PanelCols()
	t := &b.tile
	for k0 := 0; k0 < p.K; k0 += inner {
		k := min(inner, p.K-k0)
		*t = tile{k: k, ldc: 4 * p.LDC, off: &b.offsets[k0]}
		if p.near(k) {
			t.ars, t.acs = 4*p.A.RS, 4
			for j := 0; j < p.N; j += w {
				t.cols, t.b = min(w, p.N-j), &b.right[j]
				for i := 0; i < p.M; i += height {
					t.a = &p.A.Data[i*p.A.RS+k0]
					t.ahead, t.lines = t.a, &noLines[0]
					p.aim(t, i, j, k0 == 0, k0+k == p.K)
					t.run(min(height, p.M-i))
				}
			}
			continue
		}
		p.planAhead(b, height, k)
		for i := 0; i < p.M; i += height {
			rows := min(height, p.M-i)
			p.fetchAhead(b, i, rows, k0, k)
			p.left(b, i, rows, k0, k, p.N)
			for j := 0; j < p.N; j += w {
				t.cols = min(w, p.N-j)
				t.b = &b.right[j]
				p.aim(t, i, j, k0 == 0, k0+k == p.K)
				t.run(rows)
				t.lines = &noLines[0]
			}
		}
	}
	*t = tile{}
}
