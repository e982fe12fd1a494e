package document

import (
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Want is a file that a [Loader] needs, or a folder whose file names it needs. Names are relative to the root document's folder, with
// '/'; that folder is "".
type Want struct {
	Name string
	List bool
}

// Loader reads a document set: it says what it needs, is given it, and ends with a [Set].
type Loader struct{}

// NewLoader begins with the root document. Name is its file name as users see it, "" for a text without one; the suffix tells what it is.
func NewLoader(t *value.Table, files *source.Files, name string, text []byte, diags *source.List) *Loader {
	panic("document: not built yet")
}

// Next returns what is needed next, and false once nothing is.
func (l *Loader) Next() (Want, bool) { panic("document: not built yet") }

// Give answers a Want for a file: its bytes, which are kept, or nil if there is no such file.
func (l *Loader) Give(name string, data []byte) { panic("document: not built yet") }

// GiveList answers a Want for a folder: the names of the files in it, in any order; ok is false if there is no such folder.
func (l *Loader) GiveList(folder string, names []string, ok bool) { panic("document: not built yet") }

// Finish ends the load. What is wrong stands in the diagnostics; the set holds what could be read.
func (l *Loader) Finish() *Set { panic("document: not built yet") }
