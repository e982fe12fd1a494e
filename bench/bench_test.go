package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// measured are the parts that need nothing but Go and what the tree's own tests need.
const measured = "authorize,facts,load,steady,closure,clone"

// runQuick runs the program on a small scale, without a Rust compiler.
func runQuick(t *testing.T, only string) (status int, stdout, stderr, samples string) {
	t.Helper()
	t.Setenv("CARGO", "no-such-program")
	path := filepath.Join(t.TempDir(), "folder", "bench.txt")
	var out, err bytes.Buffer
	status = run(t.Context(), []string{"-quick", "-root", "..", "-only", only, "-o", path}, &out, &err)
	text, _ := os.ReadFile(path)
	return status, out.String(), err.String(), string(text)
}

// TestBench_runs measures next to nothing: every target has its line with a value, but those beside datafrog, which isn't there.
func TestBench_runs(t *testing.T) {
	status, stdout, stderr, samples := runQuick(t, measured)
	if status == exitError {
		t.Fatalf("%s%s", stdout, stderr)
	}
	chosen, err := choose(parts, measured)
	if err != nil {
		t.Fatal(err)
	}
	targets := targetsOf(quick, chosen)
	for _, want := range targets {
		line := lineOf(stdout, want.what)
		if line == "" {
			t.Errorf("no line about %q", want.what)
		}
		if beside := want.reference.name == closureName("datafrog"); strings.Contains(line, "not measured") != beside {
			t.Errorf("the line %q", line)
		}
	}
	if !strings.Contains(stderr, "datafrog isn't measured: exec: \"no-such-program\"") {
		t.Errorf("nothing is said of datafrog:\n%s", stderr)
	}
	if !strings.Contains(stdout, "2 not measured") {
		t.Errorf("the sum isn't right:\n%s", stdout)
	}
	again := newResults(&bytes.Buffer{})
	if n, err := again.read(samples); err != nil || n < len(targets) {
		t.Errorf("%d benchmarks (%v) can be read in\n%s", n, err, samples)
	}
	if v, ok := again.best(quantity{authorizeName("cedar-go", 10), "ns/op"}); !ok || v <= 0 {
		t.Errorf("cedar-go took %v ns in\n%s", v, samples)
	}
}

// lineOf finds the line of a table that begins with a text.
func lineOf(table, begin string) string {
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, begin) {
			return strings.TrimSuffix(line, "\n")
		}
	}
	return ""
}

func TestBench_badUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-only authorise", `there is no part "authorise"; there are authorize, facts`},
		{"-quick now", `unexpected argument "now"`},
		{"-fast", "not defined: -fast"},
	} {
		var out, err bytes.Buffer
		if status := run(t.Context(), strings.Fields(c.args), &out, &err); status != exitError || !strings.Contains(err.String(), c.want) {
			t.Errorf("%s: exit status %d, %s", c.args, status, &err)
		}
	}
}

// TestBench_partFails: where a part can't be measured, the rest is, and the exit status says so.
func TestBench_partFails(t *testing.T) {
	t.Setenv("GO", "no-such-program")
	status, stdout, stderr, _ := runQuick(t, "clone,facts")
	if status != exitError || !strings.Contains(stderr, "bench: clone: no-such-program test") {
		t.Errorf("exit status %d, %s", status, stderr)
	}
	if !strings.Contains(stdout, "1 not measured") || !strings.Contains(lineOf(stdout, "role check"), "×") {
		t.Errorf("the table is\n%s", stdout)
	}
}

// TestBench_interrupted: there is a table, and the exit status says that it isn't whole.
func TestBench_interrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err bytes.Buffer
	if status := run(ctx, []string{"-quick", "-root", "..", "-only", "facts,clone"}, &out, &err); status != exitError {
		t.Errorf("exit status %d", status)
	}
	if !strings.Contains(out.String(), "3 not measured") || strings.Contains(err.String(), "clone") {
		t.Errorf("the table is\n%sand is said\n%s", &out, &err)
	}
}

// made are results and targets that are made up.
func made() (*results, []target) {
	r := newResults(&bytes.Buffer{})
	r.add("Ours", 10, sample{3000, "ns/op"}, sample{0, "allocs/op"})
	r.add("Ours", 10, sample{2000, "ns/op"}, sample{1, "allocs/op"})
	r.add("Theirs", 10, sample{1000, "ns/op"})
	ours, theirs := quantity{"Ours", "ns/op"}, quantity{"Theirs", "ns/op"}
	return r, []target{
		{what: "exactly", measured: ours, reference: theirs, allowed: 2},
		{what: "seen", measured: ours, reference: theirs, allowed: math.NaN()},
		{what: "absent", measured: quantity{"Nobody's", "ns/op"}, allowed: 2},
		{what: "beside nobody", measured: ours, reference: quantity{"Nobody's", "ns/op"}, allowed: 2},
		{what: "too slow", measured: ours, reference: theirs, allowed: 1.99},
		{what: "once", measured: quantity{"Ours", "allocs/op"}, allowed: 0, worst: true},
		{what: "enough", measured: ours, allowed: 2500, atLeast: true, middle: true},
		{what: "too few", measured: ours, reference: theirs, allowed: 3.5, atLeast: true, middle: true},
	}
}

func TestReport_missed(t *testing.T) {
	r, targets := made()
	var out bytes.Buffer
	if status := report(&out, targets, r, 0); status != exitMissed {
		t.Errorf("exit status %d", status)
	}
	const want = `target         measured  reference  ratio   allowed
exactly            2 µs       1 µs    2 ×     ≤ 2 ×  ok
seen               2 µs       1 µs    2 ×
absent                                         ≤ 2 ns  not measured
beside nobody                                   ≤ 2 ×  not measured
too slow           2 µs       1 µs    2 ×  ≤ 1.99 ×  MISSED
once           1 allocs                     ≤ 0 allocs  MISSED
enough        2.50 µs                          ≥ 2.50 µs  ok
too few       2.50 µs       1 µs    3 ×    ≥ 3.5 ×  MISSED

2 ok, 3 missed, 2 not measured
`
	if got := out.String(); fields(got) != fields(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// fields are a text's words, whatever the spaces between.
func fields(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestReport_reached(t *testing.T) {
	r, targets := made()
	for n, want := range map[int]int{0: 0, 1: exitError} {
		if status := report(&bytes.Buffer{}, targets[:4], r, n); status != want {
			t.Errorf("with %d failed parts the exit status is %d", n, status)
		}
	}
}

func TestReadable_digits(t *testing.T) {
	for _, c := range []struct {
		value float64
		unit  string
		want  string
	}{
		{0, "ns/op", "0 ns"}, {0.0002263, "", "0.000226 "}, {0.99, "", "0.990 "}, {12.345, "ns/op", "12.3 ns"}, {999.6, "ns/op", "1000 ns"}, {123456, "ns/op", "123 µs"},
		{1.5e9, "cpu-ns/op", "1.50 s"}, {2e6, "load-ns/op", "2 ms"}, {4, "allocs/op", "4 allocs"}, {-12.5, "MB", "-12.5 MB"}, {1234567, "B", "1234567 B"},
	} {
		if got := readable(c.value, c.unit); got != c.want {
			t.Errorf("%v %s is %q, want %q", c.value, c.unit, got, c.want)
		}
	}
}

// TestTable_columns: cells of a column end, or in the first and the last begin, one below the other.
func TestTable_columns(t *testing.T) {
	r, targets := made()
	var out bytes.Buffer
	table(&out, targets[:1], r)
	const want = "target   measured  reference  ratio  allowed\n" +
		"exactly      2 µs       1 µs    2 ×    ≤ 2 ×  ok\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", &out, want)
	}
}
