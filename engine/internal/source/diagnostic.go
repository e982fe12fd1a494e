package source

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Code is the stable name of a kind of diagnostic, such as "datalog.unsafe_variable". Each code is declared
// once, as a constant of the package that reports it. Code implements error, so that errors.Is works on it.
type Code string

func (c Code) Error() string { return string(c) }

// Severity says whether a diagnostic prevents loading.
type Severity uint8

// An Error prevents loading; a Warning is shown and loads.
const (
	Error Severity = iota
	Warning
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Diagnostic is one thing wrong, or odd, in a configuration.
type Diagnostic struct {
	Severity Severity
	Code     Code
	Message  string // lower case, no final period, offending text quoted
	Help     string // how to mend it; may be empty
	Span     Span
	Related  []Related
}

// Related is a second place that a diagnostic speaks of.
type Related struct {
	Span    Span
	Message string
}

// most is how many errors and how many warnings are kept, so that a hostile text costs no more than it should; of the others only the number
// is.
const most = 100

// CodeMore is the code of the notice that a list leaves some of its diagnostics out. It stands nowhere.
const CodeMore Code = "document.more"

// List collects the diagnostics of one load.
type List struct {
	items  []Diagnostic
	counts [2]int // by severity, those that aren't kept included
	beyond Diagnostic

	// Quiet drops warnings about the files up to this one, which were given when those were loaded.
	Quiet FileID
}

// Errorf adds an error and returns it for more to be said, such as its Help.
func (l *List) Errorf(s Span, code Code, format string, args ...any) *Diagnostic {
	return l.Add(Diagnostic{Code: code, Span: s, Message: fmt.Sprintf(format, args...)})
}

// Warnf adds a warning and returns it for more to be said.
func (l *List) Warnf(s Span, code Code, format string, args ...any) *Diagnostic {
	return l.Add(Diagnostic{Severity: Warning, Code: code, Span: s, Message: fmt.Sprintf(format, args...)})
}

// Add adds d, unless it repeats one that is there, and returns the stored copy, valid until the next call.
func (l *List) Add(d Diagnostic) *Diagnostic {
	if d.Severity == Warning && d.Span.File <= l.Quiet && l.Quiet > 0 {
		l.beyond = d
		return &l.beyond
	}
	if slices.ContainsFunc(l.items, d.repeats) {
		l.beyond = d
		return &l.beyond
	}
	if l.counts[d.Severity]++; l.counts[d.Severity] > most {
		l.beyond = d
		return &l.beyond
	}
	l.items = append(l.items, d)
	return &l.items[len(l.items)-1]
}

func (d Diagnostic) repeats(e Diagnostic) bool {
	return d.Span == e.Span && d.Code == e.Code && d.Message == e.Message
}

// Full reports whether more errors would be counted alone.
func (l *List) Full() bool { return l.counts[Error] >= most }

// Help gives the error of a code at a place its help, when that is known only later.
func (l *List) Help(s Span, code Code, help string) {
	for i := range l.items {
		if d := &l.items[i]; d.Span == s && d.Code == code {
			d.Help = help
		}
	}
}

// Failed reports whether the list holds an error.
func (l *List) Failed() bool { return l.counts[Error] > 0 }

// Len returns the number of diagnostics.
func (l *List) Len() int { return l.counts[Error] + l.counts[Warning] }

// All returns the diagnostics by file, position and code, and at the end how many more there are.
func (l *List) All() []Diagnostic {
	out := slices.Clone(l.items)
	slices.SortStableFunc(out, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.Span.File, b.Span.File), cmp.Compare(a.Span.Start, b.Span.Start),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	for s, n := range l.counts {
		if n > most {
			out = append(out, Diagnostic{Severity: Severity(s), Code: CodeMore, Message: fmt.Sprintf("%ss that are not shown: %d", Severity(s), n-most)})
		}
	}
	return out
}

// Render draws d the way compilers do: position, message, source line with caret, help.
func (fs *Files) Render(d Diagnostic) string {
	var b strings.Builder
	p := fs.Position(d.Span)
	if p.Line > 0 {
		fmt.Fprintf(&b, "%s: ", p)
	}
	fmt.Fprintf(&b, "%s: %s [%s]\n", d.Severity, d.Message, d.Code)
	if p.Line > 0 {
		b.WriteString(fs.snippet(d.Span, p))
	}
	for _, r := range d.Related {
		q := fs.Position(r.Span)
		fmt.Fprintf(&b, "  note: %s: %s\n", q, r.Message)
	}
	if d.Help != "" {
		fmt.Fprintf(&b, "  help: %s\n", d.Help)
	}
	return b.String()
}

// snippet is the source line with carets under the span.
func (fs *Files) snippet(s Span, p Position) string {
	line, column := fs.excerpt(s)
	line = strings.ReplaceAll(line, "\t", " ")
	num := fmt.Sprint(p.Line)
	width := utf8.RuneCount(fs.File(s.File).Text[min(int(s.Start), len(fs.File(s.File).Text)):min(int(max(s.End, s.Start)), len(fs.File(s.File).Text))])
	width = max(1, min(width, utf8.RuneCountInString(line)-column+1))
	return fmt.Sprintf("  %s | %s\n  %s | %s%s\n", num, line, strings.Repeat(" ", len(num)), strings.Repeat(" ", column-1), strings.Repeat("^", width))
}

// Nearest returns the candidate closest to word by edit distance, or "" where none is close enough to suggest.
func Nearest(word string, candidates []string) string {
	best, dist := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if d := editDistance(word, c); d < dist || d == dist && best != "" && c < best {
			best, dist = c, d
		}
	}
	return best
}

// editDistance is the optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours.
func editDistance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 1 << 20
	}
	var rows [3][65]int
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, prev, before := &rows[i%3], &rows[(i-1)%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
