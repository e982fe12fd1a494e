package relation

import "github.com/rune-authz/rune/engine/internal/value"

// Numbers numbers values from 0 in the order in which they are first met.
type Numbers struct {
	seed   uint64
	values []value.Value
	slots  []uint32
}

// NewNumbers returns an empty numbering.
func NewNumbers(seed uint64) *Numbers {
	return &Numbers{seed: seed, slots: make([]uint32, slotsFor(0))}
}

// Values returns the values by number. The slice belongs to the numbering.
func (n *Numbers) Values() []value.Value { return n.values }

// Of returns the number of a value, giving it one if it has none.
func (n *Numbers) Of(v value.Value) uint32 {
	if slotsFor(len(n.values)+1) > len(n.slots) {
		n.slots = make([]uint32, 2*len(n.slots))
		for i, w := range n.values {
			place(n.slots, n.hash(w), uint32(i))
		}
	}
	h := n.hash(v)
	if i, found := n.find(v, h); found {
		return i
	}
	n.values = append(n.values, v)
	place(n.slots, h, uint32(len(n.values)-1))
	return uint32(len(n.values) - 1)
}

// Find returns the number of a value.
func (n *Numbers) Find(v value.Value) (uint32, bool) { return n.find(v, n.hash(v)) }

func (n *Numbers) hash(v value.Value) uint64 { return Mix(n.seed ^ uint64(v)) }

func (n *Numbers) find(v value.Value, h uint64) (uint32, bool) {
	mask := len(n.slots) - 1
	t := tag(h, mask)
	for i := int(h) & mask; n.slots[i] != 0; i = (i + 1) & mask {
		if e := n.slots[i]; e&^uint32(mask) == t && n.values[e&uint32(mask)-1] == v {
			return e&uint32(mask) - 1, true
		}
	}
	return 0, false
}

// Matrix is a set of pairs of values as rows of bits. Values may share a row.
type Matrix struct {
	Numbers *Numbers
	RowOf   []uint32 // by number of the pair's first value
	Words   int      // of a row
	Bits    []uint64 // row after row; by number of the pair's second value
}

// Has reports whether a pair is in the set.
func (m *Matrix) Has(pair []value.Value) bool {
	x, known := m.Numbers.Find(pair[0])
	if !known {
		return false
	}
	y, known := m.Numbers.Find(pair[1])
	return known && m.Row(x)[y>>6]>>(y&63)&1 != 0
}

// Row returns the bits of the pairs whose first value has the number x.
func (m *Matrix) Row(x uint32) []uint64 {
	at := int(m.RowOf[x]) * m.Words
	return m.Bits[at : at+m.Words]
}
