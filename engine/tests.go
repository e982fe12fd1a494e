package engine

import (
	"regexp"
	"slices"

	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
	"github.com/rune-authz/rune/engine/internal/wire"
)

const codeTestRequest source.Code = "request.type"

// Test runs the configuration's [tests], those whose name matches the pattern of {"run":…} where there is one, and appends
// {"tests":[{"name":…,"ok":…,"want":…,"got":…}]}. Got is the whole reply, or the rows of a query, or an error, which is a failure.
// The tests are the host here: their contexts give what is the host's, and h's context and time don't count.
func (e *Engine) Test(dst, request []byte, h *Host) []byte {
	if d := e.enterBase(h); d != nil {
		return appendErrorObject(dst, e.files, *d)
	}
	run, err := e.testFilter(request)
	if err != nil {
		return e.appendRequestError(dst, request, err)
	}
	own := *h
	own.Context, own.HasNow = nil, false
	h = &own
	dst = append(dst, `{"tests":[`...)
	first := true
	for i := range e.set.Tests {
		t := &e.set.Tests[i]
		if run != nil && !run.MatchString(t.Name) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		e.begin(h)
		dst = e.appendTest(dst, t, h)
		e.end()
	}
	e.stats = Stats{}
	return append(dst, "]}"...)
}

// testFilter reads {"run":"pattern"}; without it all tests run.
func (e *Engine) testFilter(request []byte) (*regexp.Regexp, *wire.Error) {
	e.begin(&Host{})
	defer e.end()
	v, err := e.reader.Value(request)
	if err != nil {
		return nil, err
	}
	if v.Kind() != value.KindRecord || len(e.table.Fields(v)) > 2 {
		return nil, &wire.Error{Code: codeTestRequest, Message: `expected {"run":"pattern"} or {}`}
	}
	f := e.table.Fields(v)
	if len(f) == 0 {
		return nil, nil
	}
	if e.table.TextString(f[0]) != "run" || f[1].Kind() != value.KindString {
		return nil, &wire.Error{Code: codeTestRequest, Message: `expected {"run":"pattern"} or {}`}
	}
	re, bad := regexp.Compile(e.table.TextString(f[1]))
	if bad != nil {
		return nil, &wire.Error{Code: value.CodePattern, Message: bad.Error()}
	}
	return re, nil
}

// appendTest runs a test and appends its result.
func (e *Engine) appendTest(dst []byte, t *document.Test, h *Host) []byte {
	var got []byte
	var ok bool
	failed, leave := e.enterTest(t, h)
	defer leave()
	switch {
	case failed != nil:
		got = failed
	case t.IsQuery:
		got, ok = e.testQuery(t, h)
	default:
		got = e.authorize(nil, testRequest(t), h, true)
		ok = e.stats.Decision != NoDecision && e.asExpected(t)
	}
	dst = appendText(append(dst, '{'), "name", t.Name)
	dst = append(dst, `,"ok":`...)
	if ok {
		dst = append(dst, "true"...)
	} else {
		dst = append(dst, "false"...)
	}
	dst = appendWant(append(dst, `,"want":`...), t)
	return append(append(append(dst, `,"got":`...), got...), '}')
}

// enterTest makes the rules that a test names those of the engine, until leave is called, or says what is wrong with them.
func (e *Engine) enterTest(t *document.Test, h *Host) (failed []byte, leave func()) {
	if t.Overlay == nil {
		return nil, func() {}
	}
	before := e.base
	leave = func() {
		e.leave()
		e.base = before
	}
	d := digestOf([]byte(*t.Overlay), t.Restrict)
	o := &overlay{handle: d.handle(), text: []byte(*t.Overlay), restrict: t.Restrict}
	files, all := e.compileOverlay(o, h)
	if o.rules == nil {
		return appendFailure(nil, files, all), leave
	}
	o.use(e, h.Yield)
	e.base = e.table.Mark()
	return nil, leave
}

// testRequest writes the request of a test.
func testRequest(t *document.Test) []byte {
	dst := append([]byte(`{"principal":`), t.Principal...)
	dst = append(append(dst, `,"action":`...), t.Action...)
	dst = append(append(dst, `,"resource":`...), t.Resource...)
	if t.Context != nil {
		dst = append(append(dst, `,"context":`...), t.Context...)
	}
	if t.Entities != nil {
		dst = append(append(dst, `,"entities":`...), t.Entities...)
	}
	return append(dst, '}')
}

// asExpected compares the last decision with what a test expects of it.
func (e *Engine) asExpected(t *document.Test) bool {
	if (t.Expect == "permit") != (e.stats.Decision == Permit) {
		return false
	}
	var reasons, errors []string
	for _, r := range e.reasons {
		reasons = append(reasons, r.ID)
	}
	for _, x := range e.errors {
		errors = append(errors, x.ID)
	}
	return (!t.HasReasons || sameSet(t.Reasons, reasons)) && (!t.HasErrors || sameSet(t.Errors, errors))
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// appendWant writes what a test expects.
func appendWant(dst []byte, t *document.Test) []byte {
	if t.IsQuery {
		dst = append(append(dst, `{"rows":`...), t.Rows...)
		return append(dst, '}')
	}
	dst = appendText(append(dst, '{'), "decision", t.Expect)
	if t.HasReasons {
		dst = appendTexts(append(dst, ','), "reasons", t.Reasons)
	}
	if t.HasErrors {
		dst = appendTexts(append(dst, ','), "errors", t.Errors)
	}
	return append(dst, '}')
}

// testQuery runs a query test: rows are compared as a set.
func (e *Engine) testQuery(t *document.Test, h *Host) (got []byte, ok bool) {
	var q wire.Query
	if t.HasRequest {
		text := testRequest(t)
		if err := e.reader.Request(text, &q.Request); err != nil {
			return e.appendRequestError(nil, text, err), false
		}
		if err := e.admit(&q.Request, h, true); err != nil {
			return e.appendRequestError(nil, text, err), false
		}
		q.HasRequest = true
	}
	rows, g, failure := e.ask(nil, []byte(t.Query), &q, h)
	if g == nil {
		return failure, false
	}
	got = wire.AppendRows(nil, e.table, g.Columns, rows, e.shownRevision())
	want, fault := e.wantedRows(t, g)
	if fault != nil {
		return wire.AppendError(nil, string(fault.Code), fault.Message, "", 0, 0, ""), false
	}
	slices.SortFunc(want, e.table.CompareRows)
	want = slices.CompactFunc(want, slices.Equal[[]value.Value])
	return got, slices.EqualFunc(want, rows, slices.Equal[[]value.Value])
}
