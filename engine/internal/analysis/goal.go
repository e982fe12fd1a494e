package analysis

import (
	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Goal parses and checks a query: a body whose variables are the columns of its answer. It adds the text to files as "goal", reports what
// is wrong with it, and then returns nil. Values in the goal are interned in the program's table.
func (p *Program) Goal(files *source.Files, text []byte, diags *source.List) *Goal {
	body := datalog.ParseBody(files, files.Add("goal", text), diags)
	if body == nil {
		return nil
	}
	n := len(p.Preds)
	a := &analysis{
		environment: p.env, files: files, diags: diags, goal: true, first: PredID(n),
		preds: p.Preds[:n:n], infos: p.env.infos[:n:n], users: map[PredID][]int{}, phantoms: value.NewNames[PredID](p.env.table), contexts: map[value.Value]bool{},
	}
	names := p.env.goalColumns(body)
	main := a.goalClauses(body, names)
	a.analyse()
	if diags.Failed() {
		return nil
	}
	g := &Goal{Columns: names, Rule: main.Rule, ExtraPreds: a.preds[n:]}
	for _, head := range main.HeadArgs {
		g.Types = append(g.Types, main.vars[head.Var].Type)
	}
	for _, c := range a.clauses {
		if c != main {
			g.ExtraRules = append(g.ExtraRules, c.Rule)
		}
	}
	for i := range g.ExtraPreds {
		for j := range g.ExtraPreds[i].Rules {
			g.ExtraPreds[i].Rules[j] += int32(len(p.Rules))
		}
	}
	return g
}

// GoalRow coerces values to the types of the goal's columns in place, as an update's row is. Values of other types stay as they are: they are
// none of the goal's.
func (p *Program) GoalRow(g *Goal, cells []value.Value) *value.Fault {
	for i := range cells {
		v, f := p.env.coerce(&column{Type: g.Types[i], bare: value.None}, g.Types[i], cells[i], fromData)
		if f != nil {
			return f
		}
		cells[i] = v
	}
	return nil
}

// goalClauses desugars a goal. One with alternatives asks for an auxiliary predicate that has a rule for each.
func (a *analysis) goalClauses(body *datalog.Body, names []string) *clause {
	alternatives := a.expand(body)
	if len(alternatives) == 1 {
		main := a.newClause(-1, body.Span)
		a.goalClause(main, alternatives[0], names)
		return main
	}
	id := a.auxiliary("goal", len(names), 0, body.Span)
	a.infos[id].plain = true
	for _, items := range alternatives {
		a.goalClause(a.newClause(id, body.Span), items, names)
	}
	main := a.newClause(-1, body.Span)
	lit := Literal{Kind: LitAtom, Pred: id, Span: body.Span}
	for _, n := range names {
		term := Term{Var: main.named(n, body.Span)}
		lit.Args, main.HeadArgs, main.heads = append(lit.Args, term), append(main.HeadArgs, term), append(main.heads, body.Span)
	}
	main.add(lit, note{spans: main.heads})
	a.clauses = append(a.clauses, main)
	return main
}

func (a *analysis) goalClause(c *clause, items []item, names []string) {
	a.conjunction(c, items)
	for _, n := range names {
		c.HeadArgs = append(c.HeadArgs, Term{Var: c.named(n, c.Span)})
		c.heads = append(c.heads, c.vars[c.index.Of(n)].at)
	}
	a.clauses = append(a.clauses, c)
}

// goalColumns returns the variables of a goal that are its columns: those outside `not (…)` and braces.
func (env *environment) goalColumns(body *datalog.Body) []string {
	var names []string
	seen := value.NewNames[bool](env.table)
	w := walker{
		expr: func(e *datalog.Expr) {
			if e.Kind == datalog.ExprVar && !seen.Has(e.Text) {
				seen.Set(e.Text, true)
				names = append(names, e.Text)
			}
		},
	}
	w.literal = func(l *datalog.Literal) bool {
		switch {
		case l.Kind == datalog.LitBody && l.Negated:
			return false
		case l.Kind == datalog.LitAggregate:
			w.visit(l.Var)
			return false
		}
		return true
	}
	w.body(body)
	return names
}
