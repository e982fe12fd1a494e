package histogram

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"pgregory.net/rapid"
)

var bounds = []float64{1e-6, 2.5e-6, 1e-5, 1e-3, 0.25, 1, 10}

func newTest() *Histogram {
	return New(prometheus.NewDesc("test_seconds", "For tests.", nil, nil), bounds)
}

func written(t interface{ Fatal(...any) }, m prometheus.Metric) *dto.Histogram {
	var out dto.Metric
	if err := m.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Histogram
}

// TestHistogram_buckets compares with client_golang's on any durations.
func TestHistogram_buckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ours := newTest()
		theirs := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "test_seconds", Help: "For tests.", Buckets: bounds,
			NativeHistogramBucketFactor: 1.19})
		for _, d := range rapid.SliceOf(durations()).Draw(t, "durations") {
			ours.Observe(d)
			theirs.Observe(d.Seconds())
		}
		got, want := written(t, ours), written(t, theirs)
		if got.GetSampleCount() != want.GetSampleCount() || ours.Count() != want.GetSampleCount() || math.Abs(got.GetSampleSum()-want.GetSampleSum()) > 1e-6*(1+want.GetSampleSum()) {
			t.Fatalf("%d of %v, want %d of %v", got.GetSampleCount(), got.GetSampleSum(), want.GetSampleCount(), want.GetSampleSum())
		}
		for i, b := range want.Bucket {
			if got.Bucket[i].GetUpperBound() != b.GetUpperBound() || got.Bucket[i].GetCumulativeCount() != b.GetCumulativeCount() {
				t.Fatalf("bucket %v, want %v", got.Bucket[i], b)
			}
		}
		if got.GetSchema() != want.GetSchema() {
			t.Fatalf("schema %d, want %d", got.GetSchema(), want.GetSchema())
		}
		same(t, natives(got), natives(want))
	})
}

// durations draws some at the ends of buckets, among others.
func durations() *rapid.Generator[time.Duration] {
	return rapid.Custom(func(t *rapid.T) time.Duration {
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return time.Duration(rapid.SampledFrom(bounds).Draw(t, "bound")*1e9) + time.Duration(rapid.IntRange(-1, 1).Draw(t, "beside"))
		case 1:
			return time.Duration(math.Exp2(float64(rapid.IntRange(first+1, last-1).Draw(t, "power"))/perPower)*1e9) + time.Duration(rapid.IntRange(-1, 1).Draw(t, "beside"))
		}
		return time.Duration(rapid.Int64Range(1000, int64(500*time.Second)).Draw(t, "ns"))
	})
}

// natives are the counts of native buckets, by index.
func natives(h *dto.Histogram) map[int]int64 {
	out := map[int]int64{}
	at, n, d := 0, int64(0), h.PositiveDelta
	for _, s := range h.PositiveSpan {
		at += int(s.GetOffset())
		for range s.GetLength() {
			n += d[0]
			d = d[1:]
			if n > 0 {
				out[at] = n
			}
			at++
		}
	}
	return out
}

func same(t *rapid.T, got, want map[int]int64) {
	if len(got) != len(want) {
		t.Fatalf("native buckets %v, want %v", got, want)
	}
	for i, n := range want {
		if got[i] != n {
			t.Fatalf("native buckets %v, want %v", got, want)
		}
	}
}

func TestHistogram_outside(t *testing.T) {
	h := newTest()
	for _, d := range []time.Duration{-5, 0, 1, time.Hour, math.MaxInt64} {
		h.Observe(d)
	}
	got := written(t, h)
	if n := natives(got); n[first] != 3 || n[last] != 2 || got.Bucket[0].GetCumulativeCount() != 3 || got.Bucket[6].GetCumulativeCount() != 3 {
		t.Errorf("%v, %v", n, got)
	}
}

func TestHistogram_exemplar(t *testing.T) {
	h := newTest()
	h.ObserveTrace(2*time.Microsecond, "trace", "span")
	h.ObserveTrace(time.Minute, "late", "span")
	h.ObserveTrace(2500*time.Nanosecond, "end", "span")
	got := written(t, h)
	for i, want := range map[int]string{1: "end", 7: "late"} {
		if x := got.Bucket[i].GetExemplar(); x == nil || x.Label[0].GetValue() != want {
			t.Errorf("bucket %d has the exemplar %v, want %s", i, x, want)
		}
	}
	if got.Bucket[0].Exemplar != nil || got.Bucket[2].Exemplar != nil || h.Count() != 3 {
		t.Errorf("%v", got)
	}
}

func BenchmarkObserve(b *testing.B) {
	h := newTest()
	for i := 0; b.Loop(); i++ {
		h.Observe(time.Duration(i%1000) * 100)
	}
}
