//go:build wasip1

package guest

import "unsafe"

// The functions of cloister_v1, as abi/README.md specifies them. Pointers are
// good for the duration of a call.

//go:wasmimport cloister_v1 input_len
func inputLen() int32

//go:wasmimport cloister_v1 input_read
func inputRead(off uint32, ptr unsafe.Pointer, size uint32) int32

//go:wasmimport cloister_v1 output_write
func outputWrite(ptr unsafe.Pointer, size uint32) int32

//go:wasmimport cloister_v1 log
func logLine(level uint32, ptr unsafe.Pointer, size uint32) int32

//go:wasmimport cloister_v1 param
func param(key unsafe.Pointer, keyLen uint32, ptr unsafe.Pointer, room uint32) int32

//go:wasmimport cloister_v1 progress
func progress(done, total uint32, ptr unsafe.Pointer, size uint32) int32

//go:wasmimport cloister_v1 error_text
func errorText(ptr unsafe.Pointer, room uint32) int32

//go:wasmimport cloister_v1 random
func random(ptr unsafe.Pointer, size uint32) int32

//go:wasmimport cloister_v1 tensor_new
func tensorNew(dtype uint32, dims unsafe.Pointer, rank uint32) int32

//go:wasmimport cloister_v1 tensor_write
func tensorWrite(t, off uint32, ptr unsafe.Pointer, size uint32) int32

//go:wasmimport cloister_v1 tensor_read
func tensorRead(t, off uint32, ptr unsafe.Pointer, size uint32) int32

//go:wasmimport cloister_v1 tensor_shape
func tensorShape(t uint32, ptr unsafe.Pointer, room uint32) int32

//go:wasmimport cloister_v1 tensor_dtype
func tensorDType(t uint32) int32

//go:wasmimport cloister_v1 tensor_free
func tensorFree(t uint32) int32

//go:wasmimport cloister_v1 graph_new
func graphNew(opset uint32) int32

//go:wasmimport cloister_v1 graph_input
func graphInput(g uint32, name unsafe.Pointer, nameLen, dtype uint32, dims unsafe.Pointer, rank uint32) int32

//go:wasmimport cloister_v1 graph_param
func graphParam(g uint32, name unsafe.Pointer, nameLen, t uint32) int32

//go:wasmimport cloister_v1 graph_constant
func graphConstant(g, t uint32) int32

//go:wasmimport cloister_v1 graph_node
func graphNode(g uint32, op unsafe.Pointer, opLen uint32, in unsafe.Pointer, n uint32, attrs unsafe.Pointer, attrsLen uint32, out unsafe.Pointer, room uint32) int32

//go:wasmimport cloister_v1 graph_output
func graphOutput(g uint32, name unsafe.Pointer, nameLen, v uint32) int32

//go:wasmimport cloister_v1 graph_gradient
func graphGradient(g, loss uint32, wrt unsafe.Pointer, n uint32, out unsafe.Pointer) int32

//go:wasmimport cloister_v1 graph_shape
func graphShape(g, v uint32, ptr unsafe.Pointer, room uint32) int32

//go:wasmimport cloister_v1 graph_load_onnx
func graphLoadONNX(ptr unsafe.Pointer, size uint32) int32

//go:wasmimport cloister_v1 graph_inline
func graphInline(g, other uint32, in unsafe.Pointer, n uint32, out unsafe.Pointer, room uint32) int32

//go:wasmimport cloister_v1 graph_freeze
func graphFreeze(g uint32, name unsafe.Pointer, nameLen uint32) int32

//go:wasmimport cloister_v1 program_compile
func programCompile(g uint32) int32

//go:wasmimport cloister_v1 program_cost
func programCost(p uint32, ptr unsafe.Pointer) int32

//go:wasmimport cloister_v1 program_ports
func programPorts(p, direction uint32) int32

//go:wasmimport cloister_v1 program_port
func programPort(p, direction, i uint32, ptr unsafe.Pointer, room uint32) int32

//go:wasmimport cloister_v1 program_run
func programRun(p uint32, in unsafe.Pointer, n uint32, out unsafe.Pointer, room uint32) int32

//go:wasmimport cloister_v1 program_free
func programFree(p uint32) int32

//go:wasmimport cloister_v1 data_open
func dataOpen(name unsafe.Pointer, nameLen uint32) int32

//go:wasmimport cloister_v1 data_schema
func dataSchema(d uint32, ptr unsafe.Pointer, room uint32) int32

//go:wasmimport cloister_v1 data_batch
func dataBatch(d uint32, split unsafe.Pointer, splitLen, first, count, seed, x, y uint32) int32

//go:wasmimport cloister_v1 train_new
func trainNew(g, loss uint32, config unsafe.Pointer) int32

//go:wasmimport cloister_v1 train_step
func trainStep(t uint32, in unsafe.Pointer, n uint32, out unsafe.Pointer, room uint32) int32

//go:wasmimport cloister_v1 train_rate
func trainRate(t, rate uint32) int32

//go:wasmimport cloister_v1 metric_new
func metricNew(kind uint32) int32

//go:wasmimport cloister_v1 metric_add
func metricAdd(m, scores, labels uint32) int32

//go:wasmimport cloister_v1 metric_read
func metricRead(m uint32, name unsafe.Pointer, nameLen uint32, out unsafe.Pointer) int32

//go:wasmimport cloister_v1 model_save
func modelSave(name unsafe.Pointer, nameLen, g uint32) int32

//go:wasmimport cloister_v1 model_open
func modelOpen(name unsafe.Pointer, nameLen uint32) int32

//go:wasmimport cloister_v1 model_card
func modelCard(name unsafe.Pointer, nameLen uint32, ptr unsafe.Pointer, room uint32) int32
