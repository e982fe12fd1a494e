package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rune-authz/rune/host"
)

func TestAuthorize(t *testing.T) {
	v := serve(t, people, Deps{})
	first := v.ask("POST", "/v1/authorize", annReads).wantOK(t, `{"decision":"permit","reasons":[{"id":"staff-read"`)
	if h := first.header; h.Get("X-Rune-Cache") != "miss" || h.Get("X-Rune-Steps") != "" || h.Get("Content-Type") != "application/json" {
		t.Errorf("headers: %v", h)
	}
	again := v.ask("POST", "/v1/authorize", annReads, "X-Rune-Steps", "true", "X-Request-ID", "mine 7")
	if h := again.header; h.Get("X-Rune-Cache") != "hit" || h.Get("X-Rune-Steps") == "" || h.Get("X-Request-Id") != "mine 7" || again.body != first.body {
		t.Errorf("the second answer: %v %s", h, again.body)
	}
	revision := first.header.Get("X-Rune-Revision")
	if len(revision) != 64 || !strings.Contains(first.body, `"revision":"`+revision+`"`) {
		t.Errorf("revision %q, body %s", revision, first.body)
	}
	v.ask("POST", "/v1/authorize", annWrites).wantOK(t, `{"decision":"deny","reasons":[]`)
	v.ask("POST", "/v1/authorize?explain=false", annReads).wantOK(t, "permit")
}

func TestAuthorize_refuses(t *testing.T) {
	v := serve(t, people, Deps{})
	for _, c := range []struct{ path, body, code string }{
		{"", `{"principal":"ann"`, "request.syntax"},
		{"", annReads + "{}", "request.syntax"},
		{"", `{"principal":"ann","action":"read"}`, "request.missing_field"},
		{"", `{"principal":"ann","action":"read","resource":"x","more":1}`, "request.unknown_field"},
		{"", `{"principal":"ann","principal":"bob","action":"read","resource":"x"}`, "request.duplicate_key"},
		{"", `{"principal":"ann","action":"read","resource":"x","entities":[]}`, "request.entities_not_allowed"},
		{"", strings.Repeat("[", 1000), "request.depth"},
		{"?explain=yes", annReads, "http.parameter"},
		{"?explain=true", annReads, "abi.unsupported"},
		{"?explain=false&explain=false", annReads, "http.parameter"},
		{"?other=1", annReads, "http.parameter"},
		{"?explain=%zz", annReads, "http.parameter"},
	} {
		v.ask("POST", "/v1/authorize"+c.path, c.body).wantProblem(t, http.StatusBadRequest, c.code)
	}
	p := v.ask("POST", "/v1/authorize", "{\n \"principal\": 7}").wantProblem(t, http.StatusBadRequest, "request.type")
	if p.Line != 2 || p.Column != 15 {
		t.Errorf("position %d:%d", p.Line, p.Column)
	}
}

func TestAuthorize_entities(t *testing.T) {
	const config = `version = "rune/1.0"
[policies]
permit(principal in Group::"admins", action, resource);
`
	const admin = `{"principal":"ann","action":"read","resource":"x","entities":[{"uid":{"type":"User","id":"ann"},"attrs":{},"parents":[{"type":"Group","id":"admins"}]}]}`
	mode := func(m host.EntitiesMode) func(*Config) { return func(c *Config) { c.RequestEntities = m } }
	serve(t, config, Deps{}).ask("POST", "/v1/authorize", admin).wantProblem(t, 400, "request.entities_not_allowed")
	serve(t, config, Deps{}, mode(host.EntitiesAdd)).ask("POST", "/v1/authorize", admin).wantProblem(t, 400, "request.entity_not_allowed")
	serve(t, config, Deps{}, mode(host.EntitiesOverride)).ask("POST", "/v1/authorize", admin).wantOK(t, "permit")
	lesser := gateOf(Client{Scopes: ScopeAuthorize})
	serve(t, config, Deps{Gate: lesser}, mode(host.EntitiesOverride)).ask("POST", "/v1/authorize", admin).wantProblem(t, 400, "request.entities_not_allowed")
}

func TestBatch(t *testing.T) {
	v := serve(t, people, Deps{}, func(c *Config) { c.MaxBatch = 3 })
	batch := func(items ...string) string { return `{"requests":[` + strings.Join(items, ",") + `]}` }
	var r struct{ Results []map[string]any }
	v.ask("POST", "/v1/authorize/batch", batch(annReads, `{}`, annWrites)).wantOK(t, "results").into(t, &r)
	if len(r.Results) != 3 || r.Results[0]["decision"] != "permit" || r.Results[1]["error"] == nil || r.Results[2]["decision"] != "deny" {
		t.Errorf("results: %v", r.Results)
	}
	v.ask("POST", "/v1/authorize/batch", batch()).wantProblem(t, 400, "request.batch_size")
	v.ask("POST", "/v1/authorize/batch", batch(annReads, annReads, annReads, annReads)).wantProblem(t, 400, "request.batch_size")
	hidden := `{"\u0072equests":[` + strings.Repeat("1,", 3) + `1]}`
	v.ask("POST", "/v1/authorize/batch", hidden).wantProblem(t, 400, "request.batch_size")
	v.ask("POST", "/v1/authorize/batch?explain=true", batch(annReads)).wantProblem(t, 400, "abi.unsupported")
}

// TestAuthorize_time: what the time decides isn't cached, and a request can't set it.
func TestAuthorize_time(t *testing.T) {
	const config = `version = "rune/1.0"
[policies]
permit(principal, action == Action::"read", resource) when { context.now < datetime("%s") };
permit(principal, action == Action::"write", resource);
`
	v := serve(t, fmt.Sprintf(config, time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05Z")), Deps{})
	for range 2 {
		if g := v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit"); g.header.Get("X-Rune-Cache") != "miss" {
			t.Error("a reply that the time decides is cached")
		}
	}
	past := serve(t, fmt.Sprintf(config, "2001-01-01T00:00:00Z"), Deps{})
	past.ask("POST", "/v1/authorize", annReads).wantOK(t, "deny")
	past.ask("POST", "/v1/authorize", `{"principal":"ann","action":"read","resource":"x","context":{"now":1}}`).wantProblem(t, 400, "request.host_context")
}

// TestAuthorize_token: policies see the claims of the client's token, and a request can't bring any.
func TestAuthorize_token(t *testing.T) {
	const config = `version = "rune/1.0"
[defaults]
host_context = ["token"]
[policies]
permit(principal, action, resource) when { context.token.org == "acme" };
`
	acme := gateOf(Client{Subject: "svc", Scopes: AllScopes, Claims: []byte(`{"org":"acme"}`)})
	authenticated := func(c *Config) { c.JWTKeys = "keys.pem" }
	v := serve(t, config, Deps{Gate: acme}, authenticated)
	v.ask("POST", "/v1/authorize", annReads).wantOK(t, "permit")
	v.ask("POST", "/v1/authorize", `{"principal":"ann","action":"read","resource":"x","context":{"token":{"org":"acme"}}}`).wantProblem(t, 400, "request.host_context")
	acme.client.Claims = []byte(`{"org":"other"}`)
	if g := v.ask("POST", "/v1/authorize", annReads).wantOK(t, "deny"); g.header.Get("X-Rune-Cache") != "miss" {
		t.Error("another's reply came from the cache")
	}
}

func TestAuthorize_depth(t *testing.T) {
	v := serve(t, people, Deps{}, func(c *Config) { c.MaxDepth = 3 })
	nested := func(n int) string {
		return strings.TrimSuffix(annReads, "}") + `,"context":{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}}"
	}
	v.ask("POST", "/v1/authorize", nested(1)).wantOK(t, "permit")
	v.ask("POST", "/v1/authorize", nested(2)).wantProblem(t, 400, "request.depth")
}
