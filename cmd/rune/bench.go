package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/host"
)

// trial is one run of `rune bench`.
type trial struct {
	*app
	source   requestSource
	duration time.Duration
	format   *choice

	engine   *host.Engine
	call     *host.Call
	requests [][]byte
}

func (a *app) benchCommand() *cobra.Command {
	t := &trial{app: a}
	cmd := &cobra.Command{
		Use:   "bench CONFIG {--principal P --action A --resource R | --requests FILE}",
		Short: "Measure how fast requests are decided",
		Long: `bench decides requests in turn, one after the other, and tells how many a second were decided and how
long each took, with the distribution drawn.

It measures what libraries and the server do for a request: from its JSON to the reply's, in the
module, in one instance, without a cache. Each request is decided once before, and a tenth of the
duration, at most half a second, goes by unmeasured. A bad request is an error, and nothing is measured.
Ctrl-C ends early, with what was measured.

Requests, and what is the host's to give, are given as for eval.

Exit status: 0 whatever was decided; 2 after an error.`,
		Example: `  rune bench config.rune --principal user:alice --action read --resource doc:plan
  rune bench config.rune --requests requests.jsonl --duration 30s
  rune bench policies.cedar --requests requests.jsonl --format json`,
		Args:              exactly("CONFIG"),
		ValidArgsFunction: completeConfigs(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return t.run(cmd, args[0]) },
	}
	t.source.add(cmd)
	cmd.Flags().DurationVar(&t.duration, "duration", 5*time.Second, "how long to measure")
	_ = cmd.RegisterFlagCompletionFunc("duration", cobra.NoFileCompletions)
	t.format = formatFlag(cmd, "text", "json")
	return cmd
}

func (t *trial) run(cmd *cobra.Command, path string) error {
	if err := t.source.check(cmd); err != nil {
		return err
	}
	if t.duration <= 0 {
		return usagef("--duration: %v isn't more than 0", t.duration)
	}
	g, err := t.source.flags.read(cmd)
	if err != nil {
		return err
	}
	engine, done, err := t.open(cmd.Context(), path, host.LoadOptions{Provides: g.provides()})
	if err != nil {
		return err
	}
	defer done()
	t.engine = engine
	fields, call, err := t.source.split(g, engine.Needs())
	if err != nil {
		return err
	}
	t.call = call
	if t.source.fromFile {
		err = t.readRequests(cmd.Context())
	} else {
		err = t.try(cmd.Context(), t.source.flags.appendRequest([]byte{'{'}, cmd, fields, g))
	}
	if err != nil {
		return err
	}
	return t.measureAndReport(cmd.Context(), path)
}

// readRequests reads a file of requests and decides each once. The first bad one is an error, which has its line.
func (t *trial) readRequests(ctx context.Context) error {
	in, size, err := t.source.open(t.stdin)
	if err != nil {
		return err
	}
	defer in.Close()
	b := t.bar("reading requests", size)
	defer b.close()
	r := bufio.NewReaderSize(in, 1<<16)
	for n := 1; ; n++ {
		line, err := readLine(r)
		b.add(int64(len(line)))
		if request := bytes.TrimSpace(line); len(request) > 0 {
			if err := t.try(ctx, bytes.Clone(request)); err != nil {
				return t.atLine(n, bytes.Index(line, request), err)
			}
		}
		switch {
		case err == nil:
		case !errors.Is(err, io.EOF):
			return fmt.Errorf("--requests: %w", err)
		case len(t.requests) == 0:
			return fmt.Errorf("--requests: there is no request in %s", t.fileName())
		default:
			return nil
		}
	}
}

// try decides a request and keeps it for the measurement.
func (t *trial) try(ctx context.Context, request []byte) error {
	t.requests = append(t.requests, request)
	_, err := t.engine.Authorize(ctx, nil, request, t.call)
	return err
}

// atLine says on which line of the file of requests an error is, and how far the request on it is indented.
func (t *trial) atLine(line, indent int, err error) error {
	he := (*host.Error)(nil)
	if !errors.As(err, &he) {
		return err
	}
	out := *he
	out.File, out.Line, out.Column = t.fileName(), line, indent+max(he.Column, 1)
	return &out
}

func (t *trial) fileName() string {
	if t.source.file == "-" {
		return "standard input"
	}
	return t.source.file
}

// measureAndReport measures until the time is over or someone interrupts.
func (t *trial) measureAndReport(ctx context.Context, path string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	if t.format.value == "text" {
		fmt.Fprintf(t.stdout, "%s: %s, for %v\n", plain(path), plural(len(t.requests), "request"), t.duration)
		_ = t.stdout.Flush() // a failed write shows at the end
	}
	m, err := t.measure(ctx)
	if err != nil {
		return err
	}
	m.file = path
	if t.format.value == "json" {
		t.writeJSON(m.report())
	} else {
		t.writeMeasurement(m)
	}
	return nil
}
