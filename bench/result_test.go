package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestResults_read(t *testing.T) {
	var out bytes.Buffer
	r := newResults(&out)
	n, err := r.read("goos: linux\nBenchmarkA/x-y-8   \t 100\t 12.5 ns/op\t 3 B/op\nBenchmarkB/no-number 7 1e3 ns/op\nPASS\nBenchmarkish\nBenchmark it yourself today\n")
	if n != 2 || err != nil {
		t.Errorf("%d benchmarks, %v", n, err)
	}
	for q, want := range map[quantity]float64{{"A/x-y", "ns/op"}: 12.5, {"A/x-y", "B/op"}: 3, {"B/no-number", "ns/op"}: 1000} {
		if got, ok := r.best(q); !ok || got != want {
			t.Errorf("%v is %v", q, got)
		}
	}
	if !strings.HasSuffix(out.String(), "\nBenchmarkA/x-y\t100\t12.5 ns/op\t3 B/op\nBenchmarkB/no-number\t7\t1000 ns/op\n") {
		t.Errorf("written again:\n%s", &out)
	}
	if _, err := r.read("BenchmarkA 1 fast ns/op\n"); err == nil || !strings.Contains(err.Error(), `"fast"`) {
		t.Errorf("a word for a value: %v", err)
	}
}

func TestResults_extremes(t *testing.T) {
	r, q := newResults(&bytes.Buffer{}), quantity{"A", "ns/op"}
	if _, ok := r.best(q); ok {
		t.Error("nothing has a least value")
	}
	if _, ok := r.worst(q); ok {
		t.Error("nothing has a largest value")
	}
	for _, v := range []float64{2, 1, 3} {
		r.add("A", 1, sample{v, "ns/op"})
	}
	best, _ := r.best(q)
	worst, _ := r.worst(q)
	if best != 1 || worst != 3 {
		t.Errorf("from %v to %v", best, worst)
	}
}

func TestResults_medians(t *testing.T) {
	r, q, beside := newResults(&bytes.Buffer{}), quantity{"A", "ns/op"}, quantity{"B", "ns/op"}
	if _, ok := r.median(q); ok {
		t.Error("nothing has a median")
	}
	for i, v := range []float64{8, 1, 4} {
		r.add("A", 1, sample{v, "ns/op"})
		r.add("B", 1, sample{[]float64{2, 1, 1}[i], "ns/op"})
	}
	if m, _ := r.median(q); m != 4 {
		t.Errorf("the median is %v", m)
	}
	if m := r.medianRatio(q, beside); m != 4 { // of 4, 1 and 4, not 4 by 1
		t.Errorf("the median of ratios is %v", m)
	}
	r.add("A", 1, sample{6, "ns/op"}) // beside nothing
	if m, _ := r.median(q); m != 5 {
		t.Errorf("the median of four is %v", m)
	}
	if m := r.medianRatio(q, beside); m != 4 {
		t.Errorf("the median of ratios is %v", m)
	}
}
