package datalog

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rune-authz/rune/engine/internal/source"
)

// parsed parses src as a [rules] body and renders each diagnostic as "line:column code: message | help".
func parsed(src string) (statements []Statement, errors []string) {
	var files source.Files
	var diags source.List
	id := files.Add(".", []byte(src))
	statements = Parse(&files, id, 0, len(src), &diags)
	for _, d := range diags.All() {
		p := files.Position(d.Span)
		s := fmt.Sprintf("%d:%d %s: %s", p.Line, p.Column, strings.TrimPrefix(string(d.Code), "datalog."), d.Message)
		if d.Help != "" {
			s += " | " + d.Help
		}
		errors = append(errors, s)
	}
	return statements, errors
}

func printed(statements []Statement) (out []string) {
	for i := range statements {
		out = append(out, statements[i].String())
	}
	return out
}

// sameTree compares trees without their positions.
var sameTree = cmp.Options{cmpopts.IgnoreTypes(source.Span{}), cmpopts.IgnoreUnexported(Expr{}), cmpopts.EquateEmpty()}

// same compares trees without their positions. (go-cmp takes time exponential in the depth of slices in slices.)
func same(a, b []Statement) bool {
	unplace(reflect.ValueOf(a))
	unplace(reflect.ValueOf(b))
	return reflect.DeepEqual(a, b)
}

// unplace sets all spans and heights below v to zero.
func unplace(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			unplace(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			unplace(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[source.Span]() {
			v.SetZero()
			return
		}
		if e, ok := v.Addr().Interface().(*Expr); ok {
			e.height = 0
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				unplace(v.Field(i))
			}
		}
	}
}

// TestParse_canonical holds texts and what they mean, printed. A text alone is canonical already.
func TestParse_canonical(t *testing.T) {
	for _, c := range []struct {
		src  string
		want []string
	}{
		{"", nil},
		{"# nothing\n", nil},
		{"has_role(alice, admin).", nil},
		{"p() :- q().", []string{"p :- q."}},
		{"p(a). q(b).", []string{"p(a).", "q(b)."}},
		{"p(a).\tq(b).// x", []string{"p(a).", "q(b)."}},
		{"p(a).#x\r\nq(b)./* x */r.", []string{"p(a).", "q(b).", "r."}},
		{`p("a, b", "c.d; e # f // g \" h", "").`, nil},
		{"  @id(\"x\")\t@reason(\"why, not. \") # c\n\n   forbid(_,\n\t\"delete\" , _)\n.", []string{"@id(\"x\")\n@reason(\"why, not. \")\nforbid(_, \"delete\", _)."}},
		{"@materialize p(X):-q(X).", []string{"@materialize\np(X) :- q(X)."}},
		{"agent.count.name(x) :- a.b.", nil},
		{"p(N) :- q(N), not N > 5.", nil},
		{"p(N) :- q(N), N > 5, not (N > 7, N < 9; N == 3), X = N + 1 * 2 - (3 - 4).", nil},
		{"p(X) :- (X == 1 && Y == 2), not (A || B), q(X).", nil},
		{"p :- (q(X); r(X)), ((s)), not (t).", nil},
		{"p :- ((X + 1) * 2 == 3), (X + 1) * 2 == 3, (X).a == 2, (X), (true), (X in Y).a.", []string{"p :- ((X + 1) * 2 == 3), (X + 1) * 2 == 3, X.a == 2, (X), (true), (X in Y).a."}},
		{`p :- X.a.b.contains(3, 4), X["b c"] == 1, X.in, X has a.is.b, X has "q", X is A::B in G::"x", X is user.`, nil},
		{`p :- S like "*.go\*", S like "", not S like "*\"\u{2a}*".`, nil},
		{`p :- X == -5, Y = -X, Z = - - 5, W = -(5), V = -5.a(), U = (-5).a(), T = -(5["a"]), Q = (5)["a"], not !X.a == !!true.`,
			[]string{`p :- X == -5, Y = -X, Z = --5, W = -(5), V = -5.a(), U = (-5).a(), T = -(5["a"]), Q = 5["a"], not !X.a == !!true.`}},
		{"p :- X = if A == 1 then 2 else if B && C || D then 3 else 4 + 5.", nil},
		{"p :- X = (if A then 1 else 2) + 3 + (if B then 1 else 2), (if A then 1 else 2) == if B then 1 else 2, if A then B else C.", nil},
		{"p :- A = (X && (Y || Z) && (U && V)), B = (X < 3), C = (1 - (2 - 3) - 4) / (5 % 6) / (7 * 8).", []string{"p :- A = (X && (Y || Z) && (U && V)), B = (X < 3), C = (1 - (2 - 3) - 4) / (5 % 6) / (7 * 8)."}},
		{"p :- (X == a && b != Y || 3 >= Z && Z <= W), X in [A, b, _a, U::\"x\"], X in [].", nil},
		{`p({a: 1, "b c": {}, "D": [[]]}, {"e": 1}).`, []string{`p({a: 1, "b c": {}, "D": [[]]}, {e: 1}).`}},
		{`p(user::"x", A::b::"\0\u{1f600}\n", ip("::1"), decimal("1.5"), datetime("2020-01-01"), duration("1h"), ip, true, false, 007).`,
			[]string{`p(user::"x", A::b::"\0😀\n", ip("::1"), decimal("1.5"), datetime("2020-01-01"), duration("1h"), ip, true, false, 7).`}},
		{"p(context, context.mfa, entityId(X), entityType(X.a)) :- context(K, V), context has a, !context.b, not context.c.", nil},
		{"p(-9223372036854775808, 9223372036854775807).", nil},
		{"p :- N = count { q(X, _) }, M = sum(Y * 2) { q(X, Y), r; r(Y) }, _x = min(Y) { q(Y) }, L = max(Y) { q(Y) }, K = collect(Y) { q(Y) }, C = count(Y) { q(Y) }.", nil},
		{"decl has_role(who: User, string). decl p. decl q().", []string{"decl has_role(who: User, string).", "decl p.", "decl q."}},
		{"@description(\"d\") decl s(Set<Set<App::User>>, any, Record).", []string{"@description(\"d\")\ndecl s(Set<Set<App::User>>, any, Record)."}},
		{"permit(P, \"read\", _) :- principal(P).\nforbid.", []string{"permit(P, \"read\", _) :- principal(P).", "forbid."}},
	} {
		if c.want == nil && c.src != "" && c.src[0] != '#' {
			c.want = []string{c.src}
		}
		got, errs := parsed(c.src)
		if diff := cmp.Diff(c.want, printed(got)); diff != "" || errs != nil {
			t.Errorf("%s\n%s%q", c.src, diff, errs)
			continue
		}
		if again, _ := parsed(strings.Join(c.want, "\n")); !same(got, again) {
			t.Errorf("%s reads back differently", c.src)
		}
	}
}

// TestParse_tree looks at the tree itself, for what printing alone can't tell.
func TestParse_tree(t *testing.T) {
	got, errs := parsed("p(_, N, x) :- N > 5, not N > 5, V = N, C = count { q(_) }, (r), S like \"a*\\*\\n*\".")
	v := func(name string) *Expr { return &Expr{Kind: ExprVar, Text: name} }
	over := &Expr{Kind: ExprBinary, Name: ">", Args: []*Expr{v("N"), {Kind: ExprLong, Long: 5}}}
	want := []Statement{{
		Head: Atom{Pred: "p", Args: []*Expr{{Kind: ExprWildcard}, v("N"), {Kind: ExprWord, Text: "x"}}},
		Body: &Body{Alternatives: [][]Literal{{
			{Kind: LitTest, Expr: over},
			{Kind: LitTest, Expr: over, Negated: true},
			{Kind: LitAssign, Var: v("V"), Expr: v("N")},
			{Kind: LitAggregate, Var: v("C"), Aggregate: &Aggregate{Op: "count", Body: &Body{Alternatives: [][]Literal{{
				{Kind: LitAtom, Atom: &Atom{Pred: "q", Args: []*Expr{{Kind: ExprWildcard}}}}}}}}},
			{Kind: LitBody, Body: &Body{Alternatives: [][]Literal{{{Kind: LitAtom, Atom: &Atom{Pred: "r"}}}}}},
			{Kind: LitTest, Expr: &Expr{Kind: ExprLike, Text: `a*\*\n*`, Pattern: []string{"a", "*\n", ""}, Args: []*Expr{v("S")}}},
		}}},
	}}
	if diff := cmp.Diff(want, got, sameTree); diff != "" || errs != nil {
		t.Errorf("%s%q", diff, errs)
	}
}

// TestParse_spans checks the texts that nodes point at.
func TestParse_spans(t *testing.T) {
	src := "  @id(\"x\") p.q(A) :- r(B), not (A.b + 1 == 2), C = max(A) { s }; A is T::U in G::\"g\". # end\ndecl d(x: Set<T>)."
	var files source.Files
	var diags source.List
	id := files.Add(".", []byte("ab"+src+"!"))
	sts := Parse(&files, id, 2, 2+len(src), &diags)
	text := func(s source.Span) string { return string(files.File(s.File).Text[s.Start:s.End]) }
	st, d := sts[0], sts[1]
	a, b := st.Body.Alternatives[0], st.Body.Alternatives[1]
	for _, c := range [][2]string{
		{text(st.Span), src[2:strings.Index(src, " # end")]},
		{text(st.Annotations[0].Span), `@id("x")`},
		{text(st.Head.Span), "p.q(A)"}, {text(st.Head.PredSpan), "p.q"},
		{text(a[0].Span), "r(B)"}, {text(a[0].Atom.Args[0].Span), "B"},
		{text(a[1].Span), "not (A.b + 1 == 2)"}, {text(a[1].Body.Alternatives[0][0].Expr.NameSpan), "=="},
		{text(a[1].Body.Alternatives[0][0].Expr.Args[0].Span), "A.b + 1"}, {text(a[1].Body.Alternatives[0][0].Expr.Args[0].Args[0].NameSpan), "b"},
		{text(a[2].Span), "C = max(A) { s }"}, {text(a[2].Aggregate.Span), "max(A) { s }"},
		{text(b[0].Span), `A is T::U in G::"g"`}, {text(b[0].Expr.NameSpan), "T::U"}, {text(b[0].Expr.Args[1].NameSpan), "G"},
		{text(st.Body.Span), src[strings.Index(src, "r(B)"):strings.Index(src, ". # end")]},
		{text(d.Span), "decl d(x: Set<T>)."}, {text(d.Decl.PredSpan), "d"}, {text(d.Decl.Columns[0].Span), "x: Set<T>"}, {text(d.Decl.Columns[0].Type.Span), "Set<T>"},
	} {
		if c[0] != c[1] {
			t.Errorf("got %q, want %q", c[0], c[1])
		}
	}
	if diags.Len() > 0 {
		t.Error(diags.All())
	}
}

func TestParseBody(t *testing.T) {
	for _, c := range []struct{ src, want, err string }{
		{`member(User::"a", G)`, `member(User::"a", G)`, ""},
		{"p(X), not q(X); r .", "p(X), not q(X); r", ""},
		{"# only a comment", "", "the goal is empty"},
		{"p(X) :- q(X)", "", `unexpected ":-" after the goal`},
		{"p(X). q(X)", "", `unexpected "q" after the goal`},
		{"p(X", "", "expected ')', found the end"},
		{"p(X) && q(X)", "", `unexpected "&&" after the goal`},
		{"p(X), $", "", "unexpected character '$'"},
		{"p /* x", "", "comment is not closed"},
	} {
		var files source.Files
		var diags source.List
		b := ParseBody(&files, files.Add("goal", []byte(c.src)), &diags)
		if (b == nil) != (c.err != "") || b != nil && b.String() != c.want || b == nil && (diags.Len() != 1 || diags.All()[0].Message != c.err) {
			t.Errorf("%q: %v %v", c.src, b, diags.All())
		}
	}
}
