package value

import (
	"strconv"
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/source"
)

// Fault is an operation that raised. Message is lower case and quotes the values concerned.
type Fault struct {
	Code    source.Code
	Message string
}

func (f *Fault) Error() string { return f.Message }

// The codes of faults that operations raise.
const (
	CodeKind        source.Code = "value.kind" // an operation on a kind that it has no meaning for
	CodeOverflow    source.Code = "value.overflow"
	CodeDivision    source.Code = "value.division_by_zero"
	CodeParse       source.Code = "value.parse" // text that isn't a decimal, ip, datetime, duration or long
	CodePattern     source.Code = "value.pattern"
	CodePath        source.Code = "value.path"
	CodeURL         source.Code = "value.url"
	CodeHost        source.Code = "value.host"
	CodeShell       source.Code = "value.shell" // a command line that can't be split safely
	CodeRange       source.Code = "value.range" // substring positions
	CodeSeparator   source.Code = "value.separator"
	CodeEntityText  source.Code = "entity.malformed"
	CodeEntityEmpty source.Code = "entity.empty"
	CodeEntityBare  source.Code = "entity.untyped"
)

// hushed is any fault while nobody asks which.
var hushed = &Fault{Code: "value.fault", Message: "the operation raises"}

// raise is the result of an operation that raises. Its message is made where somebody may read it.
func (t *Table) raise(code source.Code, say func() string) (Value, *Fault) {
	return None, t.fault(code, say)
}

func (t *Table) fault(code source.Code, say func() string) *Fault {
	if t.Hush {
		return hushed
	}
	return &Fault{Code: code, Message: say()}
}

func fault(code source.Code, message string) (Value, *Fault) {
	return None, &Fault{Code: code, Message: message}
}

// mostShown is the number of bytes of a value or text that a message shows.
const mostShown = 60

// show writes a value for a message, cut where it is long.
func (t *Table) show(v Value) string {
	text := t.appendUpTo(nil, v, mostShown)
	if short := cut(text); len(short) < len(text) {
		return string(short) + "…"
	}
	return string(text)
}

// cut returns the start of a long text, without half a character at its end.
func cut(b []byte) []byte {
	if len(b) <= mostShown {
		return b
	}
	n := mostShown
	for n > mostShown-utf8.UTFMax && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

// quoteCut quotes a text for a message, cut where it is long.
func quoteCut(b []byte) string {
	if short := cut(b); len(short) < len(b) {
		return strconv.Quote(string(short) + "…")
	}
	return quote(b)
}

func (t *Table) wrongKind(op Op, v Value) (Value, *Fault) {
	return t.raise(CodeKind, func() string {
		return op.String() + " has no meaning for " + t.show(v) + ", " + v.Kind().Article() + v.Kind().String()
	})
}

func quote(s []byte) string { return strconv.Quote(string(s)) }
