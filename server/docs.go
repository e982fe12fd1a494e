package server

import (
	_ "embed"

	"github.com/rune-authz/rune/server/problem"
)

//go:embed docs.html
var docsPage []byte

// getDocs sends the page that shows the OpenAPI document.
func (x *exchange) getDocs() *problem.Problem {
	h := &x.ctx.Response.Header
	h.SetContentType(typeHTML)
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	x.ctx.Response.SetBodyRaw(docsPage)
	return nil
}
