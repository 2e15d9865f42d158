package gate

import "github.com/cloister-ai/cloister/abi/wire"

// A Grant is what one job was allowed. Only this package makes one with
// anything in it, so a function that takes a Grant cannot be reached around
// the gate. The zero Grant has zero limits and lets nothing leave.
type Grant struct {
	limits wire.Limits
	data   wire.Policy
	model  wire.Policy
}

// Limits returns the bounds the job runs under, all of them set.
func (g Grant) Limits() wire.Limits { return g.limits }

// Data returns the policy of the dataset the job computes on: the zero Policy,
// which lets nothing leave, when there is none.
func (g Grant) Data() wire.Policy { return g.data }

// Model returns the policy of the model the job opens; the zero Policy when
// there is none.
func (g Grant) Model() wire.Policy { return g.model }
