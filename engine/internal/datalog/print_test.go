package datalog

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/source"
	"pgregory.net/rapid"
)

// trees draws syntax trees, of statements that a text can say.
type trees struct{ *rapid.T }

func (g trees) pick(from ...string) string { return rapid.SampledFrom(from).Draw(g.T, "word") }
func (g trees) n(most int) int             { return rapid.IntRange(0, most).Draw(g.T, "n") }
func (g trees) yes() bool                  { return rapid.Bool().Draw(g.T, "yes") }
func (g trees) text() string {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "a", `"`, `\`, "a, b. # c", "é\n\x00", "*", "\u0301"}), rapid.String()).Draw(g.T, "text")
}
func (g trees) name() string { return g.pick("a", "in", "isUnder", "x1", "has_role", "count") }
func (g trees) path() string { return g.pick("User", "A::B", "a::in::C", "_x") }
func (g trees) variable() *Expr {
	return &Expr{Kind: ExprVar, Text: g.pick("X", "Y1", "_z", "Name", "A_b")}
}

func (g trees) list(most, depth int, one func(int) *Expr) (out []*Expr) {
	for range g.n(most) {
		out = append(out, one(depth))
	}
	return out
}

func (g trees) statement() Statement {
	var s Statement
	for _, n := range []string{"id", "reason", "demand"} {
		if g.n(3) == 0 {
			a := Annotation{Name: n, HasValue: n != "demand"}
			if a.HasValue {
				a.Value = g.text()
			}
			s.Annotations = append(s.Annotations, a)
		}
	}
	if g.n(6) == 0 {
		s.Decl = &Decl{Pred: g.pick("p", "q.in")}
		for range g.n(3) {
			s.Decl.Columns = append(s.Decl.Columns, Column{Name: g.pick("", "a", "decl"), Type: g.typ()})
		}
		return s
	}
	s.Head = *g.atom(2)
	if g.n(5) > 0 {
		s.Body = g.body(3)
	}
	return s
}

func (g trees) typ() Type {
	if g.n(3) == 0 {
		elem := g.typ()
		return Type{Name: "Set", Elem: &elem}
	}
	return Type{Name: g.pick("long", "any", "Record", "User", "A::B")}
}

func (g trees) atom(depth int) *Atom {
	a := &Atom{Pred: g.pick("p", "context", "agent.not.name", "permit"), Args: g.list(3, depth, g.argument)}
	if len(a.Args) == 0 && a.Pred == "context" { // would be the record
		a.Pred = "p"
	}
	return a
}

func (g trees) argument(depth int) *Expr {
	if g.n(4) == 0 {
		return &Expr{Kind: ExprWildcard}
	}
	return g.side(depth)
}

func (g trees) side(depth int) *Expr {
	if g.n(4) == 0 {
		return &Expr{Kind: ExprWord, Text: g.pick("admin", "ip", "in", "not", "count", "then")}
	}
	return g.expr(depth)
}

func (g trees) body(depth int) *Body {
	b := &Body{}
	for range 1 + g.n(2) {
		var conj []Literal
		for range 1 + g.n(2) {
			conj = append(conj, g.literal(depth))
		}
		b.Alternatives = append(b.Alternatives, conj)
	}
	return b
}

func (g trees) literal(depth int) Literal {
	if depth > 0 {
		switch g.n(5) {
		case 0:
			return Literal{Kind: LitAssign, Var: g.variable(), Expr: g.expr(depth)}
		case 1:
			a := &Aggregate{Op: g.pick("count", "sum", "min"), Body: g.body(depth - 1)}
			if a.Op != "count" || g.yes() {
				a.Value = g.expr(depth - 1)
			}
			return Literal{Kind: LitAggregate, Var: g.variable(), Aggregate: a}
		case 2:
			return Literal{Kind: LitBody, Body: g.body(depth - 1), Negated: g.yes()}
		}
	}
	if g.yes() {
		return Literal{Kind: LitAtom, Atom: g.atom(depth), Negated: g.yes()}
	}
	// A test alone starts with no bare word, which would be an atom.
	return Literal{Kind: LitTest, Expr: g.cond(depth, g.expr), Negated: g.yes()}
}

// cond is any condition, its comparisons' left sides made by left.
func (g trees) cond(depth int, left func(int) *Expr) *Expr {
	if depth <= 0 {
		return g.expr(0)
	}
	switch g.n(7) {
	case 0, 1:
		return &Expr{Kind: ExprBinary, Name: g.pick("&&", "||"), Args: []*Expr{g.cond(depth-1, g.side), g.cond(depth-1, g.side)}}
	case 2:
		return &Expr{Kind: ExprBinary, Name: g.pick("==", "!=", "<", "<=", ">", ">="), Args: []*Expr{left(depth - 1), g.side(depth - 1)}}
	case 3:
		return &Expr{Kind: ExprBinary, Name: "in", Args: []*Expr{g.expr(depth - 1), g.expr(depth - 1)}}
	case 4:
		e := &Expr{Kind: ExprIs, Name: g.path(), Args: []*Expr{g.expr(depth - 1)}}
		if g.yes() {
			e.Args = append(e.Args, g.expr(depth-1))
		}
		return e
	case 5:
		e := &Expr{Kind: ExprHas, Args: []*Expr{g.expr(depth - 1)}, Quoted: g.yes()}
		if e.Quoted {
			e.Names = []string{g.text()}
			return e
		}
		for range 1 + g.n(2) {
			e.Names = append(e.Names, g.name())
		}
		return e
	case 6:
		text := g.pick("", "*", `a*\*`, `\"*\u{e9}\\`)
		parts, _, _ := ParsePattern(text)
		return &Expr{Kind: ExprLike, Text: text, Pattern: parts, Args: []*Expr{g.expr(depth - 1)}}
	}
	return g.expr(depth)
}

func (g trees) expr(depth int) *Expr {
	d := depth - 1
	if depth <= 0 || g.n(3) == 0 {
		return g.leaf()
	}
	switch g.n(10) {
	case 0:
		return &Expr{Kind: ExprIf, Args: []*Expr{g.cond(d, g.side), g.expr(d), g.expr(d)}}
	case 1, 2, 3:
		return &Expr{Kind: ExprBinary, Name: g.pick("+", "-", "*", "/", "%"), Args: []*Expr{g.expr(d), g.expr(d)}}
	case 4, 5:
		return &Expr{Kind: ExprUnary, Name: g.pick("-", "!"), Args: []*Expr{g.expr(d)}}
	case 6:
		if g.yes() {
			return &Expr{Kind: ExprAttr, Quoted: true, Name: g.text(), Args: []*Expr{g.expr(d)}}
		}
		return &Expr{Kind: ExprAttr, Name: g.name(), Args: []*Expr{g.expr(d)}}
	case 7:
		return &Expr{Kind: ExprMethod, Name: g.name(), Args: append([]*Expr{g.expr(d)}, g.list(2, d, g.expr)...)}
	case 8:
		e := &Expr{Kind: ExprRecord}
		for _, k := range []string{"a", "in", "B c", "", "é"} {
			if g.yes() {
				e.Names, e.Args = append(e.Names, k), append(e.Args, g.expr(d))
			}
		}
		return e
	case 9:
		return &Expr{Kind: ExprSet, Args: g.list(3, d, g.side)}
	}
	return g.cond(d, g.side)
}

func (g trees) leaf() *Expr {
	switch g.n(7) {
	case 0:
		return &Expr{Kind: ExprBool, Bool: g.yes()}
	case 1:
		return &Expr{Kind: ExprLong, Long: rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64()).Draw(g.T, "long")}
	case 2:
		return &Expr{Kind: ExprString, Text: g.text()}
	case 3:
		return &Expr{Kind: ExprEntity, Name: g.path(), Text: g.text()}
	case 4:
		return &Expr{Kind: ExprConstructor, Name: g.pick("decimal", "ip", "datetime", "duration"), Text: g.text()}
	case 5:
		return &Expr{Kind: ExprContext}
	case 6:
		k := ExprEntityID
		if g.yes() {
			k = ExprEntityType
		}
		return &Expr{Kind: k, Args: []*Expr{g.variable()}}
	}
	return g.variable()
}

func TestPrint_readsBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := trees{rt}.statement()
		got, errs := parsed(s.String())
		if errs != nil || len(got) != 1 {
			rt.Fatalf("%s\n%q", s.String(), errs)
		}
		if !same([]Statement{s}, got) {
			if got[0].String() == s.String() {
				rt.Fatalf("%s\nreads back as another tree", s.String())
			}
			rt.Fatalf("%s\nreads back as\n%s", s.String(), got[0].String())
		}
	})
}

// FuzzParse checks that nothing panics, that errors stand within the text, and that what is well formed reads back the same.
func FuzzParse(f *testing.F) {
	for _, c := range nested {
		f.Add("", c.text(3), "")
	}
	for _, s := range []string{"@id(\"x\") p(X, _, a) :- q(X), not (r; X.a == -5).", "p :- (X + 1) * 2 == 3, X like \"*\\*\".", "decl p(a: Set<long>).", "p('x') q.\nr(", "/* ", "p(\"\\"} {
		f.Add("# before\n", s, "after.")
	}
	f.Fuzz(func(t *testing.T, before, text, after string) {
		var files source.Files
		var diags source.List
		id := files.Add(".", []byte(before+text+after))
		start, end := len(before), len(before)+len(text)
		got := Parse(&files, id, start, end, &diags)
		for _, d := range diags.All() {
			if int(d.Span.Start) < start || int(d.Span.End) > end || d.Span.Start > d.Span.End || d.Span.File != id || d.Code == "" || d.Message == "" {
				t.Fatalf("misplaced: %+v", d)
			}
		}
		if !utf8.ValidString(text) {
			return
		}
		canonical := strings.Join(printed(got), "\n")
		again, errs := parsed(canonical)
		if errs != nil || !same(got, again) {
			t.Fatalf("%s\nreads back differently: %q", canonical, errs)
		}
		if twice := strings.Join(printed(again), "\n"); twice != canonical {
			t.Fatalf("printed again:\n%s\nnot\n%s", twice, canonical)
		}
	})
}
