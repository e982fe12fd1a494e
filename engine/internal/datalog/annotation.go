package datalog

import (
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
)

// The annotations there are: those with a value and those without.
var (
	valuedAnnotations = []string{"id", "reason", "description"}
	bareAnnotations   = []string{"materialize", "demand"}
)

func (p *parser) annotations() []Annotation {
	var out []Annotation
	for !p.bad && p.is("@") {
		a := p.annotation()
		if slices.ContainsFunc(out, func(b Annotation) bool { return a.Name == b.Name }) {
			p.fail(a.Span, codeAnnotation, "@%s stands twice", a.Name)
		}
		out = append(out, a)
	}
	return out
}

func (p *parser) annotation() Annotation {
	at := p.tok()
	p.at++
	a := Annotation{Name: p.name("an annotation's name")}
	named := p.from(at)
	if p.accept("(") {
		a.HasValue = true
		a.Value = p.stringValue("the annotation's value, a string")
		p.expect(")")
	}
	a.Span = p.from(at)
	valued := slices.Contains(valuedAnnotations, a.Name)
	switch {
	case !valued && !slices.Contains(bareAnnotations, a.Name):
		d := p.fail(named, codeAnnotation, "there is no annotation @%s", a.Name)
		names := slices.Concat(valuedAnnotations, bareAnnotations)
		d.Help = "annotations are @" + strings.Join(names, ", @")
		if near := source.Nearest(a.Name, names); near != "" {
			d.Help = "did you mean @" + near + "?"
		}
	case valued && !a.HasValue:
		p.fail(a.Span, codeAnnotation, "@%s has no value", a.Name).Help = "@" + a.Name + `("…")`
	case !valued && a.HasValue:
		p.fail(a.Span, codeAnnotation, "@%s takes no value", a.Name)
	}
	return a
}
