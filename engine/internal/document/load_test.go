package document

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// loaded is a set with all that is needed to look into it.
type loaded struct {
	*Set
	table *value.Table
	files *source.Files
	diags *source.List
	asked []string
}

// load loads a txtar archive whose first file is the root document.
func load(archive string) *loaded {
	files := txtar.Parse([]byte(archive)).Files
	return loadFiles(files[0].Name, string(files[0].Data), files[1:])
}

// loadText loads a document without includes.
func loadText(text string) *loaded { return loadFiles("config.rune", text, nil) }

func loadFiles(name, text string, files []txtar.File) *loaded {
	l := &loaded{table: value.NewTable(value.Key{}), files: &source.Files{}, diags: &source.List{}}
	docs := NewLoader(l.table, l.files, name, []byte(text), l.diags)
	for want, ok := docs.Next(); ok; want, ok = docs.Next() {
		if want.List {
			l.asked = append(l.asked, "list "+want.Name)
			names := listing(files, want.Name)
			docs.GiveList(want.Name, names, len(names) > 0)
			continue
		}
		l.asked = append(l.asked, "read "+want.Name)
		i := slices.IndexFunc(files, func(f txtar.File) bool { return f.Name == want.Name })
		if i < 0 {
			docs.Give(want.Name, nil)
		} else {
			docs.Give(want.Name, files[i].Data)
		}
	}
	l.Set = docs.Finish()
	return l
}

// listing lists a folder backwards, since the order is the loader's to make.
func listing(files []txtar.File, dir string) []string {
	var names []string
	for _, f := range files {
		if folder(f.Name) == dir {
			names = append(names, path.Base(f.Name))
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	return names
}

// errors writes each diagnostic as "file:line:column code: message | help | note …"; the root's file name is left out.
func (l *loaded) errors() []string {
	out := []string{}
	for _, d := range l.diags.All() {
		p := l.files.Position(d.Span)
		s := fmt.Sprintf("%d:%d %s: %s", p.Line, p.Column, d.Code, d.Message)
		if p.File != l.Name {
			s = p.File + ":" + s
		}
		if d.Help != "" {
			s += " | " + d.Help
		}
		for _, r := range d.Related {
			q := l.files.Position(r.Span)
			s += fmt.Sprintf(" | note %s:%d:%d %s", q.File, q.Line, q.Column, r.Message)
		}
		out = append(out, s)
	}
	return out
}

// facts writes each row as an atom, and a table without rows as its predicate with its width.
func (l *loaded) facts() []string {
	out := []string{}
	for _, t := range l.Facts {
		if t.Len() == 0 {
			out = append(out, fmt.Sprintf("%s/%d", t.Pred, t.Width))
		}
		for i := range t.Len() {
			var cells []string
			for _, v := range t.Row(i) {
				cells = append(cells, string(l.table.Append(nil, v)))
			}
			out = append(out, t.Pred+"("+strings.Join(cells, ", ")+")")
		}
	}
	return out
}

// text returns what a span covers.
func (l *loaded) text(s source.Span) string { return string(l.files.File(s.File).Text[s.Start:s.End]) }

// parts writes the texts of rules and policies, without the blanks around them.
func (l *loaded) parts() []string {
	out := []string{}
	for _, p := range l.Parts {
		kind := "rules "
		if p.Policies {
			kind = "policies "
		}
		out = append(out, kind+strings.TrimSpace(l.text(p.Span)))
	}
	return out
}

// checkErrors loads a document with a version line before text, which is line 2, and compares its errors.
func checkErrors(t *testing.T, text string, want ...string) *loaded {
	t.Helper()
	l := loadText("version = \"rune/1.0\"\n" + text)
	if got := l.errors(); !slices.Equal(got, want) {
		t.Errorf("%s\ngot\n\t%s\nwant\n\t%s", text, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	return l
}

func checkList(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
