package server

import (
	"context"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/cache"
	"github.com/rune-authz/rune/server/live"
	"github.com/rune-authz/rune/server/problem"
)

// verb is something that the engine does.
type verb struct {
	name string
	call func(e *host.Engine, ctx context.Context, dst, request []byte, c *host.Call) ([]byte, error)
}

var (
	verbAuthorize = &verb{"authorize", (*host.Engine).Authorize}
	verbBatch     = &verb{"batch", (*host.Engine).Batch}
	verbQuery     = &verb{"query", (*host.Engine).Query}

	verbEvaluation  = &verb{"evaluation", (*host.Engine).Evaluation}
	verbEvaluations = &verb{"evaluations", (*host.Engine).Evaluations}
)

func (x *exchange) authorize() *problem.Problem { return x.decide(verbAuthorize) }

func (x *exchange) batch() *problem.Problem {
	if p := x.charge("requests"); p != nil {
		return p
	}
	if p := x.decide(verbBatch); p != nil {
		return p
	}
	if x.stats.Items == 0 {
		return problem.New(problem.CodeBatchSize, "a batch of nothing")
	}
	return nil
}

// charge counts the items under key in the body: each is a request.
func (x *exchange) charge(key string) *problem.Problem {
	n := items(x.body(), key)
	if limit := x.s.config.MaxBatch; n > limit {
		return batchTooLarge(n, limit)
	}
	if n > 1 {
		return x.s.gate.Charge(x.ctx, x.client, n-1)
	}
	return nil
}

// decide asks the engine what the body asks, and sends its reply as it is.
func (x *exchange) decide(v *verb) *problem.Problem {
	explain, p := x.explains()
	if p != nil {
		return p
	}
	x.call.Explain = explain
	x.time()
	if p := x.ask(v, x.body()); p != nil {
		return p
	}
	x.decided = true
	x.ctx.SetContentTypeBytes(mediaJSON)
	x.report()
	x.record(v)
	return nil
}

// ask asks the cache or the engine. The reply becomes the answer's body.
func (x *exchange) ask(v *verb, request []byte) *problem.Problem {
	if p := x.checkDepth(request); p != nil {
		return p
	}
	x.call.Entities, x.call.Stats = x.entities(), &x.stats
	if x.trace != nil {
		x.at.asked = clock()
	}
	for {
		g := x.s.store.Current()
		x.provide(g)
		if x.recall(v, g, request) {
			return nil
		}
		b := x.ctx.Response.SwapBody(nil)
		out, err := v.call(g.Engine, x.s.ctx, b[:0], request, &x.call)
		if err == nil {
			x.ctx.Response.SwapBody(out)
			x.remember(g, out)
			return nil
		}
		x.ctx.Response.SwapBody(out[:0])
		if !x.s.store.Replaced(g, err) {
			return problem.From(err)
		}
	}
}

// entities is what entities the request may bring.
func (x *exchange) entities() host.EntitiesMode {
	mode := x.s.config.RequestEntities
	if mode == host.EntitiesOverride && !x.client.Has(ScopeEntities) {
		return host.EntitiesRefuse
	}
	return mode
}

// provide gives the engine the host context that its configuration reads. The time it takes itself.
func (x *exchange) provide(g *live.Generation) {
	x.call.Context = nil
	if g.NeedsToken {
		x.scratch.context = append(x.scratch.context[:0], `{"token":`...)
		if len(x.client.Claims) == 0 { // such as of a client that a certificate names
			x.scratch.context = append(x.scratch.context, "{}"...)
		}
		x.scratch.context = append(append(x.scratch.context, x.client.Claims...), '}')
		x.call.Context = x.scratch.context
	}
}

// recall answers from the cache, if it has the reply.
func (x *exchange) recall(v *verb, g *live.Generation, request []byte) bool {
	if x.s.cache == nil || x.call.Explain {
		return false
	}
	k := cache.Key{Verb: v.name, Revision: g.Engine.Revision(), Entities: x.call.Entities, Context: x.call.Context, Request: request}
	x.scratch.key = k.Append(x.scratch.key[:0])
	x.revision = k.Revision
	e := x.lookUp()
	if e == nil {
		x.cached = miss
		return false
	}
	x.cached, x.stats = hit, e.Stats
	x.ctx.Response.SetBodyRaw(e.Reply)
	return true
}

// lookUp asks the cache, on the clock if the request is timed.
func (x *exchange) lookUp() *cache.Entry {
	if x.call.Timeline == nil {
		return x.s.cache.Get(x.scratch.key)
	}
	x.at.looked = clock()
	e := x.s.cache.Get(x.scratch.key)
	x.at.found = clock()
	x.s.metrics.LookedUp(x.at.found - x.at.looked)
	return e
}

// remember keeps a reply, if it depends on the key alone. A call may have seen a later revision than the key names.
func (x *exchange) remember(g *live.Generation, reply []byte) {
	if x.cached == miss && x.stats.Cacheable && x.stats.Revision == x.revision {
		if x.trace == nil {
			x.s.cache.Put(x.scratch.key, reply, &x.stats)
			return
		}
		x.at.kept = clock()
		x.s.cache.Put(x.scratch.key, reply, &x.stats)
		x.at.put = clock()
	}
}
