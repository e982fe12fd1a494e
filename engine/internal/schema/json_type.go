package schema

import (
	"slices"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/schema/ast"
	"github.com/go-json-experiment/json/jsontext"
)

// typeMembers are the members that types have besides "type", by the word there. Another word is the name of a type.
var typeMembers = map[string][]string{
	"Set": {"element"}, "Record": {"attributes"}, "Entity": {"name"}, "Extension": {"name"}, "EntityOrCommon": {"name"},
}

// typ reads a type, which may have the extra members, and returns something in its place if it is none. Its recursion is as deep as the
// text's brackets.
func (r *jsonReader) typ(n *node, extra []string) ast.IsType {
	if n.kind != jsontext.KindBeginObject {
		r.errorf(n.span, "a type must be an object")
		return ast.Bool()
	}
	word := r.text(n, "type")
	if word == nil {
		r.errorf(n.span, "\"type\" is missing")
		return ast.Bool()
	}
	r.object(n, "the type "+word.text, slices.Concat([]string{"type"}, typeMembers[word.text], extra))
	switch word.text {
	case "String":
		return ast.String()
	case "Long":
		return ast.Long()
	case "Boolean":
		return ast.Bool()
	case "Set":
		return r.set(n)
	case "Record":
		return r.record(n)
	case "Entity", "Extension", "EntityOrCommon":
		return r.named(n, word.text)
	}
	r.refer(ref{kind: refType, ns: r.ns, name: word.text, span: word.span})
	return ast.Type(types.Path(word.text))
}

func (r *jsonReader) set(n *node) ast.IsType {
	element := n.get("element")
	if element == nil {
		r.errorf(n.span, "\"element\" is missing")
		return ast.Bool()
	}
	return ast.Set(r.typ(element, nil))
}

func (r *jsonReader) record(n *node) ast.IsType {
	out := ast.RecordType{}
	for _, m := range r.members(n, "attributes", false) {
		a := ast.Attribute{Type: r.typ(&m.node, []string{"required", "annotations"}), Annotations: r.annotations(&m.node)}
		if required := m.node.get("required"); required != nil {
			if required.kind != jsontext.KindTrue && required.kind != jsontext.KindFalse {
				r.errorf(required.span, "\"required\" must be true or false")
			}
			a.Optional = required.kind == jsontext.KindFalse
		}
		out[types.String(m.name)] = a
	}
	return out
}

// named reads a type that is given by its name.
func (r *jsonReader) named(n *node, word string) ast.IsType {
	name := r.text(n, "name")
	if name == nil {
		r.errorf(n.span, "\"name\" is missing")
		return ast.Bool()
	}
	at := ref{ns: r.ns, name: name.text, span: name.span}
	switch word {
	case "Entity":
		at.kind = refEntity
		r.refer(at)
		return ast.EntityTypeRef(name.text)
	case "Extension":
		at.kind = refExtension
		r.refer(at)
		return ast.ExtensionType(name.text)
	}
	at.kind = refType
	r.refer(at)
	return ast.Type(types.Path(name.text))
}
