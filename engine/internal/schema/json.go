package schema

import (
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/schema/ast"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// jsonReader turns a schema's JSON form into cedar-go's syntax tree and our outline. cedar-go's own reader has no places, and goes
// through maps, so that it reports now one error and now another.
type jsonReader struct {
	outline
	diags *source.List
	ns    string
}

// readJSON reads the JSON form of a schema.
func readJSON(at source.Span, text []byte, diags *source.List) (*ast.Schema, outline) {
	root, where, err := readTree(at, text)
	if err != nil {
		diags.Errorf(where, CodeSyntax, "%v", err)
		return nil, outline{}
	}
	r := jsonReader{diags: diags}
	out := &ast.Schema{Namespaces: ast.Namespaces{}}
	r.object(&root, "a schema", nil)
	for i := range root.members {
		m := &root.members[i]
		if m.name != "" && !value.IsTypePath(m.name) {
			r.errorf(m.span, "%q can't be the name of a namespace", m.name)
		}
		r.ns = m.name
		ns := r.namespace(&m.node)
		if m.name == "" {
			out.Entities, out.Enums, out.Actions, out.CommonTypes = ns.Entities, ns.Enums, ns.Actions, ns.CommonTypes
		} else {
			out.Namespaces[types.Path(m.name)] = ns
		}
	}
	return out, r.outline
}

func (r *jsonReader) errorf(at source.Span, format string, args ...any) *source.Diagnostic {
	return r.diags.Errorf(at, CodeSyntax, format, args...)
}

// object checks that n is an object with no members but those allowed; nil allows any.
func (r *jsonReader) object(n *node, what string, allowed []string) bool {
	if n.kind != jsontext.KindBeginObject {
		r.errorf(n.span, "%s must be an object", what)
		return false
	}
	for _, m := range n.members {
		if allowed != nil && !slices.Contains(allowed, m.name) {
			d := r.errorf(m.span, "%s has no member %q", what, m.name)
			if near := source.Nearest(m.name, allowed); near != "" {
				d.Help = "did you mean \"" + near + "\"?"
			}
		}
	}
	return true
}

// members returns the members of an object that is a member of n. It must be there if required.
func (r *jsonReader) members(n *node, name string, required bool) []member {
	o := n.get(name)
	if o == nil {
		if required {
			r.errorf(n.span, "%q is missing", name)
		}
		return nil
	}
	r.object(o, "\""+name+"\"", nil)
	return o.members
}

// texts returns the strings of an array that is a member of n.
func (r *jsonReader) texts(n *node, name string) []node {
	list := n.get(name)
	if list == nil {
		return nil
	}
	if list.kind != jsontext.KindBeginArray {
		r.errorf(list.span, "%q must be an array of strings", name)
		return nil
	}
	for i := range list.items {
		if list.items[i].kind != jsontext.KindString {
			r.errorf(list.items[i].span, "%q must hold strings alone", name)
		}
	}
	return list.items
}

// text returns the string that is a member of n, or nil.
func (r *jsonReader) text(n *node, name string) *node {
	s := n.get(name)
	if s != nil && s.kind != jsontext.KindString {
		r.errorf(s.span, "%q must be a string", name)
		return nil
	}
	return s
}

func (r *jsonReader) annotations(n *node) ast.Annotations {
	var out ast.Annotations
	for _, m := range r.members(n, "annotations", false) {
		if m.node.kind != jsontext.KindString {
			r.errorf(m.node.span, "an annotation must be a string")
		}
		if out == nil {
			out = ast.Annotations{}
		}
		out[types.AnnotationKey(m.name)] = types.String(m.node.text)
	}
	return out
}

// name checks the name of a type that is declared.
func (r *jsonReader) name(m *member) ast.Ident {
	if !value.IsTypePath(m.name) || strings.Contains(m.name, "::") {
		r.errorf(m.span, "%q can't be the name of a type", m.name)
	}
	return ast.Ident(m.name)
}

func (r *jsonReader) namespace(n *node) ast.Namespace {
	if !r.object(n, "a namespace", []string{"entityTypes", "actions", "commonTypes", "annotations"}) {
		return ast.Namespace{}
	}
	ns := ast.Namespace{
		Annotations: r.annotations(n), Entities: ast.Entities{}, Enums: ast.Enums{}, Actions: ast.Actions{}, CommonTypes: ast.CommonTypes{},
	}
	if len(ns.Annotations) > 0 && r.ns == "" {
		r.errorf(n.span, "the empty namespace can't have annotations")
	}
	for _, m := range r.members(n, "commonTypes", false) {
		r.commonType(&m, ns.CommonTypes)
	}
	for _, m := range r.members(n, "entityTypes", true) {
		r.begin()
		r.declare(declEntity, r.ns, m.name, m.span)
		if name := r.name(&m); m.node.get("enum") != nil {
			ns.Enums[name] = r.enum(&m.node)
		} else {
			ns.Entities[name] = r.entity(&m.node)
		}
	}
	for _, m := range r.members(n, "actions", true) {
		r.begin()
		r.declare(declAction, r.ns, m.name, m.span)
		ns.Actions[types.String(m.name)] = r.action(&m.node)
	}
	return ns
}

var reservedTypes = []string{"Bool", "Boolean", "Entity", "Extension", "Long", "Record", "Set", "String"}

func (r *jsonReader) commonType(m *member, types ast.CommonTypes) {
	r.begin()
	r.declare(declType, r.ns, m.name, m.span)
	if slices.Contains(reservedTypes, m.name) {
		r.errorf(m.span, "%q is a reserved type name", m.name)
	}
	types[r.name(m)] = ast.CommonType{Type: r.typ(&m.node, []string{"annotations"}), Annotations: r.annotations(&m.node)}
}

func (r *jsonReader) entity(n *node) ast.Entity {
	if !r.object(n, "an entity type", []string{"memberOfTypes", "shape", "tags", "annotations", "enum"}) {
		return ast.Entity{}
	}
	e := ast.Entity{Annotations: r.annotations(n)}
	for _, p := range r.texts(n, "memberOfTypes") {
		e.ParentTypes = append(e.ParentTypes, r.entityRef(&p))
	}
	if shape := n.get("shape"); shape != nil {
		var ok bool
		if e.Shape, ok = r.typ(shape, nil).(ast.RecordType); !ok {
			r.errorf(shape.span, "the shape of an entity type must be a Record that is written out")
		}
	}
	if tags := n.get("tags"); tags != nil {
		e.Tags = r.typ(tags, nil)
	}
	return e
}

func (r *jsonReader) enum(n *node) ast.Enum {
	r.object(n, "an enumerated entity type", []string{"enum", "annotations"})
	e := ast.Enum{Annotations: r.annotations(n)}
	for _, id := range r.texts(n, "enum") {
		e.Values = append(e.Values, types.String(id.text))
	}
	if len(e.Values) == 0 {
		r.errorf(n.get("enum").span, "an enumerated entity type needs at least one id")
	}
	return e
}

func (r *jsonReader) entityRef(n *node) ast.EntityTypeRef {
	r.refer(ref{kind: refEntity, ns: r.ns, name: n.text, span: n.span})
	return ast.EntityTypeRef(n.text)
}

func (r *jsonReader) action(n *node) ast.Action {
	if !r.object(n, "an action", []string{"memberOf", "appliesTo", "annotations"}) {
		return ast.Action{}
	}
	a := ast.Action{Annotations: r.annotations(n)}
	if groups := n.get("memberOf"); groups != nil {
		if groups.kind != jsontext.KindBeginArray {
			r.errorf(groups.span, "\"memberOf\" must be an array")
		}
		for i := range groups.items {
			a.Parents = append(a.Parents, r.group(&groups.items[i]))
		}
	}
	if to := n.get("appliesTo"); to != nil && r.object(to, "\"appliesTo\"", []string{"principalTypes", "resourceTypes", "context"}) {
		a.AppliesTo = r.appliesTo(to)
	}
	return a
}

func (r *jsonReader) group(n *node) ast.ParentRef {
	if !r.object(n, "an action group", []string{"id", "type"}) {
		return ast.ParentRef{}
	}
	id, typ := r.text(n, "id"), r.text(n, "type")
	if id == nil {
		r.errorf(n.span, "\"id\" is missing")
		return ast.ParentRef{}
	}
	at := ref{kind: refAction, ns: r.ns, name: id.text, span: n.span}
	if typ != nil {
		at.typ = typ.text
	}
	r.refer(at)
	return ast.NewParentRef(ast.EntityTypeRef(at.typ), types.String(at.name))
}

func (r *jsonReader) appliesTo(n *node) *ast.AppliesTo {
	to := &ast.AppliesTo{}
	for _, p := range r.texts(n, "principalTypes") {
		to.Principals = append(to.Principals, r.entityRef(&p))
	}
	for _, p := range r.texts(n, "resourceTypes") {
		to.Resources = append(to.Resources, r.entityRef(&p))
	}
	if context := n.get("context"); context != nil {
		to.Context = r.typ(context, nil)
	}
	return to
}
