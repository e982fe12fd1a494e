package engine

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// asEvaluation writes a request, whose parts are given apart, as an evaluation.
func asEvaluation(typ, id, action, context string) string {
	return fmt.Sprintf(`{"subject":{"type":%q,"id":%q},"action":{"name":%q},"resource":{"type":"Doc","id":"plan"},"context":%s}`, typ, id, action, context)
}

// TestEvaluation_authorize: an evaluation is decided as the request that says the same, alone and among others.
func TestEvaluation_authorize(t *testing.T) {
	e := mustLoad(t, steadyText)
	var list, want []string
	for _, id := range []string{"ann", "ben", "cid", "new"} {
		for _, action := range []string{"read", "list", "run", "sum", "view", "open"} {
			for _, context := range []string{`{}`, `{"n":0}`, `{"team":"red"}`, `{"command":"git log"}`, `{"path":"/etc"}`} {
				request := fmt.Sprintf(`{"principal":{"type":"User","id":%q},"action":%q,"resource":{"type":"Doc","id":"plan"},"context":%s}`, id, action, context)
				reply := string(e.Authorize(nil, []byte(request), &Host{}))
				steps := e.Stats().Steps
				reply = strings.Replace(reply, `{"decision":"permit",`, `{"decision":true,"context":{`, 1)
				reply = strings.Replace(reply, `{"decision":"deny",`, `{"decision":false,"context":{`, 1) + "}"
				evaluation := asEvaluation("user", id, action, context)
				if got := string(e.Evaluation(nil, []byte(evaluation), &Host{})); got != reply || e.Stats().Steps != steps {
					t.Errorf("%s\n%s\nwant\n%s", evaluation, got, reply)
				}
				list, want = append(list, evaluation), append(want, reply)
			}
		}
	}
	text := `{"evaluations":[` + strings.Join(list, ",") + `]}`
	if got := string(e.Evaluations(nil, []byte(text), &Host{})); got != `{"evaluations":[`+strings.Join(want, ",")+`]}` {
		t.Errorf("among others: %s", got)
	}
	if s := e.Stats(); int(s.Items) != len(list) || int(s.Permits+s.Denies) != len(list) || s.Permits == 0 || s.Denies == 0 {
		t.Errorf("%+v", s)
	}
}

// TestEvaluation_allocations: an evaluation allocates nothing in the end.
func TestEvaluation_allocations(t *testing.T) {
	e := mustLoad(t, steadyText)
	text := []byte(`{"subject":{"type":"user","id":"ann","properties":{"a":1.5,"b":null}},"action":{"name":"list"},"resource":{"type":"Doc","id":"plan"},"other":{"x":[1]}}`)
	many := []byte(`{"subject":{"type":"user","id":"ann"},"resource":{"type":"Doc","id":"plan"},"evaluations":[{"action":{"name":"list"}},{"action":{"name":"read"}}]}`)
	var dst []byte
	for name, decide := range map[string]func(){
		"one":     func() { dst = e.Evaluation(dst[:0], text, &Host{}) },
		"several": func() { dst = e.Evaluations(dst[:0], many, &Host{}) },
	} {
		for range 200 {
			decide()
		}
		if n := testing.AllocsPerRun(100, decide); n > 0 || !strings.Contains(string(dst), `"decision":true`) {
			t.Errorf("%s: %v allocations; %s", name, n, dst)
		}
	}
}

// FuzzEvaluation asks arbitrary texts. What isn't one I-JSON value is an error, and a reply is a boolean decision or a list of some.
func FuzzEvaluation(f *testing.F) {
	for _, step := range []string{"evaluation.json", "evaluations.json"} {
		seedSections(f, step, func(text []byte) { f.Add(text) })
	}
	e := mustLoad(f, steadyText)
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, verb := range []func(dst, text []byte, h *Host) []byte{e.Evaluation, e.Evaluations} {
			reply := verb(nil, text, &small)
			var r struct {
				Decision    *bool
				Evaluations []struct{ Decision *bool }
				Error       json.RawMessage
			}
			if err := json.Unmarshal(reply, &r); err != nil {
				t.Fatalf("%v: %s", err, reply)
			}
			forms := 0
			for _, has := range []bool{r.Decision != nil, len(r.Evaluations) > 0, r.Error != nil} {
				forms += b2i(has)
			}
			if forms != 1 || r.Error == nil && !json.Valid(text) {
				t.Fatalf("%s", reply)
			}
			for _, one := range r.Evaluations {
				if one.Decision == nil {
					t.Fatalf("%s", reply)
				}
			}
			if again := verb(nil, text, &small); string(again) != string(reply) {
				t.Fatalf("%s, then %s", reply, again)
			}
		}
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
