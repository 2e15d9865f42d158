package gate

import (
	"time"

	"github.com/cloister-ai/cloister/abi/wire"
)

// defaultLimits bounds a job on a node whose operator said nothing.
var defaultLimits = wire.Limits{
	Wall:   2 * time.Minute,
	Memory: 4096, // 256 MiB
	Output: 64 << 10,
	Log:    64 << 10,
	Handle: 4096,
	Tensor: 1 << 30,
}

// bound fills the zero fields of most with the defaults, then grants of asked
// what most allows.
func bound(asked, most wire.Limits) wire.Limits {
	d := defaultLimits
	return wire.Limits{
		Wall:   clamp(asked.Wall, most.Wall, d.Wall),
		Memory: clamp(asked.Memory, most.Memory, d.Memory),
		Output: clamp(asked.Output, most.Output, d.Output),
		Log:    clamp(asked.Log, most.Log, d.Log),
		Handle: clamp(asked.Handle, most.Handle, d.Handle),
		Tensor: clamp(asked.Tensor, most.Tensor, d.Tensor),
	}
}

// clamp picks what was asked, at most max, def where max is silent.
func clamp[T ~uint32 | ~uint64 | ~int64](asked, max, def T) T {
	if max == 0 {
		max = def
	}
	if asked <= 0 || asked > max {
		return max
	}
	return asked
}
