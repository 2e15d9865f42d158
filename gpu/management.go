package gpu

import "strconv"

// A management is a binding of NVML. There are two: our own without cgo, which is
// the default on Linux, and NVIDIA's go-nvml behind the tag nvml.
type management interface {
	Init() nvmlReturn
	Shutdown() nvmlReturn
	Driver() (string, nvmlReturn)
	Count() (int, nvmlReturn)
	Card(i int) (managed, nvmlReturn)
}

// A managed is a card or an instance in a binding.
type managed interface {
	UUID() (string, nvmlReturn)
	Name() (string, nvmlReturn)
	Memory() (total, used uint64, r nvmlReturn)
	Divided() (bool, nvmlReturn)
	Slots() (int, nvmlReturn)
	Instance(i int) (managed, nvmlReturn)
	Busy() (int64, nvmlReturn)
	Power() (int64, nvmlReturn)
	Energy() (int64, nvmlReturn)
	ECC() (int64, nvmlReturn)
	Processes(graphics bool) ([]Process, nvmlReturn)
}

// An nvmlReturn is an nvmlReturn_t; it is an error too.
type nvmlReturn int32

const (
	nvmlSuccess          nvmlReturn = 0
	nvmlNotSupported     nvmlReturn = 3
	nvmlNoPermission     nvmlReturn = 4
	nvmlNotFound         nvmlReturn = 6
	nvmlInsufficientSize nvmlReturn = 7
	nvmlDriverNotLoaded  nvmlReturn = 9
	nvmlLibraryNotFound  nvmlReturn = 12
	nvmlFunctionNotFound nvmlReturn = 13
)

// unknown says that the card, or this driver, does not tell.
func (r nvmlReturn) unknown() bool {
	return r == nvmlNotSupported || r == nvmlNoPermission || r == nvmlFunctionNotFound
}

var nvmlTexts = map[nvmlReturn]string{
	0: "success", 1: "uninitialized", 2: "invalid argument", 3: "not supported", 4: "no permission", 6: "not found", 7: "insufficient size",
	8: "insufficient external power", 9: "driver not loaded", 10: "timeout", 11: "interrupt request issue", 12: "library not found",
	13: "function not found", 14: "corrupted infoROM", 15: "the card is lost", 16: "the card needs a reset", 17: "blocked by the operating system",
	18: "driver and library differ in version", 19: "in use", 20: "insufficient memory", 28: "no card found", 999: "unknown error",
}

func (r nvmlReturn) Error() string {
	if t, ok := nvmlTexts[r]; ok {
		return t
	}
	return "error " + strconv.Itoa(int(r))
}
