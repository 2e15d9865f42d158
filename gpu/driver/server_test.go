//go:build unix

package driver

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/gpu/graph"
	"github.com/cloister-ai/cloister/gpu/record"
)

// frugal is a device with little memory.
type frugal struct{ faulty }

func (f frugal) Alloc(n int64) (Memory, error) {
	if n > 1<<16 {
		return nil, fmt.Errorf("frugal: %d bytes: %w", n, abi.Exhausted)
	}
	return f.faulty.Alloc(n)
}

// FuzzRequests gives a driver requests as they come: the first byte of each is the
// method, the second how long it is. It answers all of them, and is not lost.
func FuzzRequests(f *testing.F) {
	names := slices.Sorted(maps.Keys(handlers))
	add := func(list ...any) {
		var b []byte
		for i := 0; i < len(list); i += 2 {
			m := record.Marshal(list[i+1])
			b = append(append(b, byte(slices.Index(names, list[i].(string))), byte(len(m)), byte(len(m)>>8)), m...)
		}
		f.Add(b)
	}
	code := plan(f, "Neg", 2).Encode().Plan
	buffers := request{Call: 1, Make: []uint64{1, 2}, Sizes: []int64{8, 8}, Object: 3, Code: code}
	add(methodHello, request{Version: Version}, methodCompile, buffers, methodRun, request{Call: 2, Object: 3, In: []uint64{1}, Out: []uint64{2}},
		methodRead, request{Call: 3, Object: 2, Bytes: 8}, methodSave, request{Object: 3}, methodLoad, request{Object: 3}, methodEnd, request{})
	add(methodStage, request{Bytes: 64}, methodWrite, request{Bytes: 64, Slot: 1}, methodRead, request{Offset: 60, Bytes: 8}, methodRelease, request{Object: 3}, methodCancel, request{Object: 1})
	relu := &graph.Node{Op: "Relu", In: []abi.Value{1}, Type: graph.Type{DType: abi.Float32, Shape: []int64{2}}}
	add(methodAccept, request{Code: graph.AskAccept(relu, []graph.Type{relu.Type})}, methodFuse, request{Code: graph.AskFuse(relu, relu, graph.Type{})},
		methodInline, request{Code: graph.AskInline(relu, 0, relu)}, methodWork, request{Code: []byte("none")})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newServer(newRing(make([]byte, ringBytes(2, ringPage)), 2, ringPage), func() (Device, error) { return frugal{}, nil })
		defer s.close()
		for len(b) >= 3 {
			name, n := names[int(b[0])%len(names)], min(int(b[1])|int(b[2])<<8, len(b)-3)
			q := new(request)
			err := record.Unmarshal(b[3:3+n], q)
			b = b[3+n:]
			if err != nil || name == methodStage && q.Bytes > 1<<16 || name == methodCompile && !slices.Equal(q.Code, code) {
				continue // what does not arrive, what takes memory, and other kernels than this device's
			}
			r := s.answer(handlers[name], q)
			if r.Call != q.Call || r.Lost || r.Kind == uint8(abi.Internal) || s.dead() != nil {
				t.Fatalf("%s of %+v is answered %+v, %v", name, q, r, s.dead())
			}
		}
	})
}
