package value

import (
	"math"
	"strconv"
)

// Append appends v as Cedar writes it. Sets go in value order, records by key.
func (t *Table) Append(dst []byte, v Value) []byte { return t.appendUpTo(dst, v, math.MaxInt) }

// appendUpTo appends v, or at least so much of it that dst has more than most bytes.
func (t *Table) appendUpTo(dst []byte, v Value, most int) []byte {
	if !v.IsValue() {
		return append(dst, '?')
	}
	switch v.Kind() {
	case KindBool:
		return strconv.AppendBool(dst, v == True)
	case KindLong:
		return strconv.AppendInt(dst, t.LongOf(v), 10)
	case KindString:
		return appendQuotedUpTo(dst, t.Text(v), most)
	case KindEntity:
		dst = append(dst, t.Text(t.EntityType(v))...)
		dst = append(dst, "::"...)
		return appendQuotedUpTo(dst, t.Text(t.EntityID(v)), most)
	case KindSet:
		return t.appendSet(dst, v, most)
	case KindRecord:
		return t.appendRecord(dst, v, most)
	}
	dst = append(dst, v.Kind().String()...)
	dst = append(dst, `("`...)
	dst = t.AppendExtension(dst, v)
	return append(dst, `")`...)
}

func (t *Table) appendSet(dst []byte, v Value, most int) []byte {
	dst = append(dst, '[')
	for i, m := range t.Members(v) {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if len(dst) > most {
			break
		}
		dst = t.appendUpTo(dst, m, most)
	}
	return append(dst, ']')
}

func (t *Table) appendRecord(dst []byte, v Value, most int) []byte {
	dst = append(dst, '{')
	f := t.Fields(v)
	for i := 0; i < len(f); i += 2 {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendQuotedUpTo(dst, t.Text(f[i]), most)
		dst = append(dst, ": "...)
		if len(dst) > most {
			break
		}
		dst = t.appendUpTo(dst, f[i+1], most)
	}
	return append(dst, '}')
}
