package main

import _ "embed"

// torchReference times PyTorch at the same things: torch_ref.py SPECS RECORDS.
//
//go:embed torch_ref.py
var torchReference []byte
