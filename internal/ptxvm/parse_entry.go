package ptxvm

// A Kernel is one .entry.
type Kernel struct {
	Name       string
	Params     []Param
	ParamBytes int
	MaxThreads int       // of a block, from .maxntid; 0: as many as the target allows
	Threads    [3]uint32 // from .reqntid; zero: any
	Static     int       // bytes of shared memory the text declares
	Registers  int       // an estimate of the 32-bit registers a thread needs: the most that are live at once

	module  *Module
	code    []inst
	symbols map[string]*variable // parameters, shared and local variables by name
	static  uint64
	local   uint64
	dynamic uint64 // where extern shared memory starts, in the window

	slots            int     // vectors in a warp's register file
	preds            int     // predicates
	fixed            []fixed // slots that hold one value for the whole launch
	special          []special
	granule          uint     // log2 of the smallest access to shared or global memory, for the race detector
	names, predNames []string // of registers, by slot, for messages
	wgmma            bool     // products of warpgroups run in it
	atomics          bool     // global memory is changed by atomics: blocks run one after another
}

// A Param is one kernel parameter: its place in the parameter block.
type Param struct {
	Name          string
	Offset, Bytes int
}

// entry reads .entry name (params) directives { body }.
func (p *parser) entry() error {
	if err := p.next(); err != nil {
		return err
	}
	line := p.tok.line
	name, err := p.name()
	if err != nil {
		return err
	}
	if p.module.Kernels[name] != nil {
		return invalid(line, "kernel %s is defined twice", name)
	}
	p.kernel = &Kernel{Name: name, module: p.module, symbols: map[string]*variable{}}
	p.scope, p.body = newScope(nil), nil
	if err := p.params(); err != nil {
		return err
	}
	if err := p.performance(); err != nil {
		return err
	}
	if err := p.block(); err != nil {
		return err
	}
	if err := decode(p.kernel, p.body); err != nil {
		return err
	}
	p.module.Kernels[name] = p.kernel
	return nil
}

func (p *parser) params() error {
	if ok, err := p.take(tPunct, "("); err != nil || !ok {
		return err
	}
	for {
		if ok, err := p.take(tPunct, ")"); err != nil || ok {
			return err
		}
		if len(p.kernel.Params) > 0 {
			if err := p.want(tPunct, ","); err != nil {
				return err
			}
		}
		if err := p.param(); err != nil {
			return err
		}
	}
}

// param reads .param [.align n] .type [.ptr [.space] [.align n]] name[bytes].
func (p *parser) param() error {
	if err := p.want(tDot, "param"); err != nil {
		return err
	}
	v := variable{space: spaceParam}
	pointee := false // what comes after .ptr says where it points
	for p.tok.kind == tDot {
		word, line := p.tok.text, p.tok.line
		if err := p.next(); err != nil {
			return err
		}
		switch word {
		case "align":
			n, err := p.integer()
			if err != nil {
				return err
			}
			if n < 1 || n > 128 || n&(n-1) != 0 {
				return invalid(line, "alignment %d of a parameter is no power of two up to 128", n)
			}
			if !pointee {
				v.align = n
			}
		case "ptr":
			pointee = true
		case "global", "const", "shared", "local":
			if !pointee {
				return invalid(line, ".%s belongs after .ptr", word)
			}
		default:
			t, ok := scalarOf[word]
			if !ok || t.size() == 0 {
				return invalid(line, "%q is no type of a parameter", word)
			}
			v.elem = t
		}
	}
	line := p.tok.line
	var err error
	if v.name, err = p.name(); err != nil {
		return err
	}
	count, open, err := p.dimensions(v.name)
	if err != nil {
		return err
	}
	if open || v.elem == noType || count == 0 {
		return invalid(line, "parameter %s has no size", v.name)
	}
	if p.kernel.symbols[v.name] != nil {
		return invalid(line, "parameter %s is declared twice", v.name)
	}
	v.bytes = count * v.elem.size()
	v.align = max(v.align, v.elem.size())
	v.addr = align(uint64(p.kernel.ParamBytes), v.align)
	if v.addr+uint64(v.bytes) > paramLimit {
		return invalid(line, "parameters of more than %d bytes", paramLimit)
	}
	p.kernel.ParamBytes = int(v.addr) + v.bytes
	p.kernel.symbols[v.name] = &v
	p.kernel.Params = append(p.kernel.Params, Param{v.name, int(v.addr), v.bytes})
	return nil
}

// performance reads the directives between the parameters and the body.
func (p *parser) performance() error {
	for p.tok.kind == tDot {
		word, line := p.tok.text, p.tok.line
		if err := p.next(); err != nil {
			return err
		}
		if word == "pragma" {
			if err := p.pragma(); err != nil {
				return err
			}
			continue
		}
		var n [3]int
		count := 0
		for ; count < 3; count++ {
			if count > 0 {
				if ok, err := p.take(tPunct, ","); err != nil {
					return err
				} else if !ok {
					break
				}
			}
			var err error
			if n[count], err = p.integer(); err != nil {
				return err
			}
		}
		threads := 1
		for i := range count {
			if threads *= n[i]; threads < 1 || threads > threadLimit {
				return invalid(line, ".%s of more than %d threads, or none", word, threadLimit)
			}
		}
		switch word {
		case "maxntid":
			p.kernel.MaxThreads = threads
		case "reqntid":
			p.kernel.Threads = [3]uint32{uint32(n[0]), uint32(max(n[1], 1)), uint32(max(n[2], 1))}
		case "minnctapersm", "maxnreg":
		default:
			return invalid(line, "directive .%s is not supported", word)
		}
	}
	return nil
}

func (p *parser) pragma() error {
	if p.tok.kind != tString {
		return invalid(p.tok.line, ".pragma without a string")
	}
	if err := p.next(); err != nil {
		return err
	}
	return p.want(tPunct, ";")
}
