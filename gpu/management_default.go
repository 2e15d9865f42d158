//go:build !(linux && cgo && nvml)

package gpu

func newManagement() management { return newNative() }
