package cuda

// Symbols lists the functions of the driver that are bound.
func Symbols() []string { return symbols[:] }

// BLASSymbols lists the functions of cuBLASLt that are bound.
func BLASSymbols() []string { return blasSymbols[:] }
