package analysis

import (
	"fmt"
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// checkTypes reports all that the types found show to be wrong: conflicts, and operations on kinds that they have no meaning for. It
// folds constants on the way.
func (a *analysis) checkTypes() {
	for i := len(a.clauses) - 1; i >= 0; i-- { // outer clauses come after their inner ones
		a.typeVars(a.clauses[i])
	}
	for _, c := range a.clauses {
		a.checkVars(c)
		for i := range c.Body {
			a.checkLiteral(c, i)
		}
		a.checkHead(c)
	}
	a.checkColumns()
	a.declareUnknown()
}

// occurrence is one place that says something of a variable's type.
type occurrence struct {
	Type
	at   source.Span
	pred PredID // whose column it is, or -1
	col  int
}

func (a *analysis) columnOccurrence(p PredID, i int, at source.Span) occurrence {
	return occurrence{Type: a.infos[p].columns[i].Type, at: at, pred: p, col: i}
}

// checkVars reports variables whose occurrences have no type in common.
func (a *analysis) checkVars(c *clause) {
	first := make([]*occurrence, len(c.vars))
	meetAt := func(v int32, o occurrence) {
		if v < 0 || o.Kind == TypeAny {
			return
		}
		f := first[v]
		if f == nil {
			first[v] = &o
			return
		}
		m, ok := meet(f.Type, o.Type)
		if !ok {
			a.conflict(c, v, f, &o)
			return
		}
		if !sameType(m, f.Type) {
			first[v] = &o
			first[v].Type = m
		}
	}
	for i, outer := range c.inputs {
		meetAt(c.HeadArgs[i].Var, occurrence{Type: c.outer.vars[outer].Type, at: c.outer.vars[outer].place, pred: -1})
	}
	if c.Head >= 0 && a.preds[c.Head].Kind != PredAux {
		for i := range c.HeadArgs {
			if col := &a.infos[c.Head].columns[i]; col.declared {
				meetAt(c.HeadArgs[i].Var, a.columnOccurrence(c.Head, i, c.heads[i]))
			}
		}
	}
	for i := range c.Body {
		l := &c.Body[i]
		switch l.Kind {
		case LitAtom, LitNot:
			for j, t := range l.Args {
				if a.preds[l.Pred].Kind != PredAux {
					meetAt(t.Var, a.columnOccurrence(l.Pred, j, c.notes[i].spans[j]))
				}
			}
		case LitEquation:
			meetAt(l.Var, occurrence{Type: l.Expr.Type, at: l.Expr.Span, pred: -1})
		case LitAggregate:
			if t, _, ok := a.typeAggregate(l.Aggregate); ok {
				meetAt(l.Var, occurrence{Type: t, at: l.Aggregate.Span, pred: -1})
			}
		case LitGenerate:
			for j, t := range a.generated(c, l) {
				meetAt(l.Args[j].Var, occurrence{Type: t, at: c.notes[i].spans[j], pred: -1})
			}
		}
	}
}

// conflict reports a variable that can't be both of two types.
func (a *analysis) conflict(c *clause, v int32, x, y *occurrence) {
	name := c.VarNames[v]
	if name == "" {
		name = "the argument"
	} else {
		name = "\"" + name + "\""
	}
	d := a.diags.Errorf(y.at, codeType, "%s is %s here and %s elsewhere: the two are never equal", name, a.describe(y.Type), a.describe(x.Type))
	if !x.at.IsZero() {
		d.Related = append(d.Related, source.Related{Span: x.at, Message: "it is " + a.describe(x.Type) + " here"})
	}
	for _, o := range []*occurrence{x, y} {
		if o.pred >= 0 && !o.at.IsZero() && !a.infos[o.pred].columns[o.col].at.IsZero() {
			d.Related = append(d.Related, source.Related{Span: a.infos[o.pred].columns[o.col].at,
				Message: fmt.Sprintf("column %d of %s is %s here", o.col+1, a.preds[o.pred].Name, a.describe(o.Type))})
		}
	}
	d.Help = a.conflictHelp(x, y, c.VarNames[v])
}

// conflictHelp shows how a string and an entity are brought together.
func (a *analysis) conflictHelp(x, y *occurrence, name string) string {
	text, ent := x, y
	if text.Kind != TypeString {
		text, ent = y, x
	}
	if text.Kind != TypeString || ent.Kind != TypeEntity {
		return ""
	}
	if name == "" {
		name = "X"
	}
	byID := "compare the id: entityId(" + name + ") == …"
	if text.pred < 0 || a.infos[text.pred].decl != nil || a.preds[text.pred].Kind != PredUser {
		return byID
	}
	typ := ent.Type
	if typ.Entity == value.None && ent.pred >= 0 {
		typ.Entity = a.infos[ent.pred].columns[ent.col].bare
	}
	return "make the text entities: " + a.declaration(text.pred, text.col, typ) + " or " + byID
}

// declaration writes a declaration of a predicate with one column's type replaced.
func (a *analysis) declaration(p PredID, col int, t Type) string {
	var names []string
	for i := range a.infos[p].columns {
		c := a.infos[p].columns[i].Type
		if i == col {
			c = t
		}
		names = append(names, string(appendType(nil, a.table, c)))
	}
	return "decl " + a.preds[p].Name + "(" + strings.Join(names, ", ") + ")."
}

// checkLiteral checks a literal's expressions and constants.
func (a *analysis) checkLiteral(c *clause, i int) {
	l := &c.Body[i]
	if l.Expr != nil {
		a.typeExpr(c, l.Expr)
		l.Expr = a.checkExpr(c, l.Expr)
	}
	switch l.Kind {
	case LitAtom, LitNot:
		for j, t := range l.Args {
			if t.Var == TermConst {
				a.checkConstant(l.Pred, j, t.Const, c.notes[i].spans[j])
			}
		}
	case LitTest:
		a.wants(l.Expr, value.Bools, "a test")
	case LitGenerate:
		a.checkGenerator(c, l)
	case LitAggregate:
		a.checkAggregate(l.Aggregate)
	}
}

// checkConstant reports a constant that no row can hold.
func (a *analysis) checkConstant(p PredID, i int, v value.Value, at source.Span) {
	col := &a.infos[p].columns[i]
	if a.reported(v) {
		return
	}
	t := typeOf(a.table, v)
	if _, ok := meet(t, col.Type); ok {
		return
	}
	a.misfit(p, i, v, at)
}

func (a *analysis) checkGenerator(c *clause, l *Literal) {
	name, want := "argv", value.Strings
	switch l.Generator {
	case GenSplit:
		name = "split"
	case GenEach:
		name, want = "each", value.Sets
	case GenEachRecord:
		name, want = "each", value.Records
	}
	ok := a.wants(l.Expr, want, name)
	if l.Separator != nil {
		a.typeExpr(c, l.Separator)
		l.Separator = a.checkExpr(c, l.Separator)
		ok = a.wants(l.Separator, value.Strings, name) && ok
	}
	if ok {
		a.probeGenerator(l)
	}
}

func (a *analysis) checkAggregate(ag *Aggregate) {
	if !ag.HasValue || ag.Op == AggCount || ag.Op == AggCollect {
		return
	}
	columns := a.infos[ag.Pred].columns
	want, name := value.OrderedKind, map[AggregateOp]string{AggSum: "sum", AggMin: "min", AggMax: "max"}[ag.Op]
	if ag.Op == AggSum {
		want = value.Longs
	}
	if t := columns[len(columns)-1].Type; kinds(t)&want == 0 {
		a.diags.Errorf(ag.Span, codeType, "%s has no meaning for %s", name, a.describe(t))
	}
}

// checkHead checks a head's constants against declared columns.
func (a *analysis) checkHead(c *clause) {
	if c.Head < 0 || a.preds[c.Head].Kind == PredAux {
		return
	}
	for i, t := range c.HeadArgs {
		if t.Var == TermConst && a.infos[c.Head].columns[i].declared {
			a.checkConstant(c.Head, i, t.Const, c.heads[i])
		}
	}
	if a.preds[c.Head].Kind == PredStore {
		if c.Head == PredParent {
			a.checkParentHead(c)
		} else {
			a.checkFieldHead(c)
		}
	}
}

// checkColumns reports columns without a declaration that rules and facts give different kinds.
func (a *analysis) checkColumns() {
	first := map[[2]int]occurrence{}
	reported := map[[3]int]bool{}
	for _, c := range a.clauses {
		if c.Head < a.first || a.preds[c.Head].Kind != PredUser || c.dead {
			continue
		}
		for i, t := range c.HeadArgs {
			col := &a.infos[c.Head].columns[i]
			if col.declared || t.Var == TermWildcard {
				continue
			}
			typ, _, ok := a.typeTerm(c, t)
			if !ok || typ.Kind == TypeAny {
				continue
			}
			key := [2]int{int(c.Head), i}
			f, seen := first[key]
			if !seen {
				f = occurrence{Type: typ, at: c.heads[i]}
				if !col.at.IsZero() {
					f = occurrence{Type: col.first, at: col.at}
				}
				first[key] = f
			}
			kind := [3]int{int(c.Head), i, int(typ.Kind)}
			if f.Kind != typ.Kind && f.Kind != TypeAny && !reported[kind] {
				reported[kind] = true
				a.columnConflict(c, i, typ, f)
			}
		}
	}
}

func (a *analysis) columnConflict(c *clause, i int, t Type, first occurrence) {
	d := a.diags.Errorf(c.heads[i], codeType, "column %d of %s is %s here and %s elsewhere", i+1, a.preds[c.Head].Name, a.describe(t), a.describe(first.Type))
	d.Related = append(d.Related, source.Related{Span: first.at, Message: "it is " + a.describe(first.Type) + " here"})
	d.Help = "where both are meant, declare the column any: " + a.declaration(c.Head, i, anyType)
}
