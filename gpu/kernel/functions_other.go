//go:build !amd64

package kernel

func vectors(function) vectorFunction { return nil }

func (a *Adam) vectors(x, g, m, v []float32, c *[9]float32) bool { return false }

func (s *Momentum) vectors(x, g, m []float32, c *[4]float32) bool { return false }

func sumVectors(acc *[16]float64, x []float32, mean float64, square bool) bool { return false }

func widenVectors(acc []float64, x []float32) bool { return false }
