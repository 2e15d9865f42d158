package recipe_test

import (
	"errors"
	"math"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/recipe"

	"github.com/google/go-cmp/cmp"
)

func TestScoresAreRead(t *testing.T) {
	labels := []string{"a", "b"}
	for _, c := range []struct {
		text   string
		scores []float32
		want   []recipe.Guess
	}{
		{"", []float32{1, 3, 2}, []recipe.Guess{{"b", 1, 3}}},
		{"top 9", []float32{1, 3, 3}, []recipe.Guess{{"b", 1, 3}, {"2", 2, 3}, {"a", 0, 1}}},
		{"softmax | top 2", []float32{0, float32(math.Log(3))}, []recipe.Guess{{"b", 1, 0.75}, {"a", 0, 0.25}}},
		{"softmax | top 1", []float32{1000, 1000}, []recipe.Guess{{"a", 0, 0.5}}},
		{"sigmoid | threshold 0.5", []float32{-1, 0, 2}, []recipe.Guess{{"2", 2, 0.880797}, {"b", 1, 0.5}}},
		{"threshold 9", []float32{1, 3}, []recipe.Guess{}},
	} {
		r, err := recipe.ParseReading(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if r.String() != c.text {
			t.Errorf("%q is written %q", c.text, r)
		}
		got, err := r.Guesses(c.scores, labels)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%q of %v: %v (-want +got):\n%s", c.text, c.scores, err, diff)
		}
	}
	for _, bad := range []string{"softmax | sigmoid", "softmax | softmax", "top", "top 0", "top x", "top 999999", "threshold", "threshold NaN", "best", "softmax 3", "|"} {
		if _, err := recipe.ParseReading(bad); !errors.Is(err, abi.Invalid) {
			t.Errorf("%q: %v; want %v", bad, err, abi.Invalid)
		}
	}
	for _, scores := range [][]float32{nil, {1}, {1, float32(math.NaN())}, {1, float32(math.Inf(1))}} {
		if _, err := (recipe.Reading{}).Guesses(scores, labels); !errors.Is(err, abi.Invalid) {
			t.Errorf("scores %v: %v; want %v", scores, err, abi.Invalid)
		}
	}
}
