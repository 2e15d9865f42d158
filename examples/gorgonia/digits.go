package main

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
)

const (
	small = 8 // pixels of a side in the table
	scale = 3
	side  = 28 // pixels of a side as the networks want it, with a rim of 2
)

// A digit is a picture of one, each pixel from 0 to 1.
type digit struct {
	pixels []float32
	label  int
}

// load reads the first n digits of a table: 64 pixels from 0 to 16, then the
// label. A pixel of the table becomes 3 × 3.
func load(path string, n int) (all []digit, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := csv.NewReader(unzipped)
	r.FieldsPerRecord = small*small + 1
	for range n {
		row, err := r.Read()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		d := digit{pixels: make([]float32, side*side)}
		for i := range small * small {
			ink, err := strconv.ParseFloat(row[i], 32)
			if err != nil {
				return nil, fmt.Errorf("%s: pixel %d of row %d: %w", path, i+1, len(all)+1, err)
			}
			const rim = (side - small*scale) / 2
			for y := range scale {
				for x := range scale {
					d.pixels[(rim+i/small*scale+y)*side+rim+i%small*scale+x] = float32(ink / 16)
				}
			}
		}
		if d.label, err = strconv.Atoi(row[small*small]); err != nil || d.label < 0 || d.label >= classes {
			return nil, fmt.Errorf("%s: the label of row %d is %q", path, len(all)+1, row[small*small])
		}
		all = append(all, d)
	}
	return all, nil
}
