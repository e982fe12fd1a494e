package analysis

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
)

// inputs calls f for the variables that must be bound before a literal, and where they stand.
func (a *analysis) inputs(c *clause, at int, f func(v int32, where source.Span)) {
	l, n := &c.Body[at], &c.notes[at]
	switch l.Kind {
	case LitAtom:
		for i, d := range a.preds[l.Pred].Demanded {
			if d && l.Args[i].Var >= 0 {
				f(l.Args[i].Var, n.spans[i])
			}
		}
	case LitNot:
		for i, t := range l.Args {
			if t.Var >= 0 {
				f(t.Var, n.spans[i])
			}
		}
	case LitAggregate:
		if l.Aggregate != nil {
			for _, t := range l.Aggregate.Group {
				f(t.Var, l.Span)
			}
		}
	}
	exprVars(l.Expr, f)
	exprVars(l.Separator, f)
}

// exprVars calls f for each variable in an expression.
func exprVars(e *Expr, f func(v int32, where source.Span)) {
	if e == nil {
		return
	}
	if e.Op == OpVar {
		f(e.Var, e.Span)
	}
	for _, x := range e.Args {
		exprVars(x, f)
	}
}

// outputs calls f for the variables that a literal binds.
func (a *analysis) outputs(c *clause, at int, f func(v int32)) {
	l := &c.Body[at]
	switch l.Kind {
	case LitAtom, LitGenerate:
		for _, t := range l.Args {
			if t.Var >= 0 {
				f(t.Var)
			}
		}
	case LitEquation, LitAggregate:
		f(l.Var)
	}
}

// close returns the variables that can be bound, and which literals can be evaluated. skip is left out; where eager, aggregates
// bind their variable whatever they need.
func (a *analysis) close(c *clause, skip int, eager bool) (bound, done []bool) {
	bound, done = make([]bool, len(c.vars)), make([]bool, len(c.Body))
	waiting := make([][]int32, len(c.vars)) // literals that wait for a variable, once for each time they use it
	lacks := make([]int, len(c.Body))
	var ready []int32
	for v := range c.vars {
		bound[v] = c.vars[v].given
	}
	for i := range c.Body {
		if i == skip {
			continue
		}
		if !eager || c.Body[i].Kind != LitAggregate {
			a.inputs(c, i, func(v int32, _ source.Span) {
				if !bound[v] {
					waiting[v] = append(waiting[v], int32(i))
					lacks[i]++
				}
			})
		}
		if lacks[i] == 0 {
			ready = append(ready, int32(i))
		}
	}
	for ; len(ready) > 0; ready = ready[1:] {
		i := int(ready[0])
		done[i] = true
		a.outputs(c, i, func(v int32) {
			if bound[v] {
				return
			}
			bound[v] = true
			for _, w := range waiting[v] {
				if lacks[w]--; lacks[w] == 0 {
					ready = append(ready, w)
				}
			}
		})
	}
	return bound, done
}

// boundWithout returns the variables that are bound without the literal at a place, an aggregate.
func (a *analysis) boundWithout(c *clause, at int) []bool {
	bound, _ := a.close(c, at, true)
	return bound
}

// bind checks that every clause's literals have an order in which all that they need is bound, and that the body binds the head.
func (a *analysis) bind() {
	for _, c := range a.clauses {
		bound, done := a.close(c, -1, false)
		a.blocked(c, bound, done)
		a.unboundHead(c, bound)
	}
}

// blame is a variable that a literal lacks.
type blame struct {
	v     int32
	at    source.Span
	lit   int
	goal  bool // it is a demanded argument
	bound bool // some literal would bind it, if it could be evaluated
}

// blocked reports what literals lack. A variable that only waits for another one isn't reported beside that.
func (a *analysis) blocked(c *clause, bound, done []bool) {
	binders := make([]bool, len(c.vars))
	for i := range c.Body {
		a.outputs(c, i, func(v int32) { binders[v] = binders[v] || !a.demands(c, i, v) })
	}
	var list []blame
	for i := range c.Body {
		a.wildGoal(c, i)
		if done[i] {
			continue
		}
		a.inputs(c, i, func(v int32, at source.Span) {
			if !bound[v] {
				list = append(list, blame{v: v, at: at, lit: i, goal: c.Body[i].Kind == LitAtom, bound: binders[v]})
			}
		})
	}
	if len(list) == 0 {
		return
	}
	c.broken = true
	slices.SortStableFunc(list, func(x, y blame) int { return cmp.Compare(x.at.Start, y.at.Start) })
	if slices.ContainsFunc(list, func(b blame) bool { return !b.bound }) {
		list = slices.DeleteFunc(list, func(b blame) bool { return b.bound })
	} else {
		list = list[:1] // they all wait for each other
	}
	for _, b := range list {
		if !c.vars[b.v].blamed {
			c.vars[b.v].blamed = true
			a.unbound(c, b)
		}
	}
}

// demands reports whether a literal needs a variable as an argument that it could otherwise bind.
func (a *analysis) demands(c *clause, at int, v int32) bool {
	needs := false
	a.inputs(c, at, func(in int32, _ source.Span) { needs = needs || in == v })
	return needs
}

func (a *analysis) unbound(c *clause, b blame) {
	l, name := &c.Body[b.lit], c.name(b.v)
	if b.goal {
		a.unboundGoal(l, b.at, name)
		return
	}
	d := a.diags.Errorf(b.at, codeUnsafe, "%q is bound by nothing", name)
	switch {
	case b.bound:
		d.Message = "\"" + name + "\" depends on itself"
		d.Help = "bind one of the variables in the circle by a positive literal, such as p(" + name + ")"
	case l.Kind == LitNot:
		d.Help = "a negation binds nothing: bind " + name + " by a positive literal, or write _ where anything may stand"
	default:
		d.Help = "bind it by a positive literal, such as p(" + name + "), or an equation"
	}
}

func (a *analysis) unboundGoal(l *Literal, at source.Span, name string) {
	p := &a.preds[l.Pred]
	base, _, _ := strings.Cut(p.Name, "/")
	d := a.diags.Errorf(at, codeUnboundGoal, "%s is asked about %s, which nothing binds", base, quoteName(name))
	if name == "_" {
		name = "X"
	}
	switch p.Kind {
	case PredStatement:
		d.Help = "bind candidates first: document(R), " + base + "(User::\"alice\", \"read\", R)"
	default:
		d.Help = "bind candidates first: user(" + name + "), " + base + "(" + name + ", …)"
	}
}

func quoteName(name string) string {
	if name == "_" {
		return "'_'"
	}
	return "\"" + name + "\""
}

// wildGoal reports a wildcard as an argument that must be bound.
func (a *analysis) wildGoal(c *clause, at int) {
	l := &c.Body[at]
	if l.Kind != LitAtom && l.Kind != LitNot || a.preds[l.Pred].Kind == PredAux {
		return
	}
	for i, d := range a.preds[l.Pred].Demanded {
		if d && l.Args[i].Var == TermWildcard {
			c.broken = true
			a.unboundGoal(l, c.notes[at].spans[i], "_")
			return
		}
	}
}

// unboundHead reports variables of the head that the body doesn't bind.
func (a *analysis) unboundHead(c *clause, bound []bool) {
	for i, t := range c.HeadArgs {
		if t.Var < 0 || bound[t.Var] {
			continue
		}
		if c.vars[t.Var].blamed || c.broken && a.binds(c, t.Var) {
			continue // it was reported, or waits for what was
		}
		c.broken = true
		name := c.name(t.Var)
		d := a.diags.Errorf(c.heads[i], codeUnsafe, "%q in the head is bound by nothing", name)
		d.Help = "bind it in the body by a positive literal, such as p(" + name + "), or an equation"
		switch {
		case c.outer != nil:
			d.Message = "\"" + name + "\" is bound by nothing in the braces"
		case c.Head < 0 || a.preds[c.Head].Kind == PredAux:
			d.Message = "\"" + name + "\" is bound by nothing"
		case len(c.Body) == 0:
			d.Message = "\"" + name + "\" in a fact is bound by nothing"
			d.Help = "a fact holds values; a variable stands in a rule, and a constant starts in lower case or is quoted"
		}
	}
}

// binds reports whether some literal has a variable as an output.
func (a *analysis) binds(c *clause, v int32) bool {
	found := false
	for i := range c.Body {
		a.outputs(c, i, func(out int32) { found = found || out == v })
	}
	return found
}
