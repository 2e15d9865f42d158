// Package guest is how an app written in Go uses the host: job, tensors,
// graphs, data, training, models. It is compiled into the app:
//
//	package main
//
//	import "github.com/cloister-ai/cloister/abi/guest"
//
//	//go:wasmexport cloister_run
//	func run() int32 {
//		return guest.Run(func() error {
//			input, err := guest.Input()
//			if err != nil {
//				return err
//			}
//			return guest.Write(input)
//		})
//	}
//
//	func main() {}
//
// and built with the plain Go toolchain:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags="-s -w" -o app.wasm
//
// Tensors are handles. What is computed from private records stays in the host:
// reading it is refused with abi.Denied, and only [Metric.Read] and
// [Graph.Save] let something of it out, as far as the data's policy allows.
//
// An app runs on one goroutine. On anything but GOOS=wasip1 the package has
// schedules and nothing else.
package guest
