package value

import (
	"math"
	"strconv"

	"github.com/rune-authz/rune/engine/internal/source"
)

// MaxDepth is how deep sets and records nest at most, in values as in every text that is read.
const MaxDepth = 200

// MaxWeight bounds [Table.Weight]. Handles share what they hold, so that a rule which puts a value twice into the next doubles the text
// of its values at each step while the table hardly grows.
const MaxWeight = 64 << 20

// The codes of values that rules may not make.
const (
	CodeDepth  source.Code = "value.depth"
	CodeWeight source.Code = "value.size"
)

// Bounded raises where a set or record that was just built nests deeper than [MaxDepth] or weighs more than [MaxWeight]. Whoever builds
// sets and records from other values calls it: comparing and writing values recurse by depth and work by weight.
func (t *Table) Bounded(v Value) *Fault {
	if t.Depth(v) > MaxDepth {
		return &Fault{Code: CodeDepth, Message: "a " + v.Kind().String() + " nests deeper than " + strconv.Itoa(MaxDepth)}
	}
	if t.Weight(v) > MaxWeight {
		return &Fault{Code: CodeWeight, Message: "a " + v.Kind().String() + " of more than " + strconv.Itoa(MaxWeight) + " bytes is too large"}
	}
	return nil
}

// Depth returns how deep sets and records nest in v: 0 for other values, 1 for [1].
func (t *Table) Depth(v Value) int {
	switch v.Kind() {
	case KindSet:
		return int(t.lists[0].depth[v.index()])
	case KindRecord:
		return int(t.lists[1].depth[v.index()])
	}
	return 0
}

// Weight returns about the length of v's text, escapes left out.
func (t *Table) Weight(v Value) int {
	switch v.Kind() {
	case KindString:
		return len(t.Text(v)) + 2
	case KindEntity:
		return len(t.Text(t.EntityType(v))) + len(t.Text(t.EntityID(v))) + 4
	case KindSet:
		return int(t.lists[0].weight[v.index()])
	case KindRecord:
		return int(t.lists[1].weight[v.index()])
	}
	return 20
}

// measure returns depth and weight of a list of values, saturated.
func (t *Table) measure(items []Value) (depth uint16, weight uint32) {
	deepest, sum := 0, 2
	for _, v := range items {
		deepest = max(deepest, t.Depth(v))
		sum = min(sum+t.Weight(v)+2, math.MaxUint32)
	}
	return uint16(min(deepest+1, math.MaxUint16)), uint32(sum)
}
