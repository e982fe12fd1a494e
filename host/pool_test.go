package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const aliceReads = `{"principal":"alice","action":"read","resource":"x"}`

// TestPool_seesAcknowledgedUpdates: while one goroutine makes updates, no call that begins after one was acknowledged
// sees an older state, whichever instance answers.
func TestPool_seesAcknowledgedUpdates(t *testing.T) {
	e := loadText(t, "version = \"rune/1.0\"\n[data]\ncounted = [0]\n[rules]\ndecl counted(long).\nlast(X) :- X = max(N) { counted(N) }.\n",
		&LoadOptions{Instances: 4})
	const updates = 200
	var acknowledged atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		defer acknowledged.Store(updates) // the others end, whatever happens
		for n := 1; n <= updates; n++ {
			if _, err := e.Update(ctx, nil, fmt.Appendf(nil, `{"insert":{"counted":[[%d]]}}`, n), nil); err != nil {
				t.Error(err)
				return
			}
			acknowledged.Store(int64(n))
		}
	})
	for range 6 {
		wg.Go(func() {
			for acknowledged.Load() < updates {
				least := acknowledged.Load()
				var stats Stats
				reply, err := e.Query(ctx, nil, []byte(`{"goal":"last(X)"}`), &Call{Stats: &stats})
				if err != nil {
					t.Error(err)
					return
				}
				var got int64
				if _, err := fmt.Sscanf(string(reply), `{"columns":["X"],"rows":[[%d]]`, &got); err != nil {
					t.Errorf("%s: %v", reply, err)
					return
				}
				if got < least {
					t.Errorf("update %d was acknowledged, and %d is the last seen", least, got)
				}
				if !strings.Contains(string(reply), `"revision":"`+stats.Revision+`"`) {
					t.Errorf("%s, and the statistics say %s", reply, stats.Revision)
				}
			}
		})
	}
	wg.Wait()
	if s := e.Pool(); s.Updates != updates || s.Instances > 4 || s.Traps != 0 {
		t.Errorf("pool: %+v", s)
	}
}

// TestPool_authorizesWhileFactsChange: decisions from many goroutines, with and without an overlay, while what is materialised gains and loses rows.
// None has an older revision than the last one acknowledged before the call, and each is what the facts of its revision say.
func TestPool_authorizesWhileFactsChange(t *testing.T) {
	e := loadText(t, `version = "rune/1.0"
[data]
edge = [["a", "b"], ["c", "d"]]
[rules]
decl edge(string, string).
@materialize path(X, Y) :- edge(X, Y).
path(X, Z) :- path(X, Y), edge(Y, Z).
@materialize apart(X) :- edge(X, _), not path(X, "d").
permit(_, _, _) :- path("a", "d"), not apart("a").
`, &LoadOptions{Instances: 4})
	overlay, err := e.Overlay(ctx, "more(1).", false)
	if err != nil {
		t.Fatal(err)
	}
	const updates = 2*maxEntries + 10 // with compactions of the log
	var mu sync.Mutex
	revisions := []string{e.Revision()} // acknowledged, in order
	seen := map[string]bool{}           // which revisions permitted
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		defer close(stop)
		for n := range updates {
			reply, err := e.Update(ctx, nil, fmt.Appendf(nil, `{%q:{"edge":[["b","c"]]}}`, [...]string{"insert", "delete"}[n%2]), nil)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			revisions = append(revisions, revisionOf(reply))
			mu.Unlock()
		}
	})
	for g := range 8 {
		call := &Call{}
		if g%2 == 1 {
			call.Overlay = overlay
		}
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				mu.Lock()
				least := len(revisions) - 1
				mu.Unlock()
				reply, err := e.Authorize(ctx, nil, []byte(aliceReads), call)
				if err != nil {
					t.Error(err)
					return
				}
				var r struct {
					Decision    string
					Diagnostics struct{ Revision string }
				}
				if err := json.Unmarshal(reply, &r); err != nil {
					t.Errorf("%s: %v", reply, err)
					return
				}
				revision, _, _ := strings.Cut(r.Diagnostics.Revision, "+")
				mu.Lock()
				if slices.Contains(revisions[:least], revision) {
					t.Errorf("a call after update %d was acknowledged sees an older revision", least)
				}
				if permitted, known := seen[revision]; known && permitted != (r.Decision == "permit") {
					t.Errorf("revision %s permits, and doesn't", revision)
				}
				seen[revision] = r.Decision == "permit"
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for revision, permitted := range seen {
		if n := slices.Index(revisions, revision); n < 0 || permitted != (n%2 == 1) {
			t.Errorf("revision %d permits: %v", n, permitted)
		}
	}
	if s := e.Pool(); len(seen) < 100 || s.Traps != 0 || s.Updates != updates {
		t.Errorf("%d revisions seen, pool %+v", len(seen), s)
	}
}

// TestPool_compaction: when the log has become long, clones start from a newer snapshot, and older instances give way.
func TestPool_compaction(t *testing.T) {
	e := loadText(t, people, &LoadOptions{Instances: 2})
	old, err := e.pool.acquire(ctx) // it will lack everything
	if err != nil {
		t.Fatal(err)
	}
	for n := range maxEntries + 3 {
		if _, err := e.Update(ctx, nil, fmt.Appendf(nil, `{"insert":{"member":[["u%d","admins"]]}}`, n), nil); err != nil {
			t.Fatal(err)
		}
	}
	if s := e.Pool(); s.Updates != maxEntries+3 || s.Pending != 3 {
		t.Errorf("pool: %+v", s)
	}
	newer, err := e.pool.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	e.pool.release(newer)
	e.pool.release(old) // it is taken next
	got := must(t)(e.Authorize(ctx, nil, []byte(`{"principal":"u1026","action":"read","resource":"x"}`), nil))
	if !strings.Contains(got, `"permit"`) {
		t.Errorf("an instance that missed a compaction decides %s", got)
	}
	if want := `"revision":"` + e.Revision() + `"`; !strings.Contains(got, want) {
		t.Errorf("%s lacks %s", got, want)
	}
	if s := e.Pool(); s.Clones != 2 || s.Instances != 2 {
		t.Errorf("pool: %+v", s)
	}
}

// TestPool_freesSnapshots: a snapshot that a newer one replaces is freed at once, whatever the collector does, with the idle instances that are too
// old to go on from the new one; but not before a clone is made that began with it.
func TestPool_freesSnapshots(t *testing.T) {
	e := loadText(t, people, &LoadOptions{Instances: 3})
	idle, err := e.pool.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	other, err := e.pool.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	e.pool.release(idle)
	e.pool.release(other) // is taken for the updates
	first := e.pool.start
	first.users++ // as a clone in the making
	fill := func() {
		for n := range maxEntries {
			if _, err := e.Update(ctx, nil, fmt.Appendf(nil, `{"insert":{"member":[["u%d","admins"]]}}`, n), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill()
	if s := e.Pool(); s.Instances != 1 || s.Idle != 1 || s.Pending != 0 {
		t.Errorf("pool: %+v", s)
	}
	if !idle.module.IsClosed() || other.module.IsClosed() {
		t.Error("the instance that lacks the updates is alive, or the other one isn't")
	}
	clone, err := e.pool.runtime.clone(ctx, first)
	if err != nil {
		t.Fatalf("a clone that began with the first snapshot: %v", err)
	}
	clone.close()
	e.pool.drop(first)
	second := e.pool.start
	fill()
	for n, s := range []*snapshot{first, second} {
		if file := s.image.file; file != nil {
			if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
				t.Errorf("snapshot %d is still there: %v", n, err)
			}
		}
	}
	got := must(t)(e.Authorize(ctx, nil, []byte(`{"principal":"u7","action":"read","resource":"x"}`), nil))
	if !strings.Contains(got, `"permit"`) {
		t.Errorf("afterwards: %s", got)
	}
}

// TestPool_growsOnDemand: one instance serves calls one after the other; a second comes with the second call at once, and no third.
func TestPool_growsOnDemand(t *testing.T) {
	e := loadText(t, people, &LoadOptions{Instances: 2})
	for range 5 {
		must(t)(e.Authorize(ctx, nil, []byte(aliceReads), nil))
	}
	if s := e.Pool(); s.Instances != 1 || s.Idle != 1 || s.Clones != 0 {
		t.Errorf("after calls one by one: %+v", s)
	}
	a, err := e.pool.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.pool.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if s := e.Pool(); s.Instances != 2 || s.Idle != 0 || s.Clones != 1 {
		t.Errorf("with two calls at once: %+v", s)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := e.Authorize(short, nil, []byte(aliceReads), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a third call gives %v", err)
	}
	e.pool.release(a)
	e.pool.release(b)
}

// TestPool_replacesTrapped kills an instance in different ways. The call that meets it fails, and those that follow don't.
func TestPool_replacesTrapped(t *testing.T) {
	for name, kill := range map[string]func(i *instance){
		"stack lost": func(i *instance) {
			for _, g := range i.globals {
				g.Set(0)
			}
		},
		"memory lost": func(i *instance) {
			memory, _ := i.memory.Read(0, i.memory.Size())
			for n := range memory {
				memory[n] = 0xff
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := loadText(t, people, &LoadOptions{Instances: 1})
			before := must(t)(e.Update(ctx, nil, []byte(`{"insert":{"member":[["bob","admins"]]}}`), nil))
			i, err := e.pool.acquire(ctx)
			if err != nil {
				t.Fatal(err)
			}
			kill(i)
			e.pool.release(i)
			prefix := []byte("kept")
			if out, err := e.Authorize(ctx, prefix, []byte(aliceReads), nil); !errors.Is(err, CodeTrap) || string(out) != "kept" {
				t.Fatalf("the call that meets it gives %q, %v", out, err)
			}
			got := must(t)(e.Authorize(ctx, nil, []byte(`{"principal":"bob","action":"read","resource":"x"}`), nil))
			if !strings.Contains(got, `"permit"`) || !strings.Contains(before, e.Revision()) {
				t.Errorf("the next call gives %s", got)
			}
			if s := e.Pool(); s.Traps != 1 || s.Instances != 1 || s.Clones != 1 {
				t.Errorf("pool: %+v", s)
			}
		})
	}
}

// TestPool_repeatsUpdatesAsMade: an update that one instance made under a host's limits and context is made so by the others.
func TestPool_repeatsUpdatesAsMade(t *testing.T) {
	e := loadText(t, people, &LoadOptions{Instances: 2})
	other, err := e.pool.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	call := &Call{Context: []byte(`{"by":"me"}`), Limits: Limits{Steps: 500_000}, Stats: &Stats{}}
	request := []byte(`{"insert":{"member":[["bob","admins"]]}}`)
	must(t)(e.Update(ctx, nil, request, call))
	clear(request) // the log has a copy
	clear(call.Context)
	e.pool.release(other)
	got := must(t)(e.Authorize(ctx, nil, []byte(`{"principal":"bob","action":"read","resource":"x"}`), nil))
	if !strings.Contains(got, `"permit"`) || !strings.Contains(got, e.Revision()) {
		t.Errorf("the instance that lacked the update answers %s", got)
	}
}

// TestPool_facts: what CSV brings is seen by instances that lacked it, by clones, and after the log became a snapshot; what is refused isn't.
func TestPool_facts(t *testing.T) {
	e, byJSON := loadText(t, people, &LoadOptions{Instances: 3}), loadText(t, people, nil)
	other, err := e.pool.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	request := []byte("{\"predicate\":\"member\"}\nwho,group\nbob,admins\n")
	got, want := must(t)(e.Facts(ctx, nil, request, nil)), must(t)(byJSON.Update(ctx, nil, []byte(`{"insert":{"member":[["bob","admins"]]}}`), nil))
	if got != want || e.Revision() != byJSON.Revision() {
		t.Errorf("CSV: %s, JSON: %s", got, want)
	}
	clear(request) // the log has a copy
	reply, err := e.Facts(ctx, nil, []byte("{\"predicate\":\"member\",\"file\":\"m.csv\"}\nwho,group\neve,admins\neve\n"), nil)
	var wrong *Error
	if !errors.As(err, &wrong) || wrong.File != "m.csv" || wrong.Line != 3 || wrong.Column != 1 || len(wrong.Diagnostics) != 1 || !isError(reply) {
		t.Errorf("%s, %v", reply, err)
	}
	ask := func(when string) {
		for name, decision := range map[string]string{"bob": `"permit"`, "eve": `"deny"`} {
			got := must(t)(e.Authorize(ctx, nil, []byte(`{"principal":"`+name+`","action":"read","resource":"x"}`), nil))
			if !strings.Contains(got, decision) || !strings.Contains(got, e.Revision()) {
				t.Errorf("%s, %s: %s", when, name, got)
			}
		}
	}
	e.pool.release(other) // is used next
	ask("an instance that lacked them")
	must(t)(e.Facts(ctx, nil, []byte("{\"predicate\":\"member\"}\nwho,group\n"+strings.Repeat("bob,others\n", maxBytes/len("bob,others\n")+1)), nil))
	if s := e.Pool(); s.Pending != 0 || s.Updates != 2 {
		t.Errorf("the log of many bytes is kept: %+v", s)
	}
	ask("after the snapshot")
}

// TestPool_refusedUpdate: an update that is refused leaves no trace.
func TestPool_refusedUpdate(t *testing.T) {
	e := loadText(t, people, nil)
	before := e.Revision()
	reply, err := e.Update(ctx, nil, []byte(`{"insert":{"nobody":[["x"]]}}`), nil)
	if err == nil || !isError(reply) {
		t.Errorf("%s, %v", reply, err)
	}
	if s := e.Pool(); s.Updates != 0 || e.Revision() != before {
		t.Errorf("pool: %+v, revision %s, before %s", s, e.Revision(), before)
	}
}

func TestPool_close(t *testing.T) {
	e, err := testRuntime(t).LoadText(ctx, people, &LoadOptions{Instances: 2})
	if err != nil {
		t.Fatal(err)
	}
	i, err := e.pool.acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := e.Close(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("closing during a call gives %v", err)
	}
	e.pool.release(i)
	for range 2 {
		if err := e.Close(ctx); err != nil {
			t.Error(err)
		}
	}
	if _, err := e.Authorize(ctx, nil, []byte(aliceReads), nil); !errors.Is(err, CodeClosed) {
		t.Errorf("a call after closing gives %v", err)
	}
	if s := e.Pool(); s.Instances != 0 || s.Idle != 0 {
		t.Errorf("pool: %+v", s)
	}
}

// TestPool_memory: a request that is larger than the memory so far makes it grow, and that is seen.
func TestPool_memory(t *testing.T) {
	e := loadText(t, people, nil)
	before := e.Pool()
	if before.Memory != before.Snapshot {
		t.Errorf("%d bytes after the load, whose snapshot has %d", before.Memory, before.Snapshot)
	}
	request := fmt.Sprintf(`{"principal":"alice","action":"read","resource":%q}`, strings.Repeat("x", int(before.Memory)))
	_, _ = e.Authorize(ctx, nil, []byte(request), nil) // too long a string: only what it takes matters
	if after := e.Pool(); after.Memory < before.Memory+uint64(len(request)) || after.Snapshot != before.Snapshot {
		t.Errorf("before a request of %d bytes %+v, after it %+v", len(request), before, after)
	}
}
