package server

import (
	"context"
	"time"

	"github.com/valyala/fasthttp/fasthttpadaptor"

	"github.com/rune-authz/rune/host"
	counted "github.com/rune-authz/rune/host/metrics"
	"github.com/rune-authz/rune/server/metrics"
	"github.com/rune-authz/rune/server/problem"
)

// openMetrics begins to count.
func (s *Server) openMetrics() {
	s.metrics = metrics.New(metrics.Sources{
		Loaded:      s.loaded,
		Reloads:     s.store.Reloads,
		CacheSize:   s.cache.Size,
		Connections: s.connections,
		Dropped:     s.audit.Dropped,
		Ready:       func() bool { return s.notReady() == nil },
	})
	s.getMetrics = fasthttpadaptor.NewFastHTTPHandler(s.metrics.Handler())
}

// describeTime bounds how long metrics wait for an instance of the engine that tells what is loaded.
const describeTime = time.Second

// loaded is what the generation that serves holds; if it can't tell in time, what is known of it.
func (s *Server) loaded() counted.Loaded {
	g := s.store.Current()
	l := counted.Loaded{Revision: g.Base, Pool: g.Engine.Pool(), Traps: s.store.Traps()}
	ctx, cancel := context.WithTimeout(s.ctx, describeTime)
	defer cancel()
	d, err := g.Describe(ctx)
	if err == nil {
		s.counts.Store(&d.Counts)
	}
	if c := s.counts.Load(); c != nil {
		l.Rules, l.Policies, l.Facts = c.Rules+c.Statements, c.Policies, c.Facts
	}
	return l
}

// connections is how many are open.
func (s *Server) connections() (n int) {
	s.serving.Range(func(_, l any) bool {
		n += int(l.(*listening).http.GetOpenConnectionsCount())
		return true
	})
	return n
}

// getMetricsPage sends the metrics.
func (x *exchange) getMetricsPage() *problem.Problem {
	x.s.getMetrics(x.ctx)
	return nil
}

// counting gives a route what counts its answers.
func (s *Server) counting(r *route) {
	at := s.metrics.Route(r.path)
	r.count = at.Count(r.method)
	if r.method == "GET" {
		r.countHead = at.Count("HEAD")
	}
}

// epoch is when the process began, about.
var epoch = time.Now()

// clock is what passed since the epoch. It is read twice a request: a [time.Time] costs twice as much.
func clock() time.Duration { return time.Since(epoch) }

// time lets the engine time the phases of one request in so many.
func (x *exchange) time() {
	if n := uint64(x.s.config.PhaseSample); x.trace != nil || n > 0 && x.s.turns.Add(1)%n == 0 {
		x.scratch.timeline.Requests = x.scratch.timeline.Requests[:0]
		x.call.Timeline = &x.scratch.timeline
	}
}

// count counts the answer.
func (x *exchange) count() {
	took, m := clock()-x.began, x.s.metrics
	if x.trace != nil {
		if x.call.Timeline == nil {
			x.call.Timeline = &host.Timeline{} // it wasn't asked
		}
		x.endTrace(took)
	}
	count := m.Other(x.ctx.Method())
	if x.route != nil {
		if count = x.route.count; x.ctx.IsHead() {
			count = x.route.countHead
		}
	}
	count.Answered(x.ctx.Response.StatusCode(), took)
	switch x.cached {
	case hit:
		m.Hit()
	case miss:
		m.Miss()
	}
	if x.decided {
		if x.trace != nil {
			m.Calls.TookTraced(took, x.trace.TraceID(), x.trace.SpanID())
		} else {
			m.Calls.Took(took)
		}
		m.Calls.Decided(&x.stats, x.cached == hit)
		if x.call.Timeline != nil && x.cached != hit {
			m.Calls.Timed(x.call.Timeline)
		}
	} else if x.cached != hit {
		m.Calls.Evaluated(&x.stats)
	}
}
