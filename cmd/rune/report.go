package main

import (
	"fmt"

	"github.com/rune-authz/rune/host"
)

// fileError is a file that didn't load, as `rune test --format json` reports it.
type fileError struct {
	File  string      `json:"file"`
	OK    bool        `json:"ok"`
	Error *host.Error `json:"error"`
}

// jsonReport writes a line for each test of a file, or one for the file.
func (a *app) jsonReport(r *result) {
	if r.err != nil {
		a.writeJSON(fileError{File: r.file, Error: asHostError(r.err)})
	}
	for _, t := range r.tests {
		a.writeJSON(t)
	}
	_ = a.stdout.Flush() // a failed write shows at the end
}

// textReport writes a line for a file whose tests pass, and for others each test that fails. What keeps a file from loading goes
// to standard error.
func (a *app) textReport(r *result) {
	p, file := a.style.out, plain(r.file)
	failed := 0
	for _, t := range r.tests {
		if t.OK {
			continue
		}
		failed++
		fmt.Fprintf(a.stdout, "%s  %s: %s\n      want %s\n      got  %s\n", p.red("FAIL"), file, plain(t.Name), t.Want, t.Got)
	}
	switch {
	case r.err != nil:
		fmt.Fprintf(a.stdout, "%s %s doesn't load\n", p.red("ERROR"), file)
	case len(r.tests) == 0:
		fmt.Fprintf(a.stdout, "%s    %s, no tests\n", p.yellow("--"), file)
	case failed == 0:
		fmt.Fprintf(a.stdout, "%s    %s, %s\n", p.green("ok"), file, plural(len(r.tests), "test"))
	}
	_ = a.stdout.Flush() // a failed write shows at the end
	if r.err != nil {
		a.reportError("rune test", r.err)
	}
}

func (a *app) textSummary(s summary) {
	p := a.style.out
	line := fmt.Sprintf("%d passed, %d failed", s.Passed, s.Failed)
	if s.Errors > 0 {
		line += ", " + plural(s.Errors, "file") + " not loaded"
	}
	if s.Failed+s.Errors > 0 {
		line = p.red(line)
	} else {
		line = p.green(line)
	}
	fmt.Fprintln(a.stdout, line)
}
