package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/rune-authz/rune/host"
)

// reportError writes an error to standard error: the diagnostics, where it has some, or else one line.
func (a *app) reportError(command string, err error) {
	he := (*host.Error)(nil)
	if !errors.As(err, &he) {
		fmt.Fprintf(a.stderr, "%s: %s\n", command, tame(err.Error()))
		return
	}
	if len(he.Diagnostics) == 0 {
		fmt.Fprintf(a.stderr, "%s: %s\n", command, tame(errorText(he)))
		if he.Help != "" {
			fmt.Fprintf(a.stderr, "  help: %s\n", tame(he.Help))
		}
		return
	}
	a.reportDiagnostics(he.Diagnostics)
}

// errorText is an error on one line. Where it has a place but no file, it speaks of a request that nobody has seen.
func errorText(e *host.Error) string {
	if e.File != "" {
		return e.Error()
	}
	return fmt.Sprintf("%s [%s]", e.Message, e.Code)
}

// reportDiagnostics writes diagnostics to standard error as compilers do.
func (a *app) reportDiagnostics(list []host.Diagnostic) {
	for _, d := range list {
		fmt.Fprint(a.stderr, paintDiagnostic(a.style.err, d))
	}
}

// paintDiagnostic is d's text, with position, severity, carets and help set apart.
func paintDiagnostic(p palette, d host.Diagnostic) string {
	text := tame(d.Text)
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if !p {
		return text
	}
	lines := strings.Split(text, "\n")
	lines[0] = paintHead(p, d, lines[0])
	for i, line := range lines[1:] {
		switch {
		case strings.Trim(line, " |^") == "" && strings.Contains(line, "^"):
			at := strings.Index(line, "^")
			lines[i+1] = line[:at] + p.red(line[at:])
		case strings.HasPrefix(line, "  help: "), strings.HasPrefix(line, "  note: "):
			lines[i+1] = "  " + p.blue(line[2:7]) + line[7:]
		}
	}
	return strings.Join(lines, "\n")
}

// paintHead paints a diagnostic's first line, "file:line:column: severity: message [code]".
func paintHead(p palette, d host.Diagnostic, line string) string {
	before, after, found := strings.Cut(line, d.Severity+": ")
	if !found {
		return line
	}
	severity := p.red(d.Severity + ":")
	if d.Severity == "warning" {
		severity = p.yellow(d.Severity + ":")
	}
	return p.bold(before) + severity + " " + p.bold(after)
}
