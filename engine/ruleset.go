package engine

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/cedar"
	"github.com/rune-authz/rune/engine/internal/decision"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// ruleset is what decides a request: the rules and policies of the configuration, or these united with an overlay's.
type ruleset struct {
	files    *source.Files
	program  *analysis.Program
	eval     *goal.Evaluator
	policies []*cedar.Set // the configuration's, and then an overlay's

	rules       *decision.Rules
	places      []source.Span // of the statements
	rulePlace   []int32       // statement numbers of rules and policies
	policyPlace []int32

	named    []value.Value // entities that rules and policies name, sorted by handle
	known    []value.Value // and of an overlay, those that its facts name as well
	readsNow bool
	derives  derivations
	scope    *overlay // nil for the configuration's own
}

// derivations are the attributes that rules, or facts of attribute, give entities.
type derivations struct {
	any   bool // of names that aren't known
	names []string
}

// policyCount is the number of policies.
func (r *ruleset) policyCount() (n int) {
	for _, p := range r.policies {
		n += p.Len()
	}
	return n
}

// enter refuses what h asks for that isn't there, and makes the rules that it names those of the call. Leave follows.
func (e *Engine) enter(h *Host) *source.Diagnostic {
	e.watch.reset(h.Clock)
	d := h.unsupported()
	if d == nil && h.Overlay != 0 {
		d = e.enterOverlay(h.Overlay, h.Yield)
	}
	if d != nil {
		e.stats = Stats{}
	}
	return d
}

// leave makes the configuration's own rules those of the engine again.
func (e *Engine) leave() { e.ruleset = &e.own }

// enterBase is enter for what overlays have no part in.
func (e *Engine) enterBase(h *Host) *source.Diagnostic {
	e.watch.reset(nil)
	d := h.unsupported()
	if d == nil && h.Overlay != 0 {
		d = &source.Diagnostic{Code: codeUnsupported, Message: "an overlay serves decisions and queries alone"}
	}
	if d != nil {
		e.stats = Stats{}
	}
	return d
}

// shownRevision is the revision of what answers: of the configuration, and with an overlay its handle.
func (e *Engine) shownRevision() string {
	if e.scope == nil {
		return e.revisionText
	}
	return e.scope.revision(e.revisionText)
}
