package server

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestDecisionLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	gate := gateOf(Client{Subject: "svc", Scopes: AllScopes})
	v := serve(t, people, Deps{Gate: gate}, func(c *Config) {
		c.DecisionLog, c.DecisionLogMask = path, []string{"/request/context/pin"}
	})
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	pinned := strings.TrimSuffix(annReads, "}") + `,"context":{"pin":"1234"}}`
	first := v.ask("POST", "/v1/authorize", pinned, "X-Request-ID", "one", "Traceparent", parent)
	v.ask("POST", "/v1/authorize", pinned, "X-Request-ID", "two")
	v.ask("POST", "/v1/authorize", `{}`)
	v.ask("POST", "/v1/query", `{"goal":"member(U, G)"}`)
	gate.client.Subject = ""
	v.ask("POST", "/v1/authorize/batch", `{"requests":[{},`+annWrites+`]}`, "X-Request-ID", "three")
	type line struct {
		ID, Client, Trace, Revision, Cache string
		Item                               *int
		Time                               time.Time
		Request                            struct{ Action string }
		Reply                              struct{ Decision string }
	}
	list := waitLines(t, path, 3)
	var got [3]line
	for i, text := range list {
		if strings.Contains(text, "1234") {
			t.Errorf("the mask lets through: %s", text)
		}
		if err := json.Unmarshal([]byte(text), &got[i]); err != nil {
			t.Fatal(err)
		}
	}
	if g := got[0]; g.ID != "one" || g.Client != "svc" || g.Trace != parent[3:35] || g.Cache != "" || g.Item != nil || g.Reply.Decision != "permit" ||
		g.Revision != first.header.Get("X-Rune-Revision") || time.Since(g.Time).Abs() > time.Hour {
		t.Errorf("the first: %s", list[0])
	}
	if g := got[1]; g.ID != "two" || g.Trace != "" || g.Cache != "hit" {
		t.Errorf("the second: %s", list[1])
	}
	if g := got[2]; g.ID != "three" || g.Client != "192.0.2.1" || g.Item == nil || *g.Item != 1 || g.Request.Action != "write" || g.Reply.Decision != "deny" {
		t.Errorf("the batch: %s", list[2])
	}
}

// waitLines waits until a file has n lines, and no more.
func waitLines(t *testing.T, path string, n int) []string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		if len(list) >= n || time.Now().After(deadline) {
			if len(list) != n {
				t.Fatalf("%d lines, want %d:\n%s", len(list), n, text)
			}
			return list
		}
	}
}

func TestTraceID(t *testing.T) {
	const id = "0af7651916cd43dd8448eb211c80319c"
	for parent, want := range map[string]string{
		"00-" + id + "-b7ad6b7169203331-01": id,
		"":                                  "",
		"00-" + id:                          "",
		"00-" + strings.ToUpper(id) + "-b7ad6b7169203331-01": "",
		"00_" + id + "-b7ad6b7169203331-01":                  "",
	} {
		if got := traceID([]byte(parent)); got != want {
			t.Errorf("%q is of trace %q", parent, got)
		}
	}
}
