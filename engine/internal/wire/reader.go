package wire

import (
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Reader reads JSON texts into values of a table, guided by a schema where there is one. It is meant for reuse and not safe for
// concurrent use. Set its exported fields before the first use.
type Reader struct {
	Table *value.Table
	// Schema guides what is read; nil is none. With Validate, what doesn't conform to it is an error.
	Schema   *schema.Schema
	Validate bool
	// Text reads entities written as text.
	Text value.EntityText
	// Principal, Action and Resource are the types of bare ids.
	Principal, Action, Resource value.Value
	// HostKeys are the keys of the context that the host gives: validation doesn't miss them in a request.
	HostKeys []value.Value
}

// Request is a request to decide. It is meant for reuse; what it holds lasts until the next reading into it.
type Request struct {
	Principal, Action, Resource value.Value
	Context                     value.Value // a record, empty where the request gave none

	Entities       []entity.Entity // Their parents belong to the Reader until its next use.
	HasEntities    bool
	EntitiesOffset int   // of the array
	EntityOffsets  []int // of each entity
}

// Query is a goal, with the request that it is asked about where HasRequest is set.
type Query struct {
	Goal       []byte // belongs to the text or the Reader
	GoalOffset int    // of the string
	HasRequest bool
	Request    Request
}

// Item is the place of one request in the text of a batch.
type Item struct{ Start, End int }

// Rows are the rows that an update inserts into one predicate, or deletes.
type Rows struct {
	Pred       string
	PredOffset int
	Rows       [][]value.Value
	Offsets    []int // of the rows
}

// Update is a change of facts, in the order of its text.
type Update struct{ Insert, Delete []Rows }

// Request reads {"principal":…,"action":…,"resource":…,"context":{…},"entities":[…]}, of which the last two may be left out.
func (r *Reader) Request(text []byte, req *Request) *Error { panic("unfinished") }

// Batch reads {"requests":[…]} and returns where the requests stand, each to be read alone.
func (r *Reader) Batch(text []byte) ([]Item, *Error) { panic("unfinished") }

// Query reads {"goal":"…"}, together with the fields of a request or without them.
func (r *Reader) Query(text []byte, q *Query) *Error { panic("unfinished") }

// Update reads {"insert":{"predicate":[[…],…]},"delete":{…}}.
func (r *Reader) Update(text []byte, u *Update) *Error { panic("unfinished") }

// Entities reads a JSON array of Cedar entities and hands each on with its offset.
func (r *Reader) Entities(text []byte, add func(e entity.Entity, offset int)) *Error {
	panic("unfinished")
}

// Value reads one value.
func (r *Reader) Value(text []byte) (value.Value, *Error) { panic("unfinished") }

// Record reads a JSON object as a record.
func (r *Reader) Record(text []byte) (value.Value, *Error) { panic("unfinished") }

// Context reads a JSON object as the context of an action, or a part of it.
func (r *Reader) Context(text []byte, action value.Value) (value.Value, *Error) { panic("unfinished") }
