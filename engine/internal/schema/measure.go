package schema

import (
	"strings"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/schema/ast"

	"github.com/rune-authz/rune/engine/internal/value"
)

// maxSize bounds the types of a schema when every common type is written out where it is used, as resolving does: 30 lines in which each
// type holds the next one twice would fill any memory.
const maxSize = 1 << 20

// measure is the size of a type that is written out.
type measure struct{ depth, size int }

// measurer sizes types whose common types are sized already.
type measurer struct {
	names  *names
	schema *ast.Schema
	common map[string]measure // by path
	ns     string
}

// bound reports declarations that unfold too deep or too large. The common types come in an order where each follows those it uses.
func bound(n *names, common []int, s *ast.Schema) {
	m := measurer{names: n, schema: s, common: map[string]measure{}}
	for _, i := range common {
		d := &n.decls[i]
		m.ns = d.ns
		m.common[d.path()] = m.admit(d, m.typ(space(s, d.ns).CommonTypes[ast.Ident(d.name)].Type))
	}
	if n.diags.Failed() {
		return
	}
	total := 0
	for i := range n.decls {
		d := &n.decls[i]
		m.ns = d.ns
		var parts []ast.IsType
		switch ns := space(s, d.ns); d.kind {
		case declEntity:
			e := ns.Entities[ast.Ident(d.name)]
			parts = []ast.IsType{e.Shape, e.Tags}
		case declAction:
			if to := ns.Actions[types.String(d.name)].AppliesTo; to != nil && to.Context != nil {
				parts = []ast.IsType{to.Context}
				if !m.isRecord(to.Context) {
					n.diags.Errorf(d.span, CodeType, "the context of %s must be a record", d)
				}
			}
		}
		for _, p := range parts {
			total += m.admit(d, m.typ(p)).size
		}
		if total > maxSize {
			n.diags.Errorf(d.span, CodeSize, "the schema's types hold more than %d parts when they are written out", maxSize)
			return
		}
	}
}

// bounded reports a schema in which so many declarations share so many references that resolving each for each would take too long.
func (n *names) bounded() bool {
	total := 0
	for _, r := range n.refs {
		if total += r.last - r.first + 1; total > maxSize {
			n.diags.Errorf(r.span, CodeSize, "the schema's declarations have more than %d references together", maxSize)
			return false
		}
	}
	return true
}

// space returns what a namespace declares.
func space(s *ast.Schema, ns string) ast.Namespace {
	if ns == "" {
		return ast.Namespace{Entities: s.Entities, Enums: s.Enums, Actions: s.Actions, CommonTypes: s.CommonTypes}
	}
	return s.Namespaces[types.Path(ns)]
}

// admit reports a declaration whose type is too deep or too large, and goes on with a small one.
func (m *measurer) admit(d *decl, size measure) measure {
	switch {
	case size.depth > value.MaxDepth:
		m.names.diags.Errorf(d.span, CodeDepth, "%s nests deeper than %d", d, value.MaxDepth)
	case size.size > maxSize:
		m.names.diags.Errorf(d.span, CodeSize, "%s holds more than %d parts when its types are written out", d, maxSize)
	default:
		return size
	}
	return measure{}
}

// typ sizes a type. Its recursion is as deep as the text's brackets.
func (m *measurer) typ(t ast.IsType) measure {
	switch t := t.(type) {
	case ast.SetType:
		e := m.typ(t.Element)
		return measure{depth: e.depth + 1, size: e.size + 1}
	case ast.RecordType:
		sum := measure{size: 1}
		for _, a := range t {
			e := m.typ(a.Type)
			sum.depth, sum.size = max(sum.depth, e.depth), sum.size+e.size
		}
		sum.depth++
		return sum
	case ast.TypeRef:
		if d := m.target(t); d != nil {
			return m.common[d.path()]
		}
	}
	return measure{size: 1}
}

// target returns the common type that a reference means, or nil.
func (m *measurer) target(t ast.TypeRef) *decl {
	r := ref{ns: m.ns, name: string(t)}
	if strings.HasPrefix(r.name, builtinPrefix) {
		return nil
	}
	if i := m.names.find(&r, declType, declEntity); i >= 0 && m.names.decls[i].kind == declType {
		return &m.names.decls[i]
	}
	return nil
}

// isRecord reports whether a type is a record, be it by the names of common types.
func (m *measurer) isRecord(t ast.IsType) bool {
	ns := m.ns
	defer func() { m.ns = ns }()
	for {
		named, ok := t.(ast.TypeRef)
		if !ok {
			_, ok = t.(ast.RecordType)
			return ok
		}
		d := m.target(named)
		if d == nil {
			return false
		}
		m.ns = d.ns
		t = space(m.schema, d.ns).CommonTypes[ast.Ident(d.name)].Type
	}
}
