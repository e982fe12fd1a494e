package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// infer finds the types of columns without a declaration: the narrowest that hold what facts and rules give. A rule counts once all its
// positive atoms can have rows, so the result is the least there is and no order matters.
func (a *analysis) infer() {
	a.openColumns()
	for i, c := range a.clauses {
		for j := range c.Body {
			l := &c.Body[j]
			switch l.Kind {
			case LitAtom:
				a.users[l.Pred] = append(a.users[l.Pred], i)
			case LitAggregate:
				a.users[l.Aggregate.Pred] = append(a.users[l.Aggregate.Pred], i)
			}
		}
	}
	inner := a.innerClauses()
	queue := make([]int, len(a.clauses))
	queued := make([]bool, len(a.clauses))
	for i := range queue {
		queue[i], queued[i] = i, true
	}
	push := func(i int) {
		if !queued[i] {
			queue, queued[i] = append(queue, i), true
		}
	}
	for len(queue) > 0 {
		i := queue[0]
		queue, queued[i] = queue[1:], false
		c := a.clauses[i]
		if a.typeVars(c) {
			for _, j := range inner[c] {
				push(j)
			}
		}
		if a.contribute(c) {
			for _, j := range a.users[c.Head] {
				push(j)
			}
		}
	}
	if !a.goal { // which changes nothing of the documents' columns
		a.narrowOpen()
	}
	a.settle()
}

// innerClauses finds the auxiliary clauses of each clause.
func (a *analysis) innerClauses() map[*clause][]int {
	out := map[*clause][]int{}
	for i, c := range a.clauses {
		if c.outer != nil {
			out[c.outer] = append(out[c.outer], i)
		}
	}
	return out
}

// openColumns gives any type to columns that updates may fill and documents say nothing of.
func (a *analysis) openColumns() {
	for id := a.first; int(id) < len(a.preds); id++ {
		info := &a.infos[id]
		if a.preds[id].Kind == PredUser && info.facts && !info.rules {
			for i := range info.columns {
				info.columns[i].open = !info.columns[i].known
			}
			open(info.columns)
		}
	}
}

// narrowOpen gives the columns that updates alone fill the type of what rules look for in them, where every rule's is certain. An update
// that holds text where rules look for entities is then refused, and not ignored for ever.
func (a *analysis) narrowOpen() {
	wanted := map[place]Type{}
	changed := slices.ContainsFunc(a.infos, func(p predicate) bool { return slices.ContainsFunc(p.columns, func(c column) bool { return c.open }) })
	give := func(at place, typ Type) {
		if a.infos[at.pred].columns[at.col].Kind != TypeAny {
			return
		}
		have, ok := wanted[at]
		if ok {
			typ = join(have, typ)
		}
		if !ok || !sameType(have, typ) {
			wanted[at], changed = typ, true
		}
	}
	for changed {
		changed = false
		for _, c := range slices.Backward(a.clauses) { // what is used mostly stands before what uses it
			for i := range c.Body {
				switch l := &c.Body[i]; l.Kind {
				case LitAtom, LitNot:
					for j, t := range l.Args {
						if typ, ok := a.wantedType(c, t, wanted); ok {
							give(place{l.Pred, j}, typ)
						}
					}
				case LitAggregate: // rows of any values count
					for j := range a.infos[l.Aggregate.Pred].columns {
						give(place{l.Aggregate.Pred, j}, anyType)
					}
				}
			}
		}
	}
	for at, typ := range wanted {
		if col := &a.infos[at.pred].columns[at.col]; col.open {
			col.Type = typ
		}
	}
}

// place is a predicate's column.
type place struct {
	pred PredID
	col  int
}

// wantedType is the type of the values for which a term can match, as far as it is certain. A value that is only handed on to heads is
// wanted as it is there; false where that isn't known yet, or never asked for.
func (a *analysis) wantedType(c *clause, t Term, wanted map[place]Type) (typ Type, ok bool) {
	if t.Var == TermWildcard {
		return anyType, true
	}
	typ, s, ok := a.typeTerm(c, t)
	switch {
	case ok && s >= sureKind && typ.Kind != TypeAny:
		if s < sure {
			typ = Type{Kind: typ.Kind, Entity: value.None}
		}
		return typ, true
	case t.Var == TermConst || c.uses(t.Var) != 1:
		return anyType, true
	}
	heads := 0
	ok = false
	for i, h := range c.HeadArgs {
		if h.Var != t.Var {
			continue
		}
		if heads++; c.Head < 0 || a.preds[c.Head].Kind != PredUser && a.preds[c.Head].Kind != PredAux {
			return anyType, true
		}
		if w, known := wanted[place{c.Head, i}]; known && ok {
			typ = join(typ, w)
		} else if known {
			typ, ok = w, true
		}
	}
	if heads == 0 {
		return anyType, true
	}
	return typ, ok
}

// uses counts how often a variable stands in a clause's body; in an expression or aggregate as often as not to be once.
func (c *clause) uses(v int32) int {
	n := 0
	for i := range c.Body {
		l := &c.Body[i]
		for _, t := range l.Args {
			if t.Var == v {
				n++
			}
		}
		other := func(w int32, _ source.Span) {
			if w == v {
				n += 2
			}
		}
		exprVars(l.Expr, other)
		exprVars(l.Separator, other)
		if l.Kind == LitEquation || l.Kind == LitAggregate {
			other(l.Var, l.Span)
		}
		if l.Aggregate != nil {
			for _, t := range l.Aggregate.Group {
				other(t.Var, l.Span)
			}
		}
	}
	return n
}

func open(columns []column) {
	for i := range columns {
		if !columns[i].known {
			columns[i].Type, columns[i].known, columns[i].sure = anyType, true, sure
		}
	}
}

// settle gives any type to columns that nothing reaches, and copies the types to the predicates.
func (a *analysis) settle() {
	for id := a.first; int(id) < len(a.preds); id++ {
		columns := a.infos[id].columns
		open(columns)
		a.preds[id].Columns = make([]Type, len(columns))
		for i := range columns {
			a.preds[id].Columns[i] = columns[i].Type
		}
	}
}

// typeVars finds the types of a clause's variables, as far as columns are known, and reports whether something changed.
func (a *analysis) typeVars(c *clause) bool {
	before := make([]variable, len(c.vars))
	copy(before, c.vars)
	wasDead := c.dead
	c.dead = c.outer != nil && c.outer.dead
	for i := range c.vars {
		v := &c.vars[i]
		v.Type, v.sure, v.known, v.is, v.place = anyType, expected, false, value.None, source.Span{}
	}
	for i, outer := range c.inputs {
		o := &c.outer.vars[outer]
		if !o.known {
			c.dead = true
			continue
		}
		c.vars[c.HeadArgs[i].Var].take(o.Type, o.sure, o.place)
		c.vars[c.HeadArgs[i].Var].is = o.is
	}
	a.typeHead(c)
	a.typeAtoms(c)
	a.typeEquations(c)
	a.narrow(c)
	changed := wasDead != c.dead
	for i := range before {
		b, v := &before[i], &c.vars[i]
		changed = changed || b.known != v.known || b.sure != v.sure || b.is != v.is || !sameType(b.Type, v.Type)
	}
	return changed
}

// take narrows a variable to a type; where that conflicts with what it has, it keeps that.
func (v *variable) take(t Type, s certainty, at source.Span) bool {
	if !v.known {
		v.Type, v.sure, v.known, v.place = t, s, true, at
		return true
	}
	m, ok := meet(v.Type, t)
	if !ok {
		return false
	}
	switch {
	case sameType(v.Type, t):
		v.sure = max(v.sure, s)
	case sameType(m, t):
		if v.Kind == t.Kind && v.sure >= sureKind && s < sureKind {
			s = sureKind
		}
		v.sure, v.place = s, at
	case sameType(m, v.Type):
		if v.Kind == t.Kind && s >= sureKind && v.sure < sureKind {
			v.sure = sureKind
		}
	default:
		v.sure = min(v.sure, s)
	}
	v.Type = m
	return true
}

// typeHead types the variables that whoever asks binds.
func (a *analysis) typeHead(c *clause) {
	if c.Head < 0 || a.preds[c.Head].Kind == PredAux {
		return
	}
	for i, d := range a.preds[c.Head].Demanded {
		if v := c.HeadArgs[i].Var; d && v >= 0 {
			col := &a.infos[c.Head].columns[i]
			c.vars[v].take(col.Type, col.sure, c.heads[i])
		}
	}
}

// typeAtoms types the variables of positive atoms and generators.
func (a *analysis) typeAtoms(c *clause) {
	for i := range c.Body {
		l := &c.Body[i]
		if l.Kind != LitAtom {
			continue
		}
		columns := a.infos[l.Pred].columns
		for j, t := range l.Args {
			if !columns[j].known {
				c.dead = true
			} else if t.Var >= 0 {
				c.vars[t.Var].take(columns[j].Type, columns[j].sure, c.notes[i].spans[j])
			}
		}
	}
}

// typeEquations types the variables of equations, aggregates and generators once what they are made of is typed.
func (a *analysis) typeEquations(c *clause) {
	done := make([]bool, len(c.Body))
	for grew := true; grew; {
		grew = false
		for i := range c.Body {
			if !done[i] && a.typeEquation(c, i) {
				done[i], grew = true, true
			}
		}
	}
}

func (a *analysis) typeEquation(c *clause, i int) bool {
	l, n := &c.Body[i], &c.notes[i]
	ready := true
	exprVars(l.Expr, func(v int32, _ source.Span) { ready = ready && c.vars[v].known })
	if !ready {
		return false
	}
	switch l.Kind {
	case LitEquation:
		t, s := a.typeExpr(c, l.Expr)
		c.vars[l.Var].take(t, s, l.Span)
	case LitAggregate:
		t, s, ok := a.typeAggregate(l.Aggregate)
		if !ok {
			return false
		}
		c.vars[l.Var].take(t, s, l.Span)
	case LitGenerate:
		for j, t := range a.generated(c, l) {
			if v := l.Args[j].Var; v >= 0 {
				c.vars[v].take(t, sure, n.spans[j])
			}
		}
	default:
		return false
	}
	return true
}

// generated returns the types of what a generator gives.
func (a *analysis) generated(c *clause, l *Literal) []Type {
	switch l.Generator {
	case GenArgv, GenSplit:
		return []Type{longType, stringType}
	case GenEachRecord:
		return []Type{stringType, anyType}
	}
	t, s := a.typeExpr(c, l.Expr)
	if s < sure {
		return []Type{anyType}
	}
	return []Type{elem(t)}
}

// typeAggregate returns the type of an aggregate's value; false where its values aren't typed yet.
func (a *analysis) typeAggregate(ag *Aggregate) (Type, certainty, bool) {
	switch ag.Op {
	case AggCount, AggSum:
		return longType, sure, true
	}
	columns := a.infos[ag.Pred].columns
	col := columns[len(columns)-1]
	if ag.Op == AggCollect {
		if !col.known {
			return setOf(anyType), sure, true
		}
		if col.sure < sure {
			return setOf(anyType), sure, true
		}
		return setOf(col.Type), sure, true
	}
	return col.Type, col.sure, col.known
}

// narrow applies the tests `X is T` of the conjunction.
func (a *analysis) narrow(c *clause) {
	for i := range c.Body {
		l := &c.Body[i]
		if l.Kind != LitTest || l.Expr.Op != OpIs || l.Expr.Args[0].Op != OpVar {
			continue
		}
		v := &c.vars[l.Expr.Args[0].Var]
		v.is = l.Expr.Const
		if v.known && v.Kind == TypeEntity && v.Entity == value.None && v.sure >= sureKind {
			v.Type.Entity, v.sure = l.Expr.Const, sure
		}
	}
}

// contribute joins what a clause gives to its head's columns and reports whether something changed.
func (a *analysis) contribute(c *clause) bool {
	if c.dead || c.Head < a.first {
		return false
	}
	changed := false
	columns := a.infos[c.Head].columns
	for i, t := range c.HeadArgs {
		if t.Var == TermWildcard || a.preds[c.Head].Demanded[i] && a.preds[c.Head].Kind != PredAux {
			continue
		}
		typ, s, ok := a.typeTerm(c, t)
		if ok {
			changed = columns[i].give(typ, s) || changed
		}
	}
	return changed
}

// typeTerm returns the type of a term; false where it isn't known yet.
func (a *analysis) typeTerm(c *clause, t Term) (Type, certainty, bool) {
	if t.Var == TermConst {
		if t.Const == a.missing {
			return anyType, sure, false
		}
		return typeOf(a.table, t.Const), sure, true
	}
	v := &c.vars[t.Var]
	return v.Type, v.sure, v.known
}

// give widens a column by what a rule gives.
func (col *column) give(t Type, s certainty) bool {
	old := *col
	switch {
	case col.declared && within(t, col.Type):
		col.sure = min(col.sure, s)
	case col.declared && t.Kind == col.Kind:
		col.sure = min(col.sure, s, sureKind)
	case col.declared:
		col.sure = expected
	case !col.known:
		col.Type, col.sure, col.known = t, s, true
	default:
		if j := join(col.Type, t); !sameType(j, col.Type) {
			col.Type = j
		}
		col.sure = min(col.sure, s)
	}
	return old.known != col.known || old.sure != col.sure || !sameType(old.Type, col.Type)
}
