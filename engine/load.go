package engine

import (
	"bytes"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Codes of a load conversation that goes wrong by the host's doing.
const (
	codeUnasked source.Code = "abi.unasked"
	codeListing source.Code = "abi.listing"
)

// Loader loads one configuration: it says which files it needs until it needs none, and then commits, all or nothing.
type Loader struct {
	host  Host
	table *value.Table
	files *source.Files
	diags *source.List
	docs  *document.Loader
	want  document.Want
	asked bool
}

// NewLoader begins to load the document text. Name is its file's name as users see it, without folder; its suffix tells a bare
// .cedar file and a *_test.rune from other documents. The text is kept.
func NewLoader(name string, text []byte, h Host) *Loader {
	l := &Loader{host: h, table: value.NewTable(value.Key(h.Key)), files: &source.Files{}, diags: &source.List{}}
	l.table.Pause, l.files.Spend = h.Yield, l.table.Spend
	l.docs = document.NewLoader(l.table, l.files, name, text, l.diags)
	return l
}

// Next says what is needed next: {"read":"teams.rune"} for a file, {"list":"policies"} for the names of the files in a folder, both
// relative to the document's folder with '/', or {"done":true}.
func (l *Loader) Next() []byte {
	l.want, l.asked = l.docs.Next()
	if !l.asked {
		return []byte(`{"done":true}`)
	}
	key := "read"
	if l.want.List {
		key = "list"
	}
	return append(appendText([]byte{'{'}, key, l.want.Name), '}')
}

// Give answers what Next asked for: the bytes of a file, which are kept, or the file names of a folder as a JSON array of strings. Absent
// says that there is no such file or folder.
func (l *Loader) Give(name string, data []byte, absent bool) []byte {
	if !l.asked || name != l.want.Name {
		return appendErrorObject(nil, l.files, source.Diagnostic{Code: codeUnasked, Message: "nothing of this name was asked for"})
	}
	if !l.want.List {
		if !absent && data == nil {
			data = []byte{}
		}
		if absent {
			data = nil
		}
		l.docs.Give(name, data)
		l.asked = false
		return []byte(`{}`)
	}
	names, ok := readNames(data)
	if !ok && !absent {
		return appendErrorObject(nil, l.files, source.Diagnostic{Code: codeListing, Message: "the names in a folder come as a JSON array of strings"})
	}
	l.docs.GiveList(name, names, !absent)
	l.asked = false
	return []byte(`{}`)
}

// readNames reads a JSON array of strings. A name that isn't UTF-8 gets replacement characters: it is no name that a document can have.
func readNames(data []byte) ([]string, bool) {
	d := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowInvalidUTF8(true))
	if t, err := d.ReadToken(); err != nil || t.Kind() != jsontext.KindBeginArray {
		return nil, false
	}
	var names []string
	for d.PeekKind() == jsontext.KindString {
		t, err := d.ReadToken()
		if err != nil {
			return nil, false
		}
		names = append(names, t.String())
	}
	if t, err := d.ReadToken(); err != nil || t.Kind() != jsontext.KindEndArray {
		return nil, false
	}
	_, err := d.ReadToken()
	return names, err == io.EOF
}

// Commit ends the load. The reply is {"loaded":{"revision":…,"needs":[…],"warnings":[…]}}, needs being the context keys that the host is to
// give; or, with a nil engine, {"error":{…},"diagnostics":[…]}.
func (l *Loader) Commit() (*Engine, []byte) {
	h := l.host.unsupported()
	if h == nil && l.host.Overlay != 0 {
		h = &source.Diagnostic{Code: codeUnsupported, Message: "an overlay serves decisions and queries alone"}
	}
	if h != nil {
		return nil, appendErrorObject(nil, l.files, *h)
	}
	set := l.docs.Finish()
	c := compiler{Loader: l, set: set}
	e := c.compile()
	all := l.diags.All()
	if l.diags.Failed() || e == nil {
		return nil, appendFailure(nil, l.files, all)
	}
	dst := appendText([]byte(`{"loaded":{`), "revision", e.revisionText)
	dst = appendTexts(append(dst, ','), "needs", e.needs)
	dst = append(dst, `,"warnings":`...)
	return e, append(appendDiagnostics(dst, l.files, all), "}}"...)
}

// appendTexts appends "key":["text",…].
func appendTexts(dst []byte, key string, texts []string) []byte {
	dst = append(append(append(dst, '"'), key...), `":[`...)
	for i, s := range texts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = value.AppendJSONString(dst, []byte(s))
	}
	return append(dst, ']')
}
