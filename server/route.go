package server

import (
	"slices"
	"strings"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/metrics"
	"github.com/rune-authz/rune/server/problem"
)

// route is one thing that the server can be asked. The OpenAPI document is made from routes.
type route struct {
	method     string
	path       string    // as documented; {predicate} stands for a name
	scope      Scopes    // 0: everybody, without a token
	free       bool      // costs nothing of a client's rate, and is answered however much there is to do
	admin      bool      // on the admin listener, if there is one
	everywhere bool      // on both listeners
	traced     bool      // it decides
	unguarded  bool      // on an admin listener it needs no token
	body       string    // media type of the request's body; "": it isn't read
	wrongBody  host.Code // the problem that a body of another type is, if not http.content_type
	params     []param
	anyParams  bool // other parameters are ignored
	handle     func(*exchange) *problem.Problem

	summary string
	detail  string
	request any // a value of the body's Go type, or nil
	replies []answer
	fails   []int    // statuses of problems, beyond those of every route
	headers []header // of its answers

	count, countHead *metrics.Count // of its answers
}

// param is a parameter of the query string.
type param struct {
	name, about string
	value       any // of its Go type
}

// answer is one that isn't a problem.
type answer struct {
	status int
	media  string
	about  string
	body   any // of its Go type
}

// header is one of an answer's.
type header struct{ name, about string }

// table finds routes. Only documented spellings of a path are there.
type table struct {
	routes []*route
	exact  map[string]*place
	facts  *place // of the paths below prefix
}

// place is what can be done at one path.
type place struct {
	routes  []*route
	methods []string // HEAD and OPTIONS included where they work
	allow   string
}

const factsPrefix = "/v1/facts/"

func newTable(routes []*route) *table {
	t := &table{routes: routes, exact: map[string]*place{}}
	for _, r := range routes {
		p := t.exact[r.path]
		if p == nil {
			p = &place{}
			t.exact[r.path] = p
			if strings.HasPrefix(r.path, factsPrefix) {
				delete(t.exact, r.path)
				t.facts = p
			}
		}
		p.routes = append(p.routes, r)
		p.methods = append(p.methods, r.method)
		if r.method == "GET" {
			p.methods = append(p.methods, "HEAD")
		}
		slices.Sort(p.methods)
		p.allow = strings.Join(p.methods, ", ")
	}
	return t
}

// find gives the place of a path as it stands in the request, and the name in it, if it holds one; nil where there is none.
func (t *table) find(path []byte) (*place, []byte) {
	if p := t.exact[string(path)]; p != nil {
		return p, nil
	}
	if t.facts == nil || len(path) <= len(factsPrefix) || string(path[:len(factsPrefix)]) != factsPrefix {
		return nil, nil
	}
	name := path[len(factsPrefix):]
	if !isPredicate(name) {
		return nil, nil
	}
	return t.facts, name
}

// isPredicate reports whether name could be a predicate's: letters, digits, '_', and dots between parts.
func isPredicate(name []byte) bool {
	for _, c := range name {
		if c|0x20 < 'a' && !('0' <= c && c <= '9') && c != '_' && c != '.' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}

// route gives what a method does at the place, or nil. HEAD is GET without a body.
func (p *place) route(method []byte) *route {
	for _, r := range p.routes {
		if string(method) == r.method || r.method == "GET" && string(method) == "HEAD" {
			return r
		}
	}
	return nil
}
