package vault_test

import (
	"path/filepath"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/host/vault"
)

func BenchmarkSealModel(b *testing.B) {
	key, model := vault.NewKey(), make([]byte, 16<<20)
	b.SetBytes(int64(len(model)))
	for b.Loop() {
		if _, _, err := vault.SealModel(key, card, abi.Digest{}, model); err != nil {
			b.Fatal(err)
		}
	}
}

// A batch of 64 records at random places of 1797.
func BenchmarkRows(b *testing.B) {
	src := filepath.Join(b.TempDir(), "digits.csv")
	write(b, src, digits(1797))
	out := filepath.Join(b.TempDir(), "out")
	p, err := vault.Pack(b.Context(), vault.PackConfig{Source: src, Out: out})
	if err != nil {
		b.Fatal(err)
	}
	d, err := vault.OpenDataset(out, p.Key)
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	index, x, y := make([]int, 64), make([]float32, 64*64), make([]int64, 64)
	for i := range index {
		index[i] = i * 7919 % d.Records("train")
	}
	for b.Loop() {
		if err := d.Rows("train", index, x, y); err != nil {
			b.Fatal(err)
		}
	}
}
