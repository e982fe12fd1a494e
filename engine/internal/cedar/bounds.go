package cedar

import (
	"fmt"

	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"
)

// Bounds on what cedar-go's validator is given. Its work grows with the third power of the number of guards, by 2.6 with each
// optional record that is read unguarded inside another, and by two with each `is … in` in the left side of another that is
// wrong.
const (
	maxGuards  = 250
	maxRecords = 10
	maxIsIn    = 10
)

// tooHard says why a policy can't be validated in reasonable time, and where; an empty text means that it can. optional is how
// deep optional records nest in the schema.
func (p *Policy) tooHard(optional int) (at extent, why string) {
	for i, c := range p.AST.Conditions {
		b := bounds{optional: optional, todo: []bounded{{n: c.Body, m: p.marks.conditions[i].body}}}
		for len(b.todo) > 0 && b.why == "" {
			next := b.todo[len(b.todo)-1]
			b.todo = b.todo[:len(b.todo)-1]
			b.visit(next)
		}
		if b.why != "" {
			return b.at, b.why
		}
	}
	return extent{}, ""
}

type bounds struct {
	optional int
	guards   int
	todo     []bounded
	at       extent
	why      string
}

// bounded is a node that stands below some reads in a row and below some `is … in`.
type bounded struct {
	n           ast.IsNode
	m           *mark
	reads, isIn int
}

func (b *bounds) visit(s bounded) {
	row := 0
	switch s.n.(type) {
	case ast.NodeTypeAccess:
		if row = s.reads + 1; min(row, b.optional) > maxRecords {
			b.refuse(s.m, fmt.Sprintf("more than %d records that are optional are read inside each other", maxRecords))
		}
	case ast.NodeTypeHas, ast.NodeTypeHasTag:
		if b.guards++; b.guards > maxGuards {
			b.refuse(s.m, fmt.Sprintf("a condition to be validated has more than %d guards", maxGuards))
		}
	case ast.NodeTypeIsIn:
		if s.isIn++; s.isIn > maxIsIn {
			b.refuse(s.m, fmt.Sprintf("more than %d tests with is and in are nested", maxIsIn))
		}
	}
	for i, kid := range children(s.n) {
		b.todo = append(b.todo, bounded{kid, s.m.kids[i], row, s.isIn})
	}
}

func (b *bounds) refuse(m *mark, why string) {
	if b.why == "" {
		b.at, b.why = m.at, why
	}
}

// optionalDepth returns how deep optional record attributes nest inside each other in a schema, entities not gone through.
func optionalDepth(s *resolved.Schema) int {
	depth := 0
	for _, e := range s.Entities {
		depth = max(depth, optionalIn(e.Shape))
		if e.Tags != nil {
			depth = max(depth, optionalIn(e.Tags))
		}
	}
	for _, a := range s.Actions {
		if a.AppliesTo != nil {
			depth = max(depth, optionalIn(a.AppliesTo.Context))
		}
	}
	return depth
}

func optionalIn(t resolved.IsType) int {
	depth := 0
	switch t := t.(type) {
	case resolved.SetType:
		return optionalIn(t.Element)
	case resolved.RecordType:
		for _, a := range t {
			d := optionalIn(a.Type)
			if a.Optional {
				d++
			}
			depth = max(depth, d)
		}
	}
	return depth
}
