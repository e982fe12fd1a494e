package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// quantity is something that is measured: a benchmark's name, without "Benchmark", and a unit, such as ns/op.
type quantity struct{ name, unit string }

// results are all samples of a run, which are also written in the format of Go's benchmarks, so that benchstat can compare two runs.
type results struct {
	samples map[quantity][]float64
	w       io.Writer
}

func newResults(w io.Writer) *results {
	fmt.Fprintf(w, "goos: %s\ngoarch: %s\npkg: github.com/rune-authz/rune/bench\n", runtime.GOOS, runtime.GOARCH)
	return &results{samples: map[quantity][]float64{}, w: w}
}

// sample is one value with its unit.
type sample struct {
	value float64
	unit  string
}

// add takes in what n runs of a benchmark gave.
func (r *results) add(name string, n int, samples ...sample) {
	fmt.Fprintf(r.w, "Benchmark%s\t%d", name, n)
	for _, s := range samples {
		q := quantity{name, s.unit}
		r.samples[q] = append(r.samples[q], s.value)
		fmt.Fprintf(r.w, "\t%s %s", strconv.FormatFloat(s.value, 'f', -1, 64), s.unit)
	}
	fmt.Fprintln(r.w)
}

// read takes in the benchmarks among the lines that a program has written, and says how many.
func (r *results) read(out string) (int, error) {
	count := 0
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 4 || len(fields)%2 != 0 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		n, err := strconv.Atoi(fields[1])
		if err != nil {
			continue
		}
		var samples []sample
		for i := 2; i < len(fields); i += 2 {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return count, fmt.Errorf("a value in %q: %w", strings.TrimSpace(line), err)
			}
			samples = append(samples, sample{v, fields[i+1]})
		}
		r.add(withoutProcs(strings.TrimPrefix(fields[0], "Benchmark")), n, samples...)
		count++
	}
	return count, nil
}

// withoutProcs takes off a benchmark's name the -N by which Go says how many processors there were.
func withoutProcs(name string) string {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return name
	}
	if _, err := strconv.Atoi(name[i+1:]); err != nil {
		return name
	}
	return name[:i]
}

// best is the smallest sample: what disturbs a measurement only ever adds to it.
func (r *results) best(q quantity) (float64, bool) {
	s := r.samples[q]
	if len(s) == 0 {
		return 0, false
	}
	return slices.Min(s), true
}

// worst is the largest sample, for what must never be exceeded.
func (r *results) worst(q quantity) (float64, bool) {
	s := r.samples[q]
	if len(s) == 0 {
		return 0, false
	}
	return slices.Max(s), true
}

// median is the middle sample, for what others disturb in both directions.
func (r *results) median(q quantity) (float64, bool) {
	s := r.samples[q]
	if len(s) == 0 {
		return 0, false
	}
	return middle(s), true
}

// medianRatio is the middle of the ratios of samples that were taken side by side: the first of the one beside the first of the other, and so on.
func (r *results) medianRatio(q, reference quantity) float64 {
	var ratios []float64
	for i, v := range r.samples[q] {
		if i < len(r.samples[reference]) {
			ratios = append(ratios, v/r.samples[reference][i])
		}
	}
	return middle(ratios)
}

// middle is the median of samples, of which there are some.
func middle(s []float64) float64 {
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
