package host

import (
	"context"
	"encoding/json"
	"slices"
	"time"
)

// Engine is one loaded configuration, served by a pool of equal instances. It is safe for concurrent use.
//
// A verb takes the request's JSON, appends the reply's JSON to dst and returns the extended slice. Where the engine
// refuses a request, the reply is its error object, and err the same as an [*Error]. Where the host fails, dst comes back
// as it was. A decision that a limit cut short is a reply, not an error. A call isn't interrupted once it has begun:
// ctx bounds how long it waits for an instance, limits how much it does.
type Engine struct {
	pool     pool
	needs    []string
	warnings []Diagnostic
	overlays registry
	clock    func() time.Time
	needsNow bool // whatever the overlay
}

func newEngine(r *Runtime, i *instance, s *snapshot, l *loaded, o *LoadOptions) *Engine {
	e := &Engine{needs: l.Needs, warnings: l.Warnings, clock: o.clock(), needsNow: slices.Contains(l.Needs, needNow)}
	e.pool.init(r, i, s, l.Revision, o.instances())
	return e
}

// Authorize decides one request.
func (e *Engine) Authorize(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	return e.call(ctx, authorize, dst, request, c)
}

// Batch decides many requests, {"requests":[…]}, in order, each as if alone.
func (e *Engine) Batch(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	return e.call(ctx, batch, dst, request, c)
}

// Evaluation answers an evaluation of OpenID AuthZEN's Authorization API 1.0.
func (e *Engine) Evaluation(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	return e.call(ctx, evaluation, dst, request, c)
}

// Evaluations answers several of them, {"evaluations":[…]}, in order, up to the last that their semantic wants.
func (e *Engine) Evaluations(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	return e.call(ctx, evaluations, dst, request, c)
}

// Query answers a goal, {"goal":"…"}, with all its bindings, sorted.
func (e *Engine) Query(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	return e.call(ctx, query, dst, request, c)
}

// Describe answers {} with what the configuration holds.
func (e *Engine) Describe(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	return e.call(ctx, describe, dst, request, c)
}

// Test runs the configuration's own tests, {"run":"regular expression"} or {} for all.
func (e *Engine) Test(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	return e.call(ctx, test, dst, request, c)
}

// Update changes facts, {"insert":{…},"delete":{…}}, as one transaction. When it has returned, every call sees it.
func (e *Engine) Update(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	return e.pool.update(ctx, update, dst, request, c, e.now(c, nil))
}

// Facts inserts rows of one predicate, as one transaction: a line {"predicate":"…"} and CSV behind it. When it has returned, every call sees them.
// [Engine.Update] does the same for rows of JSON; the CSV is the way for very many.
func (e *Engine) Facts(ctx context.Context, dst, csv []byte, c *Call) ([]byte, error) {
	return e.pool.update(ctx, facts, dst, csv, c, e.now(c, nil))
}

// Revision names the state that calls see: the loaded files and the updates since.
func (e *Engine) Revision() string { return e.pool.currentRevision() }

// Warnings are what the load found odd.
func (e *Engine) Warnings() []Diagnostic { return slices.Clone(e.warnings) }

// Needs are the keys of host context that the configuration reads, "now" among them where it reads the time.
func (e *Engine) Needs() []string { return slices.Clone(e.needs) }

// Pool says how the engine's instances fare.
func (e *Engine) Pool() PoolStats { return e.pool.stats() }

// Close frees the engine's instances once the calls in progress have returned, or ctx is done. Later calls fail with [CodeClosed].
func (e *Engine) Close(ctx context.Context) error { return e.pool.close(ctx) }

// now is the time that a call sees.
func (e *Engine) now(c *Call, o *registered) time.Time {
	if c != nil && !c.Now.IsZero() {
		return c.Now
	}
	if e.needsNow || o != nil && o.needsNow {
		return e.clock()
	}
	return noTime
}

func (e *Engine) call(ctx context.Context, v verb, dst, request []byte, c *Call) ([]byte, error) {
	var o *registered
	if c != nil {
		o = e.overlays.find(c.Overlay)
	}
	i, err := e.pool.acquire(ctx)
	if err != nil {
		return dst, err
	}
	defer e.pool.release(i)
	if c != nil && c.Overlay != 0 && o == nil && v.takesOverlay() { // an instance may still know it, but nobody whether it reads the time
		if c.Stats != nil {
			*c.Stats = Stats{}
		}
		out := appendUnknownOverlay(dst, c.Overlay)
		return out, decodeError(out[len(dst):])
	}
	now := e.now(c, o)
	out, err := i.do(v, dst, request, c, now)
	if err == nil && o != nil && isUnknownOverlay(out[len(dst):]) {
		if _, err := i.learn(o.request); err != nil {
			return dst, err
		}
		out, err = i.do(v, out[:len(dst)], request, c, now)
	}
	if err == nil && isError(out[len(dst):]) {
		err = decodeError(out[len(dst):])
	}
	return out, err
}

// decodeError gives an error reply as an [*Error].
func decodeError(reply []byte) error {
	var r struct {
		Error       *Error       `json:"error"`
		Diagnostics []Diagnostic `json:"diagnostics"`
	}
	if err := json.Unmarshal(reply, &r); err != nil || r.Error == nil {
		return &Error{Code: CodeTrap, Message: "the module gave an error that can't be read"}
	}
	r.Error.Diagnostics = r.Diagnostics
	return r.Error
}
