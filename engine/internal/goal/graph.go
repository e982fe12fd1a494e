package goal

import (
	"math/bits"
	"slices"

	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// graph is all the hops of a closure, between numbered vertices. A closure whose hops may stand anywhere has one vertex for each value, and
// another two: value i has the vertex i before the hop by b, and i+shift after it.
type graph struct {
	numbers *relation.Numbers
	pauses  *relation.Pauses
	shift   uint32
	next    []uint32 // by vertex: where its targets begin
	targets []uint32
}

// uniform reports whether all hops may stand anywhere in a path.
func (c *closure) uniform() bool {
	before, after := true, true
	for i := range c.hops {
		k := c.hops[i].kind
		if k&hopBase == 0 {
			return false
		}
		if c.hops[i].rel.Len() > 0 {
			before, after = before && k&hopBefore != 0, after && k&hopAfter != 0
		}
	}
	return before || after || c.double
}

// graphOf collects the hops; where ordered, in an order that doesn't depend on how their relations came by their rows.
func (e *Evaluator) graphOf(c *closure, ordered bool) *graph {
	g := &graph{numbers: relation.NewNumbers(e.tableSet.seed), pauses: e.pauses}
	var edges [][2]uint32
	var kinds []hopKind
	for i := range c.hops {
		h := &c.hops[i]
		add := func(id uint32) {
			e.step(1)
			e.held += 16
			row := h.rel.Row(id)
			edges = append(edges, [2]uint32{g.numbers.Of(row[h.ends[0]]), g.numbers.Of(row[h.ends[1]])})
			kinds = append(kinds, h.kind)
		}
		e.eachHop(h, ordered, add)
	}
	n := uint32(len(g.numbers.Values()))
	if c.uniform() {
		g.join(int(n), edges)
		return g
	}
	g.shift = n
	var split [][2]uint32
	for i, x := range edges {
		if kinds[i]&hopBefore != 0 {
			split = append(split, x)
		}
		if kinds[i]&hopBase != 0 {
			split = append(split, [2]uint32{x[0], x[1] + n})
		}
		if kinds[i]&hopAfter != 0 {
			split = append(split, [2]uint32{x[0] + n, x[1] + n})
		}
	}
	for v := uint32(0); v < n && c.double; v++ {
		split = append(split, [2]uint32{v + n, v})
	}
	g.join(int(2*n), split)
	return g
}

func (e *Evaluator) eachHop(h *hop, ordered bool, f func(id uint32)) {
	if e.hopKey(h, -1, value.None); ordered || len(e.key) > 0 {
		for _, id := range e.allHops(h) {
			f(id)
		}
		return
	}
	for id := range uint32(h.rel.Top()) {
		if h.rel.Alive(id) {
			f(id)
		}
	}
}

// join sorts edges by where they begin.
func (g *graph) join(vertices int, edges [][2]uint32) {
	g.next, g.targets = make([]uint32, vertices+1), make([]uint32, len(edges))
	for _, x := range edges {
		g.next[x[0]+1]++
	}
	for v := range vertices {
		g.next[v+1] += g.next[v]
	}
	at := append([]uint32(nil), g.next...)
	for _, x := range edges {
		g.targets[at[x[0]]] = x[1]
		at[x[0]]++
	}
}

func (g *graph) from(v uint32) []uint32 { return g.targets[g.next[v]:g.next[v+1]] }

// components numbers the strongly connected components, each after those that it leads to (Tarjan 1972, with a stack of its own).
func (g *graph) components() (of []uint32, count int) {
	n := len(g.next) - 1
	of = make([]uint32, n)
	low, at := make([]uint32, n), append([]uint32(nil), g.next[:n]...)
	const unseen, open = 0, ^uint32(0)
	index := make([]uint32, n) // from 1 on
	var path, members []uint32
	seen := uint32(0)
	for root := range uint32(n) {
		if index[root] != unseen {
			continue
		}
		path = append(path, root)
		for len(path) > 0 {
			g.pauses.Spend(1)
			v := path[len(path)-1]
			if index[v] == unseen {
				seen++
				index[v], low[v], of[v] = seen, seen, open
				members = append(members, v)
			}
			if at[v] < g.next[v+1] {
				w := g.targets[at[v]]
				if index[w] == unseen {
					path = append(path, w)
					continue
				}
				at[v]++
				if of[w] == open {
					low[v] = min(low[v], low[w])
				}
				continue
			}
			path = path[:len(path)-1]
			if low[v] != index[v] {
				continue
			}
			for {
				w := members[len(members)-1]
				members = members[:len(members)-1]
				of[w] = uint32(count)
				if w == v {
					break
				}
			}
			count++
		}
	}
	return of, count
}

// mostBits bounds the matrix of a closure: 8 MiB.
const mostBits = 1 << 26

// matrix closes the graph: a row of bits for each component, one for each value. It returns nil where that would be too large.
func (g *graph) matrix() *relation.Matrix {
	of, count := g.components()
	n := len(g.numbers.Values())
	words := (n + 63) / 64
	if count*words*64 > mostBits {
		return nil
	}
	m := &relation.Matrix{Numbers: g.numbers, RowOf: of[:n], Words: words, Bits: make([]uint64, count*words)}
	row := func(c uint32) []uint64 { return m.Bits[int(c)*words : int(c+1)*words] }
	members := make([][]uint32, count)
	for v := range uint32(len(of)) {
		members[of[v]] = append(members[of[v]], v)
	}
	done := make([]uint32, count) // the component, plus one, that has taken a component's row over
	for c := range uint32(count) {
		mine := row(c)
		for _, v := range members[c] {
			for _, w := range g.from(v) {
				if w >= g.shift {
					mine[(w-g.shift)>>6] |= 1 << ((w - g.shift) & 63)
				}
				if d := of[w]; d != c && done[d] != c+1 {
					done[d] = c + 1
					g.pauses.Spend(1 + words)
					for i, b := range row(d) {
						mine[i] |= b
					}
				}
			}
		}
	}
	return m
}

// closeAll gives all pairs of a closure to emit, until that returns false.
func (e *Evaluator) closeAll(c *closure, emit func(x, y value.Value) bool) {
	g := e.graphOf(c, true)
	if m := g.matrix(); m != nil {
		eachPair(m, emit)
	} else {
		e.searchAll(g, emit)
	}
}

func eachPair(m *relation.Matrix, emit func(x, y value.Value) bool) {
	values := m.Numbers.Values()
	for x := range values {
		for i, word := range m.Row(uint32(x)) {
			for ; word != 0; word &= word - 1 {
				if !emit(values[x], values[i<<6|bits.TrailingZeros64(word)]) {
					return
				}
			}
		}
	}
}

// pairs returns how many there are in a matrix.
func pairs(m *relation.Matrix) int {
	n := 0
	for x := range m.RowOf {
		for _, word := range m.Row(uint32(x)) {
			n += bits.OnesCount64(word)
		}
	}
	return n
}

// searchAll closes the graph by a search from each value.
func (e *Evaluator) searchAll(g *graph, emit func(x, y value.Value) bool) {
	values := g.numbers.Values()
	met := make([]uint32, len(g.next)-1) // the value, plus one, from which a vertex was met last
	var queue []uint32
	for x := range uint32(len(values)) {
		queue = append(queue[:0], x)
		for i := 0; i < len(queue) && !e.stop; i++ {
			for _, w := range g.from(queue[i]) {
				if e.step(1); met[w] == x+1 {
					continue
				}
				met[w] = x + 1
				if w != x {
					queue = append(queue, w)
				}
				if w >= g.shift && !emit(values[x], values[w-g.shift]) {
					return
				}
			}
		}
	}
}

// growClosure fills the relation of a closure that is materialised.
func (e *Evaluator) growClosure(c *closure, x *grown) {
	g := e.grow
	var rows []value.Value
	e.started++
	of := e.graphOf(c, false)
	m := of.matrix()
	if m != nil {
		rows = make([]value.Value, 0, 2*min(pairs(m), g.left+1))
		values := m.Numbers.Values()
		for i := range values {
			before := len(rows)
			rows = appendPairs(rows, values, uint32(i), m)
			if !e.closed((len(rows) - before) / 2) {
				break
			}
		}
	} else {
		e.searchAll(of, func(a, b value.Value) bool {
			rows = append(rows, a, b)
			return e.closed(1)
		})
	}
	x.rows.AdoptMatrix(slices.Clip(rows), m)
}

// closed counts pairs of a closure, and reports whether there may be more.
func (e *Evaluator) closed(n int) bool {
	e.step(n)
	e.budget.rows(n, 2)
	if e.grow.left -= n; e.grow.left < 0 {
		e.grow.full = true
	}
	return !e.grow.full && !e.stop
}

// appendPairs appends the pairs in a row of a matrix.
func appendPairs(rows, values []value.Value, x uint32, m *relation.Matrix) []value.Value {
	first := values[x]
	for i, word := range m.Row(x) {
		near := values[i<<6:]
		for ; word != 0; word &= word - 1 {
			rows = append(rows, first, near[bits.TrailingZeros64(word)])
		}
	}
	return rows
}
