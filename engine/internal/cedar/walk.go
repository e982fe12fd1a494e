package cedar

import (
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// children returns a node's operands, in the order of its mark's kids.
func children(n ast.IsNode) []ast.IsNode {
	switch n := n.(type) {
	case ast.NodeTypeAnd:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeOr:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeEquals:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeNotEquals:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeLessThan:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeLessThanOrEqual:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeGreaterThan:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeGreaterThanOrEqual:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeIn:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeAdd:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeSub:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeMult:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeContains:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeContainsAll:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeContainsAny:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeHasTag:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeGetTag:
		return []ast.IsNode{n.Left, n.Right}
	case ast.NodeTypeIsIn:
		return []ast.IsNode{n.Left, n.Entity}
	case ast.NodeTypeNegate:
		return []ast.IsNode{n.Arg}
	case ast.NodeTypeNot:
		return []ast.IsNode{n.Arg}
	case ast.NodeTypeIsEmpty:
		return []ast.IsNode{n.Arg}
	case ast.NodeTypeHas:
		return []ast.IsNode{n.Arg}
	case ast.NodeTypeAccess:
		return []ast.IsNode{n.Arg}
	case ast.NodeTypeLike:
		return []ast.IsNode{n.Arg}
	case ast.NodeTypeIs:
		return []ast.IsNode{n.Left}
	case ast.NodeTypeIfThenElse:
		return []ast.IsNode{n.If, n.Then, n.Else}
	case ast.NodeTypeExtensionCall:
		return n.Args
	case ast.NodeTypeSet:
		return n.Elements
	case ast.NodeTypeRecord:
		out := make([]ast.IsNode, len(n.Elements))
		for i, e := range n.Elements {
			out[i] = e.Value
		}
		return out
	}
	return nil
}

// walk calls f for a node and all below it, each with its mark, a node before its operands and those from left to right. It needs no
// depth.
func walk(n ast.IsNode, m *mark, f func(ast.IsNode, *mark)) {
	type item struct {
		n ast.IsNode
		m *mark
	}
	for todo := []item{{n, m}}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		f(next.n, next.m)
		kids := children(next.n)
		for i := len(kids) - 1; i >= 0; i-- {
			todo = append(todo, item{kids[i], next.m.kids[i]})
		}
	}
}

// Names calls f for each entity type that the policies name, with the entity where they name one, else with value.None.
func Names(t *value.Table, ps []*Policy, f func(typ string, uid value.Value, at source.Span)) {
	for _, p := range ps {
		t.Spend(8 * int(p.Span.End-p.Span.Start))
		n := namer{f: func(typ types.EntityType, uid types.EntityUID, at extent) {
			v := value.None
			if uid.Type != "" {
				v = t.EntityOf(string(uid.Type), string(uid.ID))
			}
			f(string(typ), v, p.span(at))
		}}
		n.scope(p.AST.Principal, &p.marks.scope[0])
		n.scope(p.AST.Action, &p.marks.scope[1])
		n.scope(p.AST.Resource, &p.marks.scope[2])
		for i, c := range p.AST.Conditions {
			walk(c.Body, p.marks.conditions[i].body, n.node)
		}
	}
}

// namer calls f for the types and entities that scopes and nodes name; where it is a type alone, uid is empty.
type namer struct {
	f func(typ types.EntityType, uid types.EntityUID, at extent)
}

func (n *namer) typ(typ types.EntityType, at extent) { n.f(typ, types.EntityUID{}, at) }

func (n *namer) entity(uid types.EntityUID, at extent) { n.f(uid.Type, uid, at) }

func (n *namer) scope(s ast.IsScopeNode, m *scopeMark) {
	switch s := s.(type) {
	case ast.ScopeTypeEq:
		n.entity(s.Entity, m.entities[0])
	case ast.ScopeTypeIn:
		n.entity(s.Entity, m.entities[0])
	case ast.ScopeTypeInSet:
		for i, e := range s.Entities {
			n.entity(e, m.entities[i])
		}
	case ast.ScopeTypeIs:
		n.typ(s.Type, m.typ)
	case ast.ScopeTypeIsIn:
		n.typ(s.Type, m.typ)
		n.entity(s.Entity, m.entities[0])
	}
}

func (n *namer) node(node ast.IsNode, m *mark) {
	switch node := node.(type) {
	case ast.NodeTypeIs:
		n.typ(node.EntityType, m.at)
	case ast.NodeTypeIsIn:
		n.typ(node.EntityType, m.at)
	case ast.NodeValue:
		if uid, ok := node.Value.(types.EntityUID); ok {
			n.entity(uid, m.at)
		}
	}
}

// ReadsContext reports whether a policy reads a key of the context by name, and whether one uses the context whole, so that it
// may see any key.
func ReadsContext(ps []*Policy, key string) (named, whole bool) {
	for _, p := range ps {
		uses, reads := 0, 0
		for i, c := range p.AST.Conditions {
			walk(c.Body, p.marks.conditions[i].body, func(n ast.IsNode, _ *mark) {
				if isContext(n) {
					uses++
				}
				if arg, name := field(n); isContext(arg) {
					reads++
					named = named || name == key
				}
			})
		}
		whole = whole || uses > reads
	}
	return named, whole
}

func isContext(n ast.IsNode) bool {
	v, ok := n.(ast.NodeTypeVariable)
	return ok && v.Name == "context"
}

// field returns the operand and the name of an access or a has.
func field(n ast.IsNode) (arg ast.IsNode, name string) {
	switch n := n.(type) {
	case ast.NodeTypeAccess:
		return n.Arg, string(n.Value)
	case ast.NodeTypeHas:
		return n.Arg, string(n.Value)
	}
	return nil, ""
}
