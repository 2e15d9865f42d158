// Command photos stands in for a camera: photos FOLDER N SEED writes
// FOLDER/LABEL/001.jpg and so on, N pictures each of circles, crosses and
// triangles, of any colour and size, anywhere, in poor light.
package main

import (
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

const side = 64 // of a picture, in pixels

// shapes say whether a point is inside, given its distance from the middle in
// units of the shape's size.
var shapes = map[string]func(x, y float64) bool{
	"circle":   func(x, y float64) bool { return x*x+y*y < 1 },
	"cross":    func(x, y float64) bool { return max(x, -x, y, -y) < 1 && min(max(x, -x), max(y, -y)) < 0.3 },
	"triangle": func(x, y float64) bool { return y < 0.8 && 2*max(x, -x) < y+1 },
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: photos FOLDER N SEED")
	}
	n, err := strconv.Atoi(os.Args[2])
	if err != nil || n < 1 || n > 999 {
		log.Fatalf("photos: %q pictures a label, want 1 to 999", os.Args[2])
	}
	seed, err := strconv.ParseUint(os.Args[3], 10, 64)
	if err != nil {
		log.Fatalf("photos: seed %q: %v", os.Args[3], err)
	}
	for label, inside := range shapes {
		for i := range n {
			rnd := rand.New(rand.NewPCG(seed, uint64(i)))
			if err := write(filepath.Join(os.Args[1], label, fmt.Sprintf("%03d.jpg", i+1)), draw(rnd, inside)); err != nil {
				log.Fatal(err)
			}
		}
	}
}

// draw takes a picture of one shape.
func draw(rnd *rand.Rand, inside func(x, y float64) bool) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	size := side * (0.2 + 0.15*rnd.Float64())
	x0, y0 := size+rnd.Float64()*(side-2*size), size+rnd.Float64()*(side-2*size)
	paper, ink := dye(rnd, 150), dye(rnd, 0)
	for y := range side {
		for x := range side {
			c := paper
			if inside((float64(x)-x0)/size, (float64(y)-y0)/size) {
				c = ink
			}
			grain := uint8(rnd.IntN(20))
			img.SetRGBA(x, y, color.RGBA{c.R + grain, c.G + grain, c.B + grain, 255})
		}
	}
	return img
}

// dye is a colour of at least light.
func dye(rnd *rand.Rand, light uint8) color.RGBA {
	channel := func() uint8 { return light + uint8(rnd.IntN(86)) }
	return color.RGBA{channel(), channel(), channel(), 255}
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
