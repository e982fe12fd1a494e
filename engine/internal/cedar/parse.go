package cedar

import (
	"fmt"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Parse reads the policies in bytes start to end of a file. Names are hashed by the key of t. Each bad policy is reported, by its first error, and left out.
//
// It makes the syntax tree that cedar-go's parser would, which the tests compare. That parser isn't used since it names the token
// after an error, gives up at the first, knows no places below the policy, and compiles what it reads with recursions that need
// more stack than V8 has.
func Parse(t *value.Table, files *source.Files, file source.FileID, start, end int, diags *source.List) []*Policy {
	p := parser{src: files.File(file).Text, file: file, diags: diags, table: t}
	p.tokens = scan(files, p.src, start, end)
	var out []*Policy
	for p.skipComments(); p.tokens[p.pos].kind != tokenEOF; p.skipComments() {
		from := p.tokens[p.pos].start
		if policy := p.policy(); policy != nil {
			out = append(out, policy)
		}
		files.Parsed(int(p.tokens[p.pos].start - from))
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
	p.first, p.failed, p.depth, p.annots = first, false, 0, nil
	m := p.policyMarks()
	if p.failed {
		p.recover(first)
		return nil
	}
	policy := &Policy{AST: p.tree(&m), marks: m}
	policy.Span = policy.span(p.tokens[first].to(p.tokens[p.pos-1].extent))
	policy.Head = policy.span(m.head)
	policy.Forbid = policy.AST.Effect == ast.EffectForbid
	p.annotate(policy)
	return policy
}

// tree puts together the syntax tree of a policy that was read without an error.
func (p *parser) tree(m *marks) *ast.Policy {
	out := &ast.Policy{Effect: ast.EffectPermit, Annotations: p.annots}
	if string(p.src[m.head.start:m.head.end]) == "forbid" {
		out.Effect = ast.EffectForbid
	}
	out.Principal, _ = m.scope[0].node.(ast.IsPrincipalScopeNode)
	out.Action, _ = m.scope[1].node.(ast.IsActionScopeNode)
	out.Resource, _ = m.scope[2].node.(ast.IsResourceScopeNode)
	for _, c := range m.conditions {
		condition := ast.Condition(p.src[c.word.start] == 'w') // when or unless
		out.Conditions = append(out.Conditions, ast.ConditionType{Condition: condition, Body: c.body.node})
	}
	return out
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
	p.expect(";", "a policy ends with a semicolon")
	return m
}

func (p *parser) annotations() []extent {
	var out []extent
	for p.is(p.peek(), "@") {
		at := p.advance()
		key := p.advance()
		if key.kind != tokenIdent && key.kind != tokenReserved {
			p.failf(key, "the name of an annotation", "")
			return nil
		}
		name := types.AnnotationKey(p.text(key))
		for _, a := range p.annots {
			if a.Key == name {
				p.fail(key, "the annotation "+quote([]byte("@"+name))+" is given twice", "")
			}
		}
		if len(p.annots) == maxAnnotations {
			p.failWith(codeDepth, key, fmt.Sprintf("a policy has more than %d annotations", maxAnnotations), "")
		}
		last, text := key, types.String("")
		if p.accept("(") {
			text = p.string(p.advance())
			last = p.peek()
			p.expect(")", "")
		}
		p.annots = append(p.annots, ast.AnnotationType{Key: name, Value: text})
		out = append(out, at.to(last.extent))
	}
	return out
}

const scopeHelp = "the scope is (principal, action, resource), each with its constraint"

// scope reads the constraint on one of the three variables.
func (p *parser) scope(variable string) scopeMark {
	t := p.peek()
	m := scopeMark{extent: t.extent, node: ast.ScopeTypeAll{}}
	p.expect(variable, scopeHelp)
	action := variable == "action"
	switch {
	case p.accept("=="):
		m.node = ast.ScopeTypeEq{Entity: p.scopeEntity(&m)}
	case action && p.is(p.peek(), "in") && p.is(p.peekAt(1), "["):
		p.advance()
		m.node = ast.ScopeTypeInSet{Entities: p.scopeEntities(&m)}
	case p.accept("in"):
		m.node = ast.ScopeTypeIn{Entity: p.scopeEntity(&m)}
	case !action && p.accept("is"):
		typ, name := p.path()
		m.typ, m.node = typ, ast.ScopeTypeIs{Type: name}
		if p.accept("in") {
			m.node = ast.ScopeTypeIsIn{Type: name, Entity: p.scopeEntity(&m)}
		}
	case action && p.is(p.peek(), "is"):
		p.failf(p.peek(), `","`, "an action is constrained by == or in")
	}
	if !p.failed {
		m.end = p.tokens[p.pos-1].end
	}
	return m
}

func (p *parser) scopeEntity(m *scopeMark) types.EntityUID {
	at, uid := p.entity()
	m.entities = append(m.entities, at)
	return uid
}

func (p *parser) scopeEntities(m *scopeMark) []types.EntityUID {
	p.expect("[", "")
	var out []types.EntityUID
	for !p.failed && !p.is(p.peek(), "]") {
		out = append(out, p.scopeEntity(m))
		if !p.accept(",") && !p.is(p.peek(), "]") {
			p.failf(p.peek(), `"," or "]"`, "")
		}
	}
	p.expect("]", "")
	return out
}

// entity reads Type::"id".
func (p *parser) entity() (extent, types.EntityUID) {
	const help = `an entity is written Type::"id"`
	first := p.peek()
	if first.kind != tokenIdent {
		p.failf(first, "an entity", help)
		return first.extent, types.EntityUID{}
	}
	p.advance()
	path := p.src[first.start:first.end:first.end]
	for n := 2; ; n++ {
		p.expect("::", help)
		t := p.advance()
		switch {
		case p.failed:
			return first.extent, types.EntityUID{}
		case t.kind == tokenString:
			return first.to(t.extent), types.NewEntityUID(types.EntityType(path), p.string(t))
		case t.kind != tokenIdent:
			p.failf(t, "an entity", help)
		default:
			p.part(n, t)
			path = append(append(path, "::"...), p.src[t.start:t.end]...)
		}
	}
}

// path reads an entity type.
func (p *parser) path() (extent, types.EntityType) {
	first := p.advance()
	last, path := first, p.src[first.start:first.end:first.end]
	for n := 1; ; n++ {
		if last.kind != tokenIdent {
			p.failf(last, "an entity type", "")
		}
		p.part(n, last)
		if p.failed || !p.accept("::") {
			return first.to(last.extent), types.EntityType(path)
		}
		last = p.advance()
		path = append(append(path, "::"...), p.src[last.start:last.end]...)
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
