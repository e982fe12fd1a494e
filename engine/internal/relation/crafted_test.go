package relation

import (
	"testing"

	"github.com/rune-authz/rune/engine/internal/value"
)

// displaced returns how many slots further than where the search for it begins an entry lies, at most and on average.
func displaced(slots int, entry func(slot int) (h uint64, ok bool)) (most, mean int) {
	n := 0
	for i := range slots {
		if h, ok := entry(i); ok {
			d := (i - int(h)) & (slots - 1)
			most, mean, n = max(most, d), mean+d, n+1
		}
	}
	return most, mean / max(n, 1)
}

func displacedOf(slots []uint32, hashOf func(entry uint32) uint64) (most, mean int) {
	return displaced(len(slots), func(i int) (uint64, bool) {
		e := slots[i] & uint32(len(slots)-1)
		if e == 0 {
			return 0, false
		}
		return hashOf(e - 1), true
	})
}

// TestCrafted checks that rows which were crafted against one seed make hash tables with that seed slow, and none with another. Longs are the
// values whose handles a client chooses.
func TestCrafted(t *testing.T) {
	const known, count, mask = 0x0706050403020100, 1000, 1<<11 - 1
	tab := value.NewTable(value.Key{})
	for _, shape := range []struct {
		name string
		row  func(n int64) []value.Value
		hash func(seed uint64, row []value.Value) uint64
	}{
		{"one long", func(n int64) []value.Value { return longs(tab, n) }, hash},
		{"two, the first the same", func(n int64) []value.Value { return longs(tab, 7, n) }, hash},
		{"two, the last the same", func(n int64) []value.Value { return longs(tab, n, 7) }, hash},
		{"pair", func(n int64) []value.Value { return longs(tab, n, 7) }, func(seed uint64, row []value.Value) uint64 {
			return Mix(^(uint64(row[0])<<32 | uint64(row[1])) ^ seed)
		}},
		{"number", func(n int64) []value.Value { return longs(tab, n) }, func(seed uint64, row []value.Value) uint64 {
			return NewNumbers(seed).hash(row[0])
		}},
	} {
		var rows [][]value.Value
		for n := int64(0); len(rows) < count; n++ {
			if row := shape.row(n); shape.hash(known, row)&mask == 0 {
				rows = append(rows, row)
			}
		}
		for i := range 101 {
			seed := value.NewTable(value.Key{uint64(i), 1}).Seed()
			if i == 100 {
				seed = known
			}
			most, mean := crowd(shape.name, seed, rows)
			if i < 100 && (most > 100 || mean > 4) {
				t.Errorf("%s, seed %d: %d slots further at most, %d on average", shape.name, i, most, mean)
			}
			if i == 100 && mean < count/4 {
				t.Errorf("%s: the rows aren't crafted: %d slots further on average", shape.name, mean)
			}
		}
	}
}

// crowd fills a table with rows.
func crowd(shape string, seed uint64, rows [][]value.Value) (most, mean int) {
	switch shape {
	case "pair":
		p := NewPairs(seed, nil)
		for _, row := range rows {
			p.Add(row)
		}
		return displaced(len(p.slots), func(i int) (uint64, bool) { return Mix(p.slots[i] ^ seed), p.slots[i] != 0 })
	case "number":
		n := NewNumbers(seed)
		for _, row := range rows {
			n.Of(row[0])
		}
		return displacedOf(n.slots, func(e uint32) uint64 { return n.hash(n.values[e]) })
	}
	r := New(len(rows[0]), seed, nil)
	for _, row := range rows {
		r.Insert(row)
	}
	ix := r.Index([]int{len(rows[0]) - 1})
	most, mean = displacedOf(r.slots, func(e uint32) uint64 { return hash(seed, r.Row(e)) })
	ixMost, ixMean := displacedOf(ix.slots, ix.hashBucket)
	return max(most, ixMost), max(mean, ixMean)
}
