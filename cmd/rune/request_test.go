package main

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestReadTime(t *testing.T) {
	noon := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		`"2026-01-31"`:                                              noon.Add(-12 * time.Hour),
		`"2026-01-31T12:00:00Z"`:                                    noon,
		`"2026-01-31T12:00:00.250Z"`:                                noon.Add(250 * time.Millisecond),
		`"2026-01-31T13:30:00+0130"`:                                noon,
		`"2026-01-31T11:00:00.001-0100"`:                            noon.Add(time.Millisecond),
		`{"__extn":{"fn":"datetime","arg":"2026-01-31T12:00:00Z"}}`: noon,
	} {
		if got, err := readTime([]byte(in)); err != nil || !got.Equal(want) {
			t.Errorf("readTime(%s) = %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{
		`1`, `null`, `""`, `"2026-01-32"`, `"2026-01-31T12:00:00"`, `"2026-01-31T12:00:00.25Z"`, `"2026-01-31 12:00:00Z"`, `{}`,
		`{"__extn":{"fn":"ip","arg":"2026-01-31"}}`, `["2026-01-31"]`,
	} {
		if got, err := readTime([]byte(in)); err == nil {
			t.Errorf("readTime(%s) = %v", in, got)
		}
	}
}

func TestObjectFields(t *testing.T) {
	got, err := objectFields([]byte(` {"a": [1, {"b":2}], "a":"x\u003c", "é":{}} `))
	want := []field{{"a", json.RawMessage(`[1, {"b":2}]`)}, {"a", json.RawMessage(`"x\u003c"`)}, {"é", json.RawMessage(`{}`)}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(field{})); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, in := range []string{
		``, ` `, `1`, `null`, `"a"`, `[]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `{a:1}`, `{"a":1}{}`, `{"a":1}}`, `{"a":1},"b":2`, `{"a":01}`,
		"{\"a\":\"\xff\"}", `{1:2}`,
	} {
		if got, err := objectFields([]byte(in)); err == nil {
			t.Errorf("objectFields(%s) = %v", in, got)
		}
	}
}

// An object that is taken apart and put together again is the same object.
func TestObjectFields_inverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.MapOf(rapid.String(), rapid.OneOf(rapid.Int().AsAny(), rapid.String().AsAny(), rapid.Bool().AsAny())).Draw(t, "in")
		text, err := json.Marshal(in)
		if err != nil {
			t.Skip(err)
		}
		fields, err := objectFields(text)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if json.Unmarshal(text, &a) != nil || json.Unmarshal(appendObject(nil, fields), &b) != nil || !cmp.Equal(a, b) {
			t.Errorf("%s becomes %s", text, appendObject(nil, fields))
		}
	})
}

func TestSplit(t *testing.T) {
	context, err := objectFields([]byte(`{"mfa":true,"token":"t","now":"2026-01-31","other":1,"trace":{"id":7}}`))
	if err != nil {
		t.Fatal(err)
	}
	g := &given{context: context}
	request, call, err := g.split([]string{"token", "trace", "absent"})
	if err != nil {
		t.Fatal(err)
	}
	if got := string(appendObject(nil, request)); got != `{"mfa":true,"other":1}` {
		t.Errorf("the request gets %s", got)
	}
	if got := string(call.Context); got != `{"token":"t","trace":{"id":7}}` {
		t.Errorf("the host gives %s", got)
	}
	if got := call.Now.Format(time.RFC3339); got != "2026-01-31T00:00:00Z" {
		t.Errorf("now is %s", got)
	}
}

func TestSplit_nothing(t *testing.T) {
	request, call, err := (&given{}).split([]string{"token"})
	if request != nil || call.Context != nil || !call.Now.IsZero() || err != nil {
		t.Errorf("split gives %v, %v, %v", request, call, err)
	}
}
