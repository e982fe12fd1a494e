package wire

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rune-authz/rune/engine/internal/value"
)

func TestAppendDecision(t *testing.T) {
	got := string(AppendDecision([]byte("> "), true, []Reason{{ID: "policy0", Role: `"kind":"policy","effect":"permit"`}}, nil, "3f2a"))
	want := `> {"decision":"permit","reasons":[{"id":"policy0","kind":"policy","effect":"permit"}],"diagnostics":{"errors":[],"revision":"3f2a"}}`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got = string(AppendDecision(nil, false, []Reason{{ID: "a", Role: `"kind":"rule","effect":"forbid"`, Message: "no \"x\"", HasMessage: true}, {ID: "b", Role: `"kind":"engine","effect":"error"`, HasMessage: true}},
		[]ErrorItem{{ID: "p", Code: "value.overflow", Message: "m\n"}, {ID: "q", Code: "c", Message: ""}}, ""))
	want = `{"decision":"deny","reasons":[{"id":"a","kind":"rule","effect":"forbid","message":"no \"x\""},{"id":"b","kind":"engine","effect":"error","message":""}],` +
		`"diagnostics":{"errors":[{"id":"p","code":"value.overflow","message":"m\n"},{"id":"q","code":"c","message":""}],"revision":""}}`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAppendError(t *testing.T) {
	got := string(AppendError(nil, "c", "m", "f.rune", 2, 7, "h"))
	if want := `{"error":{"code":"c","message":"m","file":"f.rune","line":2,"column":7,"help":"h"}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(AppendError(nil, "c", "", "", 0, 0, "")); got != `{"error":{"code":"c","message":""}}` {
		t.Error(got)
	}
}

func TestAppendRows(t *testing.T) {
	table := value.NewTable(value.Key{})
	rows := [][]value.Value{{table.Long(1), table.String("x")}, {table.EntityOf("User", "a"), table.Set(nil)}}
	got := string(AppendRows(nil, table, []string{"X", "Y"}, rows, "r"))
	if want := `{"columns":["X","Y"],"rows":[[1,"x"],[{"__entity":{"type":"User","id":"a"}},[]]],"revision":"r"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := string(AppendRows(nil, table, nil, [][]value.Value{{}}, "r")); got != `{"columns":[],"rows":[[]],"revision":"r"}` {
		t.Error(got)
	}
}

// What is written is JSON and says what it was given, whatever the text.
func TestAppendDecision_isJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		reason := Reason{ID: text.Draw(t, "id"), Role: `"kind":"rule","effect":"forbid"`, Message: text.Draw(t, "message"), HasMessage: true}
		item := ErrorItem{ID: text.Draw(t, "id"), Code: text.Draw(t, "code"), Message: text.Draw(t, "message")}
		revision := text.Draw(t, "revision")
		var got struct {
			Decision    string
			Reasons     []struct{ ID, Kind, Effect, Message string }
			Diagnostics struct {
				Errors   []ErrorItem
				Revision string
			}
		}
		written := AppendDecision(nil, true, []Reason{reason, reason}, []ErrorItem{item}, revision)
		if err := json.Unmarshal(written, &got); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if len(got.Reasons) != 2 {
			t.Fatalf("%s: %d reasons", written, len(got.Reasons))
		}
		for _, r := range got.Reasons {
			if r.ID != reason.ID || r.Kind != "rule" || r.Effect != "forbid" || r.Message != reason.Message {
				t.Fatalf("%s: %v", written, r)
			}
		}
		if d := cmp.Diff([]ErrorItem{item}, got.Diagnostics.Errors); d != "" || got.Diagnostics.Revision != revision || got.Decision != "permit" {
			t.Fatalf("%s: %s", written, d)
		}
	})
}

// genValue draws a value to a depth.
func genValue(t *rapid.T, table *value.Table, depth int) value.Value {
	kinds := 8
	if depth > 0 {
		kinds = 10
	}
	switch value.Kind(rapid.IntRange(0, kinds-1).Draw(t, "kind")) {
	case value.KindBool:
		return value.Bool(rapid.Bool().Draw(t, "bool"))
	case value.KindLong:
		return table.Long(rapid.Int64().Draw(t, "long"))
	case value.KindDecimal:
		return table.Decimal(rapid.Int64().Draw(t, "decimal"))
	case value.KindDatetime:
		return table.Datetime(rapid.Int64Range(-1<<42, 1<<42).Draw(t, "datetime"))
	case value.KindDuration:
		return table.Duration(rapid.Int64Min(-1<<62).Draw(t, "duration"))
	case value.KindIP:
		v, _ := table.Parse(value.OpParseIP, []byte(rapid.SampledFrom([]string{"127.0.0.1", "10.0.0.0/8", "::1", "fe80::/10", "::ffff:102:304"}).Draw(t, "ip")))
		return v
	case value.KindEntity:
		return table.EntityOf(rapid.StringMatching(`[A-Z][a-z]{0,3}(::[A-Z][a-z]{0,3})?`).Draw(t, "type"), rapid.String().Draw(t, "id"))
	case value.KindSet:
		return table.Set(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) value.Value { return genValue(t, table, depth-1) }), 0, 3).Draw(t, "members"))
	case value.KindRecord:
		var fields []value.Value
		for _, key := range rapid.SliceOfNDistinct(rapid.String(), 0, 3, rapid.ID[string]).Draw(t, "keys") {
			if key != entityEscape && key != extensionEscape {
				fields = append(fields, table.String(key), genValue(t, table, depth-1))
			}
		}
		return table.Record(fields)
	}
	return table.String(rapid.String().Draw(t, "string"))
}

// The JSON of every value is JSON, and reads back as the value.
func TestValue_ofAppendJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newReader()
		v := genValue(t, r.Table, 4)
		text := r.Table.AppendJSON(nil, v)
		if !json.Valid(text) {
			t.Fatalf("%s is no JSON", text)
		}
		if got, err := r.Value(text); err != nil || got != v {
			t.Fatalf("%s reads as %s, %v", text, r.Table.Append(nil, got), err)
		}
	})
}
