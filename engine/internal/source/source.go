// Package source holds the files of a configuration and says where in them something stands.
package source

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// FileID names a file within one [Files]. The zero FileID means "no file".
type FileID uint32

// Span is a half-open range of bytes of one file. The zero Span means "nowhere".
type Span struct {
	File       FileID
	Start, End uint32
}

// At returns the empty span at byte offset off of file f.
func At(f FileID, off int) Span { return Span{File: f, Start: uint32(off), End: uint32(off)} }

// To returns the span from the start of s to the end of t, which must lie in the same file.
func (s Span) To(t Span) Span { return Span{File: s.File, Start: s.Start, End: t.End} }

// IsZero reports whether s stands nowhere.
func (s Span) IsZero() bool { return s.File == 0 }

// File is one text of a configuration.
type File struct {
	// Name is relative to the root document's folder, with '/'; "." for the root document itself.
	Name string
	// Text is the file's bytes as given, byte order mark and line ends included.
	Text  []byte
	lines []uint32 // offset of each line's first byte; built on first use
}

// Files is an append-only list of files; positions refer to it.
type Files struct {
	list []*File
	// Spend, if given, is told how many bytes readers went through, so that a long load can pause.
	Spend func(n int)
}

// Went tells that a reader went through n bytes.
func (fs *Files) Went(n int) {
	if fs.Spend != nil {
		fs.Spend(n)
	}
}

// What a byte of a token costs to find, and of a statement or policy to parse, beside going through it.
const (
	scanCost  = 4
	parseCost = 16
)

// Scanned tells that a token of n bytes was found.
func (fs *Files) Scanned(n int) { fs.Went(scanCost * n) }

// Parsed tells that a statement or policy of n bytes was parsed.
func (fs *Files) Parsed(n int) { fs.Went(parseCost * n) }

// Add appends a file and returns its id.
func (fs *Files) Add(name string, text []byte) FileID {
	fs.list = append(fs.list, &File{Name: name, Text: text})
	return FileID(len(fs.list))
}

// Clone returns a list of the same files, to which other ones may be added.
func (fs *Files) Clone() *Files { return &Files{list: slices.Clone(fs.list), Spend: fs.Spend} }

// File returns the file of an id, or nil for the zero id.
func (fs *Files) File(id FileID) *File {
	if id == 0 || int(id) > len(fs.list) {
		return nil
	}
	return fs.list[id-1]
}

// Len returns the number of files; their ids are 1 to Len.
func (fs *Files) Len() int { return len(fs.list) }

// Position is a place a person can go to. Lines and columns start at 1; a column counts code points.
type Position struct {
	File   string
	Line   int
	Column int
}

// String writes file:line:column, without a file that has no name.
func (p Position) String() string {
	text := fmt.Sprintf("%d:%d", p.Line, p.Column)
	if p.File == "" {
		return text
	}
	return p.File + ":" + text
}

// Position resolves the start of a span. The zero span gives the zero Position.
func (fs *Files) Position(s Span) Position {
	f := fs.File(s.File)
	if f == nil {
		return Position{}
	}
	line := f.line(int(s.Start))
	start := int(f.lines[line])
	off := min(int(s.Start), len(f.Text))
	col := 1
	if start <= off {
		col += columns(f.Text[start:off])
	}
	return Position{File: f.Name, Line: line + 1, Column: col}
}

// columns counts the code points of b, a byte order mark not counted.
func columns(b []byte) int { return utf8.RuneCount(bytes.TrimPrefix(b, bom)) }

var bom = []byte("\xef\xbb\xbf")

// line returns the index of the line that holds offset off.
func (f *File) line(off int) int {
	if f.lines == nil {
		f.lines = append(f.lines, 0)
		for i, c := range f.Text {
			if c == '\n' {
				f.lines = append(f.lines, uint32(i+1))
			}
		}
	}
	return sort.Search(len(f.lines), func(i int) bool { return int(f.lines[i]) > off }) - 1
}

// Excerpt returns the source line at the start of s, without its line end. Of a long line it returns what stands around s.
func (fs *Files) Excerpt(s Span) string {
	line, _ := fs.excerpt(s)
	return line
}

// Of a line that is longer than longLine bytes, an excerpt has about this many before and after a position.
const (
	longLine = 1000
	around   = 100
)

// excerpt returns the excerpt and the column of s in it.
func (fs *Files) excerpt(s Span) (string, int) {
	f := fs.File(s.File)
	if f == nil {
		return "", 1
	}
	i := f.line(int(s.Start))
	start := int(f.lines[i])
	end := len(f.Text)
	if i+1 < len(f.lines) {
		end = int(f.lines[i+1]) - 1
	}
	line := bytes.TrimSuffix(f.Text[start:max(start, end)], []byte("\r"))
	at := min(max(int(s.Start)-start, 0), len(line))
	column := columns(line[:at]) + 1
	if len(line) <= longLine {
		return valid(bytes.TrimPrefix(line, bom)), column
	}
	before, after := line[:at], line[at:]
	head, rest := valid(bytes.TrimPrefix(before, bom)), ""
	if len(before) > around {
		head = "…" + strings.TrimLeft(valid(before[len(before)-around:]), "\uFFFD")
	}
	if len(after) > around {
		after, rest = after[:around], "…"
	}
	return head + strings.TrimRight(valid(after), "\uFFFD") + rest, utf8.RuneCountInString(head) + 1
}

func valid(b []byte) string { return string(bytes.ToValidUTF8(b, []byte("\uFFFD"))) }
