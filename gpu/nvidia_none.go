//go:build !(linux && cgo && nvml)

package gpu

// nvidia lists nothing: this build has no NVML.
func nvidia() ([]Device, error) { return nil, nil }
