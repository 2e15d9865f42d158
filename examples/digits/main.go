// Command digits draws rows of a digits table as pictures: digits TABLE FOLDER
// writes FOLDER/ROW-LABEL.png, 8 × 8 pixels, for each row.
package main

import (
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"os"
	"path/filepath"
	"strconv"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: digits TABLE FOLDER")
	}
	if err := draw(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func draw(table, folder string) error {
	f, err := os.Open(table)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = 65 // 64 pixels and the label
	rows, err := r.ReadAll()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for i, row := range rows {
		img := image.NewGray(image.Rect(0, 0, 8, 8))
		for j, cell := range row[:64] {
			ink, err := strconv.Atoi(cell)
			if err != nil || ink < 0 || ink > 16 {
				return fmt.Errorf("row %d: pixel %d is %q, not 0 to 16", i+1, j+1, cell)
			}
			img.SetGray(j%8, j/8, color.Gray{Y: uint8(ink * 255 / 16)})
		}
		if err := write(filepath.Join(folder, fmt.Sprintf("%d-%s.png", i+1, row[64])), img); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, img image.Image) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := png.Encode(f, img); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
