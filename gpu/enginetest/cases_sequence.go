package enginetest

func sequenceCases() []opCase { return nil }
