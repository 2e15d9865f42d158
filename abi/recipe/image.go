package recipe

import "github.com/cloister-ai/cloister/abi/picture"

func readImage(b *bowl, _ step) (err error) {
	b.raster, err = picture.Decode(b.file, picture.MaxPixels)
	return err
}

func shorter(b *bowl, s step) (err error) {
	b.raster, err = b.raster.Shorter(int(s.numbers[0]))
	return err
}

func resize(b *bowl, s step) (err error) {
	b.raster, err = b.raster.Resize(int(s.numbers[0]), int(s.numbers[1]))
	return err
}

func crop(b *bowl, s step) (err error) {
	b.raster, err = b.raster.Crop(int(s.numbers[0]), int(s.numbers[1]))
	return err
}

func grey(b *bowl, _ step) error   { b.raster = b.raster.Grey(); return nil }
func bgr(b *bowl, _ step) error    { b.raster = b.raster.Swap(); return nil }
func invert(b *bowl, _ step) error { b.raster = b.raster.Invert(); return nil }

// planes puts channel after channel.
func planes(b *bowl, _ step) error {
	b.numbers()
	c, plane := b.raster.Channels, b.raster.Width*b.raster.Height
	x := make([]float32, len(b.x))
	for i := range plane {
		for k := range c {
			x[k*plane+i] = b.x[i*c+k]
		}
	}
	b.x = x
	b.shape = []int64{int64(c), int64(b.raster.Height), int64(b.raster.Width)}
	return nil
}

// interleaved leaves pixel after pixel.
func interleaved(b *bowl, _ step) error {
	b.numbers()
	b.shape = []int64{int64(b.raster.Height), int64(b.raster.Width), int64(b.raster.Channels)}
	return nil
}
