package enginetest

func windowCases() []opCase { return nil }
