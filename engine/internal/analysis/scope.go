package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// namesIn calls f for the names of variables in a conjunct, nested bodies included; a name may come more than once.
func (it *item) namesIn(f func(string, source.Span)) {
	w := walker{expr: func(e *datalog.Expr) {
		if e.Kind == datalog.ExprVar {
			f(e.Text, e.Span)
		}
	}}
	if it.test != nil {
		w.visit(it.test)
		return
	}
	w.visitLiteral(it.lit)
}

// sharedNames returns, for a conjunction, the names that stand in more than one conjunct or in the head.
func (a *analysis) sharedNames(c *clause, items []item) value.Names[bool] {
	shared := value.NewNames[bool](a.table)
	if !slices.ContainsFunc(items, func(it item) bool { return it.lit.Kind == datalog.LitBody && it.test == nil }) {
		return shared // needed for `not (…)` alone
	}
	for name := range c.index.All() {
		shared.Set(name, true)
	}
	last := value.NewNames[int](a.table)
	for i := range items {
		items[i].namesIn(func(name string, _ source.Span) {
			if before, ok := last.Get(name); ok && before != i {
				shared.Set(name, true)
			}
			last.Set(name, i)
		})
	}
	return shared
}

// bodyNames returns the distinct names of variables in a body in order of first occurrence.
func (a *analysis) bodyNames(b *datalog.Body, aggregated *datalog.Expr) (names []string, spans []source.Span) {
	seen := value.NewNames[bool](a.table)
	w := walker{expr: func(e *datalog.Expr) {
		if e.Kind == datalog.ExprVar && !seen.Has(e.Text) {
			seen.Set(e.Text, true)
			names, spans = append(names, e.Text), append(spans, e.Span)
		}
	}}
	w.visit(aggregated)
	w.body(b)
	return names, spans
}

// auxiliary adds an auxiliary predicate.
func (a *analysis) auxiliary(name string, arity, demanded int, at source.Span) PredID {
	id := a.addPredicate(name, PredAux, make([]column, arity), at)
	for i := range demanded {
		a.preds[id].Demanded[i] = true
	}
	a.infos[id].sized = true
	return id
}

// inner starts a clause of an auxiliary predicate whose first columns are variables of the clause around it.
func (a *analysis) inner(c *clause, id PredID, names []string, at source.Span) *clause {
	in := a.newClause(id, at)
	in.outer = c
	for _, n := range names {
		outer := c.index.Of(n)
		v := in.named(n, c.vars[outer].at)
		in.vars[v].given = true
		in.inputs = append(in.inputs, outer)
		in.HeadArgs = append(in.HeadArgs, Term{Var: v})
		in.heads = append(in.heads, at)
	}
	return in
}

// notBody adds `not (…)`: an auxiliary predicate over the variables that the body shares with what is around it. shared is nil where all
// of its variables are.
func (a *analysis) notBody(c *clause, l *datalog.Literal, body *datalog.Body, shared *value.Names[bool]) {
	all, spans := a.bodyNames(body, nil)
	var names []string
	lit, n := Literal{Kind: LitNot, Span: l.Span}, note{}
	for i, name := range all {
		if shared == nil || shared.Has(name) {
			names = append(names, name)
			lit.Args = append(lit.Args, Term{Var: c.named(name, spans[i])})
			n.spans = append(n.spans, spans[i])
		}
	}
	lit.Pred = a.auxiliary("not (…)", len(names), len(names), l.Span)
	for _, items := range a.expand(body) {
		in := a.inner(c, lit.Pred, names, l.Span)
		a.conjunction(in, items)
		a.clauses = append(a.clauses, in)
	}
	c.add(lit, n)
}

// aggregate fills in an aggregate literal once the conjunction around it is known: variables in the braces that are bound outside them
// are its group.
func (a *analysis) aggregate(c *clause, at int, l *datalog.Literal) {
	bound := a.boundWithout(c, at)
	ag := l.Aggregate
	names, _ := a.bodyNames(ag.Body, ag.Value)
	var group, locals []string
	var terms []Term
	for _, n := range names {
		if v, ok := c.index.Get(n); ok && bound[v] {
			group, terms = append(group, n), append(terms, Term{Var: v})
		} else {
			locals = append(locals, n)
			switch {
			case l.Var.Text == n:
				a.diags.Errorf(l.Var.Span, codeUnsafe, "%q is the aggregate's result and stands in its braces", n).Help = "give one of them another name"
			case ok:
				a.checkCircle(c, ag, n, v)
			}
		}
	}
	conjunctions := a.expand(ag.Body)
	wild := wildcards(conjunctions)
	arity := len(names) + len(wild)
	if ag.Value != nil {
		arity++
	}
	out := &Aggregate{Op: aggregateOps[ag.Op], Group: terms, HasValue: ag.Value != nil, Span: ag.Span}
	out.Pred = a.auxiliary(ag.Op+" {…}", arity, len(group), ag.Span)
	c.Body[at].Aggregate = out
	for _, items := range conjunctions {
		a.braces(c, out, group, locals, wild, items, ag)
	}
}

// checkCircle reports a variable in an aggregate's braces that is bound outside them by what depends on the aggregate: there it would be
// another variable of the same name.
func (a *analysis) checkCircle(c *clause, ag *datalog.Aggregate, name string, v int32) {
	if bound, _ := a.close(c, -1, true); bound[v] {
		a.diags.Errorf(ag.Span, codeUnsafe, "%q depends on itself: what binds it outside the braces depends on the aggregate", name).Help =
			"give the variable in the braces another name"
	}
}

var aggregateOps = map[string]AggregateOp{"count": AggCount, "sum": AggSum, "min": AggMin, "max": AggMax, "collect": AggCollect}

// braces adds one alternative of what stands in an aggregate's braces.
func (a *analysis) braces(c *clause, out *Aggregate, group, locals []string, wild []*datalog.Expr, items []item, ag *datalog.Aggregate) {
	in := a.inner(c, out.Pred, group, ag.Span)
	in.wild = map[*datalog.Expr]int32{}
	a.conjunction(in, items)
	missing := Term{Var: TermConst, Const: a.missing}
	for _, n := range locals {
		term := missing
		if v, ok := in.index.Get(n); ok {
			term = Term{Var: v}
		}
		in.HeadArgs = append(in.HeadArgs, term)
	}
	for _, e := range wild {
		term := missing
		if v, ok := in.wild[e]; ok {
			term = Term{Var: v}
		}
		in.HeadArgs = append(in.HeadArgs, term)
	}
	if ag.Value != nil {
		a.aggregated(in, ag.Value)
	}
	for _, t := range in.HeadArgs[len(in.heads):] {
		at := ag.Span
		if t.Var >= 0 {
			at = in.vars[t.Var].at
		}
		in.heads = append(in.heads, at)
	}
	a.clauses = append(a.clauses, in)
}

// aggregated adds the value that is aggregated as the last column.
func (a *analysis) aggregated(in *clause, e *datalog.Expr) {
	switch {
	case e.Kind == datalog.ExprVar:
		in.HeadArgs = append(in.HeadArgs, Term{Var: in.named(e.Text, e.Span)})
	case simpleExpr(e):
		v, _ := a.simple(e)
		in.HeadArgs = append(in.HeadArgs, Term{Var: TermConst, Const: v})
	default:
		v := in.made("", e.Span)
		a.equation(in, v, e, false)
		in.HeadArgs = append(in.HeadArgs, Term{Var: v})
	}
}

// wildcards returns the wildcards in the positive atoms of conjunctions.
func wildcards(conjunctions [][]item) []*datalog.Expr {
	var out []*datalog.Expr
	seen := map[*datalog.Expr]bool{}
	for _, items := range conjunctions {
		for _, it := range items {
			if it.test != nil || it.lit.Kind != datalog.LitAtom || it.lit.Negated {
				continue
			}
			for _, e := range it.lit.Atom.Args {
				if e.Kind == datalog.ExprWildcard && !seen[e] {
					seen[e] = true
					out = append(out, e)
				}
			}
		}
	}
	return out
}
