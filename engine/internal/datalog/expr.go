package datalog

import (
	"slices"
	"strings"

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
			p.expected("'" + word + "'")
			return e
		}
		p.at++
		e.Args = append(e.Args, p.expr())
	}
	return p.node(first, e)
}

func (p *parser) unary() *Expr {
	first := p.tok()
	if !p.is("-") && !p.is("!") {
		return p.members(first, p.primary())
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

// members parses what follows a primary: members, by name or in brackets.
func (p *parser) members(first token, e *Expr) *Expr {
	for n := 0; !p.bad && (p.tok().kind == tokDot || p.is("[")); n++ {
		if n == maxDepth {
			p.fail(p.span(p.tok()), codeDepth, "more than %d members", maxDepth)
			break
		}
		if p.tok().kind == tokDot {
			e = p.dot(first, e)
			continue
		}
		p.at++
		name := p.span(p.tok())
		e = &Expr{Kind: ExprAttr, Quoted: true, Name: p.stringValue("an attribute's name, a string"), NameSpan: name, Args: []*Expr{e}}
		p.expect("]")
		p.node(first, e)
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
	p.at++
	m := &Expr{Kind: ExprAttr, NameSpan: p.span(p.tok()), Name: p.membername(), Args: []*Expr{e}}
	if p.accept("(") {
		m.Kind = ExprMethod
		m.Args = append(m.Args, p.list(")", p.expr)...)
	}
	return p.node(first, m)
}

// membername takes the name of an attribute or method.
func (p *parser) membername() string {
	t := p.tok()
	name := p.str(t)
	if name[0] < 'a' {
		p.fail(p.span(t), codeSyntax, "a member's name starts in lower case, not as %q does", name).Help = `an attribute of another name is written ["` + name + `"], after has "` + name + `"`
	}
	p.at++
	return name
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
		e.Args = p.list("]", p.side)
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
	var keys []source.Span
	for more := !p.accept("}"); more && !p.bad; more = p.accept(",") {
		keys = append(keys, p.span(p.tok()))
		if p.tok().kind == tokString {
			e.Names = append(e.Names, p.stringValue(""))
		} else {
			e.Names = append(e.Names, p.name("a key"))
		}
		p.expect(":")
		e.Args = append(e.Args, p.expr())
	}
	if len(keys) > 0 {
		p.expect("}")
	}
	if i := repeated(e.Names); i >= 0 {
		p.fail(keys[i], codeSyntax, "the key %q stands twice", e.Names[i])
	}
	return p.node(t, e)
}

// repeated returns the first index of a name that stands earlier as well, or -1.
func repeated(names []string) int {
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	first := -1
	for i := 1; i < len(order); i++ {
		if at := order[i]; names[order[i-1]] == names[at] && (first < 0 || at < first) {
			first = at
		}
	}
	return first
}
