package join

import (
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Given is rows of a relation that are known by their numbers, in order.
type Given struct {
	Relation *relation.Relation
	IDs      []uint32
}

// Take adds an atom whose rows are what g holds whenever the pipeline runs. It may only be the first.
func (p *Pipeline) Take(g *Given, o Output) { p.expand(&take{Given: g, Output: o}, o.live()) }

type take struct {
	*Given
	Output
	at int
}

func (x *take) begin() { x.at = 0 }

func (x *take) fill(in, out *Batch) (steps int, more bool) {
	m := x.copy(x.Relation, x.IDs[x.at:], in, 0, out)
	x.at += m
	return m, x.at < len(x.IDs)
}

// copy adds as many rows of a relation to a batch as there is room for, and returns how many these are.
func (o *Output) copy(rel *relation.Relation, ids []uint32, in *Batch, row int, out *Batch) int {
	m := min(len(ids), Size-out.N)
	o.carry(in, row, out, m)
	rows, arity := rel.Rows(), rel.Arity()
	for _, b := range o.Binds {
		to := out.Cols[b.Var][out.N : out.N+m]
		for i, id := range ids[:m] {
			to[i] = rows[int(id)*arity+b.Column]
		}
	}
	out.N += m
	return m
}

// Find adds an atom whose rows an index finds, in the order of their values.
func (p *Pipeline) Find(t *value.Table, ix *relation.Index, key []Operand, o Output) {
	p.expand(&find{t: t, index: ix, Output: o, key: newProbe(key)}, o.live())
}

type find struct {
	Output
	t     *value.Table
	index *relation.Index
	key   probe
	row   int      // of the input that is to be looked up next
	ids   []uint32 // that are left of the rows found for the one before
}

func (x *find) begin() { x.row, x.ids = 0, nil }

func (x *find) fill(in, out *Batch) (steps int, more bool) {
	for out.N < Size {
		if len(x.ids) == 0 {
			if x.row == in.N {
				return steps, false
			}
			x.ids = x.index.Sorted(x.t, x.key.of(in, x.row))
			if x.row++; len(x.ids) == 0 {
				steps++
			}
			continue
		}
		m := x.copy(x.index.Relation(), x.ids, in, x.row-1, out)
		x.ids = x.ids[m:]
		steps += m
	}
	return steps, true
}

// Finds returns a filter that keeps the rows for which an index finds some, or where absent those for which it finds none.
func Finds(ix *relation.Index, key []Operand, absent bool, meter Meter) Filter {
	probe := newProbe(key)
	return func(b *Batch) bool {
		mask := b.Mask()
		for i := range mask {
			mask[i] = (len(ix.Find(probe.of(b, i))) > 0) != absent
		}
		n := b.N
		b.Select()
		return meter(n)
	}
}

// RunOn is Run with values for the variables that have room before the first atom.
func (p *Pipeline) RunOn(vars []value.Value, u *Buffers, meter Meter, emit func(b *Batch) bool) {
	u.lend(p)
	b := &p.stages[0].out
	for _, v := range b.live {
		b.Cols[v][0] = vars[v]
	}
	p.run(u, meter, nil, emit)
}
