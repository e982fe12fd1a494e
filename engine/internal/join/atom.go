package join

import (
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Operand is a value that is known: a constant, or a variable's.
type Operand struct {
	Var   int32 // -1 for a constant
	Const value.Value
}

// Of returns the value for a row of a batch.
func (o Operand) Of(b *Batch, i int) value.Value {
	if o.Var < 0 {
		return o.Const
	}
	return b.Cols[o.Var][i]
}

// Bind is a variable that gets the values of a column.
type Bind struct {
	Column int
	Var    int32
}

// Output is the variables that are needed after an atom: those that it binds, and those that had values before.
type Output struct {
	Binds []Bind
	Carry []int32
}

func (o *Output) live() []int32 {
	out := append([]int32(nil), o.Carry...)
	for _, b := range o.Binds {
		out = append(out, b.Var)
	}
	return out
}

// carry repeats the values of one row in the next m rows of another batch.
func (o *Output) carry(in *Batch, row int, out *Batch, m int) {
	for _, v := range o.Carry {
		x, to := in.Cols[v][row], out.Cols[v][out.N:out.N+m]
		for i := range to {
			to[i] = x
		}
	}
}

// Rows is rows that are gone through one after the other: those of a relation, or of a growing predicate from Old to Top, or from 0 to Top.
type Rows struct {
	Relation *relation.Relation // or nil
	Growing  *Growing
	News     bool // from Old on
	Once     bool // one is enough
	Where    []Cell
}

// Scan adds an atom that is gone through. It may only be the first.
func (p *Pipeline) Scan(rows Rows, o Output) {
	p.expand(&scan{Rows: rows, Output: o}, o.live())
}

type scan struct {
	Rows
	Output
	at      int
	matched bool
}

func (x *scan) begin() {
	x.at, x.matched = 0, false
	if x.News {
		x.at = x.Growing.Old
	}
}

func (x *scan) fill(in, out *Batch) (steps int, more bool) {
	if x.Once && x.matched {
		return 0, false
	}
	rows, arity, top := x.rows()
	if len(x.Where) == 0 && !x.Once && (x.Relation == nil || x.Relation.Whole()) {
		out.N = min(Size, top-x.at)
		for _, b := range x.Binds {
			to, from := out.Cols[b.Var][:out.N], rows[x.at*arity:]
			for i := range to {
				to[i] = from[i*arity+b.Column]
			}
		}
		x.at += out.N
	} else {
		x.pick(rows, arity, top, out)
	}
	n := out.N
	out.N = 0
	x.carry(in, 0, out, n)
	out.N = n
	x.matched = x.matched || n > 0
	if more = x.at < top; !more && !x.matched {
		n++
	}
	return n, more
}

// rows are what is gone through, with what is before it.
func (x *scan) rows() (rows []value.Value, arity, top int) {
	if x.Relation != nil {
		return x.Relation.Rows(), x.Relation.Arity(), x.Relation.Top()
	}
	return x.Growing.rows, x.Growing.arity, x.Growing.Top
}

// pick takes the rows that are there and that fit.
func (x *scan) pick(rows []value.Value, arity, top int, out *Batch) {
	most := Size
	if x.Once {
		most = 1
	}
	for until := min(top, x.at+4*Size); x.at < until && out.N < most; x.at++ {
		row := rows[x.at*arity : (x.at+1)*arity]
		if x.Relation != nil && !x.Relation.Alive(uint32(x.at)) || !hasCells(row, x.Where) {
			continue
		}
		for _, b := range x.Binds {
			out.Cols[b.Var][out.N] = row[b.Column]
		}
		out.N++
	}
}

// Lookup adds an atom whose rows are found by a key.
func (p *Pipeline) Lookup(t *Table, key []Operand, o Output) {
	p.expand(&lookup{Table: t, Output: o, key: newProbe(key)}, o.live())
}

type lookup struct {
	*Table
	Output
	key     probe
	row     int // of the input that is to be looked up next
	at, end int // of the rows found for the one before
}

func (x *lookup) begin() { x.row, x.at, x.end = 0, 0, 0 }

func (x *lookup) fill(in, out *Batch) (steps int, more bool) {
	for out.N < Size {
		if x.at == x.end {
			if x.row == in.N {
				return steps, false
			}
			x.at, x.end = x.rows(x.key.number(x.keys, in, x.row))
			if x.row++; x.at == x.end {
				steps++
			}
			continue
		}
		m := min(x.end-x.at, Size-out.N)
		steps += m
		x.carry(in, x.row-1, out, m)
		for k, b := range x.Binds {
			from, to := x.payload[k][x.at:x.at+m], out.Cols[b.Var][out.N:out.N+m]
			//lint:ignore S1001 in wasm a call of memmove costs more than the few words that there are as a rule
			for i, v := range from {
				to[i] = v
			}
		}
		out.N += m
		x.at += m
	}
	return steps, true
}

// probe makes the keys that are looked up.
type probe struct {
	operands []Operand
	key      []value.Value
}

func newProbe(operands []Operand) probe {
	return probe{operands: operands, key: make([]value.Value, len(operands))}
}

func (p *probe) of(b *Batch, row int) []value.Value {
	for i, o := range p.operands {
		p.key[i] = o.Of(b, row)
	}
	return p.key
}

// number returns the number plus one of a row's key, or 0.
func (p *probe) number(k *keys, b *Batch, row int) uint32 {
	if len(p.operands) == 1 {
		return k.find1(p.operands[0].Of(b, row))
	}
	return k.find(p.of(b, row))
}

// Follow adds an atom of a growing predicate whose rows below Top, or where old below Old, are found by some columns.
func (p *Pipeline) Follow(g *Growing, old bool, columns []int, key []Operand, o Output) {
	p.expand(&follow{Growing: g, Output: o, old: old, chain: g.chain(columns), key: newProbe(key)}, o.live())
}

type follow struct {
	*Growing
	Output
	old   bool
	chain *chain
	key   probe
	row   int    // of the input that is to be looked up next
	at    uint32 // the number plus one of the next row for the one before
}

func (x *follow) begin() { x.row, x.at = 0, 0 }

// high is the number below which rows are looked at.
func high(g *Growing, old bool) int {
	if old {
		return g.Old
	}
	return g.Top
}

func (x *follow) fill(in, out *Batch) (steps int, more bool) {
	high := high(x.Growing, x.old)
	for out.N < Size {
		if x.at == 0 {
			if x.row == in.N {
				return steps, false
			}
			if x.at = x.chain.head(x.key.of(in, x.row), high); x.at == 0 {
				steps++
			}
			x.row++
			continue
		}
		m := x.take(out)
		x.carry(in, x.row-1, out, m)
		out.N += m
		steps += m
	}
	return steps, true
}

// take copies what is needed of the next rows of the chain, as many as there is room for, and returns how many these are.
func (x *follow) take(out *Batch) int {
	rows, next, arity, first, m := x.Growing.rows, x.chain.next, x.arity, x.at, 0
	for ; x.at != 0 && out.N+m < Size; x.at = next[x.at-1] {
		m++
	}
	for _, b := range x.Binds {
		to, at := out.Cols[b.Var][out.N:out.N+m], first
		for i := range to {
			to[i] = rows[int(at-1)*arity+b.Column]
			at = next[at-1]
		}
	}
	return m
}

// Has returns a filter that keeps the rows whose key a table has, or where absent those whose key it hasn't.
func (t *Table) Has(key []Operand, absent bool, meter Meter) Filter {
	probe := newProbe(key)
	return func(b *Batch) bool {
		mask := b.Mask()
		if t.narrow != nil {
			t.narrow.has(mask, b.Cols[key[0].Var], b.Cols[key[1].Var])
			for i := range mask {
				mask[i] = mask[i] != absent
			}
		} else {
			for i := range mask {
				mask[i] = (probe.number(t.keys, b, i) != 0) != absent
			}
		}
		n := b.N
		b.Select()
		return meter(n)
	}
}

// Holds returns a filter that keeps the rows for which a relation has a whole row, or where absent those for which it hasn't.
func Holds(rel *relation.Relation, row []Operand, absent bool, meter Meter) Filter {
	probe := newProbe(row)
	return func(b *Batch) bool {
		mask := b.Mask()
		for i := range mask {
			mask[i] = rel.Has(probe.of(b, i)) != absent
		}
		n := b.N
		b.Select()
		return meter(n)
	}
}

// Has returns a filter that keeps the rows for which a growing predicate has a row with a key, below Top, or where old below Old.
func (g *Growing) Has(old bool, columns []int, key []Operand, meter Meter) Filter {
	probe, chain := newProbe(key), g.chain(columns)
	return func(b *Batch) bool {
		high, mask := high(g, old), b.Mask()
		for i := range mask {
			mask[i] = chain.head(probe.of(b, i), high) != 0
		}
		n := b.N
		b.Select()
		return meter(n)
	}
}

// Same returns a filter that keeps the rows in which two variables have the same value. It takes no steps.
func Same(x, y int32) Filter {
	return func(b *Batch) bool {
		mask, xs, ys := b.Mask(), b.Cols[x], b.Cols[y]
		for i := range mask {
			mask[i] = xs[i] == ys[i]
		}
		b.Select()
		return true
	}
}
