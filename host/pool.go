package host

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// PoolStats is how an engine's instances fare.
type PoolStats struct {
	Instances int    // alive
	Idle      int    // of these, not in a call
	Most      int    // there may be
	Clones    uint64 // made from a snapshot since the load
	Traps     uint64 // instances that died and were thrown away
	Updates   int    // applied since the load
	Pending   int    // of these, in the log that a clone applies
	Snapshot  uint64 // bytes of memory that clones start from
	Memory    uint64 // bytes of memory of the largest instance that was seen idle, or of the snapshot
}

// Once its log holds maxEntries or maxBytes, the pool takes a new snapshot, from which clones start, and empties the log.
const (
	maxEntries = 1024
	maxBytes   = 4 << 20
)

// pool is the instances of one engine. All have loaded the same files and apply the same updates in the same order, so that any of
// them may answer any call.
type pool struct {
	runtime *Runtime
	slots   chan struct{} // holds one token for each instance in a call
	writer  chan struct{} // holds a token while an update is made

	revision atomic.Pointer[string] // of the last update that is made, or of the load

	mu     sync.Mutex
	idle   []*instance // the last one used last, as it is the warmest
	closed bool
	start  *snapshot // what clones start from
	log    []logged  // the updates after start; only ever appended to, or replaced
	bytes  int       // in the log
	counts PoolStats
}

// logged is an update that was made.
type logged struct {
	verb     verb
	request  []byte
	call     *Call
	now      time.Time
	revision string // that it made
}

func (p *pool) init(r *Runtime, first *instance, s *snapshot, revision string, most int) {
	p.runtime, p.start = r, s
	s.users = 1
	p.revision.Store(&revision)
	p.idle = []*instance{first}
	p.slots, p.writer = make(chan struct{}, most), make(chan struct{}, 1)
	p.counts = PoolStats{Instances: 1, Most: most}
}

func errClosed() error { return &Error{Code: CodeClosed, Message: "the engine is closed"} }

// enter takes a slot, or gives up when ctx is done.
func enter(ctx context.Context, slots chan struct{}) error {
	select {
	case slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// acquire gives an instance that has applied every update that was acknowledged before. It must be released.
func (p *pool) acquire(ctx context.Context) (*instance, error) {
	if err := enter(ctx, p.slots); err != nil {
		return nil, err
	}
	i, pending, err := p.take(ctx)
	if err == nil {
		err = i.apply(pending)
	}
	if err == nil {
		return i, nil
	}
	if i != nil {
		i.unusable = true
		p.release(i)
	} else {
		<-p.slots
	}
	return nil, err
}

// take gives an idle instance, or a new one, and the updates that it lacks.
func (p *pool) take(ctx context.Context) (*instance, []logged, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, nil, errClosed()
	}
	var i *instance
	if last := len(p.idle) - 1; last >= 0 {
		i = p.idle[last]
		p.idle[last] = nil
		p.idle = p.idle[:last]
	}
	start, log := p.start, p.log
	if i != nil && i.applied < start.applied { // what it lacks is no longer in the log
		defer i.close()
		i = nil
		p.counts.Instances--
	}
	if i == nil {
		start.users++
	}
	p.mu.Unlock()
	if i == nil {
		var err error
		i, err = p.runtime.clone(ctx, start)
		p.drop(start)
		if err != nil {
			return nil, nil, err
		}
		p.mu.Lock()
		p.counts.Instances++
		p.counts.Clones++
		p.mu.Unlock()
	}
	return i, log[i.applied-start.applied:], nil
}

// drop lets go of a snapshot. The last to do so frees it.
func (p *pool) drop(s *snapshot) {
	p.mu.Lock()
	s.users--
	last := s.users == 0
	p.mu.Unlock()
	if last {
		s.image.close()
	}
}

// apply makes the updates that i lacks.
func (i *instance) apply(pending []logged) error {
	for _, u := range pending {
		reply, err := i.do(u.verb, nil, u.request, u.call, u.now)
		if err != nil {
			return err
		}
		if isError(reply) {
			return &Error{Code: CodeTrap, Message: "an update that another instance made was refused"}
		}
		i.applied++
		i.revision = u.revision
	}
	return nil
}

// release gives an instance back, or throws it away if it died.
func (p *pool) release(i *instance) {
	p.mu.Lock()
	keep := !p.closed && !i.unusable
	if keep {
		p.idle = append(p.idle, i)
	} else {
		p.counts.Instances--
	}
	if i.unusable {
		p.counts.Traps++
	}
	p.mu.Unlock()
	if !keep {
		i.close()
	}
	<-p.slots
}

// update makes an update in one instance, and writes it to the log for the others. Updates are made one after the other.
func (p *pool) update(ctx context.Context, v verb, dst, request []byte, c *Call, now time.Time) ([]byte, error) {
	if err := enter(ctx, p.writer); err != nil {
		return dst, err
	}
	defer func() { <-p.writer }()
	i, err := p.acquire(ctx)
	if err != nil {
		return dst, err
	}
	defer p.release(i)
	out, err := i.do(v, dst, request, c, now)
	if err != nil {
		return out, err
	}
	reply := out[len(dst):]
	if isError(reply) {
		return out, decodeError(reply)
	}
	i.applied++
	i.revision = revisionOf(reply)
	if c != nil && c.Stats != nil {
		c.Stats.Revision = i.revision
	}
	p.record(logged{v, bytes.Clone(request), c.forLog(), now, i.revision})
	p.compact(i)
	return out, nil
}

// forLog is c as it will be when the update is made again.
func (c *Call) forLog() *Call {
	if c == nil {
		return nil
	}
	return &Call{Context: bytes.Clone(c.Context), Entities: c.Entities, Limits: c.Limits}
}

// revisionOf reads the reply to an update.
func revisionOf(reply []byte) string {
	var r struct{ Revision string }
	_ = json.Unmarshal(reply, &r) // the module wrote it
	return r.Revision
}

func (p *pool) record(u logged) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, u)
	p.bytes += len(u.request)
	p.revision.Store(&u.revision)
}

// compact takes a new snapshot from i, which has applied all updates, if the log has grown long. Where that fails, the log grows on.
func (p *pool) compact(i *instance) {
	p.mu.Lock()
	due := len(p.log) >= maxEntries || p.bytes >= maxBytes
	p.mu.Unlock()
	if !due {
		return
	}
	s, err := i.snapshot()
	if err != nil {
		return
	}
	p.mu.Lock()
	old := p.start
	s.users = 1
	p.start, p.log, p.bytes = s, nil, 0
	stale := p.removeStale()
	p.mu.Unlock()
	p.drop(old)
	for _, i := range stale {
		i.close()
	}
}

// removeStale removes the idle instances that lack updates which are no longer in the log. Each may hold the memory of an old snapshot.
func (p *pool) removeStale() (stale []*instance) {
	p.idle = slices.DeleteFunc(p.idle, func(i *instance) bool {
		if i.applied >= p.start.applied {
			return false
		}
		stale = append(stale, i)
		return true
	})
	p.counts.Instances -= len(stale)
	return stale
}

func (p *pool) currentRevision() string { return *p.revision.Load() }

func (p *pool) stats() PoolStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.idle {
		p.counts.Memory = max(p.counts.Memory, uint64(i.memory.Size()))
	}
	s := p.counts
	s.Idle, s.Pending = len(p.idle), len(p.log)
	s.Updates = p.start.applied + len(p.log)
	s.Snapshot = p.start.image.size
	s.Memory = max(s.Memory, s.Snapshot)
	return s
}

// close lets no further call in, waits for those in progress, and frees everything.
func (p *pool) close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	p.counts.Instances -= len(idle)
	p.mu.Unlock()
	for _, i := range idle {
		i.close()
	}
	for n := range cap(p.slots) {
		if err := enter(ctx, p.slots); err != nil {
			p.leave(n)
			return err
		}
	}
	p.start.image.close()
	p.leave(cap(p.slots)) // whoever waits may see that it is closed
	return nil
}

// leave gives back n slots.
func (p *pool) leave(n int) {
	for range n {
		<-p.slots
	}
}
