package engine

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/cedar"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
	"github.com/rune-authz/rune/engine/internal/wire"
)

// Codes of overlays.
const (
	codeOverlayUnknown  source.Code = "overlay.unknown"
	codeOverlayInvalid  source.Code = "overlay.invalid"
	codeOverlayHandle   source.Code = "overlay.handle"
	codeOverlayRestrict source.Code = "overlay.restricted"
)

// mostOverlays is how many overlays an engine keeps. The one that was used least recently goes first.
const mostOverlays = 64

// mostWaste is how many bytes of text the overlays that are gone may have had before the values that they left in the table are dropped; and
// how many bytes of overlays' values may lie under those of updates, where they stay for good.
const mostWaste = 1 << 20

// overlay is a text of rules that is united with the configuration for the requests that name its handle.
type overlay struct {
	handle   uint64
	text     []byte
	restrict bool
	needs    []string
	warnings []source.Diagnostic

	rules *ruleset            // nil until it is compiled again
	rows  *fixpoint.Extension // of rules
	under bool                // its values lie under the floor

	base, shown string // the last revision, and what it is with the overlay
}

// overlays are an engine's, the one that was used last first. They are few enough to be looked through: a map of theirs would be keyed by
// what clients choose.
type overlays struct {
	list  []*overlay
	given handles
	floor value.Mark // what the table holds without the values of those compiled since the last update
	waste int        // bytes of the texts of those that are gone
	under int        // bytes of the values that overlays left under the floor: updates came after them
}

// Overlay takes in an overlay, {"text":"…","restrict":false}, and appends {"overlay":{"handle":"<16 hex digits>","needs":[…],"warnings":[…]}},
// or the errors of its text as those of a load. [Host.Overlay] names it in later calls by the handle, which is its content's: of one text it is
// the same in every engine. A restricted overlay can only take away. An engine keeps the overlays that were used last; one that it doesn't know,
// or any more, is an error for the calls that name it, and may be given again.
func (e *Engine) Overlay(dst, request []byte, h *Host) []byte {
	if d := e.enterBase(h); d != nil {
		return appendErrorObject(dst, e.files, *d)
	}
	e.begin(h)
	text, restrict, err := e.readOverlay(request)
	if err != nil {
		dst = e.appendRequestError(dst, request, err)
	}
	e.end()
	if err != nil {
		return dst
	}
	d := digestOf(text, restrict)
	o := &overlay{handle: d.handle(), text: text, restrict: restrict}
	switch known := e.findOverlay(o.handle); {
	case o.handle == 0 || !e.overlays.given.free(d):
		return appendErrorObject(dst, e.files, source.Diagnostic{Code: codeOverlayHandle, Message: "another overlay has the same handle"})
	case known != nil && known.rules != nil:
		return known.appendReply(dst)
	case known == nil:
		e.sweep()
	}
	files, all := e.compileOverlay(o, h)
	if o.rules == nil {
		e.table.Reset(e.base)
		return appendFailure(dst, files, all)
	}
	e.base = e.table.Mark()
	e.keepOverlay(o)
	e.overlays.given.give(d)
	return o.appendReply(dst)
}

func (o *overlay) appendReply(dst []byte) []byte {
	dst = appendText(append(dst, `{"overlay":{`...), "handle", fmt.Sprintf("%016x", o.handle))
	dst = appendTexts(append(dst, ','), "needs", o.needs)
	dst = append(dst, `,"warnings":`...)
	return append(appendDiagnostics(dst, o.rules.files, o.warnings), "}}"...)
}

// readOverlay reads a request for an overlay.
func (e *Engine) readOverlay(request []byte) (text []byte, restrict bool, err *wire.Error) {
	const form = `expected {"text":"…","restrict":false}`
	v, err := e.reader.Value(request)
	if err != nil {
		return nil, false, err
	}
	if v.Kind() != value.KindRecord {
		return nil, false, &wire.Error{Code: codeTestRequest, Message: form}
	}
	for f := e.table.Fields(v); len(f) > 0; f = f[2:] {
		switch name := e.table.TextString(f[0]); {
		case name == "text" && f[1].Kind() == value.KindString:
			text = append([]byte{}, e.table.Text(f[1])...)
		case name == "restrict" && f[1].Kind() == value.KindBool:
			restrict = f[1] == value.True
		case name == "text" || name == "restrict":
			return nil, false, &wire.Error{Code: codeTestRequest, Message: form, Offset: e.reader.KeyOffset(bytes.IndexByte(request, '{'), name)}
		default:
			return nil, false, &wire.Error{Code: wire.CodeUnknownField, Message: "unknown field " + e.show(f[0]),
				Offset: e.reader.KeyOffset(bytes.IndexByte(request, '{'), name)}
		}
	}
	if text == nil {
		return nil, false, &wire.Error{Code: wire.CodeMissingField, Message: "\"text\" is missing", Offset: bytes.IndexByte(request, '{')}
	}
	return text, restrict, nil
}

// findOverlay returns the overlay of a handle, which counts as used, or nil.
func (e *Engine) findOverlay(handle uint64) *overlay {
	list := e.overlays.list
	i := slices.IndexFunc(list, func(o *overlay) bool { return o.handle == handle })
	if i < 0 {
		return nil
	}
	o := list[i]
	copy(list[1:i+1], list[:i])
	list[0] = o
	return o
}

// keepOverlay puts an overlay in front of the others, the last of which may go for it.
func (e *Engine) keepOverlay(o *overlay) {
	c := &e.overlays
	c.list = slices.DeleteFunc(c.list, func(other *overlay) bool { return other.handle == o.handle })
	if len(c.list) == mostOverlays {
		c.waste += len(c.list[mostOverlays-1].text)
		c.list = slices.Delete(c.list, mostOverlays-1, mostOverlays)
	}
	c.list = slices.Insert(c.list, 0, o)
}

// sweep drops the values that overlays left in the table, once many of those are gone.
func (e *Engine) sweep() {
	if c := &e.overlays; c.waste >= mostWaste {
		e.dropCompiled()
		c.waste = 0
	}
}

// dropCompiled takes the table back to the floor. The overlays whose values go with that are compiled again when they are needed.
func (e *Engine) dropCompiled() {
	for _, o := range e.overlays.list {
		if !o.under {
			o.rules, o.rows = nil, nil
		}
	}
	e.table.Reset(e.overlays.floor)
	e.base = e.overlays.floor
}

// raiseFloor prepares for an update, whose values come on top of those of overlays: either these stay for good, so that the overlays need not
// be compiled again, or, if that were too much, they are dropped first.
func (e *Engine) raiseFloor() {
	c := &e.overlays
	if e.base == c.floor {
		return
	}
	size := e.table.Size(c.floor)
	if c.under+size > mostWaste {
		e.dropCompiled()
		return
	}
	c.under += size
	c.floor = e.base
	for _, o := range c.list {
		o.under = true
	}
}

// enterOverlay makes an overlay's rules those of the call.
func (e *Engine) enterOverlay(handle uint64, yield func()) *source.Diagnostic {
	o := e.findOverlay(handle)
	if o == nil {
		return &source.Diagnostic{Code: codeOverlayUnknown, Message: fmt.Sprintf("there is no overlay %016x", handle), Help: "register it first, or again"}
	}
	if o.rules == nil {
		if _, all := e.compileOverlay(o, &Host{Yield: yield}); o.rules == nil {
			e.table.Reset(e.base)
			return &source.Diagnostic{Code: codeOverlayInvalid, Message: "the overlay isn't valid any more: " + all[0].Message}
		}
		e.base = e.table.Mark()
	}
	o.use(e, yield)
	return nil
}

// use makes the overlay's rules those of the engine, over its rows as updates have left them.
func (o *overlay) use(e *Engine, yield func()) {
	o.rows.Follow(yield)
	e.ruleset = o.rules
}

// revision is the configuration's with the overlay's handle.
func (o *overlay) revision(base string) string {
	if o.base != base {
		o.base, o.shown = base, fmt.Sprintf("%s+%016x", base, o.handle)
	}
	return o.shown
}

// compileOverlay unites an overlay with the configuration. Where it can't be, the overlay gets no rules, and what is wrong is returned, with
// the files that it is said of.
func (e *Engine) compileOverlay(o *overlay, h *Host) (*source.Files, []source.Diagnostic) {
	l := &Loader{host: *h, table: e.table, files: e.own.files.Clone(), diags: &source.List{Quiet: source.FileID(e.own.files.Len())}}
	set := document.ReadOverlay(e.table, l.files, o.text, l.diags, e.set)
	c := compiler{Loader: l, set: set, schema: e.schema, store: e.store, text: e.reader.Text, reader: e.reader, base: &e.own}
	c.overlay(o, e)
	return l.files, l.diags.All()
}

// overlay compiles an overlay with its base.
func (c *compiler) overlay(o *overlay, e *Engine) {
	c.parse()
	c.findDerived()
	c.checkIDs()
	if o.restrict {
		c.checkRestricted()
	}
	program := c.base.program.Extend(analysis.Input{Table: c.table, Files: c.files, Diags: c.diags, Statements: c.statements, Facts: c.set.Facts})
	c.validatePolicies()
	if program == nil || c.diags.Failed() {
		return
	}
	r := &ruleset{files: c.files, program: program, policies: slices.Clone(c.base.policies), derives: c.derives, scope: o}
	if len(c.policies) > 0 {
		r.policies = append(r.policies, cedar.Compile(c.table, c.policies))
	}
	c.number(r)
	o.needs, r.readsNow = c.needs(program)
	for _, key := range e.needs {
		if !slices.Contains(o.needs, key) {
			o.needs = append(o.needs, key)
		}
	}
	r.readsNow = r.readsNow || c.base.readsNow
	r.named = c.namedEntities(program, c.base.named)
	r.known = c.knownEntities(program, r.named)
	o.rules, o.rows, o.warnings, o.under = r, e.model.Extend(program), c.diags.All(), false
	r.eval = goal.New(c.table, program, o.rows.DB(), c.store)
}

// knownEntities are the entities that an overlay names, in facts as well, sorted by handle. Requests may not claim them as parents.
func (c *compiler) knownEntities(program *analysis.Program, named []value.Value) []value.Value {
	out := slices.Clone(named)
	add := func(v value.Value) { out = append(out, v) }
	program.Constants(func(v value.Value) { eachEntity(c.table, v, add) })
	for _, f := range program.Facts {
		for _, v := range f.Rows {
			eachEntity(c.table, v, add)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// eachEntity calls f for the entities in v, which nests no deeper than values may.
func eachEntity(t *value.Table, v value.Value, f func(value.Value)) {
	switch v.Kind() {
	case value.KindEntity:
		f(v)
	case value.KindSet:
		for _, m := range t.Members(v) {
			eachEntity(t, m, f)
		}
	case value.KindRecord:
		for fields := t.Fields(v); len(fields) > 0; fields = fields[2:] {
			eachEntity(t, fields[1], f)
		}
	}
}

// checkRestricted reports what would let an overlay that may only take away change what the base grants.
func (c *compiler) checkRestricted() {
	refuse := func(at source.Span, message, help string) {
		c.diags.Errorf(at, codeOverlayRestrict, "%s", message).Help = help
	}
	const forbids = "a restricted overlay forbids, by predicates of its own"
	for i := range c.statements {
		head := &c.statements[i].Head
		if c.statements[i].Decl != nil {
			continue
		}
		id, known := c.base.program.ByName.Get(head.Pred)
		switch {
		case known && id == analysis.PredPermit:
			refuse(head.PredSpan, "a restricted overlay permits nothing", forbids)
		case known && id != analysis.PredForbid:
			refuse(head.PredSpan, "a restricted overlay adds nothing to "+head.Pred+", which is the base's", forbids)
		}
	}
	for i := range c.set.Facts {
		if t := &c.set.Facts[i]; isKnown(c.base.program, t.Pred) {
			refuse(t.Span, "a restricted overlay adds nothing to "+t.Pred+", which is the base's", forbids)
		}
	}
	for _, p := range c.policies {
		if !p.Forbid {
			refuse(p.Span, "a restricted overlay permits nothing", "its policies may be forbid policies")
		}
	}
}

func isKnown(p *analysis.Program, pred string) bool {
	_, known := p.ByName.Get(pred)
	return known
}
