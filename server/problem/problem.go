// Package problem is what the server answers when it can't do what it is asked: RFC 9457 problem details, each with a stable code.
package problem

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/rune-authz/rune/host"
)

// ContentType is the media type of a problem.
const ContentType = "application/problem+json"

// Problem is an answer that isn't what was asked for. It is an error, and its JSON is the response's body.
type Problem struct {
	Status      int               `json:"status"`
	Title       string            `json:"title"` // the status in words
	Code        host.Code         `json:"code"`  // dotted, lower case
	Detail      string            `json:"detail"`
	File        string            `json:"file,omitempty"`
	Line        int               `json:"line,omitempty"`
	Column      int               `json:"column,omitempty"`
	Help        string            `json:"help,omitempty"`
	Diagnostics []host.Diagnostic `json:"diagnostics,omitempty"`
	// Headers are sent along: each a name and a value.
	Headers [][2]string `json:"-"`
}

// New makes a problem of the code, whose status stands in the table of codes.
func New(code host.Code, detail string) *Problem {
	status := StatusOf(code)
	return &Problem{Status: status, Title: http.StatusText(status), Code: code, Detail: detail}
}

// With adds a header to the answer, and returns p.
func (p *Problem) With(name, value string) *Problem {
	p.Headers = append(p.Headers, [2]string{name, value})
	return p
}

// Helped adds what may be done about it, and returns p.
func (p *Problem) Helped(help string) *Problem {
	p.Help = help
	return p
}

func (p *Problem) Error() string {
	return strconv.Itoa(p.Status) + ": " + p.Detail + " [" + string(p.Code) + "]"
}

// From gives an error as a problem. What isn't the engine's or the host's own says no more than that it happened: its text may
// speak of the machine.
func From(err error) *Problem {
	if p := (*Problem)(nil); errors.As(err, &p) {
		return p
	}
	e := (*host.Error)(nil)
	if !errors.As(err, &e) {
		return New(CodeInternal, "the server failed")
	}
	p := New(e.Code, e.Message)
	p.File, p.Line, p.Column, p.Help, p.Diagnostics = e.File, e.Line, e.Column, e.Help, e.Diagnostics
	return p
}
