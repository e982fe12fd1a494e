package main

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// benchReport is a measurement as `rune bench --format json` writes it.
type benchReport struct {
	File        string      `json:"file"`
	Requests    int         `json:"requests"`
	Seconds     float64     `json:"seconds"`
	Interrupted bool        `json:"interrupted"`
	Decisions   int64       `json:"decisions"`
	Permit      int64       `json:"permit"`
	Deny        int64       `json:"deny"`
	Limited     int64       `json:"limited"`
	Rate        float64     `json:"requests_per_second"`
	Steps       stepsReport `json:"steps"`
	Latency     latencies   `json:"latency_ns"`
	Histogram   []bucket    `json:"histogram"`
}

type latencies struct {
	Min  int64 `json:"min"`
	Mean int64 `json:"mean"`
	P50  int64 `json:"p50"`
	P90  int64 `json:"p90"`
	P99  int64 `json:"p99"`
	P999 int64 `json:"p999"`
	Max  int64 `json:"max"`
}

type stepsReport struct {
	Mean float64 `json:"mean"`
	Max  uint64  `json:"max"`
}

func (m *measurement) report() benchReport {
	n := m.latency.TotalCount()
	return benchReport{
		File: m.file, Requests: m.requests, Seconds: m.took.Seconds(), Interrupted: m.interrupted,
		Decisions: n, Permit: m.permits, Deny: m.denies, Limited: m.limited, Rate: math.Round(m.rate()),
		Steps: stepsReport{float64(m.steps) / float64(n), m.mostSteps}, Latency: m.latencies(), Histogram: m.buckets(),
	}
}

func (m *measurement) latencies() latencies {
	h := m.latency
	at := h.ValueAtPercentile
	return latencies{h.Min(), int64(h.Mean()), at(50), at(90), at(99), at(99.9), h.Max()}
}

// writeMeasurement writes a measurement for people.
func (t *trial) writeMeasurement(m *measurement) {
	p, w := t.style.out, t.stdout
	if m.interrupted {
		fmt.Fprintf(w, "%s after %v\n", p.yellow("interrupted"), m.took.Round(time.Millisecond))
	}
	fmt.Fprintf(w, "\n%s requests/s\n", p.bold(grouped(int64(m.rate()))))
	fmt.Fprintf(w, "%s decisions: %s permit, %s deny", grouped(m.latency.TotalCount()), grouped(m.permits), grouped(m.denies))
	if m.limited > 0 {
		fmt.Fprintf(w, ", %s", p.red(grouped(m.limited)+" by a limit"))
	}
	fmt.Fprintf(w, "\n%.1f steps a request, at most %d\n\n", float64(m.steps)/float64(m.latency.TotalCount()), m.mostSteps)
	l := m.latencies()
	for _, f := range []struct {
		name string
		ns   int64
	}{{"min", l.Min}, {"mean", l.Mean}, {"p50", l.P50}, {"p90", l.P90}, {"p99", l.P99}, {"p99.9", l.P999}, {"max", l.Max}} {
		fmt.Fprintf(w, "%-5s  %s\n", f.name, padded(short(f.ns)))
	}
	fmt.Fprintln(w)
	for _, line := range drawn(m.buckets()) {
		fmt.Fprintln(w, line)
	}
}

// drawn draws a distribution, a line for each bucket. The fullest has the whole width; whatever isn't empty has at least one mark.
func drawn(list []bucket) []string {
	const width = 50
	var total, most int64
	for _, b := range list {
		total += b.Count
		most = max(most, b.Count)
	}
	var lines []string
	for _, b := range list {
		marks := 0
		if b.Count > 0 {
			marks = max(int(math.Round(width*float64(b.Count)/float64(most))), 1)
		}
		lines = append(lines, fmt.Sprintf("%s … %s  %-*s  %8.4f %%", padded(short(b.From)), padded(short(b.To)), width,
			strings.Repeat("#", marks), 100*float64(b.Count)/float64(total)))
	}
	return lines
}

// padded puts a duration at the right of its column.
func padded(s string) string { return strings.Repeat(" ", max(7-utf8.RuneCountInString(s), 0)) + s }

// short is a duration with three digits.
func short(ns int64) string {
	for _, unit := range []struct {
		name string
		size float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}} {
		v := float64(ns) / unit.size
		switch {
		case v >= 100:
			return fmt.Sprintf("%.0f %s", v, unit.name)
		case v >= 10:
			return fmt.Sprintf("%.1f %s", v, unit.name)
		case v >= 1:
			return fmt.Sprintf("%.2f %s", v, unit.name)
		}
	}
	return fmt.Sprintf("%d ns", ns)
}

// grouped is a number with its digits in groups of three.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}
