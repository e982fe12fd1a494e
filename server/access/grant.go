package access

import (
	"crypto/x509"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/server"
	"github.com/rune-authz/rune/server/problem"
)

// grants are the scopes of those who say none themselves.
type grants struct {
	exact    map[string]server.Scopes
	prefixes []string // the longest first
	starred  map[string]server.Scopes
}

func newGrants(scopes map[string]server.Scopes) grants {
	g := grants{exact: map[string]server.Scopes{}, starred: map[string]server.Scopes{}}
	for subject, s := range scopes {
		if prefix, ok := strings.CutSuffix(subject, "*"); ok {
			g.prefixes = append(g.prefixes, prefix)
			g.starred[prefix] = s
		} else {
			g.exact[subject] = s
		}
	}
	slices.SortFunc(g.prefixes, func(a, b string) int { return len(b) - len(a) })
	return g
}

// of gives the scopes of a subject: those of its name, else of the longest beginning of it.
func (g grants) of(subject string) server.Scopes {
	if s, ok := g.exact[subject]; ok {
		return s
	}
	for _, p := range g.prefixes {
		if strings.HasPrefix(subject, p) {
			return g.starred[p]
		}
	}
	return 0
}

// certified finds out whose certificate a connection has. TLS has verified it.
func (g *Gate) certified(ctx *fasthttp.RequestCtx) (*server.Client, *problem.Problem) {
	state := ctx.TLSConnectionState()
	if state == nil || len(state.VerifiedChains) == 0 {
		return nil, problem.New(problem.CodeCertificate, "this needs a client certificate")
	}
	name := nameOf(state.PeerCertificates[0])
	if name == "" {
		return nil, problem.New(problem.CodeCertificate, "the client certificate names nobody")
	}
	return &server.Client{Subject: name, Scopes: g.grants.of(name)}, nil
}

// nameOf is whom a certificate is for: its first URI, such as a SPIFFE ID, else its first DNS name, else its common name.
func nameOf(c *x509.Certificate) string {
	switch {
	case len(c.URIs) > 0:
		return c.URIs[0].String()
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	}
	return c.Subject.CommonName
}
