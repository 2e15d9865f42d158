package cuda

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/cloister-ai/cloister/abi"
)

// CUjit_option and CUfunction_attribute.
const (
	jitErrorLog     = 5
	jitErrorLogSize = 6

	functionThreads   = 0
	functionShared    = 1
	functionLocal     = 3
	functionRegisters = 4
	functionDynamic   = 8 // the most dynamic shared memory a launch may ask for

	plainShared = 48 << 10 // what a launch may use without asking
	maxSlots    = 512      // kernel parameters are 4 KiB at most on every device
)

type module struct {
	d         *device
	handle    uintptr
	functions map[string]*kernel
}

// A kernel is a Function.
type kernel struct {
	m       *module
	name    string
	handle  uintptr
	res     Resources
	slots   int // of parameters; -1 where the driver does not say
	dynamic int // bytes of dynamic shared memory that launches may ask for now
}

// compiling is what the compiler reads and writes.
type compiling struct {
	options [2]int32
	values  [2]uintptr
	log     [8 << 10]byte
	text    []byte
}

func (d *device) Load(ptx string) (Module, error) {
	if err := d.idle(); err != nil {
		return nil, err
	}
	if strings.IndexByte(ptx, 0) >= 0 {
		return nil, fmt.Errorf("cuda: a zero byte in the PTX: %w", abi.Invalid)
	}
	c := &compiling{options: [2]int32{jitErrorLog, jitErrorLogSize}, text: append([]byte(ptx), 0)}
	d.hold(unsafe.Pointer(c))
	defer d.hold(nil)
	c.values = [2]uintptr{uintptr(unsafe.Pointer(&c.log)), uintptr(len(c.log))}
	err := d.do(fnModuleLoad, d.word(), uintptr(unsafe.Pointer(unsafe.SliceData(c.text))), uintptr(len(c.options)),
		uintptr(unsafe.Pointer(&c.options)), uintptr(unsafe.Pointer(&c.values)))
	if err != nil {
		return nil, noted(err, "%s", compilerLog(c.log[:]))
	}
	m := &module{d: d, handle: uintptr(d.scratch.word), functions: make(map[string]*kernel)}
	d.modules[m] = true
	return m, nil
}

// compilerLog is the log's first lines, on one.
func compilerLog(b []byte) string {
	text := string(b)
	if i := strings.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(lines) > 8 {
		lines = append(lines[:8], "…")
	}
	return strings.ToValidUTF8(strings.Join(lines, "; "), "?")
}

func (m *module) Function(name string) (Function, error) {
	d := m.d
	if err := d.idle(); err != nil {
		return nil, err
	}
	if !d.modules[m] {
		return nil, fmt.Errorf("cuda: the module is unloaded: %w", abi.Invalid)
	}
	if f := m.functions[name]; f != nil {
		return f, nil
	}
	if strings.IndexByte(name, 0) >= 0 {
		return nil, fmt.Errorf("cuda: a zero byte in the name of a function: %w", abi.Invalid)
	}
	text := append([]byte(name), 0)
	err := d.do(fnModuleFunction, d.word(), m.handle, d.hold(unsafe.Pointer(unsafe.SliceData(text))))
	d.hold(nil)
	if err != nil {
		return nil, noted(err, "%s", name)
	}
	f := &kernel{m: m, name: name, handle: uintptr(d.scratch.word)}
	for _, a := range []struct {
		what uintptr
		to   *int
	}{{functionThreads, &f.res.Threads}, {functionShared, &f.res.Shared}, {functionLocal, &f.res.Local}, {functionRegisters, &f.res.Registers}} {
		if err := d.do(fnFunctionAttribute, d.out(), a.what, f.handle); err != nil {
			return nil, noted(err, "%s", name)
		}
		*a.to = int(d.number)
	}
	f.dynamic = plainShared - f.res.Shared
	if f.slots, err = d.parameters(f.handle); err != nil {
		return nil, noted(err, "%s", name)
	}
	m.functions[name] = f
	return f, nil
}

// parameters counts the slots of 8 bytes of a function's parameters; -1 where the driver
// is older than 12.4 and does not say.
func (d *device) parameters(handle uintptr) (int, error) {
	if d.procs[fnParamInfo] == 0 {
		return -1, nil
	}
	end := 0
	for i := range maxSlots + 1 {
		err := d.do(fnParamInfo, handle, uintptr(i), d.word(), uintptr(unsafe.Pointer(&d.other)))
		if e, ok := errors.AsType[*Error](err); ok && e.Code == InvalidValue {
			break // there are no more
		}
		if err != nil {
			return 0, err
		}
		end = int(d.scratch.word + d.other)
	}
	return (end + 7) / 8, nil
}

func (m *module) Unload() error {
	d := m.d
	if err := d.idle(); err != nil {
		return err
	}
	if !d.modules[m] {
		return nil
	}
	if err := d.drain(); err != nil {
		return err
	}
	err := d.do(fnModuleUnload, m.handle)
	if err == nil {
		delete(d.modules, m)
	}
	return err
}

func (f *kernel) Name() string         { return f.name }
func (f *kernel) Resources() Resources { return f.res }
