package engine

import (
	"strconv"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// appendText appends "key":"text" after what dst holds.
func appendText(dst []byte, key, text string) []byte {
	dst = append(append(append(dst, '"'), key...), '"', ':')
	return value.AppendJSONString(dst, []byte(text))
}

func appendNumber(dst []byte, key string, n int) []byte {
	dst = append(append(append(dst, '"'), key...), '"', ':')
	return strconv.AppendInt(dst, int64(n), 10)
}

// appendDiagnostic appends a diagnostic as a JSON object. Its text is what a person reads.
func appendDiagnostic(dst []byte, files *source.Files, d source.Diagnostic) []byte {
	dst = appendText(append(dst, '{'), "severity", d.Severity.String())
	dst = appendText(append(dst, ','), "code", string(d.Code))
	dst = appendText(append(dst, ','), "message", d.Message)
	if p := files.Position(d.Span); p.Line > 0 {
		dst = appendPosition(append(dst, ','), p)
		dst = appendText(append(dst, ','), "excerpt", files.Excerpt(d.Span))
	}
	if d.Help != "" {
		dst = appendText(append(dst, ','), "help", d.Help)
	}
	if len(d.Related) > 0 {
		dst = append(dst, `,"notes":[`...)
		for i, r := range d.Related {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendText(append(dst, '{'), "message", r.Message)
			dst = append(appendPosition(append(dst, ','), files.Position(r.Span)), '}')
		}
		dst = append(dst, ']')
	}
	return append(appendText(append(dst, ','), "text", files.Render(d)), '}')
}

func appendPosition(dst []byte, p source.Position) []byte {
	if p.File != "" {
		dst = append(appendText(dst, "file", p.File), ',')
	}
	dst = appendNumber(dst, "line", p.Line)
	return appendNumber(append(dst, ','), "column", p.Column)
}

func appendDiagnostics(dst []byte, files *source.Files, list []source.Diagnostic) []byte {
	dst = append(dst, '[')
	for i, d := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendDiagnostic(dst, files, d)
	}
	return append(dst, ']')
}

// appendFailure appends the reply to something whose text has errors: the first one as the error, and all as diagnostics.
func appendFailure(dst []byte, files *source.Files, list []source.Diagnostic) []byte {
	first := list[0]
	for _, d := range list {
		if d.Severity == source.Error {
			first = d
			break
		}
	}
	dst = appendErrorObject(dst, files, first)
	dst = append(dst[:len(dst)-1], `,"diagnostics":`...)
	return append(appendDiagnostics(dst, files, list), '}')
}

// appendErrorObject appends {"error":{…}}.
func appendErrorObject(dst []byte, files *source.Files, d source.Diagnostic) []byte {
	dst = appendText(append(dst, `{"error":{`...), "code", string(d.Code))
	dst = appendText(append(dst, ','), "message", d.Message)
	if p := files.Position(d.Span); p.Line > 0 {
		dst = appendPosition(append(dst, ','), p)
	}
	if d.Help != "" {
		dst = appendText(append(dst, ','), "help", d.Help)
	}
	return append(dst, "}}"...)
}
