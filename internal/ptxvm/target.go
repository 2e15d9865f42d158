package ptxvm

import (
	"strconv"
	"strings"
)

// A target is what a module declares it is for: sm_90a is {90, true}.
type target struct {
	sm       int
	specific bool // the a or f suffix: not for any other architecture
}

func parseTarget(text string, line int) (target, error) {
	digits, ok := strings.CutPrefix(text, "sm_")
	t := target{}
	if d := strings.TrimRight(digits, "af"); d != digits {
		t.specific, digits = true, d
	}
	sm, err := strconv.Atoi(digits)
	if !ok || err != nil || sm < 10 || sm > 999 {
		return t, invalid(line, "%q is no target", text)
	}
	t.sm = sm
	return t, nil
}

// runs reports whether code for t runs on a device of the capability given.
func (t target) runs(capability int) bool {
	if t.specific {
		return t.sm == capability
	}
	return t.sm <= capability
}

// introduced is the first PTX version that knows a target.
func (t target) introduced() int {
	switch {
	case t.sm >= 120:
		return 87
	case t.sm >= 100:
		return 86
	case t.specific:
		return 80
	case t.sm >= 89:
		return 78
	case t.sm >= 86:
		return 71
	case t.sm >= 80:
		return 70
	case t.sm >= 75:
		return 63
	}
	return 60
}

// drivers lists which PTX version each driver version (as cuDriverGetVersion
// gives it) is the first to take.
var drivers = [...]struct{ driver, ptx int }{
	{11000, 70}, {11010, 71}, {11020, 72}, {11030, 73}, {11040, 74}, {11050, 75}, {11060, 76}, {11070, 77}, {11080, 78},
	{12000, 80}, {12010, 81}, {12020, 82}, {12030, 83}, {12040, 84}, {12050, 85}, {12070, 86}, {12080, 87}, {12090, 88}, {13000, 90},
}

// newestPTX is the highest PTX version, times ten, that a driver takes.
func newestPTX(driver int) int {
	newest := 65
	for _, d := range drivers {
		if driver >= d.driver {
			newest = d.ptx
		}
	}
	return newest
}

// sharedLimit is how many bytes of shared memory a block may have at most.
func sharedLimit(capability int) int {
	switch {
	case capability >= 120:
		return 99 << 10
	case capability >= 90:
		return 227 << 10
	case capability == 86, capability == 89:
		return 99 << 10
	case capability >= 80:
		return 163 << 10
	}
	return 64 << 10
}

// Limits every target shares.
const (
	staticSharedLimit = 48 << 10
	threadLimit       = 1024
	registerFile      = 65536 // 32-bit registers of a multiprocessor, all a block can get
	registerLimit     = 255   // of one thread
	paramLimit        = 4096
	lanes             = 32
)
