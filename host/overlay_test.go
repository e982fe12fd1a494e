package host

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// overlayText is one of many overlays, which makes a user of its own an administrator.
func overlayText(n int) string { return fmt.Sprintf("member(User::\"u%d\", Group::\"admins\").", n) }

// TestOverlay_everyInstance: replies don't depend on which instance answers, on what it was asked before, on updates between, nor on whether it
// was cloned. There are more overlays than an instance keeps.
func TestOverlay_everyInstance(t *testing.T) {
	const overlays, calls = 80, 300
	e := loadText(t, people, &LoadOptions{Instances: 3})
	alone := loadText(t, people, &LoadOptions{Instances: 1})
	var handles [overlays]uint64
	for n := range handles {
		var err error
		if handles[n], err = e.Overlay(ctx, overlayText(n), false); err != nil {
			t.Fatal(err)
		}
	}
	held := make([]*instance, 2) // a third one will be cloned
	for k := range held {
		held[k], _ = e.pool.acquire(ctx)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for k := range calls {
		n := r.IntN(overlays)
		request := fmt.Appendf(nil, `{"principal":"u%d","action":"read","resource":"x"}`, r.IntN(2)*n)
		want := must(t)(answerAlone(alone, n, request))
		if got := must(t)(e.Authorize(ctx, nil, request, &Call{Overlay: handles[n]})); got != want {
			t.Fatalf("call %d, overlay %d: %s, want %s", k, n, got, want)
		}
		if k%50 == 49 {
			update := fmt.Appendf(nil, `{"insert":{"member":[["x%d","admins"]]}}`, k)
			must(t)(e.Update(ctx, nil, update, nil))
			must(t)(alone.Update(ctx, nil, update, nil))
		}
		if k == calls/2 {
			for _, i := range held {
				e.pool.release(i)
			}
		}
	}
	if s := e.Pool(); s.Instances != 3 || s.Traps != 0 {
		t.Errorf("pool: %+v", s)
	}
}

// answerAlone registers an overlay and answers with it.
func answerAlone(e *Engine, n int, request []byte) ([]byte, error) {
	handle, err := e.Overlay(ctx, overlayText(n), false)
	if err != nil {
		return nil, err
	}
	return e.Authorize(ctx, nil, request, &Call{Overlay: handle})
}

// TestOverlay_threads: a forbid of an overlay isn't lost because the call runs on another thread.
func TestOverlay_threads(t *testing.T) {
	e := loadText(t, people, &LoadOptions{Instances: 4})
	handle, err := e.Overlay(ctx, `@id("none") forbid(_, _, _).`, true)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			call, want := &Call{}, `"permit"`
			if n%2 == 1 {
				call.Overlay, want = handle, `"none"`
			}
			for range 100 {
				if reply, err := e.Authorize(ctx, nil, []byte(aliceReads), call); err != nil || !strings.Contains(string(reply), want) {
					t.Errorf("%s, %v, want %s", reply, err, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestOverlay_errors(t *testing.T) {
	e := loadText(t, people, nil)
	for text, code := range map[string]Code{
		"permit(P, _, _) :- membr(P).":      "datalog.unknown_predicate",
		"\xff":                              "document.utf8",
		"version = \"rune/1.0\"\n[tests]\n": "document.overlay",
	} {
		var failure *Error
		handle, err := e.Overlay(ctx, text, false)
		if !errors.As(err, &failure) || failure.Code != code || handle != 0 {
			t.Errorf("%q: %v, want %s", text, err, code)
		}
	}
	if _, err := e.Overlay(ctx, "permit(_, _, _).", true); !errors.Is(err, Code("overlay.restricted")) {
		t.Errorf("a restricted permit: %v", err)
	}
	handle, _ := e.Overlay(ctx, "forbid(_, _, _).", true)
	if _, err := e.Update(ctx, nil, []byte(`{}`), &Call{Overlay: handle}); !errors.Is(err, Code("abi.unsupported")) {
		t.Errorf("an update: %v", err)
	}
	if _, err := e.Query(ctx, nil, []byte(`{"goal":"member(P, G)"}`), &Call{Overlay: handle ^ 1}); !errors.Is(err, CodeOverlayUnknown) {
		t.Errorf("an unknown handle: %v", err)
	}
}

// TestOverlay_time: the clock is asked for an overlay that reads it.
func TestOverlay_time(t *testing.T) {
	e := loadText(t, people, &LoadOptions{Clock: func() time.Time { return time.UnixMilli(5000) }})
	handle, err := e.Overlay(ctx, `forbid(_, _, _) :- context has now, context.now == datetime("1970-01-01T00:00:05Z").`, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := must(t)(e.Authorize(ctx, nil, []byte(aliceReads), &Call{Overlay: handle})); !strings.Contains(got, `"deny"`) {
		t.Error(got)
	}
	if got := must(t)(e.Authorize(ctx, nil, []byte(aliceReads), nil)); !strings.Contains(got, `"permit"`) {
		t.Error(got)
	}
}

// TestOverlay_forgotten: an overlay that the engine forgot is unknown also where an instance still knows it, which wouldn't be given the time.
func TestOverlay_forgotten(t *testing.T) {
	e := loadText(t, people, &LoadOptions{Instances: 1, Clock: func() time.Time { return time.UnixMilli(5000) }})
	handle, err := e.Overlay(ctx, `forbid(_, _, _) :- context has now.`, true)
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(maxOverlays) {
		e.overlays.add(&registered{handle: n + 1})
	}
	stats := Stats{Decision: Permit}
	reply, err := e.Authorize(ctx, nil, []byte(aliceReads), &Call{Overlay: handle, Stats: &stats})
	if !errors.Is(err, CodeOverlayUnknown) || stats != (Stats{}) {
		t.Errorf("%s, %v, %+v", reply, err, stats)
	}
}

// TestOverlay_sameHandle: another text doesn't get a handle that is taken, though the instance that was asked doesn't know of that.
func TestOverlay_sameHandle(t *testing.T) {
	e := loadText(t, people, &LoadOptions{Instances: 1})
	handle, err := e.Overlay(ctx, "forbid(_, _, _).", true)
	if err != nil {
		t.Fatal(err)
	}
	e.overlays.given[handle] = sha256.Sum256([]byte(`{"text":"","restrict":true}`))
	if again, err := e.Overlay(ctx, "forbid(_, _, _).", true); again != 0 || !errors.Is(err, Code("overlay.handle")) {
		t.Errorf("%x, %v", again, err)
	}
	if reply := must(t)(e.Authorize(ctx, nil, []byte(aliceReads), &Call{})); !strings.Contains(reply, `"permit"`) {
		t.Errorf("after that: %s", reply)
	}
}

// TestRegistry_bounded: what was used last stays, in number and in bytes.
func TestRegistry_bounded(t *testing.T) {
	var r registry
	for n := range uint64(maxOverlays + 2) {
		r.add(&registered{handle: n + 1})
		r.find(1)
	}
	if r.used.Len() != maxOverlays || len(r.at) != maxOverlays || r.find(1) == nil || r.find(2) != nil || r.find(3) != nil || r.find(4) == nil {
		t.Error("not the overlays that were used last")
	}
	r.add(&registered{handle: 1 << 40, request: slices.Repeat([]byte{' '}, maxOverlayBytes+1)})
	if r.used.Len() != 1 || r.bytes != maxOverlayBytes+1 {
		t.Errorf("%d overlays of %d bytes", r.used.Len(), r.bytes)
	}
	r.add(&registered{handle: 5})
	if r.used.Len() != 1 || r.find(5) == nil || r.bytes != 0 {
		t.Errorf("%d overlays of %d bytes", r.used.Len(), r.bytes)
	}
}

// TestRegistry_handles: the handle of an overlay that is forgotten goes to no other text.
func TestRegistry_handles(t *testing.T) {
	var r registry
	r.add(&registered{handle: 7, request: []byte("a")})
	for n := range uint64(maxHandles - 1) {
		r.add(&registered{handle: 100 + n})
	}
	if r.find(7) != nil || r.add(&registered{handle: 7, request: []byte("b")}) || r.find(7) != nil {
		t.Error("another text has the handle")
	}
	if !r.add(&registered{handle: 7, request: []byte("a")}) || r.find(7) == nil {
		t.Error("the text itself hasn't")
	}
	r.add(&registered{handle: 8})
	if len(r.given) != maxHandles || len(r.order) != maxHandles {
		t.Errorf("%d handles in %d places", len(r.given), len(r.order))
	}
}

// TestOverlay_unsupported: verbs that take no overlay say so, whether the engine knows it or not, as the module does.
func TestOverlay_unsupported(t *testing.T) {
	e := loadText(t, people, nil)
	known, err := e.Overlay(ctx, overlayText(1), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, handle := range []uint64{known, 7} {
		c := &Call{Overlay: handle}
		for name, call := range map[string]func() ([]byte, error){
			"describe": func() ([]byte, error) { return e.Describe(ctx, nil, []byte(`{}`), c) },
			"test":     func() ([]byte, error) { return e.Test(ctx, nil, []byte(`{}`), c) },
			"update":   func() ([]byte, error) { return e.Update(ctx, nil, []byte(`{"insert":{}}`), c) },
		} {
			if reply, err := call(); !errors.Is(err, Code("abi.unsupported")) {
				t.Errorf("%s with overlay %d: %s %v", name, handle, reply, err)
			}
		}
	}
}
