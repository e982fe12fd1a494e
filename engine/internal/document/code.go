package document

import "github.com/rune-authz/rune/engine/internal/source"

// The codes of what can be wrong with documents.
const (
	codeUTF8           source.Code = "document.utf8"
	codeVersion        source.Code = "document.version"
	codeText           source.Code = "document.text_before_section"
	codeUnknownSection source.Code = "document.unknown_section"
	codeSectionForm    source.Code = "document.section_form"
	codeSectionTwice   source.Code = "document.section_twice"
	codeUnclosed       source.Code = "document.unclosed"
	codeRootOnly       source.Code = "document.root_only"
	codeOverlay        source.Code = "document.overlay"
	codeUnknownKey     source.Code = "document.unknown_key"
	codeValue          source.Code = "document.value"
	codeTest           source.Code = "document.test"
)

// The codes of includes.
const (
	codeInclude        source.Code = "document.include"
	codeIncludeEscape  source.Code = "document.include_escape"
	codeIncludeMissing source.Code = "document.include_missing"
	codeIncludeEmpty   source.Code = "document.include_empty"
	codeIncludeSuffix  source.Code = "document.include_suffix"
)

// The codes of [data].
const (
	codeKeyName  source.Code = "document.key_name"
	codeReserved source.Code = "document.reserved_key"
	codeRowWidth source.Code = "document.row_width"
	codeMixed    source.Code = "document.mixed_array"
	codeConflict source.Code = "document.conflict"
)

// The codes of TOML text.
const (
	codeSyntax       source.Code = "toml.syntax"
	codeCharacter    source.Code = "toml.character"
	codeUnterminated source.Code = "toml.unterminated_string"
	codeEscape       source.Code = "toml.escape"
	codeNumber       source.Code = "toml.number"
	codeRange        source.Code = "toml.number_range"
	codeDecimal      source.Code = "toml.decimal"
	codeInfinite     source.Code = "toml.infinite"
	codeDatetime     source.Code = "toml.datetime"
	codeDuplicate    source.Code = "toml.duplicate_key"
	codeDepth        source.Code = "toml.depth"
)

// The codes of CSV files.
const (
	codeHeader  source.Code = "csv.header"
	codeRagged  source.Code = "csv.width"
	codeQuote   source.Code = "csv.quote"
	codeLineEnd source.Code = "csv.line_end"
)

// maxDepth is how deep brackets nest, and how many parts a dotted key has.
const maxDepth = 200

// maxReports is how many errors of one kind are reported where each row of a table can have one.
const maxReports = 20
