//go:build !amd64

package kernel

// pairTiles is how many pairs half a tile has in a row, and how many rows the largest has.
func pairTiles() (lanes, rows int) { return 8, 6 }

func (t *tile) runPairs(rows int) { t.portablePairs(rows) }
