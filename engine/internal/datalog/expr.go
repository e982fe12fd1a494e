package datalog

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/source"
)

// node checks a new node's height and gives it its span.
func (p *parser) node(first token, e *Expr) *Expr {
	e.Span = p.from(first)
	for _, a := range e.Args {
		if a != nil {
			e.height = max(e.height, a.height+1)
		}
	}
	if e.height > maxHeight {
		p.fail(e.Span, codeDepth, "the expression nests too deep")
	}
	return e
}

// condition is cond: tests joined by && and ||.
func (p *parser) condition() *Expr {
	return p.chain([]string{"||"}, func() *Expr { return p.chain([]string{"&&"}, p.test) })
}

// chain parses operands joined by left-associative operators of one rank.
func (p *parser) chain(ops []string, operand func() *Expr) *Expr {
	first := p.tok()
	left := operand()
	for n := 1; !p.bad && p.tok().kind == tokSign && slices.Contains(ops, p.str(p.tok())); n++ {
		op := p.tok()
		if n == maxChain {
			p.fail(p.span(op), codeChain, "more than %d operands in a chain of %s", maxChain, p.str(op))
			break
		}
		p.at++
		right := operand()
		left = p.node(first, &Expr{Kind: ExprBinary, Name: p.str(op), NameSpan: p.span(op), Args: []*Expr{left, right}})
	}
	return left
}

var comparisons = []string{"==", "!=", "<", "<=", ">", ">="}

// test is a comparison, a membership, type, presence or pattern test, or an expression alone.
func (p *parser) test() *Expr {
	first := p.tok()
	left := p.side()
	if p.bad {
		return left
	}
	op := p.tok()
	name := p.str(op)
	switch {
	case op.kind == tokSign && slices.Contains(comparisons, name), op.kind == tokIdent && name == "in":
		p.at++
		right := p.side()
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
		if left.Kind == ExprWord {
			p.fail(left.Span, codeSyntax, "the bare word %q is no condition", left.Text).Help = "quote a string; a predicate stands alone as a literal"
		}
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
			e.Names = append(e.Names, p.str(p.tok()))
			p.at++
			if len(e.Names) > maxDepth {
				p.fail(p.span(p.toks[p.at-1]), codeDepth, "more than %d members", maxDepth)
				return e
			}
			if p.tok().kind != tokDot || p.ahead(1).kind != tokIdent {
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

// ParsePattern splits a like pattern, as written between its quotes, into the literal parts between its stars. \* is a star that
// stands for itself. Where an escape is wrong it returns its offset and false.
func ParsePattern(s string) (parts []string, at int, ok bool) {
	var part []byte
	for i := 0; i < len(s); {
		switch {
		case s[i] == '*':
			parts = append(parts, string(part))
			part = part[:0]
			i++
		case strings.HasPrefix(s[i:], `\*`):
			part = append(part, '*')
			i += 2
		case s[i] == '\\':
			r, n := unescapeRune(s[i:])
			if n == 0 {
				return nil, i, false
			}
			part = utf8.AppendRune(part, r)
			i += n
		default:
			part = append(part, s[i])
			i++
		}
	}
	return append(parts, string(part)), 0, true
}

// expr is an `if` or a sum.
func (p *parser) expr() *Expr {
	if p.bad {
		return &Expr{}
	}
	first := p.tok()
	if p.isWord("if") {
		return p.conditional(first)
	}
	return p.chain([]string{"+", "-"}, func() *Expr { return p.chain([]string{"*", "/", "%"}, p.unary) })
}

func (p *parser) conditional(first token) *Expr {
	e := &Expr{Kind: ExprIf}
	if !p.enter() {
		return e
	}
	defer p.leave()
	p.at++
	e.Args = append(e.Args, p.condition())
	for _, word := range []string{"then", "else"} {
		if p.bad {
			return e
		}
		if !p.isWord(word) {
			p.expected(word)
			return e
		}
		p.at++
		e.Args = append(e.Args, p.side())
	}
	return p.node(first, e)
}

func (p *parser) unary() *Expr {
	first := p.tok()
	if !p.is("-") && !p.is("!") {
		return p.member()
	}
	p.at++
	if n := p.tok(); p.str(first) == "-" && n.kind == tokLong && p.ahead(1).kind != tokDot {
		p.at++
		return p.node(first, &Expr{Kind: ExprLong, Long: p.long(n, true)})
	}
	e := &Expr{Kind: ExprUnary, Name: p.str(first), NameSpan: p.span(first)}
	if !p.enter() {
		return e
	}
	defer p.leave()
	e.Args = []*Expr{p.unary()}
	return p.node(first, e)
}

// long reads a number of 64 bits.
func (p *parser) long(t token, negative bool) int64 {
	text := p.str(t)
	n, err := strconv.ParseUint(text, 10, 64)
	limit := uint64(math.MaxInt64)
	if negative {
		limit++
	}
	if err == nil && n <= limit {
		if negative {
			return -int64(n)
		}
		return int64(n)
	}
	if strings.Trim(text, "0123456789") != "" {
		p.fail(p.span(t), codeSyntax, "%q is no number", text)
	} else {
		p.fail(p.span(t), codeNumber, "%s is out of the range of a long", text).Help = "longs have 64 bits: -9223372036854775808 to 9223372036854775807"
	}
	return 0
}

func (p *parser) member() *Expr {
	first := p.tok()
	e := p.primary()
	for n := 0; !p.bad; n++ {
		if n == maxDepth {
			p.fail(p.span(p.tok()), codeDepth, "more than %d members", maxDepth)
			break
		}
		switch {
		case p.tok().kind == tokDot:
			e = p.dot(first, e)
		case p.is("["):
			p.at++
			name := p.span(p.tok())
			e = &Expr{Kind: ExprAttr, Quoted: true, Name: p.stringValue("an attribute's name, a string"), NameSpan: name, Args: []*Expr{e}}
			p.expect("]")
			p.node(first, e)
		default:
			return e
		}
	}
	return e
}

func (p *parser) dot(first token, e *Expr) *Expr {
	if p.tok().end != p.ahead(1).start || p.ahead(1).kind != tokIdent {
		d := p.fail(p.span(p.tok()), codeSyntax, "a member's name must follow the dot at once")
		if e.Kind == ExprLong && p.ahead(1).kind == tokLong {
			d.Help = "a number with a fraction is written decimal(\"1.5\")"
		}
		return e
	}
	name := p.ahead(1)
	p.at += 2
	m := &Expr{Kind: ExprAttr, Name: p.str(name), NameSpan: p.span(name), Args: []*Expr{e}}
	if p.accept("(") {
		m.Kind = ExprMethod
		if !p.accept(")") {
			m.Args = append(m.Args, p.arguments(")")...)
		}
	}
	return p.node(first, m)
}

func (p *parser) primary() *Expr {
	t := p.tok()
	switch {
	case p.bad:
		return &Expr{}
	case t.kind == tokLong:
		p.at++
		return p.node(t, &Expr{Kind: ExprLong, Long: p.long(t, false)})
	case t.kind == tokString:
		p.at++
		return p.node(t, &Expr{Kind: ExprString, Text: p.unescape(t)})
	case t.kind == tokIdent:
		return p.word(t)
	case p.is("("):
		p.at++
		if !p.enter() {
			return &Expr{}
		}
		defer p.leave()
		e := p.condition()
		p.expect(")")
		return e
	case p.is("["):
		p.at++
		e := &Expr{Kind: ExprSet}
		if !p.accept("]") {
			e.Args = p.arguments("]")
		}
		return p.node(t, e)
	case p.is("{"):
		return p.record(t)
	}
	p.expected("an expression")
	return &Expr{}
}

// word parses a primary that starts with a name.
func (p *parser) word(t token) *Expr {
	name := p.str(t)
	next := p.ahead(1)
	switch {
	case next.kind == tokSign && p.str(next) == "::":
		return p.entity(t)
	case name == "true" || name == "false":
		p.at++
		return p.node(t, &Expr{Kind: ExprBool, Bool: name == "true"})
	case name == "context":
		p.at++
		return p.node(t, &Expr{Kind: ExprContext})
	case slices.Contains([]string{"decimal", "ip", "datetime", "duration"}, name):
		p.at++
		p.expect("(")
		e := &Expr{Kind: ExprConstructor, Name: name, Text: p.stringValue("a string")}
		p.expect(")")
		return p.node(t, e)
	case name == "entityId" || name == "entityType":
		e := &Expr{Kind: ExprEntityID}
		if name == "entityType" {
			e.Kind = ExprEntityType
		}
		p.at++
		if p.expect("(") && p.enter() {
			e.Args = []*Expr{p.expr()}
			p.leave()
			p.expect(")")
		}
		return p.node(t, e)
	case name == "_":
		p.fail(p.span(t), codeSyntax, "'_' has no value").Help = "it stands for an argument; name a variable to use its value"
		return &Expr{}
	case name[0] < 'a':
		p.at++
		return p.node(t, &Expr{Kind: ExprVar, Text: name})
	}
	return p.misplacedWord(t, name)
}

func (p *parser) misplacedWord(t token, name string) *Expr {
	d := p.fail(p.span(t), codeSyntax, "the bare word %q can't stand here", name)
	switch {
	case slices.Contains(aggregates, name):
		d.Help = "an aggregate stands on the right of an equation: N = " + name + " …"
	case p.ahead(1).kind == tokSign && p.str(p.ahead(1)) == "(":
		d.Help = "there is no function of this name; a predicate is a literal of its own"
	default:
		d.Help = "quote it to mean a string: \"" + name + "\"; a variable starts upper-case"
	}
	return &Expr{}
}

// entity parses Path::"id".
func (p *parser) entity(t token) *Expr {
	e := &Expr{Kind: ExprEntity}
	var parts []string
	for {
		parts = append(parts, p.str(p.tok()))
		p.at++
		if len(parts) > maxDepth {
			p.fail(p.span(t), codeDepth, "a path has more than %d parts", maxDepth)
			return e
		}
		if !p.accept("::") {
			p.expected("'::' and an id").Help = "an entity is written Type::\"id\"; a type alone stands after is"
			return e
		}
		if n := p.tok(); n.kind != tokIdent {
			break
		}
	}
	e.Name = strings.Join(parts, "::")
	e.NameSpan = p.from(t)
	e.NameSpan.End -= 2
	e.Text = p.stringValue("the entity's id, a string")
	return p.node(t, e)
}

func (p *parser) record(t token) *Expr {
	e := &Expr{Kind: ExprRecord}
	p.at++
	if !p.enter() {
		return e
	}
	defer p.leave()
	for first := true; !p.bad && !(first && p.accept("}")); first = false {
		key := p.tok()
		switch key.kind {
		case tokIdent:
			e.Names = append(e.Names, p.str(key))
			p.at++
		case tokString:
			e.Names = append(e.Names, p.stringValue(""))
		default:
			p.expected("a key")
			return e
		}
		if n := len(e.Names) - 1; slices.Contains(e.Names[:n], e.Names[n]) {
			p.fail(p.span(key), codeSyntax, "the key %q stands twice", e.Names[n])
		}
		p.expect(":")
		e.Args = append(e.Args, p.side())
		if !p.accept(",") {
			p.expect("}")
			break
		}
	}
	return p.node(t, e)
}

// unescape resolves a string token's escapes.
func (p *parser) unescape(t token) string {
	s := string(p.text[t.start+1 : t.end-1])
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var out []byte
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			out = append(out, s[i])
			i++
			continue
		}
		r, n := unescapeRune(s[i:])
		if n == 0 {
			p.badEscape(int(t.start) + 1 + i)
			return ""
		}
		out = utf8.AppendRune(out, r)
		i += n
	}
	return string(out)
}

func (p *parser) badEscape(at int) {
	s := source.Span{File: p.file, Start: uint32(at), End: uint32(at + 2)}
	p.fail(s, codeEscape, "unknown escape %q", string(p.text[at:min(at+2, len(p.text))])).Help = `escapes are \n \r \t \0 \\ \" \' \x00 to \x7f and \u{…}`
}

// unescapeRune reads one escape and returns its length, 0 where it is none.
func unescapeRune(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	if i := strings.IndexByte(`nrt0\'"`, s[1]); i >= 0 {
		return rune("\n\r\t\x00\\'\""[i]), 2
	}
	digits, size := "", 0
	switch {
	case s[1] == 'x' && len(s) >= 4 && s[2] <= '7':
		digits, size = s[2:4], 4
	case s[1] == 'u' && len(s) > 3 && s[2] == '{':
		if end := strings.IndexByte(s, '}'); end > 3 && end <= 9 {
			digits, size = s[3:end], end+1
		}
	}
	n, err := strconv.ParseUint(digits, 16, 32)
	if err != nil || !utf8.ValidRune(rune(n)) {
		return 0, 0
	}
	return rune(n), size
}
