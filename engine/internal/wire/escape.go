package wire

import "github.com/rune-authz/rune/engine/internal/value"

// escapedExtension reads on after the key in {"__extn":{"fn":…,"arg":…}}.
func (r *Reader) escapedExtension(at int) (value.Value, bool) {
	start := r.pos
	if r.peek() != '{' {
		return value.None, r.wrongType(`{"fn":…,"arg":…}`)
	}
	r.pos++
	key, keyAt, more, ok := r.member(0)
	if !ok {
		return value.None, false
	}
	if !more {
		return value.None, r.fail(start, CodeMissingField, `"fn" and "arg" are missing`)
	}
	v, ok := r.call(start, key, keyAt)
	return v, ok && r.alone(extensionEscape)
}

// A callee is a function whose result JSON can spell: its operation and what its arguments are.
type callee struct {
	name string
	op   value.Op
	args []value.Kind
}

var callees = [...]callee{
	{"ip", value.OpParseIP, []value.Kind{value.KindString}},
	{"decimal", value.OpParseDecimal, []value.Kind{value.KindString}},
	{"datetime", value.OpParseDatetime, []value.Kind{value.KindString}},
	{"duration", value.OpParseDuration, []value.Kind{value.KindString}},
	{"offset", value.OpOffset, []value.Kind{value.KindDatetime, value.KindDuration}},
}

// call reads the members of {"fn":…,"arg":…} or {"fn":…,"args":[…]}, of which the first key is read, and carries the call out.
func (r *Reader) call(start int, key []byte, at int) (value.Value, bool) {
	var fn *callee
	argsAt, base := -1, len(r.values)
	for n, more := 1, true; more; n++ {
		var ok bool
		switch string(key) {
		case "fn":
			if fn != nil {
				return value.None, r.twice(at, key)
			}
			fn, ok = r.callee()
		case "arg", "args":
			if argsAt >= 0 {
				return value.None, r.fail(at, CodeEscape, `"arg" and "args" stand once, and one of them`)
			}
			argsAt = r.pos
			ok = r.arguments(len(key) == len("args"))
		default:
			return value.None, r.unknown(at, key, "fn", "arg", "args")
		}
		if !ok {
			return value.None, false
		}
		if key, at, more, ok = r.member(n); !ok {
			return value.None, false
		}
	}
	switch {
	case fn == nil:
		return value.None, r.fail(start, CodeMissingField, `"fn" is missing`)
	case argsAt < 0:
		return value.None, r.fail(start, CodeMissingField, `"arg" is missing`)
	}
	v, ok := r.apply(fn, argsAt, r.values[base:])
	r.values = r.values[:base]
	return v, ok
}

func (r *Reader) callee() (*callee, bool) {
	at := r.pos
	if r.peek() != '"' {
		return nil, r.wrongType("the name of a function")
	}
	name, ok := r.str()
	if !ok {
		return nil, false
	}
	for i := range callees {
		if string(name) == callees[i].name {
			return &callees[i], true
		}
	}
	return nil, r.failHelp(at, CodeEscape, "no function "+quoteCut(name)+" makes a value", "there are ip, decimal, datetime, duration and offset")
}

// arguments leaves one argument, or the list of them, on the stack.
func (r *Reader) arguments(list bool) bool {
	if list {
		if r.peek() != '[' {
			return r.wrongType("an array of arguments")
		}
		return r.elements(nil)
	}
	v, ok := r.value(nil)
	r.values = append(r.values, v)
	return ok
}

func (r *Reader) apply(fn *callee, at int, args []value.Value) (value.Value, bool) {
	if len(args) != len(fn.args) {
		return value.None, r.fail(at, CodeEscape, fn.name+" takes another number of arguments")
	}
	for i, kind := range fn.args {
		if args[i].Kind() == value.KindString && kind != value.KindString {
			var ok bool
			if args[i], ok = r.parse(at, parsers[kind], r.Table.Text(args[i])); !ok {
				return value.None, false
			}
		}
		if args[i].Kind() != kind {
			got := args[i].Kind()
			return value.None, r.fail(at, CodeEscape, fn.name+" takes "+kind.Article()+kind.String()+", not "+got.Article()+got.String())
		}
	}
	if fn.args[0] == value.KindString {
		return r.parse(at, fn.op, r.Table.Text(args[0]))
	}
	v, f := r.Table.Apply(fn.op, args)
	if f != nil {
		return value.None, r.fault(at, f)
	}
	return v, true
}

// parsers are the operations that read extension values from text.
var parsers = [...]value.Op{
	value.KindIP: value.OpParseIP, value.KindDecimal: value.OpParseDecimal,
	value.KindDatetime: value.OpParseDatetime, value.KindDuration: value.OpParseDuration,
}
