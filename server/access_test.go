package server

import (
	"errors"
	"net/netip"
	"sync"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/server/problem"
)

// gate lets everybody in as one client, as far as its scopes and its rate go.
type gate struct {
	mu      sync.Mutex
	client  Client
	left    int // of the rate; below 0: no limit
	unready error
}

func gateOf(c Client) *gate { return &gate{client: c, left: -1} }

func (g *gate) Address(*fasthttp.RequestCtx) netip.Addr   { return netip.MustParseAddr("192.0.2.1") }
func (g *gate) Share(*fasthttp.RequestCtx, []string) bool { return false }

func (g *gate) Admit(ctx *fasthttp.RequestCtx, scope Scopes, cost int) (*Client, *problem.Problem) {
	if scope != 0 && string(ctx.Request.Header.Peek("Authorization")) == "none" {
		return nil, problem.New(problem.CodeUnauthenticated, "who are you?").With("WWW-Authenticate", "Bearer")
	}
	g.mu.Lock()
	client := g.client
	g.mu.Unlock()
	if !client.Has(scope) {
		return nil, problem.New(problem.CodeScope, "it needs "+scope.String())
	}
	return &client, g.Charge(ctx, &client, cost)
}

func (g *gate) Ready() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.unready
}

// fail sets why it isn't ready.
func (g *gate) fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.unready = err
}

// allow sets what the client may.
func (g *gate) allow(s Scopes) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.client.Scopes = s
}

// rest sets what is left of the rate, and returns what was.
func (g *gate) rest(n int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	was := g.left
	g.left = n
	return was
}

func (g *gate) Charge(_ *fasthttp.RequestCtx, _ *Client, n int) *problem.Problem {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left >= 0 && g.left < n {
		return problem.New(problem.CodeRate, "later").With("Retry-After", "1")
	}
	if g.left >= 0 {
		g.left -= n
	}
	return nil
}

// TestRoutes_scopes: what a route needs is what it says, and nothing else will do.
func TestRoutes_scopes(t *testing.T) {
	want := map[string]Scopes{
		"POST /v1/authorize": ScopeAuthorize, "POST /v1/authorize/batch": ScopeAuthorize, "POST /v1/query": ScopeQuery,
		"POST /access/v1/evaluation": ScopeAuthorize, "POST /access/v1/evaluations": ScopeAuthorize, "GET /.well-known/authzen-configuration": 0,
		"POST /v1/facts": ScopeFacts, "GET /v1/facts/{predicate}": ScopeFacts,
		"GET /v1/config": ScopeAdmin, "POST /v1/config/reload": ScopeAdmin, "GET /v1/config/validate": ScopeAdmin, "POST /v1/config/validate": ScopeAdmin,
		"GET /openapi.json": 0, "GET /docs": 0, "GET /metrics": ScopeAdmin, "GET /health/live": 0, "GET /health/ready": 0,
	}
	g := gateOf(Client{})
	v := serve(t, people, Deps{Gate: g}, func(c *Config) { c.JWTKeys = "keys.pem" })
	for _, r := range routes() {
		name := r.method + " " + r.path
		if s, ok := want[name]; !ok || s != r.scope {
			t.Errorf("%s needs %q", name, r.scope)
		}
		path := r.path
		if path == "/v1/facts/{predicate}" {
			path = "/v1/facts/member"
		}
		if r.scope == 0 {
			v.ask(r.method, path, "").wantOK(t, "")
			continue
		}
		g.allow(AllScopes &^ r.scope)
		v.ask(r.method, path, "").wantProblem(t, 403, "access.scope")
		v.ask(r.method, path, "", "Authorization", "none").wantProblem(t, 401, "access.token_missing")
	}
	g.allow(ScopeAuthorize)
	v.ask("POST", "/v1/authorize?explain=true", annReads).wantProblem(t, 403, "access.scope")
}

// TestRoutes_rate: every request costs one, a batch its items, and health nothing.
func TestRoutes_rate(t *testing.T) {
	g := gateOf(Client{Scopes: AllScopes})
	v := serve(t, people, Deps{Gate: g})
	g.rest(4)
	v.ask("POST", "/v1/authorize", annReads).wantOK(t, "")
	v.ask("POST", "/v1/authorize/batch", `{"requests":[`+annReads+`,`+annReads+`]}`).wantOK(t, "")
	if left := g.rest(1); left != 1 {
		t.Errorf("%d left", left)
	}
	v.ask("POST", "/v1/authorize/batch", `{"requests":[`+annReads+`,`+annReads+`]}`).wantProblem(t, 429, "rate.exceeded")
	v.ask("POST", "/access/v1/evaluations", `{"evaluations":[{},{},{}]}`).wantProblem(t, 429, "rate.exceeded")
	v.ask("GET", "/v1/config", "").wantProblem(t, 429, "rate.exceeded")
	v.ask("GET", "/health/ready", "").wantOK(t, "ready")
}

func TestHealth_ready(t *testing.T) {
	g := gateOf(Client{})
	v := serve(t, people, Deps{Gate: g})
	v.ask("GET", "/health/live", "").wantOK(t, `{"status":"live"}`)
	v.ask("GET", "/health/ready", "").wantOK(t, `{"status":"ready","name":"people","revision":"`)
	g.fail(errors.New("no keys yet"))
	v.ask("GET", "/health/ready", "").wantProblem(t, 503, "server.not_ready")
	g.fail(nil)
	v.draining.Store(true)
	v.ask("GET", "/health/ready", "").wantProblem(t, 503, "server.draining")
	v.ask("GET", "/health/live", "").wantOK(t, "live")
}

func TestScopes(t *testing.T) {
	all := Scopes(0)
	for _, name := range scopeNames {
		s := ScopeNamed(name)
		if s == 0 || s.String() != name || all&s != 0 {
			t.Errorf("%s is %d, %s", name, s, s)
		}
		all |= s
	}
	if all != AllScopes || ScopeNamed("rune:other") != 0 || (ScopeFacts|ScopeAdmin).String() != "rune:facts rune:admin" {
		t.Errorf("all scopes are %s", all)
	}
}
