package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// issuer issues tokens, and serves the keys to check them with.
type issuer struct {
	*httptest.Server
	key   *ecdsa.PrivateKey
	other *ecdsa.PrivateKey
	asked atomic.Int64

	mu   sync.Mutex
	keys string // that it serves; empty: it is down
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{key: newKey(t), other: newKey(t)}
	i.serve(i.set("first", i.key))
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.asked.Add(1)
		i.mu.Lock()
		defer i.mu.Unlock()
		if i.keys == "" {
			w.WriteHeader(http.StatusBadGateway)
		}
		_, _ = w.Write([]byte(i.keys))
	}))
	t.Cleanup(i.Close)
	return i
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (i *issuer) set(kid string, key *ecdsa.PrivateKey) string {
	text, _ := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{KeyID: kid, Key: &key.PublicKey, Use: "sig"}}})
	return string(text)
}

func (i *issuer) serve(keys string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = keys
}

// flags are the options with which a server takes the issuer's tokens.
func (i *issuer) flags(more ...string) []string {
	return append([]string{"--jwks-url=" + i.URL, "--jwt-issuer=issuer", "--jwt-audience=rune"}, more...)
}

// payload is the claims of somebody with scopes, one hour long.
func payload(subject, scope string) string {
	return fmt.Sprintf(`{"iss":"issuer","aud":"rune","sub":%q,"scope":%q,"exp":%d}`, subject, scope, time.Now().Add(time.Hour).Unix())
}

// mint signs any header and payload.
func mint(key *ecdsa.PrivateKey, header, payload string) string {
	input := encode(header) + "." + encode(payload)
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		panic(err)
	}
	return input + "." + encode(string(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)))
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

const firstKey = `{"alg":"ES256","kid":"first"}`

// token is one that is taken.
func (i *issuer) token(subject, scope string) string {
	return "Bearer " + mint(i.key, firstKey, payload(subject, scope))
}

// awaitReady waits until keys are there.
func (p *process) awaitReady(t *testing.T) {
	t.Helper()
	p.await(t, "it is ready", func() bool { return p.send("GET", "/health/ready", "").status == 200 })
}

func (p *process) await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 1500 {
		if is() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("it never comes that %s", what)
}

func publicPEM(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// TestServe_tokens attacks with tokens. In package token is the whole table; here it is shown that all that the server serves stands behind
// that check, and what a client is told.
func TestServe_tokens(t *testing.T) {
	i := newIssuer(t)
	p := start(t, i.flags()...)
	p.awaitReady(t)
	good := payload("ann", "rune:authorize")
	valid := mint(i.key, firstKey, good)
	parts := strings.Split(valid, ".")
	own, _ := jose.JSONWebKey{Key: &i.other.PublicKey}.MarshalJSON()
	mac := hmac.New(sha256.New, []byte(publicPEM(t, i.key)))
	secret := encode(`{"alg":"HS256","kid":"first"}`) + "." + encode(good)
	mac.Write([]byte(secret))
	for _, c := range []struct {
		name, code string
		headers    []string
	}{
		{"no token", "access.token_missing", nil},
		{"password", "access.token_missing", []string{"Authorization", "Basic YW5uOmFubg=="}},
		{"none", "access.token_algorithm", bearer(encode(`{"alg":"none"}`) + "." + encode(good) + ".")},
		{"public key as a secret", "access.token_algorithm", bearer(secret + "." + encode(string(mac.Sum(nil))))},
		{"unknown key", "access.token_key", bearer(mint(i.key, `{"alg":"ES256","kid":"second"}`, good))},
		{"another key", "access.token_signature", bearer(mint(i.other, firstKey, good))},
		{"tampered", "access.token_signature", bearer(parts[0] + "." + encode(payload("root", "rune:admin")) + "." + parts[2])},
		{"own key", "access.token_header", bearer(mint(i.other, `{"alg":"ES256","jwk":`+string(own)+`}`, good))},
		{"own place of keys", "access.token_header", bearer(mint(i.other, `{"alg":"ES256","kid":"first","jku":"`+i.URL+`"}`, good))},
		{"own certificate", "access.token_header", bearer(mint(i.other, `{"alg":"ES256","kid":"first","x5u":"`+i.URL+`"}`, good))},
		{"unknown extension", "access.token_header", bearer(mint(i.key, `{"alg":"ES256","kid":"first","crit":["x"],"x":1}`, good))},
		{"another audience", "access.token_audience", bearer(mint(i.key, firstKey, strings.Replace(good, `"rune"`, `"other"`, 1)))},
		{"another issuer", "access.token_issuer", bearer(mint(i.key, firstKey, strings.Replace(good, `"issuer"`, `"other"`, 1)))},
		{"expired", "access.token_expired", bearer(mint(i.key, firstKey, strings.Replace(good, `"exp":1`, `"exp":1.0e3,"x":1`, 1)))},
		{"never expires", "access.token_claims", bearer(mint(i.key, firstKey, strings.Replace(good, `"exp"`, `"Exp"`, 1)))},
		{"not yet valid", "access.token_not_yet_valid", bearer(mint(i.key, firstKey, strings.Replace(good, `{`, `{"nbf":9999999999,`, 1)))},
		{"claim twice", "access.token_malformed", bearer(mint(i.key, firstKey, strings.Replace(good, `{`, `{"sub":"root",`, 1)))},
		{"encrypted", "access.token_malformed", bearer(encode(`{"alg":"dir","enc":"A256GCM"}`) + "..a.b.c")},
		{"huge", "access.token_too_large", bearer(mint(i.key, firstKey, strings.Replace(good, `{`, `{"a":"`+strings.Repeat("a", 9000)+`",`, 1)))},
		{"two tokens", "access.token_twice", append(bearer(valid), bearer(valid)...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, o := range p.operations(t) {
				// A body that can't be read shows that it isn't.
				a := p.send(o.method, o.path, o.brokenBody(), c.headers...)
				if o.secured && (a.status != 401 || a.code != c.code || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), `Bearer realm="rune"`)) {
					t.Errorf("%v: %+v, want %s", o, a, c.code)
				}
				if !o.secured && a.status != 200 {
					t.Errorf("%v: %+v", o, a)
				}
			}
		})
	}
	if a := p.send("POST", "/v1/authorize", annReads, bearer(valid)...); !a.permits() {
		t.Errorf("%+v", a)
	}
	if strings.Contains(p.logged(), parts[1]) {
		t.Error("a token is in the log")
	}
}

// operation is one that the server says it has.
type operation struct {
	method, path string
	secured      bool
}

func (o operation) brokenBody() string {
	if o.method == "POST" {
		return "{"
	}
	return ""
}

// operations are all of those in the server's own description.
func (p *process) operations(t *testing.T) []operation {
	t.Helper()
	var d struct {
		Paths map[string]map[string]struct{ Security []any }
	}
	if err := json.Unmarshal([]byte(p.send("GET", "/openapi.json", "").body), &d); err != nil {
		t.Fatal(err)
	}
	var all []operation
	for path, methods := range d.Paths {
		for method, o := range methods {
			all = append(all, operation{strings.ToUpper(method), strings.Replace(path, "{predicate}", "seen", 1), len(o.Security) > 0})
		}
	}
	if len(all) < 10 {
		t.Fatalf("there are %d operations", len(all))
	}
	return all
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

// scoped are all operations that need a scope, and a body that each takes.
var scoped = map[string]struct{ scope, body string }{
	"POST /v1/authorize":         {"rune:authorize", annReads},
	"POST /v1/authorize/batch":   {"rune:authorize", `{"requests":[` + annReads + `]}`},
	"POST /access/v1/evaluation": {"rune:authorize", `{"subject":{"type":"user","id":"ann"},"action":{"name":"read"},"resource":{"type":"doc","id":"plan"}}`},
	"POST /access/v1/evaluations": {"rune:authorize",
		`{"evaluations":[{"subject":{"type":"user","id":"ann"},"action":{"name":"read"},"resource":{"type":"doc","id":"plan"}}]}`},
	"POST /v1/query":           {"rune:query", `{"goal":"member(U, G)"}`},
	"POST /v1/facts":           {"rune:facts", `{"insert":{"seen":[["eve"]]}}`},
	"GET /v1/facts/seen":       {"rune:facts", ""},
	"GET /metrics":             {"rune:admin", ""},
	"GET /v1/config":           {"rune:admin", ""},
	"POST /v1/config/reload":   {"rune:admin", ""},
	"GET /v1/config/validate":  {"rune:admin", ""},
	"POST /v1/config/validate": {"rune:admin", "{}"}, // of another type than it takes
}

// TestServe_scopes has a token with one scope at a time do everything.
func TestServe_scopes(t *testing.T) {
	i := newIssuer(t)
	p := start(t, i.flags("--scope-map=cart=rune:query", "--request-entities=override")...)
	p.awaitReady(t)
	there := p.operations(t)
	for _, o := range there {
		if _, ok := scoped[o.method+" "+o.path]; ok != o.secured {
			t.Errorf("%v: the table of scopes says %v", o, ok)
		}
	}
	for _, scope := range []string{"rune:authorize", "rune:explain", "rune:query", "rune:facts", "rune:entities", "rune:admin", ""} {
		for _, o := range there {
			q := scoped[o.method+" "+o.path]
			a := p.send(o.method, o.path, q.body, "Authorization", i.token("ann", scope))
			if (scope == q.scope || !o.secured) && (a.status >= 400 && a.status != 415) {
				t.Errorf("%s at %v: %+v", scope, o, a)
			}
			if scope != q.scope && o.secured && (a.status != 403 || a.code != "access.scope" || !strings.Contains(a.header.Get("WWW-Authenticate"), `error="insufficient_scope"`)) {
				t.Errorf("%s at %v: %+v", scope, o, a)
			}
		}
	}
	cart := "Bearer " + mint(i.key, firstKey, strings.Replace(payload("cart", ""), `"scope":"",`, "", 1))
	if a := p.send("POST", "/v1/query", `{"goal":"member(U, G)"}`, "Authorization", cart); a.status != 200 {
		t.Errorf("scopes by subject: %+v", a)
	}
	own := strings.TrimSuffix(eveReads, "}") + `,"entities":[{"uid":{"type":"User","id":"eve"},"attrs":{},"parents":[]}]}`
	if a := p.send("POST", "/v1/authorize", own, "Authorization", i.token("ann", "rune:authorize")); a.status != 400 || a.code != "request.entities_not_allowed" {
		t.Errorf("own entities without the scope: %+v", a)
	}
	if a := p.send("POST", "/v1/authorize", own, "Authorization", i.token("ann", "rune:authorize rune:entities")); a.status != 200 {
		t.Errorf("own entities with the scope: %+v", a)
	}
}

// TestServe_keys floods with unknown keys, takes the issuer away, and has it take another key.
func TestServe_keys(t *testing.T) {
	i := newIssuer(t)
	p := start(t, i.flags("--jwks-min-refresh=1s", "--jwks-refresh=2s")...)
	p.awaitReady(t)
	old := i.token("ann", "rune:authorize")
	asks := func(token string) answer { return p.send("POST", "/v1/authorize", annReads, "Authorization", token) }

	began, before := time.Now(), i.asked.Load()
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			for m := range 20 {
				token := mint(i.other, fmt.Sprintf(`{"alg":"ES256","kid":"%d-%d"}`, n, m), payload("ann", ""))
				if a := asks("Bearer " + token); a.status != 401 || a.code != "access.token_key" {
					t.Errorf("%+v", a)
				}
			}
		})
	}
	all.Wait()
	// One a second for unknown keys, one every two seconds anyway.
	if fetched, most := i.asked.Load()-before, 2+2*int64(time.Since(began)/time.Second); fetched > most {
		t.Errorf("a flood of unknown keys fetches %d times, the most are %d", fetched, most)
	}

	i.serve("")
	asked := i.asked.Load()
	p.await(t, "the issuer is asked in vain", func() bool { return i.asked.Load() >= asked+2 })
	if a := asks(old); !a.permits() {
		t.Errorf("the last keys don't hold: %+v", a)
	}
	if a := asks(i.token("ann", "rune:authorize")); !a.permits() {
		t.Errorf("the last keys don't hold for a new token: %+v", a)
	}

	i.serve(i.set("second", i.other))
	fresh := "Bearer " + mint(i.other, `{"alg":"ES256","kid":"second"}`, payload("ann", "rune:authorize"))
	p.await(t, "a token by the new key is taken", func() bool { return asks(fresh).permits() })
	if a := asks(old); a.status != 401 || a.code != "access.token_key" {
		t.Errorf("the old key still works: %+v", a)
	}
}

// TestServe_noKeys has the issuer down when the server starts.
func TestServe_noKeys(t *testing.T) {
	i := newIssuer(t)
	i.serve("")
	p := start(t, i.flags()...)
	if a := p.send("GET", "/health/ready", ""); a.status != 503 || a.code != "server.not_ready" {
		t.Errorf("it is ready without keys: %+v", a)
	}
	if a := p.send("GET", "/health/live", ""); a.status != 200 {
		t.Errorf("%+v", a)
	}
	if a := p.send("POST", "/v1/authorize", annReads, "Authorization", i.token("ann", "rune:authorize")); a.status != 503 || a.code != "server.not_ready" {
		t.Errorf("%+v", a)
	}
	i.serve(i.set("first", i.key))
	p.awaitReady(t)
	if a := p.send("POST", "/v1/authorize", annReads, "Authorization", i.token("ann", "rune:authorize")); !a.permits() {
		t.Errorf("%+v", a)
	}
}

// TestServe_keyFile has keys in a file, which is replaced.
func TestServe_keyFile(t *testing.T) {
	i := newIssuer(t)
	path := filepath.Join(t.TempDir(), "key.pem")
	writeFile(t, path, publicPEM(t, i.key))
	p := start(t, "--jwt-keys="+path, "--jwt-issuer=issuer", "--jwt-audience=rune")
	old := i.token("ann", "rune:authorize")
	fresh := "Bearer " + mint(i.other, `{"alg":"ES256","kid":"any"}`, payload("ann", "rune:authorize"))
	asks := func(token string) answer { return p.send("POST", "/v1/authorize", annReads, "Authorization", token) }
	if a := asks(old); !a.permits() {
		t.Fatalf("%+v", a)
	}
	if a := asks(fresh); a.status != 401 {
		t.Fatalf("%+v", a)
	}
	writeFile(t, path, publicPEM(t, i.other))
	p.await(t, "a token by the new key is taken", func() bool { return asks(fresh).permits() })
	if a := asks(old); a.status != 401 || a.code != "access.token_signature" {
		t.Errorf("the old key still works: %+v", a)
	}
}

// TestServe_rate has clients ask too often.
func TestServe_rate(t *testing.T) {
	i := newIssuer(t)
	p := start(t, i.flags("--rate-limit=0.01", "--rate-burst=3", "--trusted-proxies=127.0.0.0/8")...)
	p.awaitReady(t)
	batch := func(n int) string {
		return `{"requests":[` + strings.TrimSuffix(strings.Repeat(annReads+",", n), ",") + `]}`
	}
	ask := func(path, body, token, address string, want int, code string) answer {
		t.Helper()
		a := p.send("POST", path, body, "Authorization", token, "X-Forwarded-For", address)
		if a.status != want || a.code != code {
			t.Errorf("%+v, want %d %s", a, want, code)
		}
		return a
	}
	ann, bob := i.token("ann", "rune:authorize"), i.token("bob", "rune:authorize")
	forged := ann[:len(ann)-8] + "AAAAAAAA"
	for range 3 {
		if a := ask("/v1/authorize", annReads, ann, "192.0.2.1", 200, ""); a.header.Get("RateLimit") == "" || a.header.Get("RateLimit-Policy") == "" {
			t.Errorf("%+v", a)
		}
	}
	if a := ask("/v1/authorize", annReads, ann, "192.0.2.2", 429, "rate.exceeded"); a.header.Get("Retry-After") == "" {
		t.Errorf("%+v", a)
	}
	ask("/v1/authorize/batch", batch(4), bob, "192.0.2.1", 400, "rate.batch")
	ask("/v1/authorize/batch", batch(2), bob, "192.0.2.1", 200, "")
	ask("/v1/authorize", annReads, bob, "192.0.2.1", 429, "rate.exceeded")
	for range 3 {
		ask("/v1/authorize", annReads, forged, "192.0.2.3", 401, "access.token_signature")
	}
	ask("/v1/authorize", annReads, forged, "192.0.2.3", 429, "rate.exceeded")
	ask("/v1/authorize", annReads, i.token("carl", "rune:authorize"), "192.0.2.3", 200, "")
	ask("/v1/authorize", annReads, forged, "2001:db8::1", 401, "access.token_signature")
	ask("/v1/authorize", annReads, forged, "2001:db8::2", 401, "access.token_signature")
	ask("/v1/authorize", annReads, forged, "2001:db8::3", 401, "access.token_signature")
	ask("/v1/authorize", annReads, forged, "2001:db8::4", 429, "rate.exceeded")
	for range 20 {
		if a := p.send("GET", "/health/live", "", "X-Forwarded-For", "192.0.2.3"); a.status != 200 {
			t.Fatalf("health is limited: %+v", a)
		}
	}
}
