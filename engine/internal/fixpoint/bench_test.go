package fixpoint_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/value"
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

// One fact more and one less among 100 000, with a predicate that has to be evaluated anew.
func BenchmarkUpdate(b *testing.B) {
	w := analyse(b, `decl has_role(User, string). decl admin(User). decl root(User). root(U) :- admin(U). permit(P) :- root(P).`)
	f := analysis.Facts{Pred: w.program.ByName.Of("has_role"), Count: 100_000}
	for i := range f.Count {
		f.Rows = append(f.Rows, w.t.EntityOf("User", fmt.Sprint(i)), w.t.String("role"))
	}
	w.program.Facts = append(w.program.Facts, f)
	model, _ := fixpoint.New(w.t, w.program, w.store, fixpoint.Options{})
	one := []analysis.Facts{w.facts("has_role", []value.Value{w.t.EntityOf("User", "x"), w.t.String("y")}), w.facts("admin", []value.Value{w.t.EntityOf("User", "x")})}
	for b.Loop() {
		if model.Update(one, nil, goal.Limits{}) != nil || model.Update(nil, one, goal.Limits{}) != nil {
			b.Fatal("the update failed")
		}
	}
}
