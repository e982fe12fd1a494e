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
	// Timeline, where it isn't nil, receives the phases of each request, which are timed then.
	Timeline *Timeline
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
	Permits, Denies   uint32 // requests decided, in a batch many
	Phases            Phases // of all requests; zero unless the call asked for them
}

// Phases is how long each part of deciding took. The parts follow one another in this order, and leave nothing between them out.
type Phases struct {
	Facts    time.Duration // reading the request: facts, context, entities
	Rules    time.Duration // statements, with the goals that they ask
	Results  time.Duration // what errors may have hid; the verdicts of rules
	Entities time.Duration // rows that rules derive on demand of policies, all of them together
	Policies time.Duration // policies, without that
	Combine  time.Duration // the decision, its reasons, the reply
}

// Total is how long all parts took.
func (p *Phases) Total() (sum time.Duration) {
	for _, d := range p.list() {
		sum += *d
	}
	return sum
}

// Datalog is how long the evaluation of rules took, from the request's facts on.
func (p *Phases) Datalog() time.Duration { return p.Facts + p.Rules + p.Results }

// Cedar is how long the evaluation of policies took, with what rules derive for them.
func (p *Phases) Cedar() time.Duration { return p.Entities + p.Policies }

func (p *Phases) list() [6]*time.Duration {
	return [...]*time.Duration{&p.Facts, &p.Rules, &p.Results, &p.Entities, &p.Policies, &p.Combine}
}

// Timeline is when the parts of one call took place.
type Timeline struct {
	Began    time.Time     // when the module was called
	Took     time.Duration // by the module
	Requests []Timing      // those that it decided, in order. Their memory is used again by the next call with this timeline
}

// Timing is how long one request of a call took.
type Timing struct {
	Start    time.Duration // since the call began
	Phases   Phases
	Decision Decision // NoDecision: it was no request
}
