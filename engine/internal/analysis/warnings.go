package analysis

import (
	"strings"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// warn adds the warnings.
func (a *analysis) warn(statements []datalog.Statement) {
	for i := range statements {
		if statements[i].Body != nil {
			a.usedOnce(&statements[i])
		}
	}
	a.decideNothing()
	a.unboundedRecursion()
}

// usedOnce warns of variables that stand once in a statement.
func (a *analysis) usedOnce(st *datalog.Statement) {
	count := value.NewNames[int](a.table)
	var order []*datalog.Expr
	w := walker{expr: func(e *datalog.Expr) {
		if e.Kind == datalog.ExprVar && e.Text[0] != '_' {
			n := count.At(e.Text)
			if *n++; *n == 1 {
				order = append(order, e)
			}
		}
	}}
	w.statement(st)
	for _, e := range order {
		if count.Of(e.Text) == 1 {
			a.diags.Warnf(e.Span, codeSingleUse, "the variable %q is used once", e.Text).Help = "write _, or _" + e.Text + " if that is meant"
		}
	}
}

// warnBareWord warns of principal, action and resource in the head of a permit or forbid, where Cedar has them: here they are text.
func (a *analysis) warnBareWord(e *datalog.Expr) {
	if e.Kind == datalog.ExprWord && (e.Text == "principal" || e.Text == "action" || e.Text == "resource") {
		d := a.diags.Warnf(e.Span, codeBareWord, "%s is the text %q here", e.Text, e.Text)
		d.Help = "a variable stands for it, such as " + strings.ToUpper(e.Text[:1]) + ", or _; quote it if the text is meant"
	}
}

// decideNothing warns of predicates that look like decisions and aren't used by any.
func (a *analysis) decideNothing() {
	for id := FirstUserPred; int(id) < len(a.preds); id++ {
		info := &a.infos[id]
		if a.preds[id].Kind != PredUser || !info.rules || info.used || info.phantom {
			continue
		}
		name := a.preds[id].Name
		for prefix, effect := range map[string]string{"allow_": "permit", "permit_": "permit", "deny_": "forbid", "forbid_": "forbid"} {
			if strings.HasPrefix(name, prefix) {
				a.diags.Warnf(info.at, codeDecidesNothing, "%s decides nothing: no rule uses it", name).Help = "a decision is a rule for " + effect + "(P, A, R)"
			}
		}
	}
}

// unboundedRecursion warns of recursion that makes new values without a comparison that bounds them.
func (a *analysis) unboundedRecursion() {
	for _, c := range a.clauses {
		if c.Head < 0 || !a.preds[c.Head].Recursive || !a.recursive(c) {
			continue
		}
		for _, i := range a.makers(c) {
			l := &c.Body[i]
			if a.bounded(c, l) {
				continue
			}
			d := a.diags.Warnf(l.Span, codeUnboundedValues, "the recursion of %s makes new values, and nothing bounds them", a.preds[c.Head].Name)
			d.Help = "it ends at a limit, which denies; bound the value by a comparison, such as N < 100"
		}
	}
}

// bounded reports whether a comparison of the clause speaks of a value that a literal makes, or of what it makes it from.
func (a *analysis) bounded(c *clause, l *Literal) bool {
	about := map[int32]bool{}
	note := func(v int32, _ source.Span) { about[v] = true }
	exprVars(l.Expr, note)
	if l.Kind == LitEquation {
		about[l.Var] = true
	}
	for _, t := range l.Args {
		about[t.Var] = true
	}
	for i := range c.Body {
		t := &c.Body[i]
		if t.Kind != LitTest || t.Expr.Op != OpCall || t.Expr.Fn < value.OpLess || t.Expr.Fn > value.OpGreaterEq {
			continue
		}
		found := false
		exprVars(t.Expr, func(v int32, _ source.Span) { found = found || about[v] })
		if found {
			return true
		}
	}
	return false
}
