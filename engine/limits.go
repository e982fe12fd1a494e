package engine

import (
	"math"

	"github.com/rune-authz/rune/engine/internal/goal"
)

// Limits bound the work of one request by counts, never by time. 0 means the default.
type Limits struct {
	Steps       uint64 // rules and policies: rows, tests and operations
	ErrorSteps  uint64 // of these, in finding out what an error may hide
	Tuples      uint64 // rows derived
	Tables      uint64 // goals asked
	ArenaBytes  uint64 // values made
	Depth       uint64 // goals that wait for each other
	StringBytes uint64 // of one string
	Collect     uint64 // members of a set that collect makes
}

// DefaultLimits are those of a request.
var defaultLimits = Limits{
	Steps: 1_000_000, ErrorSteps: 100_000, Tuples: 1_000_000, Tables: 10_000,
	ArenaBytes: 64 << 20, Depth: 10_000, StringBytes: 1 << 20, Collect: 10_000,
}

// mostLimit is more than any request takes, and little enough to be added up in an int.
const mostLimit = math.MaxInt64 >> 8

// LimitNames are the limits' names in the order of [Limits.list].
var limitNames = [...]string{"steps", "error_steps", "tuples", "tables", "arena_bytes", "depth", "string_bytes", "collect"}

func (l *Limits) list() [len(limitNames)]*uint64 {
	return [...]*uint64{&l.Steps, &l.ErrorSteps, &l.Tuples, &l.Tables, &l.ArenaBytes, &l.Depth, &l.StringBytes, &l.Collect}
}

// effective are the limits in force: the host's, or the defaults, lowered to the configuration's. A host that wants none gives a large one.
func effective(host, configured Limits) Limits {
	out, standard := host, defaultLimits
	defaults, lower := standard.list(), configured.list()
	for i, p := range out.list() {
		if *p == 0 {
			*p = *defaults[i]
		}
		if *lower[i] > 0 {
			*p = min(*p, *lower[i])
		}
		*p = min(*p, mostLimit)
	}
	return out
}

// goal are the limits as the evaluator takes them.
func (l *Limits) goal() goal.Limits {
	var n [len(limitNames)]int
	for i, p := range l.list() {
		n[i] = int(min(*p, mostLimit))
	}
	return goal.Limits{Steps: n[0], ErrorSteps: n[1], Tuples: n[2], Tables: n[3], ArenaBytes: n[4], Depth: n[5], StringBytes: n[6], Collect: n[7]}
}
