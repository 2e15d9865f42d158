package main

// Units that benchmarks report themselves.
const (
	unitOurs = "ours-ns" // time of one run, and
	unitPeer = "peer-ns" // of one of the peer
)

// A table is a section of the page.
type table struct {
	title string
	rows  []row
	note  string
}

// A row is one benchmark. It reports either both times, or a figure and, in the
// unit ratio, how many times as fast as the peer it is.
type row struct {
	pkg, bench string
	what, peer string
	unit       string // of the figure; empty: both times
	ratio      string
	bytes      float64 // that one run works on; zero: show the time
}

const (
	engines  = "./gpu/engine"
	adapters = "./gpu/gorgonia"
	here     = "./internal/bench"
)

var tables = []table{
	{title: "Tensors", rows: []row{
		{pkg: engines, bench: "GEMM/128", what: "multiply matrices, 128 × 128", peer: "gonum", unit: "GF/s", ratio: "×gonum"},
		{pkg: engines, bench: "GEMM/512", what: "512 × 512", peer: "gonum", unit: "GF/s", ratio: "×gonum"},
		{pkg: engines, bench: "GEMM/1024", what: "1024 × 1024", peer: "gonum", unit: "GF/s", ratio: "×gonum"},
		{pkg: engines, bench: "Conv/64x1x28x6", what: "convolve 64 images of 1 × 28 × 28 into 6 channels, 5 × 5", peer: "gorgonia", unit: "GF/s", ratio: "×gorgonia"},
		{pkg: engines, bench: "Conv/8x64x56x64", what: "convolve 8 images of 64 × 56 × 56 into 64 channels, 3 × 3", peer: "gorgonia", unit: "GF/s", ratio: "×gorgonia"},
		{pkg: engines, bench: "LeNetStep", what: "train a LeNet for one step, batch 64", peer: "gorgonia", unit: "ms/step", ratio: "×gorgonia"},
	}, note: "Engine `cpu` in float32. Both engines run the same graphs through the same interface, and pass the same conformance suite."},
	{title: "Gorgonia's programs", rows: []row{
		{pkg: adapters, bench: "MLP", what: "train a perceptron 784-512-512-10 for one step with Adam, batch 128", peer: "gorgonia alone", unit: "ms/step", ratio: "×gorgonia"},
		{pkg: adapters, bench: "ConvNet", what: "train the network of Gorgonia's examples/convnet for one step with Adam, batch 100", peer: "gorgonia alone", unit: "ms/step", ratio: "×gorgonia"},
	}, note: "The same program with and without the adapters of `gpu/gorgonia`; see `examples/gorgonia`."},
	{title: "A job", rows: []row{
		{pkg: here, bench: "Submit", what: "a paid job of the echo app, from signature to opened answer, median", peer: "the app in the sandbox alone"},
	}, note: "What is added to the app's run: seal and sign, the bus twice, the broker's and the ledger's writes to disk, facts, gate, keys, receipt, and the same way back."},
	{title: "The sandbox", rows: []row{
		{pkg: here, bench: "Instantiate", what: "run an empty app", peer: "wazero, no limits"},
		{pkg: here, bench: "HostCalls", what: "20,000 calls of the host", peer: "wazero, an empty function"},
		{pkg: here, bench: "Metered", what: "5,000,000 turns of a loop, metered", peer: "wazero, no limits: never stops"},
		{pkg: here, bench: "Stoppable", what: "the same", peer: "wazero's own `WithCloseOnContextDone`"},
	}},
	{title: "Decisions", rows: []row{
		{pkg: here, bench: "Admit", what: "the gate admits a job with four receipts and two policies", peer: "recovering the request's signer"},
		{pkg: here, bench: "Recover", what: "recover the signer of an EIP-712 request", peer: "secp256k1 recovery on a bare digest"},
		{pkg: here, bench: "Index", what: "read a receipt in the index", peer: "the embedded chain's JSON-RPC, in process"},
	}},
	{title: "Sealed files", rows: []row{
		{pkg: here, bench: "Seal", what: "seal a model of 16 MiB", peer: "one AES-256-GCM message", bytes: 16 << 20},
		{pkg: here, bench: "Open", what: "open all of it", peer: "one AES-256-GCM message", bytes: 16 << 20},
	}, note: "A container is sealed chunk by chunk, so that it opens anywhere; sealing also hashes it three times, for the key's commitment, the Merkle root and the content id."},
}
