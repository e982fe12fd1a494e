package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
)

// A negated body, or an aggregate's braces, is a predicate of its own that rules ask for the values of the variables outside: its group. What it
// gives isn't kept. Where an update changes what it reads, the groups for which it may give something else are found by its own rules, starting
// from the change; and for these groups the rules that ask are evaluated as they were, and as they are.

// isBody reports whether a predicate is a negated body or braces, and not kept.
func (e *Evaluator) isBody(p analysis.PredID) bool {
	return e.preds[p].Kind == analysis.PredAux && e.accessOf(p) != viaRelation
}

// findGroups notes that a body's groups, which are its first columns, have to be found, and reports whether they can be.
func (e *Evaluator) findGroups(u *upkeep, p analysis.PredID, columns int) bool {
	if u.changes[p].IsZero() || u.groups(p, columns) != nil {
		return true
	}
	if !e.isBody(p) && !e.findRelation(u, p) || e.isBody(p) && !e.findBody(u, p) {
		return false
	}
	u.grouped = append(u.grouped, &kept{grown: &grown{pred: p}, next: e.db.New(columns)})
	return true
}

// findBody finds what a body reads, and reports whether its rules can be evaluated from each of the changes there.
func (e *Evaluator) findBody(u *upkeep, p analysis.PredID) bool {
	for _, r := range e.preds[p].Rules {
		for i := range e.rules[r].Body {
			l := &e.rules[r].Body[i]
			switch l.Kind {
			case analysis.LitAggregate:
				if !u.changes[l.Aggregate.Pred].IsZero() {
					return false
				}
			case analysis.LitAtom, analysis.LitNot:
				if !u.changes[l.Pred].IsZero() && (!e.findRelation(u, l.Pred) || !e.leads(r, i)) {
					return false
				}
			}
		}
	}
	return true
}

// leads reports whether a rule can be evaluated from one of its literals on, without a value for any column of its head.
func (e *Evaluator) leads(rule int32, literal int) bool {
	c := e.codeOf(rule)
	b := planner{e: e, vars: make([]boundness, c.rule.NumVars)}
	b.settle(b.newsStep(&c.lits[literal]).literal)
	done := make([]bool, len(c.lits))
	for more := true; more; {
		more = false
		for i := range c.lits {
			if l := &c.lits[i]; !done[i] && b.ready(l) {
				b.settle(l)
				done[i], more = true, true
			}
		}
	}
	return !slices.Contains(done, false) && !slices.ContainsFunc(c.rule.HeadArgs, func(a analysis.Term) bool {
		return a.Var == analysis.TermWildcard || a.Var >= 0 && b.vars[a.Var] != settled
	})
}

// groups returns the groups of a body that has to be looked at, or nil.
func (u *upkeep) groups(p analysis.PredID, columns int) *kept {
	for _, g := range u.grouped {
		if g.pred == p && g.next.Arity() == columns {
			return g
		}
	}
	return nil
}

func (u *upkeep) groupsOf(l *analysis.Literal) *kept {
	if l.Kind == analysis.LitAggregate {
		return u.groups(l.Aggregate.Pred, len(l.Aggregate.Group))
	}
	return u.groups(l.Pred, len(l.Args))
}

// group finds the groups for which something is new or, of the time before the update, gone.
func (e *Evaluator) group(u *upkeep) {
	for _, g := range u.grouped {
		e.target(g.grown, modeT)
		g.keep = g
		if !e.isBody(g.pred) { // its rows are told
			e.keepColumns(g, &u.changes[g.pred])
			continue
		}
		e.eachRead(g, func(g *kept, rule int32, i int, l *analysis.Literal) {
			if l.Kind != analysis.LitAggregate {
				e.keepRule(g, rule, i, u.changes[l.Pred].side(l, u.before))
			}
		})
		u.errs = u.errs || g.targets[modeT].errs
		g.news = e.listOf(g.next)
	}
}

// keepColumns takes the groups of rows that come or go.
func (e *Evaluator) keepColumns(g *kept, c *Change) {
	n := e.preds[g.pred].Arity
	for _, list := range [...]*Rows{&c.Added, &c.Removed} {
		for i := range list.Count {
			e.step(1)
			e.keepAnswer(g, list.Row(i, n))
		}
	}
	g.news = e.listOf(g.next)
}
