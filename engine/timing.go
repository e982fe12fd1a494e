package engine

import (
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Phase is a part of deciding a request. The phases follow one another, in this order, and leave nothing between them out.
type Phase int

// The phases. Cedar asks for what rules add to entities while it evaluates policies: PhaseEntities is the time that took, all of it together,
// and PhasePolicies is without it.
const (
	PhaseFacts    Phase = iota // the request is read: request facts, context, entities
	PhaseRules                 // statements that permit and forbid, with the goals that they ask
	PhaseResults               // what an error may have hid is found out; the verdicts of rules are taken
	PhaseEntities              // parents, attributes and tags that rules derive, on demand of policies
	PhasePolicies              // policies
	PhaseCombine               // the decision, its reasons, the reply
	Phases
)

// Timing is how long the phases of one request took, in nanoseconds.
type Timing struct {
	Start    uint64 // since the call began
	Phases   [Phases]uint64
	Decision Decision
}

// Timings are those of the requests that the last call decided, in order, where the [Host] gave a clock. They are overwritten by the next.
func (e *Engine) Timings() []Timing { return e.watch.timings }

// stopwatch times the requests of a call, if the host has a clock.
type stopwatch struct {
	clock   func() int64
	origin  int64
	last    int64
	timings []Timing
}

// reset begins a call.
func (s *stopwatch) reset(clock func() int64) {
	s.clock, s.timings = clock, s.timings[:0]
	if clock != nil {
		s.origin = clock()
	}
}

// begin begins a request.
func (s *stopwatch) begin() {
	if s.clock != nil {
		s.last = s.clock()
		s.timings = append(s.timings, Timing{Start: uint64(max(0, s.last-s.origin))})
	}
}

// mark ends a phase. What passed since the last mark was its.
func (s *stopwatch) mark(p Phase) {
	if s.clock != nil {
		s.note(p)
	}
}

func (s *stopwatch) note(p Phase) {
	now := s.clock()
	s.timings[len(s.timings)-1].Phases[p] += uint64(max(0, now-s.last))
	s.last = now
}

// end ends a request, and adds its phases to the call's.
func (s *stopwatch) end(stats *Stats) {
	if s.clock == nil {
		return
	}
	t := &s.timings[len(s.timings)-1]
	t.Decision = stats.Decision
	for p, ns := range t.Phases {
		stats.Phases[p] += ns
	}
}

// timedDeriver tells the time that policies wait for derived rows from that of their own.
type timedDeriver struct {
	of    entity.Deriver
	watch *stopwatch
}

func (d *timedDeriver) Field(uid, name value.Value, tag bool) (value.Value, entity.Status, *value.Fault) {
	d.watch.note(PhasePolicies)
	x, status, fault := d.of.Field(uid, name, tag)
	d.watch.note(PhaseEntities)
	return x, status, fault
}

func (d *timedDeriver) In(a, b value.Value) (entity.Tri, *value.Fault) {
	d.watch.note(PhasePolicies)
	in, fault := d.of.In(a, b)
	d.watch.note(PhaseEntities)
	return in, fault
}

func (d *timedDeriver) Ancestors(uid value.Value, dst []value.Value) ([]value.Value, entity.Status, *value.Fault) {
	d.watch.note(PhasePolicies)
	dst, status, fault := d.of.Ancestors(uid, dst)
	d.watch.note(PhaseEntities)
	return dst, status, fault
}

// timeDerived makes policies that ask the view for derived rows wait on the clock, if there is one, until rules begin to be evaluated again.
func (e *Engine) timeDerived() {
	if e.watch.clock == nil {
		return
	}
	e.timed = timedDeriver{of: e.view.Deriver(), watch: &e.watch}
	e.view.DeriveBy(&e.timed)
}
