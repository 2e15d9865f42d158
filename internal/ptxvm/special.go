package ptxvm

// specialRegisters are those that stay the same for a thread, and their bytes.
var specialRegisters = map[string]int{
	"%tid.x": 4, "%tid.y": 4, "%tid.z": 4, "%ntid.x": 4, "%ntid.y": 4, "%ntid.z": 4,
	"%ctaid.x": 4, "%ctaid.y": 4, "%ctaid.z": 4, "%nctaid.x": 4, "%nctaid.y": 4, "%nctaid.z": 4,
	"%laneid": 4, "%warpid": 4, "%nwarpid": 4, "%smid": 4, "%nsmid": 4, "%gridid": 8,
	"%lanemask_eq": 4, "%lanemask_lt": 4, "%lanemask_le": 4, "%lanemask_gt": 4, "%lanemask_ge": 4,
	"%dynamic_smem_size": 4, "%total_smem_size": 4,
	"%cluster_ctaid.x": 4, "%cluster_ctaid.y": 4, "%cluster_ctaid.z": 4, "%cluster_ctarank": 4, "%cluster_nctarank": 4,
	"%cluster_nctaid.x": 4, "%cluster_nctaid.y": 4, "%cluster_nctaid.z": 4,
	"%clusterid.x": 4, "%clusterid.y": 4, "%clusterid.z": 4, "%nclusterid.x": 4, "%nclusterid.y": 4, "%nclusterid.z": 4,
}

// counters are those that run on while a thread looks: they count the warp's
// instructions here, so that a run is the same every time.
var counters = map[string]int{"%clock": 4, "%clock_hi": 4, "%clock64": 8, "%globaltimer": 8, "%globaltimer_lo": 4, "%globaltimer_hi": 4}

func decodeCounter(d *decoder, t scalar, to operand, bytes int) {
	if t.size() != bytes || t.class() == floating {
		d.fail("the counter has %d bytes", bytes)
	}
	d.in.d = d.dst(to, t, false)
	high := d.s.args[1].name == "%clock_hi" || d.s.args[1].name == "%globaltimer_hi"
	d.in.run = func(w *warp, in *inst, mask uint32) {
		v := uint64(w.count) & t.mask()
		if high {
			v = uint64(w.count) >> 32
		}
		w.spread(in.d, mask, full, v, 0)
	}
}

// fill sets the slots of special registers for warp w of its block.
func (w *warp) fill(specials []special) {
	b := w.block
	for _, s := range specials {
		d := &w.regs[s.slot]
		for l := range d {
			d[l] = w.special(b, s.name, l)
		}
	}
}

func (w *warp) special(b *block, name string, lane int) uint64 {
	t, bit := b.thread(w.id*lanes+lane), uint64(1)<<lane
	switch name {
	case "%tid.x":
		return uint64(t[0])
	case "%tid.y":
		return uint64(t[1])
	case "%tid.z":
		return uint64(t[2])
	case "%ntid.x":
		return uint64(b.launch.block[0])
	case "%ntid.y":
		return uint64(b.launch.block[1])
	case "%ntid.z":
		return uint64(b.launch.block[2])
	case "%ctaid.x", "%clusterid.x":
		return uint64(b.id[0])
	case "%ctaid.y", "%clusterid.y":
		return uint64(b.id[1])
	case "%ctaid.z", "%clusterid.z":
		return uint64(b.id[2])
	case "%nctaid.x", "%nclusterid.x":
		return uint64(b.launch.grid[0])
	case "%nctaid.y", "%nclusterid.y":
		return uint64(b.launch.grid[1])
	case "%nctaid.z", "%nclusterid.z":
		return uint64(b.launch.grid[2])
	case "%cluster_nctaid.x", "%cluster_nctaid.y", "%cluster_nctaid.z", "%cluster_nctarank":
		return 1 // every block is a cluster of its own
	case "%laneid":
		return uint64(lane)
	case "%warpid":
		return uint64(w.id)
	case "%nwarpid":
		return uint64(len(b.warps))
	case "%smid":
		return b.number % uint64(b.launch.device.cfg.SMs)
	case "%nsmid":
		return uint64(b.launch.device.cfg.SMs)
	case "%gridid":
		return b.launch.number
	case "%lanemask_eq":
		return bit
	case "%lanemask_lt":
		return bit - 1
	case "%lanemask_le":
		return bit<<1 - 1
	case "%lanemask_gt":
		return (full64 << lane << 1) & 0xffffffff
	case "%lanemask_ge":
		return (full64 << lane) & 0xffffffff
	case "%dynamic_smem_size":
		return uint64(b.launch.shared)
	case "%total_smem_size":
		return uint64(len(b.shared.data))
	}
	return 0 // place within a cluster of one
}

const full64 = ^uint64(0)
