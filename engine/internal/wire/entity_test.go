package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/entity"
)

// readEntities reads a document's entities and shows them, or the error.
func readEntities(r *Reader, text string) string {
	var out []string
	err := r.Entities([]byte(text), func(e entity.Entity, offset int) {
		s := fmt.Sprintf("%d: %s %s %s", offset, r.Table.Append(nil, e.UID), r.Table.Append(nil, e.Attrs), r.Table.Append(nil, e.Tags))
		for _, p := range e.Parents {
			s += " in " + string(r.Table.Append(nil, p))
		}
		out = append(out, s)
	})
	if err != nil {
		out = append(out, at(text, err))
	}
	return strings.Join(out, "\n")
}

func TestEntities(t *testing.T) {
	for text, want := range map[string]string{
		` [ ] `: ``,
		`[{"uid":{"type":"user","id":"a"},"attrs":{},"parents":[{"type":"group","id":"g"},{"type":"B","id":"b"}]},
 {"uid":{"__entity":{"type":"User","id":"b"}},"attrs":{"x":1},"tags":{"t":"u"},"parents":[]}]`: `1: user::"a" {} {} in group::"g" in B::"b"
107: User::"b" {"x": 1} {"t": "u"}`,
		`{}`:     `1:1 entities.type: expected an array of entities, found an object`,
		"":       `1:1 entities.syntax: expected an array of entities, but the text ends`,
		`null`:   `1:1 entities.null: expected an array of entities, found null`,
		`[{}] x`: `1:2 entities.missing_field: [0]: "uid" is missing`,
		`[] x`:   `1:4 entities.syntax: expected the end of the text, found 'x'`,
		`[{"uid": {"type": "User", "id": "a"}, "attrs": {}, "parents": []},]`:         "1: User::\"a\" {} {}\n1:67 entities.syntax: expected a value, found ']'",
		`[{"uid": {"type": "User", "id": "a"}, "attrs": {"x": 1.5}, "parents": []}]`:  `1:54 entities.number: [0].attrs.x: 1.5 is not a whole number of 64 bits (a decimal is written {"__extn":{"fn":"decimal","arg":"1.5"}})`,
		`[{"uid": {"type": "User", "id": "a"}, "attrs": {"x": null}, "parents": []}]`: `1:54 entities.null: [0].attrs.x: null is no value (leave out what isn't there)`,
		`[{"uid": {"type": "User", "id": "a"}, "atrs": {}, "parents": []}]`:           `1:39 entities.unknown_field: [0]: unknown field "atrs" (did you mean "attrs"?)`,
		`[{"uid": {"type": "1", "id": "a"}}]`:                                         `1:19 entities.entity: [0].uid: "1" can't be the type of an entity`,
		`[{"uid": {"type": "A", "id": "\ud800"}}]`:                                    `1:31 entities.string: [0].uid: half of a surrogate pair stands alone`,
		`[{"uid": {"type": "A", "id": "a", "id": "a"}}]`:                              `1:35 entities.duplicate_key: [0].uid: the key "id" stands twice`,
		`[{"attrs": {"a":{"__extn":{"fn":"f"}}}}]`:                                    `1:33 entities.escape: [0].attrs.a: no function "f" makes a value (there are ip, decimal, datetime, duration and offset)`,
		`[{"attrs": {"a":{"__extn":{"fn":"ip","arg":"f"}}}}]`:                         `1:44 value.parse: [0].attrs.a: "f" is not a valid ip`,
		strings.Repeat("[", 300):                                                      `1:201 entities.depth: brackets nest deeper than 200`,
	} {
		if got := readEntities(newReader(), text); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
		}
	}
}

// Where someone listens, all faulty entities are reported and the others read; what is no JSON ends it.
func TestEntities_report(t *testing.T) {
	for text, want := range map[string]string{
		`[{"uid":{"type":"User","id":"a"},"attrs":{"age":"x"},"parents":[]},
{"uid":{"type":"Usr","id":"b"},"attrs":{"s":"]}\""},"parents":[{"type":"Group","id":"g"}]},
{"uid":{"type":"Group","id":"c"},"attrs":{},"parents":[]},
{"uid":{"type":"Group","id":"d"},"attrs":{"x":[1,{"y":null}]},"parents":[]}, 5, {"tags":{}}]`: `1:49 schema.type: [0].attrs.age: expected a long, found "x"
2:8 schema.unknown_type: [1].uid: the schema has no entity type Usr
160: Group::"c" {} {}
4:43 schema.unexpected_attribute: [3].attrs: the schema has no attribute "x" here
4:78 entities.type: [4]: expected an entity, found a number
4:81 entities.missing_field: [5]: "uid" is missing`,
		`[{"uid":5},{"uid":{"type":"Group","id":"c"},"attrs":{},"parents":[]}, x]`: `1:9 entities.type: [0].uid: expected {"type":…,"id":…}, found a number
11: Group::"c" {} {}
1:71 entities.syntax: expected an entity, found 'x'`,
		`[{"uid":5`: `1:9 entities.type: [0].uid: expected {"type":…,"id":…}, found a number`,
	} {
		r := guided(t, true)
		var got []string
		r.Report = func(err *Error) { got = append(got, at(text, err)) }
		err := r.Entities([]byte(text), func(e entity.Entity, offset int) {
			got = append(got, fmt.Sprintf("%d: %s %s %s", offset, r.Table.Append(nil, e.UID), r.Table.Append(nil, e.Attrs), r.Table.Append(nil, e.Tags)))
		})
		if err != nil {
			got = append(got, at(text, err))
		}
		if s := strings.Join(got, "\n"); s != want {
			t.Errorf("%s: got\n%s\nwant\n%s", text, s, want)
		}
	}
}

// Reading in the steady state allocates nothing, with a schema and without.
func TestReader_allocates(t *testing.T) {
	full := `{"context":{"from":"10.0.0.1","limits":["1.5","2.5"],"by":{"who":{"type":"User","id":"b\u0062"}}},"principal":"user:alice","action":"view","resource":{"type":"Doc","id":"plan"},` +
		`"entities":[{"uid":{"type":"User","id":"alice"},"attrs":{"age":3,"friends":[{"type":"User","id":"x"}]},"parents":[{"type":"Group","id":"g"}],"tags":{"a":"1h"}}]}`
	for name, c := range map[string]struct {
		r    *Reader
		text string
	}{
		"plain": {newReader(), plain}, "full": {newReader(), full}, "guided": {guided(t, false), full}, "validated": {guided(t, true), full},
	} {
		text := []byte(c.text)
		var q Request
		mark := c.r.Table.Mark()
		n := testing.AllocsPerRun(100, func() {
			if err := c.r.Request(text, &q); err != nil {
				t.Fatalf("%s: %s", name, at(c.text, err))
			}
			c.r.Table.Reset(mark)
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	r := newReader()
	batch := []byte(`{"requests":[` + plain + `,` + plain + `]}`)
	if n := testing.AllocsPerRun(100, func() {
		if items, err := r.Batch(batch); err != nil || len(items) != 2 {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("batch: %v allocations", n)
	}
	var q Query
	query := []byte(`{"goal":"p(X)",` + plain[1:])
	mark := r.Table.Mark()
	if n := testing.AllocsPerRun(100, func() {
		if err := r.Query(query, &q); err != nil {
			t.Fatal(err)
		}
		r.Table.Reset(mark)
	}); n != 0 {
		t.Errorf("query: %v allocations", n)
	}
}
