package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/host"
)

func (a *app) queryCommand() *cobra.Command {
	var flags requestFlags
	cmd := &cobra.Command{
		Use:   "query CONFIG GOAL",
		Short: "List all answers to a goal",
		Long: `query lists all bindings of a goal's variables, sorted. It sees rules and facts, not policies.
With a request, given by flags as for eval, the goal sees it.

A table shows values as the language writes them; in csv a string stands for itself. A goal without
variables has one answer, true or false. json is {"columns":[…],"rows":[[…]]} with Cedar JSON values.

Exit status: 0 whatever the answers; 2 after an error.`,
		Example: `  rune query config.rune 'member(User::"alice", G)'
  rune query config.rune 'has_role(U, "admin")' --format csv
  rune query config.rune 'can_see(F)' --principal user:alice --action read --resource doc:plan`,
		Args:              exactly("CONFIG", "GOAL"),
		ValidArgsFunction: completeConfigs(1),
	}
	flags.add(cmd)
	format := formatFlag(cmd, "table", "json", "csv")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.query(cmd, args[0], args[1], &flags, format.value)
	}
	return cmd
}

func (a *app) query(cmd *cobra.Command, path, goal string, flags *requestFlags, format string) error {
	g, err := flags.read(cmd)
	if err != nil {
		return err
	}
	e, done, err := a.open(cmd.Context(), path, host.LoadOptions{Provides: g.provides()})
	if err != nil {
		return err
	}
	defer done()
	fields, call, err := g.split(e.Needs())
	if err != nil {
		return err
	}
	request := append([]byte(`{"goal":`), appendString(nil, goal)...)
	text, err := e.Query(cmd.Context(), nil, flags.appendRequest(request, cmd, fields, g), call)
	if err != nil {
		return a.queryFailed(text, err, format)
	}
	var rows answers
	if err := json.Unmarshal(text, &rows); err != nil {
		return fmt.Errorf("read the reply: %w", err)
	}
	return a.writeRows(&rows, format)
}

// queryFailed reports an error the way its reader expects it: programs as the engine's object, people as diagnostics.
func (a *app) queryFailed(reply []byte, err error, format string) error {
	he := (*host.Error)(nil)
	if format != "json" || !errors.As(err, &he) {
		return err
	}
	if len(reply) == 0 {
		reply = appendError(nil, he)
	}
	fmt.Fprintf(a.stdout, "%s\n", reply)
	return exitError
}

// answers is the reply to a query.
type answers struct {
	Columns []string            `json:"columns"`
	Rows    [][]json.RawMessage `json:"rows"`
}

func (a *app) writeRows(rows *answers, format string) error {
	if format == "json" {
		a.writeJSON(rows)
		return nil
	}
	if len(rows.Columns) == 0 {
		holds := fmt.Sprint(len(rows.Rows) > 0)
		if format == "csv" {
			holds = "holds\n" + holds
		}
		fmt.Fprintln(a.stdout, holds)
		return nil
	}
	if format == "csv" {
		return writeCSV(a.stdout, rows)
	}
	return writeTable(a.stdout, a.style.out, rows)
}
