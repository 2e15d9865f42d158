package cuda

// Symbols lists the functions of the driver that are bound.
func Symbols() []string { return symbols[:] }
