package join

import (
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// keys numbers the keys of some columns from 0, in the order in which they come. A key of one column whose values lie close together is
// found by its place among them, any other by a hash.
type keys struct {
	width  int
	seed   uint64
	n      int
	values []value.Value // key after key
	slots  []uint32      // a key's number plus one, or 0
	low    value.Value   // of direct
	direct []uint32      // by value less low: the key's number plus one, or 0
}

func newKeys(width int, seed uint64) *keys {
	return &keys{width: width, seed: seed, slots: make([]uint32, 16)}
}

// closeUp makes the keys be found by their place, where they are of one column and lie from low to high.
func (k *keys) closeUp(low, high value.Value) {
	k.low, k.direct, k.slots = low, make([]uint32, high-low+1), nil
}

// find returns a key's number plus one, or 0.
func (k *keys) find(key []value.Value) uint32 {
	if k.width == 1 {
		return k.find1(key[0])
	}
	return k.slots[k.slot(key)]
}

// find1 is find for keys of one column.
func (k *keys) find1(v value.Value) uint32 {
	if k.direct != nil {
		if i := uint32(v - k.low); i < uint32(len(k.direct)) {
			return k.direct[i]
		}
		return 0
	}
	mask := len(k.slots) - 1
	for i := int(relation.Mix(k.seed^uint64(v))) & mask; ; i = (i + 1) & mask {
		if n := k.slots[i]; n == 0 || k.values[n-1] == v {
			return n
		}
	}
}

// slot returns the place of a key, or the one where it would be.
func (k *keys) slot(key []value.Value) int {
	mask := len(k.slots) - 1
	for i := int(k.hash(key)) & mask; ; i = (i + 1) & mask {
		if n := k.slots[i]; n == 0 || equal(k.values[int(n-1)*k.width:], key) {
			return i
		}
	}
}

func (k *keys) hash(key []value.Value) uint64 {
	h := k.seed
	for _, v := range key {
		h = relation.Mix(h ^ uint64(v))
	}
	return h
}

// equal reports whether a begins with b.
func equal(a, b []value.Value) bool {
	for i, v := range b {
		if a[i] != v {
			return false
		}
	}
	return true
}

// number returns a key's number, which it gives it if it has none.
func (k *keys) number(key []value.Value) uint32 {
	if k.direct != nil {
		d := &k.direct[key[0]-k.low]
		if *d == 0 {
			k.n++
			*d = uint32(k.n)
		}
		return *d - 1
	}
	i := k.slot(key)
	if k.slots[i] != 0 {
		return k.slots[i] - 1
	}
	k.values = append(k.values, key...)
	k.n++
	k.slots[i] = uint32(k.n)
	if 4*k.n >= 3*len(k.slots) {
		k.slots = make([]uint32, 2*len(k.slots))
		for n := range k.n {
			k.slots[k.slot(k.values[n*k.width:(n+1)*k.width])] = uint32(n + 1)
		}
	}
	return uint32(k.n - 1)
}
