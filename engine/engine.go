// Package engine decides: it loads a configuration of Datalog rules and Cedar policies and answers requests, bytes in and bytes out.
package engine

import (
	"encoding/hex"

	"github.com/rune-authz/rune/engine/internal/blake2b"
	"github.com/rune-authz/rune/engine/internal/cedar"
	"github.com/rune-authz/rune/engine/internal/decision"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/value"
	"github.com/rune-authz/rune/engine/internal/wire"
)

// Engine is a loaded configuration. Its answers are a function of the configuration, the updates since, the request and the [Host].
// It is not safe for concurrent use.
type Engine struct {
	*ruleset // that decides: its own, and during a call with an overlay that one's
	own      ruleset
	overlays overlays

	table    *value.Table
	base     value.Mark           // what the table holds between requests
	loaded   value.Mark           // what it held after the load
	updated  map[value.Value]bool // entities that updates have named first
	set      *document.Set
	schema   *schema.Schema
	validate bool
	store    *entity.Store
	model    *fixpoint.Model
	view     *entity.View
	env      cedar.Env
	reader   *wire.Reader

	configured   Limits
	protected    []value.Value // types that requests may not bring
	needs        []string
	nowKey       value.Value
	emptyContext value.Value

	revision     [blake2b.Size]byte
	revisionText string

	// Of the call under way; their memory is reused.
	request  wire.Request
	authzen  bool // whose form replies have
	fields   []value.Value
	verdicts []goal.Verdict
	byRule   []decision.Verdict
	byPolicy []decision.Verdict
	cedarOut cedar.Outcome
	outcome  decision.Outcome
	reasons  []wire.Reason
	errors   []wire.ErrorItem
	message  []byte
	asked    Limits // by the last call
	limits   Limits // in force
	stats    Stats
	watch    stopwatch
	timed    timedDeriver

	goalLimits goal.Limits // the limits in force
}

// Stats tells of the last call.
type Stats struct {
	Decision          Decision
	Cacheable         bool // the reply depends on nothing but configuration, updates, request and Host, the time left out
	UsedNow           bool // the configuration reads the time, and the host gave it
	Steps             uint64
	ErrorSteps        uint32 // in finding out what errors hide, which Steps leaves out
	ArenaBytes        uint64 // of values made and rows kept, as the limit counts them
	Tuples, Tables    uint32
	RulesEvaluated    uint32
	PoliciesEvaluated uint32
	Reasons, Errors   uint32
	Items             uint32         // of a batch
	Limit             uint32         // 0, or 1 + the index of the limit that was exceeded
	Permits, Denies   uint32         // requests decided
	Phases            [Phases]uint64 // nanoseconds of each, where the Host gives a clock
}

// Decision is what a call decided.
type Decision uint32

// The decisions. NoDecision stands for calls that decide nothing and for requests that are none.
const (
	NoDecision Decision = iota
	Deny
	Permit
)

// Stats returns what the last call took. It is overwritten by the next.
func (e *Engine) Stats() *Stats { return &e.stats }

// Revision returns the revision, 64 hexadecimal digits.
func (e *Engine) Revision() string { return e.revisionText }

func (e *Engine) setRevision(r [blake2b.Size]byte) {
	e.revision, e.revisionText = r, hex.EncodeToString(r[:])
}

// begin prepares for a call.
func (e *Engine) begin(h *Host) {
	e.stats = Stats{Items: 1}
	if h.Limits != e.asked || e.limits == (Limits{}) { // hosts ask for the same as a rule
		e.asked, e.limits = h.Limits, effective(h.Limits, e.configured)
		e.goalLimits = e.limits.goal()
	}
	e.table.MaxString, e.table.Made = int(e.limits.StringBytes), 0
	e.env.Yield = h.Yield
}

// end drops what the call left in the table.
func (e *Engine) end() {
	e.view.Reset()
	e.table.Reset(e.base)
}
