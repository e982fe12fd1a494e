package cedar

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
)

// Validation says how to validate policies.
type Validation struct {
	// Permissive lets pass what Cedar's strict validation refuses though it can't err.
	Permissive bool
	// Derived reports whether rules derive an attribute, so that the schema counts as saying it is optional. It may be nil.
	Derived func(name string) bool
}

// Validate reports what is wrong with policies by a schema, by which nothing is wrong where it is nil. cedar-go's validator finds
// it, and says it without a place; the place is found by validating parts of the policy.
func Validate(ps []*Policy, s *schema.Schema, how Validation, diags *source.List) {
	if r := s.Resolved(); r != nil {
		validatePolicies(ps, r, how, diags)
	}
}

func validatePolicies(ps []*Policy, s *resolved.Schema, how Validation, diags *source.List) {
	s = withOptional(s, how.Derived)
	mode := validate.WithStrict()
	if how.Permissive {
		mode = validate.WithPermissive()
	}
	v := validator{check: validate.New(s, mode), schema: s, optional: optionalDepth(s), environments: environments(s),
		diags: diags, budget: locateBudget}
	for _, p := range ps {
		v.validate(p)
	}
}

// withOptional returns a schema in which the attributes that rules derive are optional.
func withOptional(s *resolved.Schema, derived func(name string) bool) *resolved.Schema {
	if derived == nil {
		return s
	}
	out := *s
	out.Entities = maps.Clone(s.Entities)
	for name, e := range out.Entities {
		e.Shape = maps.Clone(e.Shape)
		for key, a := range e.Shape {
			a.Optional = a.Optional || derived(string(key))
			e.Shape[key] = a
		}
		out.Entities[name] = e
	}
	return &out
}

// environments counts the combinations of principal, action and resource that the validator goes through.
func environments(s *resolved.Schema) int {
	n := 0
	for _, a := range s.Actions {
		if a.AppliesTo != nil {
			n += len(a.AppliesTo.Principals) * len(a.AppliesTo.Resources)
		}
	}
	return n
}

// validator validates policies against one schema.
type validator struct {
	check        *validate.Validator
	schema       *resolved.Schema
	optional     int // see optionalDepth
	environments int
	diags        *source.List
	budget       int // what is left of locateBudget

	policy *Policy     // being validated
	ast    *ast.Policy // its form with balanced chains
	faults []fault     // of it
}

// fault is a message with its place.
type fault struct {
	at      extent
	message string
	help    string
}

// of validates a policy.
func (v *validator) of(p *ast.Policy) messages {
	return countMessages(collect(v.check.Policy("", p), nil))
}

func collect(err error, out []string) []string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			out = collect(e, out)
		}
		return out
	}
	if err != nil {
		out = append(out, err.Error())
	}
	return out
}

func (v *validator) validate(p *Policy) {
	v.policy, v.ast, v.faults = p, p.AST, v.faults[:0]
	if at, why := p.tooHard(v.optional); why != "" {
		v.refuse(at, why)
		return
	}
	bodies, ok := v.balance()
	if !ok {
		return
	}
	all := v.of(v.ast)
	if len(all) == 0 {
		return
	}
	bare := *v.ast
	bare.Conditions = nil
	inScope := v.of(&bare)
	v.locateInScope(inScope)
	for i, c := range v.ast.Conditions {
		alone := bare
		alone.Conditions = []ast.ConditionType{c}
		v.locateInCondition(bodies[i], c.Body, v.of(&alone).beyond(inScope))
	}
	if len(v.faults) == 0 { // what the validator says of the whole alone
		for _, x := range all {
			v.add(p.marks.head, x.text, "")
		}
	}
	v.report()
}

func (v *validator) refuse(at extent, why string) {
	v.diags.Errorf(v.policy.span(at), codeDepth, "%s", why).Help = "split it over several policies or conditions"
}

// balance makes the form of the policy that is validated and returns the marks of its conditions, or reports that it is too deep.
func (v *validator) balance() (bodies []*mark, ok bool) {
	form := *v.policy.AST
	form.Conditions = slices.Clone(form.Conditions)
	v.ast = &form
	for i := range form.Conditions {
		m := v.policy.marks.conditions[i].body
		if m.height > lowEnough {
			form.Conditions[i].Body, m = balanced(form.Conditions[i].Body, m)
		}
		if load(form.Conditions[i].Body) > maxLoad {
			v.refuse(m.at, "the condition is too deep to be validated")
			return nil, false
		}
		bodies = append(bodies, m)
	}
	return bodies, true
}

func (v *validator) add(at extent, message, help string) {
	v.faults = append(v.faults, fault{at, strings.ReplaceAll(message, "__cedar::internal::", ""), help})
}

// report reports the faults, those of one place as one.
func (v *validator) report() {
	slices.SortFunc(v.faults, func(a, b fault) int {
		if c := int(a.at.start) - int(b.at.start); c != 0 {
			return c
		}
		if c := int(a.at.end) - int(b.at.end); c != 0 {
			return c
		}
		return strings.Compare(a.message, b.message)
	})
	faults := slices.CompactFunc(v.faults, func(a, b fault) bool { return a.at == b.at && a.message == b.message })
	for len(faults) > 0 {
		n := 1
		for n < len(faults) && faults[n].at == faults[0].at {
			n++
		}
		f := faults[0]
		d := v.diags.Errorf(v.policy.span(f.at), codeValidation, "%s", clip(f.message))
		d.Help = f.help
		for _, more := range faults[1:min(n, 1+maxMore)] {
			d.Related = append(d.Related, source.Related{Span: v.policy.span(f.at), Message: clip(more.message)})
		}
		if n > 1+maxMore {
			d.Related = append(d.Related, source.Related{Span: v.policy.span(f.at), Message: fmt.Sprintf("and %d more of the kind", n-1-maxMore)})
		}
		faults = faults[n:]
	}
}

const (
	maxMore    = 3   // messages of one place beyond the first
	maxMessage = 400 // bytes of a message: types of records are written out in full
)

// clip cuts a long message.
func clip(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "…"
}

// inapplicable is what the validator says of a scope for which the schema has no action; so it does where a name is unknown.
const inapplicable = "unable to find an applicable action given the policy scope constraints"

// locateInScope finds what messages about the scope are about.
func (v *validator) locateInScope(found messages) {
	unknown := false
	for _, x := range found {
		unknown = unknown || strings.HasPrefix(x.text, "unrecognized ")
	}
	p := v.policy
	rest := found
	for d, only := range alone(p.AST) {
		inside := v.of(only).only(found)
		for _, x := range inside {
			if !unknown || x.text != inapplicable {
				v.addInScope([]ast.IsScopeNode{p.AST.Principal, p.AST.Action, p.AST.Resource}[d], &p.marks.scope[d], x.text)
			}
		}
		rest = rest.without(inside)
	}
	for _, x := range rest {
		if !unknown || x.text != inapplicable {
			v.add(p.marks.head, x.text, scopeHelpOf(x.text))
		}
	}
}

// alone returns three policies, each with one of a policy's constraints and no condition.
func alone(p *ast.Policy) [3]*ast.Policy {
	var out [3]*ast.Policy
	for d := range out {
		out[d] = &ast.Policy{Effect: p.Effect, Principal: ast.ScopeTypeAll{}, Action: ast.ScopeTypeAll{}, Resource: ast.ScopeTypeAll{}}
	}
	out[0].Principal, out[1].Action, out[2].Resource = p.Principal, p.Action, p.Resource
	return out
}

// addInScope puts a message at the type or entity of a constraint that it names, else at the constraint.
func (v *validator) addInScope(constraint ast.IsScopeNode, m *scopeMark, text string) {
	found := false
	n := namer{f: func(typ types.EntityType, uid types.EntityUID, at extent) {
		if text == fmt.Sprintf("unrecognized entity type `%s`", typ) || text == fmt.Sprintf("unrecognized action `%s`", uid) {
			v.add(at, text, v.nearest(typ, uid))
			found = true
		}
	}}
	n.scope(constraint, m)
	if !found {
		v.add(m.extent, text, scopeHelpOf(text))
	}
}

func scopeHelpOf(text string) string {
	if text == inapplicable {
		return "the schema has no action for this"
	}
	return ""
}

// nearest suggests what a type or action that the schema lacks was meant to be.
func (v *validator) nearest(typ types.EntityType, uid types.EntityUID) string {
	var known []string
	word := string(typ)
	if uid.Type != "" && isAction(word) {
		word = uid.String()
		for a := range v.schema.Actions {
			known = append(known, a.String())
		}
	} else {
		for name := range v.schema.Entities {
			known = append(known, string(name))
		}
		for name := range v.schema.Enums {
			known = append(known, string(name))
		}
	}
	return didYouMean(word, known)
}

func isAction(typ string) bool { return typ == "Action" || strings.HasSuffix(typ, "::Action") }

func didYouMean(word string, known []string) string {
	if near := source.Nearest(word, known); near != "" && near != word {
		return "did you mean " + near + "?"
	}
	return ""
}
