//go:build !linux && !darwin

package gpu

import "runtime"

func processor() (model string, memory uint64) { return runtime.GOARCH, 0 }
