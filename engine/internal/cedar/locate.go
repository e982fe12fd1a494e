package cedar

import (
	"strings"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// locateBudget bounds the nodes that the validator goes through, in all request environments, to find the places of faults.
// Beyond it they stand where the search has come to.
const locateBudget = 2_000_000

// search is a node that gives messages, under the conditions under which it is evaluated.
type search struct {
	n      ast.IsNode
	m      *mark
	guards []ast.IsNode
	found  messages
}

// locateInCondition finds the places of messages about a condition. It keeps what is still to be searched in a list: the
// validator needs the stack for itself.
func (v *validator) locateInCondition(m *mark, body ast.IsNode, found messages) {
	inside := v.try(nil, self(body), m).only(found)
	for _, x := range found.without(inside) {
		v.add(m.whole, x.text, "") // a condition that is no bool
	}
	todo := []search{{body, m, nil, inside}}
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if len(next.found) > 0 {
			todo = v.locate(next, todo)
		}
	}
}

// locate finds which operands of a node give its messages and appends them to todo; what none of them gives is about the node.
func (v *validator) locate(s search, todo []search) []search {
	wants := operandTest(s.n)
	own := s.found
	for i, kid := range children(s.n) {
		if v.budget < 0 {
			break
		}
		m, guards := s.m.kids[i], s.guards
		if g := guardOf(s.n, i); g != nil {
			guards = append(guards[:len(guards):len(guards)], g)
		}
		inside := v.try(guards, self(kid), s.m).only(s.found)
		todo = append(todo, search{kid, m, guards, inside})
		own = own.without(inside)
		if rest := s.found.without(inside); wants != nil && len(rest) > 0 {
			about := v.try(guards, wants(kid), s.m).only(rest)
			for _, x := range about {
				v.add(m.whole, x.text, "")
			}
			own = own.without(about)
		}
	}
	for _, x := range own {
		v.add(s.m.at, x.text, v.help(s.n, s.m, x.text))
	}
	return todo
}

// try returns what an expression, a part of the one at m, gives under guards, beyond what they give by themselves.
func (v *validator) try(guards []ast.IsNode, test ast.IsNode, m *mark) messages {
	base := v.condition(guards, ast.NodeValue{Value: types.True})
	out := v.condition(guards, test)
	v.budget -= (m.size + 1) * max(1, v.environments)
	return out.beyond(base)
}

// condition validates the policy with guards && test as its only condition.
func (v *validator) condition(guards []ast.IsNode, test ast.IsNode) messages {
	for i := len(guards) - 1; i >= 0; i-- {
		test = ast.NodeTypeAnd{BinaryNode: ast.BinaryNode{Left: guards[i], Right: test}}
	}
	p := *v.ast
	p.Conditions = []ast.ConditionType{{Condition: ast.ConditionWhen, Body: test}}
	return v.of(&p)
}

// self is a bool expression that says of n only what n says by itself.
func self(n ast.IsNode) ast.IsNode {
	return ast.NodeTypeEquals{BinaryNode: ast.BinaryNode{Left: n, Right: n}}
}

// guardOf returns the condition that a node puts on the evaluation of its kid i, or nil.
func guardOf(n ast.IsNode, i int) ast.IsNode {
	switch n := n.(type) {
	case ast.NodeTypeAnd:
		if i == 1 {
			return n.Left
		}
	case ast.NodeTypeIfThenElse:
		if i == 1 {
			return n.If
		}
	}
	return nil
}

// operandTest returns what makes of a node's operand an expression that wants of it what the node wants, or nil where messages
// about operands stand at the node itself.
func operandTest(n ast.IsNode) func(ast.IsNode) ast.IsNode {
	switch n.(type) {
	case ast.NodeTypeAnd, ast.NodeTypeOr, ast.NodeTypeNot, ast.NodeTypeIfThenElse:
		return func(n ast.IsNode) ast.IsNode { return ast.NodeTypeNot{UnaryNode: ast.UnaryNode{Arg: n}} }
	case ast.NodeTypeAdd, ast.NodeTypeSub, ast.NodeTypeMult, ast.NodeTypeNegate:
		return func(n ast.IsNode) ast.IsNode {
			return self(ast.NodeTypeNegate{UnaryNode: ast.UnaryNode{Arg: n}})
		}
	case ast.NodeTypeLessThan, ast.NodeTypeLessThanOrEqual, ast.NodeTypeGreaterThan, ast.NodeTypeGreaterThanOrEqual:
		return func(n ast.IsNode) ast.IsNode {
			return ast.NodeTypeLessThan{BinaryNode: ast.BinaryNode{Left: n, Right: n}}
		}
	}
	return nil
}

// help says how to mend what the validator says of a node.
func (v *validator) help(n ast.IsNode, m *mark, text string) string {
	unsafe := strings.HasPrefix(text, "unable to guarantee safety")
	switch n := n.(type) {
	case ast.NodeTypeAccess:
		if unsafe {
			return v.guard(m, " has "+v.policy.text(m.at))
		}
		return didYouMean(string(n.Value), v.attributes())
	case ast.NodeTypeGetTag:
		if unsafe {
			return v.guard(m, ".hasTag("+v.policy.text(m.kids[1].whole)+")")
		}
	case ast.NodeValue:
		if uid, ok := n.Value.(types.EntityUID); ok {
			return v.nearest(uid.Type, uid)
		}
	}
	return ""
}

// guard is the help for a read that should be guarded.
func (v *validator) guard(m *mark, test string) string {
	if test = v.policy.text(m.kids[0].whole) + test; len(test) > maxQuoted || strings.Contains(test, "\n") {
		return "ask first whether it is there"
	}
	return "ask first whether it is there: " + test + " && …"
}

// attributes lists the names of all attributes in the schema.
func (v *validator) attributes() []string {
	var out []string
	for _, e := range v.schema.Entities {
		for name := range e.Shape {
			out = append(out, string(name))
		}
	}
	for _, a := range v.schema.Actions {
		if a.AppliesTo != nil {
			for name := range a.AppliesTo.Context {
				out = append(out, string(name))
			}
		}
	}
	return out
}
