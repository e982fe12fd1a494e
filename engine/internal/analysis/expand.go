package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/source"
)

// Limits of a body's conjunctions once its alternatives are multiplied out.
const (
	maxAlternatives = 1000
	maxItems        = 100_000
	maxClauses      = 10_000 // of one statement, nested bodies included
)

// item is one conjunct: a literal, or a test that stands for itself or is negated.
type item struct {
	lit  *datalog.Literal
	test *datalog.Expr // set: a test, and lit is where it stands
	not  bool          // the test is negated
}

// expander multiplies alternatives out.
type expander struct {
	a     *analysis
	items int
	over  bool
}

// expand returns a body's conjunctions: nested bodies are flattened, `&&` is split, and `||` too where it holds an `in`, which is a literal
// of its own wherever it can be.
func (a *analysis) expand(b *datalog.Body) [][]item {
	if b == nil {
		return [][]item{nil}
	}
	if len(a.clauses)-a.base > maxClauses {
		a.tooMany(b.Span)
		return nil
	}
	x := expander{a: a}
	out := x.body(b)
	if x.over {
		a.tooMany(b.Span)
		return nil
	}
	return out
}

func (a *analysis) tooMany(at source.Span) {
	a.diags.Errorf(at, codeComplex, "the alternatives multiply to more than %d rules", maxAlternatives).Help =
		"give the inner alternatives a predicate of their own"
}

func (x *expander) body(b *datalog.Body) [][]item {
	var out [][]item
	for _, conj := range b.Alternatives {
		out = append(out, x.conjunction(conj)...)
	}
	return x.bounded(out)
}

func (x *expander) bounded(out [][]item) [][]item {
	if len(out) > maxAlternatives || x.items > maxItems {
		x.over = true
		return out[:1]
	}
	return out
}

func (x *expander) conjunction(lits []datalog.Literal) [][]item {
	out := [][]item{nil}
	for i := range lits {
		out = x.product(out, x.literal(&lits[i]))
	}
	return out
}

// product appends every right conjunction to every left one.
func (x *expander) product(left, right [][]item) [][]item {
	if len(right) == 1 {
		for i := range left {
			left[i] = append(left[i], right[0]...)
			x.items += len(right[0])
		}
		return x.bounded(left)
	}
	var out [][]item
	for _, l := range left {
		for _, r := range right {
			out = append(out, slices.Concat(l, r))
			x.items += len(l) + len(r)
			if len(out) > maxAlternatives {
				return x.bounded(out)
			}
		}
	}
	return x.bounded(out)
}

func (x *expander) literal(l *datalog.Literal) [][]item {
	switch {
	case l.Kind == datalog.LitTest && !l.Negated:
		return x.test(l, l.Expr)
	case l.Kind == datalog.LitTest:
		return [][]item{{{lit: l, test: l.Expr, not: true}}}
	case l.Kind == datalog.LitBody && !l.Negated:
		return x.body(l.Body)
	case l.Kind == datalog.LitBody:
		if inner := l.Body.Alternatives; len(inner) == 1 && len(inner[0]) == 1 && inner[0][0].Kind == datalog.LitTest && !inner[0][0].Negated {
			return [][]item{{{lit: l, test: inner[0][0].Expr, not: true}}}
		}
	}
	return [][]item{{{lit: l}}}
}

// test splits a test that must be true.
func (x *expander) test(l *datalog.Literal, e *datalog.Expr) [][]item {
	switch {
	case e.Kind == datalog.ExprBinary && e.Name == "&&":
		return x.product(x.test(l, e.Args[0]), x.test(l, e.Args[1]))
	case e.Kind == datalog.ExprBinary && e.Name == "||" && holdsIn(e):
		return x.bounded(append(x.test(l, e.Args[0]), x.test(l, e.Args[1])...))
	case e.Kind == datalog.ExprIs && len(e.Args) == 2:
		is, in := splitIs(e)
		return [][]item{{{lit: l, test: is}, {lit: l, test: in}}}
	}
	return [][]item{{{lit: l, test: e}}}
}

// splitIs takes `X is T in E` apart.
func splitIs(e *datalog.Expr) (is, in *datalog.Expr) {
	is = &datalog.Expr{Kind: datalog.ExprIs, Name: e.Name, NameSpan: e.NameSpan, Args: e.Args[:1],
		Span: e.Args[0].Span.To(e.NameSpan)}
	in = &datalog.Expr{Kind: datalog.ExprBinary, Name: "in", Args: e.Args, NameSpan: source.Span{File: e.Span.File, Start: e.NameSpan.End, End: e.NameSpan.End}, Span: e.Span}
	return is, in
}

// holdsIn reports whether a membership is among the operands of && and ||.
func holdsIn(e *datalog.Expr) bool {
	switch {
	case e.Kind == datalog.ExprIs:
		return len(e.Args) == 2
	case e.Kind != datalog.ExprBinary:
		return false
	case e.Name == "&&" || e.Name == "||":
		return holdsIn(e.Args[0]) || holdsIn(e.Args[1])
	}
	return e.Name == "in"
}
