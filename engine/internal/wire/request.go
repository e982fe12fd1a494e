package wire

import (
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Request is a request to decide. It is meant for reuse; what it holds lasts until the next reading into it.
type Request struct {
	Principal, Action, Resource value.Value
	Context                     value.Value // a record, empty where the request gave none
	ContextOffset               int         // of the object, or -1

	Entities       []entity.Entity // Their parents belong to the reader until it reads entities again.
	HasEntities    bool
	EntitiesOffset int   // of the array, or -1
	EntityOffsets  []int // of each entity
}

// Query is a goal, with the request that it is asked about if HasRequest is set.
type Query struct {
	Goal       []byte // belongs to the reader until its next use
	GoalOffset int    // of the string
	HasRequest bool
	Request    Request
}

// A requestReader reads the members of a request. Offsets are -1 for what isn't there.
type requestReader struct {
	*Reader
	out  *Request
	goal *Query // nil in a plain request
	at   [len(requestFields)]int
}

const (
	atPrincipal = iota
	atAction
	atResource
	atContext
	atEntities
	atGoal
)

var requestFields = [...]string{"principal", "action", "resource", "context", "entities", "goal"}

// Request reads a request. Its members stand in any order, each once; brackets nest to MaxDepth within each.
//
//	request   = { "principal": entity, "action": entity, "resource": entity [, "context": record] [, "entities": [ stored … ]] }
//	entity    = text | reference                     text as package value reads it
//	reference = {"type": name, "id": string} | {"__entity": {"type": name, "id": string}}
//	stored    = { "uid": reference, "attrs": record, "parents": [ reference … ] [, "tags": record] }
//	value     = true | false | long | string | [ value … ] | record | {"__entity": …} | {"__extn": call}
//	call      = {"fn": string, "arg": value} | {"fn": string, "args": [ value … ]}
//
// Where a schema gives a value an entity type, a reference may stand for it, and where an extension type, its text or a call. A record
// has no key __entity or __extn.
func (r *Reader) Request(text []byte, req *Request) *Error {
	q := requestReader{Reader: r, out: req}
	return r.finish(r.begin(text, value.MaxDepth+1) && q.read() && r.end())
}

// Query reads {"goal":"…"}, with the members of a request or without them.
func (r *Reader) Query(text []byte, out *Query) *Error {
	q := requestReader{Reader: r, out: &out.Request, goal: out}
	ok := r.begin(text, value.MaxDepth+1) && q.read() && r.end()
	out.Goal = r.goal
	return r.finish(ok)
}

func (q *requestReader) read() bool {
	q.reset()
	q.space()
	start := q.pos
	if q.peek() != '{' {
		return q.wrongType("an object")
	}
	q.pos++
	for n := 0; ; n++ {
		key, at, more, ok := q.member(n)
		if !ok {
			return false
		}
		if !more {
			break
		}
		if !q.field(key, at) {
			return false
		}
	}
	return q.complete(start) && q.revisit()
}

func (q *requestReader) reset() {
	q.parents = q.parents[:0]
	r := q.out
	*r = Request{
		Principal: value.None, Action: value.None, Resource: value.None, Context: value.None, ContextOffset: -1, EntitiesOffset: -1,
		Entities: r.Entities[:0], EntityOffsets: r.EntityOffsets[:0],
	}
	for i := range q.at {
		q.at[i] = -1
	}
}

// field reads a member. With a schema a context that comes before the action is read again after it, by the action's type.
func (q *requestReader) field(key []byte, at int) bool {
	i := fieldNamed(key)
	if i < 0 || i == atGoal && q.goal == nil {
		fields := requestFields[:]
		if q.goal == nil {
			fields = fields[:atGoal]
		}
		return q.unknown(at, key, fields...)
	}
	if q.at[i] >= 0 {
		return q.twice(at, key)
	}
	q.at[i] = q.pos
	ok := false
	switch {
	case i == atContext && q.at[atAction] < 0 && q.Schema != nil:
		ok = q.skipOver()
	default:
		ok = q.value(i)
	}
	return ok || q.inKey(requestFields[i])
}

// fieldNamed returns which of the request's fields a key is, or -1.
func fieldNamed(key []byte) int {
	switch string(key) {
	case "principal":
		return atPrincipal
	case "action":
		return atAction
	case "resource":
		return atResource
	case "context":
		return atContext
	case "entities":
		return atEntities
	case "goal":
		return atGoal
	}
	return -1
}

func (q *requestReader) value(i int) (ok bool) {
	r := q.out
	switch i {
	case atPrincipal:
		r.Principal, ok = q.entity(i, q.Principal)
	case atAction:
		r.Action, ok = q.entity(i, q.Action)
	case atResource:
		r.Resource, ok = q.entity(i, q.Resource)
	case atContext:
		r.ContextOffset = q.pos
		r.Context, ok = q.record(rules{typ: q.contextType(r.Action), host: true})
	case atEntities:
		r.HasEntities, r.EntitiesOffset = true, q.pos
		ok = q.entities(func(e *entity.Entity, at int) {
			r.Entities, r.EntityOffsets = append(r.Entities, *e), append(r.EntityOffsets, at)
		})
	default:
		q.goal.GoalOffset = q.pos
		ok = q.goalText()
	}
	return ok
}

// contextType returns the type of an action's context, nil if nothing is known.
func (r *Reader) contextType(action value.Value) *schema.Type {
	if action != value.None {
		if a := r.Schema.Action(action); a != nil {
			return a.Context
		}
	}
	return nil
}

// entity reads the principal, action or resource: text, or an object.
func (q *requestReader) entity(i int, defaultType value.Value) (value.Value, bool) {
	switch q.peek() {
	case '{':
		return q.reference()
	case '"':
	default:
		return value.None, q.wrongType(`text or {"type":…,"id":…}`)
	}
	at := q.pos
	text, ok := q.str()
	if !ok {
		return value.None, false
	}
	var v value.Value
	var f *value.Fault
	if i == atAction {
		v, f = q.Text.ParseAction(q.Table, text, defaultType)
	} else {
		v, f = q.Text.Parse(q.Table, text, defaultType)
	}
	return v, q.accept(at, f)
}

func (q *requestReader) goalText() bool {
	if q.peek() != '"' {
		return q.wrongType("the text of a goal")
	}
	text, ok := q.str()
	q.Reader.goal = append(q.Reader.goal[:0], text...)
	return ok
}

// complete checks that nothing is missing. A query may lack the request, but not a part of it.
func (q *requestReader) complete(start int) bool {
	if q.goal != nil {
		if q.at[atGoal] < 0 {
			return q.fail(start, CodeMissingField, `"goal" is missing`)
		}
		q.goal.HasRequest = false
		for _, at := range q.at[:atGoal] {
			q.goal.HasRequest = q.goal.HasRequest || at >= 0
		}
		if !q.goal.HasRequest {
			q.out.Context = q.Table.Record(nil)
			return true
		}
	}
	for i := range atContext {
		if q.at[i] < 0 {
			return q.fail(start, CodeMissingField, "\""+requestFields[i]+"\" is missing")
		}
	}
	return q.check()
}

// check validates principal, action and resource.
func (q *requestReader) check() bool {
	if q.Schema == nil || !q.Validate {
		return true
	}
	r, t := q.out, q.Table
	return q.accept(q.at[atAction], q.Schema.CheckAction(t, r.Action)) &&
		q.accept(q.at[atPrincipal], q.Schema.CheckPrincipal(t, r.Principal, r.Action)) &&
		q.accept(q.at[atResource], q.Schema.CheckResource(t, r.Resource, r.Action))
}

// revisit reads a context that came before the action. One that wasn't given is empty, and must be allowed to be.
func (q *requestReader) revisit() bool {
	r := q.out
	switch {
	case r.Context != value.None:
		return true
	case q.at[atContext] < 0:
		r.Context = q.Table.Record(nil)
		u := rules{typ: q.contextType(r.Action), host: true}
		return q.Reader.complete(0, r.Context, &u) || q.inKey("context")
	}
	end := q.pos
	q.pos = q.at[atContext]
	if !q.value(atContext) {
		return q.inKey("context")
	}
	q.pos = end
	return true
}
