package server

import (
	"net"
	"net/netip"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/server/problem"
)

// Scopes is a set of things that a client may do.
type Scopes uint8

// The scopes. None of them implies another.
const (
	ScopeAuthorize Scopes = 1 << iota
	ScopeExplain
	ScopeQuery
	ScopeFacts
	ScopeEntities
	ScopeAdmin
	AllScopes Scopes = 1<<iota - 1
)

// scopeNames are the scopes' names in tokens, in the order of their bits.
var scopeNames = [...]string{"rune:authorize", "rune:explain", "rune:query", "rune:facts", "rune:entities", "rune:admin"}

// ScopeNamed gives the scope of a name, or 0 where there is none.
func ScopeNamed(name string) Scopes {
	for i, n := range scopeNames {
		if n == name {
			return 1 << i
		}
	}
	return 0
}

// String lists the names, with blanks between them.
func (s Scopes) String() string {
	var names []string
	for i, n := range scopeNames {
		if s&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, " ")
}

// Client is who sends a request. It isn't changed once it is made, and may be shared by requests.
type Client struct {
	Subject string // as the token has it; "" is somebody without a token
	Scopes  Scopes
	// Claims are the token's, a JSON object in the form that the engine takes context in. It is empty without a token.
	Claims []byte
}

// Has reports whether the client may do all of s.
func (c *Client) Has(s Scopes) bool { return c.Scopes&s == s }

// Gate says who may come in. Its methods read the headers and the connection behind ctx, keep nothing of them, and may add headers to the
// answer. They are called by many requests at once.
type Gate interface {
	// Ready tells why nobody can be let in yet, such as for keys that couldn't be fetched.
	Ready() error
	// Share lets pages of other origins ask: it adds the headers of CORS for a route with these methods. Where the request is a preflight
	// it answers it, and reports true.
	Share(ctx *fasthttp.RequestCtx, methods []string) (done bool)
	// Admit says who asks, if they may have scope, and takes cost from what their rate leaves. Scope 0 is for everybody, with or without a
	// token; cost 0 isn't limited. The problem is a 401, 403 or 429.
	Admit(ctx *fasthttp.RequestCtx, scope Scopes, cost int) (*Client, *problem.Problem)
	// Charge takes more from what the rate leaves to a client that was admitted. The problem is a 429, or a 400 where n can never pass.
	Charge(ctx *fasthttp.RequestCtx, c *Client, n int) *problem.Problem
	// Address is where a client is: the connection's other end, or what a trusted proxy says. It is zero for a Unix socket.
	Address(ctx *fasthttp.RequestCtx) netip.Addr
}

// open is the gate where there is none: everybody may do everything.
type open struct{}

var anonymous = &Client{Scopes: AllScopes}

func (open) Address(ctx *fasthttp.RequestCtx) netip.Addr {
	tcp, ok := ctx.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap()
}

func (open) Ready() error                                               { return nil }
func (open) Share(*fasthttp.RequestCtx, []string) bool                  { return false }
func (open) Charge(*fasthttp.RequestCtx, *Client, int) *problem.Problem { return nil }
func (open) Admit(*fasthttp.RequestCtx, Scopes, int) (*Client, *problem.Problem) {
	return anonymous, nil
}
