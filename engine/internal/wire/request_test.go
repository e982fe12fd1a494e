package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// show writes what a request was read as.
func show(t *value.Table, q *Request) string {
	write := func(v value.Value) string { return string(t.Append(nil, v)) }
	s := fmt.Sprintf("%s %s %s %s", write(q.Principal), write(q.Action), write(q.Resource), write(q.Context))
	for i, e := range q.Entities {
		s += fmt.Sprintf("; %d: %s %s %s", q.EntityOffsets[i], write(e.UID), write(e.Attrs), write(e.Tags))
		for _, p := range e.Parents {
			s += " in " + write(p)
		}
	}
	return s
}

func TestRequest_reads(t *testing.T) {
	for text, want := range map[string]string{
		`{"principal":"alice","action":"read","resource":"plan"}`: `User::"alice" Action::"read" Resource::"plan" {}`,
		"\t{ \"resource\" : {\"id\":\"user:x\",\"type\":\"file_share\"} ,\r\n\"princip\\u0061l\":\"api_key:7\",\"action\":\"App::Action::\\\"a b\\\"\" } \n":                                                                                                                              `ApiKey::"7" App::Action::"a b" FileShare::"user:x" {}`,
		`{"principal":{"__entity":{"type":"A::B","id":""}},"action":{"type":"Action","id":"x"},"resource":"r","context":{}}`:                                                                                                                                                              `A::B::"" Action::"x" Resource::"r" {}`,
		`{"principal":"a","action":"b","resource":"c","context":{"type":"User","id":"x"}}`:                                                                                                                                                                                                `User::"a" Action::"b" Resource::"c" {"id": "x", "type": "User"}`,
		`{"context":{"e":{"__entity":{"id":"x","type":"User"}},"x":[{"__extn":{"arg":"1.50","fn":"decimal"}},{"__extn":{"fn":"ip","args":["::1"]}}]},"principal":"a","action":"b","resource":"c"}`:                                                                                        `User::"a" Action::"b" Resource::"c" {"e": User::"x", "x": [decimal("1.5"), ip("::1")]}`,
		`{"principal":"a","action":"b","resource":"c","context":{"t":{"__extn":{"fn":"offset","args":[{"__extn":{"fn":"datetime","arg":"2026-01-01"}},"1h"]}},"u":{"__extn":{"args":["2026-01-01","-1d"],"fn":"offset"}}}}`:                                                               `User::"a" Action::"b" Resource::"c" {"t": datetime("2026-01-01T01:00:00.000Z"), "u": datetime("2025-12-31T00:00:00.000Z")}`,
		`{"principal":"a","action":"b","resource":"c","entities":[ {"parents":[{"type":"Group","id":"h"},{"__entity":{"type":"Group","id":"g"}}],"attrs":{"x":1},"tags":{"t":[]},"uid":{"type":"User","id":"a"}},{"uid":{"__entity":{"type":"User","id":"b"}},"attrs":{},"parents":[]}]}`: `User::"a" Action::"b" Resource::"c" {}; 58: User::"a" {"x": 1} {"t": []} in Group::"h" in Group::"g"; 200: User::"b" {} {}`,
	} {
		r := newReader()
		var q Request
		if err := r.Request([]byte(text), &q); err != nil {
			t.Errorf("%s: %s", text, at(text, err))
		} else if got := show(r.Table, &q); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestRequest_errors(t *testing.T) {
	head := `{"principal":"a","action":"b","resource":"c",`
	for text, want := range map[string]string{
		"[]":                                `1:1 request.type: expected an object, found an array`,
		"null":                              `1:1 request.null: expected an object, found null`,
		"true":                              `1:1 request.type: expected an object, found a boolean`,
		"{}":                                `1:1 request.missing_field: "principal" is missing`,
		` {"principal":"a","resource":"c"}`: `1:2 request.missing_field: "action" is missing`,
		`{"principal":"a","action":"c"}`:    `1:1 request.missing_field: "resource" is missing`,
		head + `"contxt":{}}`:               `1:46 request.unknown_field: unknown field "contxt" (did you mean "context"?)`,
		head + `"goal":"p(X)"}`:             `1:46 request.unknown_field: unknown field "goal"`,
		head + `"` + strings.Repeat("x", 70) + `":1}`:                                `1:46 request.unknown_field: unknown field "` + strings.Repeat("x", 60) + `…"`,
		head + `"\u0061ction":"b"}`:                                                  `1:46 request.duplicate_key: the key "action" stands twice`,
		head + `}`:                                                                   `1:46 request.syntax: expected a key in double quotes, found '}'`,
		`{"principal":["a"]}`:                                                        `1:14 request.type: principal: expected text or {"type":…,"id":…}, found an array`,
		`{"principal":""}`:                                                           `1:14 entity.empty: principal: the text of an entity is empty`,
		`{"action":""}`:                                                              `1:11 entity.empty: action: the text of an entity is empty`,
		`{"resource":"A::b"}`:                                                        `1:13 entity.malformed: resource: "A::b" starts like Type::"id" and isn't wholly that`,
		`{"resource":"A`:                                                             `1:13 request.syntax: a string is not closed`,
		`{"principal":{}}`:                                                           `1:14 request.missing_field: principal: "type" and "id" are missing`,
		`{"principal":{"id":"x"}}`:                                                   `1:14 request.missing_field: principal: "type" is missing`,
		`{"principal":{"type":"X"}}`:                                                 `1:14 request.missing_field: principal: "id" is missing`,
		`{"principal":{"type":7,"id":"x"}}`:                                          `1:22 request.type: principal: expected a string, found a number`,
		`{"principal":{"type":"X","id":{}}}`:                                         `1:31 request.type: principal: expected a string, found an object`,
		`{"principal":{"type":"X Y","id":"x"}}`:                                      `1:22 request.entity: principal: "X Y" can't be the type of an entity`,
		`{"principal":{"type":"X::","id":"x"}}`:                                      `1:22 request.entity: principal: "X::" can't be the type of an entity`,
		`{"principal":{"type":"","id":"x"}}`:                                         `1:22 request.entity: principal: "" can't be the type of an entity`,
		`{"principal":{"type":"X","type":"X"}}`:                                      `1:26 request.duplicate_key: principal: the key "type" stands twice`,
		`{"principal":{"type":"X","id":"x","name":1}}`:                               `1:35 request.unknown_field: principal: unknown field "name"`,
		`{"principal":{"__entity":5}}`:                                               `1:26 request.type: principal: expected {"type":…,"id":…}, found a number`,
		`{"principal":{"__entity":{}}}`:                                              `1:26 request.missing_field: principal: "type" and "id" are missing`,
		`{"principal":{"__entity":{"type":"X","id":"x"},"a":1}}`:                     `1:48 request.escape: principal: __entity must be alone in its object`,
		`{"principal":{"__entity":{"type":"X","id":"x"}`:                             `1:47 request.syntax: expected ',' or '}', but the text ends`,
		`{"principal":{"__entity":{"type`:                                            `1:27 request.syntax: a string is not closed`,
		`{"principal":{"type":"X`:                                                    `1:22 request.syntax: a string is not closed`,
		`{"principal":{"type":"X" "id"}`:                                             `1:26 request.syntax: expected ',' or '}', found '"'`,
		`{"principal":{,`:                                                            `1:15 request.syntax: expected a key in double quotes, found ','`,
		head + `"context":7}`:                                                        `1:56 request.type: context: expected an object, found a number`,
		head + `"context":{,}}`:                                                      `1:57 request.syntax: expected a key in double quotes, found ','`,
		head + `"context":{"__entity":{"type":"X","id":"x"}}}`:                       `1:57 request.escape: context: __entity can't be a key of a record`,
		head + `"context":{"a":{"x":1,"__extn":{}}}}`:                                `1:68 request.escape: context.a: __extn can't be a key of a record`,
		head + `"context":{"a":{"__extn":"ip"}}}`:                                    `1:71 request.type: context.a: expected {"fn":…,"arg":…}, found a string`,
		head + `"context":{"a":{"__extn":{}}}}`:                                      `1:71 request.missing_field: context.a: "fn" and "arg" are missing`,
		head + `"context":{"a":{"__extn":{"fn":"ip"}}}}`:                             `1:71 request.missing_field: context.a: "arg" is missing`,
		head + `"context":{"a":{"__extn":{"arg":"ip"}}}}`:                            `1:71 request.missing_field: context.a: "fn" is missing`,
		head + `"context":{"a":{"__extn":{"fn":1}}}}`:                                `1:77 request.type: context.a: expected the name of a function, found a number`,
		head + `"context":{"a":{"__extn":{"fn":"\x"}}}}`:                             `1:78 request.syntax: unknown escape in a string`,
		head + `"context":{"a":{"__extn":{"fn":"exec"}}}}`:                           `1:77 request.escape: context.a: no function "exec" makes a value (there are ip, decimal, datetime, duration and offset)`,
		head + `"context":{"a":{"__extn":{"fn":"ip","fn":"ip"}}}}`:                   `1:82 request.duplicate_key: context.a: the key "fn" stands twice`,
		head + `"context":{"a":{"__extn":{"arg":"1","args":[]}}}}`:                   `1:82 request.escape: context.a: "arg" and "args" stand once, and one of them`,
		head + `"context":{"a":{"__extn":{"args":"1"}}}}`:                            `1:79 request.type: context.a: expected an array of arguments, found a string`,
		head + `"context":{"a":{"__extn":{"args":["1",]}}}}`:                         `1:84 request.syntax: expected a value, found ']'`,
		head + `"context":{"a":{"__extn":{"arg":null}}}}`:                            `1:78 request.null: context.a: null is no value (leave out what isn't there)`,
		head + `"context":{"a":{"__extn":{"x":1}}}}`:                                 `1:72 request.unknown_field: context.a: unknown field "x"`,
		head + `"context":{"a":{"__extn":{"fn":"ip","arg":1}}}}`:                     `1:88 request.escape: context.a: ip takes a string, not a long`,
		head + `"context":{"a":{"__extn":{"fn":"ip","args":[]}}}}`:                   `1:89 request.escape: context.a: ip takes another number of arguments`,
		head + `"context":{"a":{"__extn":{"fn":"ip","arg":"x"}}}}`:                   `1:88 value.parse: context.a: "x" is not a valid ip`,
		head + `"context":{"a":{"__extn":{"fn":"offset","args":["x","1h"]}}}}`:       `1:93 value.parse: context.a: "x" is not a valid datetime`,
		head + `"context":{"a":{"__extn":{"fn":"offset","args":["2026-01-01",1]}}}}`: `1:93 request.escape: context.a: offset takes a duration, not a long`,
		head + `"context":{"a":{"__extn":{"fn":"offset","args":["2026-01-01","106751991167d"]}}}}`: `1:93 value.overflow: context.a: datetime("2026-01-01T00:00:00.000Z").offset(duration("106751991167d")) overflows`,
		head + `"context":{"a":{"__extn":{"fn":"ip","arg":"::1"},"b":1}}}`:                         `1:95 request.escape: context.a: __extn must be alone in its object`,
		head + `"entities":7}`:                                          `1:57 request.type: entities: expected an array of entities, found a number`,
		head + `"entities":[7]}`:                                        `1:58 request.type: entities[0]: expected an entity, found a number`,
		head + `"entities":[{},{}]}`:                                    `1:58 request.missing_field: entities[0]: "uid" is missing`,
		head + `"entities":[{"uid":{"type":"A","id":"a"}}]}`:            `1:58 request.missing_field: entities[0]: "attrs" is missing`,
		head + `"entities":[{"uid":{"type":"A","id":"a"},"attrs":{}}]}`: `1:58 request.missing_field: entities[0]: "parents" is missing`,
		head + `"entities":[{"uid":"A::\"a\""}]}`:                       `1:65 request.type: entities[0].uid: expected {"type":…,"id":…}, found a string`,
		head + `"entities":[{"attrs":[]}]}`:                             `1:67 request.type: entities[0].attrs: expected an object, found an array`,
		head + `"entities":[{"tags":{"a":{"b":1.5}}}]}`:                 `1:76 request.number: entities[0].tags.a.b: 1.5 is not a whole number of 64 bits (a decimal is written {"__extn":{"fn":"decimal","arg":"1.5"}})`,
		head + `"entities":[{"parents":{}}]}`:                           `1:69 request.type: entities[0].parents: expected an array of entities' names, found an object`,
		head + `"entities":[{"parents":[{"type":"A","id":"a"},"b"]}]}`:  `1:92 request.type: entities[0].parents[1]: expected {"type":…,"id":…}, found a string`,
		head + `"entities":[{"parents":[1 2]}]}`:                        `1:70 request.type: entities[0].parents[0]: expected {"type":…,"id":…}, found a number`,
		head + `"entities":[{"attrs":{},"attrs":{}}]}`:                  `1:70 request.duplicate_key: entities[0]: the key "attrs" stands twice`,
		head + `"entities":[{"atrs":{}}]}`:                              `1:59 request.unknown_field: entities[0]: unknown field "atrs" (did you mean "attrs"?)`,
		head + `"entities":[{`:                                          `1:59 request.syntax: expected a key in double quotes, but the text ends`,
	} {
		r := newReader()
		var q Request
		if got := at(text, r.Request([]byte(text), &q)); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
		}
	}
}

const guide = `
entity Group;
entity Color enum ["red", "green"];
entity User in [Group] { age: Long, nick?: String, friends?: Set<User> } tags duration;
entity Doc { owner: User, at?: datetime, color?: Color };
entity Clock { now: Long };
action view in [all] appliesTo { principal: User, resource: Doc, context: { from: ipaddr, now: datetime, limits?: Set<decimal>, by?: { who: User, more?: Bool } } };
action all;
`

// guided returns a reader with the schema above.
func guided(t testing.TB, validate bool) *Reader {
	t.Helper()
	r := newReader()
	r.Resource = r.Table.String("Doc")
	var files source.Files
	var diags source.List
	id := files.Add("schema", []byte(guide))
	r.Schema = schema.Parse(r.Table, &files, []source.Span{{File: id, End: uint32(len(guide))}}, &diags)
	if r.Schema == nil {
		t.Fatal(files.Render(diags.All()[0]))
	}
	r.Validate = validate
	r.HostKeys = []value.Value{r.Table.String("now")}
	return r
}

func TestRequest_guided(t *testing.T) {
	for text, want := range map[string]string{
		`{"principal":"a","action":"view","resource":"d","context":{"from":"10.0.0.0/8","limits":["1.5","0.25"],"by":{"who":{"type":"User","id":"b"}}}}`:                                                                                                                                                                                             `User::"a" Action::"view" Doc::"d" {"by": {"who": User::"b"}, "from": ip("10.0.0.0/8"), "limits": [decimal("0.25"), decimal("1.5")]}`,
		`{"context":{"from":{"fn":"ip","arg":"::1"},"limits":[{"__extn":{"fn":"decimal","arg":"1.0"}}],"by":{"who":{"__entity":{"id":"b","type":"User"}}}},"principal":"a","action":"view","resource":"d"}`:                                                                                                                                          `User::"a" Action::"view" Doc::"d" {"by": {"who": User::"b"}, "from": ip("::1"), "limits": [decimal("1.0")]}`,
		`{"principal":"a","action":"view","resource":"d","context":{"from":"::1"},"entities":[{"attrs":{"owner":{"id":"a","type":"User"},"at":"2026-01-01","color":{"type":"Color","id":"red"}},"uid":{"type":"Doc","id":"d"},"parents":[]}]}`:                                                                                                       `User::"a" Action::"view" Doc::"d" {"from": ip("::1")}; 85: Doc::"d" {"at": datetime("2026-01-01T00:00:00.000Z"), "color": Color::"red", "owner": User::"a"} {}`,
		`{"principal":"a","action":"view","resource":"d","context":{"from":"::1"},"entities":[{"parents":[{"type":"Group","id":"g"}],"tags":{"t":"1h"},"uid":{"type":"User","id":"a"},"attrs":{"age":3,"friends":[{"type":"User","id":"b"}]}},{"uid":{"type":"Action","id":"view"},"attrs":{},"tags":{},"parents":[{"type":"Action","id":"all"}]}]}`: `User::"a" Action::"view" Doc::"d" {"from": ip("::1")}; 85: User::"a" {"age": 3, "friends": [User::"b"]} {"t": duration("1h")} in Group::"g"; 229: Action::"view" {} {} in Action::"all"`,
	} {
		for _, validate := range []bool{false, true} {
			r := guided(t, validate)
			var q Request
			if err := r.Request([]byte(text), &q); err != nil {
				t.Errorf("%s: %s", text, at(text, err))
			} else if got := show(r.Table, &q); got != want {
				t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
			}
		}
	}
}

// Each request has one fault, which stands where the text says. Without validation all but texts that don't parse are read.
func TestRequest_validates(t *testing.T) {
	head := `{"principal":"a","action":"view","resource":"d",`
	tail := `,"principal":"a","action":"view","resource":"d"}`
	entity := head + `"context":{"from":"::1"},"entities":[`
	for text, want := range map[string]string{
		`{"principal":"a","action":"edit","resource":"d"}`:                                                  `1:27 schema.unknown_action: the schema has no action Action::"edit"`,
		`{"principal":"a","action":"all","resource":"d"}`:                                                   `1:14 schema.not_applicable: Action::"all" doesn't apply to a principal of type User`,
		`{"principal":"X::\"a\"","action":"view","resource":"d"}`:                                           `1:14 schema.unknown_type: the schema has no entity type X`,
		`{"principal":"a","action":"view","resource":"User::\"d\""}`:                                        `1:45 schema.not_applicable: Action::"view" doesn't apply to a resource of type User`,
		`{"principal":"a","action":"view","resource":"d"}`:                                                  `1:1 schema.missing_attribute: context: the attribute "from" is missing`,
		head + `"context":{}}`:                                                                              `1:59 schema.missing_attribute: context: the attribute "from" is missing`,
		head + `"context":{"from":"x"}}`:                                                                    `1:67 value.parse: context.from: "x" is not a valid ip`,
		head + `"context":{"from":7}}`:                                                                      `1:67 schema.type: context.from: expected an ip, found 7`,
		head + `"context":{"from":{"fn":"decimal","arg":"1.0"}}}`:                                           `1:67 schema.type: context.from: expected an ip, found decimal("1.0")`,
		head + `"context":{"from":{"x":"decimal"}}}`:                                                        `1:67 schema.type: context.from: expected an ip, found {"x": "decimal"}`,
		head + `"context":{"from":"::1","form":1}}`:                                                         `1:73 schema.unexpected_attribute: context: the schema has no attribute "form" here`,
		head + `"context":{"from":"::1","limits":"1.0"}}`:                                                   `1:82 schema.type: context.limits: expected a set, found "1.0"`,
		head + `"context":{"from":"::1","limits":["1.0","2.0",3]}}`:                                         `1:95 schema.type: context.limits[2]: expected a decimal, found 3`,
		head + `"context":{"from":"::1","by":{"who":"b"}}}`:                                                 `1:85 schema.type: context.by.who: expected an entity of type User, found "b"`,
		head + `"context":{"from":"::1","by":{"who":{"type":"Doc","id":"b"}}}}`:                             `1:85 schema.type: context.by.who: expected an entity of type User, found Doc::"b"`,
		head + `"context":{"from":"::1","by":{"more":true}}}`:                                               `1:78 schema.missing_attribute: context.by: the attribute "who" is missing`,
		head + `"context":{"from":"::1","by":[]}}`:                                                          `1:78 schema.type: context.by: expected a record, found []`,
		`{"context":{"from":"::1","by":{"who":"b"}}` + tail:                                                 `1:38 schema.type: context.by.who: expected an entity of type User, found "b"`,
		entity + `{"uid":{"type":"Usr","id":"a"},"attrs":{},"parents":[]}]}`:                                `1:93 schema.unknown_type: entities[0].uid: the schema has no entity type Usr`,
		entity + `{"attrs":{"age":"x"},"uid":{"type":"User","id":"a"},"parents":[]}]}`:                      `1:102 schema.type: entities[0].attrs.age: expected a long, found "x"`,
		entity + `{"uid":{"type":"User","id":"a"},"attrs":{},"parents":[]}]}`:                               `1:126 schema.missing_attribute: entities[0].attrs: the attribute "age" is missing`,
		entity + `{"uid":{"type":"User","id":"a"},"attrs":{"agee":1},"parents":[]}]}`:                       `1:127 schema.unexpected_attribute: entities[0].attrs: the schema has no attribute "agee" here`,
		entity + `{"uid":{"type":"User","id":"a"},"parents":[{"type":"Doc","id":"d"}],"attrs":{"age":1}}]}`: `1:129 schema.parent: entities[0].parents[0]: User::"a" can't have the parent Doc::"d"`,
		entity + `{"parents":[{"type":"Doc","id":"d"}],"uid":{"type":"User","id":"a"},"attrs":{"age":1}}]}`: `1:98 schema.parent: entities[0].parents[0]: User::"a" can't have the parent Doc::"d"`,
		entity + `{"uid":{"type":"User","id":"a"},"attrs":{"age":1},"parents":[],"tags":{"a":"x"}}]}`:       `1:161 value.parse: entities[0].tags.a: "x" is not a valid duration`,
		entity + `{"uid":{"type":"User","id":"a"},"attrs":{"age":1},"parents":[],"tags":{"a":1}}]}`:         `1:161 schema.type: entities[0].tags.a: expected a duration, found 1`,
		entity + `{"uid":{"type":"Group","id":"a"},"attrs":{},"parents":[],"tags":{"a":1}}]}`:               `1:150 schema.tags: entities[0].tags: entities of type Group have no tags`,
		entity + `{"uid":{"type":"Clock","id":"a"},"attrs":{},"parents":[]}]}`:                              `1:127 schema.missing_attribute: entities[0].attrs: the attribute "now" is missing`,
		entity + `{"uid":{"type":"Color","id":"blue"},"attrs":{},"parents":[]}]}`:                           `1:93 schema.enum: entities[0].uid: the schema doesn't list Color::"blue"`,
		entity + `{"uid":{"type":"Action","id":"view"},"attrs":{},"parents":[]}]}`:                          `1:144 schema.action_entity: entities[0].parents: Action::"view" must have the parent Action::"all"`,
		entity + `{"uid":{"type":"Action","id":"all"},"attrs":{"a":1},"parents":[]}]}`:                      `1:131 schema.unexpected_attribute: entities[0].attrs: the schema has no attribute "a" here`,
	} {
		r := guided(t, true)
		var q Request
		if got := at(text, r.Request([]byte(text), &q)); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
		}
		r = guided(t, false)
		if err := r.Request([]byte(text), &q); (err != nil) != strings.Contains(want, "value.parse") {
			t.Errorf("%s: without validation %v", text, err)
		}
	}
}

func TestContext(t *testing.T) {
	r := guided(t, true)
	view := r.Table.EntityOf("Action", "view")
	v, err := r.Context([]byte(`{"now":"2026-01-01"}`), view)
	if err != nil || string(r.Table.Append(nil, v)) != `{"now": datetime("2026-01-01T00:00:00.000Z")}` {
		t.Errorf("%v %v", v, err)
	}
	if _, err := r.Context([]byte(`{"now":5}`), view); err == nil || err.Code != schema.CodeType || err.Offset != 7 {
		t.Errorf("%v", err)
	}
	if v, err := r.Context([]byte(`{"now":"x"}`), r.Table.EntityOf("Action", "other")); err != nil || string(r.Table.Append(nil, v)) != `{"now": "x"}` {
		t.Errorf("%v %v", v, err)
	}
	if v, err := r.Record([]byte(`{"a":1}`)); err != nil || string(r.Table.Append(nil, v)) != `{"a": 1}` {
		t.Errorf("%v %v", v, err)
	}
	if _, err := r.Record([]byte(`[]`)); err == nil || err.Code != CodeType {
		t.Errorf("%v", err)
	}
}

func TestKeyOffset(t *testing.T) {
	r := newReader()
	text := `{"principal":"a","action":"b","resource":"c","context":{ "x":{"token":1},"n":12,"s":"}","token" :5}}`
	var q Request
	if err := r.Request([]byte(text), &q); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]int{"x": 57, "token": strings.Index(text, `"token" `), "n": strings.Index(text, `"n"`), "absent": q.ContextOffset} {
		if got := r.KeyOffset(q.ContextOffset, key); got != want {
			t.Errorf("%s: %d, want %d", key, got, want)
		}
	}
}

func TestQuery(t *testing.T) {
	for text, want := range map[string]string{
		`{"goal":"p(X)"}`: `p(X) at 8, false`,
		`{"principal":"a","goal":"p(\"x\")","action":"b","resource":"c","context":{"goal":1}}`: `p("x") at 24, true: User::"a" Action::"b" Resource::"c" {"goal": 1}`,
		`{}`:                           `1:1 request.missing_field: "goal" is missing`,
		`{"goal":5}`:                   `1:9 request.type: goal: expected the text of a goal, found a number`,
		`{"goal":"`:                    `1:9 request.syntax: a string is not closed`,
		`{"goal":"p","gaol":"q"}`:      `1:13 request.unknown_field: unknown field "gaol" (did you mean "goal"?)`,
		`{"goal":"p","principal":"a"}`: `1:1 request.missing_field: "action" is missing`,
		`{"goal":"p","context":{}}`:    `1:1 request.missing_field: "principal" is missing`,
		`{"goal":"p","entities":[]}`:   `1:1 request.missing_field: "principal" is missing`,
	} {
		r := newReader()
		var q Query
		err := r.Query([]byte(text), &q)
		got := at(text, err)
		if err == nil {
			got = fmt.Sprintf("%s at %d, %v", q.Goal, q.GoalOffset, q.HasRequest)
			if q.HasRequest {
				got += ": " + show(r.Table, &q.Request)
			}
		}
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestBatch(t *testing.T) {
	for text, want := range map[string]string{
		`{"requests":[]}`: ``,
		` {"requests" : [ {"a":[1,"]"]} , 5,"x\"," ,[[}},tru ] }`: `{"a":[1,"]"]}|5|"x\","|[[}}|tru`,
		`{"requests":[{"a":1}]}`:                                  `{"a":1}`,
		`{}`:                                                      `1:1 request.missing_field: "requests" is missing`,
		`[]`:                                                      `1:1 request.type: expected an object, found an array`,
		`{"requests":{}}`:                                         `1:13 request.type: requests: expected an array of requests, found an object`,
		`{"requests":[],"requests":[]}`:                           `1:16 request.duplicate_key: the key "requests" stands twice`,
		`{"request":[]}`:                                          `1:2 request.unknown_field: unknown field "request" (did you mean "requests"?)`,
		`{"requests":[1,]}`:                                       `1:16 request.syntax: expected a value, found ']'`,
		`{"requests":[,1]}`:                                       `1:14 request.syntax: expected a value, found ','`,
		`{"requests":[}]}`:                                        `1:14 request.syntax: expected a value, found '}'`,
		`{"requests":[{]}`:                                        `1:16 request.syntax: expected ',' or ']', found '}'`,
		`{"requests":[{"a":1]`:                                    `1:21 request.syntax: expected ',' or ']', but the text ends`,
		`{"requests":[{"a":[1]`:                                   `1:22 request.syntax: expected a closing bracket, but the text ends`,
		`{"requests":["a]`:                                        `1:14 request.syntax: a string is not closed`,
		`{"requests":[]} 1`:                                       `1:17 request.syntax: expected the end of the text, found '1'`,
		`{"requests":[5`:                                          `1:15 request.syntax: expected ',' or ']', but the text ends`,
		`{`:                                                       `1:2 request.syntax: expected a key in double quotes, but the text ends`,
	} {
		items, err := newReader().Batch([]byte(text))
		got := at(text, err)
		if err == nil {
			var parts []string
			for _, i := range items {
				parts = append(parts, text[i.Start:i.End])
			}
			got = strings.Join(parts, "|")
		}
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
		}
	}
}

// A deep item is that item's error alone, the same at any depth.
func TestBatch_deepItem(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	text := `{"requests":[` + deep + strings.Repeat("]", len(deep)) + `,{"principal":"a","action":"b","resource":"c"}]}`
	r := newReader()
	items, err := r.Batch([]byte(text))
	if err != nil || len(items) != 2 {
		t.Fatalf("%v, %v", items, err)
	}
	var q Request
	if err := r.Request([]byte(text)[items[0].Start:items[0].End], &q); err == nil || err.Code != CodeDepth || err.Offset != 201 {
		t.Errorf("%v", err)
	}
	if err := r.Request([]byte(text)[items[1].Start:items[1].End], &q); err != nil {
		t.Error(err)
	}
}

// Brackets nest to 200 within each member of a request; deeper is one error whatever the depth.
func TestRequest_depth(t *testing.T) {
	text := func(field string, n int) string {
		return `{"principal":"a","action":"b","resource":"c","` + field + strings.Repeat("[", n) + strings.Repeat("]", n) + "}"
	}
	var q Request
	if err := newReader().Request([]byte(text(`context":{"a":`, 199)+"}"), &q); err != nil {
		t.Error(err)
	}
	if err := newReader().Request([]byte(text(`context":{"a":`, 200)+"}"), &q); err == nil || err.Code != CodeDepth || err.Offset != 259 {
		t.Errorf("%v", err)
	}
	for _, field := range []string{`principal":`, `context":`, `entities":`, `x":`} {
		deeper := newReader().Request([]byte(text(field, 201)), &q)
		deepest := newReader().Request([]byte(text(field, 1_000_000)), &q)
		if deeper == nil || deeper.Code != CodeDepth || !cmp.Equal(deeper, deepest) {
			t.Errorf("%s: %v, %v", field, deeper, deepest)
		}
	}
}

func TestUpdate(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                        ``,
		`{"delete":{},"insert":{}}`: ``,
		`{"insert":{"p":[["a",1],[]],"q.r":[]},"delete":{"p":[[{"a":[true]}]]}}`: `+p@11 16:["a",1] 24:[] +q.r@28 -p@48 53:[{"a":[true]}]`,
		`[]`:                                `1:1 request.type: expected an object, found an array`,
		`{"insrt":{}}`:                      `1:2 request.unknown_field: unknown field "insrt" (did you mean "insert"?)`,
		`{"insert":{},"insert":{}}`:         `1:14 request.duplicate_key: the key "insert" stands twice`,
		`{"insert":[]}`:                     `1:11 request.type: insert: expected an object of predicates, found an array`,
		`{"insert":{"p":{}}}`:               `1:16 request.type: insert.p: expected an array of rows, found an object`,
		`{"insert":{"p":["a"]}}`:            `1:17 request.type: insert.p[0]: expected a row, which is an array, found a string`,
		`{"insert":{"p":[["a"],[1,null]]}}`: `1:26 request.null: insert.p[1][1]: null is no value (leave out what isn't there)`,
		`{"delete":{"p":[],"q":[],"p":[]}}`: `1:26 request.duplicate_key: delete: the key "p" stands twice`,
		`{"delete":{"p":[1.5]}}`:            `1:17 request.type: delete.p[0]: expected a row, which is an array, found a number`,
		`{"delete":{"p":[[]}}`:              `1:19 request.syntax: expected ',' or ']', found '}'`,
		`{"delete":{"p":[[]]}`:              `1:21 request.syntax: expected ',' or '}', but the text ends`,
	} {
		r := newReader()
		var u Update
		err := r.Update([]byte(text), &u)
		got := at(text, err)
		if err == nil {
			got = strings.TrimSpace(showRows(r.Table, "+", u.Insert) + showRows(r.Table, "-", u.Delete))
		}
		if got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", text, got, want)
		}
	}
}

func showRows(t *value.Table, sign string, groups []Rows) string {
	s := ""
	for _, g := range groups {
		s += fmt.Sprintf("%s%s@%d ", sign, g.Pred, g.PredOffset)
		for i, row := range g.Rows {
			s += fmt.Sprintf("%d:[", g.Offsets[i])
			for j, v := range row {
				s += string(t.AppendJSON(comma(nil, j), v))
			}
			s += "] "
		}
	}
	return s
}

func TestRowList(t *testing.T) {
	r := newReader()
	rows, err := r.RowList([]byte(` [["a",1],[]] `))
	if err != nil || len(rows) != 2 || len(rows[0]) != 2 || len(rows[1]) != 0 || rows[0][1] != r.Table.Long(1) {
		t.Errorf("%v %v", rows, err)
	}
	if _, err := r.RowList([]byte(`[[1],2]`)); err == nil || err.Offset != 5 || err.Message != "[1]: expected a row, which is an array, found a number" {
		t.Errorf("%v", err)
	}
	if _, err := r.RowList([]byte(strings.Repeat("[", 201))); err == nil || err.Code != CodeDepth {
		t.Errorf("%v", err)
	}
}
