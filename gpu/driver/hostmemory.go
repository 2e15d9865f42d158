package driver

// HostMemory is the memory of devices that compute in their process's own.
type HostMemory []byte

var _ Memory = HostMemory(nil)

func (m HostMemory) Write(off int64, b []byte) error { copy(m[off:], b); return nil }
func (m HostMemory) Read(off int64, b []byte) error  { copy(b, m[off:]); return nil }

// Free wipes the memory.
func (m HostMemory) Free() error { clear(m); return nil }

// HostBytes returns what is in each of list, HostMemory all; nil for one of no bytes.
func HostBytes(list []Memory) [][]byte {
	out := make([][]byte, len(list))
	for i, m := range list {
		if m != nil {
			out[i] = m.(HostMemory)
		}
	}
	return out
}
