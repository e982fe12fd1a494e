package document

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rune-authz/rune/engine/internal/source"
)

// testKeys are the keys of a test; some are of decisions or queries alone.
var testKeys = []string{"principal", "action", "resource", "context", "entities", "expect", "reasons", "errors", "query", "rows",
	"overlay", "restrict"}

var (
	decisionKeys = []string{"expect", "reasons", "errors"}
	requestKeys  = []string{"principal", "action", "resource"}
)

// tests reads [tests]: each key is a test's name, under which its table stands.
func (r *tomlReader) tests(table nodeID) (out []Test) {
	for c := range r.children(table) {
		if r.isTable(c) {
			out = append(out, r.test(c))
		}
	}
	return out
}

// testReader reads one test.
type testReader struct {
	*tomlReader
	Test
	at map[string]nodeID
}

func (r *tomlReader) test(table nodeID) Test {
	t := &testReader{tomlReader: r, at: map[string]nodeID{}}
	t.Name, t.Span = r.keyText(table), r.keySpan(table)
	for c := range r.children(table) {
		key := r.keyText(c)
		if !slices.Contains(testKeys, key) {
			r.unknownKey(c, "a test", testKeys)
			t.at["?"] = c
			continue
		}
		t.at[key] = c
		t.field(key, c)
	}
	_, t.IsQuery = t.at["query"]
	t.complete()
	return t.Test
}

// field reads the value of a key.
func (t *testReader) field(key string, n nodeID) {
	switch key {
	case "principal":
		t.Principal = t.entity(n)
	case "action":
		t.Action = t.entity(n)
	case "resource":
		t.Resource = t.entity(n)
	case "context":
		t.Context = t.json(n, '{', "a table")
	case "entities":
		t.Entities = t.json(n, '[', "an array")
	case "rows":
		t.Rows = t.json(n, '[', "an array of rows")
		t.checkRows(n)
	case "expect":
		t.Expect, _ = t.choice(n, "permit", "deny")
	case "reasons":
		t.Reasons, _, t.HasReasons = t.stringsOf(n)
	case "errors":
		t.Errors, _, t.HasErrors = t.stringsOf(n)
	case "query":
		t.Query, _ = t.stringOf(n)
		t.QuerySpan = t.span(n)
	case "overlay":
		if s, ok := t.stringOf(n); ok {
			t.Overlay, t.OverlaySpan = &s, t.span(n)
		}
	case "restrict":
		t.Restrict = t.boolOf(n)
	}
}

// entity reads a principal, action or resource: entity text, or a table of type and id.
func (t *testReader) entity(n nodeID) []byte {
	if t.isText(n) {
		return t.appendJSON(nil, n)
	}
	if t.nodes[n].kind != nodeTable {
		t.wrongKind(n, "a string, or a table of type and id")
		return nil
	}
	known := []string{"type", "id"}
	seen := 0
	for c := range t.children(n) {
		if !slices.Contains(known, t.keyText(c)) {
			t.unknownKey(c, t.keyText(n), known)
			return nil
		}
		t.stringOf(c)
		seen++
	}
	if seen < len(known) {
		t.diags.Errorf(t.span(n), codeTest, "%s has a type and an id", t.keyText(n)).Help = `write { type = "User", id = "alice" }`
	}
	return t.appendJSON(nil, n)
}

// json reads a value that may also be a string of JSON.
func (t *testReader) json(n nodeID, open byte, what string) []byte {
	text := t.appendJSON(nil, n)
	if t.isText(n) {
		text = bytes.Clone(t.table.Text(t.nodes[n].value))
		if !jsontext.Value(text).IsValid() {
			t.diags.Errorf(t.span(n), codeTest, "the string in %s is no JSON", t.keyText(n))
			return nil
		}
	}
	if text = bytes.TrimLeft(text, " \t\r\n"); text[0] != open {
		t.wrongKind(n, what+", or a string of JSON that is one")
		return nil
	}
	return text
}

// checkRows reports rows that are none.
func (t *testReader) checkRows(n nodeID) {
	if t.nodes[n].kind != nodeArray {
		return
	}
	for c := range t.children(n) {
		if t.nodes[c].kind != nodeArray {
			t.wrongKind(c, "a row, which is an array")
		}
	}
}

// complete checks that a test says all that it must and nothing that it can't.
func (t *testReader) complete() {
	if t.IsQuery {
		t.require("rows")
		for _, key := range decisionKeys {
			t.refuse(key, "a query test has rows; "+key+" is of decisions")
		}
		t.HasRequest = t.given(requestKeys...) || t.given("context", "entities")
	} else {
		t.require("expect")
		t.refuse("rows", "rows are of a query, and the test has none")
		t.HasRequest = true
	}
	if t.HasRequest {
		t.require(requestKeys...)
	}
	if !t.given("overlay") {
		t.refuse("restrict", "restrict is of an overlay, and the test has none")
	}
}

func (t *testReader) given(keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return t.at[k] != 0 })
}

// require reports keys that are missing, unless an unknown one may be a misspelt one.
func (t *testReader) require(keys ...string) {
	var missing []string
	for _, k := range keys {
		if !t.given(k) {
			missing = append(missing, k)
		}
	}
	if len(missing) == 0 {
		return
	}
	if near := source.Nearest(t.unknown(), missing); near != "" {
		return
	}
	d := t.diags.Errorf(t.Span, codeTest, "the test has no %s", list(missing))
	if !t.IsQuery {
		d.Help = "a test has principal, action, resource and expect, or query and rows"
	}
}

// unknown is the last key that was unknown, or "".
func (t *testReader) unknown() string {
	if n := t.at["?"]; n != 0 {
		return t.keyText(n)
	}
	return ""
}

func (t *testReader) refuse(key, why string) {
	if n := t.at[key]; n != 0 {
		t.diags.Errorf(t.keySpan(n), codeTest, "%s", why)
	}
}
