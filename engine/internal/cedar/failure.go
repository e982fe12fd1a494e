package cedar

import (
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Codes of errors of evaluation. Operations on values raise package value's, derived rows those of what they met.
const (
	CodeType        source.Code = "cedar.type"
	CodeNoAttribute source.Code = "cedar.no_attribute"
	CodeNoTag       source.Code = "cedar.no_tag"
	CodeNoEntity    source.Code = "cedar.no_entity"
	CodeArity       source.Code = "cedar.arity"
)

type failKind uint8

const (
	failType   failKind = iota // a isn't want
	failFault                  // fault
	failField                  // a record lacks b
	failAttr                   // a lacks the attribute b
	failTag                    // a lacks the tag b
	failEntity                 // a isn't there, its b was asked for
	failArity                  // want
)

// Failure says why a policy errs. Its message is made when it is asked for, as long as the request's values are in the table.
type Failure struct {
	kind  failKind
	a, b  value.Value
	want  string
	fault *value.Fault
}

// Code returns the failure's code.
func (f *Failure) Code() source.Code {
	switch f.kind {
	case failFault:
		return f.fault.Code
	case failField, failAttr:
		return CodeNoAttribute
	case failTag:
		return CodeNoTag
	case failEntity:
		return CodeNoEntity
	case failArity:
		return CodeArity
	}
	return CodeType
}

// Append appends the failure's message to dst.
func (f *Failure) Append(dst []byte, t *value.Table) []byte {
	switch f.kind {
	case failFault:
		return append(dst, f.fault.Message...)
	case failField:
		return appendShort(append(dst, "the record has no attribute "...), t, f.b)
	case failAttr:
		return appendShort(append(appendShort(dst, t, f.a), " has no attribute "...), t, f.b)
	case failTag:
		return appendShort(append(appendShort(dst, t, f.a), " has no tag "...), t, f.b)
	case failEntity:
		dst = appendShort(append(dst, "there is no entity "...), t, f.a)
		return appendShort(append(dst, " to read "...), t, f.b)
	case failArity:
		return append(dst, f.want...)
	}
	dst = append(append(append(dst, "expected "...), f.want...), ", got "...)
	return appendShort(append(append(dst, aKind(f.a.Kind())...), ' '), t, f.a)
}

const maxShown = 60 // bytes of a value that a message shows

// appendShort appends a value's text, cut where it is long.
func appendShort(dst []byte, t *value.Table, v value.Value) []byte {
	start := len(dst)
	dst = t.Append(dst, v)
	if len(dst)-start <= maxShown {
		return dst
	}
	cut := start + maxShown
	for !utf8.RuneStart(dst[cut]) {
		cut--
	}
	return append(dst[:cut], "…"...)
}

// aKind names a kind with its article.
func aKind(k value.Kind) string { return k.Article() + k.String() }
