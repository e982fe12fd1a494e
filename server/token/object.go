package token

import (
	"bytes"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// member is one of an object, with the bytes of its value.
type member struct {
	name  string
	value jsontext.Value
}

// readMembers reads a JSON object: one value, UTF-8, names unique at all depths.
func readMembers(text []byte) ([]member, bool) {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	if t, err := d.ReadToken(); err != nil || t.Kind() != jsontext.KindBeginObject {
		return nil, false
	}
	var members []member
	for d.PeekKind() != jsontext.KindEndObject {
		name, err := d.ReadToken()
		if err != nil {
			return nil, false
		}
		m := member{name: name.String()}
		value, err := d.ReadValue()
		if err != nil {
			return nil, false
		}
		m.value = value.Clone()
		members = append(members, m)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, false
	}
	_, err := d.ReadToken()
	return members, err == io.EOF
}

// text is the value of a member that is a text.
func (m member) text() (string, bool) {
	if m.value.Kind() != jsontext.KindString {
		return "", false
	}
	text, err := jsontext.AppendUnquote(nil, m.value)
	return string(text), err == nil
}

// texts is the value of a member that is a list of texts.
func (m member) texts() ([]string, bool) {
	d := jsontext.NewDecoder(bytes.NewReader(m.value))
	if t, err := d.ReadToken(); err != nil || t.Kind() != jsontext.KindBeginArray {
		return nil, false
	}
	var list []string
	for d.PeekKind() == jsontext.KindString {
		t, err := d.ReadToken()
		if err != nil {
			return nil, false
		}
		list = append(list, t.String())
	}
	return list, d.PeekKind() == jsontext.KindEndArray
}

// latest is the last second of the year 9999, far beyond which no time of a token means anything.
const latest = 253402300799

// seconds is the value of a member that is a time, in seconds since 1970.
func (m member) seconds() (float64, bool) {
	if m.value.Kind() != jsontext.KindNumber {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(m.value), 64)
	return f, err == nil && !math.IsNaN(f) && f >= 0 && f <= latest
}
