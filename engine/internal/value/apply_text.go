package value

import (
	"bytes"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// applyText carries out the operations of ours.
func (t *Table) applyText(op Op, args []Value) (Value, *Fault) {
	switch op {
	case OpSize:
		return t.Long(int64(len(t.Members(args[0])))), nil
	case OpUnion, OpIntersection, OpDifference:
		return t.combine(op, args[0], args[1]), nil
	}
	a := t.Text(args[0])
	t.Work += len(a)
	switch {
	case op >= OpClean && op <= OpExt:
		return t.applyPath(op, args)
	case op >= OpURLScheme && op <= OpURLPath:
		return t.applyURL(op, a)
	case op == OpIsSubdomainOf:
		return t.isSubdomainOf(a, t.Text(args[1]))
	}
	return t.applyString(op, a, args)
}

func (t *Table) applyString(op Op, a []byte, args []Value) (Value, *Fault) {
	switch op {
	case OpStartsWith:
		return Bool(bytes.HasPrefix(a, t.Text(args[1]))), nil
	case OpEndsWith:
		return Bool(bytes.HasSuffix(a, t.Text(args[1]))), nil
	case OpHasSubstring:
		n := newNeedle(t.Text(args[1]))
		t.Work += len(n.text)
		return Bool(n.index(a) >= 0), nil
	case OpMatches:
		return t.matches(a, t.Text(args[1]))
	case OpLower:
		return t.mapped(a, unicode.ToLower), nil
	case OpUpper:
		return t.mapped(a, unicode.ToUpper), nil
	case OpLength:
		return t.Long(codePoints(a)), nil
	case OpReplace:
		return t.replace(a, t.Text(args[1]), t.Text(args[2]))
	case OpTrim:
		return t.StringBytes(bytes.TrimSpace(a)), nil
	case OpConcat:
		return t.concat(a, t.Text(args[1]))
	case OpSubstring:
		return t.substring(args[0], t.LongOf(args[1]), t.LongOf(args[2]))
	}
	n, err := strconv.ParseInt(string(a), 10, 64)
	if err != nil || a[0] == '+' {
		return t.raise(CodeParse, func(m *message) { m.quote(a).text(" is not a long") })
	}
	return t.Long(n), nil
}

// memberWork is the Work for a member of a set that an operation looks for: as much as for so many bytes of text.
const memberWork = 16

func (t *Table) combine(op Op, a, b Value) Value {
	out := t.members[:0]
	for _, m := range t.Members(a) {
		if op == OpUnion || t.Contains(b, m) == (op == OpIntersection) {
			out = append(out, m)
		}
	}
	if op == OpUnion {
		out = append(out, t.Members(b)...)
	}
	t.members = out
	t.Work += memberWork * (len(t.Members(a)) + len(t.Members(b)))
	return t.Set(out)
}

// MaxString is the length in bytes beyond which string operations refuse to build a result, however the limits are set.
const MaxString = 16 << 20

func (t *Table) concat(a, b []byte) (Value, *Fault) {
	if len(a)+len(b) > t.stringLimit() {
		return t.tooLong(len(a) + len(b))
	}
	t.Work += len(b)
	t.text = append(append(t.text[:0], a...), b...)
	return t.StringBytes(t.text), nil
}

// mapped maps each character of a text; what is no character becomes U+FFFD.
func (t *Table) mapped(a []byte, to func(rune) rune) Value {
	t.text = t.text[:0]
	for len(a) > 0 {
		r, size := utf8.DecodeRune(a)
		t.text = utf8.AppendRune(t.text, to(r))
		a = a[size:]
	}
	return t.StringBytes(t.text)
}

func (t *Table) replace(a, old, with []byte) (Value, *Fault) {
	if len(old) == 0 {
		return t.raise(CodeRange, func(m *message) { m.text("replace needs text to look for") })
	}
	n := newNeedle(old)
	times := n.count(a)
	size := len(a) + times*(len(with)-len(old))
	t.Work += len(a) + len(old) + size
	if size > t.stringLimit() {
		return t.tooLong(size)
	}
	out := t.text[:0]
	for i := n.index(a); i >= 0; i = n.index(a) {
		out = append(append(out, a[:i]...), with...)
		a = a[i+len(old):]
	}
	t.text = append(out, a...)
	return t.StringBytes(t.text), nil
}

// stringLimit is the longest string that an operation may make.
func (t *Table) stringLimit() int {
	if t.MaxString > 0 {
		return t.MaxString
	}
	return MaxString
}

// CodeStringLimit is raised where an operation would make a string longer than [Table.MaxString].
const CodeStringLimit = "limit.string_bytes"

func (t *Table) tooLong(n int) (Value, *Fault) {
	t.Overlong = true
	return t.raise(CodeStringLimit, func(m *message) {
		m.text("a string of ").number(int64(n)).text(" bytes is longer than the limit of ").number(int64(t.stringLimit()))
	})
}

func (t *Table) substring(s Value, from, to int64) (Value, *Fault) {
	a := t.Text(s)
	if from < 0 || to < from || to > codePoints(a) {
		return t.raise(CodeRange, func(m *message) {
			m.text("substring(").number(from).text(", ").number(to).text(") lies outside ").show(s)
		})
	}
	start := skip(a, from)
	return t.StringBytes(a[start : start+skip(a[start:], to-from)]), nil
}

// skip returns the offset after n code points.
func skip(b []byte, n int64) int {
	off := 0
	for ; n > 0; n-- {
		_, size := utf8.DecodeRune(b[off:])
		off += size
	}
	return off
}
