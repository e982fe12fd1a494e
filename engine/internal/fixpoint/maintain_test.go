package fixpoint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/value"
)

// large is a hierarchy of groups, each with members, of whom some are suspended: about n facts.
func large(tb testing.TB, n int) *world {
	w := analyse(tb, `
		decl sub(long, long). decl member(long, long). decl suspended(long).
		@materialize active(U, G) :- member(U, G), not suspended(U).
		@materialize below(X, Y) :- sub(X, Y). below(X, Z) :- below(X, Y), sub(Y, Z).
		permit(_) :- active(1, 2), below(1, 2).`)
	sub, member, suspended := w.list("sub"), w.list("member"), w.list("suspended")
	for i := range int64(n) {
		switch {
		case i%10 != 0:
			member.add(w.longs(i%(int64(n)/20), i/10))
		case i > 0:
			sub.add(w.longs(i/10, (i/10-1)/4)) // each group has four below it
		}
		if i%100 == 50 {
			suspended.add(w.longs(i / 20))
		}
	}
	w.program.Facts = append(w.program.Facts, sub.Facts, member.Facts, suspended.Facts)
	return w
}

// largeNews is a row that large leaves out: a member, somebody suspended, or a second group above one.
func largeNews(w *world, pred string, n int) []value.Value {
	i := int64(n)
	return map[string][]value.Value{"member": w.longs(i/20-1, 12), "suspended": w.longs(i/20 - 7), "sub": w.longs(i/10-1, 78)}[pred]
}

type list struct{ analysis.Facts }

func (w *world) list(pred string) *list {
	return &list{analysis.Facts{Pred: w.program.ByName.Of(pred)}}
}

func (l *list) add(row []value.Value) {
	l.Rows, l.Count = append(l.Rows, row...), l.Count+1
}

// An update of one fact costs less than a hundredth of the load's steps, whether a row comes or goes, by a negation or by recursion.
func TestUpdate_steps(t *testing.T) {
	w := large(t, 100_000)
	model, fault := fixpoint.New(w.t, w.program, w.store, fixpoint.Options{})
	if fault != nil {
		t.Fatal(fault)
	}
	load := model.Work().Steps
	for _, pred := range []string{"member", "suspended", "sub"} {
		fact := []analysis.Facts{w.facts(pred, largeNews(w, pred, 100_000))}
		for _, insert := range []bool{true, false} {
			if insert {
				fault = model.Update(fact, nil, goal.Limits{})
			} else {
				fault = model.Update(nil, fact, goal.Limits{})
			}
			if fault != nil {
				t.Fatal(fault)
			}
			took := model.Work()
			if took.Steps == 0 || took.Tuples == 0 || took.Steps*100 > load {
				t.Errorf("%s, insert %v: %d steps for %d rows, of %d", pred, insert, took.Steps, took.Tuples, load)
			}
		}
	}
}

// What has too many rows is left to demand, as at load, and comes back when it has fewer.
func TestUpdate_maxRows(t *testing.T) {
	for _, rules := range []string{
		"r(X, Z) :- r(X, Y), e(Y, Z).",
		"r(X, Z) :- r(X, Y), e(Y, Z), X != Z.", // no closure, so that rows that are facts as well don't count
		"r(X, Y) :- e(Y, X), not n(X).",
	} {
		const decls = "decl e(long, long). decl n(long). r(1, 2). @materialize r(X, Y) :- e(X, Y). "
		w := load(t, decls+rules+"\n", fixpoint.Options{MaxRows: 6})
		var facts string
		seen := map[bool]int{}
		for i := range int64(5) {
			facts += fmt.Sprintf("e(%d, %d). ", i, i+1)
			if f := w.model.Update([]analysis.Facts{w.facts("e", w.longs(i, i+1))}, nil, goal.Limits{}); f != nil {
				t.Fatal(f)
			}
			want := load(t, decls+rules+"\n"+facts, fixpoint.Options{MaxRows: 6})
			if got, want := w.rows(w.pred("r").Rows), want.rows(want.pred("r").Rows); got != want {
				t.Errorf("%s%s: %s, want %s", rules, facts, got, want)
			}
			seen[w.pred("r").Rows == nil]++
		}
		if w.model.Update(nil, []analysis.Facts{w.facts("e", w.longs(2, 3), w.longs(3, 4))}, goal.Limits{}); w.pred("r").Rows == nil || seen[true] == 0 || seen[false] == 0 {
			t.Errorf("%s: %v, and at last %s", rules, seen, w.rows(w.pred("r").Rows))
		}
	}
}

// A predicate of which too much changes is evaluated anew; what reads it is told what has changed, and maintained.
func TestUpdate_budget(t *testing.T) {
	rules := `decl e(long, long). decl n(long).
		@materialize r(X, Y) :- e(X, Y). r(X, Z) :- r(X, Y), e(Y, Z).
		@materialize far(X) :- n(X), r(X, 399). @materialize lost(X) :- n(X), not r(0, X).
		n(10). n(399). e(0, 399). `
	for i := range 60 {
		rules += fmt.Sprintf("e(%d, %d). e(%d, %d). ", i, (i+1)%60, (i+1)%60, i)
	}
	w := load(t, rules, fixpoint.Options{})
	r, far, lost := w.pred("r").Rows, w.pred("far").Rows, w.pred("lost").Rows
	if f := w.model.Update(nil, []analysis.Facts{w.facts("e", w.longs(20, 21), w.longs(0, 399))}, goal.Limits{}); f != nil {
		t.Fatal(f)
	}
	if w.pred("r").Rows == r || w.pred("far").Rows != far || w.pred("lost").Rows != lost {
		t.Errorf("r maintained %v, far %v, lost %v", w.pred("r").Rows == r, w.pred("far").Rows == far, w.pred("lost").Rows == lost)
	}
	want := load(t, strings.NewReplacer("e(20, 21). ", "", "e(0, 399). ", "").Replace(rules), fixpoint.Options{})
	for _, p := range []string{"r", "far", "lost"} {
		if got, want := w.rows(w.pred(p).Rows), want.rows(want.pred(p).Rows); got != want {
			t.Errorf("%s: %.100s, want %.100s", p, got, want)
		}
	}
	if got := w.rows(w.pred("far").Rows) + "; " + w.rows(w.pred("lost").Rows); got != "; 399" {
		t.Errorf("far and lost: %s", got)
	}
}
