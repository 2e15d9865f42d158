package main

// A spec is one thing to time. torch_ref.py reads the same list, so that both
// sides do the same.
type spec struct {
	Name string  `json:"name"`
	Kind string  `json:"kind"`
	N    []int64 `json:"n"`              // sizes; what they are depends on Kind
	Type string  `json:"type,omitempty"` // of a product: fp32, tf32 or bf16
}

// The kinds.
const (
	kindCopy      = "copy"      // elements
	kindChain     = "chain"     // elements: gelu(1.5·x + z)
	kindSum       = "sum"       // rows, columns: of each row
	kindSoftmax   = "softmax"   // rows, columns
	kindLayerNorm = "layernorm" // rows, columns
	kindGEMM      = "gemm"      // m, n, k
	kindConv      = "conv"      // batch, channels, side, outputs, kernel
	kindMLP       = "mlp"       // batch, inputs, hidden, hidden, classes: a step of Adam
	kindLeNet     = "lenet"     // batch: a step of Adam
	kindResNet18  = "resnet18"  // batch, side, channels of the first layer: inference
	kindResNet50  = "resnet50"  // the same
	kindBlock     = "block"     // batch, tokens, width, heads: inference
	kindLaunch    = "launch"    // kernels that do next to nothing, one after the other
)

// specs lists what is timed, what most depends on first.
func specs(small bool) []spec {
	pick := func(full, tiny []int64) []int64 {
		if small {
			return tiny
		}
		return full
	}
	n := func(v ...int64) []int64 { return v }
	list := []spec{
		{"copy on the card", kindCopy, pick(n(1<<28), n(1<<12)), ""},
		{"gelu(a·x + z)", kindChain, pick(n(1<<26), n(1000)), ""},
		{"softmax", kindSoftmax, pick(n(16384, 4096), n(3, 70)), ""},
		{"layer norm", kindLayerNorm, pick(n(16384, 4096), n(3, 70)), ""},
		{"sum of rows", kindSum, pick(n(16384, 4096), n(3, 70)), ""},
		{"one launch of 200", kindLaunch, pick(n(200), n(5)), ""},
	}
	sizes := pick(n(1024, 2048, 4096, 8192), n(20, 33))
	for _, t := range []string{"fp32", "tf32", "bf16"} {
		for _, m := range sizes {
			list = append(list, spec{"product " + t + " " + itoa(m), kindGEMM, n(m, m, m), t})
		}
	}
	return append(list,
		spec{"MLP 784-512-512-10 step, batch 128", kindMLP, pick(n(128, 784, 512, 512, 10), n(3, 12, 9, 9, 5)), ""},
		spec{"MLP 784-4096-4096-10 step, batch 1024", kindMLP, pick(n(1024, 784, 4096, 4096, 10), n(5, 12, 20, 20, 5)), ""},
		spec{"LeNet step, batch 64", kindLeNet, pick(n(64), n(1)), ""},
		spec{"convolution 3×3 64→64 on 64×56×56", kindConv, pick(n(64, 64, 56, 64, 3), n(1, 3, 6, 4, 3)), ""},
		spec{"transformer block 8×512×768, 12 heads", kindBlock, pick(n(8, 512, 768, 12), n(1, 4, 8, 2)), ""},
		spec{"ResNet-18-shaped, batch 1", kindResNet18, pick(n(1, 224, 64), n(1, 8, 2)), ""},
		spec{"ResNet-50-shaped, batch 1", kindResNet50, pick(n(1, 224, 64), n(1, 8, 2)), ""},
		spec{"ResNet-50-shaped, batch 32", kindResNet50, pick(n(32, 224, 64), nil), ""},
	)
}

// specs are those that have sizes: a rehearsal leaves out what it has already.
func (c *config) specs() []spec {
	var list []spec
	for _, s := range specs(c.small) {
		if s.N != nil {
			list = append(list, s)
		}
	}
	return list
}
