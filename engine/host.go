package engine

import "github.com/rune-authz/rune/engine/internal/source"

// EntitiesMode says what entities a request may bring along.
type EntitiesMode uint8

// The modes. EntitiesAdd lets a request bring entities that the configuration lacks, with parents that it doesn't know.
const (
	EntitiesOverride EntitiesMode = iota
	EntitiesAdd
	EntitiesRefuse
	entitiesModes
)

// Host is what a host adds to a call. The zero Host is a library's: entities override, limits are the defaults, and there is
// no time. It is read during the call alone.
type Host struct {
	// Explain asks for proofs. It is refused until there are some.
	Explain bool
	// Now is the time of the request in milliseconds since 1970, where HasNow is set. Rules and policies see it as context.now.
	Now    int64
	HasNow bool
	// Context is a JSON object whose fields join the request's context, or empty. A request may not give them.
	Context []byte
	// Overlay is the handle of the overlay that the call is answered with, see [Engine.Overlay], or 0.
	Overlay uint64
	// Entities says what entities a request may bring.
	Entities EntitiesMode
	// Limits replace the default limits; 0 keeps one. The configuration may only lower them.
	Limits Limits
	// Key keys the symbol table's hash. It counts at load alone, and no output depends on it.
	Key [2]uint64
	// Yield, where given, is called every so often during long work.
	Yield func()
	// Clock, where given, is read in nanoseconds between the phases of a request, see [Engine.Timings]. No reply depends on it.
	Clock func() int64
}

// Codes of what a host asks for that isn't there.
const (
	codeUnsupported source.Code = "abi.unsupported"
	codeHostContext source.Code = "host.context"
)

// unsupported says what of h this version doesn't have.
func (h *Host) unsupported() *source.Diagnostic {
	switch {
	case h.Explain:
		return &source.Diagnostic{Code: codeUnsupported, Message: "this version gives no explanations"}
	case h.Entities >= entitiesModes:
		return &source.Diagnostic{Code: codeUnsupported, Message: "unknown mode for a request's entities"}
	}
	return nil
}
