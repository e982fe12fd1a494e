// Package decision combines what the statements of both languages gave into one decision with its reasons.
package decision

import "slices"

// Combine says how the two languages' answers join.
type Combine uint8

// Any permits where either side permits; All where every side that has a permit statement does. Neither permits where a
// side forbids.
const (
	Any Combine = iota
	All
)

// OnError says what an erring statement does.
type OnError uint8

// Closed skips an erring permit and lets an erring forbid deny; Cedar skips both; Deny denies on any error.
const (
	Closed OnError = iota
	Cedar
	Deny
)

// Kind tells the languages apart.
type Kind uint8

// The kinds of statements.
const (
	Rule Kind = iota
	Policy
)

// Statement is a permit or forbid statement of a configuration.
type Statement struct {
	ID         string
	Message    string // of @reason
	HasMessage bool
	Kind       Kind
	Forbid     bool
}

// Verdict is a statement that holds or errs. Statements that fail have none.
type Verdict struct {
	Statement int32 // index into the configuration's statements, in statement order
	Errs      bool
	Code      string // where it errs
	Message   string
}

// Effect is what a reason did.
type Effect uint8

// The effects of a reason. Errored is a statement whose error denied.
const (
	Permitted Effect = iota
	Forbade
	Errored
)

// Reason is a statement that decided.
type Reason struct {
	Statement int32
	Effect    Effect
}

// Rules is what a configuration says about combining. Statements stand in statement order.
type Rules struct {
	Combine    Combine
	OnError    OnError
	Statements []Statement
	// permits tells by Kind whether the side has a permit statement.
	permits [2]bool
}

// NewRules returns the combining rules of a configuration.
func NewRules(combine Combine, onError OnError, statements []Statement) *Rules {
	r := &Rules{Combine: combine, OnError: onError, Statements: statements}
	for _, s := range statements {
		if !s.Forbid {
			r.permits[s.Kind] = true
		}
	}
	return r
}

// Outcome is a decision. It is meant for reuse: Decide overwrites it and keeps its memory.
type Outcome struct {
	Permit   bool
	Reasons  []Reason  // in statement order
	Verdicts []Verdict // of both sides, in statement order; those with Errs are the errors to list. They may be one side's own.

	merged []Verdict
}

// Decide combines the verdicts of the two sides, each in statement order.
func (r *Rules) Decide(rules, policies []Verdict, out *Outcome) {
	switch {
	case len(rules) == 0:
		out.Verdicts = policies
	case len(policies) == 0:
		out.Verdicts = rules
	default:
		out.merged = merge(out.merged[:0], rules, policies)
		out.Verdicts = out.merged
	}
	out.Reasons = out.Reasons[:0]
	out.Permit = false
	for i := range out.Verdicts {
		v := &out.Verdicts[i]
		if effect, denies := r.denies(v); denies {
			out.Reasons = append(out.Reasons, Reason{Statement: v.Statement, Effect: effect})
		}
	}
	if len(out.Reasons) > 0 || !r.permitted(out.Verdicts) {
		return
	}
	out.Permit = true
	for i := range out.Verdicts {
		if v := &out.Verdicts[i]; !v.Errs && !r.Statements[v.Statement].Forbid {
			out.Reasons = append(out.Reasons, Reason{Statement: v.Statement, Effect: Permitted})
		}
	}
}

// denies reports whether a verdict denies by itself, and how.
func (r *Rules) denies(v *Verdict) (Effect, bool) {
	forbid := r.Statements[v.Statement].Forbid
	if !v.Errs {
		return Forbade, forbid
	}
	return Errored, r.OnError == Deny || r.OnError == Closed && forbid
}

// permitted reports whether the permits that hold suffice.
func (r *Rules) permitted(verdicts []Verdict) bool {
	var side [2]bool
	for i := range verdicts {
		v := &verdicts[i]
		if s := &r.Statements[v.Statement]; !v.Errs && !s.Forbid {
			side[s.Kind] = true
		}
	}
	if r.Combine == Any {
		return side[Rule] || side[Policy]
	}
	return side == r.permits && side != [2]bool{}
}

func merge(dst, a, b []Verdict) []Verdict {
	for len(a) > 0 && len(b) > 0 {
		if a[0].Statement < b[0].Statement {
			dst, a = append(dst, a[0]), a[1:]
		} else {
			dst, b = append(dst, b[0]), b[1:]
		}
	}
	return append(append(slices.Grow(dst, len(a)+len(b)), a...), b...)
}
