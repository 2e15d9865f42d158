//go:build !amd64

package kernel

func detect() []Path { return []Path{Portable} }
