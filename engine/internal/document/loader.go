package document

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Want is a file that a [Loader] needs, or a folder whose file names it needs. Names are relative to the root document's folder, with
// '/'; that folder is "".
type Want struct {
	Name string
	List bool
}

// Loader reads a document set: it says what it needs, is given it, and ends with a [Set]. Files are read in statement order: a document,
// then what it includes, depth first.
type Loader struct {
	table *value.Table
	files *source.Files
	diags *source.List
	set   *Set

	// test reports that the root document is a *_test.rune.
	test bool
	// overlay reports that the document is to be united with another that has been read.
	overlay bool
	// depth is how many includes lie between the root document and the one that is read.
	depth int
	// pending holds the includes to come, the next one last.
	pending []include
	// seen has the files that were asked for, by name.
	seen map[string]bool
	read []file
	// facts has the first table of each predicate.
	facts value.Names[*predicate]
	// settings has the [defaults] and [metadata] that hold.
	settings map[string]setting
}

// file is a file that was read, as the revision names it.
type file struct {
	name string
	data []byte
}

// predicate is what tables of one predicate must agree in.
type predicate struct {
	scalar bool
	at     source.Span
}

const (
	suffixCedar = ".cedar"
	suffixTest  = "_test.rune"
	// rootName is the root document's name in the revision, and where it has none.
	rootName = "."
)

// NewLoader begins with the root document. Name is its file name as users see it, "" for a text without one; a .cedar file is policies, any
// other a document. The text is kept.
func NewLoader(t *value.Table, files *source.Files, name string, text []byte, diags *source.List) *Loader {
	if name == "" {
		name = rootName
	}
	base := path.Base(name)
	l := &Loader{table: t, files: files, diags: diags, test: strings.HasSuffix(name, suffixTest), seen: map[string]bool{base: true}}
	l.facts, l.settings = value.NewNames[*predicate](t), map[string]setting{}
	l.set = &Set{Name: name, Defaults: noDefaults(), Cedar: strings.HasSuffix(name, suffixCedar)}
	l.read = append(l.read, file{rootName, text})
	id := files.Add(name, text)
	if start := beginText(l.diags, id, text); l.set.Cedar {
		l.part(id, true, start, len(text))
	} else {
		l.document(id, base, text, start)
	}
	return l
}

// Next returns what is needed next, and false once nothing is.
func (l *Loader) Next() (Want, bool) {
	for n := len(l.pending); n > 0; n = len(l.pending) {
		top := &l.pending[n-1]
		if top.glob {
			return Want{Name: folder(top.name), List: true}, true
		}
		if !l.seen[top.name] {
			return Want{Name: top.name}, true
		}
		l.pending = l.pending[:n-1]
	}
	return Want{}, false
}

// take ends the include that Next last told of, if it is the one meant.
func (l *Loader) take(name string, list bool) (include, bool) {
	if want, ok := l.Next(); !ok || want != (Want{Name: name, List: list}) {
		return include{}, false
	}
	n := len(l.pending) - 1
	top := l.pending[n]
	l.pending = l.pending[:n]
	return top, true
}

// Give answers a Want for a file: its bytes, which are kept, or nil if there is no such file. What isn't wanted is ignored.
func (l *Loader) Give(name string, data []byte) {
	in, ok := l.take(name, false)
	if !ok {
		return
	}
	l.seen[name] = true
	if data == nil {
		l.diags.Errorf(in.at, codeIncludeMissing, "there is no file %s", quote(name))
		return
	}
	l.read = append(l.read, file{name, data})
	id := l.files.Add(name, data)
	start := beginText(l.diags, id, data)
	l.depth = in.depth
	switch kindOf(name) {
	case kindDocument:
		l.document(id, name, data, start)
	case kindPolicies:
		l.part(id, true, start, len(data))
	case kindSchema:
		l.set.Schemas = append(l.set.Schemas, span(id, start, len(data)))
	case kindEntities:
		l.set.Entities = append(l.set.Entities, span(id, start, len(data)))
	case kindFacts:
		l.add(readCSV(l.table, id, data, start, predicateOf(name), l.diags))
	}
}

// GiveList answers a Want for a folder: the names of the files in it, in any order; ok is false if there is no such folder.
func (l *Loader) GiveList(dir string, names []string, ok bool) {
	in, wanted := l.take(dir, true)
	if !wanted {
		return
	}
	if !ok {
		l.diags.Errorf(in.at, codeIncludeMissing, "there is no folder %s", quote(dir))
		return
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !match(path.Base(in.name), name) })
	if len(names) == 0 {
		l.diags.Errorf(in.at, codeIncludeEmpty, "no file matches %s", quote(in.name)).Help = "leave it out, or add a file"
		return
	}
	slices.Sort(names)
	var found []include
	for _, name := range names {
		found = l.appendInclude(found, include{name: path.Join(dir, name), depth: in.depth, at: in.at})
	}
	l.push(found)
}

// push puts includes before those that are pending.
func (l *Loader) push(list []include) {
	slices.Reverse(list)
	l.pending = append(l.pending, list...)
}

// Finish ends the load. What is wrong stands in the diagnostics, files still wanted included; the set holds what could be read.
func (l *Loader) Finish() *Set {
	for want, ok := l.Next(); ok; want, ok = l.Next() {
		if want.List {
			l.GiveList(want.Name, nil, false)
		} else {
			l.Give(want.Name, nil)
		}
	}
	l.set.facts = l.facts
	l.set.Revision = revision(l.read, l.table.Spend)
	return l.set
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// beginText returns where a file's text begins, behind a byte order mark, and reports a file that is no text.
func beginText(diags *source.List, id source.FileID, data []byte) int {
	start := 0
	if bytes.HasPrefix(data, byteOrderMark) {
		start = len(byteOrderMark)
	}
	if utf8.Valid(data) {
		return start
	}
	at := start
	for {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	diags.Errorf(span(id, at, at+1), codeUTF8, "the text is not UTF-8: the byte 0x%02X may not stand here", data[at])
	return start
}

func (l *Loader) part(id source.FileID, policies bool, start, end int) {
	l.set.Parts = append(l.set.Parts, Part{Policies: policies, Span: span(id, start, end)})
}

// add adds facts. Rows of one predicate unite; a single value stands alone.
func (l *Loader) add(t Table) {
	if earlier, ok := l.facts.Get(t.Pred); !ok {
		l.facts.Set(t.Pred, &predicate{scalar: t.Scalar, at: t.Span})
	} else if earlier.scalar || t.Scalar {
		message := "%s has a value already, and a value stands alone"
		if !earlier.scalar {
			message = "%s has rows already, and a single value doesn't join them"
		}
		d := l.diags.Errorf(t.Span, codeConflict, message, quote(t.Pred))
		d.Related = append(d.Related, source.Related{Span: earlier.at, Message: "it stands here first"})
		d.Help = "write both as arrays to have them united"
		return
	}
	l.set.Facts = append(l.set.Facts, t)
}
