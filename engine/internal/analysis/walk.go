package analysis

import "github.com/rune-authz/rune/engine/internal/datalog"

// walker visits syntax in source order. The parser bounds how deep it recurses.
type walker struct {
	expr func(*datalog.Expr) // every expression, before its arguments
	// literal, if given, says whether to go into a literal.
	literal func(*datalog.Literal) bool
}

func (w *walker) statement(st *datalog.Statement) {
	for _, e := range st.Head.Args {
		w.visit(e)
	}
	w.body(st.Body)
}

func (w *walker) body(b *datalog.Body) {
	if b == nil {
		return
	}
	for _, conj := range b.Alternatives {
		for i := range conj {
			w.visitLiteral(&conj[i])
		}
	}
}

func (w *walker) visitLiteral(l *datalog.Literal) {
	if w.literal != nil && !w.literal(l) {
		return
	}
	if l.Atom != nil {
		for _, e := range l.Atom.Args {
			w.visit(e)
		}
	}
	w.visit(l.Var)
	w.visit(l.Expr)
	w.body(l.Body)
	if l.Aggregate != nil {
		w.visit(l.Aggregate.Value)
		w.body(l.Aggregate.Body)
	}
}

func (w *walker) visit(e *datalog.Expr) {
	if e == nil {
		return
	}
	w.expr(e)
	for _, x := range e.Args {
		w.visit(x)
	}
}
