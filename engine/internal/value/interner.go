package value

import "slices"

// interner is the open-addressed index from content to the entries of one slab. Entries are numbered from 0 in the order
// of insertion; the slab itself belongs to the caller, who compares contents.
type interner struct {
	slots  []uint32 // 0, or entry + 1 in as many low bits as the number of slots has, and above them the bits of its hash
	hashes []uint32 // by entry
}

// find returns the entry with the hash for which same answers true.
func (in *interner) find(hash uint32, same func(entry uint32) bool) (uint32, bool) {
	if len(in.slots) == 0 {
		return 0, false
	}
	mask := uint32(len(in.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := in.slots[i]
		if s == 0 {
			return 0, false
		}
		if e := s&mask - 1; (s^hash)&^mask == 0 && same(e) {
			return e, true
		}
	}
}

// add numbers a new entry, which must not be there yet.
func (in *interner) add(hash uint32) uint32 {
	e := uint32(len(in.hashes))
	if e >= payload>>1 {
		panic(tableFull{})
	}
	in.hashes = push(in.hashes, hash)
	if len(in.hashes)*4 > len(in.slots)*3 {
		in.rebuild(max(16, 2*len(in.slots)))
	} else {
		in.place(e)
	}
	return e
}

func (in *interner) place(e uint32) {
	mask := uint32(len(in.slots) - 1)
	hash := in.hashes[e]
	i := hash & mask
	for in.slots[i] != 0 {
		i = (i + 1) & mask
	}
	in.slots[i] = hash&^mask | (e + 1)
}

// rebuild places all entries in a table of size slots, in order, so that truncate may take them out in reverse.
func (in *interner) rebuild(size int) {
	in.slots = make([]uint32, size)
	for e := range in.hashes {
		in.place(uint32(e))
	}
}

// truncate forgets the entries from n on. Entries were placed in order, so clearing in reverse leaves every probe
// sequence as it was.
func (in *interner) truncate(n int) {
	if n == len(in.hashes) {
		return
	}
	mask := uint32(len(in.slots) - 1)
	for e := len(in.hashes) - 1; e >= n; e-- {
		i := in.hashes[e] & mask
		for in.slots[i]&mask != uint32(e)+1 {
			i = (i + 1) & mask
		}
		in.slots[i] = 0
	}
	in.hashes = in.hashes[:n]
}

// push appends to a slab that doubles when it is full: append would leave four times its size in slices that it outgrew.
func push[T any](slab []T, v T) []T {
	if len(slab) == cap(slab) {
		slab = slices.Grow(slab, max(16, len(slab)))
	}
	return append(slab, v)
}

func (in *interner) bytes() int { return 4 * (cap(in.slots) + cap(in.hashes)) }

type tableFull struct{}

func (tableFull) Error() string { return "value table is full" }
