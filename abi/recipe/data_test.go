//go:build data

package recipe_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/cloister-ai/cloister/abi"
)

// TestAPhotoIsPreparedAsTheReferenceWas compares with a tensor that Pillow and
// NumPy made of the same photo. CLOISTER_DATA names the folder with catdog and
// models. The two JPEG decoders differ: libjpeg interpolates the chroma that a
// photo has at half its size, Go's repeats it.
func TestAPhotoIsPreparedAsTheReferenceWas(t *testing.T) {
	data := os.Getenv("CLOISTER_DATA")
	photo, err := os.ReadFile(filepath.Join(data, "catdog/cat/cat.0.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(data, "models/squeezenet1.1/test_data_set_0/input_0.pb"))
	if err != nil {
		t.Fatal(err)
	}
	const n = 3 * 224 * 224
	want = want[len(want)-4*n:] // the raw data stand last
	made, err := parse(t, "caffe").Make(photo, abi.Port{Name: "data_0", DType: abi.Float32, Shape: []int64{1, 3, 224, 224}})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(made[0], want) {
		return
	}
	sum, most := 0.0, 0.0
	ref := floats(want)
	for i, x := range floats(made[0]) {
		d := math.Abs(float64(x - ref[i]))
		sum, most = sum+d, max(most, d)
	}
	t.Logf("mean difference %.3f, largest %.1f of 255", sum/n, most)
	if sum/n > 0.5 || most > 10 {
		t.Errorf("mean difference %.3f, largest %.1f of 255", sum/n, most)
	}
}
