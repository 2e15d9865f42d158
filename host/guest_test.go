package host_test

import "slices"

// A guest is a module by hand: it reads its input to address 1024, opens what
// the job has, says the input aloud in its log, and puts it out.
type guest struct {
	dataset bool // fill tensors with two records of split "train", four numbers each
	fails   bool // return -6 instead of putting anything out
}

const i32 = 0x7f

func leb(v uint32) []byte {
	var b []byte
	for v >= 0x80 {
		b, v = append(b, byte(v)|0x80), v>>7
	}
	return append(b, byte(v))
}

func text(s string) []byte { return append(leb(uint32(len(s))), s...) }

func section(id byte, items ...[]byte) []byte {
	body := slices.Concat(leb(uint32(len(items))), slices.Concat(items...))
	return slices.Concat([]byte{id}, leb(uint32(len(body))), body)
}

func (g guest) wasm() []byte {
	var types, imports [][]byte
	index := map[string]byte{}
	for _, im := range []struct {
		name   string
		params int
	}{{"input_read", 3}, {"output_write", 2}, {"log", 3}, {"data_open", 2}, {"tensor_new", 3}, {"data_batch", 8}} {
		index[im.name] = byte(len(imports))
		types = append(types, slices.Concat([]byte{0x60}, leb(uint32(im.params)), slices.Repeat([]byte{i32}, im.params), []byte{1, i32}))
		imports = append(imports, slices.Concat(text("cloister_v1"), text(im.name), []byte{0, byte(len(imports))}))
	}
	types = append(types, []byte{0x60, 0, 1, i32})

	num := func(v byte) []byte { return slices.Concat([]byte{0x41}, leb(uint32(v))) } // below 64: one byte
	at := []byte{0x41, 0x80, 0x08}                                                    // i32.const 1024
	call := func(name string, args ...[]byte) []byte {
		return slices.Concat(slices.Concat(args...), []byte{0x10, index[name]})
	}
	local := func(i byte) []byte { return []byte{0x20, i} }
	set := func(i byte) []byte { return []byte{0x21, i} }
	body := slices.Concat(call("input_read", num(0), at, []byte{0x41, 0xe8, 0x07}), set(0)) // 1000 bytes
	if g.dataset {
		body = slices.Concat(body,
			call("data_open", num(0), num(0)), set(1),
			call("tensor_new", num(1), num(8), num(2)), set(2), // float32 [2, 4]
			call("tensor_new", num(7), num(8), num(1)), set(3), // int64 [2]
			call("data_batch", local(1), num(0), num(5), num(0), num(2), num(0), local(2), local(3)), set(4),
			local(4), num(2), []byte{0x47, 0x04, 0x40, 0x00, 0x0b}, // not two records: trap
		)
	}
	body = slices.Concat(body, call("log", num(3), at, local(0)), []byte{0x1a})
	if g.fails {
		body = slices.Concat(body, []byte{0x41, 0x7a, 0x0b}) // -6
	} else {
		body = slices.Concat(body, call("output_write", at, local(0)), []byte{0x0b})
	}
	code := slices.Concat([]byte{1, 5, i32}, body)
	// "train", then the dimensions 2 and 4 at address 8.
	data := append([]byte("train\x00\x00\x00"), 2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0)
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, types...), section(2, imports...), section(3, []byte{byte(len(imports))}), section(5, []byte{1, 1, 1}),
		section(7, slices.Concat(text("memory"), []byte{2, 0}), slices.Concat(text("cloister_run"), []byte{0, byte(len(imports))})),
		section(10, slices.Concat(leb(uint32(len(code))), code)),
		section(11, slices.Concat([]byte{0, 0x41, 0, 0x0b}, leb(uint32(len(data))), data)),
	)
}
