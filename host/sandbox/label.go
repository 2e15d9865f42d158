package sandbox

import (
	"fmt"

	"github.com/cloister-ai/cloister/abi"
)

// A label says what a tensor's values may tell the guest. The sandbox keeps
// them, not the engine, so every engine is equally safe.
type label uint8

// From free to bound. A value computed from several takes the highest; one
// computed from anything but public values takes private (see join).
const (
	public  label = iota // the guest may read it
	trained              // weights that were public and saw private records: model_save may take them
	answer               // an output of a sealed model over public inputs: read rounded, up to the model policy's bytes
	private              // computed from private records, or from what is not public: metric_add may take it
)

// join is the label of a result of a and b.
func join(a, b label) label {
	if a == public && b == public {
		return public
	}
	return private
}

// readable refuses to hand the values of tensor t to the guest, in a fixed
// text that depends on the handle alone.
func (t *tensor) readable() error {
	switch t.label {
	case public, answer:
		return nil
	case trained:
		return fmt.Errorf("tensor %d is private: its weights were trained on records that may not be read, only model_save may take them: %w", t.index, abi.Denied)
	default:
		return fmt.Errorf("tensor %d is private: its values come from what may not be read, only metric_add may take them: %w", t.index, abi.Denied)
	}
}
