package cedar

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Env is what policies are evaluated in: a request and its view of the entities. It is meant for reuse; an evaluation keeps
// its memory. It is not safe for concurrent use.
type Env struct {
	Table *value.Table
	View  *entity.View
	// The request. Context is a record.
	Principal, Action, Resource, Context value.Value

	// Steps counts the work done: a step for each policy evaluated, for each operator, for each element of a set that an
	// operation goes through, and for each 16 bytes of the table's Work: text, and what the view goes through. Callers may
	// set it beforehand; [Set.Evaluate] adds to it.
	Steps int
	// Limit is the number of steps allowed; 0 is no limit.
	Limit int
	// Yield, if given, is called at least every 50 000 steps.
	Yield func()

	pause     int // steps at which to look at Limit and Yield again
	yielded   int // steps at the last yield, as if Steps had always grown
	counted   int // steps at the end of the last evaluation
	exceeded  bool
	work      int // of Table, as far as it is counted
	stack     []value.Value
	ancestors []value.Value
	failure   Failure // of the expression that gave None
}

const (
	yieldSteps   = 50_000
	bytesPerStep = 16
)

// begin prepares for an evaluation.
func (e *Env) begin() {
	e.exceeded, e.work = false, e.Table.Work
	e.yielded += e.Steps - e.counted // other work yields by itself
	e.stack = e.stack[:0]
	e.setPause()
}

// end concludes an evaluation and reports whether it kept within the limit.
func (e *Env) end() bool {
	ok := e.account()
	e.counted = e.Steps
	return ok
}

func (e *Env) setPause() {
	e.pause = e.yielded + yieldSteps
	if e.Limit > 0 {
		e.pause = min(e.pause, e.Limit+1)
	}
}

// step counts one step, with the text that operations went through since the last, and reports whether the evaluation may
// go on.
func (e *Env) step() bool {
	e.Steps++
	if n := e.Table.Work - e.work; n >= bytesPerStep {
		e.Steps += n / bytesPerStep
		e.work += n - n%bytesPerStep
	}
	return e.Steps < e.pause || e.account()
}

// account compares the steps with the limit, and yields.
func (e *Env) account() bool {
	if e.exceeded || e.Limit > 0 && e.Steps > e.Limit {
		e.exceeded = true
		return false
	}
	if e.Steps >= e.yielded+yieldSteps {
		if e.Yield != nil {
			e.Yield()
		}
		e.yielded = e.Steps
	}
	e.setPause()
	return true
}

// fail notes why the expression being evaluated errs.
func (e *Env) fail(f Failure) value.Value {
	e.failure = f
	return value.None
}

// attr reads an attribute of an entity or a field of a record.
func (e *Env) attr(v, name value.Value) value.Value {
	switch v.Kind() {
	case value.KindRecord:
		if f := e.Table.Field(v, name); f != value.None {
			return f
		}
		return e.fail(Failure{kind: failField, b: name})
	case value.KindEntity:
		x, status := e.View.Attr(v, name)
		if status == entity.OK {
			return x
		}
		return e.absent(status, failAttr, v, name)
	}
	return e.fail(Failure{kind: failType, want: "a record or an entity", a: v})
}

// absent is the failure of reading an attribute or tag that isn't there, or that errs.
func (e *Env) absent(status entity.Status, kind failKind, v, name value.Value) value.Value {
	if status == entity.Erred {
		return e.fail(Failure{kind: failFault, fault: e.View.Fault()})
	}
	if !e.View.Exists(v) {
		kind = failEntity
	}
	return e.fail(Failure{kind: kind, a: v, b: name})
}

func (e *Env) has(v, name value.Value) value.Value {
	switch v.Kind() {
	case value.KindRecord:
		return value.Bool(e.Table.Field(v, name) != value.None)
	case value.KindEntity:
		return e.tri(e.View.HasAttr(v, name))
	}
	return e.fail(Failure{kind: failType, want: "a record or an entity", a: v})
}

func (e *Env) tri(t entity.Tri) value.Value {
	switch t {
	case entity.Yes:
		return value.True
	case entity.No:
		return value.False
	}
	return e.fail(Failure{kind: failFault, fault: e.View.Fault()})
}

// getTag reads a tag, hasTag asks for it.
func (e *Env) getTag(v, key value.Value) value.Value {
	if !e.tagKinds(v, key) {
		return value.None
	}
	x, status := e.View.Tag(v, key)
	if status == entity.OK {
		return x
	}
	return e.absent(status, failTag, v, key)
}

func (e *Env) hasTag(v, key value.Value) value.Value {
	if !e.tagKinds(v, key) {
		return value.None
	}
	return e.tri(e.View.HasTag(v, key))
}

func (e *Env) tagKinds(v, key value.Value) bool {
	return e.isKind(v, value.KindEntity) && e.isKind(key, value.KindString)
}

// isKind reports whether v has a kind, and fails otherwise.
func (e *Env) isKind(v value.Value, k value.Kind) bool {
	if v.Kind() == k {
		return true
	}
	e.fail(Failure{kind: failType, want: aKind(k), a: v})
	return false
}

// in is Cedar's: a is an entity, b one or a set of them. In a set a certain ancestor outweighs one that errs.
func (e *Env) in(a, b value.Value) value.Value {
	if !e.isKind(a, value.KindEntity) {
		return value.None
	}
	switch b.Kind() {
	case value.KindEntity:
		return e.tri(e.View.In(a, b))
	case value.KindSet:
		return e.inAny(a, e.Table.Members(b))
	}
	return e.fail(Failure{kind: failType, want: "an entity or a set of entities", a: b})
}

// fewMembers is the number of entities up to which asking for each is as fast as reading the ancestors.
const fewMembers = 4

func (e *Env) inAny(a value.Value, members []value.Value) value.Value {
	for _, m := range members {
		if !e.isKind(m, value.KindEntity) {
			return value.None
		}
	}
	if len(members) > fewMembers {
		if found, known := e.inMany(a, members); known {
			return value.Bool(found)
		}
	}
	erred := false
	for _, m := range members {
		e.Steps++
		switch e.View.In(a, m) {
		case entity.Yes:
			return value.True
		case entity.Err:
			erred = true
		}
	}
	if erred {
		return e.fail(Failure{kind: failFault, fault: e.View.Fault()})
	}
	return value.False
}

// inMany looks for members among the ancestors. Where it finds none and there may be more of them, which those are isn't known.
func (e *Env) inMany(a value.Value, members []value.Value) (found, known bool) {
	up, status := e.View.Ancestors(a, e.ancestors[:0])
	slices.Sort(up)
	e.ancestors = up
	for _, m := range members {
		e.Steps++
		if _, in := slices.BinarySearch(up, m); in {
			return true, true
		}
	}
	return false, status != entity.Erred
}

// apply carries out an operation on the values of one or two expressions.
func (e *Env) apply(op value.Op, args []value.Value) value.Value {
	v, fault := e.Table.Apply(op, args)
	if fault != nil {
		return e.fail(Failure{kind: failFault, fault: fault})
	}
	return v
}

// order compares as Cedar's < does, which knows fewer kinds than ours: longs, datetimes and durations.
func (e *Env) order(a, b value.Value) (int, bool) {
	k := a.Kind()
	if k != value.KindLong && k != value.KindDatetime && k != value.KindDuration {
		e.fail(Failure{kind: failType, want: "a long, datetime or duration", a: a})
		return 0, false
	}
	if !e.isKind(b, k) {
		return 0, false
	}
	return e.Table.Compare(a, b), true
}
