package cedar

import (
	"fmt"
	"strconv"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// What joins operands: conditionals, chains, comparisons, prefix operators.

func (p *parser) expression() *mark {
	t := p.peek()
	if !p.is(t, "if") {
		return p.or()
	}
	p.advance()
	p.enter(t, 1)
	c := p.expression()
	p.expect("then", "")
	a := p.expression()
	p.expect("else", "in Cedar an if has an else")
	b := p.expression()
	p.leave(1)
	return p.node(ast.NodeTypeIfThenElse{If: c.node, Then: a.node, Else: b.node}, t.to(b.whole), t, 1, c, a, b)
}

func (p *parser) or() *mark  { return p.chain(p.and, "||", "") }
func (p *parser) and() *mark { return p.chain(p.relation, "&&", "") }
func (p *parser) add() *mark { return p.chain(p.mult, "+", "-") }
func (p *parser) mult() *mark {
	return p.chain(p.unary, "*", "")
}

// chain reads operands joined by one of two operators, as the left-leaning tree that the AST has for them.
func (p *parser) chain(operand func() *mark, op, other string) *mark {
	left := operand()
	for n := 2; ; n++ {
		t := p.peek()
		if t.kind != tokenOperator || !p.is(t, op) && (other == "" || !p.is(t, other)) {
			return left
		}
		if n > maxChain {
			p.failWith(codeDepth, t, fmt.Sprintf("a chain of %s has more than %d operands", quote([]byte(op)), maxChain), "put parts of it in parentheses or in policies of their own")
			return left
		}
		p.advance()
		right := operand()
		left = p.node(binary(p.text(t), left.node, right.node), left.whole.to(right.whole), t, 0, left, right)
	}
}

func (p *parser) relation() *mark {
	left := p.add()
	t := p.peek()
	switch p.text(t) {
	case "has":
		p.advance()
		return p.has(left)
	case "like":
		p.advance()
		pattern := p.advance()
		if pattern.kind != tokenString {
			p.failf(pattern, "a pattern in double quotes", "")
		}
		return p.node(ast.NodeTypeLike{Arg: left.node, Value: p.pattern(pattern)}, left.whole.to(pattern.extent), t, 0, left)
	case "is":
		p.advance()
		typ, name := p.path()
		at, is := token{extent: typ}, ast.NodeTypeIs{Left: left.node, EntityType: name}
		if !p.accept("in") {
			return p.node(is, left.whole.to(typ), at, 0, left)
		}
		in := p.add()
		return p.node(ast.NodeTypeIsIn{NodeTypeIs: is, Entity: in.node}, left.whole.to(in.whole), at, 0, left, in)
	case "<", "<=", ">", ">=", "!=", "==", "in":
		p.advance()
		right := p.add()
		m := p.node(binary(p.text(t), left.node, right.node), left.whole.to(right.whole), t, 0, left, right)
		p.noChain(t)
		return m
	}
	return left
}

// noChain reports a second comparison behind a first.
func (p *parser) noChain(first token) {
	t := p.peek()
	switch p.text(t) {
	case "<", "<=", ">", ">=", "!=", "==", "in", "has", "like", "is":
		p.fail(t, "found "+p.quote(t)+" behind the comparison with "+p.quote(first), "comparisons don't chain; join them with && or use parentheses")
	}
}

// has reads what follows has. `a has b.c` is `a has b && a.b has c`.
func (p *parser) has(left *mark) *mark {
	t := p.advance()
	if t.kind == tokenString {
		return p.node(hasNode(left, p.string(t)), left.whole.to(t.extent), t, 0, left)
	}
	if t.kind != tokenIdent {
		p.failf(t, "the name of an attribute", "a name that is no identifier stands in double quotes")
		return left
	}
	name := types.String(p.text(t))
	out := p.node(hasNode(left, name), left.whole.to(t.extent), t, 0, left)
	for n := 2; p.accept("."); n++ {
		if n > maxNest {
			p.tooDeep(t)
		}
		left = p.node(accessNode(left, name), left.whole.to(t.extent), t, 1, left)
		if t = p.advance(); t.kind != tokenIdent {
			p.failf(t, "the name of an attribute", "")
		}
		name = types.String(p.text(t))
		whole := out.whole.to(t.extent)
		next := p.node(hasNode(left, name), whole, t, 0, left)
		out = p.node(binary("&&", out.node, next.node), whole, t, 0, out, next)
		if p.failed {
			break
		}
	}
	return out
}

// unary reads prefix operators. A minus sign just before a number is part of it.
func (p *parser) unary() *mark {
	first := p.pos
	for t := p.peek(); p.is(t, "-") || p.is(t, "!"); t = p.peek() {
		p.enter(t, 1)
		p.advance()
	}
	ops := p.tokens[first:p.pos]
	defer p.leave(len(ops))

	var m *mark
	if t := p.peek(); len(ops) > 0 && t.kind == tokenInt && p.is(ops[len(ops)-1], "-") {
		p.advance()
		m = p.leaf(p.integer("-", t), token{extent: ops[len(ops)-1].to(t.extent)})
		ops = ops[:len(ops)-1]
	} else {
		m = p.member()
	}
	for i := len(ops) - 1; i >= 0; i-- {
		m = p.node(p.prefixed(ops[i], m), ops[i].to(m.whole), ops[i], 1, m)
	}
	return m
}

func (p *parser) prefixed(op token, m *mark) ast.IsNode {
	if p.is(op, "-") {
		return ast.NodeTypeNegate{UnaryNode: ast.UnaryNode{Arg: m.node}}
	}
	return ast.NodeTypeNot{UnaryNode: ast.UnaryNode{Arg: m.node}}
}

// leaf is the mark of a constant or variable.
func (p *parser) leaf(n ast.IsNode, t token) *mark { return p.node(n, t.extent, t, 0) }

func (p *parser) integer(sign string, t token) ast.IsNode {
	n, err := strconv.ParseInt(sign+p.text(t), 10, 64)
	if err != nil {
		p.fail(t, "the number "+p.quote(t)+" doesn't fit into a long", "longs go from -9223372036854775808 to 9223372036854775807")
	}
	return ast.NodeValue{Value: types.Long(n)}
}

func hasNode(m *mark, name types.String) ast.IsNode {
	return ast.NodeTypeHas{StrOpNode: ast.StrOpNode{Arg: m.node, Value: name}}
}

func accessNode(m *mark, name types.String) ast.IsNode {
	return ast.NodeTypeAccess{StrOpNode: ast.StrOpNode{Arg: m.node, Value: name}}
}

// binary is the node of an operator between two operands, or of a method with one argument.
func binary(op string, left, right ast.IsNode) ast.IsNode {
	b := ast.BinaryNode{Left: left, Right: right}
	switch op {
	case "||":
		return ast.NodeTypeOr{BinaryNode: b}
	case "&&":
		return ast.NodeTypeAnd{BinaryNode: b}
	case "==":
		return ast.NodeTypeEquals{BinaryNode: b}
	case "!=":
		return ast.NodeTypeNotEquals{BinaryNode: b}
	case "<":
		return ast.NodeTypeLessThan{BinaryNode: b}
	case "<=":
		return ast.NodeTypeLessThanOrEqual{BinaryNode: b}
	case ">":
		return ast.NodeTypeGreaterThan{BinaryNode: b}
	case ">=":
		return ast.NodeTypeGreaterThanOrEqual{BinaryNode: b}
	case "in":
		return ast.NodeTypeIn{BinaryNode: b}
	case "+":
		return ast.NodeTypeAdd{BinaryNode: b}
	case "-":
		return ast.NodeTypeSub{BinaryNode: b}
	case "*":
		return ast.NodeTypeMult{BinaryNode: b}
	case "contains":
		return ast.NodeTypeContains{BinaryNode: b}
	case "containsAll":
		return ast.NodeTypeContainsAll{BinaryNode: b}
	case "containsAny":
		return ast.NodeTypeContainsAny{BinaryNode: b}
	case "hasTag":
		return ast.NodeTypeHasTag{BinaryNode: b}
	}
	return ast.NodeTypeGetTag{BinaryNode: b}
}
