package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/source"
)

// annotationNames are the annotations there are, and whether they have a value.
var annotationNames = map[string]bool{"id": true, "reason": true, "description": true, "materialize": false, "demand": false}

// annotations checks the annotations of statements and notes what they ask of predicates. That no id stands twice is for whoever knows
// the policies too.
func (a *analysis) annotations(statements []datalog.Statement) {
	for i := range statements {
		st := &statements[i]
		for j := range st.Annotations {
			if n := &st.Annotations[j]; a.annotation(n, st.Annotations[:j]) {
				a.apply(st, n)
			}
		}
	}
}

// annotation checks one annotation by itself.
func (a *analysis) annotation(n *datalog.Annotation, before []datalog.Annotation) bool {
	valued, known := annotationNames[n.Name]
	switch {
	case !known:
		d := a.diags.Errorf(n.Span, codeAnnotation, "there is no annotation @%s", n.Name)
		if near := source.Nearest(n.Name, []string{"demand", "description", "id", "materialize", "reason"}); near != "" {
			d.Help = "did you mean @" + near + "?"
		} else {
			d.Help = "annotations are @id, @reason, @description, @materialize and @demand"
		}
	case valued && !n.HasValue:
		a.diags.Errorf(n.Span, codeAnnotationValue, "@%s has a value: @%s(\"…\")", n.Name, n.Name)
	case !valued && n.HasValue:
		a.diags.Errorf(n.Span, codeAnnotationValue, "@%s has no value", n.Name)
	case n.Name == "id" && n.Value == "":
		a.diags.Errorf(n.Span, codeAnnotationValue, "an id can't be empty")
	case slices.ContainsFunc(before, func(b datalog.Annotation) bool { return b.Name == n.Name }):
		a.diags.Errorf(n.Span, codeAnnotationValue, "@%s stands twice", n.Name)
	default:
		return true
	}
	return false
}

// apply carries an annotation out, or warns that it has no effect where it stands.
func (a *analysis) apply(st *datalog.Statement, n *datalog.Annotation) {
	name := st.Head.Pred
	if st.Decl != nil {
		name = st.Decl.Pred
	}
	id, ok := a.byName[name]
	if !ok {
		return
	}
	statement := st.Decl == nil && a.preds[id].Kind == PredStatement
	switch n.Name {
	case "id", "reason":
		if !statement {
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
			a.diags.Errorf(n.Span, codeAnnotationValue, "%s can't be both @materialize and @demand", name)
		}
	}
}
