package token

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxContextDepth is how deep claims nest that policies can see. Deeper ones are left out.
const maxContextDepth = 16

// contextOf gives claims in the form that the engine takes context in. It has no null and no numbers but whole ones of 64 bits and
// decimals of four digits, so others are left out; and so are members with a name such as "__entity", from which the engine would make
// something that no issuer has said.
func contextOf(members []member) []byte {
	var w contextWriter
	w.object(members, 0)
	return w.out
}

type contextWriter struct{ out []byte }

// object writes those members that can be written.
func (w *contextWriter) object(members []member, depth int) {
	w.out = append(w.out, '{')
	first := true
	for _, m := range members {
		if strings.HasPrefix(m.name, "__") {
			continue
		}
		start := len(w.out)
		if !first {
			w.out = append(w.out, ',')
		}
		w.out, _ = jsontext.AppendQuote(w.out, m.name) // valid UTF-8, because it was read
		w.out = append(w.out, ':')
		if !w.value(m.value, depth+1) {
			w.out = w.out[:start]
			continue
		}
		first = false
	}
	w.out = append(w.out, '}')
}

// value writes a value and reports true, or reports false and leaves anything behind.
func (w *contextWriter) value(v jsontext.Value, depth int) bool {
	switch v.Kind() {
	case jsontext.KindTrue, jsontext.KindFalse, jsontext.KindString:
		w.out = append(w.out, v...)
		return true
	case jsontext.KindNumber:
		return w.number(string(v))
	case jsontext.KindBeginObject:
		members, ok := readMembers(v)
		if !ok || depth >= maxContextDepth {
			return false
		}
		w.object(members, depth)
		return true
	case jsontext.KindBeginArray:
		return depth < maxContextDepth && w.list(v, depth)
	}
	return false // null
}

// list writes those items that can be written.
func (w *contextWriter) list(v jsontext.Value, depth int) bool {
	d := jsontext.NewDecoder(bytes.NewReader(v))
	if _, err := d.ReadToken(); err != nil {
		return false
	}
	w.out = append(w.out, '[')
	first := true
	for d.PeekKind() != jsontext.KindEndArray {
		item, err := d.ReadValue()
		if err != nil {
			return false
		}
		start := len(w.out)
		if !first {
			w.out = append(w.out, ',')
		}
		if !w.value(item.Clone(), depth+1) {
			w.out = w.out[:start]
			continue
		}
		first = false
	}
	w.out = append(w.out, ']')
	return true
}

// number writes a whole number that fits, or a fraction as a decimal, if it has no more than four digits and fits.
func (w *contextWriter) number(text string) bool {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		w.out = strconv.AppendInt(w.out, n, 10)
		return true
	}
	whole, fraction, ok := strings.Cut(text, ".")
	if !ok || len(fraction) > 4 || strings.ContainsAny(fraction, "eE") {
		return false
	}
	digits := whole + fraction + strings.Repeat("0", 4-len(fraction))
	if _, err := strconv.ParseInt(digits, 10, 64); err != nil {
		return false
	}
	w.out = append(w.out, `{"__extn":{"fn":"decimal","arg":"`+text+`"}}`...)
	return true
}
