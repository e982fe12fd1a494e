package engine

import (
	"math"
	"slices"

	"github.com/rune-authz/rune/engine/internal/decision"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
	"github.com/rune-authz/rune/engine/internal/wire"
)

// Codes of requests that say more than they may.
const (
	codeEntitiesRefused source.Code = "request.entities_not_allowed"
	codeEntityRefused   source.Code = "request.entity_not_allowed"
	codeEntityGiven     source.Code = "request.entity_twice"
	codeContextRefused  source.Code = "request.host_context"
)

// Authorize appends the reply to a request: {"decision":…,"reasons":[…],"diagnostics":{…}}, or {"error":{…}} for a request that is none.
func (e *Engine) Authorize(dst, request []byte, h *Host) []byte {
	if d := e.enter(h); d != nil {
		return appendErrorObject(dst, e.files, *d)
	}
	defer e.leave()
	e.begin(h)
	dst = e.authorize(dst, request, h, false)
	e.end()
	return dst
}

// authorize answers one request. A trusted one may give what is the host's.
func (e *Engine) authorize(dst, request []byte, h *Host, trusted bool) []byte {
	e.table.ReuseFaults(true) // nothing keeps those of a request
	dst = e.decide(dst, request, h, trusted)
	e.table.ReuseFaults(false)
	e.watch.end(&e.stats)
	return dst
}

func (e *Engine) decide(dst, request []byte, h *Host, trusted bool) []byte {
	e.watch.begin()
	err := e.read(request, h, trusted)
	e.watch.mark(PhaseFacts)
	if err != nil {
		return e.appendRequestError(dst, request, err)
	}
	return e.answer(dst, h)
}

// answer decides the request that was read.
func (e *Engine) answer(dst []byte, h *Host) []byte {
	limit := e.evaluate(h)
	e.stats.Cacheable = !e.stats.UsedNow
	if limit != "" {
		dst = e.appendExceeded(dst, limit)
	} else {
		e.rules.Decide(e.byRule, e.byPolicy, &e.outcome)
		dst = e.appendDecision(dst)
	}
	e.watch.mark(PhaseCombine)
	return dst
}

// read reads a request, checks what it may bring, and prepares the view of the entities.
func (e *Engine) read(text []byte, h *Host, trusted bool) *wire.Error {
	if err := e.reader.Request(text, &e.request); err != nil {
		return err
	}
	return e.admit(&e.request, h, trusted)
}

// admit checks a request's context and entities and makes them what the evaluation sees.
func (e *Engine) admit(r *wire.Request, h *Host, trusted bool) *wire.Error {
	if err := e.joinContext(r, h, trusted); err != nil {
		return err
	}
	if e.validate { // again, since the host's part of the context has joined
		if f := e.schema.CheckRequest(e.table, r.Principal, r.Action, r.Resource, r.Context); f != nil {
			return &wire.Error{Code: f.Code, Message: f.Message, Offset: -1}
		}
	}
	if r.HasEntities {
		return e.admitEntities(r, h.Entities)
	}
	return nil
}

// joinContext adds the host's context to the request's.
func (e *Engine) joinContext(r *wire.Request, h *Host, trusted bool) *wire.Error {
	if !trusted {
		for _, key := range e.reader.HostKeys {
			if e.table.Field(r.Context, key) != value.None {
				name := e.table.TextString(key)
				return &wire.Error{Code: codeContextRefused, Message: "context." + name + " is the host's to give", Offset: e.reader.KeyOffset(r.ContextOffset, name)}
			}
		}
	}
	if len(h.Context) == 0 && !h.HasNow {
		return nil
	}
	e.fields = append(e.fields[:0], e.table.Fields(r.Context)...)
	own := len(e.fields)
	if h.HasNow {
		e.stats.UsedNow = e.readsNow
		e.fields = append(e.fields, e.nowKey, e.table.Datetime(h.Now))
	}
	if len(h.Context) > 0 {
		given, err := e.reader.Context(h.Context, r.Action)
		if err != nil {
			return &wire.Error{Code: codeHostContext, Message: "the host's context: " + err.Message, Offset: -1}
		}
		e.fields = append(e.fields, e.table.Fields(given)...)
	}
	for i := own; i < len(e.fields); i += 2 { // what the host gives, be the request's context as large as it may
		key := e.fields[i]
		if e.table.Field(r.Context, key) != value.None || h.HasNow && key == e.nowKey && i > own {
			return &wire.Error{Code: codeContextRefused, Message: "context." + e.table.TextString(key) + " is given twice, by the host as well", Offset: -1}
		}
	}
	r.Context = e.table.Record(e.fields)
	return nil
}

// admitEntities puts a request's entities into the view, as far as the mode allows them.
func (e *Engine) admitEntities(r *wire.Request, mode EntitiesMode) *wire.Error {
	if mode == EntitiesRefuse {
		return &wire.Error{Code: codeEntitiesRefused, Message: "a request may not bring entities here", Offset: r.EntitiesOffset}
	}
	for i := range r.Entities {
		x := &r.Entities[i]
		if why := e.refuses(x, mode); why != "" {
			return &wire.Error{Code: codeEntityRefused, Message: why, Offset: r.EntityOffsets[i]}
		}
		if e.view.Patch(*x); len(e.view.Patches()) != i+1 {
			return &wire.Error{Code: codeEntityGiven, Message: e.show(x.UID) + " stands twice in entities", Offset: r.EntityOffsets[i]}
		}
	}
	return nil
}

// refuses says why a request may not bring an entity.
func (e *Engine) refuses(x *entity.Entity, mode EntitiesMode) string {
	typ := e.table.EntityType(x.UID)
	if slices.Contains(e.protected, typ) {
		return "entities of the type " + e.table.TextString(typ) + " are protected"
	}
	if mode == EntitiesOverride {
		return ""
	}
	if isActionType(e.table.Text(typ)) {
		return "actions are the configuration's to define"
	}
	if _, named := slices.BinarySearch(e.named, x.UID); named || e.store.Has(x.UID) {
		return "the configuration has " + e.show(x.UID) + " already"
	}
	for _, p := range x.Parents {
		if e.knows(p) {
			return "the configuration knows the parent " + e.show(p) + ", which a request may not claim"
		}
	}
	return ""
}

// knows reports whether configuration, updates or the overlay of the call name an entity.
func (e *Engine) knows(x value.Value) bool {
	_, known := slices.BinarySearch(e.known, x)
	return known || e.loaded.Knows(x) || e.updated[x] || e.store.Has(x)
}

func isActionType(typ []byte) bool {
	const action = "Action"
	n := len(typ) - len(action)
	return n == 0 && string(typ) == action || n > 2 && string(typ[n-2:]) == "::"+action
}

func (e *Engine) show(v value.Value) string { return string(e.table.Append(nil, v)) }

// evaluate computes the verdicts of all statements, and returns the limit that was exceeded, if one was.
func (e *Engine) evaluate(h *Host) string {
	r := &e.request
	e.eval.Begin(goal.Request{Principal: r.Principal, Action: r.Action, Resource: r.Resource, Context: r.Context}, e.view, e.goalLimits, h.Yield)
	e.verdicts = e.eval.Statements(e.verdicts[:0])
	e.watch.mark(PhaseRules)
	limit := e.eval.Settle()
	if limit == "" {
		e.byRule = e.byRule[:0]
		for _, v := range e.verdicts {
			d := decision.Verdict{Statement: e.rulePlace[v.Statement], Errs: v.Errs}
			if v.Errs {
				d.Code, d.Message = string(v.Fault.Code), v.Fault.Message
			}
			e.byRule = append(e.byRule, d)
		}
	}
	e.watch.mark(PhaseResults)
	if limit == "" {
		limit = e.evaluatePolicies()
		e.watch.mark(PhasePolicies)
	}
	e.countWork(e.eval.Work())
	e.stats.Steps += uint64(e.env.Steps)
	return limit
}

// countWork notes what the evaluation of rules took.
func (e *Engine) countWork(w goal.Work) {
	s := &e.stats
	s.Steps, s.ErrorSteps, s.ArenaBytes = uint64(w.Steps), uint32(min(w.ErrorSteps, math.MaxUint32)), uint64(w.Bytes)
	s.Tuples, s.Tables, s.RulesEvaluated = uint32(w.Tuples), uint32(w.Tables), uint32(w.Rules)
}

// evaluatePolicies lets Cedar decide, in what the limit of steps leaves.
func (e *Engine) evaluatePolicies() string {
	r := &e.request
	e.env.Principal, e.env.Action, e.env.Resource, e.env.Context = r.Principal, r.Action, r.Resource, r.Context
	e.env.Steps, e.env.Limit = 0, max(1, int(e.limits.Steps)-e.eval.Steps())
	e.byPolicy = e.byPolicy[:0]
	places := e.policyPlace
	e.timeDerived()
	e.watch.mark(PhaseEntities)
	for _, set := range e.policies {
		set.Evaluate(&e.env, &e.cedarOut)
		e.stats.PoliciesEvaluated += uint32(e.cedarOut.Evaluated)
		if limit := e.eval.Exceeded(); limit != "" {
			return limit
		}
		if e.cedarOut.Exceeded || e.env.Steps+e.eval.Steps() > int(e.limits.Steps) {
			return "limit.steps"
		}
		if e.eval.Bytes() > int(e.limits.ArenaBytes) {
			return "limit.arena_bytes"
		}
		e.takePolicies(places[:set.Len()])
		places = places[set.Len():]
	}
	return ""
}

// takePolicies adds the verdicts of a set of policies, which stand at these places, to those of the request.
func (e *Engine) takePolicies(places []int32) {
	held, erring := e.cedarOut.Satisfied, e.cedarOut.Errors
	for len(held) > 0 || len(erring) > 0 {
		if len(erring) == 0 || len(held) > 0 && held[0] < erring[0].Policy {
			e.byPolicy = append(e.byPolicy, decision.Verdict{Statement: places[held[0]]})
			held = held[1:]
			continue
		}
		x := &erring[0]
		e.message = x.Append(e.message[:0], e.table)
		message := e.table.TextView(e.table.StringBytes(e.message))
		e.byPolicy = append(e.byPolicy, decision.Verdict{Statement: places[x.Policy], Errs: true, Code: string(x.Code()), Message: message})
		erring = erring[1:]
	}
}

// roles are what replies say of a reason, by the kind of its statement and its effect.
var roles = [...][3]string{
	decision.Rule: {
		decision.Permitted: `"kind":"rule","effect":"permit"`,
		decision.Forbade:   `"kind":"rule","effect":"forbid"`,
		decision.Errored:   `"kind":"rule","effect":"error"`,
	},
	decision.Policy: {
		decision.Permitted: `"kind":"policy","effect":"permit"`,
		decision.Forbade:   `"kind":"policy","effect":"forbid"`,
		decision.Errored:   `"kind":"policy","effect":"error"`,
	},
}

// roleEngine is that of a limit.
const roleEngine = `"kind":"engine","effect":"error"`

var kinds = [...]string{decision.Rule: "rule", decision.Policy: "policy"}

// appendDecision writes the outcome.
func (e *Engine) appendDecision(dst []byte) []byte {
	e.reasons, e.errors = e.reasons[:0], e.errors[:0]
	for _, r := range e.outcome.Reasons {
		s := &e.rules.Statements[r.Statement]
		e.reasons = append(e.reasons, wire.Reason{ID: s.ID, Role: roles[s.Kind][r.Effect], Message: s.Message, HasMessage: s.HasMessage})
	}
	for _, v := range e.outcome.Verdicts {
		if v.Errs {
			e.errors = append(e.errors, wire.ErrorItem{ID: e.rules.Statements[v.Statement].ID, Code: v.Code, Message: v.Message})
		}
	}
	return e.appendReply(dst, e.outcome.Permit)
}

// appendExceeded writes the denial of a request that exceeded a limit.
func (e *Engine) appendExceeded(dst []byte, limit string) []byte {
	for i, name := range limitNames {
		if limit == "limit."+name {
			e.stats.Limit = uint32(1 + i)
		}
	}
	return e.appendDenied(dst, limit)
}

// appendDenied writes a denial of the engine's own.
func (e *Engine) appendDenied(dst []byte, reason string) []byte {
	e.outcome.Permit, e.outcome.Reasons, e.outcome.Verdicts = false, e.outcome.Reasons[:0], nil
	e.reasons = append(e.reasons[:0], wire.Reason{ID: reason, Role: roleEngine})
	e.errors = e.errors[:0]
	return e.appendReply(dst, false)
}

func (e *Engine) appendReply(dst []byte, permit bool) []byte {
	if permit {
		e.stats.Decision, e.stats.Permits = Permit, 1
	} else {
		e.stats.Decision, e.stats.Denies = Deny, 1
	}
	e.stats.Reasons, e.stats.Errors = uint32(len(e.reasons)), uint32(len(e.errors))
	if e.authzen {
		return wire.AppendEvaluation(dst, permit, e.reasons, e.errors, e.shownRevision())
	}
	return wire.AppendDecision(dst, permit, e.reasons, e.errors, e.shownRevision())
}

// appendRequestError writes what is wrong with a request's text, with its place there where it has one.
func (e *Engine) appendRequestError(dst, text []byte, err *wire.Error) []byte {
	line, column := 0, 0
	if err.Offset >= 0 {
		line, column = wire.Position(text, err.Offset)
	}
	return wire.AppendError(dst, string(err.Code), err.Message, "", line, column, err.Help)
}
