package cedar

import (
	"fmt"
	"strconv"

	"github.com/rune-authz/rune/engine/internal/value"
)

// What operands are made of: literals, members, calls, sets, records.

func (p *parser) integer(sign string, t token) {
	if _, err := strconv.ParseInt(sign+p.text(t), 10, 64); err != nil {
		p.fail(t, "the number "+p.quote(t)+" doesn't fit into a long", "longs go from -9223372036854775808 to 9223372036854775807")
	}
}

// string checks that t is a string outside of a pattern.
func (p *parser) string(t token) {
	if t.kind != tokenString {
		p.failf(t, "a string", "strings stand in double quotes")
		return
	}
	text := p.src[t.start:t.end]
	p.longest = max(p.longest, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if i++; text[i] == '*' {
			at := t
			at.start, at.end = t.start+uint32(i)-1, t.start+uint32(i)+1
			p.fail(at, `the escape "\*" stands outside of a pattern`, "write * itself")
			return
		}
	}
}

func (p *parser) member() *mark {
	m := p.primary()
	for !p.failed {
		switch {
		case p.accept("."):
			m = p.dot(m)
		case p.accept("["):
			t := p.advance()
			p.string(t)
			close := p.peek()
			p.expect("]", "")
			m = p.node(m.whole.to(close.extent), t, 1, m)
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
		return p.node(receiver.whole.to(name.extent), name, 1, receiver)
	}
	args, close := p.list(open, ")")
	p.method(name, len(args))
	kids := append([]*mark{receiver}, args...)
	return p.node(receiver.whole.to(close.extent), name, 1, kids...)
}

// method checks the name of a method, and the number of arguments where cedar-go's parser does.
func (p *parser) method(name token, args int) {
	text := p.text(name)
	if want, ok := builtinMethod(text); ok {
		if args != want {
			p.fail(name, fmt.Sprintf("the method %q takes %s, not %d", text, plural(want, "argument"), args), "")
		}
		return
	}
	f, ok := extensionOf(text)
	switch {
	case !ok:
		p.fail(name, "there is no method "+p.quote(name), p.nearestHelp(name, extensionNames(true)...))
	case !f.method:
		p.fail(name, fmt.Sprintf("%q is a function, not a method", text), fmt.Sprintf("write %s(…)", text))
	}
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
		p.integer("", t)
		return p.leaf(t)
	case t.kind == tokenString:
		p.string(t)
		return p.leaf(t)
	case p.is(t, "true"), p.is(t, "false"):
		return p.leaf(t)
	case t.kind == tokenIdent && (p.is(p.peek(), "::") || p.is(p.peek(), "(")):
		return p.entityOrCall(t)
	case p.is(t, "principal"), p.is(t, "action"), p.is(t, "resource"), p.is(t, "context"):
		return p.leaf(t)
	case t.kind == tokenIdent:
		p.unknownWord(t)
		return p.leaf(t)
	case p.is(t, "("):
		return p.parenthesis(t)
	case p.is(t, "["):
		kids, close := p.list(t, "]")
		return p.node(t.to(close.extent), t, 0, kids...)
	case p.is(t, "{"):
		return p.record(t)
	}
	p.failf(t, "an expression", "")
	return p.leaf(t)
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
	last := first
	for n := 2; p.accept("::"); n++ {
		if last = p.advance(); last.kind == tokenIdent {
			p.part(n, last)
		}
		switch last.kind {
		case tokenString:
			p.string(last)
			whole := first.to(last.extent)
			return p.node(whole, token{extent: whole}, 0)
		case tokenIdent:
		default:
			p.failf(last, `a name or a string after "::"`, "")
			return p.leaf(first)
		}
	}
	name := token{extent: first.to(last.extent), kind: tokenIdent}
	open := p.peek()
	if !p.is(open, "(") {
		p.failf(open, `"::" or "("`, `an entity is written Type::"id"`)
		return p.leaf(first)
	}
	text := p.text(name)
	if f, ok := extensionOf(text); !ok {
		p.fail(name, "there is no function "+quote([]byte(text)), p.nearestHelp(name, extensionNames(false)...))
	} else if f.method {
		p.fail(name, fmt.Sprintf("%q is a method, not a function", text), fmt.Sprintf("write it behind a dot, as in context.x.%s(…)", text))
	}
	p.advance()
	kids, close := p.list(open, ")")
	return p.node(first.to(close.extent), name, 0, kids...)
}

func (p *parser) record(open token) *mark {
	p.enter(open, 1)
	defer p.leave(1)
	var kids []*mark
	keys := map[string]bool{}
	for !p.failed && !p.is(p.peek(), "}") {
		key := p.advance()
		if key.kind == tokenString {
			p.string(key)
		} else if key.kind != tokenIdent {
			p.failf(key, "a key", "a reserved word as key stands in double quotes")
		}
		if name := p.key(key); keys[name] {
			p.fail(key, "the key "+p.quote(key)+" is given twice", "")
		} else {
			keys[name] = true
		}
		p.expect(":", "")
		kids = append(kids, p.expression())
		if !p.accept(",") && !p.is(p.peek(), "}") {
			p.failf(p.peek(), `"," or "}"`, "")
		}
	}
	close := p.peek()
	p.expect("}", "")
	return p.node(open.to(close.extent), open, 1, kids...)
}

// key returns the content of a record's key, escapes resolved.
func (p *parser) key(t token) string {
	text := p.src[t.start:t.end]
	if t.kind != tokenString {
		return string(text)
	}
	inside, _, _ := value.Unescape(nil, text[1:len(text)-1])
	return string(inside)
}
