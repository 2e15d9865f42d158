package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"github.com/cloister-ai/cloister/abi"
)

// decode decodes a JPEG or PNG after checking that it has at most most
// pixels, and says how it was held. What it is, its first bytes say.
func decode(file []byte, most int64) (image.Image, orientation, error) {
	refuse := func(format string, args ...any) (image.Image, orientation, error) {
		return nil, 0, fmt.Errorf(format+": %w", append(args, abi.Invalid)...)
	}
	var config func() (image.Config, error)
	var whole func() (image.Image, error)
	turn := orientation(1)
	switch {
	case len(file) == 0:
		return refuse("zero bytes are no image")
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		config = func() (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(file)) }
		whole = func() (image.Image, error) { return jpeg.Decode(bytes.NewReader(file)) }
		turn = exifOrientation(file)
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		config = func() (image.Config, error) { return png.DecodeConfig(bytes.NewReader(file)) }
		whole = func() (image.Image, error) { return png.Decode(bytes.NewReader(file)) }
	default:
		return refuse("not a JPEG or PNG, it begins with %q", file[:min(8, len(file))])
	}
	c, err := config()
	if err != nil {
		return refuse("damaged: %w", err)
	}
	if c.Width <= 0 || c.Height <= 0 || int64(c.Width) > most/int64(c.Height) {
		return refuse("%d x %d pixels, at most %d in all", c.Width, c.Height, most)
	}
	img, err := whole()
	if err != nil {
		return refuse("damaged: %w", err)
	}
	return img, turn, nil
}

// An orientation is EXIF's: how the camera was held. 1 is upright; 5 to 8 lie
// on their side; 2, 4, 5 and 7 are mirrored.
type orientation int

func (o orientation) sideways() bool { return o >= 5 }

// from is the pixel of the image as stored that is seen at x, y of the upright
// image of w by h.
func (o orientation) from(x, y, w, h int) (int, int) {
	switch o {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, w - 1 - x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return h - 1 - y, x
	}
	return x, y
}

// exifOrientation finds the orientation tag of a JPEG, or says 1: a photo
// whose tag cannot be read is taken as it is.
func exifOrientation(file []byte) orientation {
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker, n := file[at+1], int(binary.BigEndian.Uint16(file[at+2:]))
		if marker == 0xda || n < 2 || at+2+n > len(file) { // pixels begin, or nonsense
			break
		}
		if tiff, ok := bytes.CutPrefix(file[at+4:at+2+n], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return tiffOrientation(tiff)
		}
		at += 2 + n
	}
	return 1
}

func tiffOrientation(b []byte) orientation {
	var order binary.ByteOrder
	switch {
	case len(b) < 8:
		return 1
	case string(b[:4]) == "II*\x00":
		order = binary.LittleEndian
	case string(b[:4]) == "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 1
	}
	entries := uint64(order.Uint16(b[at:]))
	for i := range entries {
		e := at + 2 + 12*i
		if e+12 > uint64(len(b)) {
			break
		}
		if order.Uint16(b[e:]) == 0x0112 && order.Uint16(b[e+2:]) == 3 {
			if v := order.Uint16(b[e+8:]); v >= 1 && v <= 8 {
				return orientation(v)
			}
		}
	}
	return 1
}
