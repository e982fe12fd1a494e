package cedar

import "fmt"

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
	return p.node(t.to(b.whole), t, 1, c, a, b)
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
		left = p.node(left.whole.to(right.whole), t, 0, left, right)
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
		p.patterns += int(pattern.end - pattern.start)
		return p.node(left.whole.to(pattern.extent), t, 0, left)
	case "is":
		p.advance()
		typ := p.path()
		at := token{extent: typ}
		if !p.accept("in") {
			return p.node(left.whole.to(typ), at, 0, left)
		}
		in := p.add()
		return p.node(left.whole.to(in.whole), at, 0, left, in)
	case "<", "<=", ">", ">=", "!=", "==", "in":
		p.advance()
		right := p.add()
		m := p.node(left.whole.to(right.whole), t, 0, left, right)
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
		p.string(t)
		return p.node(left.whole.to(t.extent), t, 0, left)
	}
	if t.kind != tokenIdent {
		p.failf(t, "the name of an attribute", "a name that is no identifier stands in double quotes")
		return left
	}
	out := p.node(left.whole.to(t.extent), t, 0, left)
	for n := 2; p.accept("."); n++ {
		if n > maxNest {
			p.tooDeep(t)
		}
		left = p.node(left.whole.to(t.extent), t, 1, left)
		if t = p.advance(); t.kind != tokenIdent {
			p.failf(t, "the name of an attribute", "")
		}
		whole := out.whole.to(t.extent)
		out = p.node(whole, t, 0, out, p.node(whole, t, 0, left))
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
		p.integer("-", t)
		m = p.leaf(token{extent: ops[len(ops)-1].to(t.extent)})
		ops = ops[:len(ops)-1]
	} else {
		m = p.member()
	}
	for i := len(ops) - 1; i >= 0; i-- {
		m = p.node(ops[i].to(m.whole), ops[i], 1, m)
	}
	return m
}

func (p *parser) leaf(t token) *mark { return p.node(t.extent, t, 0) }
