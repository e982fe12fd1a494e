package join_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rune-authz/rune/engine/internal/join"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// random returns a relation of n rows or less with values below span, far apart where sparse, some rows having been deleted.
func random(r *rand.Rand, arity, n, span int, sparse bool) *relation.Relation {
	rel := relation.New(arity, 7, nil)
	row := make([]value.Value, arity)
	for range n {
		for i := range row {
			if row[i] = value.Value(r.IntN(span)); sparse {
				row[i] *= 1_000_003
			}
		}
		if rel.Insert(row); r.IntN(9) == 0 {
			rel.Delete(row)
		}
	}
	return rel
}

func rowsOf(rel *relation.Relation) [][]value.Value {
	var out [][]value.Value
	for id := range uint32(rel.Top()) {
		if rel.Alive(id) {
			out = append(out, rel.Row(id))
		}
	}
	return out
}

// run returns the combinations of a pipeline and the steps it takes.
func run(p *join.Pipeline, vars ...int32) (out [][]value.Value, steps int) {
	var u join.Buffers
	p.Run(&u, func(n int) bool { steps += n; return true }, func(b *join.Batch) bool {
		for i := range b.N {
			var row []value.Value
			for _, v := range vars {
				row = append(row, b.Cols[v][i])
			}
			out = append(out, row)
		}
		return true
	})
	return out, steps
}

// same reports whether two lists have the same rows, in whatever order.
func same(a, b [][]value.Value) bool {
	slices.SortFunc(a, slices.Compare[[]value.Value])
	slices.SortFunc(b, slices.Compare[[]value.Value])
	return slices.EqualFunc(a, b, slices.Equal[[]value.Value])
}

// a(X, Y), b(Y, Z) or b(X, Y, Z), Z and the like give what nested loops do, through tables and through chains of growing predicates, with
// keys of every width, over relations smaller and larger than a batch.
func TestPipeline(t *testing.T) {
	for _, n := range []int{0, 3, 200, 2500} {
		for _, sparse := range []bool{false, true} {
			for width := range 4 {
				if n == 2500 && width == 0 {
					continue // millions
				}
				t.Run(fmt.Sprint(n, sparse, width), func(t *testing.T) {
					r := rand.New(rand.NewPCG(uint64(n), uint64(width)))
					a, b := random(r, 3, n, 9+n/50, sparse), random(r, 4, n, 9+n/50, sparse)
					tables := &join.Tables{Seed: 5}
					grown := tables.NewGrowing(4)
					for _, row := range rowsOf(b) {
						grown.Insert(row)
					}
					grown.Advance()
					var want [][]value.Value
					steps, columns, operands := len(rowsOf(a)), []int{}, []join.Operand{}
					if steps == 0 {
						steps = 1
					}
					for i := range width {
						columns, operands = append(columns, i), append(operands, join.Operand{Var: int32(i)})
					}
					for _, x := range rowsOf(a) {
						found := 0
						for _, y := range rowsOf(b) {
							if slices.Equal(x[:width], y[:width]) {
								want = append(want, []value.Value{x[2], y[3]})
								found++
							}
						}
						steps += max(1, found)
					}
					scan := func() *join.Pipeline {
						p := join.NewPipeline(4)
						p.Scan(join.Rows{Relation: a}, join.Output{Binds: []join.Bind{{Column: 0, Var: 0}, {Column: 1, Var: 1}, {Column: 2, Var: 2}}})
						return p
					}
					o := join.Output{Binds: []join.Bind{{Column: 3, Var: 3}}, Carry: []int32{2}}
					byTable, byChain := scan(), scan()
					byTable.Lookup(tables.Of(join.Shape{Relation: b, Key: columns, Payload: []int{3}}), operands, o)
					byChain.Follow(grown, false, columns, operands, o)
					for name, p := range map[string]*join.Pipeline{"table": byTable, "chain": byChain} {
						got, took := run(p, 2, 3)
						if !same(got, want) || took != steps {
							t.Errorf("by %s: %d rows in %d steps, want %d in %d", name, len(got), took, len(want), steps)
						}
					}
				})
			}
		}
	}
}

// A growing predicate holds each row once, whatever its arity, noted as bits or hashed, and tells news from what was there.
func TestGrowing(t *testing.T) {
	for arity := range 4 {
		for _, narrow := range []bool{false, true} {
			r := rand.New(rand.NewPCG(1, uint64(arity)))
			g := (&join.Tables{Seed: 5}).NewGrowing(arity)
			if narrow {
				extent := join.Range{Low: 100, High: 199, Some: true}
				g.Within([]join.Range{extent, extent, extent}[:arity], 1000)
			}
			seen := map[string]bool{}
			var want []value.Value
			var columns []join.Operand
			b := &join.Batch{Cols: make([][]value.Value, arity)}
			for i := range arity {
				columns = append(columns, join.Operand{Var: int32(i)})
				b.Cols[i] = make([]value.Value, join.Size)
			}
			for range 9 {
				before := g.Len()
				for i := range join.Size {
					var row []value.Value
					for c := range arity {
						b.Cols[c][i] = value.Value(100 + r.IntN(100))
						row = append(row, b.Cols[c][i])
					}
					if key := fmt.Sprint(row); !seen[key] {
						seen[key] = true
						want = append(want, row...)
					}
				}
				b.N = join.Size
				if n := g.Add(b, columns); n != len(seen)-before || g.Len() != len(seen) {
					t.Fatalf("arity %d: %d new of %d, want %d of %d", arity, n, g.Len(), len(seen)-before, len(seen))
				}
				if news := g.Advance(); news != (len(seen) > before) || g.Old != before || g.Top != len(seen) {
					t.Fatalf("arity %d: news %v from %d to %d", arity, news, g.Old, g.Top)
				}
			}
			if !slices.Equal(g.Rows(), want) {
				t.Errorf("arity %d: %d values, want %d", arity, len(g.Rows()), len(want))
			}
		}
	}
}

// Whole rows are found and missed in tables that are hashes, matrices and relations, and so are keys in growing predicates.
func TestHas(t *testing.T) {
	for _, sparse := range []bool{false, true} {
		r := rand.New(rand.NewPCG(3, 4))
		a, b := random(r, 2, 3000, 60, sparse), random(r, 2, 900, 60, sparse)
		tables := &join.Tables{Seed: 5}
		grown := tables.NewGrowing(2)
		for _, row := range rowsOf(b) {
			grown.Insert(row)
		}
		grown.Advance()
		meter := func(int) bool { return true }
		key := []join.Operand{{Var: 0}, {Var: 1}}
		table := tables.Of(join.Shape{Relation: b, Key: []int{0, 1}})
		for _, absent := range []bool{false, true} {
			var want [][]value.Value
			for _, row := range rowsOf(a) {
				if b.Has(row) != absent {
					want = append(want, row)
				}
			}
			filters := map[string]join.Filter{"table": table.Has(key, absent, meter), "relation": join.Holds(b, key, absent, meter)}
			if !absent {
				filters["growing"] = grown.Has(false, []int{0, 1}, key, meter)
			}
			for name, f := range filters {
				p := join.NewPipeline(2)
				p.Scan(join.Rows{Relation: a}, join.Output{Binds: []join.Bind{{Column: 0, Var: 0}, {Column: 1, Var: 1}}})
				p.Filter(f)
				if got, _ := run(p, 0, 1); !same(got, want) {
					t.Errorf("%s, absent %v: %d rows, want %d", name, absent, len(got), len(want))
				}
			}
		}
	}
}
