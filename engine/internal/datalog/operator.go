package datalog

import "slices"

// rank is the rank of the operator at hand, or -1.
func (p *parser) rank() int {
	if p.tok().kind != tokSign {
		return -1
	}
	switch p.str(p.tok()) {
	case "||":
		return rankOr
	case "&&":
		return rankAnd
	case "+", "-":
		return rankExpr
	case "*", "/", "%":
		return rankTerm
	}
	return -1
}

// condition is cond: tests joined by && and ||.
func (p *parser) condition() *Expr { return p.joined(rankOr) }

// expr is an `if` or a sum.
func (p *parser) expr() *Expr { return p.joined(rankExpr) }

// joined parses operands joined by left-associative operators of that rank and tighter ones: tests by || and &&, members by the others.
// One function for all ranks, and no other that only passes on, keep five frames on the stack for a pair of brackets. With
// fifteen, V8 had no room for 200 pairs.
func (p *parser) joined(rank int) *Expr {
	if p.bad {
		return &Expr{}
	}
	first := p.tok()
	tightest := rankAnd
	var left *Expr
	switch {
	case rank <= rankAnd:
		left = p.test()
	case rank == rankExpr && p.isWord("if"):
		return p.conditional(first)
	default:
		left, tightest = p.unary(), rankTerm
	}
	var count [rankUnary]int
	for r := p.rank(); !p.bad && rank <= r && r <= tightest; r = p.rank() {
		op := p.tok()
		if count[r]++; count[r] == maxChain {
			p.fail(p.span(op), codeChain, "more than %d operands in a chain of %s", maxChain, p.str(op))
			break
		}
		p.at++
		var right *Expr
		switch r {
		case rankAnd:
			right = p.test()
		case rankTerm:
			right = p.unary()
		case rankOr:
			right = p.joined(rankAnd)
		default:
			right = p.joined(rankTerm)
		}
		left = p.node(first, &Expr{Kind: ExprBinary, Name: p.str(op), NameSpan: p.span(op), Args: []*Expr{left, right}})
	}
	return left
}

var comparisons = []string{"==", "!=", "<", "<=", ">", ">="}

// test is a comparison, a membership, type, presence or pattern test, or an expression alone.
func (p *parser) test() *Expr {
	first := p.tok()
	left := p.bareWord()
	if left == nil {
		left = p.joined(rankExpr)
	}
	if p.bad {
		return left
	}
	op := p.tok()
	name := p.str(op)
	switch {
	case op.kind == tokSign && slices.Contains(comparisons, name):
		p.at++
		right := p.side()
		left = p.node(first, &Expr{Kind: ExprBinary, Name: name, NameSpan: p.span(op), Args: []*Expr{left, right}})
	case left.Kind == ExprWord:
		p.at--
		return p.misplacedWord(first, left.Text)
	case op.kind == tokIdent && name == "in":
		p.at++
		right := p.expr()
		left = p.node(first, &Expr{Kind: ExprBinary, Name: name, NameSpan: p.span(op), Args: []*Expr{left, right}})
	case op.kind == tokIdent && name == "is":
		p.at++
		typ := p.tok()
		e := &Expr{Kind: ExprIs, Name: p.path(), Args: []*Expr{left}}
		e.NameSpan = p.from(typ)
		if p.isWord("in") {
			p.at++
			e.Args = append(e.Args, p.expr())
		}
		left = p.node(first, e)
	case op.kind == tokIdent && name == "has":
		left = p.has(first, left)
	case op.kind == tokIdent && name == "like":
		left = p.like(first, left)
	default:
		return left
	}
	if !p.bad && (p.tok().kind == tokSign && slices.Contains(comparisons, p.str(p.tok())) || p.isWord("in")) {
		p.expected("the end of the test").Help = "comparisons don't chain; join two with ',' or &&"
	}
	return left
}

func (p *parser) has(first token, left *Expr) *Expr {
	p.at++
	e := &Expr{Kind: ExprHas, Args: []*Expr{left}, NameSpan: p.span(p.tok())}
	switch t := p.tok(); t.kind {
	case tokString:
		e.Quoted = true
		e.Names = []string{p.stringValue("")}
	case tokIdent:
		for {
			e.Names = append(e.Names, p.membername())
			if len(e.Names) > maxDepth {
				p.fail(p.span(p.toks[p.at-1]), codeDepth, "more than %d members", maxDepth)
				return e
			}
			if p.bad || p.tok().kind != tokDot || p.ahead(1).kind != tokIdent {
				break
			}
			p.at++
		}
	default:
		p.expected("an attribute's name")
	}
	return p.node(first, e)
}

func (p *parser) like(first token, left *Expr) *Expr {
	p.at++
	t := p.tok()
	e := &Expr{Kind: ExprLike, Args: []*Expr{left}, NameSpan: p.span(t)}
	if t.kind != tokString {
		p.expected("a pattern, a string")
		return e
	}
	p.at++
	e.Text = string(p.text[t.start+1 : t.end-1])
	var ok bool
	var at int
	if e.Pattern, at, ok = ParsePattern(e.Text); !ok {
		p.badEscape(int(t.start) + 1 + at)
	}
	return p.node(first, e)
}
