package host

import "time"

// EntitiesMode says what entities a request may bring along.
type EntitiesMode uint32

// The modes: a request's entities replace stored ones, or may only be new ones without known parents, or are refused.
const (
	EntitiesOverride EntitiesMode = iota
	EntitiesAdd
	EntitiesRefuse
)

// Limits bound the work of one call by counts, so that they trip at the same point on every machine. 0 keeps the default.
// A configuration may lower them further.
type Limits struct {
	Steps, ErrorSteps, Tuples, Tables, ArenaBytes, Depth, StringBytes, Collect uint64
}

// Call is what a host adds to one call. A nil *Call is the zero Call. A Call may be shared by concurrent calls
// as long as it asks for no Stats.
type Call struct {
	// Explain asks for proofs. This version has none and refuses it.
	Explain bool
	// Overlay is the handle of scoped rules, from [Engine.Overlay], or 0. Decisions and queries may have one.
	Overlay uint64
	// Now is the time that rules and policies see as context.now, to the millisecond. Where it is zero, the engine's
	// clock is asked if the configuration reads the time, and else there is none.
	Now time.Time
	// Context is a JSON object whose fields join the request's context, or empty. A request may not give them itself.
	Context []byte
	// Entities says what entities the request may bring.
	Entities EntitiesMode
	// Limits replace the default limits.
	Limits Limits
	// Stats, where it isn't nil, receives what the call did.
	Stats *Stats
	// TimePhases asks for the phases in Stats. No reply depends on it.
	TimePhases bool
}

// Decision is what a call decided.
type Decision uint32

// The decisions. A batch, a query and an update decide nothing.
const (
	NoDecision Decision = iota
	Deny
	Permit
)

// Stats is what one call did.
type Stats struct {
	Cacheable         bool // the reply depends on nothing but revision, request and Call
	UsedNow           bool // the time was read
	Decision          Decision
	Steps             uint64
	ErrorSteps        uint32 // in finding out what errors hide, which Steps leaves out
	Tuples            uint32 // rows derived
	Tables            uint32 // goals asked
	RulesEvaluated    uint32
	PoliciesEvaluated uint32
	Reasons, Errors   uint32
	Items             uint32 // of a batch, or rows of a query
	Limit             string // the limit that tripped, such as "steps", or ""
	Revision          string // of the facts that the call saw, or made; without the overlay
	Phases            Phases // zero unless the call asked for them
}

// Phases is how long each part of a call took.
type Phases struct {
	Read, Rules, Policies, Decide, Write time.Duration
}
