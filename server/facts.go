package server

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/live"
	"github.com/rune-authz/rune/server/problem"
)

// postFacts changes facts.
func (x *exchange) postFacts() *problem.Problem {
	members, request := takeMembers(x.body(), "if_revision")
	var ifRevision string
	if v, ok := members["if_revision"]; ok && (v.Kind() != '"' || json.Unmarshal(v, &ifRevision) != nil) {
		return problem.New(codeType, "if_revision is a string")
	}
	if p := x.checkDepth(request); p != nil {
		return p
	}
	b := x.ctx.Response.SwapBody(nil)
	out, err := x.s.store.Update(x.s.ctx, b[:0], request, ifRevision, &host.Call{Stats: &x.stats})
	if err != nil {
		x.ctx.Response.SwapBody(out[:0])
		return problem.From(err)
	}
	x.ctx.Response.SwapBody(out)
	x.ctx.SetContentTypeBytes(mediaJSON)
	x.report()
	return nil
}

// Facts are listed in pages of so many, and at most so many.
const (
	factsPage    = 1000
	mostFactPage = 10_000
)

// getFacts lists what holds of a predicate.
func (x *exchange) getFacts() *problem.Problem {
	name := string(x.name)
	g := x.s.store.Current()
	columns, ok, err := g.Columns(x.s.ctx, name)
	if x.s.store.Replaced(g, err) {
		return x.getFacts()
	}
	if err != nil {
		return problem.From(err)
	}
	if live.Reserved(name) {
		return problem.New(problem.CodeFactsUnlisted, name+" isn't listed: ask what holds of one entity").Helped("use /v1/query with a goal such as " + name + "(User::\"alice\", X)")
	}
	if !ok {
		return problem.New(problem.CodeFactsPredicate, "there is no predicate "+strconv.Quote(name))
	}
	request := goalOf(name, len(columns))
	pg, p := x.factsPage(request)
	if p != nil {
		return p
	}
	if p := x.ask(verbQuery, request); p != nil {
		return p
	}
	r, p := pg.cut(x.ctx.Response.Body(), x.stats.Revision, request)
	if p != nil {
		return p
	}
	head, err := json.Marshal(columns)
	if err != nil {
		return problem.From(err)
	}
	x.ctx.Response.SetBodyRaw(fmt.Appendf(nil, `{"predicate":%q,"columns":%s,"rows":[%s]%s,"revision":%q}`, name, head, r.rows, r.next, x.stats.Revision))
	x.ctx.SetContentTypeBytes(mediaJSON)
	x.report()
	return nil
}

// goalOf asks for all rows of a predicate.
func goalOf(name string, width int) []byte {
	var b strings.Builder
	for i := range width {
		fmt.Fprintf(&b, ", V%d", i)
	}
	return fmt.Appendf(nil, `{"goal":"%s(%s)"}`, name, strings.TrimPrefix(b.String(), ", "))
}

func (x *exchange) factsPage(request []byte) (pg page, p *problem.Problem) {
	pg.limit = factsPage
	if text, ok := x.param("limit"); ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostFactPage || strconv.Itoa(n) != text {
			return pg, badParam(fmt.Sprint("limit is a number from 1 to ", mostFactPage))
		}
		pg.limit = n
	}
	if text, ok := x.param("cursor"); ok {
		pg.from, p = parseCursor(text, request)
	}
	return pg, p
}
