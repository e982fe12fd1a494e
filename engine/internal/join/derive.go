package join

import "github.com/rune-authz/rune/engine/internal/value"

// Derive goes through all combinations, as long as meter allows, and adds the row that head makes of each to g. Added is told how many were
// new, and reports whether to go on.
func (p *Pipeline) Derive(u *Buffers, meter Meter, g *Growing, head []Operand, added func(n int) bool) {
	p.run(u, meter, p.shortCut(g, head, added), func(b *Batch) bool { return added(g.Add(b, head)) })
}

// shortCut returns what takes the place of the last atom's fill and what comes after it, nil where there is none: the rows that a table has
// for a key go into a matrix without being copied. Nearly all the work of linear recursion is there.
func (p *Pipeline) shortCut(g *Growing, head []Operand, added func(n int) bool) func(in *Batch) (steps int, more, goOn bool) {
	last := &p.stages[len(p.stages)-1]
	x, isLookup := last.expand.(*lookup)
	if !isLookup || len(last.filters) > 0 || g.narrow == nil || len(x.Binds) != 1 || head[0].Var < 0 || head[1].Var < 0 {
		return nil
	}
	bound, second := x.Binds[0].Var, head[1].Var == x.Binds[0].Var
	if second == (head[0].Var == bound) {
		return nil
	}
	carried := head[0].Var
	if !second {
		carried = head[1].Var
	}
	return func(in *Batch) (steps int, more, goOn bool) {
		before := g.n
		steps, more = x.pairs(in, in.Cols[carried], second, g)
		return steps, more, added(g.n - before)
	}
}

const mostPairs = 8 * Size // between two looks at limits

// pairs adds, for the rows of a batch from where it left off, pairs of what a column has and what the table has in its one column.
func (x *lookup) pairs(in *Batch, carried []value.Value, second bool, g *Growing) (steps int, more bool) {
	payload, direct := x.payload[0], x.keys.direct
	var keys []value.Value
	if key := x.key.operands; direct != nil && key[0].Var >= 0 {
		keys = in.Cols[key[0].Var]
	}
	for steps < mostPairs {
		if x.at == x.end {
			if x.row == in.N {
				g.n = len(g.rows) / 2
				return steps, false
			}
			if keys == nil {
				x.at, x.end = x.rows(x.key.number(x.keys, in, x.row))
			} else if i := uint32(keys[x.row] - x.keys.low); i < uint32(len(direct)) {
				x.at, x.end = x.rows(direct[i])
			}
			if x.row++; x.at == x.end {
				steps++
			}
			continue
		}
		m := min(x.end-x.at, mostPairs-steps)
		g.rows = g.narrow.addRun(g.rows, carried[x.row-1], payload[x.at:x.at+m], second)
		x.at += m
		steps += m
	}
	g.n = len(g.rows) / 2
	return steps, true
}
