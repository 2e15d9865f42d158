package enginetest

func moveCases() []opCase { return nil }
