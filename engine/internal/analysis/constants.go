package analysis

import "github.com/rune-authz/rune/engine/internal/value"

// Constants calls f for each constant in the rules, permit and forbid facts included.
func (p *Program) Constants(f func(value.Value)) {
	for i := range p.Rules {
		r := &p.Rules[i]
		termConstants(r.HeadArgs, f)
		for j := range r.Body {
			l := &r.Body[j]
			termConstants(l.Args, f)
			if l.Aggregate != nil {
				termConstants(l.Aggregate.Group, f)
			}
			l.Expr.constants(f)
			l.Separator.constants(f)
		}
	}
}

func termConstants(terms []Term, f func(value.Value)) {
	for _, t := range terms {
		if t.Var == TermConst {
			f(t.Const)
		}
	}
}

func (e *Expr) constants(f func(value.Value)) {
	if e == nil {
		return
	}
	if e.Op == OpConst {
		f(e.Const)
	}
	for _, a := range e.Args {
		a.constants(f)
	}
}
