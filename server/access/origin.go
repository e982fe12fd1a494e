package access

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/server"
	"github.com/rune-authz/rune/server/listen"
)

// origins are the web pages that may ask.
type origins struct {
	allowed []string // their origins
	any     bool
	host    string // of the public URL, if there is one
	local   bool   // the server is for this machine
}

func newOrigins(c *server.Config) *origins {
	o := &origins{allowed: c.CORSOrigins, any: slices.Contains(c.CORSOrigins, "*")}
	if u, err := url.Parse(c.PublicURL); err == nil {
		o.host = strings.ToLower(u.Host)
	}
	a, err := listen.ParseAddress(c.Listen)
	o.local = err == nil && a.Local()
	return o
}

func (o *origins) allows(origin string) bool { return o.any || slices.Contains(o.allowed, origin) }

// trusts reports whether a request is by no page, or by one that may ask. Where browsers say by themselves who somebody is, as with
// certificates, or nobody has to say, any page could otherwise use what only its visitor reaches.
func (o *origins) trusts(ctx *fasthttp.RequestCtx) bool {
	h := &ctx.Request.Header
	origin := string(h.Peek(fasthttp.HeaderOrigin))
	if origin == "" || o.allows(origin) {
		return true
	}
	host := strings.ToLower(string(h.Host()))
	if _, of, ok := strings.Cut(origin, "://"); !ok || of != host {
		return false
	}
	// The page seems to be the server's own. But any page's name may be made to mean this machine.
	return host == o.host || !o.local || localName(host)
}

// localName reports whether a Host is this machine for certain.
func localName(host string) bool {
	if _, _, err := net.SplitHostPort(host); err != nil {
		host += ":0"
	}
	a, err := listen.ParseAddress(host)
	return err == nil && a.Local()
}

// What pages of other origins may see and send.
const (
	exposedHeaders = "X-Request-ID, X-Rune-Cache, X-Rune-Revision, X-Rune-Steps, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate"
	allowedHeaders = "Authorization, Content-Type, X-Request-ID, traceparent, tracestate, baggage"
	preflightAge   = "600"
)

// Share is [server.Gate]'s.
func (g *Gate) Share(ctx *fasthttp.RequestCtx, methods []string) bool {
	o := g.from
	if len(o.allowed) == 0 {
		return false
	}
	in, out := &ctx.Request.Header, &ctx.Response.Header
	if !o.any {
		out.Add(fasthttp.HeaderVary, fasthttp.HeaderOrigin)
	}
	origin := string(in.Peek(fasthttp.HeaderOrigin))
	if origin == "" || !o.allows(origin) {
		return false
	}
	if o.any {
		origin = "*"
	}
	out.Set(fasthttp.HeaderAccessControlAllowOrigin, origin)
	if !ctx.IsOptions() || len(in.Peek(fasthttp.HeaderAccessControlRequestMethod)) == 0 {
		out.Set(fasthttp.HeaderAccessControlExposeHeaders, exposedHeaders)
		return false
	}
	out.Set(fasthttp.HeaderAccessControlAllowMethods, strings.Join(methods, ", "))
	out.Set(fasthttp.HeaderAccessControlAllowHeaders, allowedHeaders)
	out.Set(fasthttp.HeaderAccessControlMaxAge, preflightAge)
	ctx.SetStatusCode(fasthttp.StatusNoContent)
	return true
}
