package main

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"
)

// An intake is the demo's raw material, cut in two before anybody packs
// anything: the seller's records, and a few photos that the user will ask
// about. What the user holds was never in the dataset.
type intake struct {
	name    string // of the dataset
	records string // folder of labelled photos, or a CSV file, for the seller
	photos  []string
	licence string
	source  string
}

// held is how many photos the user holds back for each label.
const held = 2

// digitsIntake cuts the UCI optical digits into dir, the same way each time.
func digitsIntake(ctx context.Context, path, dir string) (intake, error) {
	in := intake{
		name: "uci-digits", records: filepath.Join(dir, "records.csv"),
		licence: "CC-BY-4.0", source: "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository",
	}
	f, err := os.Open(path)
	if err != nil {
		return in, withHint(fmt.Errorf("data %s: %w: %w", path, abi.NotFound, err), "run the demo in the repository, or name a folder of photos with --data")
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		return in, fmt.Errorf("data %s: not a gzip file: %w: %w", path, abi.Invalid, err)
	}
	var keep strings.Builder
	seen := map[string]int{}
	photos := filepath.Join(dir, "photos")
	scan := bufio.NewScanner(zr)
	for scan.Scan() {
		if err := ctx.Err(); err != nil {
			return in, context.Cause(ctx)
		}
		line := scan.Text()
		cells := strings.Split(line, ",")
		label := cells[len(cells)-1]
		if seen[label] >= held {
			keep.WriteString(line + "\n")
			continue
		}
		seen[label]++
		path := filepath.Join(photos, fmt.Sprintf("%s-%d.png", label, seen[label]))
		if err := writeDigit(path, cells[:len(cells)-1]); err != nil {
			return in, err
		}
		in.photos = append(in.photos, path)
	}
	if err := scan.Err(); err != nil {
		return in, fmt.Errorf("data %s: %w: %w", path, abi.Invalid, err)
	}
	slices.Sort(in.photos)
	return in, writeFile(in.records, []byte(keep.String()))
}

// writeDigit writes 64 values from 0 to 16 as an 8×8 grey PNG.
func writeDigit(path string, cells []string) error {
	img := image.NewGray(image.Rect(0, 0, 8, 8))
	for i, cell := range cells {
		v, err := strconv.ParseFloat(cell, 64)
		if err != nil || v < 0 || v > 16 || i >= 64 {
			return fmt.Errorf("data: pixel %d is %q, not 0 to 16: %w", i, cell, abi.Invalid)
		}
		img.SetGray(i%8, i/8, color.Gray{Y: uint8(v*255/16 + .5)})
	}
	var b strings.Builder
	if err := png.Encode(&b, img); err != nil {
		return fmt.Errorf("digits: %w: %w", abi.Internal, err)
	}
	return writeFile(path, []byte(b.String()))
}

// photoIntake cuts a folder of labelled photos, src/<label>/*. The seller's
// part is a tree of links; nothing in src changes.
func photoIntake(ctx context.Context, src, dir string) (intake, error) {
	abs, err := filepath.Abs(src)
	if err != nil {
		return intake{}, fmt.Errorf("%s: %w: %w", src, abi.Invalid, err)
	}
	in := intake{
		name: filepath.Base(abs), records: filepath.Join(dir, "records"),
		licence: "unstated", source: "a folder of photographs labelled by its owner",
	}
	kept := 0
	labels, err := os.ReadDir(abs)
	if err != nil {
		return in, withHint(fmt.Errorf("data %s: %w: %w", src, abi.NotFound, err), "name a folder with one folder of photos for each label")
	}
	for _, label := range labels {
		if !label.IsDir() {
			continue // a licence or a note beside the label folders
		}
		names, err := photoNames(filepath.Join(abs, label.Name()))
		if err != nil {
			return in, err
		}
		for i, name := range names {
			if err := ctx.Err(); err != nil {
				return in, context.Cause(ctx)
			}
			from := filepath.Join(abs, label.Name(), name)
			if i < 5*held && len(names) > 20*held {
				to := filepath.Join(dir, "photos", label.Name()+"-"+name)
				if err := link(from, to); err != nil {
					return in, err
				}
				in.photos = append(in.photos, to)
				continue
			}
			kept++
			if err := link(from, filepath.Join(in.records, label.Name(), name)); err != nil {
				return in, err
			}
		}
	}
	if len(in.photos) == 0 {
		return in, withHint(fmt.Errorf("data %s: no label folder holds more than %d photos: %w", src, 20*held, abi.Invalid),
			"the demo needs a folder of photos for each label, as in dir/cat/*.jpg and dir/dog/*.jpg")
	}
	if fewest := 5 * minRecords; kept < fewest {
		return in, withHint(fmt.Errorf("data %s: %d photos beside those that the user keeps, at least %d: %w", src, kept, fewest, abi.Invalid),
			"the accuracy is released over a fifth of them, and the seller lets no number out over fewer than %d records: add photos", minRecords)
	}
	slices.Sort(in.photos)
	return in, nil
}

// photoNames lists dir in an order that depends on the names only, but is not
// theirs: photos of one subject are often numbered in a row.
func photoNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("data %s: %w: %w", dir, abi.NotFound, err)
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	hash := func(s string) uint64 { h := fnv.New64a(); io.WriteString(h, s); return h.Sum64() }
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(hash(a), hash(b)), cmp.Compare(a, b)) })
	return names, nil
}

// link makes to name the same file as from, again if need be.
func link(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	if _, err := os.Lstat(to); err == nil {
		return nil
	}
	if err := os.Symlink(from, to); err != nil {
		return fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	return nil
}
