// Package access says who may come in: by bearer tokens, by certificates, from which pages, and how often.
package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/server"
	"github.com/rune-authz/rune/server/listen"
	"github.com/rune-authz/rune/server/problem"
	"github.com/rune-authz/rune/server/token"
)

// Gate is the [server.Gate] that a configuration describes.
type Gate struct {
	keys     token.Keys // nil: clients show no tokens
	verifier *token.Verifier[*server.Client]
	grants   grants
	certs    bool // clients show certificates, and no tokens
	limits   *limits
	proxies  []netip.Prefix
	from     *origins
	log      *slog.Logger
}

var _ server.Gate = (*Gate)(nil)

// New makes the gate of a configuration. It reads or fetches keys until ctx is done; keys in a file that can't be read are an error, and so
// is a configuration that would let anybody in from elsewhere without saying so.
func New(ctx context.Context, c *server.Config, log *slog.Logger) (*Gate, error) {
	if err := exposed(c); err != nil {
		return nil, err
	}
	g := &Gate{grants: newGrants(c.ScopeMap), proxies: c.TrustedProxies, log: log, from: newOrigins(c)}
	if c.RateLimit > 0 {
		g.limits = newLimits(c, time.Now)
	}
	if !c.Tokens() {
		g.certs = c.TLSClientCA != ""
		return g, nil
	}
	keys, err := keysOf(ctx, c, log)
	if err != nil {
		return nil, err
	}
	rules := token.Rules{Issuer: c.JWTIssuer, Audience: c.JWTAudience, Algorithms: c.JWTAlgorithms, Leeway: c.JWTLeeway, ScopeClaim: c.ScopeClaim}
	g.keys, g.verifier = keys, token.NewVerifier(rules, keys, time.Now, g.grants.client)
	return g, nil
}

// exposed refuses addresses that others reach, where nobody has to say who they are.
func exposed(c *server.Config) error {
	if c.Authenticated() || c.AllowAnonymous {
		return nil
	}
	for _, text := range []string{c.Listen, c.AdminListen} {
		if a, err := listen.ParseAddress(text); text != "" && (err != nil || !a.Local()) {
			return fmt.Errorf("listening at %s without authentication would let anybody in", text)
		}
	}
	return nil
}

func keysOf(ctx context.Context, c *server.Config, log *slog.Logger) (token.Keys, error) {
	if c.JWTKeys != "" {
		secrets := slices.ContainsFunc(c.JWTAlgorithms, func(a string) bool { return strings.HasPrefix(a, "HS") })
		return token.NewFile(ctx, c.JWTKeys, secrets, log)
	}
	if _, err := url.Parse(c.JWKSURL); err != nil {
		return nil, errors.New("the URL of keys isn't one")
	}
	return token.NewRemote(ctx, token.RemoteOptions{URL: c.JWKSURL, Refresh: c.JWKSRefresh, MinRefresh: c.JWKSMinRefresh, Log: log, Now: time.Now}), nil
}

// Ready tells whether tokens can be checked.
func (g *Gate) Ready() error {
	if g.keys != nil && g.keys.Current() == nil {
		return errors.New("the keys of tokens aren't fetched yet")
	}
	return nil
}

// anonymous is who comes in where nobody has to say who they are.
var anonymous = &server.Client{Scopes: server.AllScopes}

// stranger is who comes in where everybody may.
var stranger = &server.Client{}

// Admit is [server.Gate]'s.
func (g *Gate) Admit(ctx *fasthttp.RequestCtx, scope server.Scopes, cost int) (*server.Client, *problem.Problem) {
	if scope == 0 {
		return stranger, g.limits.take(ctx, stranger, cost)
	}
	client, refused := g.identify(ctx)
	if refused != nil {
		// What isn't known to be somebody's counts against where it comes from.
		if limited := g.limits.take(ctx, stranger, cost); limited != nil {
			return nil, limited
		}
		return nil, refused
	}
	if limited := g.limits.take(ctx, client, cost); limited != nil {
		return nil, limited
	}
	if !client.Has(scope) {
		return nil, problem.New(problem.CodeScope, "this needs the scope "+scope.String()).
			With("WWW-Authenticate", challenge+`, error="insufficient_scope", scope="`+scope.String()+`"`)
	}
	return client, nil
}

// Charge is [server.Gate]'s.
func (g *Gate) Charge(ctx *fasthttp.RequestCtx, c *server.Client, n int) *problem.Problem {
	return g.limits.takeMore(ctx, c, n)
}

// Address is [server.Gate]'s.
func (g *Gate) Address(ctx *fasthttp.RequestCtx) netip.Addr { return clientAddress(ctx, g.proxies) }

// identify finds out who asks.
func (g *Gate) identify(ctx *fasthttp.RequestCtx) (*server.Client, *problem.Problem) {
	switch {
	case g.keys != nil:
		return g.bearer(ctx)
	case !g.from.trusts(ctx):
		return nil, problem.New(problem.CodeOrigin, "a page of this origin may not ask here").
			Helped("allow its origin with --cors-origins, or name the URL of this server with --public-url")
	case g.certs:
		return g.certified(ctx)
	}
	return anonymous, nil
}
