package ptxvm

// decodeBra handles bra{.uni} label.
func decodeBra(d *decoder) {
	d.in.control = branch
	if d.has("uni") {
		d.in.imm = uniform
	}
	if !d.args(1) {
		return
	}
	at, ok := d.s.scope.label(d.s.args[0].name)
	if !ok {
		d.fail("label %q is not in the kernel", d.s.args[0].name)
	}
	d.in.target = at
}

func decodeLeave(d *decoder) {
	d.in.control = leave
	d.has("uni")
	d.args(0)
}

func decodeTrap(d *decoder) {
	d.args(0)
	d.in.run = func(w *warp, in *inst, mask uint32) { w.fault(in, first(mask), Trapped, "trap") }
}

// decodeFence handles membar and fence: between them and an atomic, what a
// block wrote is handed to whoever reads the atomic next.
func decodeFence(d *decoder) {
	if d.s.op == "membar" {
		d.must("cta", "gl", "sys")
	} else if d.has("proxy") {
		d.need(80, 0)
		kinds := []string{"alias", "async", "async::global", "async::shared::cta", "async::generic", "async.shared", "tensormap::generic"}
		d.must(kinds...)
		d.mod("shared::cta", "shared::cluster", "global", "release", "acquire")
		d.mod("cta", "cluster", "gpu", "sys")
	} else if d.has("mbarrier_init") {
		d.need(80, 90)
		d.must("release")
		d.must("cluster")
	} else {
		d.mod("sc", "acq_rel", "acquire", "release")
		d.must("cta", "cluster", "gpu", "sys")
	}
	async := hasAny(d.s.mods, "async", "async::shared::cta", "async::global", "async.shared")
	d.args(0)
	d.in.run = func(w *warp, in *inst, mask uint32) {
		w.fenced = true
		if async {
			w.tick()
			copy(w.proxied, w.clocks)
		}
	}
}

// decodeSleep handles nanosleep: other warps run first.
func decodeSleep(d *decoder) {
	d.typ(u32)
	if d.args(1) {
		d.in.a = d.src(d.s.args[0], u32, false)
		d.in.run = func(w *warp, in *inst, mask uint32) { w.yielded = true }
	}
}
