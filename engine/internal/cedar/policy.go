// Package cedar compiles Cedar policies to closures over interned values.
package cedar

import (
	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"github.com/rune-authz/rune/engine/internal/source"
)

// Codes of what a policy's text can be wrong in.
const (
	codeSyntax     source.Code = "cedar.syntax"
	codeDepth      source.Code = "cedar.depth"
	codeEmptyID    source.Code = "cedar.empty_id"
	codeValidation source.Code = "cedar.validation"
)

// Policy is a parsed policy.
type Policy struct {
	// AST is of cedar-go's types. It is read-only.
	AST  *ast.Policy
	Span source.Span // from the first annotation to the semicolon
	// Head is the word permit or forbid.
	Head   source.Span
	Forbid bool
	// ID is the value of @id, or empty: then the caller names the policy by its number.
	ID     string
	IDSpan source.Span
	// Message is the value of @reason.
	Message     string
	HasMessage  bool
	Annotations []Annotation

	marks marks
}

// Annotation is a key with its text, which is empty where none is given.
type Annotation struct {
	Key, Value string
	Span       source.Span
}

// marks is the token map of a policy: where the parts of its AST stand, in the order of the AST.
type marks struct {
	file       source.FileID
	src        []byte // of the file
	annots     []extent
	head       extent
	scope      [3]scopeMark // principal, action, resource
	conditions []conditionMark
}

type scopeMark struct {
	extent   // the whole constraint
	node     ast.IsScopeNode
	typ      extent   // after is
	entities []extent // after == and in
}

type conditionMark struct {
	word extent // when or unless
	body *mark
}

// mark says where an expression stands. Its kids are those of the AST's node, in the AST's order; what `a has b.c` is short
// for shares the kids of the same text.
type mark struct {
	node  ast.IsNode
	whole extent
	at    extent // what a message about the node itself points at: an operator, a name, a literal
	kids  []*mark

	size   int // nodes below and this one, shared ones counted each time
	height int // nodes on the longest way down
	nest   int // brackets, ifs, prefix operators and members on the way down that has the most
}

func (p *Policy) text(e extent) string { return string(p.marks.src[e.start:e.end]) }

func (p *Policy) span(e extent) source.Span {
	return source.Span{File: p.marks.file, Start: e.start, End: e.end}
}
