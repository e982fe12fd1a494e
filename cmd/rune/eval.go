package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/host"
)

// evaluation is one run of `rune eval`.
type evaluation struct {
	*app
	source     requestSource
	exitStatus bool
	format     *choice

	engine *host.Engine
	call   *host.Call
	reply  []byte
	worst  status
}

func (a *app) evalCommand() *cobra.Command {
	v := &evaluation{app: a}
	cmd := &cobra.Command{
		Use:   "eval CONFIG {--principal P --action A --resource R | --requests FILE}",
		Short: "Decide requests",
		Long: `eval decides one request, made up of flags, or with --requests one on each line of a file.

It writes one reply a line, the engine's own bytes. A bad request is answered with an error object,
and the rest goes on. --format text writes request, decision and deciding statements for people.

The command line is the host: now, and the keys that the configuration lists as host_context, may be
given by --context. Without --requests the rest of it is the request's context.

Exit status: 0 whatever was decided; with --exit-status 1 if something was denied; 2 after any error.`,
		Example: `  rune eval config.rune --principal user:alice --action read --resource doc:plan
  rune eval config.rune --principal alice --action read --resource plan --context '{"mfa":true}'
  rune eval policies.cedar --requests requests.jsonl --format text
  generate | rune eval config.rune --requests - --context '{"now":"2026-01-31T12:00:00Z"}'`,
		Args:              exactly("CONFIG"),
		ValidArgsFunction: completeConfigs(1),
		RunE:              func(cmd *cobra.Command, args []string) error { return v.run(cmd, args[0]) },
	}
	v.source.add(cmd)
	cmd.Flags().BoolVar(&v.exitStatus, "exit-status", false, "exit with 1 if something was denied")
	v.format = formatFlag(cmd, "json", "text")
	return cmd
}

func (v *evaluation) run(cmd *cobra.Command, path string) error {
	if err := v.source.check(cmd); err != nil {
		return err
	}
	g, err := v.source.flags.read(cmd)
	if err != nil {
		return err
	}
	engine, done, err := v.open(cmd.Context(), path, host.LoadOptions{Provides: g.provides()})
	if err != nil {
		return err
	}
	defer done()
	v.engine = engine
	var fields []field
	if fields, v.call, err = v.source.split(g, engine.Needs()); err != nil {
		return err
	}
	if v.source.fromFile {
		err = v.stream(cmd.Context())
	} else {
		err = v.decide(cmd.Context(), v.source.flags.appendRequest([]byte{'{'}, cmd, fields, g))
	}
	if err == nil && v.worst > 0 {
		return v.worst
	}
	return err
}

// decide answers one request.
func (v *evaluation) decide(ctx context.Context, request []byte) error {
	var stats host.Stats
	call := *v.call
	call.Stats = &stats
	reply, err := v.engine.Authorize(ctx, v.reply[:0], request, &call)
	v.reply = reply
	he := (*host.Error)(nil)
	switch {
	case err == nil && stats.Decision == host.Deny && v.exitStatus:
		v.worst = max(v.worst, exitUnwell)
	case errors.As(err, &he):
		v.worst = exitError
		if len(reply) == 0 {
			v.reply = appendError(nil, he)
		}
	case err != nil:
		return err
	}
	v.write(request)
	return nil
}

// write writes the last reply.
func (v *evaluation) write(request []byte) {
	if v.format.value == "text" {
		v.writeText(request, v.reply)
		return
	}
	_, _ = v.stdout.Write(v.reply)
	_ = v.stdout.WriteByte('\n')
}

// appendError appends an error of the host in the form of the engine's.
func appendError(dst []byte, e *host.Error) []byte {
	dst = appendString(append(dst, `{"error":{"code":`...), string(e.Code))
	dst = appendString(append(dst, `,"message":`...), e.Message)
	return append(dst, "}}"...)
}
