//go:build !amd64

package kernel

func (t *transform) run(l line) { t.portable(l) }
