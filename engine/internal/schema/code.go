package schema

import "github.com/rune-authz/rune/engine/internal/source"

// The codes of what is wrong with a schema.
const (
	CodeSyntax      source.Code = "schema.syntax"
	CodeDepth       source.Code = "schema.depth"
	CodeSize        source.Code = "schema.size" // type definitions that unfold beyond all bounds
	CodeTwice       source.Code = "schema.declared_twice"
	CodeShadow      source.Code = "schema.shadowing"
	CodeCycle       source.Code = "schema.cycle"
	CodeUnknownType source.Code = "schema.unknown_type"
	CodeNoAction    source.Code = "schema.unknown_action"
)

// The codes of requests and entities that don't conform, together with CodeUnknownType and CodeNoAction.
const (
	CodeApplies    source.Code = "schema.not_applicable" // an action that isn't for the principal's or resource's type
	CodeType       source.Code = "schema.type"
	CodeMissing    source.Code = "schema.missing_attribute"
	CodeUnexpected source.Code = "schema.unexpected_attribute"
	CodeParent     source.Code = "schema.parent"
	CodeTags       source.Code = "schema.tags"
	CodeEnum       source.Code = "schema.enum"
	CodeAction     source.Code = "schema.action_entity" // an action entity that differs from the schema's
)
