package fixpoint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
	"pgregory.net/rapid"
)

// world is a program with its model.
type world struct {
	t       *value.Table
	program *analysis.Program
	store   *entity.Store
	model   *fixpoint.Model
}

// analyse analyses rules.
func analyse(tb testing.TB, rules string) *world {
	tb.Helper()
	w := &world{t: value.NewTable(value.Key{3, 4})}
	w.store = entity.NewStore(w.t)
	empty := w.t.Record(nil)
	w.store.Add(entity.Entity{UID: w.t.EntityOf("User", "s"), Attrs: w.t.Record([]value.Value{w.t.String("age"), w.t.Long(3)}), Tags: empty,
		Parents: []value.Value{w.t.EntityOf("Group", "g")}})
	var files source.Files
	var diags source.List
	id := files.Add("config.rune", []byte(rules))
	w.program = analysis.Analyse(analysis.Input{
		Table: w.t, Files: &files, Diags: &diags, Statements: datalog.Parse(&files, id, 0, len(rules), &diags),
		Defaults: &document.Defaults{Principal: "User", Action: "Action", Resource: "Doc"},
		Text:     &value.EntityText{Known: func([]byte) bool { return true }},
	})
	if w.program == nil || diags.Failed() {
		tb.Fatalf("the rules don't load: %v", diags.All())
	}
	return w
}

func load(tb testing.TB, rules string, o fixpoint.Options) *world {
	tb.Helper()
	w := analyse(tb, rules)
	model, fault := fixpoint.New(w.t, w.program, w.store, o)
	if fault != nil {
		tb.Fatal(fault)
	}
	w.model = model
	return w
}

func (w *world) pred(name string) *relation.Predicate {
	return w.model.DB().Pred(int(w.program.ByName.Of(name)))
}

// rows are the rows of a relation as text, sorted; "-" where there is none.
func (w *world) rows(r *relation.Relation) string {
	if r == nil {
		return "-"
	}
	var out []string
	for _, id := range r.Index(nil).Sorted(w.t, nil) {
		var cells []string
		for _, v := range r.Row(id) {
			if v == value.Unknown {
				cells = append(cells, "?")
				continue
			}
			cells = append(cells, string(w.t.Append(nil, v)))
		}
		out = append(out, strings.Join(cells, ","))
	}
	return strings.Join(out, " ")
}

func (w *world) erring(l *relation.Loose) string {
	if l == nil {
		return "-"
	}
	return w.rows(l.All())
}

func TestNew(t *testing.T) {
	w := load(t, `
		e(1, 2). e(2, 3). n("a", 0). n("b", 2). flag.
		@materialize r(X, Y) :- e(X, Y). r(X, Z) :- r(X, Y), r(Y, Z).
		inv(S, V) :- n(S, N), V = 4 / N.
		use(V) :- inv(_, V).
		chain(1) :- inv("a", _). chain(Y) :- chain(X), e(X, Y).
		none(X) :- e(X, _), not inv("a", 9).
		old(U) :- user(U), U has age, U.age > 2. user(User::"s").
		below(U) :- user(U), U in Group::"g".
		size(N) :- N = count { e(_, _) }.
		big(X, Y) :- e(X, _), Y = X + 1, not (e(X, Z), Z > Y).
		seen(V) :- context(_, V). both(X) :- e(X, _), seen(X).
		up(1). up(M) :- up(N), M = N + 1, M < 5.
		on :- flag.
		permit(_) :- r(1, 3).`, fixpoint.Options{})
	for _, c := range []struct{ pred, rows, erring string }{
		{"r", "1,2 1,3 2,3", "-"},
		{"inv", `"b",2`, `"a",?`},
		{"use", "2", "?"},
		{"chain", "", "1 2 3"},
		{"none", "", "1 2"},
		{"old", `User::"s"`, "-"},
		{"below", `User::"s"`, "-"},
		{"size", "2", "-"},
		{"big", "1,2 2,3", "-"},
		{"seen", "-", "-"},
		{"both", "-", "-"},
		{"up", "-", "-"},
		{"on", "", "-"},
		{"e", "-", "-"},
	} {
		p := w.pred(c.pred)
		if got := w.rows(p.Rows); got != c.rows {
			t.Errorf("%s: rows %s, want %s", c.pred, got, c.rows)
		}
		if got := w.erring(p.Erring); got != c.erring {
			t.Errorf("%s: erring rows %s, want %s", c.pred, got, c.erring)
		}
		if p.Erring == nil {
			continue
		}
		for _, f := range p.Erring.Faults() {
			if f.Message != "4 / 0 divides by zero" {
				t.Errorf("%s: %s", c.pred, f.Message)
			}
		}
	}
	if w.pred("on").Rows.Len() != 1 {
		t.Error("a predicate without columns has no row")
	}
	var warned []string
	for _, d := range w.model.Warnings() {
		if d.Severity != source.Warning || d.Code != value.CodeDivision || d.Span.IsZero() {
			t.Errorf("%+v", d)
		}
		warned = append(warned, d.Message)
	}
	if len(warned) == 0 || warned[0] != "a row of inv errs: 4 / 0 divides by zero" {
		t.Errorf("warnings: %q", warned)
	}
}

func TestNew_manyWarnings(t *testing.T) {
	var b strings.Builder
	for i := range 30 {
		fmt.Fprintf(&b, "n(%d, 0). ", i)
	}
	w := load(t, b.String()+"inv(X, Y) :- n(X, N), Y = X / N.", fixpoint.Options{})
	if n := len(w.model.Warnings()); n == 0 || n > 10 || w.pred("inv").Erring.Len() != 30 {
		t.Errorf("%d warnings", n)
	}
}

const closure = "e(1, 2). e(2, 3). e(3, 4). r(X, Y) :- e(X, Y). r(X, Z) :- r(X, Y), e(Y, Z). last(X) :- r(X, _), not r(_, X)."

// A component that would have too many rows is left to demand, and what stands above it is materialised all the same.
func TestNew_maxRows(t *testing.T) {
	for _, c := range []struct {
		most    int
		r, last string
	}{{6, "1,2 1,3 1,4 2,3 2,4 3,4", "1"}, {5, "-", "1"}} {
		w := load(t, closure, fixpoint.Options{MaxRows: c.most})
		if got := w.rows(w.pred("r").Rows) + "; " + w.rows(w.pred("last").Rows); got != c.r+"; "+c.last {
			t.Errorf("at most %d: %s", c.most, got)
		}
	}
}

func TestNew_limits(t *testing.T) {
	for _, c := range []struct {
		limits goal.Limits
		want   source.Code
	}{
		{goal.Limits{Steps: 5}, "limit.steps"}, {goal.Limits{Tuples: 2}, "limit.tuples"}, {goal.Limits{Steps: 10_000, Tuples: 100}, ""},
	} {
		w := analyse(t, closure)
		_, fault := fixpoint.New(w.t, w.program, w.store, fixpoint.Options{Limits: c.limits})
		if (fault != nil) != (c.want != "") || fault != nil && fault.Code != c.want {
			t.Errorf("%+v: %v", c.limits, fault)
		}
	}
}

func TestNew_yields(t *testing.T) {
	w := analyse(t, "decl e(long, long). r(X, Y) :- e(X, Y). r(X, Z) :- r(X, Y), e(Y, Z).")
	f := analysis.Facts{Pred: w.program.ByName.Of("e"), Count: 120_000}
	for i := range int64(f.Count) {
		f.Rows = append(f.Rows, w.t.Long(i), w.t.Long(i/2+200_000))
	}
	w.program.Facts = append(w.program.Facts, f)
	yields := 0
	if _, fault := fixpoint.New(w.t, w.program, w.store, fixpoint.Options{Yield: func() { yields++ }}); fault != nil || yields < 4 {
		t.Errorf("%d yields, %v", yields, fault)
	}
}

// facts makes the rows of an update.
func (w *world) facts(pred string, rows ...[]value.Value) analysis.Facts {
	return analysis.Facts{Pred: w.program.ByName.Of(pred), Rows: slices.Concat(rows...), Count: len(rows)}
}

func (w *world) longs(ns ...int64) []value.Value {
	var out []value.Value
	for _, n := range ns {
		out = append(out, w.t.Long(n))
	}
	return out
}

func TestUpdate(t *testing.T) {
	w := load(t, closure, fixpoint.Options{})
	update := func(insert, delete []analysis.Facts, want string) {
		t.Helper()
		if f := w.model.Update(insert, delete, goal.Limits{}); f != nil {
			t.Fatal(f)
		}
		if got := w.rows(w.pred("r").Rows); got != want {
			t.Errorf("r: %s, want %s", got, want)
		}
	}
	version := w.model.DB().Version()
	update(nil, []analysis.Facts{w.facts("e", w.longs(9, 9))}, "1,2 1,3 1,4 2,3 2,4 3,4")
	if w.model.DB().Version() != version {
		t.Error("nothing changed, but relations did")
	}
	update(nil, []analysis.Facts{w.facts("e", w.longs(2, 3))}, "1,2 3,4")
	update([]analysis.Facts{w.facts("e", w.longs(4, 1))}, nil, "1,2 3,1 3,2 3,4 4,1 4,2")
	// Deletes come first.
	same := []analysis.Facts{w.facts("e", w.longs(4, 1))}
	update(same, same, "1,2 3,1 3,2 3,4 4,1 4,2")
}

// An update that exceeds a limit changes nothing.
func TestUpdate_allOrNothing(t *testing.T) {
	w := load(t, closure+` inv(X, V) :- e(X, Y), V = 6 / (Y - 4).`, fixpoint.Options{Limits: goal.Limits{Tuples: 12}})
	state := func() []string {
		out := []string{w.rows(w.pred("e").Facts)}
		for _, p := range []string{"r", "last", "inv"} {
			out = append(out, w.rows(w.pred(p).Rows), w.erring(w.pred(p).Erring))
		}
		for _, d := range w.model.Warnings() {
			out = append(out, d.Message)
		}
		return out
	}
	before := state()
	var many [][]value.Value
	for i := range int64(20) {
		many = append(many, w.longs(i, i+1))
	}
	fault := w.model.Update([]analysis.Facts{w.facts("e", many...)}, []analysis.Facts{w.facts("e", w.longs(3, 4))}, goal.Limits{})
	if fault == nil || fault.Code != "limit.tuples" {
		t.Fatalf("the update went through: %v", fault)
	}
	if d := cmp.Diff(before, state()); d != "" {
		t.Error(d)
	}
	if f := w.model.Update(nil, []analysis.Facts{w.facts("e", w.longs(3, 4))}, goal.Limits{}); f != nil || w.rows(w.pred("r").Rows) != "1,2 1,3 2,3" || len(w.model.Warnings()) != 0 {
		t.Errorf("afterwards: %v, %s, %v", f, w.rows(w.pred("r").Rows), w.model.Warnings())
	}
}

const changing = `
decl e(long, long). decl n(string, long). decl team(User, Group).
decl lvl(User, long).
r(X, Y) :- e(X, Y). r(X, Z) :- r(X, Y), r(Y, Z).
inv(S, V) :- n(S, N), V = 6 / N.
odd(S) :- n(S, _), not inv(S, 3).
total(X, N) :- e(X, _), N = sum(Y) { r(X, Y), not inv(_, Y) }.
member(U) :- team(U, _), U in Group::"g1".
level(U, L) :- team(U, _), U has level, L = U.level.
above(G) :- team(U, _), parent(U, G).
seen(X) :- context("k", Y), r(Y, X).
attribute(U, "level", N) :- lvl(U, N).
permit(_) :- seen(3). permit(P) :- member(P), not odd("a"). permit(P) :- P has level, P.level > 1.
forbid(_) :- total(_, N), N > 5. forbid(P) :- above(G), P in G.
`

// After every update the model, its answers and the steps they take are those of a model that was loaded with the facts there are.
func TestUpdate_likeFromScratch(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := load(t, changing, fixpoint.Options{})
		eval := goal.New(w.t, w.program, w.model.DB(), w.store)
		facts := map[string]map[string]bool{}
		for range rapid.IntRange(1, 8).Draw(rt, "updates") {
			var groups [2][]analysis.Facts
			for i := range groups {
				for range rapid.IntRange(0, 3).Draw(rt, "rows") {
					pred, text, row := w.draw(rt)
					if facts[pred] == nil {
						facts[pred] = map[string]bool{}
					}
					facts[pred][text] = i == 1
					groups[i] = append(groups[i], w.facts(pred, row))
				}
			}
			if f := w.model.Update(groups[1], groups[0], goal.Limits{}); f != nil {
				rt.Fatal(f)
			}
		}
		var texts []string
		for _, rows := range facts {
			for text, there := range rows {
				if there {
					texts = append(texts, text)
				}
			}
		}
		scratch := load(t, strings.Join(rapid.Permutation(texts).Draw(rt, "order"), "\n")+changing, fixpoint.Options{})
		want := scratch.answers(goal.New(scratch.t, scratch.program, scratch.model.DB(), scratch.store))
		if d := cmp.Diff(want, w.answers(eval)); d != "" {
			rt.Fatal(d)
		}
	})
}

// draw draws a fact: its predicate, its text and its row.
func (w *world) draw(t *rapid.T) (pred, text string, row []value.Value) {
	long := func() value.Value { return w.t.Long(int64(rapid.SampledFrom([]int{0, 1, 2, 3, 6}).Draw(t, "n"))) }
	user := func() value.Value { return w.t.EntityOf("User", rapid.SampledFrom([]string{"s", "t"}).Draw(t, "user")) }
	group := func() value.Value {
		return w.t.EntityOf("Group", rapid.SampledFrom([]string{"g", "g1"}).Draw(t, "group"))
	}
	switch pred = rapid.SampledFrom([]string{"e", "n", "team", "lvl", "parent"}).Draw(t, "predicate"); pred {
	case "e":
		row = []value.Value{long(), long()}
	case "n":
		row = []value.Value{w.t.String(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "s")), long()}
	case "team":
		row = []value.Value{user(), group()}
	case "lvl":
		row = []value.Value{user(), long()}
	case "parent":
		row = []value.Value{rapid.SampledFrom([]value.Value{user(), group()}).Draw(t, "child"), group()}
	}
	text = pred + "(" + string(w.t.Append(nil, row[0])) + ", " + string(w.t.Append(nil, row[1])) + ")."
	return pred, text, row
}

// answers is what can be seen of a model: its rows, and the verdicts for some requests with their errors and steps.
func (w *world) answers(eval *goal.Evaluator) []string {
	var out []string
	for _, p := range []string{"r", "inv", "odd", "total", "member", "level", "above"} {
		out = append(out, p+": "+w.rows(w.pred(p).Rows)+"; "+w.erring(w.pred(p).Erring))
	}
	context := w.t.Record([]value.Value{w.t.String("k"), w.t.Long(1)})
	view := entity.NewView(w.t, w.store)
	for _, p := range []string{"s", "t"} {
		eval.Begin(goal.Request{Principal: w.t.EntityOf("User", p), Action: w.t.EntityOf("Action", "a"), Resource: w.t.EntityOf("Doc", "d"), Context: context}, view, goal.Limits{}, nil)
		for _, v := range eval.Statements(nil) {
			out = append(out, fmt.Sprint(p, v.Statement, v.Errs, v.Fault))
		}
		out = append(out, fmt.Sprint(eval.Steps(), eval.Tuples(), eval.Tables()))
	}
	for _, d := range w.model.Warnings() {
		out = append(out, d.Message)
	}
	return out
}
