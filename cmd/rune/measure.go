package main

import (
	"context"
	"errors"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/rune-authz/rune/host"
)

// measurement is what `rune bench` has measured.
type measurement struct {
	file        string
	requests    int // there are; they were decided in turn
	took        time.Duration
	interrupted bool
	permits     int64
	denies      int64
	limited     int64 // of the denies, by a limit
	steps       uint64
	mostSteps   uint64
	latency     *hdrhistogram.Histogram // nanoseconds
}

// longest is the longest latency that is told from others.
const longest = int64(time.Hour)

// warmup is how long requests are decided before the measurement begins.
func (t *trial) warmup() time.Duration { return min(t.duration/10, 500*time.Millisecond) }

// measure decides the requests in turn until the time is over or ctx is done.
func (t *trial) measure(ctx context.Context) (*measurement, error) {
	b := t.bar("measuring", int64(t.warmup()+t.duration))
	defer b.close()
	if _, err := t.decideFor(ctx, t.warmup(), b); err != nil {
		return nil, err
	}
	m, err := t.decideFor(ctx, t.duration, b)
	if err == nil && m.latency.TotalCount() == 0 {
		err = errors.New("interrupted before anything was measured")
	}
	return m, err
}

// decideFor decides the requests in turn for d, from the first on, or until ctx is done. The clock is read once a request: where
// one ends, the next begins.
func (t *trial) decideFor(ctx context.Context, d time.Duration, b *bar) (*measurement, error) {
	m := &measurement{requests: len(t.requests), latency: hdrhistogram.New(1, longest, 3)}
	var stats host.Stats
	call := *t.call
	call.Stats = &stats
	var reply []byte
	start := time.Now()
	for last, drawn, n := start, start, 0; last.Sub(start) < d; n++ {
		if ctx.Err() != nil {
			m.interrupted = true
			break
		}
		out, err := t.engine.Authorize(context.WithoutCancel(ctx), reply[:0], t.requests[n%len(t.requests)], &call)
		if err != nil {
			return nil, err
		}
		reply = out
		now := time.Now()
		m.add(now.Sub(last), &stats)
		last = now
		if now.Sub(drawn) >= barInterval {
			b.add(int64(now.Sub(drawn)))
			drawn, last = now, time.Now()
		}
		m.took = last.Sub(start)
	}
	return m, nil
}

func (m *measurement) add(took time.Duration, s *host.Stats) {
	_ = m.latency.RecordValue(min(int64(took), longest)) // it is in the range
	switch {
	case s.Decision == host.Permit:
		m.permits++
	case s.Limit != "":
		m.limited++
		m.denies++
	default:
		m.denies++
	}
	m.steps += s.Steps
	m.mostSteps = max(m.mostSteps, s.Steps)
}

// rate is decisions a second.
func (m *measurement) rate() float64 { return float64(m.latency.TotalCount()) / m.took.Seconds() }

// bucket is a part of the distribution: the latencies from one value up to, but not including, another.
type bucket struct {
	From  int64 `json:"from_ns"`
	To    int64 `json:"to_ns"`
	Count int64 `json:"count"`
}

// bounds of the buckets within a decade, as multiples of its beginning divided by ten. They are about equally far apart on a
// logarithmic scale.
var bounds = []int64{10, 15, 20, 30, 50, 70}

// buckets divides the distribution, from the shortest latency to the longest.
func (m *measurement) buckets() []bucket {
	var list []bucket
	for decade := int64(1); decade <= longest; decade *= 10 {
		for i, b := range bounds {
			to := 100 * decade
			if i+1 < len(bounds) {
				to = bounds[i+1] * decade
			}
			list = append(list, bucket{From: b * decade, To: to})
		}
	}
	list[0].From = 0
	at := 0
	for _, bar := range m.latency.Distribution() {
		for bar.Count > 0 && list[at].To <= bar.From {
			at++
		}
		list[at].Count += bar.Count
	}
	for len(list) > 1 && list[0].Count == 0 {
		list = list[1:]
	}
	for len(list) > 1 && list[len(list)-1].Count == 0 {
		list = list[:len(list)-1]
	}
	return list
}
