package relation

import (
	"math/bits"

	"github.com/rune-authz/rune/engine/internal/value"
)

// hash mixes a row's handles. Longs are chosen by whoever writes a request, and their handles are their values, so that the seed, which
// nobody outside knows, takes part in every step.
func hash(seed uint64, row []value.Value) uint64 {
	h := seed
	for _, v := range row {
		h = Mix(h ^ uint64(v)*0x9e3779b97f4a7c15)
	}
	return h
}

// hashOne is hash of one handle.
func hashOne(seed uint64, v value.Value) uint64 { return Mix(seed ^ uint64(v)*0x9e3779b97f4a7c15) }

// Mix is a bijection of 64 bits in which every bit of the argument changes about half of the result's (Stafford's variant 13 of the
// finaliser of MurmurHash3).
func Mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// slotsFor is the size of an open-addressed table for n entries: a power of two, at most three quarters full.
func slotsFor(n int) int { return max(8, 1<<bits.Len(uint(n+n/3))) }

// A slot of an open-addressed table of entries is 0, or holds in as many low bits as the table's size has the entry's number plus one, and
// above them bits of its hash, so that entries of other content are hardly ever looked at.

// tag returns the bits of a hash that slots have under a mask.
func tag(h uint64, mask int) uint32 { return uint32(h>>32) &^ uint32(mask) }

// place puts an entry that isn't there into the first free slot of its probe sequence.
func place(slots []uint32, h uint64, entry uint32) {
	mask := len(slots) - 1
	i := int(h) & mask
	for slots[i] != 0 {
		i = (i + 1) & mask
	}
	slots[i] = tag(h, mask) | (entry + 1)
}

// vacate empties a slot and moves the entries after it up, so that no probe sequence has a gap.
func vacate(slots []uint32, slot int, hashOf func(entry uint32) uint64) {
	mask := len(slots) - 1
	slots[slot] = 0
	for i := (slot + 1) & mask; slots[i] != 0; i = (i + 1) & mask {
		home := int(hashOf(slots[i]&uint32(mask)-1)) & mask
		if (i-home)&mask >= (i-slot)&mask {
			slots[slot], slots[i] = slots[i], 0
			slot = i
		}
	}
}
