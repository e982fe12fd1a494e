package relation

import (
	"math/bits"
	"slices"

	"github.com/rune-authz/rune/engine/internal/value"
)

// Index finds the rows of a relation that have given values in some columns. An index on no columns finds all rows.
type Index struct {
	rel     *Relation
	columns []int
	slots   []uint32 // open-addressed, of buckets
	buckets []bucket
	ids     []uint32 // the buckets' row numbers
	wasted  int      // places in ids that no bucket has
	unused  []uint32 // buckets that lost their last row
	hashed  []value.Value
}

// bucket is the rows of one key: ids[at:at+n()], with room for cap().
type bucket struct{ at, size uint32 }

// Bits of a bucket's size beside the number of rows.
const (
	isSorted uint32 = 1 << 31
	// isMoved: the bucket was full once, and lies where it has room for a power of two of rows.
	isMoved uint32 = 1 << 30
)

func (b *bucket) n() uint32 { return b.size &^ (isSorted | isMoved) }

func (b *bucket) cap() uint32 {
	n := b.n()
	if b.size&isMoved == 0 {
		return n
	}
	return 1 << bits.Len32(n-1)
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
	ix.slots, ix.buckets, ix.unused, ix.wasted = nil, nil, nil, 0
	if len(ix.columns) == 1 {
		if of := ix.rel.count(ix.columns[0]); len(of) > 0 {
			ix.buildByNumber(ix.columns[0], of)
			return
		}
	}
	ix.buildByHash()
}

// buildByNumber is for a key of one column, of whose values it is given how many rows they are in; it goes on to use that slice.
func (ix *Index) buildByNumber(column int, of []uint32) {
	r := ix.rel
	keys := 0
	for _, size := range of {
		if size > 0 {
			keys++
		}
	}
	buckets := make([]bucket, 0, keys)
	at := uint32(0)
	for i, size := range of {
		if size > 0 {
			of[i] = uint32(len(buckets))
			buckets = append(buckets, bucket{at: at})
			at += size
		}
	}
	ids, rows := make([]uint32, at), r.rows[:r.top*r.arity]
	for id := 0; id < r.top; id += stretch {
		end := min(id+stretch, r.top)
		r.pauses.Spend(end - id)
		for n := id; n < end; n++ {
			if r.gone != nil && r.gone[n] {
				continue
			}
			b := &buckets[of[rows[n*r.arity+column].Number()]]
			ids[b.at+b.size] = uint32(n)
			b.size++
		}
	}
	ix.slots, ix.buckets, ix.ids = make([]uint32, slotsFor(keys)), buckets, ids
	for i := range buckets {
		r.pauses.Spend(1)
		place(ix.slots, ix.hashBucket(uint32(i)), uint32(i))
	}
}

func (ix *Index) buildByHash() {
	r := ix.rel
	ix.slots = make([]uint32, slotsFor(0))
	of := make([]uint32, r.top)
	for id := range uint32(r.top) {
		r.pauses.Spend(1)
		if r.Alive(id) {
			b := ix.bucketOf(id)
			of[id] = b
			ix.buckets[b].size++
		}
	}
	at := uint32(0)
	for i := range ix.buckets {
		b := &ix.buckets[i]
		b.at, b.size, at = at, 0, at+b.size
	}
	ids := make([]uint32, at)
	for id := range uint32(r.top) {
		if r.Alive(id) {
			b := &ix.buckets[of[id]]
			ids[b.at+b.size] = id
			b.size++
		}
	}
	ix.ids, ix.buckets = ids, slices.Clip(ix.buckets)
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
	h := ix.hashRow(id)
	t := tag(h, mask)
	for i := int(h) & mask; ; i = (i + 1) & mask {
		e := ix.slots[i]
		if e == 0 {
			ix.buckets = append(ix.buckets, bucket{at: id})
			ix.slots[i] = t | uint32(len(ix.buckets))
			return uint32(len(ix.buckets) - 1)
		}
		if b := e&uint32(mask) - 1; e&^uint32(mask) == t && ix.sameKey(ix.buckets[b].at, id) {
			return b
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
		return ix.rows(b)
	}
	return nil
}

func (ix *Index) rows(b *bucket) []uint32 { return ix.ids[b.at : b.at+b.n() : b.at+b.n()] }

// Sorted is Find with the rows in the order of their values, which doesn't depend on how the relation came to hold them.
func (ix *Index) Sorted(t *value.Table, key []value.Value) []uint32 {
	_, b := ix.find(key)
	return ix.sorted(t, b)
}

// SortedBy is Sorted for an index on one column.
func (ix *Index) SortedBy(t *value.Table, v value.Value) []uint32 {
	return ix.sorted(t, ix.findOne(v))
}

func (ix *Index) sorted(t *value.Table, b *bucket) []uint32 {
	if b == nil {
		return nil
	}
	ids := ix.rows(b)
	if b.size&isSorted == 0 {
		slices.SortFunc(ids, func(x, y uint32) int {
			ix.rel.pauses.Spend(1)
			return compareRows(t, ix.rel.Row(x), ix.rel.Row(y))
		})
		b.size |= isSorted
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
	h := hash(ix.rel.seed, key)
	t := tag(h, mask)
	for i := int(h) & mask; ; i = (i + 1) & mask {
		e := ix.slots[i]
		if e == 0 {
			return i, nil
		}
		if e&^uint32(mask) != t {
			continue
		}
		b := &ix.buckets[e&uint32(mask)-1]
		if ix.hasKey(ix.ids[b.at], key) {
			return i, b
		}
	}
}

// findOne is find for an index on one column.
func (ix *Index) findOne(v value.Value) *bucket {
	mask := len(ix.slots) - 1
	h := hashOne(ix.rel.seed, v)
	t := tag(h, mask)
	rows, arity, column := ix.rel.rows, ix.rel.arity, ix.columns[0]
	for i := int(h) & mask; ; i = (i + 1) & mask {
		e := ix.slots[i]
		if e == 0 {
			return nil
		}
		if e&^uint32(mask) != t {
			continue
		}
		b := &ix.buckets[e&uint32(mask)-1]
		if rows[int(ix.ids[b.at])*arity+column] == v {
			return b
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
	if b.n() == b.cap() {
		ix.relocate(b)
	}
	ix.ids[b.at+b.n()] = id
	b.size = (b.size + 1) &^ isSorted
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
	ix.buckets[n] = bucket{at: at, size: 1}
	ix.slots[slot] = tag(ix.hashRow(id), len(ix.slots)-1) | (n + 1)
	if used := len(ix.buckets) - len(ix.unused); slotsFor(used+1) > len(ix.slots) {
		ix.slots = make([]uint32, 2*len(ix.slots))
		for i := range ix.buckets {
			ix.rel.pauses.Spend(1)
			if ix.buckets[i].n() > 0 {
				place(ix.slots, ix.hashBucket(uint32(i)), uint32(i))
			}
		}
	}
}

// relocate moves a full bucket to the end, where it has more room. What it leaves stays as it was for whoever reads it.
func (ix *Index) relocate(b *bucket) {
	n := b.n()
	ix.wasted += int(n)
	at := uint32(len(ix.ids))
	ix.ids = append(ix.ids, ix.rows(b)...)
	ix.ids = append(ix.ids, make([]uint32, 1<<bits.Len32(n)-n)...)
	b.at, b.size = at, n|isMoved
}

// remove takes out a row that the relation is about to delete.
func (ix *Index) remove(id uint32) {
	slot, b := ix.find(ix.key(id))
	room := b.cap()
	if b.n() == 1 {
		n := ix.slots[slot]&uint32(len(ix.slots)-1) - 1
		vacate(ix.slots, slot, ix.hashBucket)
		*b = bucket{}
		ix.unused = append(ix.unused, n)
		ix.wasted += int(room)
	} else {
		ids := ix.rows(b)
		i := slices.Index(ids, id)
		copy(ids[i:], ids[i+1:])
		b.size--
		ix.wasted += int(room - b.cap())
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
		ids = append(ids, ix.rows(b)...)
		b.at, b.size = at, b.size&^isMoved
	}
	ix.ids, ix.wasted = ids, 0
}
