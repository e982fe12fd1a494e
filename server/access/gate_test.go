package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server"
	"github.com/rune-authz/rune/server/problem"
)

var (
	silent = slog.New(slog.NewTextHandler(io.Discard, nil))
	key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
)

// request makes a request from an address, with headers, each a name and a value.
func request(t testing.TB, method, from string, headers ...string) *fasthttp.RequestCtx {
	t.Helper()
	var q fasthttp.Request
	q.Header.SetMethod(method)
	q.SetRequestURI("/v1/authorize")
	q.Header.SetHost("localhost:8181")
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			q.Header.SetHost(headers[i+1])
			continue
		}
		q.Header.Add(headers[i], headers[i+1])
	}
	var peer net.Addr = &net.UnixAddr{Net: "unix"}
	if from != "" {
		peer = net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 4711))
	}
	ctx := &fasthttp.RequestCtx{}
	ctx.Init(&q, peer, nil)
	return ctx
}

// config has tokens by a key in a file.
func config(t testing.TB) *server.Config {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	c := server.DefaultConfig()
	c.JWTKeys, c.JWTIssuer, c.JWTAudience = path, "issuer", []string{"rune"}
	return &c
}

func gate(t testing.TB, c *server.Config) *Gate {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	g, err := New(ctx, c, silent)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// bearer is an Authorization with a token for a subject, with more claims in JSON.
func bearer(t testing.TB, subject, more string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{"iss": "issuer", "aud": "rune", "sub": subject, "exp": time.Now().Add(time.Hour).Unix()}
	if err := json.Unmarshal([]byte(more), &claims); more != "" && err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + text
}

func code(p *problem.Problem) host.Code {
	if p == nil {
		return ""
	}
	return p.Code
}

func header(p *problem.Problem, name string) string {
	for _, h := range p.Headers {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}

func TestAdmit_tokens(t *testing.T) {
	c := config(t)
	c.ScopeMap = map[string]server.Scopes{"cart": server.ScopeAuthorize, "ops-*": server.ScopeFacts, "ops-root*": server.ScopeAdmin}
	g := gate(t, c)
	ann := bearer(t, "ann", `{"scope":"rune:authorize rune:query other"}`)
	for _, s := range []struct {
		name      string
		headers   []string
		scope     server.Scopes
		status    int
		code      host.Code
		challenge string
	}{
		{"scope", []string{"Authorization", ann}, server.ScopeAuthorize, 0, "", ""},
		{"scopes", []string{"Authorization", ann}, server.ScopeAuthorize | server.ScopeQuery, 0, "", ""},
		{"scheme in another case", []string{"Authorization", "bEARER" + ann[6:]}, server.ScopeQuery, 0, "", ""},
		{"list of scopes", []string{"Authorization", bearer(t, "ann", `{"scope":["rune:facts"]}`)}, server.ScopeFacts, 0, "", ""},
		{"mapped", []string{"Authorization", bearer(t, "cart", "")}, server.ScopeAuthorize, 0, "", ""},
		{"mapped by beginning", []string{"Authorization", bearer(t, "ops-1", "")}, server.ScopeFacts, 0, "", ""},
		{"mapped by the longest beginning", []string{"Authorization", bearer(t, "ops-root-1", "")}, server.ScopeAdmin, 0, "", ""},
		{"everybody's", nil, 0, 0, "", ""},
		{"everybody's, with a bad token", []string{"Authorization", "Bearer x"}, 0, 0, "", ""},

		{"another scope", []string{"Authorization", ann}, server.ScopeAdmin, 403, "access.scope", `Bearer realm="rune", error="insufficient_scope", scope="rune:admin"`},
		{"one of two scopes", []string{"Authorization", ann}, server.ScopeQuery | server.ScopeFacts, 403, "access.scope", `Bearer realm="rune", error="insufficient_scope", scope="rune:query rune:facts"`},
		{"admin is no other scope", []string{"Authorization", bearer(t, "a", `{"scope":"rune:admin"}`)}, server.ScopeAuthorize, 403, "access.scope", ""},
		{"empty scope isn't mapped", []string{"Authorization", bearer(t, "cart", `{"scope":""}`)}, server.ScopeAuthorize, 403, "access.scope", ""},
		{"scopes in another case", []string{"Authorization", bearer(t, "a", `{"scope":"RUNE:AUTHORIZE rune:authorize,rune:query"}`)}, server.ScopeAuthorize, 403, "access.scope", ""},
		{"not mapped", []string{"Authorization", bearer(t, "cart2", "")}, server.ScopeAuthorize, 403, "access.scope", ""},
		{"the longest beginning alone counts", []string{"Authorization", bearer(t, "ops-root", "")}, server.ScopeFacts, 403, "access.scope", ""},
		{"no token", nil, server.ScopeAuthorize, 401, "access.token_missing", `Bearer realm="rune"`},
		{"empty", []string{"Authorization", ""}, server.ScopeAuthorize, 401, "access.token_missing", `Bearer realm="rune"`},
		{"another scheme", []string{"Authorization", "Basic YTpi"}, server.ScopeAuthorize, 401, "access.token_missing", `Bearer realm="rune"`},
		{"scheme alone", []string{"Authorization", "Bearer"}, server.ScopeAuthorize, 401, "access.token_missing", ""},
		{"empty token", []string{"Authorization", "Bearer "}, server.ScopeAuthorize, 401, "access.token_malformed", ""},
		{"no scheme", []string{"Authorization", ann[7:]}, server.ScopeAuthorize, 401, "access.token_missing", ""},
		{"in a cookie", []string{"Cookie", "access_token=" + ann[7:]}, server.ScopeAuthorize, 401, "access.token_missing", ""},
		{"twice", []string{"Authorization", ann, "Authorization", ann}, server.ScopeAuthorize, 401, "access.token_twice", `Bearer realm="rune", error="invalid_request"`},
		{"twice, in another case", []string{"Authorization", ann, "AUTHORIZATION", "Bearer x"}, server.ScopeAuthorize, 401, "access.token_twice", ""},
		{"two in one", []string{"Authorization", ann + ", " + ann}, server.ScopeAuthorize, 401, "access.token_malformed", ""},
		{"two blanks", []string{"Authorization", "Bearer  " + ann[7:]}, server.ScopeAuthorize, 401, "access.token_malformed", ""},
		{"a tab", []string{"Authorization", "Bearer\t" + ann[7:]}, server.ScopeAuthorize, 401, "access.token_missing", ""},
		{"expired", []string{"Authorization", bearer(t, "ann", `{"exp":1}`)}, server.ScopeAuthorize, 401, "access.token_expired", `Bearer realm="rune", error="invalid_token", error_description="the token has expired"`},
	} {
		t.Run(s.name, func(t *testing.T) {
			client, p := g.Admit(request(t, "POST", "10.0.0.1", s.headers...), s.scope, 1)
			if code(p) != s.code || p != nil && p.Status != s.status || (client == nil) != (s.code != "") {
				t.Fatalf("%+v, %+v", client, p)
			}
			if p != nil && s.challenge != "" && header(p, "WWW-Authenticate") != s.challenge {
				t.Error(header(p, "WWW-Authenticate"))
			}
			if p != nil && s.status == 401 && !strings.HasPrefix(header(p, "WWW-Authenticate"), "Bearer ") {
				t.Error("a 401 says nothing about how to authenticate")
			}
		})
	}
}

// TestAdmit_client wants what is known of a client to be made once.
func TestAdmit_client(t *testing.T) {
	g := gate(t, config(t))
	ann := bearer(t, "ann", `{"scope":"rune:query","team":"a","level":2,"none":null}`)
	first, p := g.Admit(request(t, "POST", "10.0.0.1", "Authorization", ann), server.ScopeQuery, 1)
	if p != nil {
		t.Fatal(p)
	}
	if first.Subject != "ann" || first.Scopes != server.ScopeQuery {
		t.Errorf("%+v", first)
	}
	var claims map[string]any
	if err := json.Unmarshal(first.Claims, &claims); err != nil {
		t.Fatal(err)
	}
	delete(claims, "exp")
	want := map[string]any{"iss": "issuer", "aud": "rune", "sub": "ann", "scope": "rune:query", "team": "a", "level": 2.0}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Error(diff)
	}
	if again, _ := g.Admit(request(t, "POST", "10.0.0.1", "Authorization", ann), server.ScopeQuery, 1); again != first {
		t.Error("a client isn't known the second time")
	}
	everybody, _ := g.Admit(request(t, "GET", "10.0.0.1", "Authorization", ann), 0, 1)
	if everybody.Subject != "" || everybody.Scopes != 0 {
		t.Errorf("%+v", everybody)
	}
}

func TestGate_notReady(t *testing.T) {
	issuer := httptest.NewServer(http.NotFoundHandler())
	defer issuer.Close()
	c := config(t)
	c.JWTKeys, c.JWKSURL = "", issuer.URL
	g := gate(t, c)
	if g.Ready() == nil {
		t.Error("it is ready without keys")
	}
	_, p := g.Admit(request(t, "POST", "10.0.0.1", "Authorization", bearer(t, "ann", "")), server.ScopeQuery, 1)
	if code(p) != problem.CodeNotReady || p.Status != 503 || header(p, "Retry-After") == "" {
		t.Error(p)
	}
	if _, p := g.Admit(request(t, "POST", "10.0.0.1"), server.ScopeQuery, 1); code(p) != problem.CodeUnauthenticated {
		t.Error(p)
	}
	if err := gate(t, config(t)).Ready(); err != nil {
		t.Error(err)
	}
}

func TestNew_refused(t *testing.T) {
	for name, change := range map[string]func(*server.Config){
		"no such file": func(c *server.Config) { c.JWTKeys += ".none" },
		"no URL":       func(c *server.Config) { c.JWTKeys, c.JWKSURL = "", "http://\x7f" },
		"elsewhere":    func(c *server.Config) { c.JWTKeys, c.Listen = "", "0.0.0.0:1" },
		"no address":   func(c *server.Config) { c.JWTKeys, c.Listen = "", "1" },
		"admin":        func(c *server.Config) { c.JWTKeys, c.AdminListen = "", ":1" },
	} {
		c := config(t)
		change(c)
		if _, err := New(t.Context(), c, silent); err == nil {
			t.Errorf("%s: there is a gate", name)
		}
	}
	c := config(t)
	c.JWTKeys, c.Listen, c.AllowAnonymous = "", "0.0.0.0:1", true
	client, p := gate(t, c).Admit(request(t, "POST", "10.0.0.1"), server.AllScopes, 1)
	if p != nil || client.Scopes != server.AllScopes || client.Subject != "" {
		t.Error(client, p)
	}
}

// TestGate_secret takes symmetric keys from a file where such algorithms are named, and there alone.
func TestGate_secret(t *testing.T) {
	c := config(t)
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{KeyID: "s", Key: []byte(strings.Repeat("s", 32))}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.JWTKeys, set, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), c, silent); err == nil {
		t.Error("a secret is taken unasked")
	}
	c.JWTAlgorithms = []string{"HS256"}
	gate(t, c)
}

func TestAdmit_rate(t *testing.T) {
	c := config(t)
	c.RateLimit, c.RateBurst = 0.001, 3
	g := gate(t, c)
	ask := func(want host.Code, headers ...string) *fasthttp.RequestCtx {
		t.Helper()
		ctx := request(t, "POST", "10.0.0.1", headers...)
		_, p := g.Admit(ctx, server.ScopeQuery, 1)
		if code(p) != want {
			t.Errorf("%v, want %s", p, want)
		}
		return ctx
	}
	ann := bearer(t, "ann", `{"scope":"rune:query"}`)
	forged := ann[:len(ann)-8] + "AAAAAAAA"
	for i := range 3 {
		ctx := ask("", "Authorization", ann)
		if got := string(ctx.Response.Header.Peek("RateLimit")); got != fmt.Sprintf(`"client";r=%d;t=%d`, 2-i, 1000*(i+1)) && !strings.HasPrefix(got, fmt.Sprintf(`"client";r=%d;t=%d`, 2-i, 1000*(i+1)-1)) {
			t.Error(got)
		}
		if got := string(ctx.Response.Header.Peek("RateLimit-Policy")); got != `"client";q=3;w=3000` {
			t.Error(got)
		}
	}
	_, p := g.Admit(request(t, "POST", "10.0.0.1", "Authorization", ann), server.ScopeQuery, 1)
	if code(p) != problem.CodeRate || p.Status != 429 || header(p, "Retry-After") != "1000" {
		t.Error(p)
	}
	// A forged token takes nothing from the subject that it claims, and nothing is taken from others at the address.
	for range 3 {
		ask("access.token_signature", "Authorization", forged)
	}
	ask(problem.CodeRate, "Authorization", forged)
	ask(problem.CodeRate)
	ask("", "Authorization", bearer(t, "bob", `{"scope":"rune:query"}`))
	ask("access.scope", "Authorization", bearer(t, "carl", `{"scope":""}`))

	if _, p := g.Admit(request(t, "GET", "10.0.0.1"), 0, 0); p != nil {
		t.Errorf("what costs nothing is limited: %v", p)
	}
	if _, p := g.Admit(request(t, "GET", "10.0.0.1"), 0, 1); code(p) != problem.CodeRate {
		t.Errorf("what everybody may isn't limited: %v", p)
	}
	if _, p := g.Admit(request(t, "GET", "10.0.0.2"), 0, 1); p != nil {
		t.Errorf("another address is limited: %v", p)
	}
}

func TestCharge(t *testing.T) {
	c := config(t)
	c.RateLimit = 9.5 // the burst is 10
	g := gate(t, c)
	ctx := request(t, "POST", "10.0.0.1")
	ann := &server.Client{Subject: "ann"}
	for _, s := range []struct {
		n    int
		want host.Code
	}{{10, problem.CodeRateBatch}, {1 << 30, problem.CodeRateBatch}, {0, ""}, {9, ""}, {9, problem.CodeRate}} {
		if p := g.Charge(ctx, ann, s.n); code(p) != s.want {
			t.Errorf("%d: %v, want %s", s.n, p, s.want)
		}
	}
	if p := g.Charge(ctx, &server.Client{Subject: "bob"}, 9); p != nil {
		t.Error(p)
	}
	c.RateLimit = 0
	if p := gate(t, c).Charge(ctx, ann, 1<<30); p != nil {
		t.Errorf("without a limit: %v", p)
	}
	if s := problem.StatusOf(problem.CodeRateBatch); s != 400 {
		t.Error(s)
	}
}

func TestClientAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		from    string
		forward []string
		want    string
	}{
		{"192.0.2.1", nil, "192.0.2.1"},
		{"192.0.2.1", []string{"203.0.113.9"}, "192.0.2.1"}, // it isn't a proxy
		{"::ffff:192.0.2.1", nil, "192.0.2.1"},
		{"10.0.0.1", nil, "10.0.0.1"},
		{"10.0.0.1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"::ffff:10.0.0.1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1", []string{"1.1.1.1, 203.0.113.9"}, "203.0.113.9"}, // the first is the client's own invention
		{"10.0.0.1", []string{"1.1.1.1, 203.0.113.9, 10.0.0.7"}, "203.0.113.9"},
		{"10.0.0.1", []string{"1.1.1.1", "203.0.113.9", "10.0.0.7"}, "203.0.113.9"},
		{"10.0.0.1", []string{"10.0.0.9, 10.0.0.8"}, "10.0.0.9"},
		{"10.0.0.1", []string{"1.1.1.1, x, 10.0.0.8"}, "10.0.0.8"},
		{"10.0.0.1", []string{"1.1.1.1,,10.0.0.8"}, "10.0.0.8"},
		{"10.0.0.1", []string{""}, "10.0.0.1"},
		{"10.0.0.1", []string{"unknown"}, "10.0.0.1"},
		{"10.0.0.1", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"10.0.0.1", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"10.0.0.1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"fd00::1", []string{"203.0.113.9,\t10.0.0.1 "}, "203.0.113.9"},
		{"", []string{"203.0.113.9"}, "invalid IP"}, // a Unix socket
	} {
		var headers []string
		for _, f := range c.forward {
			headers = append(headers, "X-Forwarded-For", f)
		}
		if got := clientAddress(request(t, "GET", c.from, headers...), proxies); got.String() != c.want {
			t.Errorf("%s, %q: %v, want %s", c.from, c.forward, got, c.want)
		}
	}
}

// TestAdmit_pages has pages ask where browsers need no token.
func TestAdmit_pages(t *testing.T) {
	open := server.DefaultConfig()
	public := server.DefaultConfig()
	public.PublicURL, public.CORSOrigins = "https://authz.example.com", []string{"https://app.example.com"}
	wide := server.DefaultConfig()
	wide.Listen, wide.AllowAnonymous = "0.0.0.0:1", true
	for _, s := range []struct {
		name    string
		config  *server.Config
		headers []string
		ok      bool
	}{
		{"no page", &open, nil, true},
		{"no page, by any name", &open, []string{"Host", "anything"}, true},
		{"own page", &open, []string{"Origin", "http://localhost:8181"}, true},
		{"own page by address", &open, []string{"Host", "127.0.0.1:8181", "Origin", "http://127.0.0.1:8181"}, true},
		{"own page at port 80", &open, []string{"Host", "localhost", "Origin", "http://localhost"}, true},
		{"another page", &open, []string{"Origin", "https://evil.example.com"}, false},
		{"another port", &open, []string{"Origin", "http://localhost:3000"}, false},
		{"no origin", &open, []string{"Origin", "null"}, false},
		{"name made to mean this machine", &open, []string{"Host", "evil.example.com:8181", "Origin", "http://evil.example.com:8181"}, false},
		{"allowed page", &public, []string{"Origin", "https://app.example.com"}, true},
		{"page like it", &public, []string{"Origin", "https://app.example.com.evil.example.com"}, false},
		{"page at the public URL", &public, []string{"Host", "authz.example.com", "Origin", "https://authz.example.com"}, true},
		{"own page elsewhere", &wide, []string{"Host", "rune:8181", "Origin", "http://rune:8181"}, true},
		{"another page elsewhere", &wide, []string{"Host", "rune:8181", "Origin", "http://evil.example.com"}, false},
	} {
		t.Run(s.name, func(t *testing.T) {
			_, p := gate(t, s.config).Admit(request(t, "POST", "127.0.0.1", s.headers...), server.ScopeAuthorize, 1)
			if (p == nil) != s.ok || p != nil && (p.Code != problem.CodeOrigin || p.Status != 403) {
				t.Error(p)
			}
		})
	}
	if _, p := gate(t, config(t)).Admit(request(t, "POST", "127.0.0.1", "Origin", "https://evil.example.com", "Authorization", bearer(t, "ann", `{"scope":"rune:query"}`)), server.ScopeQuery, 1); p != nil {
		t.Errorf("who has a token may ask from any page: %v", p)
	}
}

func TestShare(t *testing.T) {
	some, any := config(t), config(t)
	some.CORSOrigins, any.CORSOrigins = []string{"https://a.example.com", "https://b.example.com"}, []string{"*"}
	preflight := []string{"Origin", "https://a.example.com", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization"}
	for _, s := range []struct {
		name    string
		config  *server.Config
		method  string
		headers []string
		done    bool
		want    map[string]string
	}{
		{"off", config(t), "OPTIONS", preflight, false, map[string]string{}},
		{"no page", some, "POST", nil, false, map[string]string{"Vary": "Origin"}},
		{"another page", some, "OPTIONS", append([]string{"Origin", "https://evil.example.com"}, preflight[2:]...), false, map[string]string{"Vary": "Origin"}},
		{"a page", some, "POST", preflight[:2], false, map[string]string{"Vary": "Origin", "Access-Control-Allow-Origin": "https://a.example.com", "Access-Control-Expose-Headers": exposedHeaders}},
		{"preflight", some, "OPTIONS", preflight, true, map[string]string{"Vary": "Origin", "Access-Control-Allow-Origin": "https://a.example.com",
			"Access-Control-Allow-Methods": "GET, POST", "Access-Control-Allow-Headers": allowedHeaders, "Access-Control-Max-Age": "600"}},
		{"no preflight", some, "OPTIONS", preflight[:2], false, map[string]string{"Vary": "Origin", "Access-Control-Allow-Origin": "https://a.example.com", "Access-Control-Expose-Headers": exposedHeaders}},
		{"any page", any, "GET", preflight[:2], false, map[string]string{"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": exposedHeaders}},
	} {
		t.Run(s.name, func(t *testing.T) {
			ctx := request(t, s.method, "10.0.0.1", s.headers...)
			if done := gate(t, s.config).Share(ctx, []string{"GET", "POST"}); done != s.done {
				t.Errorf("done %v", done)
			}
			got := map[string]string{}
			for _, name := range []string{"Vary", "Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
				"Access-Control-Max-Age", "Access-Control-Expose-Headers", "Access-Control-Allow-Credentials"} {
				if v := ctx.Response.Header.Peek(name); len(v) > 0 {
					got[name] = string(v)
				}
			}
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// tlsConn is a connection whose other end has shown certificates.
type tlsConn struct {
	net.Conn
	state tls.ConnectionState
}

func (c tlsConn) ConnectionState() tls.ConnectionState { return c.state }
func (c tlsConn) Handshake() error                     { return nil }
func (c tlsConn) RemoteAddr() net.Addr                 { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 1} }

func TestAdmit_certificates(t *testing.T) {
	c := server.DefaultConfig()
	c.TLSClientCA, c.Listen = "ca.pem", ":8181"
	c.ScopeMap = map[string]server.Scopes{"spiffe://example.com/*": server.ScopeAuthorize, "cart": server.ScopeQuery}
	g := gate(t, &c)
	id, _ := url.Parse("spiffe://example.com/cart")
	for _, s := range []struct {
		name     string
		cert     *x509.Certificate
		verified bool
		headers  []string
		scope    server.Scopes
		subject  string
		want     host.Code
	}{
		{"URI", &x509.Certificate{URIs: []*url.URL{id}, DNSNames: []string{"cart"}}, true, nil, server.ScopeAuthorize, "spiffe://example.com/cart", ""},
		{"DNS name", &x509.Certificate{DNSNames: []string{"cart", "b"}, Subject: pkix.Name{CommonName: "x"}}, true, nil, server.ScopeQuery, "cart", ""},
		{"common name", &x509.Certificate{Subject: pkix.Name{CommonName: "cart"}}, true, nil, server.ScopeQuery, "cart", ""},
		{"not mapped", &x509.Certificate{Subject: pkix.Name{CommonName: "x"}}, true, nil, server.ScopeQuery, "", problem.CodeScope},
		{"nobody", &x509.Certificate{}, true, nil, server.ScopeQuery, "", problem.CodeCertificate},
		{"not verified", &x509.Certificate{Subject: pkix.Name{CommonName: "cart"}}, false, nil, server.ScopeQuery, "", problem.CodeCertificate},
		{"page", &x509.Certificate{Subject: pkix.Name{CommonName: "cart"}}, true, []string{"Origin", "https://evil.example.com"}, server.ScopeQuery, "", problem.CodeOrigin},
	} {
		t.Run(s.name, func(t *testing.T) {
			state := tls.ConnectionState{PeerCertificates: []*x509.Certificate{s.cert}}
			if s.verified {
				state.VerifiedChains = [][]*x509.Certificate{{s.cert}}
			}
			q := request(t, "POST", "10.0.0.1", s.headers...)
			ctx := &fasthttp.RequestCtx{}
			ctx.Init2(tlsConn{state: state}, nil, false)
			q.Request.CopyTo(&ctx.Request)
			client, p := g.Admit(ctx, s.scope, 1)
			if code(p) != s.want || p == nil && client.Subject != s.subject {
				t.Errorf("%+v, %v", client, p)
			}
		})
	}
	if _, p := g.Admit(request(t, "POST", "10.0.0.1"), server.ScopeQuery, 1); code(p) != problem.CodeCertificate {
		t.Errorf("without TLS: %v", p)
	}
}

// BenchmarkAdmit is what a known token, and a limit, cost a request.
func BenchmarkAdmit(b *testing.B) {
	c := config(b)
	c.RateLimit, c.RateBurst = 1e9, 1e9
	g := gate(b, c)
	ctx := request(b, "POST", "10.0.0.1", "Authorization", bearer(b, "ann", `{"scope":"rune:query"}`))
	b.ReportAllocs()
	for b.Loop() {
		if _, p := g.Admit(ctx, server.ScopeQuery, 1); p != nil {
			b.Fatal(p)
		}
	}
}
