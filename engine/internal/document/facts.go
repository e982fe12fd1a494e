package document

import (
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// notPredicates are the words of the rules' grammar that name no predicate.
var notPredicates = []string{"not", "if", "then", "else", "true", "false", "in", "is", "has", "like", "decl", "count", "sum", "min",
	"max", "collect", "decimal", "ip", "datetime", "duration", "entityId", "entityType"}

// contextRecord with a dot behind it is the request's record in rules, whatever follows.
const contextRecord = "context"

// reserved are the predicates that are not [data]'s to define; files may bring facts of the last three.
var reserved = []string{"principal", "action", "resource", "context", "permit", "forbid", "allow", "deny", "argv", "split", "each",
	"parent", "attribute", "tag"}

const reservedInFiles = 11

// factReader turns the [data] of one file into facts.
type factReader struct {
	*tomlReader
	out []Table
}

// facts returns the facts of the table [data].
func (r *tomlReader) facts(data nodeID) []Table {
	f := factReader{tomlReader: r}
	f.walk(data, "", 0)
	return f.out
}

// walk reads the keys of a table whose own key, with parts parts, is prefix.
func (f *factReader) walk(n nodeID, prefix string, parts int) {
	for c := range f.children(n) {
		f.key(c, prefix, parts)
	}
}

// key makes facts of one key.
func (f *factReader) key(c nodeID, prefix string, parts int) {
	part := f.table.TextString(f.nodes[c].key)
	name := part
	if prefix != "" {
		name = prefix + "." + part
	}
	if parts == maxDepth {
		f.diags.Errorf(f.keySpan(c), codeDepth, "the key has more than %d parts", maxDepth)
		return
	}
	nested := f.nodes[c].kind == nodeTable && f.nodes[c].first != 0
	if !f.named(part, prefix == "", nested, f.keySpan(c)) || prefix == badName {
		name = badName
	}
	if nested {
		f.walk(c, name, parts+1)
		return
	}
	t, ok := f.rows(c)
	if name == badName || !ok {
		return
	}
	if slices.Contains(reserved, name) {
		reportReserved(f.diags, f.keySpan(c), name)
		return
	}
	t.Pred, t.Span = name, f.keySpan(c)
	f.out = append(f.out, t)
}

// badName stands for a name that has been reported.
const badName = "?"

// named reports a part of a key that a predicate's name can't have.
func (f *factReader) named(part string, first, nested bool, at source.Span) bool {
	if isPredicatePart(part, first) && !(first && nested && part == contextRecord) {
		return true
	}
	f.diags.Errorf(at, codeKeyName, "no predicate can be named %s", quote(part)).Help = "rename it, for example to " + rename(part, first)
	return false
}

// isPredicateName reports whether a predicate can have a name.
func isPredicateName(name string) bool {
	if strings.HasPrefix(name, contextRecord+".") {
		return false
	}
	first := true
	for part := range strings.SplitSeq(name, ".") {
		if !isPredicatePart(part, first) {
			return false
		}
		first = false
	}
	return strings.Count(name, ".") < maxDepth
}

func isPredicatePart(part string, first bool) bool {
	if part == "" || part[0] < 'a' || part[0] > 'z' || strings.IndexByte(part, '-') >= 0 {
		return false
	}
	for i := range len(part) {
		if !isBare(part[i]) {
			return false
		}
	}
	return !first || !slices.Contains(notPredicates, part)
}

// rename suggests a name that a predicate can have.
func rename(part string, first bool) string {
	var b strings.Builder
	for _, c := range part {
		if c < 0x80 && isBare(byte(c)) && c != '-' {
			b.WriteRune(c)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "_") {
			b.WriteByte('_')
		}
	}
	name := strings.Trim(b.String(), "_")
	switch {
	case name == "" || isDigit(name[0]):
		name = "p" + name
	case name[0] <= 'Z':
		name = strings.ToLower(name[:1]) + name[1:]
	}
	if !isPredicatePart(name, first) || first && name == contextRecord {
		name += "_value"
	}
	return name
}

func reportReserved(diags *source.List, at source.Span, name string) {
	d := diags.Errorf(at, codeReserved, "%q is reserved", name)
	switch name {
	case "permit", "allow", "forbid", "deny":
		d.Help = "data decides nothing: write a rule in [rules], or give the key another name"
	case "parent", "attribute", "tag":
		d.Help = "write these facts in [rules] or in a file " + name + ".csv, or give the key another name"
	case "principal", "action", "resource", "context":
		d.Help = "the request gives it; give the key another name"
	default:
		d.Help = "give the key another name"
	}
}

// rows makes the rows of a key's value.
func (f *factReader) rows(c nodeID) (Table, bool) {
	switch f.nodes[c].kind {
	case nodeScalar:
		return Table{Width: 1, Scalar: true, Rows: []value.Value{f.nodes[c].value}, Spans: []source.Span{f.span(c)}, CellSpans: []source.Span{f.span(c)}}, true
	case nodeBad:
		return Table{}, false
	case nodeTable: // an empty one
		return Table{}, true
	}
	switch first := f.nodes[c].first; {
	case first == 0:
		return Table{}, true
	case f.nodes[first].kind == nodeArray:
		return f.arrayOfRows(c)
	}
	return f.arrayOfCells(c)
}

// shape is what the elements of one array must agree in.
func (f *factReader) shape(n nodeID) string {
	switch f.nodes[n].kind {
	case nodeArray:
		return "an array"
	case nodeTable:
		return "a table"
	}
	return "a value"
}

// alike checks that an element is of the shape of the first.
func (f *factReader) alike(list, c nodeID) bool {
	first := f.nodes[list].first
	if f.nodes[c].kind == nodeBad || f.nodes[first].kind == nodeBad {
		return false
	}
	want, got := f.shape(first), f.shape(c)
	if want == got {
		return true
	}
	d := f.diags.Errorf(f.span(c), codeMixed, "the elements of an array are alike, and this is %s", got)
	d.Help = "an array holds values, each a fact, or arrays, each a row, or tables, each a record"
	d.Related = append(d.Related, source.Related{Span: f.span(first), Message: "the first is " + want})
	return false
}

// arrayOfCells makes a fact of each value or record.
func (f *factReader) arrayOfCells(list nodeID) (Table, bool) {
	n := int(f.nodes[list].count)
	t := Table{Width: 1, Rows: make([]value.Value, 0, n), Spans: make([]source.Span, 0, n)}
	ok := true
	for c := range f.children(list) {
		v, fine := f.asValue(c)
		if !f.alike(list, c) || !fine {
			ok = false
			continue
		}
		t.Rows = append(t.Rows, v)
		t.Spans = append(t.Spans, f.span(c))
	}
	t.CellSpans = t.Spans
	return t, ok
}

// arrayOfRows makes a fact of each array.
func (f *factReader) arrayOfRows(list nodeID) (Table, bool) {
	n := int(f.nodes[list].count)
	t := Table{Width: int(f.nodes[f.nodes[list].first].count), Spans: make([]source.Span, 0, n)}
	t.Rows, t.CellSpans = make([]value.Value, 0, n*t.Width), make([]source.Span, 0, n*t.Width)
	ok := true
	wrong := reports{diags: f.diags}
	for c := range f.children(list) {
		if !f.alike(list, c) || !f.width(list, c, &wrong) {
			ok = false
			continue
		}
		for cell := f.nodes[c].first; cell != 0; cell = f.nodes[cell].next {
			v, fine := f.asValue(cell)
			ok = ok && fine
			t.Rows = append(t.Rows, v)
			t.CellSpans = append(t.CellSpans, f.span(cell))
		}
		t.Spans = append(t.Spans, f.span(c))
	}
	wrong.rest(f.span(list), codeRowWidth, "rows")
	return t, ok
}

// width checks that a row has the width of the first, which has one.
func (f *factReader) width(list, c nodeID, wrong *reports) bool {
	first := f.nodes[list].first
	want, got := f.nodes[first].count, f.nodes[c].count
	switch {
	case got == 0:
		wrong.errorf(f.span(c), codeRowWidth, "a row has at least one value").help("a fact without arguments is written in [rules]")
		return false
	case want == got || want == 0:
		return want == got
	}
	wrong.errorf(f.span(c), codeRowWidth, "the row has %s, and the first has %d", count(int(got), "value"), want).
		related(f.span(first), "the first row")
	return false
}
