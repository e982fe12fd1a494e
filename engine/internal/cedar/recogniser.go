package cedar

import (
	"fmt"

	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Bounds on an expression. Recursions over syntax trees go no deeper than maxHeight; those of our own go no deeper than brackets do.
const (
	maxNest   = 200  // brackets, ifs, prefix operators and members inside each other
	maxChain  = 1000 // operands of one chain of && or ||, of + and -, of *; conditions of a policy
	maxHeight = 2000
	maxShare  = 64 // nodes of the syntax tree for each token: `(a has b.c) has d.e` doubles what is before each dot

	maxAnnotations = 1000 // of one policy
)

// parser reads Cedar and makes the syntax tree with the token map. It stops at the first error: from then on it sees the end of
// the text only, so that nothing below needs to pass an error on.
type parser struct {
	src    []byte
	file   source.FileID
	diags  *source.List
	table  *value.Table // whose key hashes names
	tokens []token
	pos    int

	first     int // the policy's first token
	failed    bool
	failedAt  int // the position at the error
	sawEffect bool
	depth     int // of recursion
	annots    []ast.AnnotationType
}

func (p *parser) peek() token { return p.peekAt(0) }

func (p *parser) peekAt(n int) token {
	if p.failed || p.pos+n >= len(p.tokens) {
		return p.tokens[len(p.tokens)-1]
	}
	return p.tokens[p.pos+n]
}

func (p *parser) advance() token {
	t := p.peek()
	if !p.failed && p.pos < len(p.tokens)-1 {
		p.pos++
	}
	return t
}

func (p *parser) text(t token) string { return string(p.src[t.start:t.end]) }

// quote quotes a token for a message; a string has its quotes already.
func (p *parser) quote(t token) string {
	text := quote(p.src[t.start:t.end])
	if t.kind == tokenString {
		return text[1 : len(text)-1]
	}
	return text
}

func (p *parser) is(t token, text string) bool {
	return t.kind != tokenBad && t.kind != tokenString && string(p.src[t.start:t.end]) == text
}

func (p *parser) accept(text string) bool {
	if !p.is(p.peek(), text) {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(text, help string) {
	if !p.accept(text) {
		p.failf(p.peek(), `"`+text+`"`, help)
	}
}

// failf reports that a token isn't what was expected; of a bad token, what is bad about it.
func (p *parser) failf(t token, expected, help string) {
	switch t.kind {
	case tokenBad:
		p.fail(t, t.problem.message, t.problem.help)
	case tokenEOF:
		p.fail(t, "the text ends where "+expected+" is expected", help)
	default:
		p.fail(t, "found "+p.quote(t)+" where "+expected+" is expected", help)
	}
}

func (p *parser) fail(t token, message, help string) { p.failWith(codeSyntax, t, message, help) }

func (p *parser) failWith(code source.Code, t token, message, help string) {
	if p.failed {
		return
	}
	p.failed, p.failedAt = true, p.pos
	d := p.diags.Errorf(source.Span{File: p.file, Start: t.start, End: t.end}, code, "%s", message)
	d.Help = help
	for p.failedAt > 0 && p.tokens[p.failedAt].start > t.start {
		p.failedAt--
	}
}

func (p *parser) nearestHelp(t token, words ...string) string {
	if t.kind != tokenIdent {
		return ""
	}
	if w := source.Nearest(p.text(t), words); w != "" {
		return "did you mean " + w + "?"
	}
	return ""
}

// enter counts n levels of nesting opened by t; the caller leaves them again.
func (p *parser) enter(t token, n int) {
	if p.depth += n; p.depth > maxNest {
		p.tooDeep(t)
	}
}

func (p *parser) leave(n int) { p.depth -= n }

func (p *parser) tooDeep(t token) {
	p.failWith(codeDepth, t, fmt.Sprintf("the expression is nested more than %d deep", maxNest), "split it over several policies or conditions")
}

// part counts the parts of a path.
func (p *parser) part(n int, t token) {
	if n > maxNest {
		p.failWith(codeDepth, t, fmt.Sprintf("a path has more than %d parts", maxNest), "")
	}
}

// node makes a node's mark, over kids. nest is how many levels of nesting it adds to those of its kids.
func (p *parser) node(n ast.IsNode, whole extent, at token, nest int, kids ...*mark) *mark {
	m := &mark{node: n, whole: whole, at: at.extent, kids: kids}
	for _, k := range kids {
		m.height, m.nest, m.size = max(m.height, k.height), max(m.nest, k.nest), m.size+k.size
	}
	m.height++
	m.size++
	m.nest += nest
	switch {
	case m.nest > maxNest:
		p.tooDeep(at)
	case m.height > maxHeight:
		p.failWith(codeDepth, at, fmt.Sprintf("the expression is more than %d operators deep", maxHeight), "split it over several policies or conditions")
	case m.size > maxShare*(p.pos-p.first+maxNest):
		p.failWith(codeDepth, at, "the expression repeats what is before the dots of has too often", "split it over several conditions")
	}
	return m
}
