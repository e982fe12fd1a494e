package server

import (
	"bytes"
	"cmp"
	"encoding/json"
	"mime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/guard"
	"github.com/rune-authz/rune/server/problem"
	"github.com/rune-authz/rune/server/trace"
)

// exchange is one request and its answer. It is used again for others.
type exchange struct {
	s         *Server
	ctx       *fasthttp.RequestCtx
	id        []byte // of the request
	arguments []byte // after the path's ?
	name      []byte // in the path
	route     *route
	client    *Client
	call      host.Call
	stats     host.Stats
	revision  string // that the cache was asked for
	cached    cached
	decided   bool          // it was a request for decisions, and was answered by the engine or the cache
	began     time.Duration // since the epoch
	trace     *trace.Trace  // nil: the request isn't traced
	at        times

	params  []pair
	scratch scratch
}

// scratch is memory that an exchange leaves to the next.
type scratch struct {
	id, key, context, text []byte
	timeline               host.Timeline
}

// cached says what part the cache had in an answer.
type cached uint8

const (
	notAsked cached = iota
	miss
	hit
)

var exchanges = sync.Pool{New: func() any { return &exchange{} }}

// handler answers the requests of one listener.
func (s *Server) handler(t *table) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		x := exchanges.Get().(*exchange)
		scratch := x.scratch
		*x = exchange{s: s, ctx: ctx}
		x.scratch = scratch
		x.began = clock()
		x.answer(t)
		x.count()
		exchanges.Put(x)
	}
}

// answer answers, whatever happens.
func (x *exchange) answer(t *table) {
	defer func() {
		if r := recover(); r != nil {
			x.s.log.Error("a request made the server panic", "panic", r, "trace", x.traceID(), "stack", string(debug.Stack()))
			x.fail(problem.New(problem.CodeInternal, "the server failed"))
		}
	}()
	x.identify()
	if x.s.draining.Load() {
		x.ctx.SetConnectionClose()
	}
	if p := x.serve(t); p != nil {
		x.fail(p)
	}
}

// identify gives the request an id, its own if it brings one.
func (x *exchange) identify() {
	x.id = x.ctx.Request.Header.PeekBytes(headerRequestID)
	if !printable(x.id) {
		x.scratch.id = x.s.ids.append(x.scratch.id[:0])
		x.id = x.scratch.id
	}
	x.ctx.Response.Header.SetCanonical(headerRequestID, x.id)
}

// serve finds out what is asked and whether it may be, and does it.
func (x *exchange) serve(t *table) *problem.Problem {
	if p := guard.Check(&x.ctx.Request); p != nil {
		x.ctx.SetConnectionClose()
		return p
	}
	place := x.locate(t)
	if place == nil {
		return problem.New(problem.CodePath, "there is nothing at this path")
	}
	if x.s.gate.Share(x.ctx, place.methods) {
		return nil
	}
	if x.route = place.route(x.ctx.Method()); x.route == nil {
		return problem.New(problem.CodeMethod, "here works "+place.allow).With("Allow", place.allow)
	}
	x.sample()
	if x.route.free {
		return x.admit(0)
	}
	if x.s.inFlight.Add(1) > int64(x.s.config.MaxInFlight) {
		x.s.inFlight.Add(-1)
		return problem.New(problem.CodeBusy, "too many requests are in progress").With("Retry-After", "1")
	}
	defer x.s.inFlight.Add(-1)
	return x.admit(1)
}

// locate finds the place of the request's path, exactly as it is spelt.
func (x *exchange) locate(t *table) *place {
	uri := x.ctx.Request.Header.RequestURI()
	if i := bytes.IndexByte(uri, '?'); i >= 0 {
		uri, x.arguments = uri[:i], uri[i+1:]
	}
	place, name := t.find(uri)
	x.name = name
	return place
}

func (x *exchange) admit(cost int) (p *problem.Problem) {
	if x.client, p = x.s.gate.Admit(x.ctx, x.route.scope, cost); p != nil {
		return p
	}
	if p = x.checkBody(); p != nil {
		return p
	}
	if p = x.checkParams(); p != nil {
		return p
	}
	return x.route.handle(x)
}

// checkBody refuses a body that isn't of the type that the route takes.
func (x *exchange) checkBody() *problem.Problem {
	if x.route.body == "" {
		return nil
	}
	h := &x.ctx.Request.Header
	if len(h.ContentEncoding()) > 0 {
		return problem.New(problem.CodeContentEncoding, "a body is taken as it is, without Content-Encoding")
	}
	if got := h.ContentType(); string(got) != x.route.body && !isMedia(string(got), x.route.body) {
		return problem.New(cmp.Or(x.route.wrongBody, problem.CodeContentType), "the body has to be "+x.route.body).With("Accept", x.route.body)
	}
	return nil
}

// isMedia reports whether a Content-Type is the media type, in UTF-8.
func isMedia(contentType, media string) bool {
	t, params, err := mime.ParseMediaType(contentType)
	if err != nil || t != media {
		return false
	}
	for name, value := range params {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}

// body is the request's.
func (x *exchange) body() []byte { return x.ctx.Request.Body() }

// JSON, as bytes.
var mediaJSON = []byte("application/json")

// reply sends JSON.
func (x *exchange) reply(status int, body any) *problem.Problem {
	text, err := json.Marshal(body)
	if err != nil {
		return problem.From(err)
	}
	x.ctx.SetStatusCode(status)
	x.ctx.SetContentTypeBytes(mediaJSON)
	x.ctx.Response.SetBodyRaw(text)
	return nil
}

// fail sends a problem.
func (x *exchange) fail(p *problem.Problem) { send(x.ctx, p) }

func send(ctx *fasthttp.RequestCtx, p *problem.Problem) {
	text, err := json.Marshal(p)
	if err != nil {
		text = []byte(`{}`) // which can't be: a problem holds text and numbers
	}
	r := &ctx.Response
	r.SetStatusCode(p.Status)
	r.Header.SetContentType(problem.ContentType)
	for _, h := range p.Headers {
		r.Header.Set(h[0], h[1])
	}
	r.SetBodyRaw(text)
}
