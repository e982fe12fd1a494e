package metrics

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rune-authz/rune/host"
)

// DefaultSample is of how many calls one has its phases timed.
const DefaultSample = 16

// Engine is an engine whose calls are counted, see [Engine.Collector]. It is safe for concurrent use.
type Engine struct {
	*host.Engine
	// Sample is of how many calls one has its phases timed; 0: none. It may be set before the first call.
	Sample uint64

	calls *Calls
	state *State
	turn  atomic.Uint64
	base  string // the revision that was loaded

	mu     sync.Mutex
	counts Loaded // of the revision in it
	at     string
}

// New counts the calls of e that are made by what it returns.
func New(e *host.Engine) *Engine {
	m := &Engine{Engine: e, Sample: DefaultSample, calls: NewCalls(), base: e.Revision()}
	m.state = NewState(m.loaded)
	return m
}

// Authorize is [host.Engine.Authorize], counted.
func (m *Engine) Authorize(ctx context.Context, dst, request []byte, c *host.Call) ([]byte, error) {
	return m.decide(ctx, m.Engine.Authorize, dst, request, c)
}

// Batch is [host.Engine.Batch], counted.
func (m *Engine) Batch(ctx context.Context, dst, request []byte, c *host.Call) ([]byte, error) {
	return m.decide(ctx, m.Engine.Batch, dst, request, c)
}

// Query is [host.Engine.Query], counted.
func (m *Engine) Query(ctx context.Context, dst, request []byte, c *host.Call) ([]byte, error) {
	call := own(c)
	out, err := m.Engine.Query(ctx, dst, request, &call)
	m.calls.Evaluated(call.Stats)
	return out, err
}

func (m *Engine) decide(ctx context.Context, verb func(context.Context, []byte, []byte, *host.Call) ([]byte, error), dst, request []byte, c *host.Call) ([]byte, error) {
	call := own(c)
	if call.Timeline == nil && m.Sample > 0 && m.turn.Add(1)%m.Sample == 0 {
		call.Timeline = &host.Timeline{}
	}
	began := time.Now()
	out, err := verb(ctx, dst, request, &call)
	if err != nil {
		return out, err
	}
	m.calls.Took(time.Since(began))
	m.calls.Decided(call.Stats, false)
	if call.Timeline != nil {
		m.calls.Timed(call.Timeline)
	}
	return out, nil
}

// own is c as a call of ours, with statistics.
func own(c *host.Call) (call host.Call) {
	if c != nil {
		call = *c
	}
	if call.Stats == nil {
		call.Stats = &host.Stats{}
	}
	return call
}

// loaded is what the engine holds now; if it can't tell, what it held before.
func (m *Engine) loaded() Loaded {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at != m.Revision() {
		m.describe()
	}
	l := m.counts
	l.Revision, l.Pool = m.base, m.Pool()
	l.Traps = l.Pool.Traps
	return l
}

func (m *Engine) describe() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second) // for an instance
	defer cancel()
	reply, err := m.Describe(ctx, nil, []byte(`{}`), nil)
	var d struct {
		Revision string
		Counts   struct{ Facts, Rules, Statements, Policies int }
	}
	if err == nil && json.Unmarshal(reply, &d) == nil {
		m.counts = Loaded{Rules: d.Counts.Rules + d.Counts.Statements, Policies: d.Counts.Policies, Facts: d.Counts.Facts}
		m.at = d.Revision
	}
}

// Collector counts for Prometheus.
func (m *Engine) Collector() prometheus.Collector { return collector{m} }

// collector keeps the engine's own verb Describe apart from that of collectors.
type collector struct{ m *Engine }

func (c collector) Describe(out chan<- *prometheus.Desc) {
	c.m.calls.Describe(out)
	c.m.state.Describe(out)
}

func (c collector) Collect(out chan<- prometheus.Metric) {
	c.m.calls.Collect(out)
	c.m.state.Collect(out)
}
