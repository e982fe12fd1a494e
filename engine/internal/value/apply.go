package value

import (
	"bytes"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/cedar-policy/cedar-go/types"
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
		return t.toString(args[0]), nil
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
			return fault(CodeDivision, strconv.FormatInt(a, 10)+" "+op.String()+" 0 divides by zero")
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
		return fault(CodeOverflow, t.overflow(op, args))
	}
	return t.Long(r), nil
}

func (t *Table) overflow(op Op, args []Value) string {
	if op == OpNeg {
		return "-(" + t.show(args[0]) + ") overflows"
	}
	return t.show(args[0]) + " " + op.String() + " " + t.show(args[1]) + " overflows"
}

// order compares two values of one ordered kind.
func (t *Table) order(op Op, a, b Value) (Value, *Fault) {
	if a.Kind() != b.Kind() {
		return fault(CodeKind, op.String()+" has no meaning between "+t.show(a)+" and "+t.show(b))
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
		return Bool(t.containsAll(a, args[1])), nil
	case OpContainsAny:
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
	ip := types.IPAddr(t.IPOf(args[0]))
	switch op {
	case OpIsIpv4:
		return Bool(ip.IsIPv4())
	case OpIsIpv6:
		return Bool(ip.IsIPv6())
	case OpIsLoopback:
		return Bool(ip.IsLoopback())
	case OpIsMulticast:
		return Bool(ip.IsMulticast())
	}
	return Bool(types.IPAddr(t.IPOf(args[1])).Contains(ip))
}

func (t *Table) applyTime(op Op, args []Value) (Value, *Fault) {
	a := args[0]
	switch op {
	case OpOffset:
		x, y := t.DatetimeOf(a), t.DurationOf(args[1])
		if r := x + y; (r > x) == (y > 0) {
			return t.Datetime(r), nil
		}
		return fault(CodeOverflow, t.show(a)+".offset("+t.show(args[1])+") overflows")
	case OpDurationSince:
		x, y := t.DatetimeOf(a), t.DatetimeOf(args[1])
		if r := x - y; (r < x) == (y > 0) {
			return t.Duration(r), nil
		}
		return fault(CodeOverflow, t.show(a)+".durationSince("+t.show(args[1])+") overflows")
	case OpToDate:
		ms := t.DatetimeOf(a)
		return t.Datetime(ms - ms%millisPerDay), nil
	case OpToTime:
		return t.Duration(t.DatetimeOf(a) % millisPerDay), nil
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

// Parse reads the text of an extension value; op is OpParseDecimal, OpParseIP, OpParseDatetime or OpParseDuration.
func (t *Table) Parse(op Op, text []byte) (Value, *Fault) {
	t.Work += len(text)
	s := string(text)
	switch op {
	case OpParseDecimal:
		if d, err := types.ParseDecimal(s); err == nil {
			return t.Decimal(tenThousandths(s, d)), nil
		}
	case OpParseIP:
		if p, err := types.ParseIPAddr(s); err == nil {
			return t.IP(p.Prefix()), nil
		}
	case OpParseDatetime:
		if d, err := types.ParseDatetime(s); err == nil {
			return t.Datetime(d.Milliseconds()), nil
		}
	case OpParseDuration:
		if d, err := types.ParseDuration(s); err == nil {
			return t.Duration(d.ToMilliseconds()), nil
		}
	}
	return fault(CodeParse, quote(cut(text))+" is not a valid "+op.String())
}

func cut(b []byte) []byte { return b[:min(len(b), 60)] }

// tenThousandths reads the digits of a text that Cedar took for a decimal: types.Decimal shows its content as text alone.
func tenThousandths(s string, d types.Decimal) int64 {
	var n uint64
	digits := -1
	text := d.String()
	for i := range len(text) {
		switch c := text[i]; {
		case c == '.':
			digits = 0
		case c >= '0' && c <= '9':
			n = n*10 + uint64(c-'0')
			if digits >= 0 {
				digits++
			}
		}
	}
	for ; digits < 4; digits++ {
		n *= 10
	}
	if text[0] == '-' {
		return -int64(n)
	}
	return int64(n)
}

// PrefixOf returns the network of a single address.
func PrefixOf(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

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
		i := bytes.Index(text, []byte(p))
		if i < 0 {
			return false
		}
		text = text[i+len(p):]
	}
	return true
}

// toString gives a string as it is and everything else as Cedar writes it.
func (t *Table) toString(v Value) Value {
	if v.Kind() == KindString {
		return v
	}
	text := t.Append(nil, v)
	t.Work += len(text)
	return t.StringBytes(text)
}

func codePoints(b []byte) int64 { return int64(utf8.RuneCount(b)) }
