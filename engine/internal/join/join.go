// Package join goes through the combinations of rows that satisfy a conjunction of atoms, batch by batch.
package join

import "github.com/rune-authz/rune/engine/internal/value"

// Size is how many rows a batch has at most.
const Size = 1024

// Batch is some rows of bindings, column by column.
type Batch struct {
	N    int
	Cols [][]value.Value // by variable; nil where the variable has no value, or none that is needed any more
	live []int32         // the variables with a column
	mask []bool
}

// Mask returns room to say of each row whether it is to be kept, for [Batch.Select].
func (b *Batch) Mask() []bool { return b.mask[:b.N] }

// Select keeps the rows that the mask is true for.
func (b *Batch) Select() {
	kept := 0
	for kept < b.N && b.mask[kept] {
		kept++
	}
	for i := kept; i < b.N; i++ {
		if b.mask[i] {
			for _, v := range b.live {
				c := b.Cols[v]
				c[kept] = c[i]
			}
			kept++
		}
	}
	b.N = kept
}

// Filter drops rows of a batch, or gives a variable values. It reports whether to go on.
type Filter func(b *Batch) bool

// Meter counts steps and reports whether there may be more.
type Meter func(steps int) bool

// Pipeline is a conjunction in the order in which it is gone through: atoms that bind variables, each followed by what narrows the
// combinations down. Before the first there is one row, which binds nothing.
type Pipeline struct {
	vars   int
	stages []stage
}

type stage struct {
	expand  expander // nil for the first
	filters []Filter
	out     Batch
	more    bool
}

// expander makes of each row of a batch as many as there are rows of a relation that agree with it.
type expander interface {
	// begin prepares for another batch.
	begin()
	// fill goes on where it left off, and reports how many rows it has looked at and whether it may have more to give.
	fill(in, out *Batch) (steps int, more bool)
}

// NewPipeline returns a pipeline without atoms over some variables, which are numbered from 0.
func NewPipeline(vars int) *Pipeline {
	return &Pipeline{vars: vars, stages: []stage{{}}}
}

// Filter adds what is done to all rows after the last atom.
func (p *Pipeline) Filter(f Filter) {
	s := &p.stages[len(p.stages)-1]
	s.filters = append(s.filters, f)
}

// Hold makes room, after the last atom, for a variable that a filter gives values.
func (p *Pipeline) Hold(v int32) {
	b := &p.stages[len(p.stages)-1].out
	b.live = append(b.live, v)
}

// expand adds an atom, after which some variables have values that are needed.
func (p *Pipeline) expand(x expander, live []int32) {
	p.stages = append(p.stages, stage{expand: x, out: Batch{live: live}})
}

// Buffers are the columns of the pipeline that runs. Several pipelines share them.
type Buffers struct {
	columns [][]value.Value
	masks   [][]bool
}

func (u *Buffers) lend(p *Pipeline) {
	column := 0
	for i := range p.stages {
		b := &p.stages[i].out
		if len(b.Cols) == 0 {
			b.Cols = make([][]value.Value, p.vars)
		}
		for _, v := range b.live {
			if column == len(u.columns) {
				u.columns = append(u.columns, make([]value.Value, Size))
			}
			b.Cols[v] = u.columns[column]
			column++
		}
		if i == len(u.masks) {
			u.masks = append(u.masks, make([]bool, Size))
		}
		b.mask = u.masks[i]
	}
}

// Run goes through all combinations, as long as meter allows, and gives them to emit, which reports whether to go on.
func (p *Pipeline) Run(u *Buffers, meter Meter, emit func(b *Batch) bool) { p.run(u, meter, nil, emit) }

// run is Run with something in the place of the last atom's fill, unless short is nil.
func (p *Pipeline) run(u *Buffers, meter Meter, short func(in *Batch) (steps int, more, goOn bool), emit func(b *Batch) bool) {
	u.lend(p)
	p.stages[0].out.N = 1
	last := len(p.stages) - 1
	for i := 0; ; {
		s := &p.stages[i]
		if i > 0 {
			s.out.N = 0
			steps, goOn := 0, true
			if in := &p.stages[i-1].out; i == last && short != nil {
				steps, s.more, goOn = short(in)
			} else {
				steps, s.more = s.expand.fill(in, &s.out)
			}
			if !meter(steps) || !goOn {
				return
			}
		}
		if !s.filter() {
			return
		}
		if s.out.N > 0 {
			if i < last {
				i++
				p.stages[i].expand.begin()
				continue
			}
			if !emit(&s.out) {
				return
			}
		}
		for !p.stages[i].more {
			if i == 0 {
				return
			}
			i--
		}
	}
}

func (s *stage) filter() bool {
	for _, f := range s.filters {
		if s.out.N == 0 {
			return true
		}
		if !f(&s.out) {
			return false
		}
	}
	return true
}
