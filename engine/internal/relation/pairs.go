package relation

import "github.com/rune-authz/rune/engine/internal/value"

// Pairs is a set of rows of at most two columns, which it holds in its slots: asking it touches one place in memory, where a [Relation]
// touches two. It serves while rows are derived, most of them again and again.
type Pairs struct {
	seed   uint64
	pauses *Pauses
	slots  []uint64 // the complement of the packed row, or 0
	n      int
}

// NewPairs returns an empty set.
func NewPairs(seed uint64, pauses *Pauses) *Pairs {
	return &Pairs{seed: seed, pauses: pauses, slots: make([]uint64, slotsFor(0))}
}

// Add adds a row and reports whether it is new.
func (p *Pairs) Add(row []value.Value) bool {
	if slotsFor(p.n+1) > len(p.slots) {
		old := p.slots
		p.slots = make([]uint64, 2*len(old))
		for _, k := range old {
			p.pauses.Spend(1)
			if k != 0 {
				p.slots[p.find(k)] = k
			}
		}
	}
	var packed uint64
	for _, v := range row {
		packed = packed<<32 | uint64(v)
	}
	i := p.find(^packed)
	if p.slots[i] != 0 {
		return false
	}
	p.slots[i] = ^packed
	p.n++
	return true
}

func (p *Pairs) find(k uint64) int {
	mask := len(p.slots) - 1
	i := int(Mix(k^p.seed)) & mask
	for p.slots[i] != 0 && p.slots[i] != k {
		i = (i + 1) & mask
	}
	return i
}
