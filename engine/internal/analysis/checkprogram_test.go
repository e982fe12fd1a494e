package analysis

import (
	"slices"
	"testing"

	"github.com/rune-authz/rune/engine/internal/value"
)

// checkProgram checks what evaluators rely on, in a plainer way than the analysis finds it.
func checkProgram(t *testing.T, l *loaded) {
	t.Helper()
	checkStrata(t, l)
	p := l.program
	for i := range p.Preds {
		d := &p.Preds[i]
		if len(d.Columns) != d.Arity || len(d.Demanded) != d.Arity {
			t.Errorf("%s: %d columns", d.Name, len(d.Columns))
		}
		for _, r := range d.Rules {
			if head := p.Rules[r].Head; head != PredID(i) && (d.Attr == value.None || head != PredAttribute && head != PredTag) {
				t.Errorf("%s: a rule of %s", d.Name, p.Preds[head].Name)
			}
		}
	}
	for i := range p.Rules {
		checkRule(t, l, &p.Rules[i])
	}
}

func checkRule(t *testing.T, l *loaded, r *Rule) {
	t.Helper()
	p := l.program
	if len(r.HeadArgs) != p.Preds[r.Head].Arity || len(r.VarNames) != r.NumVars {
		t.Errorf("%s: shape", l.rule(p.Preds, r))
	}
	bound := map[int32]bool{}
	for j, d := range p.Preds[r.Head].Demanded {
		if d {
			bound[r.HeadArgs[j].Var] = true
		}
	}
	if left := order(p, r, bound); left > 0 {
		t.Errorf("%s: %d literals can't be evaluated", l.rule(p.Preds, r), left)
	}
	for _, a := range r.HeadArgs {
		if a.Var >= 0 && !bound[a.Var] {
			t.Errorf("%s: the head isn't bound", l.rule(p.Preds, r))
		}
	}
}

// order evaluates a rule's literals as far as what they need is bound, and returns how many are left.
func order(p *Program, r *Rule, bound map[int32]bool) int {
	left := make([]*Literal, len(r.Body))
	for i := range r.Body {
		left[i] = &r.Body[i]
	}
	for {
		n := len(left)
		left = slices.DeleteFunc(left, func(l *Literal) bool { return evaluable(p, l, bound) })
		if len(left) == n {
			return n
		}
	}
}

// evaluable reports whether all that a literal needs is bound, and then binds what it gives.
func evaluable(p *Program, l *Literal, bound map[int32]bool) bool {
	ready := true
	need := func(v int32) { ready = ready && (v < 0 || bound[v]) }
	for i, a := range l.Args {
		if l.Kind == LitNot || l.Kind == LitAtom && p.Preds[l.Pred].Demanded[i] {
			need(a.Var)
		}
	}
	if l.Aggregate != nil {
		for _, g := range l.Aggregate.Group {
			need(g.Var)
		}
	}
	needs(l.Expr, need)
	needs(l.Separator, need)
	if !ready {
		return false
	}
	for _, a := range l.Args {
		bound[a.Var] = true
	}
	if l.Kind == LitEquation || l.Kind == LitAggregate {
		bound[l.Var] = true
	}
	return true
}

func needs(e *Expr, need func(int32)) {
	if e == nil {
		return
	}
	if e.Op == OpVar {
		need(e.Var)
	}
	for _, a := range e.Args {
		needs(a, need)
	}
}
