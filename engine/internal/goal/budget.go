package goal

import (
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Limits bound the work of one request; 0 is no limit. Each is counted, so that the same request always ends the same way.
type Limits struct {
	Steps       int // rows looked at and operations
	ErrorSteps  int // of these, in finding out what errors hide
	Tuples      int // rows derived
	Tables      int // goals asked
	ArenaBytes  int // of values made, by the table's Made, and of rows kept
	Depth       int // goals that wait for each other
	StringBytes int // of one string
	Collect     int // members of a set that collect makes
}

// Lower returns the limits that stay within both l and other.
func (l Limits) Lower(other Limits) Limits {
	for _, p := range [...]struct {
		limit *int
		other int
	}{
		{&l.Steps, other.Steps}, {&l.ErrorSteps, other.ErrorSteps}, {&l.Tuples, other.Tuples}, {&l.Tables, other.Tables},
		{&l.ArenaBytes, other.ArenaBytes}, {&l.Depth, other.Depth}, {&l.StringBytes, other.StringBytes}, {&l.Collect, other.Collect},
	} {
		if *p.limit == 0 || p.other > 0 && p.other < *p.limit {
			*p.limit = p.other
		}
	}
	return l
}

// The names of the limits, which are the ids of denials and the codes of errors.
const (
	limitSteps       = "limit.steps"
	limitTuples      = "limit.tuples"
	limitTables      = "limit.tables"
	limitArenaBytes  = "limit.arena_bytes"
	limitDepth       = "limit.depth"
	limitStringBytes = value.CodeStringLimit
	limitCollect     = "limit.collect"

	codeErrorSteps source.Code = "limit.error_steps"
)

const (
	yieldSteps   = 50_000 // between two yields at most
	accountSteps = 4096   // between two looks at the bytes used
	bytesPerStep = 16     // of text that operations read or make
)

// budget counts what a request takes.
type budget struct {
	table    *value.Table
	limits   Limits
	yield    func()
	steps    int
	errSteps int
	tuples   int
	asked    int
	started  int
	held     int // bytes of rows and frames
	ops      int // operations and text since the last step
	worked   int // the table's Work then
	pause    int // steps at which to look again
	yielded  int // steps of both kinds at the last yield
	exceeded string
	stop     bool // a limit was exceeded: unwind
	gaveUp   bool // the error steps are used up
}

func (b *budget) begin(t *value.Table, limits Limits, yield func()) {
	*b = budget{table: t, limits: limits, yield: yield, worked: t.Work}
	t.MaxString, t.Overlong = limits.StringBytes, false
	b.plan()
}

// plan says when to look at limits and yield again.
func (b *budget) plan() {
	b.pause = b.steps + accountSteps
	if b.limits.Steps > 0 {
		b.pause = min(b.pause, b.limits.Steps+1)
	}
}

// exceed ends the evaluation.
func (b *budget) exceed(limit string) {
	if !b.stop {
		b.stop, b.exceeded = true, limit
	}
}

// step counts n steps, and the operations since the last.
func (b *budget) step(n int) {
	b.steps += n + b.operations()
	if b.steps >= b.pause {
		b.account()
	}
}

// tick is step(1) where there has been no operation since the last.
func (b *budget) tick() {
	if b.steps++; b.steps >= b.pause {
		b.account()
	}
}

// errorStep counts a step of the search for what errors hide.
func (b *budget) errorStep(n int) {
	b.errSteps += n + b.operations()
	if b.limits.ErrorSteps > 0 && b.errSteps > b.limits.ErrorSteps {
		b.gaveUp = true
	}
	b.pauseHere()
}

// affordsSteps reports whether n more steps keep within the limit, and ends the evaluation where they don't.
func (b *budget) affordsSteps(n int) bool {
	if b.limits.Steps > 0 && b.steps+b.ops+n > b.limits.Steps {
		b.exceed(limitSteps)
	}
	return !b.stop
}

// affordsErrorSteps is affordsSteps in finding out what errors hide.
func (b *budget) affordsErrorSteps(n int) bool {
	if b.limits.ErrorSteps > 0 && b.errSteps+b.ops+n > b.limits.ErrorSteps {
		b.gaveUp, b.errSteps = true, b.limits.ErrorSteps+1
	}
	return !b.gaveUp
}

// operations returns the steps that operations took since the last call.
func (b *budget) operations() int {
	n := b.ops
	b.ops = 0
	if w := b.table.Work - b.worked; w >= bytesPerStep {
		n += w / bytesPerStep
		b.worked += w &^ (bytesPerStep - 1)
	}
	return n
}

// account looks at everything that isn't looked at on each step.
func (b *budget) account() {
	if b.limits.Steps > 0 && b.steps > b.limits.Steps {
		b.exceed(limitSteps)
	}
	b.checkBytes()
	b.pauseHere()
	b.plan()
}

func (b *budget) checkBytes() {
	if b.limits.ArenaBytes > 0 && b.table.Made+b.held > b.limits.ArenaBytes {
		b.exceed(limitArenaBytes)
	}
}

func (b *budget) pauseHere() {
	if all := b.steps + b.errSteps; all-b.yielded >= yieldSteps-accountSteps {
		b.yielded = all
		b.checkBytes()
		if b.yield != nil {
			b.yield()
		}
	}
}

// overlong ends the evaluation if an operation was about to make too long a string.
func (b *budget) overlong() {
	if b.table.Overlong {
		b.exceed(limitStringBytes)
	}
}

// tuple counts a row of n columns that was derived.
func (b *budget) tuple(n int) { b.rows(1, n) }

// rows counts some rows of n columns that were derived.
func (b *budget) rows(some, n int) {
	b.tuples += some
	b.held += 4 * n * some
	if b.limits.Tuples > 0 && b.tuples > b.limits.Tuples {
		b.exceed(limitTuples)
	}
}
