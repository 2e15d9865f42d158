package gpu

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// processor reads what the kernel says. What it does not say stays empty.
func processor() (model string, memory uint64) {
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		model = cpuModel(b)
	}
	if b, err := os.ReadFile("/proc/meminfo"); err == nil {
		memory = memTotal(b)
	}
	return model, memory
}

// cpuModel finds the first model in /proc/cpuinfo, which not every architecture has.
func cpuModel(b []byte) string {
	for line := range bytes.Lines(b) {
		if key, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// memTotal finds the bytes of memory in /proc/meminfo, which counts in KiB.
func memTotal(b []byte) uint64 {
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line))
		if len(f) < 2 || f[0] != "MemTotal:" {
			continue
		}
		kib, err := strconv.ParseUint(f[1], 10, 54)
		if err != nil {
			return 0
		}
		return kib << 10
	}
	return 0
}
