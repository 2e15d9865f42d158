package vault

import (
	"crypto/sha256"

	"github.com/cloister-ai/cloister/abi"
)

// A merkle computes the RFC 6962 tree hash of leaves in the order they come,
// in memory that grows with the logarithm of their number.
type merkle struct {
	n     uint64
	stack []abi.Digest // roots of complete subtrees, largest first
}

func (m *merkle) leaf(b []byte) {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(b)
	m.stack = append(m.stack, abi.Digest(h.Sum(nil)))
	m.n++
	for n := m.n; n&1 == 0; n >>= 1 {
		m.join()
	}
}

// join replaces the two subtrees on top by the tree over both.
func (m *merkle) join() {
	top := len(m.stack) - 1
	h := sha256.New()
	h.Write([]byte{1})
	h.Write(m.stack[top-1][:])
	h.Write(m.stack[top][:])
	m.stack = append(m.stack[:top-1], abi.Digest(h.Sum(nil)))
}

// root ends the tree. Of no leaves it is the hash of nothing, as in the RFC.
func (m *merkle) root() abi.Digest {
	if len(m.stack) == 0 {
		return abi.Sum(nil)
	}
	for len(m.stack) > 1 {
		m.join()
	}
	return m.stack[0]
}
