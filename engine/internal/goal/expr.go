package goal

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// status is the outcome of an expression.
type status uint8

// The outcomes: absent for what isn't there; erred with [Evaluator.fault]; waits where a table, [Evaluator.wait], must be complete first.
const (
	ok status = iota
	absent
	erred
	waits
)

// expr is a compiled expression over [Evaluator.vars]. In P a variable may be Unknown, and what depends on it is.
type expr func(e *Evaluator) (value.Value, status)

// compileExpr compiles an expression, or nil.
func (e *Evaluator) compileExpr(x *analysis.Expr) expr {
	if x == nil {
		return nil
	}
	switch x.Op {
	case analysis.OpConst:
		c := x.Const
		return func(*Evaluator) (value.Value, status) { return c, ok }
	case analysis.OpContext:
		return func(e *Evaluator) (value.Value, status) { return e.request.Context, ok }
	case analysis.OpVar:
		n := x.Var
		return func(e *Evaluator) (value.Value, status) {
			if v := e.vars[n]; v.IsValue() {
				return v, ok
			}
			return value.Unknown, ok
		}
	}
	args := make([]expr, len(x.Args))
	for i, a := range x.Args {
		args[i] = e.compileExpr(a)
	}
	switch x.Op {
	case analysis.OpIf:
		return compileIf(args)
	case analysis.OpAnd:
		return compileLogic(args, value.False)
	case analysis.OpOr:
		return compileLogic(args, value.True)
	}
	operate := compileOperation(x)
	if len(args) == 1 {
		return compileUnary(args[0], operate)
	}
	return func(e *Evaluator) (value.Value, status) { return e.operation(args, operate) }
}

// operation evaluates all arguments, then the operation on them.
func (e *Evaluator) operation(args []expr, operate operation) (value.Value, status) {
	base := len(e.args)
	worst, unknown := ok, false
	var fault *value.Fault
	for _, a := range args {
		v, st := a(e)
		switch {
		case st == waits:
			e.args = e.args[:base]
			return value.None, waits
		case st == absent:
			worst = absent
		case st == erred && worst == ok:
			worst, fault = erred, e.fault
		}
		unknown = unknown || v == value.Unknown
		e.args = append(e.args, v)
	}
	v, st := value.Unknown, ok
	switch {
	case worst != ok:
		e.fault = fault
		v, st = value.None, worst
	case !unknown:
		e.ops++
		v, st = operate(e, e.args[base:])
	}
	e.args = e.args[:base]
	return v, st
}

func compileUnary(arg expr, operate operation) expr {
	return func(e *Evaluator) (value.Value, status) {
		v, st := arg(e)
		if st != ok || v == value.Unknown {
			return v, st
		}
		e.ops++
		base := len(e.args)
		e.args = append(e.args, v)
		v, st = operate(e, e.args[base:])
		e.args = e.args[:base]
		return v, st
	}
}

func compileIf(args []expr) expr {
	return func(e *Evaluator) (value.Value, status) {
		c, st := args[0](e)
		switch {
		case st != ok || c == value.Unknown:
			return c, st
		case c == value.True:
			return args[1](e)
		case c == value.False:
			return args[2](e)
		}
		return e.wrongKind("if", c)
	}
}

// compileLogic compiles && and ||, where one side may decide whatever the other gives.
func compileLogic(args []expr, decides value.Value) expr {
	sign := "&&"
	if decides == value.True {
		sign = "||"
	}
	return func(e *Evaluator) (value.Value, status) {
		worst, unknown := ok, false
		var fault *value.Fault
		for _, a := range args {
			v, st := a(e)
			if st == ok && v != value.Unknown && v.Kind() != value.KindBool {
				v, st = e.wrongKind(sign, v)
			}
			switch {
			case st == waits:
				return value.None, waits
			case st == ok && v == decides:
				return decides, ok
			case st == absent:
				worst = absent
			case st == erred && worst == ok:
				worst, fault = erred, e.fault
			}
			unknown = unknown || v == value.Unknown
		}
		switch {
		case worst != ok:
			e.fault = fault
			return value.None, worst
		case unknown:
			return value.Unknown, ok
		}
		return decides ^ 1, ok
	}
}

func (e *Evaluator) raise(f *value.Fault) (value.Value, status) {
	e.fault = f
	return value.None, erred
}

// hushed is any error while nobody asks which.
var hushed = &value.Fault{Code: codeHidden, Message: "the operation raises"}

// raiseBy is raise with a message that is made where somebody may read it.
func (e *Evaluator) raiseBy(code source.Code, say func() string) (value.Value, status) {
	if e.t.Hush {
		return e.raise(hushed)
	}
	return e.raise(&value.Fault{Code: code, Message: say()})
}

func (e *Evaluator) wrongKind(op string, v value.Value) (value.Value, status) {
	return e.raiseBy(value.CodeKind, func() string { return op + " has no meaning for " + e.show(v) + ", a " + v.Kind().String() })
}

// mostShown is the number of bytes of a value that a message shows.
const mostShown = 60

// show writes a value for a message, cut where it is long.
func (e *Evaluator) show(v value.Value) string {
	text := e.t.Append(nil, v)
	if len(text) <= mostShown {
		return string(text)
	}
	n := mostShown
	for n > 0 && text[n]&0xc0 == 0x80 {
		n--
	}
	return string(text[:n]) + "…"
}

// operation computes a value of arguments that all are values.
type operation func(e *Evaluator, args []value.Value) (value.Value, status)

func compileOperation(x *analysis.Expr) operation {
	switch name := x.Const; x.Op {
	case analysis.OpCall:
		return compileCall(x.Fn)
	case analysis.OpSet:
		return func(e *Evaluator, args []value.Value) (value.Value, status) { return e.bounded(e.t.Set(args)) }
	case analysis.OpRecord:
		return compileRecord(x.Keys)
	case analysis.OpIs:
		return func(e *Evaluator, args []value.Value) (value.Value, status) {
			if args[0].Kind() != value.KindEntity {
				return e.wrongKind("is", args[0])
			}
			return value.Bool(e.t.EntityType(args[0]) == name), ok
		}
	case analysis.OpLike:
		parts := x.Pattern
		return func(e *Evaluator, args []value.Value) (value.Value, status) {
			if args[0].Kind() != value.KindString {
				return e.wrongKind("like", args[0])
			}
			return value.Bool(e.t.Like(args[0], parts)), ok
		}
	case analysis.OpIn:
		return (*Evaluator).inTest
	case analysis.OpAttr:
		if x.Required {
			return func(e *Evaluator, args []value.Value) (value.Value, status) { return e.required(args[0], name) }
		}
		return func(e *Evaluator, args []value.Value) (value.Value, status) { return e.attr(".", args[0], name) }
	case analysis.OpHas:
		return func(e *Evaluator, args []value.Value) (value.Value, status) {
			return present(e.attr("has", args[0], name))
		}
	case analysis.OpGetTag:
		return func(e *Evaluator, args []value.Value) (value.Value, status) { return e.tag("getTag", args) }
	case analysis.OpHasTag:
		return func(e *Evaluator, args []value.Value) (value.Value, status) { return present(e.tag("hasTag", args)) }
	}
	panic("goal: no such operator")
}

func compileCall(fn value.Op) operation {
	switch fn {
	case value.OpEq:
		return func(_ *Evaluator, args []value.Value) (value.Value, status) {
			return value.Bool(args[0] == args[1]), ok
		}
	case value.OpNe:
		return func(_ *Evaluator, args []value.Value) (value.Value, status) {
			return value.Bool(args[0] != args[1]), ok
		}
	}
	makes := fn.Signature().Result&(value.Sets|value.Records) != 0
	return func(e *Evaluator, args []value.Value) (value.Value, status) {
		v, f := e.t.Apply(fn, args)
		switch {
		case f != nil:
			e.overlong()
			return e.raise(f)
		case makes:
			return e.bounded(v)
		}
		return v, ok
	}
}

func compileRecord(keys []value.Value) operation {
	return func(e *Evaluator, args []value.Value) (value.Value, status) {
		base := len(e.args)
		for i, k := range keys {
			e.args = append(e.args, k, args[i])
		}
		v := e.t.Record(e.args[base:])
		e.args = e.args[:base]
		return e.bounded(v)
	}
}

// bounded raises where a set or record that was just made is too deep or too large.
func (e *Evaluator) bounded(v value.Value) (value.Value, status) {
	if f := e.t.Bounded(v); f != nil {
		return e.raise(f)
	}
	return v, ok
}

// present turns a read into a test for presence.
func present(_ value.Value, st status) (value.Value, status) {
	if st == erred || st == waits {
		return value.None, st
	}
	return value.Bool(st == ok), ok
}

// attr reads an attribute of an entity or a field of a record.
func (e *Evaluator) attr(op string, v, name value.Value) (value.Value, status) {
	switch v.Kind() {
	case value.KindEntity:
		return e.field(v, name, false)
	case value.KindRecord:
		if f := e.t.Field(v, name); f != value.None {
			return f, ok
		}
		return value.None, absent
	}
	return e.wrongKind(op, v)
}

// codeRequired is raised by the read of an attribute that the schema requires where the entity isn't there.
const codeRequired source.Code = "entity.required"

// required reads an attribute that must be there.
func (e *Evaluator) required(v, name value.Value) (value.Value, status) {
	x, st := e.attr(".", v, name)
	if st == absent {
		return e.raiseBy(codeRequired, func() string {
			return e.show(v) + " lacks the attribute " + e.show(name) + ", which the schema requires"
		})
	}
	return x, st
}

func (e *Evaluator) tag(op string, args []value.Value) (value.Value, status) {
	if args[0].Kind() != value.KindEntity {
		return e.wrongKind(op, args[0])
	}
	if args[1].Kind() != value.KindString {
		return e.wrongKind(op, args[1])
	}
	return e.field(args[0], args[1], true)
}

// inTest is `x in y`, y an entity or a set of entities.
func (e *Evaluator) inTest(args []value.Value) (value.Value, status) {
	x, y := args[0], args[1]
	if x.Kind() != value.KindEntity {
		return e.wrongKind("in", x)
	}
	var one [1]value.Value
	targets := one[:]
	if one[0] = y; y.Kind() == value.KindSet {
		targets = e.t.Members(y)
	}
	for _, g := range targets {
		if g.Kind() != value.KindEntity {
			return e.wrongKind("in", g)
		}
	}
	result := ok
	var fault *value.Fault
	for _, g := range targets {
		e.ops++
		in, st := e.in(x, g)
		switch {
		case st == waits:
			return value.None, waits
		case st == ok && in:
			return value.True, ok
		case st == erred && result == ok:
			result, fault = erred, e.fault
		}
	}
	if result == erred {
		return e.raise(fault)
	}
	return value.False, ok
}
