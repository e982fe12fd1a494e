// Package entity holds entities with their attributes, tags and place in the hierarchy.
package entity

import (
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Entity is one entity as documents or a request give it.
type Entity struct {
	UID     value.Value
	Attrs   value.Value // a record
	Tags    value.Value // a record
	Parents []value.Value
	Span    source.Span // zero where a request gave it
}

// Status is the outcome of reading an attribute or tag.
type Status uint8

// The outcomes. Erred: rules derive the attribute, and that raised or gave two values; [View.Fault] says more.
const (
	OK Status = iota
	Absent
	Erred
)

// Tri is an answer in three values.
type Tri uint8

// The answers. Err is neither: an error stands in the way, see [View.Fault].
const (
	No Tri = iota
	Yes
	Err
)

// TriOf returns the answer b.
func TriOf(b bool) Tri {
	if b {
		return Yes
	}
	return No
}
