package engine

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// small are limits that keep a fuzzed program from working long.
var small = Host{Limits: Limits{Steps: 20_000, ErrorSteps: 5_000, Tuples: 5_000, Tables: 1_000, ArenaBytes: 1 << 20, Depth: 1_000, StringBytes: 1 << 16, Collect: 1_000}}

// seedSections calls add with the sections of the vectors that have one of these names, those of some size left out.
func seedSections(f *testing.F, names string, add func(text []byte)) {
	for _, name := range vectorFiles(f) {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, s := range txtar.Parse(data).Files {
			if strings.Contains(names, s.Name) && len(s.Data) < 4000 {
				add(s.Data)
			}
		}
	}
}

// checkReply checks that a reply is an object, whose error, if it is one, has a code and a message.
func checkReply(t *testing.T, reply []byte) (decision string) {
	t.Helper()
	var r struct {
		Decision string
		Error    *struct {
			Code, Message string
			Line, Column  int
		}
	}
	if err := json.Unmarshal(reply, &r); err != nil {
		t.Fatalf("%v: %q", err, reply)
	}
	if e := r.Error; e != nil && (!strings.Contains(e.Code, ".") || e.Message == "" || e.Line > 0 != (e.Column > 0)) {
		t.Fatalf("%s", reply)
	}
	return r.Decision
}

// FuzzLoad loads arbitrary documents. What loads answers a request; what has no permit statement permits nothing.
func FuzzLoad(f *testing.F) {
	seedSections(f, "config.rune", func(text []byte) { f.Add(string(text)) })
	for seed := range uint64(20) {
		f.Add(newRandomDocument(seed).text())
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := NewLoader("config.rune", []byte(text), small)
		for range 10 {
			if l.Next(); l.asked {
				l.Give(l.want.Name, nil, true)
			}
		}
		e, reply := l.Commit()
		checkReply(t, reply)
		if e == nil {
			return
		}
		decision := checkReply(t, e.Authorize(nil, []byte(`{"principal":"alice","action":"read","resource":"a","context":{"n":1}}`), &small))
		if decision == "permit" && !strings.Contains(text, "permit") && !strings.Contains(text, "allow") {
			t.Fatalf("permits without a permit statement:\n%s", text)
		}
		checkReply(t, e.Describe(nil, nil, &small))
		checkReply(t, e.Test(nil, []byte(`{}`), &small))
	})
}

const guarded = `version = "rune/1.0"
[entities]
[{"uid":{"type":"User","id":"alice"},"attrs":{},"parents":[{"type":"Group","id":"staff"}]}]
[rules]
decl has_role(User, string).
has_role("alice", "admin").
permit(P, "read", R) :- has_role(P, "admin"), R is Resource, P in Group::"staff", context has mfa, context.mfa == true.
forbid(P, _, _) :- context has cmd, argv(context.cmd, 0, W), W == "rm".
`

// FuzzAuthorize sends arbitrary requests to a configuration that permits alice to read, with a second factor.
func FuzzAuthorize(f *testing.F) {
	seedSections(f, "request.json", func(text []byte) { f.Add(text) })
	f.Add([]byte(`{"principal":"alice","action":"read","resource":"a","context":{"mfa":true,"cmd":"ls -l; rm"}}`))
	f.Add([]byte(`{"principal":{"type":"User","id":"alice"},"action":"read","resource":"Resource::\"x\"","context":{"mfa":true,"cmd":"ls"}}`))
	e, reply := loadText(guarded, 1)
	if e == nil {
		f.Fatalf("%s", reply)
	}
	h := small
	h.Entities = EntitiesRefuse
	f.Fuzz(func(t *testing.T, text []byte) {
		reply := e.Authorize(nil, text, &h)
		if checkReply(t, reply) != "permit" {
			return
		}
		var r struct {
			Principal, Action, Resource any
			Context                     map[string]any
		}
		err := json.Unmarshal(text, &r)
		if err != nil || !names(r.Principal, "alice") || !names(r.Action, "read") || r.Context["mfa"] != true {
			t.Fatalf("%s permits %s", text, reply)
		}
		if again := e.Authorize(nil, text, &h); string(again) != string(reply) {
			t.Fatalf("%s, then %s", reply, again)
		}
	})
}

// names reports whether an entity's text or object names an id, or hides its name behind an escape.
func names(v any, id string) bool {
	switch v := v.(type) {
	case string:
		return v == id || strings.HasSuffix(v, ":"+id) || strings.HasSuffix(v, `::"`+id+`"`) || strings.Contains(v, `\`)
	case map[string]any:
		return v["id"] == id
	}
	return false
}

// FuzzQuery asks arbitrary goals.
func FuzzQuery(f *testing.F) {
	for seed := range uint64(20) {
		for _, g := range newRandomDocument(seed).goals {
			f.Add(g)
		}
	}
	for _, g := range []string{"p(X), not q(X)", "N = count { s(X) }, N > 1", "num(X, N), M = 6 / N", "context(K, V)", "s(X), argv(X, I, W)", "owns(U, S), U in G", "$", "s(X", "s(X), X = X + 1"} {
		f.Add(g)
	}
	var e *Engine
	for seed := uint64(0); e == nil; seed++ {
		e, _ = loadText(newRandomDocument(seed).text(), 1)
	}
	f.Fuzz(func(t *testing.T, goal string) {
		q, _ := json.Marshal(map[string]any{"goal": goal})
		reply := e.Query(nil, q, &small)
		checkReply(t, reply)
		if again := e.Query(nil, q, &small); string(again) != string(reply) {
			t.Fatalf("%s, then %s", reply, again)
		}
	})
}

// FuzzOverlay unites arbitrary texts with a configuration: the configuration answers as before, and a restricted text permits nothing.
func FuzzOverlay(f *testing.F) {
	seedSections(f, "overlay.json", func(text []byte) {
		var r struct{ Text string }
		if json.Unmarshal(text, &r) == nil {
			f.Add(r.Text, false)
			f.Add(r.Text, true)
		}
	})
	for seed := range uint64(20) {
		f.Add(newRandomDocument(seed).overlayText(), seed%2 == 0)
	}
	requests := []string{`{"principal":"alice","action":"read","resource":"a","context":{"mfa":true}}`, `{"principal":"bob","action":"read","resource":"a"}`}
	f.Fuzz(func(t *testing.T, text string, restrict bool) {
		e, reply := loadText(guarded, 1)
		if e == nil {
			t.Fatalf("%s", reply)
		}
		var before []string
		for _, r := range requests {
			before = append(before, string(e.Authorize(nil, []byte(r), &small)))
		}
		handle, reply := register(e, text, restrict)
		checkReply(t, reply)
		for i, r := range requests {
			if got := string(e.Authorize(nil, []byte(r), &small)); got != before[i] {
				t.Fatalf("the base answers %s, before %s", got, before[i])
			}
			with := small
			if with.Overlay = handle; handle == 0 {
				continue
			}
			decision := checkReply(t, e.Authorize(nil, []byte(r), &with))
			if restrict && decision == "permit" && !strings.Contains(before[i], `"decision":"permit"`) {
				t.Fatalf("permitted by what may only take away:\n%s", text)
			}
			checkReply(t, e.Query(nil, []byte(`{"goal":"has_role(P, R)"}`), &with))
		}
	})
}
