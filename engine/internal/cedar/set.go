package cedar

import (
	"slices"

	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Set is a compiled set of policies. It is read-only, so that several environments over one table may share it.
type Set struct {
	policies []policy
	index    index
	permits  int
	asks     [3]bool // there is a policy whose scope constrains the variable by in
}

// policy is a compiled policy.
type policy struct {
	scope      [3]scope
	conditions []condition
}

type condition struct {
	run    expr
	unless bool
}

// scope is the constraint on principal, action or resource.
type scope struct {
	kind     scopeKind
	typ      value.Value
	entities []value.Value // one, but for scopeInSet
}

type scopeKind uint8

const (
	scopeAny scopeKind = iota
	scopeEq
	scopeIn
	scopeInSet
	scopeIs
	scopeIsIn
)

// Compile compiles policies, whose order Evaluate keeps. Constants are interned into t.
func Compile(t *value.Table, ps []*Policy) *Set {
	c := compiler{t: t}
	s := &Set{policies: make([]policy, len(ps))}
	for i, p := range ps {
		s.policies[i] = c.policy(p.AST)
		if !p.Forbid {
			s.permits++
		}
		for d, sc := range s.policies[i].scope {
			s.asks[d] = s.asks[d] || sc.kind == scopeIn || sc.kind == scopeInSet || sc.kind == scopeIsIn
		}
	}
	s.index = buildIndex(s.policies)
	return s
}

// Len returns the number of policies.
func (s *Set) Len() int { return len(s.policies) }

// HasPermit reports whether there is a permit policy.
func (s *Set) HasPermit() bool { return s.permits > 0 }

func (c *compiler) policy(p *ast.Policy) policy {
	out := policy{scope: [3]scope{c.scope(p.Principal), c.scope(p.Action), c.scope(p.Resource)}}
	for _, cond := range p.Conditions {
		out.conditions = append(out.conditions, condition{run: c.expr(cond.Body).run, unless: cond.Condition == ast.ConditionUnless})
	}
	return out
}

func (c *compiler) scope(n ast.IsScopeNode) scope {
	switch n := n.(type) {
	case ast.ScopeTypeEq:
		return scope{kind: scopeEq, entities: []value.Value{c.entity(n.Entity)}}
	case ast.ScopeTypeIn:
		return scope{kind: scopeIn, entities: []value.Value{c.entity(n.Entity)}}
	case ast.ScopeTypeInSet:
		out := scope{kind: scopeInSet}
		for _, uid := range n.Entities {
			out.entities = append(out.entities, c.entity(uid))
		}
		slices.Sort(out.entities)
		out.entities = slices.Compact(out.entities)
		return out
	case ast.ScopeTypeIs:
		return scope{kind: scopeIs, typ: c.t.String(string(n.Type))}
	case ast.ScopeTypeIsIn:
		return scope{kind: scopeIsIn, typ: c.t.String(string(n.Type)), entities: []value.Value{c.entity(n.Entity)}}
	}
	return scope{kind: scopeAny}
}

// holds gives true or false, or None where the hierarchy errs.
func (s *scope) holds(e *Env, v value.Value) value.Value {
	switch s.kind {
	case scopeEq:
		return value.Bool(v == s.entities[0])
	case scopeIn:
		return e.tri(e.View.In(v, s.entities[0]))
	case scopeInSet:
		return e.inAny(v, s.entities)
	case scopeIs:
		return value.Bool(e.Table.EntityType(v) == s.typ)
	case scopeIsIn:
		if e.Table.EntityType(v) != s.typ {
			return value.False
		}
		return e.tri(e.View.In(v, s.entities[0]))
	}
	return value.True
}

// Outcome is what an evaluation gives. It is meant for reuse: Evaluate overwrites it and keeps its memory.
type Outcome struct {
	Satisfied []int32 // the policies that hold, ascending
	Errors    []Error // the policies that err, ascending
	// Evaluated is the number of policies that the index let through to an evaluation.
	Evaluated int
	// Exceeded: the limit of steps stopped the evaluation, and the rest of the outcome is incomplete.
	Exceeded bool

	candidates []int32
	seen       []bool // by policy; all false between evaluations
	ancestors  [3][]value.Value
	sorted     [3]bool // ancestors, by handle
}

// Error is a policy that errs.
type Error struct {
	Policy int32
	Failure
}

// Evaluate evaluates each policy that can apply to the request, in full.
func (s *Set) Evaluate(e *Env, out *Outcome) {
	out.Satisfied, out.Errors = out.Satisfied[:0], out.Errors[:0]
	out.Evaluated, out.Exceeded = 0, false
	e.begin()
	if !s.findAncestors(e, out) {
		s.evaluateAll(e, out)
	} else {
		s.index.candidates(e, out, len(s.policies))
		for _, i := range out.candidates {
			if !s.evaluate(e, i, out) {
				break
			}
		}
	}
	out.Exceeded = !e.end()
}

// evaluateAll serves where the hierarchy of a request variable errs: a policy then may err by its scope alone, so that none
// may be left out because another variable doesn't fit.
func (s *Set) evaluateAll(e *Env, out *Outcome) {
	for i := range s.policies {
		if !s.evaluate(e, int32(i), out) {
			return
		}
	}
}

// findAncestors reads the ancestors that the index needs, and reports whether they are all known.
func (s *Set) findAncestors(e *Env, out *Outcome) bool {
	for d, v := range [3]value.Value{e.Principal, e.Action, e.Resource} {
		out.ancestors[d], out.sorted[d] = out.ancestors[d][:0], false
		if !s.asks[d] {
			continue
		}
		var status entity.Status
		out.ancestors[d], status = e.View.Ancestors(v, out.ancestors[d])
		if status == entity.Erred {
			return false
		}
	}
	return true
}

// evaluate evaluates policy i and reports whether the limit allows to go on.
func (s *Set) evaluate(e *Env, i int32, out *Outcome) bool {
	if !e.step() {
		return false
	}
	out.Evaluated++
	v := s.policies[i].run(e)
	switch {
	case e.exceeded:
		return false
	case v == value.True:
		out.Satisfied = append(out.Satisfied, i)
	case v == value.None:
		out.Errors = append(out.Errors, Error{Policy: i, Failure: e.failure})
	}
	return true
}

// run gives true or false, or None where the policy errs.
func (p *policy) run(e *Env) value.Value {
	if s := &p.scope[0]; s.kind != scopeAny {
		if r := s.holds(e, e.Principal); r != value.True {
			return r
		}
	}
	if s := &p.scope[1]; s.kind != scopeAny {
		if r := s.holds(e, e.Action); r != value.True {
			return r
		}
	}
	if s := &p.scope[2]; s.kind != scopeAny {
		if r := s.holds(e, e.Resource); r != value.True {
			return r
		}
	}
	for i := range p.conditions {
		c := &p.conditions[i]
		v := c.run(e)
		if v.Kind() != value.KindBool {
			return e.notBool(v)
		}
		if v == value.Bool(c.unless) {
			return value.False
		}
	}
	return value.True
}
