// Command bench measures the engine in the module beside others, in one run, and tells which targets are reached.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/rune-authz/rune/host"
)

// Exit statuses.
const (
	exitMissed = 1 // a target was missed
	exitError  = 2 // something couldn't be measured, or wrong usage
)

// bench is one run.
type bench struct {
	scale     scale
	root      string        // of the source tree
	dir       string        // for files that are measured with, and what is built
	runtime   *host.Runtime // nil over HTTP
	rune      string        // the program that serves
	inProcess bool          // what is measured is the engine, not the server
	results   *results
	log       io.Writer // progress, and why something wasn't measured

	processors *processors // over HTTP: nil until they are found
}

// scale is how much is measured.
type scale struct {
	rounds, longRounds int           // of short operations, and of those that take a second
	budget             time.Duration // of a round of short operations
	policies           int           // many of them
	facts              int           // many of them
	rows               int           // of a file
	million            int           // what Go benchmarks named so have
	requests           int           // that the memory has to stay flat for
	nodes, edges       int           // of the graph
	benchtime          string        // of Go benchmarks
	short              bool          // these in short mode
	http               httpScale
}

// httpScale is how much is measured over HTTP.
type httpScale struct {
	rounds          int           // beside the fixed reply, and of starts
	longRounds      int           // of endpoints with an open loop
	seconds         int           // of a round of wrk
	open            time.Duration // of a round of an open loop
	facts, policies int           // of the configuration that is reloaded
	reloads         int           // at least
}

// The scales: full is what the targets are about, quick shows in seconds that everything runs.
var (
	full = scale{rounds: 25, longRounds: 5, budget: 20 * time.Millisecond, policies: 10_000, facts: 1_000_000, rows: 1_000_000,
		requests: 1_000_000, nodes: 1000, edges: 10_000, benchtime: "0.5s", million: 1_000_000,
		http: httpScale{rounds: 15, longRounds: 3, seconds: 1, open: 3 * time.Second, facts: 100_000, policies: 1000, reloads: 12}}
	quick = scale{rounds: 1, longRounds: 1, budget: time.Millisecond, policies: 100, facts: 2000, rows: 2000,
		requests: 1000, nodes: 30, edges: 100, benchtime: "1x", short: true, million: 10_000,
		http: httpScale{rounds: 1, longRounds: 1, seconds: 1, open: 100 * time.Millisecond, facts: 2000, policies: 100, reloads: 2}}
)

// part is one of the things that are measured together.
type part struct {
	name    string
	measure func(*bench, context.Context) error
}

var parts = []part{
	{"authorize", (*bench).authorize},
	{"facts", (*bench).facts},
	{"load", (*bench).load},
	{"steady", (*bench).steady},
	{"closure", (*bench).closure},
	{"clone", (*bench).clone},
	{"others", (*bench).others},
}

func main() {
	if len(os.Args) > 1 && helpers[os.Args[1]] != nil {
		if err := helpers[os.Args[1]](os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(exitError)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	overHTTP := flags.Bool("http", false, "measure the server, by parts of its own")
	program := flags.String("rune", "bin/rune", "the `program` that serves")
	only := flags.String("only", "", "measure these `parts` alone, divided by commas: "+partNames(parts)+"; with -http "+partNames(httpParts))
	small := flags.Bool("quick", false, "measure next to nothing, to see that everything runs")
	root := flags.String("root", ".", "the `folder` of the source tree")
	out := flags.String("o", "", "a `file` for all samples, in the format of Go's benchmarks")
	if flags.Parse(args) != nil {
		return exitError
	}
	all := parts
	if *overHTTP {
		all = httpParts
	}
	chosen, err := choose(all, *only)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return exitError
	}
	b := &bench{scale: full, root: *root, rune: *program, inProcess: !*overHTTP, log: stderr}
	if *small {
		b.scale = quick
	}
	failed, err := b.measure(ctx, chosen, *out)
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return exitError
	}
	return report(stdout, targetsOf(b.scale, chosen), b.results, failed)
}

// report writes the table and its sum, and gives the exit status.
func report(w io.Writer, targets []target, r *results, failed int) int {
	counts := table(w, targets, r)
	fmt.Fprintf(w, "\n%d ok, %d missed, %d not measured\n", counts[ok], counts[missed], counts[notMeasured])
	switch {
	case failed > 0:
		return exitError
	case counts[missed] > 0:
		return exitMissed
	}
	return 0
}

func partNames(all []part) string {
	var names []string
	for _, p := range all {
		names = append(names, p.name)
	}
	return strings.Join(names, ", ")
}

// choose finds parts by their names, or gives all.
func choose(all []part, names string) ([]part, error) {
	if names == "" {
		return all, nil
	}
	var chosen []part
	for name := range strings.SplitSeq(names, ",") {
		found := false
		for _, p := range all {
			if p.name == name {
				chosen, found = append(chosen, p), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no part %q; there are %s", name, partNames(all))
		}
	}
	return chosen, nil
}

// measure runs the parts. One that fails is told of and counted, and the rest goes on.
func (b *bench) measure(ctx context.Context, chosen []part, out string) (failed int, err error) {
	if b.dir, err = os.MkdirTemp("", "rune-bench-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(b.dir)
	samples := io.WriteCloser(nopCloser{io.Discard})
	if out != "" {
		if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
			return 0, err
		}
		if samples, err = os.Create(out); err != nil {
			return 0, err
		}
	}
	b.results = newResults(samples)
	if b.inProcess {
		if b.runtime, err = host.New(ctx, host.Options{}); err != nil {
			return 0, err
		}
		defer b.runtime.Close(context.WithoutCancel(ctx))
	}
	for _, p := range chosen {
		start := time.Now()
		if err := p.measure(b, ctx); err != nil {
			failed++
			fmt.Fprintf(b.log, "bench: %s: %v\n", p.name, err)
			if ctx.Err() != nil { // interrupted: there is a table of what was measured
				break
			}
			continue
		}
		fmt.Fprintf(b.log, "bench: %s took %v\n", p.name, time.Since(start).Round(time.Second/10))
	}
	return failed, samples.Close()
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
