package cedar

import (
	"bytes"
	"fmt"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"github.com/rune-authz/rune/engine/internal/value"
)

// What operands are made of: literals, members, calls, sets, records.

// string returns the content of t, which must be a string outside of a pattern.
func (p *parser) string(t token) types.String {
	if t.kind != tokenString {
		p.failf(t, "a string", "strings stand in double quotes")
		return ""
	}
	inside := p.src[t.start+1 : t.end-1]
	out, at, ok := value.Unescape(nil, inside)
	if !ok { // the scanner knows the escapes, \* among them
		bad := t
		bad.start = t.start + 1 + uint32(at)
		bad.end = bad.start + 2
		p.fail(bad, `the escape "\*" stands outside of a pattern`, "write * itself")
	}
	return types.String(out)
}

// pattern returns the pattern that stands in t.
func (p *parser) pattern(t token) types.Pattern {
	if t.kind != tokenString {
		return types.Pattern{}
	}
	var components []any
	for i, literal := range splitPattern(p.src[t.start+1 : t.end-1]) {
		if i > 0 {
			components = append(components, types.Wildcard{})
		}
		components = append(components, literal)
	}
	return types.NewPattern(components...)
}

// splitPattern returns the literal parts between the stars of a pattern, of which it gets what stands within the quotes.
func splitPattern(inside []byte) []string {
	var parts []string
	var literal []byte
	for len(inside) > 0 {
		n := bytes.IndexAny(inside, `\*`)
		switch {
		case n < 0:
			n = len(inside)
			fallthrough
		case n > 0:
			literal = append(literal, inside[:n]...)
		case inside[0] == '*':
			parts = append(parts, string(literal))
			literal, n = literal[:0], 1
		case inside[1] == '*':
			literal, n = append(literal, '*'), 2
		default:
			n, _ = escapeLength(inside)
			literal, _, _ = value.Unescape(literal, inside[:n])
		}
		inside = inside[n:]
	}
	return append(parts, string(literal))
}

func (p *parser) member() *mark {
	m := p.primary()
	for !p.failed {
		switch {
		case p.accept("."):
			m = p.dot(m)
		case p.accept("["):
			t := p.advance()
			name := p.string(t)
			close := p.peek()
			p.expect("]", "")
			m = p.node(accessNode(m, name), m.whole.to(close.extent), t, 1, m)
		default:
			return m
		}
	}
	return m
}

// dot reads an attribute or a method call.
func (p *parser) dot(receiver *mark) *mark {
	name := p.advance()
	if name.kind != tokenIdent {
		p.failf(name, "the name of an attribute or method", `a reserved word as attribute is written ["name"]`)
		return receiver
	}
	open := p.peek()
	if !p.accept("(") {
		return p.node(accessNode(receiver, types.String(p.text(name))), receiver.whole.to(name.extent), name, 1, receiver)
	}
	args, close := p.list(open, ")")
	kids := append([]*mark{receiver}, args...)
	return p.node(p.method(name, kids), receiver.whole.to(close.extent), name, 1, kids...)
}

// method makes the node of a method call, whose receiver is the first of kids. Like Cedar's own parsers it checks the number of
// arguments of Cedar's core alone.
func (p *parser) method(name token, kids []*mark) ast.IsNode {
	text := p.text(name)
	if want, ok := builtinMethod(text); ok {
		switch {
		case len(kids)-1 != want:
			p.fail(name, fmt.Sprintf("the method %q takes %s, not %d", text, plural(want, "argument"), len(kids)-1), "")
			return nil
		case want == 0:
			return ast.NodeTypeIsEmpty{UnaryNode: ast.UnaryNode{Arg: kids[0].node}}
		}
		return binary(text, kids[0].node, kids[1].node)
	}
	f, ok := extensionOf(text)
	switch {
	case !ok:
		p.fail(name, "there is no method "+p.quote(name), p.nearestHelp(name, extensionNames(true)...))
	case !f.method:
		p.fail(name, fmt.Sprintf("%q is a function, not a method", text), fmt.Sprintf("write %s(…)", text))
	}
	return ast.NodeTypeExtensionCall{Name: types.Path(text), Args: nodes(kids)}
}

func nodes(ms []*mark) []ast.IsNode {
	out := make([]ast.IsNode, len(ms))
	for i, m := range ms {
		out[i] = m.node
	}
	return out
}

func plural(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// list reads expressions up to a closing bracket, which it takes and returns. A comma may stand behind the last.
func (p *parser) list(open token, close string) ([]*mark, token) {
	p.enter(open, 1)
	defer p.leave(1)
	var out []*mark
	for !p.failed && !p.is(p.peek(), close) {
		m := p.expression()
		m.nest++
		if m.nest > maxNest {
			p.tooDeep(open)
		}
		out = append(out, m)
		if !p.accept(",") && !p.is(p.peek(), close) {
			p.failf(p.peek(), `"," or "`+close+`"`, "")
		}
	}
	t := p.peek()
	p.expect(close, "")
	return out, t
}

func (p *parser) primary() *mark {
	t := p.advance()
	switch {
	case t.kind == tokenInt:
		return p.leaf(p.integer("", t), t)
	case t.kind == tokenString:
		return p.leaf(ast.NodeValue{Value: p.string(t)}, t)
	case p.is(t, "true"), p.is(t, "false"):
		return p.leaf(ast.NodeValue{Value: types.Boolean(p.is(t, "true"))}, t)
	case t.kind == tokenIdent && (p.is(p.peek(), "::") || p.is(p.peek(), "(")):
		return p.entityOrCall(t)
	case p.is(t, "principal"), p.is(t, "action"), p.is(t, "resource"), p.is(t, "context"):
		return p.leaf(ast.NodeTypeVariable{Name: types.String(p.text(t))}, t)
	case t.kind == tokenIdent:
		p.unknownWord(t)
		return p.leaf(nil, t)
	case p.is(t, "("):
		return p.parenthesis(t)
	case p.is(t, "["):
		kids, close := p.list(t, "]")
		return p.node(ast.NodeTypeSet{Elements: nodes(kids)}, t.to(close.extent), t, 0, kids...)
	case p.is(t, "{"):
		return p.record(t)
	}
	p.failf(t, "an expression", "")
	return p.leaf(nil, t)
}

func (p *parser) unknownWord(t token) {
	help := p.nearestHelp(t, "principal", "action", "resource", "context")
	if help == "" {
		help = "strings stand in double quotes; attributes follow a dot, as in principal." + p.text(t)
	}
	p.failf(t, "an expression", help)
}

func (p *parser) parenthesis(open token) *mark {
	p.enter(open, 1)
	m := p.expression()
	p.leave(1)
	close := p.peek()
	p.expect(")", "")
	m.whole = open.to(close.extent)
	if m.nest++; m.nest > maxNest {
		p.tooDeep(open)
	}
	return m
}

// entityOrCall reads Type::"id" or function(…), whose first word is read.
func (p *parser) entityOrCall(first token) *mark {
	last, path := first, p.src[first.start:first.end:first.end]
	for n := 2; p.accept("::"); n++ {
		switch last = p.advance(); last.kind {
		case tokenString:
			whole := first.to(last.extent)
			uid := types.NewEntityUID(types.EntityType(path), p.string(last))
			return p.leaf(ast.NodeValue{Value: uid}, token{extent: whole})
		case tokenIdent:
			p.part(n, last)
			path = append(append(path, "::"...), p.src[last.start:last.end]...)
		default:
			p.failf(last, `a name or a string after "::"`, "")
			return p.leaf(nil, first)
		}
	}
	name := token{extent: first.to(last.extent), kind: tokenIdent}
	open := p.peek()
	if !p.is(open, "(") {
		p.failf(open, `"::" or "("`, `an entity is written Type::"id"`)
		return p.leaf(nil, first)
	}
	text := string(path)
	if f, ok := extensionOf(text); !ok {
		p.fail(name, "there is no function "+quote([]byte(text)), p.nearestHelp(name, extensionNames(false)...))
	} else if f.method {
		p.fail(name, fmt.Sprintf("%q is a method, not a function", text), fmt.Sprintf("write it behind a dot, as in context.x.%s(…)", text))
	}
	p.advance()
	kids, close := p.list(open, ")")
	return p.node(ast.NodeTypeExtensionCall{Name: types.Path(text), Args: nodes(kids)}, first.to(close.extent), name, 0, kids...)
}

func (p *parser) record(open token) *mark {
	p.enter(open, 1)
	defer p.leave(1)
	var kids []*mark
	var record ast.NodeTypeRecord
	keys := value.NewNames[bool](p.table)
	for !p.failed && !p.is(p.peek(), "}") {
		key := p.advance()
		name := types.String(p.text(key))
		if key.kind == tokenString {
			name = p.string(key)
		} else if key.kind != tokenIdent {
			p.failf(key, "a key", "a reserved word as key stands in double quotes")
		}
		if keys.Has(string(name)) {
			p.fail(key, "the key "+p.quote(key)+" is given twice", "")
		}
		keys.Set(string(name), true)
		p.expect(":", "")
		m := p.expression()
		kids = append(kids, m)
		record.Elements = append(record.Elements, ast.RecordElementNode{Key: name, Value: m.node})
		if !p.accept(",") && !p.is(p.peek(), "}") {
			p.failf(p.peek(), `"," or "}"`, "")
		}
	}
	close := p.peek()
	p.expect("}", "")
	return p.node(record, open.to(close.extent), open, 1, kids...)
}
