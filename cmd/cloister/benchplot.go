package main

import (
	"bytes"
	"fmt"
	"image/color"
	"slices"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/score"

	chart "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// kindColors are Okabe and Ito's, which readers with any colour vision tell apart.
var kindColors = map[score.Kind]color.Color{
	score.GEMM:      color.RGBA{0x00, 0x72, 0xb2, 0xff},
	score.Conv:      color.RGBA{0xe6, 0x9f, 0x00, 0xff},
	score.RNN:       color.RGBA{0x00, 0x9e, 0x73, 0xff},
	score.Memory:    color.RGBA{0xcc, 0x79, 0xa7, 0xff},
	score.AllReduce: color.RGBA{0x56, 0xb4, 0xe9, 0xff},
}

// plotScore draws a card as bars, the first figure on top, into a PNG file.
func plotScore(c score.Card, path string) error {
	p := chart.New()
	p.Title.Text = fmt.Sprintf("score %.1f: threads %d, %s, engine %s", c.Score, c.Threads, c.Processor, c.Engine)
	p.X.Label.Text = "points (100 is par)"
	p.X.Min = 0
	p.Title.Padding = margin
	p.Add(plotter.NewGrid())
	var names []string
	for i, f := range slices.Backward(c.Figures) {
		bar, err := plotter.NewBarChart(plotter.Values{f.Points()}, vg.Points(12))
		if err != nil {
			return fmt.Errorf("plot: %w: %w", abi.Internal, err)
		}
		bar.Horizontal, bar.XMin, bar.Color, bar.LineStyle.Width = true, float64(len(c.Figures)-1-i), kindColors[f.Kind], 0
		p.Add(bar)
		names = append(names, fmt.Sprintf("%s  %s", f.Kind, f.What))
	}
	p.NominalY(names...)
	image := vgimg.New(10*vg.Inch, vg.Length(len(names)+4)*vg.Points(18))
	p.Draw(draw.Crop(draw.New(image), margin, -margin, margin, -margin))
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: image}).WriteTo(&b); err != nil {
		return fmt.Errorf("plot: %w: %w", abi.Internal, err)
	}
	return writeFile(path, b.Bytes())
}

const margin = 12 * vg.Inch / 72
