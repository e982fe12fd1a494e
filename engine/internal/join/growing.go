package join

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Growing is the distinct rows of a predicate that is being derived. Rows are numbered in the order in which they come.
type Growing struct {
	arity  int
	seed   uint64
	pauses *relation.Pauses
	rows   []value.Value
	n      int
	pairs  []uint64 // of at most two columns: the complement of the packed row, or 0, open-addressed
	narrow *matrix  // instead of pairs
	slots  []uint32 // of more columns: the row's number plus one, or 0
	chains []*chain
	row    []value.Value
	// Rows numbered below Old were new before the last round, those below Top in it.
	Old, Top int
}

// NewGrowing returns an empty set of rows.
func (s *Tables) NewGrowing(arity int) *Growing {
	g := &Growing{arity: arity, seed: s.Seed, pauses: s.Pauses, row: make([]value.Value, arity)}
	if arity <= 2 {
		g.pairs = make([]uint64, 16)
	} else {
		g.slots = make([]uint32, 16)
	}
	return g
}

// Within says in which ranges the columns of an empty set lie, and how many rows there are that they come from.
func (g *Growing) Within(columns []Range, rows int) {
	if g.arity == 2 {
		g.narrow = newMatrix(columns[0], columns[1], rows)
	}
}

// Len returns the number of rows.
func (g *Growing) Len() int { return g.n }

// Rows returns the rows, row after row.
func (g *Growing) Rows() []value.Value { return g.rows }

// Advance begins a round, in which what came since the last is news, and reports whether there is any.
func (g *Growing) Advance() bool {
	g.Old, g.Top = g.Top, g.n
	for _, c := range g.chains {
		c.extend(g)
	}
	return g.Old < g.Top
}

// Insert adds a row.
func (g *Growing) Insert(row []value.Value) {
	copy(g.row, row)
	g.add()
}

// Add adds the rows that some columns make of a batch, and returns how many were new.
func (g *Growing) Add(b *Batch, columns []Operand) int {
	before := g.n
	if g.arity == 2 && columns[0].Var >= 0 && columns[1].Var >= 0 {
		g.addPairs(b.Cols[columns[0].Var][:b.N], b.Cols[columns[1].Var][:b.N])
		return g.n - before
	}
	for i := range b.N {
		for k, c := range columns {
			g.row[k] = c.Of(b, i)
		}
		g.add()
	}
	return g.n - before
}

// add adds g.row.
func (g *Growing) add() {
	if g.arity > 2 {
		g.addWide()
		return
	}
	if g.narrow != nil {
		g.addPairs(g.row[:1], g.row[1:])
		return
	}
	var packed uint64
	for _, v := range g.row {
		packed = packed<<32 | uint64(v)
	}
	if g.addPacked(^packed) {
		g.rows = append(g.rows, g.row...)
	}
}

// addPairs adds rows of two columns.
func (g *Growing) addPairs(xs, ys []value.Value) {
	if g.narrow != nil {
		g.rows = g.narrow.addNew(g.rows, xs, ys)
		g.n = len(g.rows) / 2
		return
	}
	for g.n+len(xs) >= len(g.pairs)/4*3 {
		g.widenPairs()
	}
	pairs, seed, rows := g.pairs, g.seed, g.rows
	mask := uint64(len(pairs) - 1)
	ys = ys[:len(xs)]
	for i, x := range xs {
		y := ys[i]
		k := ^(uint64(x)<<32 | uint64(y))
		at := relation.Mix(k^seed) & mask
		for pairs[at] != 0 && pairs[at] != k {
			at = (at + 1) & mask
		}
		if pairs[at] == 0 {
			pairs[at] = k
			rows = append(rows, x, y)
		}
	}
	g.rows, g.n = rows, len(rows)/2
}

func (g *Growing) addPacked(k uint64) bool {
	if g.n+1 >= len(g.pairs)/4*3 {
		g.widenPairs()
	}
	i := g.findPacked(k)
	if g.pairs[i] != 0 {
		return false
	}
	g.pairs[i] = k
	g.n++
	return true
}

func (g *Growing) findPacked(k uint64) int {
	mask := len(g.pairs) - 1
	i := int(relation.Mix(k^g.seed)) & mask
	for g.pairs[i] != 0 && g.pairs[i] != k {
		i = (i + 1) & mask
	}
	return i
}

func (g *Growing) widenPairs() {
	old := g.pairs
	g.pairs = make([]uint64, 2*len(old))
	for _, k := range old {
		g.pauses.Spend(1)
		if k != 0 {
			g.pairs[g.findPacked(k)] = k
		}
	}
}

// addWide adds g.row, which has more than two columns.
func (g *Growing) addWide() {
	i := g.slotOf(g.row)
	if g.slots[i] != 0 {
		return
	}
	g.rows = append(g.rows, g.row...)
	g.n++
	g.slots[i] = uint32(g.n)
	if 4*g.n < 3*len(g.slots) {
		return
	}
	g.slots = make([]uint32, 2*len(g.slots))
	for n := range g.n {
		g.pauses.Spend(1)
		g.slots[g.slotOf(g.rows[n*g.arity:(n+1)*g.arity])] = uint32(n + 1)
	}
}

func (g *Growing) slotOf(row []value.Value) int {
	h := g.seed
	for _, v := range row {
		h = relation.Mix(h ^ uint64(v))
	}
	mask := len(g.slots) - 1
	for i := int(h) & mask; ; i = (i + 1) & mask {
		if n := g.slots[i]; n == 0 || equal(g.rows[int(n-1)*g.arity:], row) {
			return i
		}
	}
}

// chain finds the rows below Top of a growing predicate by the columns of a key: those of one key are linked, the last first.
type chain struct {
	columns []int
	keys    *keys
	heads   []uint32 // by number of the key: its last row's number plus one
	next    []uint32 // by row: the number plus one of the one before, or 0
}

// chain returns the chain over some columns.
func (g *Growing) chain(columns []int) *chain {
	for _, c := range g.chains {
		if slices.Equal(c.columns, columns) {
			return c
		}
	}
	c := &chain{columns: columns, keys: newKeys(len(columns), g.seed)}
	c.extend(g)
	g.chains = append(g.chains, c)
	return c
}

// extend links the rows that have come below Top.
func (c *chain) extend(g *Growing) {
	key := make([]value.Value, len(c.columns))
	for id := len(c.next); id < g.Top; id++ {
		g.pauses.Spend(1)
		for i, column := range c.columns {
			key[i] = g.rows[id*g.arity+column]
		}
		n := c.keys.number(key)
		if int(n) == len(c.heads) {
			c.heads = append(c.heads, 0)
		}
		c.next = append(c.next, c.heads[n])
		c.heads[n] = uint32(id + 1)
	}
}

// head returns the number plus one of the last row of a key below high, or 0.
func (c *chain) head(key []value.Value, high int) uint32 {
	n := c.keys.find(key)
	if n == 0 {
		return 0
	}
	return c.below(c.heads[n-1], high)
}

func (c *chain) below(at uint32, high int) uint32 {
	for int(at) > high {
		at = c.next[at-1]
	}
	return at
}
