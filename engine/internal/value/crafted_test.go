package value

import (
	"fmt"
	"testing"
)

// knownKey is the key that who crafts values takes the table's to be.
var knownKey = Key{0x0706050403020100, 0x0f0e0d0c0b0a0908}

const (
	craftedCount = 1000
	craftedMask  = 1<<11 - 1 // of a table's slots with so many entries
)

// crafted returns candidates that all begin their search in the same slot of a table with the known key.
func crafted[C any](candidate func(i int) C, hash func(C) uint32) (out []C) {
	for i := 0; len(out) < craftedCount; i++ {
		if c := candidate(i); hash(c)&craftedMask == 0 {
			out = append(out, c)
		}
	}
	return out
}

// displaced returns how many slots further than where the search for it begins an entry lies, at most and on average.
func (in *interner) displaced() (most, mean int) {
	mask, n := uint32(len(in.slots)-1), 0
	for i, s := range in.slots {
		if s != 0 {
			d := int((uint32(i) - in.hashes[s&mask-1]) & mask)
			most, mean, n = max(most, d), mean+d, n+1
		}
	}
	return most, mean / max(n, 1)
}

// TestTable_crafted checks that values which were crafted against one key make a table with that key slow, and none with another,
// whether a document brings them or a request. Slots that are searched are counted, in the worst of many keys.
func TestTable_crafted(t *testing.T) {
	texts := crafted(func(i int) string { return fmt.Sprintf("user-%d", i) }, knownKey.hashString)
	longs := crafted(func(i int) int64 { return 1<<40 + int64(i) }, func(n int64) uint32 { return knownKey.hashPair(uint64(n), 0) })
	for _, kind := range []struct {
		name  string
		fill  func(tab *Table)
		index func(tab *Table) *interner
	}{
		{"strings", func(tab *Table) {
			for _, s := range texts {
				tab.String(s)
			}
		}, func(tab *Table) *interner { return &tab.strings.interner }},
		{"longs", func(tab *Table) {
			for _, n := range longs {
				tab.Long(n)
			}
		}, func(tab *Table) *interner { return &tab.scalars[0].interner }},
		{"entities", func(tab *Table) { // handles are numbered, so that nobody chooses them
			typ := tab.String("User")
			for _, s := range texts {
				tab.Entity(typ, tab.String(s))
			}
		}, func(tab *Table) *interner { return &tab.entities.interner }},
		{"records", func(tab *Table) {
			key := tab.String("id")
			for _, n := range longs {
				tab.Record([]Value{key, tab.Long(n)})
			}
		}, func(tab *Table) *interner { return &tab.lists[1].interner }},
	} {
		for i := range 100 {
			tab := NewTable(Key{uint64(i) * 0x9e3779b97f4a7c15, uint64(i)})
			tab.String("what documents hold")
			mark := tab.Mark()
			for range 2 { // the second is a request after another
				kind.fill(tab)
				if most, mean := kind.index(tab).displaced(); most > 100 || mean > 4 {
					t.Errorf("%s, key %d: %d slots further at most, %d on average", kind.name, i, most, mean)
				}
				tab.Reset(mark)
			}
		}
	}
	for name, in := range map[string]*interner{"strings": {}, "longs": {}} {
		for i := range craftedCount {
			switch name {
			case "longs":
				in.add(knownKey.hashPair(uint64(longs[i]), 0))
			default:
				in.add(knownKey.hashString(texts[i]))
			}
		}
		if _, mean := in.displaced(); mean < craftedCount/4 {
			t.Errorf("%s aren't crafted: %d slots further on average", name, mean)
		}
	}
}

// TestNames_crafted is the same for maps with texts of requests as keys.
func TestNames_crafted(t *testing.T) {
	texts := crafted(func(i int) string { return fmt.Sprintf("user-%d", i) }, knownKey.hashString)
	for i := range 100 {
		names := NewNames[int](NewTable(Key{uint64(i) * 0x9e3779b97f4a7c15, uint64(i)}))
		for n, s := range texts {
			names.Set(s, n)
		}
		if most, mean := names.index.displaced(); most > 100 || mean > 4 {
			t.Errorf("key %d: %d slots further at most, %d on average", i, most, mean)
		}
	}
}
