package ptxvm

type mbarrier struct{}
type bulkCopy struct{}
type wgmmaOp struct{ in *inst }

func (b *block) land() bool                       { return false }
func (w *warp) checkInFlight(in *inst, em uint32) {}
func (w *warp) ownedByWgmma(slot int32) bool      { return false }
