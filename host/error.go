package host

import "fmt"

// Code is the stable name of a kind of error, such as "request.syntax". It is an error itself, so that
// errors.Is(err, host.Code("request.syntax")) asks whether err is of that kind.
type Code string

func (c Code) Error() string { return string(c) }

// Codes of errors that arise in the host. All others are the engine's.
const (
	CodeTrap     Code = "host.trap"      // the module died; a bug of ours
	CodeClosed   Code = "host.closed"    // the engine or runtime is closed
	CodeRead     Code = "host.read"      // a file of the configuration can't be read
	CodeEscape   Code = "host.escape"    // a file of the configuration leads out of its folder
	CodeNeeds    Code = "host.needs"     // the configuration needs context that the host doesn't provide
	CodeVersion  Code = "host.version"   // the module speaks another version of the ABI
	CodeTooLarge Code = "host.too_large" // more bytes than an instance takes
)

// CodeOverlayUnknown is the engine's code for a call whose overlay it doesn't know, or any more: see [Engine.Overlay].
const CodeOverlayUnknown Code = "overlay.unknown"

// Error is an error of the engine, or of the host where its Code starts with "host.".
type Error struct {
	Code        Code         `json:"code"`
	Message     string       `json:"message"`
	File        string       `json:"file,omitempty"`
	Line        int          `json:"line,omitempty"`   // from 1; 0: nowhere
	Column      int          `json:"column,omitempty"` // from 1, in characters
	Help        string       `json:"help,omitempty"`
	Diagnostics []Diagnostic `json:"-"` // everything a load or a query found, the error itself included

	cause error
}

// Unwrap returns what the system said, where e tells of a file.
func (e *Error) Unwrap() error { return e.cause }

// Error prints the position, the message and the code.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d:%d: %s [%s]", e.File, e.Line, e.Column, e.Message, e.Code)
	}
	return fmt.Sprintf("%s [%s]", e.Message, e.Code)
}

// Is reports whether target is e's Code.
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && c == e.Code
}

// Diagnostic is one thing wrong, or odd, in a configuration.
type Diagnostic struct {
	Severity string `json:"severity"` // "error" or "warning"
	Code     Code   `json:"code"`
	Message  string `json:"message"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Excerpt  string `json:"excerpt,omitempty"` // the source line
	Help     string `json:"help,omitempty"`
	Notes    []Note `json:"notes,omitempty"`
	Text     string `json:"text"` // all of it as a person reads it: source line and caret, several lines
}

// Note is a second place that a diagnostic speaks of.
type Note struct {
	Message string `json:"message"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
}
