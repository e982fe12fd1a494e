package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/host"
)

func (a *app) checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check CONFIG…",
		Short: "Report everything that is wrong with configurations",
		Long: `check loads each configuration and reports every error and warning in it, with its place and the way out.

With --format json there is one object a CONFIG and line, {"file","valid","diagnostics":[…]}.
Exit status: 0 if all are valid, 1 if one has errors, 2 if one can't be read.`,
		Example: `  rune check config.rune
  rune check --format json *.rune policies/base.cedar`,
		Args:              atLeastOne("CONFIG"),
		ValidArgsFunction: completeConfigs(0),
	}
	format := formatFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.check(cmd.Context(), args, format.value == "json")
	}
	return cmd
}

// checked is what check found out about one configuration.
type checked struct {
	File        string            `json:"file"`
	Valid       bool              `json:"valid"`
	Diagnostics []host.Diagnostic `json:"diagnostics"`
}

func (a *app) check(ctx context.Context, paths []string, asJSON bool) error {
	r, err := a.runtime(ctx)
	if err != nil {
		return err
	}
	defer r.Close(ctx)
	b := a.bar("checking", int64(len(paths)))
	defer b.close()
	worst := status(0)
	for _, path := range paths {
		c, s := a.checkOne(ctx, r, path)
		worst = max(worst, s)
		b.add(1)
		if asJSON {
			a.writeJSON(c)
		} else {
			b.hide()
			a.writeChecked(c)
		}
	}
	if worst > 0 {
		return worst
	}
	return nil
}

// checkOne loads one configuration, whatever host context it needs.
func (a *app) checkOne(ctx context.Context, r *host.Runtime, path string) (checked, status) {
	e, err := a.load(ctx, r, path, host.LoadOptions{IgnoreNeeds: true})
	he := (*host.Error)(nil)
	switch {
	case err == nil:
		list := relocateAll(path, e.Warnings())
		_ = e.Close(ctx)
		return checked{path, true, list}, 0
	case errors.As(err, &he) && len(he.Diagnostics) > 0:
		return checked{path, false, he.Diagnostics}, exitUnwell
	case errors.As(err, &he):
		return checked{path, false, []host.Diagnostic{asDiagnostic(he)}}, exitError
	}
	return checked{path, false, []host.Diagnostic{asDiagnostic(&host.Error{Code: host.CodeRead, Message: err.Error()})}}, exitError
}

// asDiagnostic is an error of the host as a diagnostic.
func asDiagnostic(e *host.Error) host.Diagnostic {
	d := host.Diagnostic{Severity: "error", Code: e.Code, Message: e.Message, File: e.File, Line: e.Line, Column: e.Column, Help: e.Help}
	if e.Line > 0 {
		d.Text = position(e.File, e.Line, e.Column)
	}
	d.Text += fmt.Sprintf("error: %s [%s]\n", e.Message, e.Code)
	if e.Help != "" {
		d.Text += "  help: " + e.Help + "\n"
	}
	return d
}

// writeChecked writes the diagnostics to standard error and the verdict to standard output.
func (a *app) writeChecked(c checked) {
	a.reportDiagnostics(c.Diagnostics)
	warnings := 0
	for _, d := range c.Diagnostics {
		if d.Severity == "warning" {
			warnings++
		}
	}
	errs := len(c.Diagnostics) - warnings
	p := a.style.out
	verdict := p.green("valid")
	switch {
	case errs > 0 && warnings > 0:
		verdict = p.red("invalid") + ", " + plural(errs, "error") + ", " + plural(warnings, "warning")
	case errs > 0:
		verdict = p.red("invalid") + ", " + plural(errs, "error")
	case warnings > 0:
		verdict += ", " + plural(warnings, "warning")
	}
	fmt.Fprintf(a.stdout, "%s: %s\n", plain(c.File), verdict)
	_ = a.stdout.Flush()
}

// plural is a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
