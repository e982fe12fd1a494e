package datalog

import (
	"fmt"
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
)

// Limits of nesting and of chains of one operator; see the language's "Depth is ours".
const (
	maxDepth  = 200
	maxChain  = 1000
	maxHeight = 1600 // of an expression's tree, where long chains nest in each other
)

type parser struct {
	file  source.FileID
	text  []byte
	toks  []token
	at    int
	depth int
	bad   bool // the statement has a reported error; functions return at once
	diags *source.List
}

// Parse parses the bytes start to end of a file as the body of a [rules] section. It reports every error it finds and returns the
// statements that are well formed.
func Parse(files *source.Files, file source.FileID, start, end int, diags *source.List) []Statement {
	text := files.File(file).Text
	p := &parser{file: file, text: text, diags: diags, toks: scan(files, file, start, end, diags)}
	var out []Statement
	for p.tok().kind != tokEOF {
		from := p.tok().start
		if st, ok := p.statement(); ok {
			out = append(out, st)
		}
		files.Parsed(int(p.tok().start - from))
	}
	return out
}

// ParseBody parses text as a single body without a final period, such as a query's goal.
func ParseBody(files *source.Files, file source.FileID, diags *source.List) *Body {
	text := files.File(file).Text
	p := &parser{file: file, text: text, diags: diags, toks: scan(files, file, 0, len(text), diags)}
	if p.tok().kind == tokEOF {
		diags.Errorf(p.span(p.tok()), codeSyntax, "the goal is empty")
		return nil
	}
	b := p.body()
	if p.tok().kind == tokEnd {
		p.at++
	}
	if !p.bad && p.tok().kind != tokEOF {
		p.fail(p.span(p.tok()), codeSyntax, "unexpected %s after the goal", p.describe()).Help = "a goal is one body: literals joined by ',' and ';'"
	}
	if p.bad || diags.Failed() {
		return nil
	}
	return b
}

func (p *parser) tok() token { return p.toks[p.at] }

func (p *parser) ahead(n int) token { return p.toks[min(p.at+n, len(p.toks)-1)] }

func (p *parser) str(t token) string { return string(p.text[t.start:t.end]) }

func (p *parser) span(t token) source.Span {
	return source.Span{File: p.file, Start: t.start, End: t.end}
}

// from returns the span from a token to the last one taken.
func (p *parser) from(t token) source.Span {
	s := p.span(t)
	if p.at > 0 && p.toks[p.at-1].end > t.start {
		s.End = p.toks[p.at-1].end
	}
	return s
}

func (p *parser) is(sign string) bool {
	t := p.tok()
	return t.kind == tokSign && int(t.end-t.start) == len(sign) && p.str(t) == sign
}

func (p *parser) isWord(word string) bool {
	t := p.tok()
	return t.kind == tokIdent && p.str(t) == word
}

func (p *parser) accept(sign string) bool {
	if p.is(sign) {
		p.at++
		return true
	}
	return false
}

// fail reports the first error of a statement.
func (p *parser) fail(s source.Span, code source.Code, format string, args ...any) *source.Diagnostic {
	if p.bad {
		return &source.Diagnostic{}
	}
	p.bad = true
	return p.diags.Errorf(s, code, format, args...)
}

// expected reports that the current token can't stand here.
func (p *parser) expected(what string) *source.Diagnostic {
	t := p.tok()
	if t.kind == tokInvalid { // reported by the scanner
		p.bad = true
		return &source.Diagnostic{}
	}
	return p.fail(p.span(t), codeSyntax, "expected %s, found %s", what, p.describe())
}

func (p *parser) describe() string {
	switch t := p.tok(); t.kind {
	case tokEOF:
		return "the end"
	case tokEnd:
		return "the period that ends the statement"
	case tokString:
		return "a string"
	default:
		s := p.str(t)
		if len(s) > 40 {
			s = s[:40]
		}
		return fmt.Sprintf("%q", s)
	}
}

func (p *parser) expect(sign string) bool {
	if p.bad || p.accept(sign) {
		return !p.bad
	}
	p.expected("'" + sign + "'")
	return false
}

// enter counts one level of nesting.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxDepth {
		p.fail(p.span(p.tok()), codeDepth, "nesting is deeper than %d", maxDepth)
	}
	return !p.bad
}

func (p *parser) leave() { p.depth-- }

// statement parses one statement; after an error it skips to where the next one starts.
func (p *parser) statement() (Statement, bool) {
	p.bad, p.depth = false, 0
	start := p.at
	st := Statement{Annotations: p.annotations()}
	if !p.bad {
		p.clause(&st)
	}
	if p.bad {
		p.recover(start)
		return st, false
	}
	st.Span = p.from(p.toks[start])
	return st, true
}

func (p *parser) clause(st *Statement) {
	first := p.tok()
	if first.kind == tokIdent && p.str(first) == "decl" && p.ahead(1).kind == tokIdent {
		st.Decl = p.decl()
		p.period()
		return
	}
	if first.kind != tokIdent {
		p.expected("a fact, a rule or a declaration")
		return
	}
	if p.policyShape() {
		return
	}
	if a := p.atom(); a != nil {
		st.Head = *a
	}
	if p.bad {
		return
	}
	if p.is(":=") || p.is("<-") {
		p.fail(p.span(p.tok()), codeSyntax, "unexpected %s", p.describe()).Help = "a rule is written head :- body."
		return
	}
	if p.accept(":-") {
		st.Body = p.body()
	}
	p.period()
}

// policyShape reports a Cedar policy that stands in [rules].
func (p *parser) policyShape() bool {
	t := p.tok()
	if w := p.str(t); w != "permit" && w != "forbid" || p.ahead(1).match == 0 {
		return false
	}
	after := p.toks[min(int(p.ahead(1).match)+1, len(p.toks)-1)]
	word := p.str(after)
	if !(after.kind == tokIdent && (word == "when" || word == "unless") || after.kind == tokSign && word == ";") {
		return false
	}
	p.fail(p.from(t).To(p.span(after)), codeSyntax, "a Cedar policy stands in [rules]").Help = "move it to [policies]; a rule is written permit(P, A, R) :- body."
	return true
}

// period takes the final period.
func (p *parser) period() {
	if p.bad {
		return
	}
	t := p.tok()
	switch {
	case t.kind == tokEnd:
		p.at++
	case t.kind == tokEOF || t.kind == tokIdent && t.first || t.kind == tokSign && t.first && p.is("@"):
		last := p.toks[p.at-1]
		at := source.Span{File: p.file, Start: last.end, End: last.end}
		p.fail(at, codePeriod, "the statement has no final period").Help = "end it with a period"
	case t.kind == tokDot:
		p.fail(p.span(t), codePeriod, "the final period must stand before a blank, a comment or the end").Help = "put a blank or a line end after the period"
	case p.is("&") || p.is("&&") || p.isWord("and"):
		p.expected("',' or a final period").Help = "literals are joined by ','; && stands in parentheses: (X == 1 && Y == 2)"
	case p.is("|") || p.is("||") || p.isWord("or"):
		p.expected("';' or a final period").Help = "alternatives are joined by ';'; || stands in parentheses: (X == 1 || Y == 2)"
	case p.is(":-"):
		p.expected("a final period").Help = "a rule within a rule: the one before has no final period"
	case p.is("="):
		p.expected("a final period").Help = "an equation has its variable on the left: V = expression; a test for equality is =="
	case p.operator() && p.toks[p.at-1].kind == tokIdent:
		p.expected("a final period").Help = "a literal that starts with a lower-case word is a predicate; quote a string, and put a comparison's variable first"
	default:
		p.expected("a final period")
	}
}

// recover skips the rest of a statement: to after its period, or to a line that can only start another.
func (p *parser) recover(start int) {
	for {
		t := p.tok()
		switch {
		case t.kind == tokEOF:
			return
		case t.kind == tokEnd:
			p.at++
			return
		case p.at > start && t.first && (p.is("@") || t.kind == tokIdent && p.startsStatement()):
			return
		}
		p.at++
	}
}

// startsStatement guesses whether the word at hand, the first on its line, starts a statement: `decl p`, `p(…) :-` or `p(…).`
func (p *parser) startsStatement() bool {
	if p.text[p.tok().start] < 'a' {
		return false
	}
	if p.isWord("decl") {
		return p.ahead(1).kind == tokIdent
	}
	next := p.ahead(1)
	if next.match != 0 {
		next = p.toks[min(int(next.match)+1, len(p.toks)-1)]
	}
	before := p.toks[p.at-1]
	ended := before.kind != tokSign || strings.IndexByte(")]}", p.text[before.start]) >= 0
	return p.str(next) == ":-" || next.kind == tokEnd && ended
}

func (p *parser) stringValue(what string) string {
	if p.bad {
		return ""
	}
	t := p.tok()
	if t.kind != tokString {
		p.expected(what)
		return ""
	}
	p.at++
	return p.unescape(t)
}

func (p *parser) decl() *Decl {
	p.at++
	d := &Decl{}
	d.Pred, d.PredSpan = p.predicate()
	if p.accept("(") && !p.accept(")") && p.enter() {
		for !p.bad {
			d.Columns = append(d.Columns, p.column())
			if !p.accept(",") {
				p.expect(")")
				break
			}
		}
		p.leave()
	}
	return d
}

func (p *parser) column() Column {
	t := p.tok()
	var c Column
	if next := p.ahead(1); t.kind == tokIdent && next.kind == tokSign && p.str(next) == ":" {
		c.Name = p.name("a column's name")
		p.at++
	}
	c.Type = p.typ()
	c.Span = p.from(t)
	return c
}

func (p *parser) typ() Type {
	t := p.tok()
	typ := Type{Name: p.path()}
	if typ.Name == "Set" && !p.bad && !p.accept("<") {
		p.expected("'<'").Help = "a set's elements have a type: Set<string>, Set<any>"
	} else if typ.Name == "Set" && p.enter() {
		elem := p.typ()
		typ.Elem = &elem
		p.leave()
		p.expect(">")
	}
	typ.Span = p.from(t)
	return typ
}

// name takes a name, which starts in lower case.
func (p *parser) name(what string) string {
	t := p.tok()
	if t.kind != tokIdent {
		p.expected(what)
		return ""
	}
	s := p.str(t)
	if s[0] < 'a' {
		p.fail(p.span(t), codeSyntax, "%s starts in lower case, not as %q does", what, s)
	}
	p.at++
	return s
}

// path takes ident { "::" ident }.
func (p *parser) path() string {
	var parts []string
	for !p.bad {
		if p.tok().kind != tokIdent {
			p.expected("a name")
			break
		}
		parts = append(parts, p.str(p.tok()))
		p.at++
		if len(parts) > maxDepth {
			p.fail(p.span(p.toks[p.at-1]), codeDepth, "a path has more than %d parts", maxDepth)
		}
		if !p.accept("::") {
			break
		}
	}
	return strings.Join(parts, "::")
}
