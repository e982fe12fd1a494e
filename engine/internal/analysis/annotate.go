package analysis

import "github.com/rune-authz/rune/engine/internal/datalog"

// annotations notes what annotations ask of predicates; the parser has checked their form. That no id stands twice is for whoever knows
// the policies too.
func (a *analysis) annotations(statements []datalog.Statement) {
	for i := range statements {
		for j := range statements[i].Annotations {
			a.apply(&statements[i], &statements[i].Annotations[j])
		}
	}
}

// apply carries an annotation out, or warns that it has no effect where it stands.
func (a *analysis) apply(st *datalog.Statement, n *datalog.Annotation) {
	name := st.Head.Pred
	if st.Decl != nil {
		name = st.Decl.Pred
	}
	id, ok := a.byName.Get(name)
	if !ok {
		return
	}
	statement := st.Decl == nil && a.preds[id].Kind == PredStatement
	switch n.Name {
	case "id", "reason":
		switch {
		case statement && n.Name == "id" && n.Value == "":
			a.diags.Errorf(n.Span, codeAnnotation, "an id can't be empty")
		case !statement:
			a.diags.Warnf(n.Span, codeNoEffect, "@%s has no effect here", n.Name).Help = "it is for permit and forbid"
		}
	case "materialize", "demand":
		if a.preds[id].Kind != PredUser {
			a.diags.Warnf(n.Span, codeNoEffect, "@%s has no effect here", n.Name).Help = "it is for predicates of rules"
			return
		}
		info := &a.infos[id]
		info.static, info.demand = info.static || n.Name == "materialize", info.demand || n.Name == "demand"
		if info.static && info.demand {
			a.diags.Errorf(n.Span, codeAnnotation, "%s can't be both @materialize and @demand", name)
		}
	}
}
