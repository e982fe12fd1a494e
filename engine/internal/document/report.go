package document

import (
	"strconv"

	"github.com/rune-authz/rune/engine/internal/source"
)

// reports adds errors of one kind to a list, as many as are of use: a large table could have a million.
type reports struct {
	diags *source.List
	n     int
}

// report is an error under way, or nil where there were enough.
type report struct{ *source.Diagnostic }

func (r *reports) errorf(at source.Span, code source.Code, format string, args ...any) report {
	if r.n++; r.n > maxReports {
		return report{}
	}
	return report{r.diags.Errorf(at, code, format, args...)}
}

func (r report) help(text string) {
	if r.Diagnostic != nil {
		r.Help = text
	}
}

func (r report) related(at source.Span, message string) {
	if r.Diagnostic != nil {
		r.Related = append(r.Related, source.Related{Span: at, Message: message})
	}
}

// rest reports how many more there were.
func (r *reports) rest(at source.Span, code source.Code, what string) {
	if r.n > maxReports {
		r.diags.Errorf(at, code, "%d more %s are wrong in the same way", r.n-maxReports, what)
	}
}

// count writes a number of things.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}
