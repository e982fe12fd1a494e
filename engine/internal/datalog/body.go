package datalog

import (
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
)

// NotPredicates are the words that name no predicate.
var NotPredicates = []string{"not", "if", "then", "else", "true", "false", "in", "is", "has", "like", "decl", "count", "sum", "min",
	"max", "collect", "decimal", "ip", "datetime", "duration", "entityId", "entityType"}

// predicate takes word { "." word }.
func (p *parser) predicate() (string, source.Span) {
	first := p.tok()
	if first.kind != tokIdent {
		p.expected("a predicate's name")
		return "", source.Span{}
	}
	name := p.str(first)
	switch {
	case name[0] < 'a':
		p.fail(p.span(first), codeSyntax, "%q is a variable, not a predicate", name).Help = "a predicate's name starts in lower case: " + lowerFirst(name)
	case slices.Contains(NotPredicates, name):
		d := p.fail(p.span(first), codeReserved, "%q can't name a predicate", name)
		if slices.Contains(aggregates, name) {
			d.Help = "an aggregate stands on the right of an equation: N = " + name + " …"
		}
	}
	p.at++
	parts := []string{name}
	for !p.bad && p.tok().kind == tokDot && p.ahead(1).kind == tokIdent {
		p.at++
		parts = append(parts, p.name("a part of a predicate's name"))
		if len(parts) > maxDepth {
			p.fail(p.span(p.toks[p.at-1]), codeDepth, "a name has more than %d parts", maxDepth)
		}
	}
	return strings.Join(parts, "."), p.from(first)
}

func lowerFirst(name string) string {
	name = strings.TrimLeft(name, "_")
	if name == "" {
		return "p"
	}
	return strings.ToLower(name[:1]) + name[1:]
}

func (p *parser) atom() *Atom {
	first := p.tok()
	a := &Atom{}
	a.Pred, a.PredSpan = p.predicate()
	if p.bad {
		return nil
	}
	if p.accept("(") {
		a.Args = p.list(")", p.argument)
	}
	a.Span = p.from(first)
	return a
}

// list takes [ one { "," one } ] and the closing sign.
func (p *parser) list(closing string, one func() *Expr) []*Expr {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	var out []*Expr
	for !p.bad && (out != nil || !p.accept(closing)) {
		out = append(out, one())
		if !p.accept(",") {
			p.expect(closing)
			break
		}
	}
	return out
}

func (p *parser) argument() *Expr {
	if t := p.tok(); p.isWord("_") {
		p.at++
		return &Expr{Kind: ExprWildcard, Span: p.span(t)}
	}
	return p.side()
}

// side is an expression where a bare word is a string: an argument of an atom, an element of a set, a side of a comparison.
func (p *parser) side() *Expr {
	if e := p.bareWord(); e != nil {
		return e
	}
	return p.expr()
}

// bareWord takes a word that is a string, if one is at hand.
func (p *parser) bareWord() *Expr {
	t := p.tok()
	if t.kind == tokIdent && p.text[t.start] >= 'a' && !p.startsExpr() && p.ahead(1).kind != tokDot && !p.opens(p.ahead(1)) {
		p.at++
		return &Expr{Kind: ExprWord, Text: p.str(t), Span: p.span(t)}
	}
	return nil
}

func (p *parser) opens(t token) bool {
	return t.kind == tokSign && strings.IndexByte("([{", p.text[t.start]) >= 0
}

// startsExpr reports whether the lower-case word at hand starts an expression rather than an atom.
func (p *parser) startsExpr() bool {
	next := p.ahead(1)
	sign := ""
	if next.kind == tokSign {
		sign = p.str(next)
	}
	switch p.str(p.tok()) {
	case "true", "false", "if":
		return true
	case "context":
		return sign != "("
	case "decimal", "ip", "datetime", "duration", "entityId", "entityType":
		return sign == "("
	}
	return sign == "::"
}

func (p *parser) body() *Body {
	first := p.tok()
	b := &Body{}
	for n := 0; !p.bad; n++ {
		if n == maxChain {
			p.fail(p.span(p.tok()), codeChain, "more than %d alternatives", maxChain)
		}
		b.Alternatives = append(b.Alternatives, p.conjunction())
		if !p.accept(";") {
			break
		}
	}
	b.Span = p.from(first)
	return b
}

func (p *parser) conjunction() []Literal {
	var out []Literal
	for !p.bad {
		if len(out) == maxChain {
			p.fail(p.span(p.tok()), codeChain, "more than %d literals", maxChain)
		}
		out = append(out, p.literal())
		if !p.accept(",") {
			break
		}
	}
	return out
}

func (p *parser) literal() Literal {
	first := p.tok()
	l := Literal{}
	negated := false
	if p.isWord("not") {
		p.at++
		negated = true
		if p.isWord("not") {
			p.fail(p.span(p.tok()), codeSyntax, "not stands twice").Help = "write the literal without it, or not (not …)"
		}
	}
	if !p.bad {
		p.positive(&l)
	}
	l.Negated = negated
	if negated && (l.Kind == LitAssign || l.Kind == LitAggregate) && !p.bad {
		p.fail(p.span(first), codeSyntax, "an equation can't be negated").Help = "compare with !=, or write not (V = …)"
	}
	l.Span = p.from(first)
	return l
}

// positive parses a literal without its not.
func (p *parser) positive(l *Literal) {
	t := p.tok()
	switch {
	case p.is("("):
		if p.parenthesized() {
			l.Kind, l.Expr = LitTest, p.test()
			return
		}
		l.Kind = LitBody
		p.at++
		if p.enter() {
			l.Body = p.body()
			p.leave()
			p.expect(")")
		}
	case t.kind == tokIdent && p.text[t.start] >= 'a' && !p.startsExpr():
		l.Kind, l.Atom = LitAtom, p.atom()
		p.atomShape()
	case t.kind == tokIdent && p.ahead(1).kind == tokSign && p.str(p.ahead(1)) == "=" && p.str(t) != "_":
		p.equation(l)
	case p.is("!") && p.ahead(1).kind == tokIdent && p.text[p.ahead(1).start] >= 'a' && p.atomFollows():
		p.fail(p.span(t), codeSyntax, "unexpected '!'").Help = "a predicate is negated with not"
	case p.is("\\+"):
		p.fail(p.span(t), codeSyntax, "unexpected '\\+'").Help = "a literal is negated with not"
	case t.kind == tokIdent && p.text[t.start] < 'a' && p.ahead(1).kind == tokSign && p.str(p.ahead(1)) == "(":
		p.predicate() // reports the upper-case name
	default:
		l.Kind, l.Expr = LitTest, p.test()
		p.testShape()
	}
}

// atomFollows reports whether the word after the sign at hand is a predicate.
func (p *parser) atomFollows() bool {
	p.at++
	defer func() { p.at-- }()
	return !p.startsExpr()
}

// parenthesized reports whether the parenthesis at hand is part of an expression: an operator or a member follows it, or
// it holds operands of && or ||.
func (p *parser) parenthesized() bool {
	m := p.tok().match
	if m == 0 {
		return false
	}
	if p.joins(m) {
		return true
	}
	saved := p.at
	p.at = min(int(m)+1, len(p.toks)-1)
	defer func() { p.at = saved }()
	return p.tok().kind == tokDot || p.is("[") || p.operator()
}

// joins reports whether && or ||, and no comma or semicolon, joins what stands between the parenthesis at hand and its match. What
// nests is jumped over, so that all calls together take linear time.
func (p *parser) joins(match int32) bool {
	found, ifs := false, 0
	for i := int32(p.at) + 1; i < match; i++ {
		switch t := p.toks[i]; p.str(t) {
		case "(", "[", "{":
			i = t.match
		case ",", ";":
			return false
		case "&&", "||":
			found = found || ifs == 0
		case "if":
			if before := p.toks[i-1]; before.kind != tokDot && p.str(before) != "has" {
				ifs++
			}
		case "then":
			ifs = max(ifs-1, 0)
		}
	}
	return found
}

func (p *parser) operator() bool {
	t := p.tok()
	switch t.kind {
	case tokSign:
		switch p.str(t) {
		case "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "&&", "||":
			return true
		}
	case tokIdent:
		switch p.str(t) {
		case "in", "is", "has", "like":
			return true
		}
	}
	return false
}

// atomShape reports what people write after a lower-case word that isn't an atom.
func (p *parser) atomShape() {
	if p.bad {
		return
	}
	switch {
	case p.is("="):
		p.expected("',' or a final period").Help = "an equation has a variable, which starts upper-case, on its left"
	case p.operator() && !p.is("&&") && !p.is("||"):
		p.expected("',' or a final period").Help = "a literal that starts with a lower-case word is a predicate; quote a string, or put the other side first"
	}
}

func (p *parser) testShape() {
	if p.bad || !p.is("=") {
		return
	}
	d := p.expected("an operator")
	d.Help = "a test for equality is =="
	if next := p.ahead(1); next.kind == tokIdent && p.text[next.start] < 'a' {
		d.Help = "an equation has its variable on the left: " + p.str(next) + " = …; a test for equality is =="
	}
}

var aggregates = []string{"count", "sum", "min", "max", "collect"}

// equation parses Var = expr and Var = aggregate.
func (p *parser) equation(l *Literal) {
	t := p.tok()
	l.Kind, l.Var = LitAssign, &Expr{Kind: ExprVar, Text: p.str(t), Span: p.span(t)}
	if p.text[t.start] >= 'a' {
		p.fail(p.span(t), codeSyntax, "%q is not a variable", p.str(t)).Help = "a variable starts upper-case"
		return
	}
	p.at += 2
	if w := p.tok(); w.kind == tokIdent && slices.Contains(aggregates, p.str(w)) {
		l.Kind, l.Aggregate = LitAggregate, p.aggregate()
		return
	}
	l.Expr = p.expr()
	if !p.bad && p.operator() {
		p.expected("',' or a final period").Help = "put a condition in parentheses: V = (X < 3)"
	}
}

func (p *parser) aggregate() *Aggregate {
	first := p.tok()
	a := &Aggregate{Op: p.str(first)}
	p.at++
	if !p.enter() {
		return a
	}
	defer p.leave()
	if p.accept("(") {
		a.Value = p.expr()
		p.expect(")")
	} else if a.Op != "count" {
		p.expected("'(' and what to " + a.Op).Help = a.Op + "(X) { p(X) }"
	}
	if p.expect("{") {
		a.Body = p.body()
		p.expect("}")
	}
	a.Span = p.from(first)
	return a
}
