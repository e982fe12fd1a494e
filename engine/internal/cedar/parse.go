package cedar

import (
	"fmt"

	cedargo "github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"github.com/rune-authz/rune/engine/internal/source"
)

// Parse reads the policies in bytes start to end of a file. Each bad policy is reported, by its first error, and left out.
//
// cedar-go parses the policies, one by one, but only after our own recogniser has accepted the text: it finds the exact place
// of an error (cedar-go names the token after it), goes on with the next policy, bounds the depth before any recursion of
// cedar-go's, and makes the token map that cedar-go's AST lacks.
func Parse(files *source.Files, file source.FileID, start, end int, diags *source.List) []*Policy {
	p := parser{src: files.File(file).Text, file: file, diags: diags}
	p.tokens = scan(p.src, start, end)
	var out []*Policy
	for p.skipComments(); p.tokens[p.pos].kind != tokenEOF; p.skipComments() {
		if policy := p.policy(); policy != nil {
			out = append(out, policy)
		}
	}
	return out
}

// skipComments reports comments with # between policies, one error for a run of them.
func (p *parser) skipComments() {
	for first := true; p.isHash(p.pos); first = false {
		if first {
			p.report(p.tokens[p.pos], p.tokens[p.pos].problem)
		}
		p.pos++
	}
}

func (p *parser) isHash(i int) bool {
	return p.tokens[i].kind == tokenBad && p.src[p.tokens[i].start] == '#'
}

func (p *parser) report(t token, why *problem) {
	d := p.diags.Errorf(source.Span{File: p.file, Start: t.start, End: t.end}, codeSyntax, "%s", why.message)
	d.Help = why.help
}

// policy reads one policy. After an error it goes on where the next policy seems to start, and returns nil.
func (p *parser) policy() *Policy {
	first := p.pos
	p.first, p.failed, p.depth, p.longest, p.patterns = first, false, 0, 0, 0
	m := p.policyMarks()
	if p.failed {
		p.recover(first)
		return nil
	}
	whole := p.tokens[first].to(p.tokens[p.pos-1].extent)
	var parsed cedargo.Policy
	if err := parsed.UnmarshalCedar(p.src[whole.start:whole.end]); err != nil {
		d := p.diags.Errorf(source.Span{File: p.file, Start: whole.start, End: whole.end}, codeSyntax, "the policy doesn't parse: %s", err)
		d.Help = "this text should be refused with a place; please report it"
		return nil
	}
	policy := &Policy{AST: (*ast.Policy)(parsed.AST()), marks: m}
	policy.Span, policy.Head = policy.span(whole), policy.span(m.head)
	policy.Forbid = policy.AST.Effect == ast.EffectForbid
	p.annotate(policy)
	return policy
}

// annotate takes over what RUNE reads from the annotations.
func (p *parser) annotate(policy *Policy) {
	for i, a := range policy.AST.Annotations {
		at := policy.span(policy.marks.annots[i])
		policy.Annotations = append(policy.Annotations, Annotation{Key: string(a.Key), Value: string(a.Value), Span: at})
		switch {
		case a.Key == "id" && a.Value == "":
			p.diags.Warnf(at, codeEmptyID, "@id names nothing, so the policy goes by its number").Help = `write @id("name")`
		case a.Key == "id":
			policy.ID, policy.IDSpan = string(a.Value), at
		case a.Key == "reason":
			policy.Message, policy.HasMessage = string(a.Value), true
		}
	}
}

// recover skips to behind the next semicolon, which Cedar has only at the end of policies, or to what looks like the start
// of the next policy where the semicolon was forgotten.
func (p *parser) recover(first int) {
	own := !p.sawEffect // the head of the failed policy itself is still to come
	for p.pos = max(p.failedAt, first); p.tokens[p.pos].kind != tokenEOF; p.pos++ {
		t := p.tokens[p.pos]
		head := (p.is(t, "permit") || p.is(t, "forbid")) && p.is(p.tokens[p.pos+1], "(")
		switch {
		case p.is(t, ";"):
			p.pos++
			return
		case head && own:
			own = false
		case !own && p.pos > first && (head || p.is(t, "@")):
			return
		}
	}
}

// policyMarks reads a policy and says where its parts stand.
func (p *parser) policyMarks() marks {
	m := marks{file: p.file, src: p.src}
	p.sawEffect = false
	m.annots = p.annotations()
	m.head = p.peek().extent
	if t := p.peek(); !p.is(t, "permit") && !p.is(t, "forbid") {
		p.failf(t, `"permit" or "forbid"`, p.nearestHelp(t, "permit", "forbid"))
		return m
	}
	p.advance()
	p.sawEffect = true
	p.expect("(", scopeHelp)
	m.scope[0] = p.scope("principal")
	p.expect(",", scopeHelp)
	m.scope[1] = p.scope("action")
	p.expect(",", scopeHelp)
	m.scope[2] = p.scope("resource")
	p.accept(",")
	p.expect(")", "conditions stand after the parentheses, in when { … }")
	m.conditions = p.conditions()
	end := p.peek()
	p.expect(";", "a policy ends with a semicolon")
	if p.patterns*p.longest > maxMatching {
		p.failWith(codeDepth, end, "the policy's patterns and strings are too long to be matched", "split it over several policies")
	}
	return m
}

func (p *parser) annotations() []extent {
	var out []extent
	var keys []string
	for p.is(p.peek(), "@") {
		at := p.advance()
		key := p.advance()
		if key.kind != tokenIdent && key.kind != tokenReserved {
			p.failf(key, "the name of an annotation", "")
			return nil
		}
		for _, k := range keys {
			if k == p.text(key) {
				p.fail(key, "the annotation "+quote([]byte("@"+k))+" is given twice", "")
			}
		}
		if keys = append(keys, p.text(key)); len(keys) > maxAnnotations {
			p.failWith(codeDepth, key, fmt.Sprintf("a policy has more than %d annotations", maxAnnotations), "")
		}
		last := key
		if p.accept("(") {
			p.string(p.advance())
			last = p.peek()
			p.expect(")", "")
		}
		out = append(out, at.to(last.extent))
	}
	return out
}

const scopeHelp = "the scope is (principal, action, resource), each with its constraint"

// scope reads the constraint on one of the three variables.
func (p *parser) scope(variable string) scopeMark {
	t := p.peek()
	m := scopeMark{extent: t.extent}
	p.expect(variable, scopeHelp)
	action := variable == "action"
	switch {
	case p.accept("=="):
		m.entities = []extent{p.entity()}
	case action && p.is(p.peek(), "in") && p.is(p.peekAt(1), "["):
		p.advance()
		m.entities = p.entityList()
	case p.accept("in"):
		m.entities = []extent{p.entity()}
	case !action && p.accept("is"):
		m.typ = p.path()
		if p.accept("in") {
			m.entities = []extent{p.entity()}
		}
	case action && p.is(p.peek(), "is"):
		p.failf(p.peek(), `","`, "an action is constrained by == or in")
	}
	if !p.failed {
		m.end = p.tokens[p.pos-1].end
	}
	return m
}

func (p *parser) entityList() []extent {
	p.expect("[", "")
	out := []extent{}
	for !p.failed && !p.is(p.peek(), "]") {
		out = append(out, p.entity())
		if !p.accept(",") && !p.is(p.peek(), "]") {
			p.failf(p.peek(), `"," or "]"`, "")
		}
	}
	p.expect("]", "")
	return out
}

// entity reads Type::"id".
func (p *parser) entity() extent {
	const help = `an entity is written Type::"id"`
	first := p.peek()
	if first.kind != tokenIdent {
		p.failf(first, "an entity", help)
		return first.extent
	}
	p.advance()
	for n := 2; ; n++ {
		p.expect("::", help)
		t := p.advance()
		if t.kind == tokenIdent {
			p.part(n, t)
		}
		switch {
		case p.failed:
			return first.extent
		case t.kind == tokenString:
			p.string(t)
			return first.to(t.extent)
		case t.kind != tokenIdent:
			p.failf(t, "an entity", help)
		}
	}
}

// path reads an entity type.
func (p *parser) path() extent {
	first := p.advance()
	last := first
	for n := 1; ; n++ {
		if last.kind != tokenIdent {
			p.failf(last, "an entity type", "")
		}
		p.part(n, last)
		if p.failed || !p.accept("::") {
			return first.to(last.extent)
		}
		last = p.advance()
	}
}

func (p *parser) conditions() []conditionMark {
	var out []conditionMark
	for p.is(p.peek(), "when") || p.is(p.peek(), "unless") {
		word := p.advance()
		if len(out) == maxChain {
			p.failWith(codeDepth, word, fmt.Sprintf("a policy has more than %d conditions", maxChain), "join them with &&")
		}
		c := conditionMark{word: word.extent}
		p.expect("{", "a condition stands in braces")
		c.body = p.expression()
		p.expect("}", "")
		out = append(out, c)
	}
	if t := p.peek(); !p.failed && t.kind == tokenIdent {
		if help := p.nearestHelp(t, "when", "unless"); help != "" {
			p.failf(t, `";"`, help)
		}
	}
	return out
}
