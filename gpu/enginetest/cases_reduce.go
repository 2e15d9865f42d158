package enginetest

func reduceCases() []opCase { return nil }
