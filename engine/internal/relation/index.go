package relation

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/value"
)

// Index finds the rows of a relation that have given values in some columns. An index on no columns finds all rows.
type Index struct {
	rel     *Relation
	columns []int
	slots   []uint32 // open-addressed: bucket + 1, or 0
	buckets []bucket
	ids     []uint32 // the buckets' row numbers
	wasted  int      // places in ids that no bucket has
	unused  []uint32 // buckets that lost their last row
	hashed  []value.Value
}

// bucket is the rows of one key: ids[at:at+n], with room for cap.
type bucket struct {
	at, n, cap uint32
	sorted     bool
}

// Index returns the index on some columns, which are given in ascending order.
func (r *Relation) Index(columns []int) *Index {
	for _, ix := range r.indexes {
		if slices.Equal(ix.columns, columns) {
			return ix
		}
	}
	ix := &Index{rel: r, columns: slices.Clone(columns)}
	ix.build()
	r.indexes = append(r.indexes, ix)
	return ix
}

// Relation returns the relation that the index is on.
func (ix *Index) Relation() *Relation { return ix.rel }

// build fills the index in two passes: the buckets' sizes, then their rows.
func (ix *Index) build() {
	r := ix.rel
	ix.slots, ix.buckets, ix.unused, ix.wasted = make([]uint32, slotsFor(0)), nil, nil, 0
	of := make([]uint32, r.top)
	for id := range uint32(r.top) {
		r.pauses.Spend(1)
		if r.Alive(id) {
			b := ix.bucketOf(id)
			of[id] = b
			ix.buckets[b].n++
		}
	}
	at := uint32(0)
	for i := range ix.buckets {
		b := &ix.buckets[i]
		b.at, b.cap, b.n, at = at, b.n, 0, at+b.n
	}
	ids := make([]uint32, at)
	for id := range uint32(r.top) {
		if r.Alive(id) {
			b := &ix.buckets[of[id]]
			ids[b.at+b.n] = id
			b.n++
		}
	}
	ix.ids = ids
}

// bucketOf finds or makes the bucket of a row's key while the index is built: until then at is the bucket's first row.
func (ix *Index) bucketOf(id uint32) uint32 {
	if slotsFor(len(ix.buckets)+1) > len(ix.slots) {
		ix.slots = make([]uint32, 2*len(ix.slots))
		for i := range ix.buckets {
			ix.rel.pauses.Spend(1)
			place(ix.slots, ix.hashRow(ix.buckets[i].at), uint32(i))
		}
	}
	mask := len(ix.slots) - 1
	for i := int(ix.hashRow(id)) & mask; ; i = (i + 1) & mask {
		e := ix.slots[i]
		if e == 0 {
			ix.buckets = append(ix.buckets, bucket{at: id})
			ix.slots[i] = uint32(len(ix.buckets))
			return uint32(len(ix.buckets) - 1)
		}
		if ix.sameKey(ix.buckets[e-1].at, id) {
			return e - 1
		}
	}
}

func (ix *Index) hashRow(id uint32) uint64 {
	row := ix.rel.Row(id)
	ix.hashed = ix.hashed[:0]
	for _, c := range ix.columns {
		ix.hashed = append(ix.hashed, row[c])
	}
	return hash(ix.rel.seed, ix.hashed)
}

func (ix *Index) hashBucket(b uint32) uint64 { return ix.hashRow(ix.ids[ix.buckets[b].at]) }

func (ix *Index) sameKey(a, b uint32) bool {
	x, y := ix.rel.Row(a), ix.rel.Row(b)
	for _, c := range ix.columns {
		if x[c] != y[c] {
			return false
		}
	}
	return true
}

// Find returns the numbers of the rows that have the values of key in the index's columns, in no particular order. The slice stays
// as it is while rows are inserted, and is lost when one is deleted or when the same key is asked for with Sorted.
func (ix *Index) Find(key []value.Value) []uint32 {
	if _, b := ix.find(key); b != nil {
		return ix.ids[b.at : b.at+b.n : b.at+b.n]
	}
	return nil
}

// Sorted is Find with the rows in the order of their values, which doesn't depend on how the relation came to hold them.
func (ix *Index) Sorted(t *value.Table, key []value.Value) []uint32 {
	_, b := ix.find(key)
	if b == nil {
		return nil
	}
	ids := ix.ids[b.at : b.at+b.n : b.at+b.n]
	if !b.sorted {
		slices.SortFunc(ids, func(x, y uint32) int {
			ix.rel.pauses.Spend(1)
			return compareRows(t, ix.rel.Row(x), ix.rel.Row(y))
		})
		b.sorted = true
	}
	return ids
}

func compareRows(t *value.Table, a, b []value.Value) int {
	for i := range a {
		if a[i] != b[i] {
			return t.Compare(a[i], b[i])
		}
	}
	return 0
}

func (ix *Index) find(key []value.Value) (slot int, b *bucket) {
	mask := len(ix.slots) - 1
	for i := int(hash(ix.rel.seed, key)) & mask; ; i = (i + 1) & mask {
		e := ix.slots[i]
		if e == 0 {
			return i, nil
		}
		b := &ix.buckets[e-1]
		if ix.hasKey(ix.ids[b.at], key) {
			return i, b
		}
	}
}

func (ix *Index) hasKey(id uint32, key []value.Value) bool {
	row := ix.rel.Row(id)
	for i, c := range ix.columns {
		if row[c] != key[i] {
			return false
		}
	}
	return true
}

// key returns a row's key, until the next call.
func (ix *Index) key(id uint32) []value.Value {
	ix.hashRow(id)
	return ix.hashed
}

// insert adds a row of the relation.
func (ix *Index) insert(id uint32) {
	slot, b := ix.find(ix.key(id))
	if b == nil {
		ix.insertBucket(slot, id)
		return
	}
	if b.n == b.cap {
		ix.relocate(b)
	}
	ix.ids[b.at+b.n] = id
	b.n++
	b.sorted = false
}

func (ix *Index) insertBucket(slot int, id uint32) {
	at := uint32(len(ix.ids))
	ix.ids = append(ix.ids, id)
	n := uint32(len(ix.buckets))
	if u := len(ix.unused); u > 0 {
		n = ix.unused[u-1]
		ix.unused = ix.unused[:u-1]
	} else {
		ix.buckets = append(ix.buckets, bucket{})
	}
	ix.buckets[n] = bucket{at: at, n: 1, cap: 1}
	ix.slots[slot] = n + 1
	if used := len(ix.buckets) - len(ix.unused); slotsFor(used+1) > len(ix.slots) {
		ix.slots = make([]uint32, 2*len(ix.slots))
		for i := range ix.buckets {
			ix.rel.pauses.Spend(1)
			if ix.buckets[i].n > 0 {
				place(ix.slots, ix.hashBucket(uint32(i)), uint32(i))
			}
		}
	}
}

// relocate moves a full bucket to the end, where it has twice the room. What it leaves stays as it was for whoever reads it.
func (ix *Index) relocate(b *bucket) {
	ix.wasted += int(b.cap)
	at := uint32(len(ix.ids))
	ix.ids = append(ix.ids, ix.ids[b.at:b.at+b.n]...)
	ix.ids = append(ix.ids, make([]uint32, b.n)...)
	b.at, b.cap = at, 2*b.n
}

// remove takes out a row that the relation is about to delete.
func (ix *Index) remove(id uint32) {
	slot, b := ix.find(ix.key(id))
	if b.n == 1 {
		n := ix.slots[slot] - 1
		vacate(ix.slots, slot, ix.hashBucket)
		ix.wasted += int(b.cap)
		*b = bucket{}
		ix.unused = append(ix.unused, n)
	} else {
		ids := ix.ids[b.at : b.at+b.n]
		i := slices.Index(ids, id)
		copy(ids[i:], ids[i+1:])
		b.n--
	}
	if ix.wasted > 1024 && ix.wasted > len(ix.ids)/2 {
		ix.compact()
	}
}

// compact drops the places in ids that no bucket has.
func (ix *Index) compact() {
	ids := make([]uint32, 0, len(ix.ids)-ix.wasted)
	for i := range ix.buckets {
		b := &ix.buckets[i]
		at := uint32(len(ids))
		ids = append(ids, ix.ids[b.at:b.at+b.n]...)
		b.at, b.cap = at, b.n
	}
	ix.ids, ix.wasted = ids, 0
}
