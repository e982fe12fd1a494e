package goal

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/relation"
	"github.com/rune-authz/rune/engine/internal/value"
)

// LeaveToDemand takes from the predicates to materialise the closures that rules ask about one value or two, and never negate or count:
// a search answers such a goal in about the steps that its answer has, while all pairs may be many times what the facts are. An annotation
// pins a predicate, and so does a materialised one that would ask goals by the thousand.
func LeaveToDemand(t *value.Table, p *analysis.Program) {
	arities := make([]int, len(p.Preds))
	e := New(t, p, relation.NewDatabase(t, arities), nil)
	var leave []analysis.PredID
	for id := range p.Preds {
		if x := &p.Preds[id]; x.Materialize && !x.Pinned && e.isClosure(analysis.PredID(id)) && e.askedBound(analysis.PredID(id)) {
			leave = append(leave, analysis.PredID(id))
		}
	}
	for _, id := range leave {
		p.Preds[id].Materialize = false
	}
}

// askedBound reports whether all rules of others that ask for a closure have a value for one of its columns.
func (e *Evaluator) askedBound(p analysis.PredID) bool {
	for i := range e.rules {
		r := &e.rules[i]
		if r.Head == p {
			continue
		}
		for k := range r.Body {
			l := &r.Body[k]
			switch {
			case l.Kind == analysis.LitAggregate && l.Aggregate.Pred == p, l.Kind == analysis.LitNot && l.Pred == p:
				return false
			case l.Kind == analysis.LitAtom && l.Pred == p && (e.preds[r.Head].Materialize || !e.bindsArgument(r, k)):
				return false
			}
		}
	}
	return true
}

// bindsArgument reports whether an argument of an atom is a constant, or bound by the head or another literal of the rule.
func (e *Evaluator) bindsArgument(r *analysis.Rule, k int) bool {
	return slices.ContainsFunc(r.Body[k].Args, func(a analysis.Term) bool {
		return a.Var == analysis.TermConst || a.Var >= 0 && (e.headBinds(r, a.Var) || e.bodyBinds(r, k, a.Var))
	})
}

func (e *Evaluator) headBinds(r *analysis.Rule, v int32) bool {
	for i, a := range r.HeadArgs {
		if a.Var == v && slices.Contains(e.preds[r.Head].Demanded[i:min(i+1, len(e.preds[r.Head].Demanded))], true) {
			return true
		}
	}
	return false
}

func (e *Evaluator) bodyBinds(r *analysis.Rule, but int, v int32) bool {
	for i := range r.Body {
		l := &r.Body[i]
		if i == but {
			continue
		}
		switch l.Kind {
		case analysis.LitAtom:
			if binds := e.preds[l.Pred].Kind == analysis.PredRequest || e.traits[l.Pred].stored && !e.isClosure(l.Pred); !binds {
				continue
			}
			fallthrough
		case analysis.LitGenerate:
			if slices.ContainsFunc(l.Args, func(a analysis.Term) bool { return a.Var == v }) {
				return true
			}
		case analysis.LitEquation, analysis.LitAggregate:
			if l.Var == v {
				return true
			}
		}
	}
	return false
}
