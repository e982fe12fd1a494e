package host

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestEngine_stats(t *testing.T) {
	e := loadText(t, people, nil)
	var s Stats
	call := &Call{Stats: &s, TimePhases: true}
	must(t)(e.Authorize(ctx, nil, []byte(aliceReads), call))
	if s.Decision != Permit || s.Reasons != 1 || s.Errors != 0 || s.Steps == 0 || !s.Cacheable || s.UsedNow || s.Limit != "" {
		t.Errorf("permit: %+v", s)
	}
	must(t)(e.Authorize(ctx, nil, []byte(`{"principal":"bob","action":"read","resource":"x"}`), call))
	if s.Decision != Deny || s.Reasons != 0 {
		t.Errorf("deny: %+v", s)
	}
	if s.Phases.Total() <= 0 || s.Permits+s.Denies != 1 {
		t.Errorf("phases %+v, %d permitted, %d denied", s.Phases, s.Permits, s.Denies)
	}
	must(t)(e.Batch(ctx, nil, []byte(`{"requests":[`+aliceReads+`,`+aliceReads+`]}`), call))
	if s.Items != 2 || s.Decision != NoDecision {
		t.Errorf("batch: %+v", s)
	}
	call.TimePhases, call.Limits.Steps = false, 1
	got := must(t)(e.Authorize(ctx, nil, []byte(aliceReads), call))
	if s.Limit != "steps" || s.Phases != (Phases{}) || !strings.Contains(got, `"limit.steps"`) {
		t.Errorf("with one step: %+v, %s", s, got)
	}
}

func TestEngine_errors(t *testing.T) {
	e := loadText(t, people, nil)
	for name, c := range map[string]struct {
		request string
		call    *Call
		code    Code
	}{
		"syntax":        {`{"principal":`, nil, "request.syntax"},
		"unknown field": {`{"principal":"a","action":"b","resource":"c","contxt":{}}`, nil, "request.unknown_field"},
		"explain":       {aliceReads, &Call{Explain: true}, "abi.unsupported"},
		"overlay":       {aliceReads, &Call{Overlay: 7}, CodeOverlayUnknown},
		"entities mode": {aliceReads, &Call{Entities: 9}, "abi.unsupported"},
	} {
		out, err := e.Authorize(ctx, []byte("> "), []byte(c.request), c.call)
		if !errors.Is(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		if !strings.HasPrefix(string(out), `> {"error":{"code":"`+string(c.code)+`"`) {
			t.Errorf("%s: the reply is %s", name, out)
		}
	}
}

// TestEngine_time: a call sees its own time, else the clock's, and none is asked for by a configuration that doesn't read it.
func TestEngine_time(t *testing.T) {
	asked := 0
	clock := func() time.Time { asked++; return time.UnixMilli(2000) }
	const text = "version = \"rune/1.0\"\n[policies]\npermit(principal, action, resource) when { context.now == datetime(\"1970-01-01T00:00:0%dZ\") };\n"
	for second, want := range map[int]string{1: `"deny"`, 2: `"permit"`} {
		e := loadText(t, fmt.Sprintf(text, second), &LoadOptions{Clock: clock})
		if got := must(t)(e.Authorize(ctx, nil, []byte(aliceReads), nil)); !strings.Contains(got, want) {
			t.Errorf("second %d by the clock: %s", second, got)
		}
		now := &Call{Now: time.UnixMilli(int64(second) * 1000)}
		if got := must(t)(e.Authorize(ctx, nil, []byte(aliceReads), now)); !strings.Contains(got, `"permit"`) {
			t.Errorf("second %d by the call: %s", second, got)
		}
	}
	if asked != 2 {
		t.Errorf("the clock was asked %d times, want 2", asked)
	}
	e := loadText(t, people, &LoadOptions{Clock: clock})
	must(t)(e.Authorize(ctx, nil, []byte(aliceReads), nil))
	if asked != 2 {
		t.Error("the clock was asked for a configuration that doesn't read the time")
	}
}

// TestEngine_largeRequests: buffers grow for a large request, and don't stay large.
func TestEngine_largeRequests(t *testing.T) {
	e := loadText(t, people, &LoadOptions{Instances: 1})
	for _, size := range []int{10, 5000, 3 << 20, 100} {
		request := `{"principal":"alice","action":"read","resource":"` + strings.Repeat("x", size) + `"}`
		if got := must(t)(e.Authorize(ctx, nil, []byte(request), &Call{Context: []byte(`{"x":1}`)})); !strings.Contains(got, `"permit"`) {
			t.Errorf("%d bytes: %.100s", size, got)
		}
	}
	if b := e.pool.idle[0].buffers; b.request.cap > keepBuffer || b.context.cap != minBuffer {
		t.Errorf("buffers: %+v", b)
	}
}

func TestModuleSHA256(t *testing.T) {
	if got := ModuleSHA256(); len(got) != 64 {
		t.Errorf("got %q", got)
	}
}

// TestEngine_allocatesNothing: a call with room in dst costs the host no allocation.
func TestEngine_allocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	e := loadText(t, people, nil)
	dst, request, call := make([]byte, 0, 4096), []byte(aliceReads), &Call{Entities: EntitiesRefuse}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := e.Authorize(ctx, dst, request, call); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a call", n)
	}
}

func TestEngine_timeline(t *testing.T) {
	e := loadText(t, people, nil)
	var l Timeline
	call := &Call{Timeline: &l}
	must(t)(e.Batch(ctx, nil, []byte(`{"requests":[`+aliceReads+`,{},`+aliceReads+`]}`), call))
	if len(l.Requests) != 3 || l.Requests[0].Decision != Permit || l.Requests[1].Decision != NoDecision {
		t.Fatalf("timeline: %+v", l)
	}
	var end time.Duration
	for n, r := range l.Requests {
		if r.Start < end || r.Phases.Total() <= 0 {
			t.Errorf("request %d: %+v, the one before ended at %v", n, r, end)
		}
		end = r.Start + r.Phases.Total()
	}
	if end > l.Took || l.Began.IsZero() {
		t.Errorf("the requests end at %v, the call at %v", end, l.Took)
	}
	must(t)(e.Describe(ctx, nil, []byte(`{}`), call))
	if len(l.Requests) != 0 {
		t.Errorf("describing decided %d requests", len(l.Requests))
	}
}
