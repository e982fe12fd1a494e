package schema

import (
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// token is a piece of Cedar schema text: a name, a string, or a punctuation mark.
type token struct {
	kind byte   // 'a' for a name, '"' for a string, ':' for ::, else the mark itself; 0 at the end
	text string // of a name or, its escapes resolved, a string
	span source.Span
}

// colons is the kind of a "::" token.
const colons = 'C'

// tokenise splits Cedar schema text. What it doesn't know becomes marks: cedar-go's parser reports that.
func tokenise(at source.Span, text []byte) []token {
	var out []token
	for i := 0; i < len(text); {
		n, t := 1, token{kind: text[i]}
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			i++
			continue
		case c == '/':
			if n = commentEnd(text[i:]); n > 1 {
				i += n
				continue
			}
		case isNameByte(c):
			n = nameEnd(text[i:])
			t = token{kind: 'a', text: string(text[i : i+n])}
		case c == '"':
			n = stringEnd(text[i:])
			inside, _, _ := value.Unescape(nil, text[i+1:max(i+1, i+n-1)])
			t.text = string(inside)
		case c == ':' && i+1 < len(text) && text[i+1] == ':':
			n, t.kind = 2, colons
		}
		t.span = source.Span{File: at.File, Start: at.Start + uint32(i), End: at.Start + uint32(i+n)}
		out = append(out, t)
		i += n
	}
	return out
}

func isNameByte(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// surveyor makes an outline of Cedar schema text. It takes the text to be well formed: where it isn't, cedar-go's parser says so.
type surveyor struct {
	outline
	tokens []token
	ns     string
}

// survey returns the outline of Cedar schema text.
func survey(at source.Span, text []byte) outline {
	s := surveyor{tokens: tokenise(at, text)}
	for len(s.tokens) > 0 {
		s.declaration()
	}
	return s.outline
}

// peek returns the next token, of kind 0 at the end.
func (s *surveyor) peek() token {
	if len(s.tokens) == 0 {
		return token{}
	}
	return s.tokens[0]
}

func (s *surveyor) next() token {
	t := s.peek()
	s.tokens = s.tokens[min(1, len(s.tokens)):]
	return t
}

// take reads a token of a kind, if it comes next.
func (s *surveyor) take(kind byte) bool {
	ok := s.peek().kind == kind
	if ok {
		s.next()
	}
	return ok
}

// word reads a name, if it comes next.
func (s *surveyor) word(text string) bool {
	t := s.peek()
	ok := t.kind == 'a' && t.text == text
	if ok {
		s.next()
	}
	return ok
}

func (s *surveyor) declaration() {
	s.annotations()
	switch t := s.next(); t.text {
	case "namespace":
		s.ns, _ = s.path()
		s.take('{')
	case "entity":
		s.entity()
	case "action":
		s.action()
	case "type":
		t = s.next()
		s.begin()
		s.declare(declType, s.ns, t.text, t.span)
		s.take('=')
		s.typ()
	default:
		if t.kind == '}' {
			s.ns = ""
		}
	}
}

func (s *surveyor) annotations() {
	for s.take('@') {
		s.next()
		if s.take('(') {
			s.next()
			s.take(')')
		}
	}
}

// names reads the names that a declaration declares, and declares them.
func (s *surveyor) names(kind declKind) {
	s.begin()
	for {
		t := s.next()
		s.declare(kind, s.ns, t.text, t.span)
		if !s.take(',') {
			return
		}
	}
}

func (s *surveyor) entity() {
	s.names(declEntity)
	if s.word("enum") {
		for t := s.next(); t.kind != 0 && t.kind != ';'; t = s.next() {
		}
		return
	}
	if s.word("in") {
		s.list(s.entityRef)
	}
	s.take('=')
	if s.peek().kind == '{' {
		s.typ()
	}
	if s.word("tags") {
		s.typ()
	}
	s.take(';')
}

func (s *surveyor) action() {
	s.names(declAction)
	if s.word("in") {
		s.list(s.actionRef)
	}
	if s.word("appliesTo") {
		s.take('{')
		for t := s.next(); t.kind == 'a'; t = s.next() {
			s.take(':')
			if t.text == "context" {
				s.typ()
			} else {
				s.list(s.entityRef)
			}
			s.take(',')
		}
	}
	if s.word("attributes") {
		s.take('{')
		s.take('}')
	}
	s.take(';')
}

// list reads one item, or several in brackets.
func (s *surveyor) list(item func()) {
	if !s.take('[') {
		item()
		return
	}
	for s.peek().kind != ']' && s.peek().kind != 0 {
		item()
		s.take(',')
	}
	s.take(']')
}

// path reads names joined by "::", and a string after the last "::" too if it stands there.
func (s *surveyor) path() (string, source.Span) {
	t := s.next()
	text, at := t.text, t.span
	for len(s.tokens) > 1 && s.tokens[0].kind == colons && s.tokens[1].kind == 'a' {
		s.next()
		t = s.next()
		text, at = text+"::"+t.text, at.To(t.span)
	}
	return text, at
}

func (s *surveyor) entityRef() {
	name, at := s.path()
	s.refer(ref{kind: refEntity, ns: s.ns, name: name, span: at})
}

func (s *surveyor) actionRef() {
	name, at := s.path()
	r := ref{kind: refAction, ns: s.ns, name: name, span: at}
	if s.take(colons) {
		t := s.next()
		r.typ, r.name, r.span = name, t.text, at.To(t.span)
	}
	s.refer(r)
}

// typ reads a type. Its recursion is as deep as the text's brackets.
func (s *surveyor) typ() {
	switch {
	case s.take('{'):
		s.attributes()
	case len(s.tokens) > 1 && s.tokens[0].text == "Set" && s.tokens[1].kind == '<':
		s.next()
		s.next()
		s.typ()
		s.take('>')
	default:
		name, at := s.path()
		s.refer(ref{kind: refType, ns: s.ns, name: name, span: at})
	}
}

// attributes reads on in a record. One that stands twice is noted: of two, cedar-go's parser takes the last without a word.
func (s *surveyor) attributes() {
	seen := map[string]source.Span{}
	for s.peek().kind != '}' && s.peek().kind != 0 {
		s.annotations()
		t := s.next()
		if first, ok := seen[t.text]; ok {
			s.twice = append(s.twice, repeat{name: t.text, first: first, span: t.span})
		} else {
			seen[t.text] = t.span
		}
		s.take('?')
		s.take(':')
		s.typ()
		s.take(',')
	}
	s.take('}')
}
