package analysis

import (
	"fmt"
	"slices"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// desugar turns statements into clauses.
func (a *analysis) desugar(statements []datalog.Statement) {
	for i := range statements {
		st := &statements[i]
		if st.Decl != nil {
			continue
		}
		id, ok := a.byName.Get(st.Head.Pred)
		if !ok || a.preds[id].Kind == PredRequest {
			continue // reported
		}
		switch {
		case a.preds[id].Kind == PredStatement:
			a.statement(st, id)
		case len(st.Head.Args) != a.preds[id].Arity: // reported
		case st.Body != nil || !a.constantHead(&st.Head):
			a.rule(st, id)
		}
	}
}

// constantHead reports whether a fact's arguments are written as values; other facts are rules without a body.
func (a *analysis) constantHead(head *datalog.Atom) bool {
	return !slices.ContainsFunc(head.Args, func(e *datalog.Expr) bool { return !simpleExpr(e) })
}

// statement desugars a permit or forbid.
func (a *analysis) statement(st *datalog.Statement, id PredID) {
	if len(st.Head.Args) > 3 {
		return // reported
	}
	s := Statement{ID: fmt.Sprint("rule", len(a.statements)), Span: st.Span}
	if id == PredForbid {
		s.Effect = Forbid
	}
	for _, n := range st.Annotations {
		switch {
		case n.Name == "id" && n.HasValue:
			s.ID = n.Value
		case n.Name == "reason" && n.HasValue:
			s.Message, s.HasMessage = n.Value, true
		}
	}
	index := int32(len(a.statements))
	for _, c := range a.rule(st, id) {
		c.Statement = index
	}
	a.statements = append(a.statements, s)
}

// rule desugars a rule: a clause for each conjunction.
func (a *analysis) rule(st *datalog.Statement, id PredID) []*clause {
	if id == PredAttribute || id == PredTag {
		if name, ok := text(st.Head.Args[1]); ok {
			id = a.fieldPredicate(id == PredTag, a.table.String(name))
		}
	}
	a.base = len(a.clauses)
	var out []*clause
	for _, items := range a.expand(st.Body) {
		c := a.newClause(id, st.Span)
		later := a.head(c, &st.Head)
		a.conjunction(c, items)
		later()
		a.clauses = append(a.clauses, c)
		out = append(out, c)
	}
	return out
}

// head lowers a head's arguments and returns what is to be done after the body: expressions become equations.
func (a *analysis) head(c *clause, head *datalog.Atom) (later func()) {
	columns, demanded := a.infos[c.Head].columns, a.preds[c.Head].Demanded
	statement := a.preds[c.Head].Kind == PredStatement
	var equations []func()
	for i := range columns {
		if i >= len(head.Args) {
			c.HeadArgs = append(c.HeadArgs, Term{Var: TermWildcard})
			c.heads = append(c.heads, head.Span)
			continue
		}
		e := head.Args[i]
		term := Term{Var: TermWildcard}
		switch {
		case e.Kind == datalog.ExprWildcard && !demanded[i]:
			a.diags.Errorf(e.Span, codeUnsafe, "'_' in the head of %s is bound by nothing", head.Pred).Help = "name a variable and bind it in the body"
		case e.Kind == datalog.ExprWildcard:
		case e.Kind == datalog.ExprVar:
			term.Var = c.named(e.Text, e.Span)
			if demanded[i] {
				c.vars[term.Var].given = true
				if statement && c.vars[term.Var].role == 0 {
					c.vars[term.Var].role = i + 1
				}
			}
		default:
			if statement {
				a.warnBareWord(e)
			}
			term = a.constantTerm(&columns[i], e)
			if term.Var != TermConst {
				term.Var = c.made("", e.Span)
				c.vars[term.Var].given = demanded[i]
				equations = append(equations, func() { a.equation(c, term.Var, e, false) })
			}
		}
		c.HeadArgs = append(c.HeadArgs, term)
		c.heads = append(c.heads, e.Span)
	}
	return func() {
		for _, f := range equations {
			f()
		}
	}
}

// constantTerm returns the constant that an argument is written as, coerced to the column's declared type; else a wildcard.
func (a *analysis) constantTerm(col *column, e *datalog.Expr) Term {
	v, ok := a.simple(e)
	if !ok {
		return Term{Var: TermWildcard}
	}
	return Term{Var: TermConst, Const: a.coerceConstant(col, v, e.Span)}
}

// equation adds V = e.
func (a *analysis) equation(c *clause, v int32, e *datalog.Expr, below bool) {
	c.add(Literal{Kind: LitEquation, Var: v, Expr: a.lower(c, e), Span: e.Span}, note{below: below})
}

// conjunction lowers a clause's body.
func (a *analysis) conjunction(c *clause, items []item) {
	shared := a.sharedNames(c, items)
	aggregates := map[int]*datalog.Literal{}
	for i := range items {
		it := &items[i]
		l := it.lit
		switch {
		case it.test != nil:
			a.testItem(c, it)
		case l.Kind == datalog.LitAtom && isGenerator(l.Atom.Pred) && !l.Negated:
			a.generator(c, l)
		case l.Kind == datalog.LitAtom && isGenerator(l.Atom.Pred):
			a.notBody(c, l, &datalog.Body{Alternatives: [][]datalog.Literal{{{Kind: datalog.LitAtom, Atom: l.Atom, Span: l.Span}}}, Span: l.Span}, nil)
		case l.Kind == datalog.LitAtom:
			a.atom(c, l)
		case l.Kind == datalog.LitBody:
			a.notBody(c, l, l.Body, &shared)
		case l.Kind == datalog.LitAssign:
			a.assign(c, l, Literal{Kind: LitEquation, Expr: a.lower(c, l.Expr)})
		case l.Kind == datalog.LitAggregate:
			aggregates[len(c.Body)] = l
			a.assign(c, l, Literal{Kind: LitAggregate})
		}
	}
	for at := range c.Body {
		if l := aggregates[at]; l != nil {
			a.aggregate(c, at, l)
		}
	}
}

// assign adds an equation or aggregate for a variable that is written on the left.
func (a *analysis) assign(c *clause, l *datalog.Literal, lit Literal) {
	lit.Var, lit.Span = c.named(l.Var.Text, l.Var.Span), l.Span
	c.add(lit, note{written: true, spans: []source.Span{l.Var.Span}})
}

// testItem adds a test.
func (a *analysis) testItem(c *clause, it *item) {
	e := a.lower(c, it.test)
	if it.not {
		e = call(value.OpNot, it.lit.Span, e)
	}
	c.add(Literal{Kind: LitTest, Expr: e, Span: it.test.Span}, note{below: it.not})
}

// atom adds an atom or a negated one. Expressions among its arguments become equations before it.
func (a *analysis) atom(c *clause, l *datalog.Literal) {
	id := a.use(l.Atom)
	args := l.Atom.Args
	if id == PredAttribute || id == PredTag {
		if name, ok := text(args[1]); ok {
			id = a.fieldPredicate(id == PredTag, a.table.String(name))
		}
	}
	lit := Literal{Kind: LitAtom, Pred: id, Span: l.Atom.Span}
	if l.Negated {
		lit.Kind = LitNot
	}
	n := note{}
	for i := range a.infos[id].columns {
		if i >= len(args) { // of permit and forbid
			lit.Args = append(lit.Args, Term{Var: TermWildcard})
			n.spans = append(n.spans, l.Atom.Span)
			continue
		}
		lit.Args = append(lit.Args, a.argument(c, &a.infos[id].columns[i], args[i], l.Negated))
		n.spans = append(n.spans, args[i].Span)
	}
	c.add(lit, n)
}

// argument lowers an argument of an atom in a body.
func (a *analysis) argument(c *clause, col *column, e *datalog.Expr, below bool) Term {
	switch e.Kind {
	case datalog.ExprWildcard:
		if c.wild == nil || below {
			return Term{Var: TermWildcard}
		}
		c.wild[e] = c.made("_", e.Span)
		return Term{Var: c.wild[e]}
	case datalog.ExprVar:
		return Term{Var: c.named(e.Text, e.Span)}
	}
	if t := a.constantTerm(col, e); t.Var == TermConst {
		return t
	}
	v := c.made("", e.Span)
	a.equation(c, v, e, below)
	return Term{Var: v}
}

func isGenerator(pred string) bool { return pred == "argv" || pred == "split" || pred == "each" }

// generator adds argv, split or each.
func (a *analysis) generator(c *clause, l *datalog.Literal) {
	args := l.Atom.Args
	lit := Literal{Kind: LitGenerate, Span: l.Atom.Span}
	inputs := 1
	switch {
	case l.Atom.Pred == "argv" && len(args) == 3:
		lit.Generator = GenArgv
	case l.Atom.Pred == "split" && len(args) == 4:
		lit.Generator, inputs = GenSplit, 2
	case l.Atom.Pred == "each" && len(args) == 2:
		lit.Generator = GenEach
	case l.Atom.Pred == "each" && len(args) == 3:
		lit.Generator = GenEachRecord
	default:
		form := map[string]string{"argv": "argv(Line, I, Word)", "split": "split(Text, Separator, I, Part)",
			"each": "each(Set, X) or each(Record, Key, Value)"}[l.Atom.Pred]
		a.diags.Errorf(l.Atom.Span, codeArity, "%s takes other arguments", l.Atom.Pred).Help = "write " + form
		for _, e := range args {
			if e.Kind == datalog.ExprVar {
				c.vars[c.named(e.Text, e.Span)].given = true
			}
		}
		return
	}
	lit.Expr = a.lower(c, args[0])
	if inputs == 2 {
		lit.Separator = a.lower(c, args[1])
	}
	n := note{}
	free := column{Type: anyType}
	for _, e := range args[inputs:] {
		lit.Args = append(lit.Args, a.argument(c, &free, e, false))
		n.spans = append(n.spans, e.Span)
	}
	c.add(lit, n)
}
