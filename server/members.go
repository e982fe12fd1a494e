package server

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// member is one of a JSON object's.
type member struct {
	name             string
	value            jsontext.Value
	start, from, end int // of the name, of the value, of its end
}

// takeMembers takes the members of these names out of a JSON object: their values are returned, and the object with blanks in their place, so that
// what an error says of places stays true. Text that is no such object comes back as it is, for the engine to refuse.
func takeMembers(object []byte, names ...string) (map[string]jsontext.Value, []byte) {
	if !mentions(object, names) {
		return nil, object
	}
	all, ok := readMembers(object)
	if !ok {
		return nil, object
	}
	taken, rest := map[string]jsontext.Value{}, bytes.Clone(object)
	kept := false // one before
	for i, m := range all {
		if !contains(names, m.name) {
			kept = true
			continue
		}
		taken[m.name] = m.value
		from, to := m.start, m.end
		switch {
		case kept:
			from = all[i-1].end // with the comma before
		case i+1 < len(all):
			to = all[i+1].start // with the comma behind
		}
		blank(rest[from:to])
	}
	return taken, rest
}

// mentions reports whether one of the names may stand in text: an escape may hide it.
func mentions(text []byte, names []string) bool {
	if bytes.IndexByte(text, '\\') >= 0 {
		return true
	}
	for _, n := range names {
		if bytes.Contains(text, []byte(n)) {
			return true
		}
	}
	return false
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// blank overwrites text with blanks, but for the ends of lines.
func blank(text []byte) {
	for i, c := range text {
		if c != '\n' {
			text[i] = ' '
		}
	}
}

func readMembers(object []byte) ([]member, bool) {
	d := jsontext.NewDecoder(bytes.NewReader(object))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, false
	}
	var all []member
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return nil, false
		}
		end := int(d.InputOffset())
		m := member{name: strings.Clone(t.String())}
		m.start = nameStart(object, end)
		v, err := d.ReadValue()
		if err != nil {
			return nil, false
		}
		m.end = int(d.InputOffset())
		m.from = m.end - len(v)
		m.value = object[m.from:m.end]
		all = append(all, m)
	}
	if t, err := d.ReadToken(); err != nil || t.Kind() != '}' {
		return nil, false
	}
	return all, len(bytes.TrimSpace(object[d.InputOffset():])) == 0
}

// nameStart finds where the string begins that ends before end.
func nameStart(text []byte, end int) int {
	for i := end - 2; i >= 0; i-- {
		slashes := 0
		for i-slashes > 0 && text[i-slashes-1] == '\\' {
			slashes++
		}
		if text[i] == '"' && slashes%2 == 0 {
			return i
		}
	}
	return 0
}
