package main

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/rune-authz/rune/host"
)

// newTrial is a trial of a configuration that permits some of the requests.
func newTrial(t *testing.T, requests ...string) *trial {
	t.Helper()
	a, _, _ := newApp()
	r, err := host.New(t.Context(), host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(context.Background()) })
	e, err := r.LoadText(t.Context(), "version = \"rune/1.0\"\n[rules]\npermit(User::\"ann\", _, _).\n", &host.LoadOptions{Instances: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	b := &trial{app: a, engine: e, call: &host.Call{}, duration: 20 * time.Millisecond}
	for _, request := range requests {
		if err := b.try(t.Context(), []byte(request)); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

const (
	permitted = `{"principal":"ann","action":"read","resource":"plan"}`
	denied    = `{"principal":"bo","action":"read","resource":"plan"}`
)

// TestMeasure_inTurn: the requests are decided in turn, from the first on, and each decision is counted once.
func TestMeasure_inTurn(t *testing.T) {
	m, err := newTrial(t, permitted, denied, denied).measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := m.latency.TotalCount()
	if m.permits != (n+2)/3 || m.denies != n-m.permits || m.limited != 0 {
		t.Errorf("%d decisions, %d permit, %d deny, %d of them by a limit", n, m.permits, m.denies, m.limited)
	}
	if m.interrupted || m.took < 20*time.Millisecond || m.requests != 3 {
		t.Errorf("%d requests for %v, interrupted: %v", m.requests, m.took, m.interrupted)
	}
	if m.steps == 0 || m.mostSteps == 0 || m.steps > uint64(n)*m.mostSteps {
		t.Errorf("%d steps in %d decisions, at most %d", m.steps, n, m.mostSteps)
	}
}

func TestMeasure_interrupted(t *testing.T) {
	b := newTrial(t, permitted)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	m, err := b.decideFor(ctx, time.Hour, nil)
	if err != nil || !m.interrupted || m.took >= time.Hour {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := b.measure(ctx); err == nil || err.Error() != "interrupted before anything was measured" {
		t.Errorf("interrupted at once: %v", err)
	}
}

func TestMeasurement_limited(t *testing.T) {
	m := &measurement{latency: hdrhistogram.New(1, longest, 3)}
	m.add(time.Microsecond, &host.Stats{Decision: host.Deny, Limit: "steps", Steps: 9})
	m.add(2*time.Hour, &host.Stats{Decision: host.Permit, Steps: 2})
	if m.limited != 1 || m.denies != 1 || m.permits != 1 || m.steps != 11 || m.mostSteps != 9 || m.latency.TotalCount() != 2 {
		t.Errorf("%+v", m)
	}
}

// TestBuckets_hold: each latency is in the bucket whose bounds it lies between, within what the histogram can tell, and buckets adjoin.
func TestBuckets_hold(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		m := &measurement{latency: hdrhistogram.New(1, longest, 3)}
		values := make([]int64, 1+random.IntN(20))
		for i := range values {
			values[i] = random.Int64N(1 << random.IntN(41))
			if err := m.latency.RecordValue(values[i]); err != nil {
				t.Fatal(err)
			}
		}
		list := m.buckets()
		if list[0].Count == 0 || list[len(list)-1].Count == 0 {
			t.Fatalf("empty at an end: %v", list)
		}
		for i, b := range list {
			if i > 0 && b.From != list[i-1].To {
				t.Fatalf("a gap before %v in %v", b, list)
			}
			most, least := int64(0), int64(0)
			for _, v := range values {
				if v > b.From-b.From/500 && v < b.To+b.To/500 || v == b.From {
					most++
				}
				if v > b.From+b.From/500 && v < b.To-b.To/500 {
					least++
				}
			}
			if b.Count < least || b.Count > most {
				t.Fatalf("%v has not between %d and %d of %v", b, least, most, values)
			}
		}
	}
}

func TestDrawn_marks(t *testing.T) {
	got := strings.Join(drawn([]bucket{{2000, 3000, 10_000}, {3000, 5000, 0}, {5000, 700_000, 5000}, {700_000, 1_000_000, 1}}), "\n")
	want := strings.Join([]string{
		"2.00 µs … 3.00 µs  " + strings.Repeat("#", 50) + "   66.6622 %",
		"3.00 µs … 5.00 µs  " + strings.Repeat(" ", 50) + "    0.0000 %",
		"5.00 µs …  700 µs  " + strings.Repeat("#", 25) + strings.Repeat(" ", 25) + "   33.3311 %",
		" 700 µs … 1.00 ms  #" + strings.Repeat(" ", 49) + "    0.0067 %",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestShort_digits(t *testing.T) {
	for ns, want := range map[int64]string{0: "0 ns", 999: "999 ns", 1000: "1.00 µs", 12_345: "12.3 µs", 123_456: "123 µs", 999_999: "1000 µs", 1_500_000: "1.50 ms", 61_000_000_000: "61.0 s"} {
		if got := short(ns); got != want {
			t.Errorf("%d ns is %q, want %q", ns, got, want)
		}
	}
}

func TestGrouped_digits(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1 000", 1234567: "1 234 567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
}
