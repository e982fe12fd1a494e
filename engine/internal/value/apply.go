package value

import (
	"math"
	"slices"
	"unicode/utf8"
	"unsafe"
)

const millisPerDay = 24 * 60 * 60 * 1000

// Apply carries out an operation on as many arguments as its signature has, none of them Unknown or None. It raises where an
// argument has a kind that the operation has no meaning for, and as the operation's comment says. Operations on text add its length to
// [Table.Work].
func (t *Table) Apply(op Op, args []Value) (Value, *Fault) {
	switch op {
	case OpEq:
		return Bool(args[0] == args[1]), nil
	case OpNe:
		return Bool(args[0] != args[1]), nil
	case OpToString:
		return t.toString(args[0])
	}
	sig := &signatures[op]
	for i, a := range args {
		if !sig.Args[i].Has(a.Kind()) {
			return t.wrongKind(op, a)
		}
	}
	switch {
	case op <= OpNeg:
		return t.arithmetic(op, args)
	case op >= OpLess && op <= OpGreaterEq:
		return t.order(op, args[0], args[1])
	case op >= OpStartsWith:
		return t.applyText(op, args)
	}
	return t.applyCedar(op, args)
}

func (t *Table) arithmetic(op Op, args []Value) (Value, *Fault) {
	a, b := t.LongOf(args[0]), int64(0)
	if len(args) > 1 {
		b = t.LongOf(args[1])
	}
	var r int64
	ok := true
	switch op {
	case OpAdd:
		r = a + b
		ok = (r > a) == (b > 0)
	case OpSub:
		r = a - b
		ok = (r < a) == (b > 0)
	case OpNeg:
		r = -a
		ok = a != math.MinInt64
	case OpMul:
		r = a * b
		ok = a == 0 || r/a == b && !(a == -1 && b == math.MinInt64)
	default:
		if b == 0 {
			return t.raise(CodeDivision, func(m *message) { m.number(a).text(" ", op.String(), " 0 divides by zero") })
		}
		if op == OpMod {
			if b == -1 {
				return t.Long(0), nil
			}
			return t.Long(a % b), nil
		}
		ok = !(a == math.MinInt64 && b == -1)
		if ok {
			r = a / b
		}
	}
	if !ok {
		return t.raise(CodeOverflow, func(m *message) { overflow(m, op, args) })
	}
	return t.Long(r), nil
}

func overflow(m *message, op Op, args []Value) {
	if op == OpNeg {
		m.text("-(").show(args[0]).text(") overflows")
		return
	}
	m.show(args[0]).text(" ", op.String(), " ").show(args[1]).text(" overflows")
}

// light is the Weight up to which comparing a value is part of the operation's one step.
const light = 256

// order compares two values of one ordered kind.
func (t *Table) order(op Op, a, b Value) (Value, *Fault) {
	if a.Kind() != b.Kind() {
		return t.raise(CodeKind, func(m *message) { m.text(op.String(), " has no meaning between ").show(a).text(" and ").show(b) })
	}
	if w := min(t.Weight(a), t.Weight(b)); w > light {
		t.Work += w
	}
	c := t.Compare(a, b)
	switch op {
	case OpLess:
		return Bool(c < 0), nil
	case OpLessEq:
		return Bool(c <= 0), nil
	case OpGreater:
		return Bool(c > 0), nil
	}
	return Bool(c >= 0), nil
}

// applyCedar carries out Cedar's own operations.
func (t *Table) applyCedar(op Op, args []Value) (Value, *Fault) {
	a := args[0]
	switch op {
	case OpNot:
		return a ^ 1, nil
	case OpEntityID:
		return t.EntityID(a), nil
	case OpEntityType:
		return t.EntityType(a), nil
	case OpContains:
		return Bool(t.Contains(a, args[1])), nil
	case OpContainsAll:
		t.Work += memberWork * len(t.Members(args[1]))
		return Bool(t.containsAll(a, args[1])), nil
	case OpContainsAny:
		t.Work += memberWork * len(t.Members(args[1]))
		return Bool(slices.ContainsFunc(t.Members(args[1]), func(m Value) bool { return t.Contains(a, m) })), nil
	case OpIsEmpty:
		return Bool(len(t.Members(a)) == 0), nil
	case OpDecLessThan:
		return Bool(t.DecimalOf(a) < t.DecimalOf(args[1])), nil
	case OpDecLessThanOrEqual:
		return Bool(t.DecimalOf(a) <= t.DecimalOf(args[1])), nil
	case OpDecGreaterThan:
		return Bool(t.DecimalOf(a) > t.DecimalOf(args[1])), nil
	case OpDecGreaterThanOrEqual:
		return Bool(t.DecimalOf(a) >= t.DecimalOf(args[1])), nil
	case OpIsIpv4, OpIsIpv6, OpIsLoopback, OpIsMulticast, OpIsInRange:
		return t.applyIP(op, args), nil
	case OpParseDecimal, OpParseIP, OpParseDatetime, OpParseDuration:
		return t.Parse(op, t.Text(a))
	}
	return t.applyTime(op, args)
}

// Contains reports whether a set holds v.
func (t *Table) Contains(set, v Value) bool {
	members := t.Members(set)
	if len(members) <= 8 {
		return slices.Contains(members, v)
	}
	if w := t.Weight(v); w > light {
		t.Work += w
	}
	_, found := slices.BinarySearchFunc(members, v, t.Compare)
	return found
}

func (t *Table) containsAll(a, b Value) bool {
	for _, m := range t.Members(b) {
		if !t.Contains(a, m) {
			return false
		}
	}
	return true
}

func (t *Table) applyIP(op Op, args []Value) Value {
	p := t.IPOf(args[0])
	addr := p.Addr()
	switch op {
	case OpIsIpv4:
		return Bool(addr.Is4())
	case OpIsIpv6:
		return Bool(addr.Is6())
	case OpIsLoopback: // ::ffff:127.0.0.1 is none in Cedar
		return Bool(!addr.Is4In6() && p.Masked().Addr().IsLoopback())
	case OpIsMulticast: // the whole network must be, 224.0.0.0/4 or ff00::/8
		least := 8
		if addr.Is4() {
			least = 4
		}
		return Bool(!addr.Is4In6() && addr.IsMulticast() && p.Bits() >= least)
	}
	in := t.IPOf(args[1])
	return Bool(in.Contains(addr) && in.Bits() <= p.Bits())
}

func (t *Table) applyTime(op Op, args []Value) (Value, *Fault) {
	a := args[0]
	switch op {
	case OpOffset:
		x, y := t.DatetimeOf(a), t.DurationOf(args[1])
		if r := x + y; (r > x) == (y > 0) {
			return t.Datetime(r), nil
		}
		return t.raise(CodeOverflow, func(m *message) { m.show(a).text(".offset(").show(args[1]).text(") overflows") })
	case OpDurationSince:
		x, y := t.DatetimeOf(a), t.DatetimeOf(args[1])
		if r := x - y; (r < x) == (y > 0) {
			return t.Duration(r), nil
		}
		return t.raise(CodeOverflow, func(m *message) { m.show(a).text(".durationSince(").show(args[1]).text(") overflows") })
	case OpToDate:
		ms := t.DatetimeOf(a)
		if day := ms - timeOfDay(ms); day <= ms {
			return t.Datetime(day), nil
		}
		return t.raise(CodeOverflow, func(m *message) { m.show(a).text(".toDate() overflows") })
	case OpToTime:
		return t.Duration(timeOfDay(t.DatetimeOf(a))), nil
	}
	unit := int64(1)
	switch op {
	case OpToSeconds:
		unit = 1000
	case OpToMinutes:
		unit = 60 * 1000
	case OpToHours:
		unit = 60 * 60 * 1000
	case OpToDays:
		unit = millisPerDay
	}
	return t.Long(t.DurationOf(a) / unit), nil
}

// timeOfDay returns the milliseconds since midnight, before 1970 as well. There cedar-go counts back from the next midnight; Cedar doesn't.
func timeOfDay(ms int64) int64 {
	if ms %= millisPerDay; ms < 0 {
		ms += millisPerDay
	}
	return ms
}

// Like reports whether a string matches a pattern given as the literal parts between its stars.
func (t *Table) Like(s Value, parts []string) bool {
	text := t.Text(s)
	t.Work += len(text)
	if len(parts) == 1 {
		return string(text) == parts[0]
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || string(text[:len(first)]) != first || string(text[len(text)-len(last):]) != last {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		n := newNeedle(unsafe.Slice(unsafe.StringData(p), len(p)))
		i := n.index(text)
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return true
}

// toString gives a string as it is and everything else as Cedar writes it.
func (t *Table) toString(v Value) (Value, *Fault) {
	if v.Kind() == KindString {
		return v, nil
	}
	if n := t.Weight(v); n > t.stringLimit() {
		return t.tooLong(n)
	}
	t.text = t.Append(t.text[:0], v)
	t.Work += len(t.text)
	return t.StringBytes(t.text), nil
}

func codePoints(b []byte) int64 { return int64(utf8.RuneCount(b)) }
