package wire

import (
	"strconv"
	"unsafe"

	"github.com/rune-authz/rune/engine/internal/value"
)

// Reason is a statement that decided, as a reply shows it.
type Reason struct {
	ID         string
	Role       string // "kind":…,"effect":…, as it stands there
	Message    string
	HasMessage bool
}

// ErrorItem is a statement that erred, as a reply shows it.
type ErrorItem struct{ ID, Code, Message string }

// AppendDecision appends the reply to a request:
//
//	{"decision":"permit","reasons":[{"id":…,"kind":…,"effect":…,"message":…}],"diagnostics":{"errors":[{"id":…,"code":…,"message":…}],"revision":…}}
func AppendDecision(dst []byte, permit bool, reasons []Reason, errors []ErrorItem, revision string) []byte {
	if permit {
		dst = append(dst, `{"decision":"permit","reasons":[`...)
	} else {
		dst = append(dst, `{"decision":"deny","reasons":[`...)
	}
	return append(appendGrounds(dst, reasons, errors, revision), '}')
}

// AppendEvaluation appends the reply to an AuthZEN evaluation, whose context says what the reply to a request does:
//
//	{"decision":true,"context":{"reasons":[…],"diagnostics":{"errors":[…],"revision":…}}}
func AppendEvaluation(dst []byte, permit bool, reasons []Reason, errors []ErrorItem, revision string) []byte {
	dst = strconv.AppendBool(append(dst, `{"decision":`...), permit)
	dst = append(dst, `,"context":{"reasons":[`...)
	return append(appendGrounds(dst, reasons, errors, revision), "}}"...)
}

// appendGrounds appends what follows "reasons":[, up to the end of "diagnostics".
func appendGrounds(dst []byte, reasons []Reason, errors []ErrorItem, revision string) []byte {
	for i := range reasons {
		dst = appendReason(comma(dst, i), &reasons[i])
	}
	dst = append(dst, `],"diagnostics":{"errors":[`...)
	for i := range errors {
		e := &errors[i]
		dst = appendText(comma(dst, i), `{"id":`, e.ID)
		dst = appendText(dst, `,"code":`, e.Code)
		dst = append(appendText(dst, `,"message":`, e.Message), '}')
	}
	return append(appendText(dst, `],"revision":`, revision), '}')
}

func appendReason(dst []byte, r *Reason) []byte {
	dst = appendText(dst, `{"id":`, r.ID)
	dst = append(append(dst, ','), r.Role...)
	if r.HasMessage {
		dst = appendText(dst, `,"message":`, r.Message)
	}
	return append(dst, '}')
}

// AppendError appends {"error":{"code":…,"message":…,"file":…,"line":…,"column":…,"help":…}}. What is empty or 0 is left out,
// but for code and message.
func AppendError(dst []byte, code, message, file string, line, column int, help string) []byte {
	dst = appendText(dst, `{"error":{"code":`, code)
	dst = appendText(dst, `,"message":`, message)
	if file != "" {
		dst = appendText(dst, `,"file":`, file)
	}
	if line > 0 {
		dst = strconv.AppendInt(append(dst, `,"line":`...), int64(line), 10)
		dst = strconv.AppendInt(append(dst, `,"column":`...), int64(column), 10)
	}
	if help != "" {
		dst = appendText(dst, `,"help":`, help)
	}
	return append(dst, "}}"...)
}

// AppendRows appends the reply to a query: {"columns":["X"],"rows":[[…]],"revision":…}.
func AppendRows(dst []byte, t *value.Table, columns []string, rows [][]value.Value, revision string) []byte {
	dst = append(dst, `{"columns":[`...)
	for i, c := range columns {
		dst = value.AppendJSONString(comma(dst, i), []byte(c))
	}
	dst = append(dst, `],"rows":[`...)
	for i, row := range rows {
		dst = append(comma(dst, i), '[')
		for j, v := range row {
			dst = t.AppendJSON(comma(dst, j), v)
		}
		dst = append(dst, ']')
	}
	return append(appendText(dst, `],"revision":`, revision), '}')
}

// comma appends a comma before every element but the first.
func comma(dst []byte, i int) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	return dst
}

// appendText appends a piece of the reply as it is, then a string.
func appendText(dst []byte, before, text string) []byte {
	return value.AppendJSONString(append(dst, before...), bytesOf(text))
}

// bytesOf returns the bytes of s, which must not be written to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
