package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/rune-authz/rune/bench/openloop"
)

// The share of the measured rate that an open loop sends, and the percentile that is looked at.
const (
	openShare  = 0.7
	percentile = 99
	// settle is how long the server has to end what wrk has asked for and doesn't wait for any more, a request for each connection.
	settle = 300 * time.Millisecond
)

// endpoints are those whose latency is measured. The query is for the configuration of [bench.facts], the others for that of [sharing].
func endpoints() []*endpoint {
	one := manySharing()
	var batches, goals, evaluations [][]byte
	for i := range 16 {
		var items [][]byte
		for k := range 100 {
			items = append(items, one[(i*16+k)%len(one)])
		}
		batches = append(batches, fmt.Appendf(nil, `{"requests":[%s]}`, bytes.Join(items, []byte(","))))
		goals = append(goals, fmt.Appendf(nil, `{"goal":"in_group(User::\"u%d\", G)"}`, i))
		evaluations = append(evaluations, fmt.Appendf(nil,
			`{"subject":{"type":"User","id":"u%d"},"action":{"name":"read"},"resource":{"type":"Doc","id":"d%d"},"context":{"level":5}}`, i%4, i/4))
	}
	return []*endpoint{
		{"HTTP/authorize", "POST", "/v1/authorize", one},
		{"HTTP/batch-100", "POST", "/v1/authorize/batch", batches},
		{queryName, "POST", "/v1/query", goals},
		{"HTTP/evaluation", "POST", "/access/v1/evaluation", evaluations},
		{"HTTP/health", "GET", "/health/ready", [][]byte{nil}},
	}
}

const queryName = "HTTP/query"

func latencyName(name string) string { return name + "/open" }

// latency measures the 99th percentile of endpoints' latencies at a share of the rate that wrk finds just before. The cache is off.
func (b *bench) latency(ctx context.Context) error {
	p, err := b.split()
	if err != nil {
		return err
	}
	sharing, err := b.writeSharing(10)
	if err != nil {
		return err
	}
	roles, err := b.writeRoles("roles-served", roles, 1000)
	if err != nil {
		return err
	}
	decides, err := b.serve(ctx, p, "rune serve", sharing, "--cache-bytes=0")
	if err != nil {
		return err
	}
	defer stopAll(decides)
	queries, err := b.serve(ctx, p, "rune serve", roles, "--cache-bytes=0")
	if err != nil {
		return err
	}
	defer stopAll(queries)
	for range b.scale.http.longRounds {
		for _, e := range endpoints() {
			s := decides
			if e.name == queryName {
				s = queries
			}
			if err := b.openLoop(ctx, s, e); err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
		}
	}
	return nil
}

func (b *bench) openLoop(ctx context.Context, s *served, e *endpoint) error {
	rate, err := b.wrk(ctx, s, e)
	if err != nil {
		return err
	}
	time.Sleep(settle)
	r, err := openloop.Run(ctx, &openloop.Load{Address: s.address, Requests: e.requests(s.address), Rate: openShare * rate,
		Duration: b.scale.http.open, Connections: connections})
	if err != nil {
		return err
	}
	b.addLatencies(latencyName(e.name), r)
	return nil
}

// The units of percentiles.
const (
	p50Unit = "p50-ns/op"
	p99Unit = "p99-ns/op"
	maxUnit = "max-ns/op"
)

func (b *bench) addLatencies(name string, r *openloop.Result, more ...sample) {
	at := func(p float64) float64 { return float64(r.Percentile(p)) }
	samples := []sample{{at(50), p50Unit}, {at(percentile), p99Unit}, {at(100), maxUnit}}
	b.results.add(name, len(r.Latencies), append(samples, more...)...)
}

// allowedLatency is what the 99th percentile may be.
const allowedLatency = float64(10 * time.Millisecond)
