package enginetest

func elementCases() []opCase { return nil }
