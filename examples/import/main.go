// Command import makes what its README needs: import model FILE writes an ONNX
// model that says which colour a photo has most of, import photos FOLDER N SEED
// draws FOLDER/ripe/001.jpg and FOLDER/unripe/001.jpg and so on, N tomatoes
// each, on any plate in any light.
package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/engine"
)

func main() {
	log.SetFlags(0)
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "model":
		err = model(os.Args[2])
	case len(os.Args) == 5 && os.Args[1] == "photos":
		err = photos(os.Args[2], os.Args[3], os.Args[4])
	default:
		log.Fatal("usage: import model FILE, or import photos FOLDER N SEED")
	}
	if err != nil {
		log.Fatal(err)
	}
}

const side = 32 // of what the model sees, in pixels

// model writes a network with a middle, "features", and a head, "scores": how
// much redder, greener and bluer than the others each pixel is, and the means
// of that.
func model(path string) error {
	e, err := engine.New("cpu")
	if err != nil {
		return err
	}
	s, err := e.Open(context.Background(), abi.Quota{})
	if err != nil {
		return err
	}
	defer s.Close()
	g, err := s.NewGraph(17)
	if err != nil {
		return err
	}
	w, err := s.NewTensor(abi.Float32, []int64{3, 3, 1, 1})
	if err != nil {
		return err
	}
	var weights []byte
	for i := range 9 {
		v := float32(-0.5)
		if i%4 == 0 {
			v = 1
		}
		weights = binary.LittleEndian.AppendUint32(weights, math.Float32bits(v))
	}
	if err := w.Write(0, weights); err != nil {
		return err
	}
	x, err := g.Input("photo", abi.Float32, []int64{1, 3, side, side})
	if err != nil {
		return err
	}
	p, err := g.Param("mix", w)
	if err != nil {
		return err
	}
	at := []abi.Value{x, p}
	for _, op := range []string{"Conv", "Relu", "GlobalAveragePool", "Flatten"} {
		if at, err = g.Node(op, nil, at); err != nil {
			return err
		}
	}
	if err := g.Output("scores", at[0]); err != nil {
		return err
	}
	b, err := g.MarshalONNX()
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}

func photos(dir, count, seed string) error {
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 999 {
		return fmt.Errorf("photos: %q of each, want 1 to 999", count)
	}
	s, err := strconv.ParseUint(seed, 10, 64)
	if err != nil {
		return fmt.Errorf("photos: seed %q: %w", seed, err)
	}
	for label, skin := range map[string]color.RGBA{"ripe": {200, 40, 30, 255}, "unripe": {110, 160, 50, 255}} {
		for i := range n {
			rnd := rand.New(rand.NewPCG(s, uint64(i)<<1|uint64(len(label)&1)))
			if err := write(filepath.Join(dir, label, fmt.Sprintf("%03d.jpg", i+1)), draw(rnd, skin)); err != nil {
				return err
			}
		}
	}
	return nil
}

// draw takes a picture of one tomato.
func draw(rnd *rand.Rand, skin color.RGBA) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 2*side, 2*side))
	light := 0.6 + 0.5*rnd.Float64()
	lit := func(v uint8) uint8 { return uint8(min(255, light*float64(v)+20*rnd.Float64())) }
	plate := uint8(120 + rnd.IntN(100))
	size := side * (0.4 + 0.3*rnd.Float64())
	x0, y0 := side+10*rnd.NormFloat64(), side+10*rnd.NormFloat64()
	for y := range 2 * side {
		for x := range 2 * side {
			c := color.RGBA{plate, plate, plate, 255}
			if math.Hypot(float64(x)-x0, float64(y)-y0) < size {
				c = skin
			}
			img.SetRGBA(x, y, color.RGBA{lit(c.R), lit(c.G), lit(c.B), 255})
		}
	}
	return img
}

func write(path string, img image.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := jpeg.Encode(f, img, nil); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
