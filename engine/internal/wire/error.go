package wire

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Error says what is wrong with a JSON text, and where.
type Error struct {
	Code    source.Code
	Offset  int // of the byte in the text; -1 where no place is to blame
	Message string
	Help    string
}

func (e *Error) Error() string { return e.Message }

// Position returns the line and column of a byte offset of text, both from 1. A column counts code points.
func Position(text []byte, offset int) (line, column int) {
	line, start := 1, 0
	offset = min(offset, len(text))
	for i, c := range text[:offset] {
		if c == '\n' {
			line, start = line+1, i+1
		}
	}
	return line, 1 + utf8.RuneCount(text[start:offset])
}

// The codes of texts that aren't what they should be. Entities of documents have codes of their own; besides there are those of
// the package schema, and entity.* of an entity's text.
const (
	CodeSyntax       source.Code = "request.syntax" // no JSON
	CodeDepth        source.Code = "request.depth"
	CodeType         source.Code = "request.type" // a value of another kind than must stand there
	CodeUnknownField source.Code = "request.unknown_field"
	CodeDuplicateKey source.Code = "request.duplicate_key"
	CodeMissingField source.Code = "request.missing_field"
	CodeNumber       source.Code = "request.number" // not a whole number of 64 bits
	CodeNull         source.Code = "request.null"
	CodeString       source.Code = "request.string"     // no Unicode
	CodeEntity       source.Code = "request.entity"     // an entity's type that can't be one
	CodeEscape       source.Code = "request.escape"     // a misuse of __entity or __extn
	CodeProperties   source.Code = "request.properties" // a context that has what is for AuthZEN's properties
	CodeSemantic     source.Code = "request.semantic"   // an unknown evaluations_semantic

	CodeEntitiesSyntax       source.Code = "entities.syntax"
	CodeEntitiesDepth        source.Code = "entities.depth"
	CodeEntitiesType         source.Code = "entities.type"
	CodeEntitiesUnknownField source.Code = "entities.unknown_field"
	CodeEntitiesDuplicateKey source.Code = "entities.duplicate_key"
	CodeEntitiesMissingField source.Code = "entities.missing_field"
	CodeEntitiesNumber       source.Code = "entities.number"
	CodeEntitiesNull         source.Code = "entities.null"
	CodeEntitiesString       source.Code = "entities.string"
	CodeEntitiesEntity       source.Code = "entities.entity"
	CodeEntitiesEscape       source.Code = "entities.escape"
)

// documentCode returns what a request's code is called for the entities of a document.
func documentCode(c source.Code) source.Code {
	switch c {
	case CodeSyntax:
		return CodeEntitiesSyntax
	case CodeDepth:
		return CodeEntitiesDepth
	case CodeType:
		return CodeEntitiesType
	case CodeUnknownField:
		return CodeEntitiesUnknownField
	case CodeDuplicateKey:
		return CodeEntitiesDuplicateKey
	case CodeMissingField:
		return CodeEntitiesMissingField
	case CodeNumber:
		return CodeEntitiesNumber
	case CodeNull:
		return CodeEntitiesNull
	case CodeString:
		return CodeEntitiesString
	case CodeEntity:
		return CodeEntitiesEntity
	case CodeEscape:
		return CodeEntitiesEscape
	}
	return c
}

// Reading functions return false where they fail, and then [Reader.err] holds why. On the way out each level adds its part to the
// path that the message starts with: nothing is paid for paths until there is an error.

// fail notes an error.
func (r *Reader) fail(offset int, code source.Code, message string) bool {
	r.err, r.path = Error{Code: code, Offset: offset, Message: message}, r.path[:0]
	return false
}

// failHelp notes an error that can be helped.
func (r *Reader) failHelp(offset int, code source.Code, message, help string) bool {
	r.fail(offset, code, message)
	r.err.Help = help
	return false
}

// fault notes what the values or the schema raise.
func (r *Reader) fault(offset int, f *value.Fault) bool { return r.fail(offset, f.Code, f.Message) }

// mostPath bounds the path in a message.
const mostPath = 200

// inKey puts a key before the path of the error that was noted.
func (r *Reader) inKey(key string) bool {
	switch {
	case len(r.path) > mostPath:
	case len(key) > mostPath:
		r.said = append(r.said[:0], "…"...)
		r.prepend(r.said)
	case !isName(key):
		r.said = append(strconv.AppendQuote(append(r.said[:0], '['), key), ']')
		r.prepend(r.said)
	default:
		r.said = append(append(r.said[:0], '.'), key...)
		r.prepend(r.said)
	}
	return false
}

// prepend puts a step before the path.
func (r *Reader) prepend(step []byte) {
	r.path = append(r.path, step...)
	copy(r.path[len(step):], r.path)
	copy(r.path, step)
}

func isName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// inIndex puts an index before the path of the error that was noted.
func (r *Reader) inIndex(i int) bool {
	if len(r.path) <= mostPath {
		r.said = append(strconv.AppendInt(append(r.said[:0], '['), int64(i), 10), ']')
		r.prepend(r.said)
	}
	return false
}

// finish returns the error that was noted, with its path; nil if all is well. It belongs to the reader until its next use, but for a document's.
func (r *Reader) finish(ok bool) *Error {
	if ok {
		return nil
	}
	r.told = r.err
	e := &r.told
	if len(r.path) > 0 && e.Code != CodeSyntax && e.Code != CodeDepth {
		r.said = append(append(append(r.said[:0], bytes.TrimPrefix(r.path, []byte("."))...), ": "...), e.Message...)
		e.Message = unsafe.String(unsafe.SliceData(r.said), len(r.said))
	}
	if r.document {
		return &Error{Code: documentCode(e.Code), Offset: e.Offset, Message: strings.Clone(e.Message), Help: e.Help}
	}
	return e
}
