package gpu

import "golang.org/x/sys/unix"

// processor reads what the kernel says. What it does not say stays empty.
func processor() (model string, memory uint64) {
	model, _ = unix.Sysctl("machdep.cpu.brand_string") // empty on error
	memory, _ = unix.SysctlUint64("hw.memsize")        // zero on error
	return model, memory
}
