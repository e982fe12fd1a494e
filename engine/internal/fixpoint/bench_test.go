package fixpoint_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/goal"
)

func benchmarkNew(b *testing.B, w *world) {
	b.ReportAllocs()
	for b.Loop() {
		if _, fault := fixpoint.New(w.t, w.program, w.store, fixpoint.Options{}); fault != nil {
			b.Fatal(fault)
		}
	}
}

// 100 000 facts, interned already, and a predicate derived from them.
func BenchmarkNew_facts(b *testing.B) {
	w := analyse(b, `decl has_role(User, string). decl user(User). known(U) :- has_role(U, _). permit(P) :- known(P).`)
	f := analysis.Facts{Pred: w.program.ByName.Of("has_role"), Count: 100_000}
	for i := range f.Count {
		f.Rows = append(f.Rows, w.t.EntityOf("User", fmt.Sprint(i/2)), w.t.String(fmt.Sprint("role", i%2)))
	}
	w.program.Facts = append(w.program.Facts, f)
	benchmarkNew(b, w)
}

// What is derived from random graphs: the transitive closure of 1000 nodes and 10 000 edges as the operator and by joins, nearly a million
// rows and ten million derivations; nodes of one generation; triangles.
func BenchmarkNew_joins(b *testing.B) {
	const path = "@materialize path(X, Y) :- edge(X, Y). path(X, Z) :- "
	for _, c := range []struct {
		name, rules  string
		nodes, edges int
	}{
		{"closure/operator", path + "edge(X, Y), path(Y, Z).", 1000, 10_000},
		{"closure/left", path + "path(X, Y), edge(Y, Z), X >= 0.", 1000, 10_000},
		{"closure/right", path + "edge(X, Y), path(Y, Z), X >= 0.", 1000, 10_000},
		{"closure/double", path + "path(X, Y), path(Y, Z), X >= 0.", 200, 1000},
		{"same_generation", "@materialize sg(X, Y) :- edge(P, X), edge(P, Y). sg(X, Y) :- edge(A, X), sg(A, B), edge(B, Y).", 400, 800},
		{"triangle", "@materialize triangle(X, Y, Z) :- edge(X, Y), edge(Y, Z), edge(X, Z).", 1000, 30_000},
	} {
		b.Run(c.name, func(b *testing.B) {
			w := analyse(b, "decl edge(long, long). "+c.rules)
			f := analysis.Facts{Pred: w.program.ByName.Of("edge"), Count: c.edges}
			r := rand.New(rand.NewPCG(1, 2))
			for range f.Count {
				f.Rows = append(f.Rows, w.t.Long(r.Int64N(int64(c.nodes))), w.t.Long(r.Int64N(int64(c.nodes))))
			}
			w.program.Facts = append(w.program.Facts, f)
			benchmarkNew(b, w)
		})
	}
}

// One fact comes and goes in a large hierarchy, read by what is materialised with a negation (member, suspended) and with recursion (sub).
// Steps are of one of the two, beside those of the load.
func BenchmarkUpdate(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		w := large(b, n)
		model, fault := fixpoint.New(w.t, w.program, w.store, fixpoint.Options{MaxRows: 10 * n})
		if fault != nil {
			b.Fatal(fault)
		}
		load := model.Work().Steps
		for _, pred := range []string{"member", "suspended", "sub"} {
			fact := []analysis.Facts{w.facts(pred, largeNews(w, pred, n))}
			for _, insert := range []bool{true, false} {
				name := map[bool]string{true: "insert", false: "delete"}[insert]
				b.Run(fmt.Sprintf("%d/%s/%s", n, pred, name), func(b *testing.B) { benchmarkUpdate(b, model, fact, insert, load) })
			}
		}
	}
}

// benchmarkUpdate measures inserting facts, which are deleted in between, or the other way round.
func benchmarkUpdate(b *testing.B, model *fixpoint.Model, fact []analysis.Facts, insert bool, load int) {
	steps, update := 0, func(insert bool) {
		add, remove := fact, []analysis.Facts(nil)
		if !insert {
			add, remove = remove, add
		}
		if fault := model.Update(add, remove, goal.Limits{}); fault != nil {
			b.Fatal(fault)
		}
	}
	update(true)
	for b.Loop() {
		b.StopTimer()
		update(!insert)
		b.StartTimer()
		update(insert)
		steps = model.Work().Steps
	}
	update(false)
	b.ReportMetric(float64(steps), "steps/op")
	b.ReportMetric(100*float64(steps)/float64(load), "%load")
}
