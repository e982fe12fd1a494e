package access

import (
	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/server"
	"github.com/rune-authz/rune/server/problem"
	"github.com/rune-authz/rune/server/token"
)

// challenge is how clients authenticate (RFC 6750).
const challenge = `Bearer realm="rune"`

// bearer finds out whose token a request has.
func (g *Gate) bearer(ctx *fasthttp.RequestCtx) (*server.Client, *problem.Problem) {
	text, bad := bearerToken(&ctx.Request.Header)
	if bad != nil {
		return nil, bad
	}
	if err := g.Ready(); err != nil {
		return nil, problem.New(problem.CodeNotReady, err.Error()).With("Retry-After", "1")
	}
	client, err := g.verifier.Verify(ctx, text)
	if err != nil {
		return nil, problem.New(err.Code, err.Detail).With("WWW-Authenticate", challenge+`, error="invalid_token", error_description="`+err.Detail+`"`)
	}
	return client, nil
}

// bearerToken finds the one token of a request.
func bearerToken(h *fasthttp.RequestHeader) ([]byte, *problem.Problem) {
	values := h.PeekAll(fasthttp.HeaderAuthorization)
	switch {
	case len(values) == 0:
		return nil, problem.New(problem.CodeUnauthenticated, "this needs a bearer token").With("WWW-Authenticate", challenge)
	case len(values) > 1:
		return nil, problem.New(problem.CodeTokenTwice, "there is more than one Authorization").
			With("WWW-Authenticate", challenge+`, error="invalid_request"`)
	}
	const scheme = "bearer "
	v := values[0]
	if len(v) < len(scheme) || !equalFold(v[:len(scheme)], scheme) {
		return nil, problem.New(problem.CodeUnauthenticated, "Authorization isn't a bearer token").With("WWW-Authenticate", challenge)
	}
	return v[len(scheme):], nil
}

// equalFold compares ASCII, in lower case on the right.
func equalFold(b []byte, lower string) bool {
	for i := range b {
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// client is who shows a token with these claims.
func (g grants) client(c *token.Claims) *server.Client {
	client := &server.Client{Subject: c.Subject, Claims: c.Context}
	if !c.HasScopes {
		client.Scopes = g.of(c.Subject)
	}
	for _, name := range c.Scopes {
		client.Scopes |= server.ScopeNamed(name)
	}
	return client
}
