package value

import (
	"strconv"
	"unicode/utf8"
	"unsafe"

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
func (t *Table) raise(code source.Code, say func(*message)) (Value, *Fault) {
	return None, t.fault(code, say)
}

func (t *Table) fault(code source.Code, say func(*message)) *Fault {
	if t.Hush {
		return hushed
	}
	m := &t.message
	m.table = t
	start := len(m.said)
	say(m)
	said := m.said[start:]
	if !t.reuse {
		m.said = m.said[:start]
		return &Fault{Code: code, Message: string(said)}
	}
	if t.faultsUsed == len(t.faults) {
		t.faults = append(t.faults, new(Fault))
	}
	f := t.faults[t.faultsUsed]
	t.faultsUsed++
	f.Code, f.Message = code, unsafe.String(unsafe.SliceData(said), len(said)) // what grows leaves it where it is
	return f
}

// ReuseFaults says whether faults, and their messages, last only until it is called again.
func (t *Table) ReuseFaults(reuse bool) {
	if t.reuse = reuse; !reuse {
		return
	}
	t.faultsUsed, t.message.said = 0, t.message.said[:0]
	if len(t.faults) > mostFaults {
		t.faults, t.message.said = nil, nil
	}
}

// mostFaults is how many faults are kept to be used again.
const mostFaults = 1000

// message is the message of a fault while it is made.
type message struct {
	table *Table
	said  []byte
}

func (m *message) text(parts ...string) *message {
	for _, p := range parts {
		m.said = append(m.said, p...)
	}
	return m
}

func (m *message) number(n int64) *message {
	m.said = strconv.AppendInt(m.said, n, 10)
	return m
}

// show adds a value, cut where it is long.
func (m *message) show(v Value) *message {
	start := len(m.said)
	m.said = m.table.appendUpTo(m.said, v, start+mostShown)
	if text := m.said[start:]; len(cut(text)) < len(text) {
		m.said = append(m.said[:start+len(cut(text))], "…"...)
	}
	return m
}

// quote quotes a text, cut where it is long.
func (m *message) quote(b []byte) *message {
	short := cut(b)
	m.said = strconv.AppendQuote(m.said, unsafe.String(unsafe.SliceData(short), len(short)))
	if len(short) < len(b) {
		m.said = append(m.said[:len(m.said)-1], `…"`...)
	}
	return m
}

func fault(code source.Code, message string) (Value, *Fault) {
	return None, &Fault{Code: code, Message: message}
}

// mostShown is the number of bytes of a value or text that a message shows.
const mostShown = 60

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
	return strconv.Quote(string(b))
}

func (t *Table) wrongKind(op Op, v Value) (Value, *Fault) {
	return t.raise(CodeKind, func(m *message) {
		m.text(op.String(), " has no meaning for ").show(v).text(", ", v.Kind().Article(), v.Kind().String())
	})
}
