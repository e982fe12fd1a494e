package document

import (
	"path"
	"strings"

	"github.com/rune-authz/rune/engine/internal/source"
)

// include is a file or a glob that a document includes, by its name relative to the root document's folder.
type include struct {
	name string
	glob bool
	// depth is 1 for what the root document includes itself.
	depth int
	at    source.Span
}

// fileKind says what a file holds, by its suffix.
type fileKind uint8

const (
	kindUnknown fileKind = iota
	kindDocument
	kindPolicies
	kindSchema
	kindEntities
	kindFacts
)

// suffixes in the order in which they are tried: Cedar names the JSON form of a schema .cedarschema.json.
var suffixes = []struct {
	suffix string
	kind   fileKind
}{
	{".rune", kindDocument}, {suffixCedar, kindPolicies}, {".cedarschema", kindSchema}, {".cedarschema.json", kindSchema},
	{".json", kindEntities}, {".csv", kindFacts},
}

func kindOf(name string) fileKind {
	for _, s := range suffixes {
		if strings.HasSuffix(name, s.suffix) {
			return s.kind
		}
	}
	return kindUnknown
}

// folder returns the folder of a name, "" for the root document's.
func folder(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}

// predicateOf is the predicate that a CSV file's rows are facts of.
func predicateOf(name string) string { return strings.TrimSuffix(path.Base(name), ".csv") }

// match reports whether a file's name matches a pattern in which '*' stands for any text. As in a shell it doesn't stand for a dot that
// begins a name.
func match(pattern, name string) bool {
	if strings.ContainsRune(name, '/') || strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	parts := strings.Split(pattern, "*")
	last := len(parts) - 1
	if last == 0 {
		return pattern == name
	}
	rest, ok := strings.CutPrefix(name, parts[0])
	if !ok || len(rest) < len(parts[last]) || !strings.HasSuffix(rest, parts[last]) {
		return false
	}
	rest = rest[:len(rest)-len(parts[last])]
	for _, part := range parts[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return true
}

// includes reads the include statement of the document name.
func (l *Loader) includes(r *tomlReader, n nodeID, name string) {
	if r.nodes[n].kind != nodeArray {
		r.wrongKind(n, "an array of file names")
		return
	}
	var list []include
	names, at, _ := r.stringsOf(n)
	for i, s := range names {
		if in, ok := l.resolve(s, name, at[i]); ok {
			list = l.appendInclude(list, in)
		}
	}
	l.push(list)
}

// resolve makes a name relative to the root document's folder of one relative to a document's. Only names within that folder pass.
func (l *Loader) resolve(s, document string, at source.Span) (include, bool) {
	if why := badInclude(s); why != "" {
		l.diags.Errorf(at, codeInclude, "%s %s", quote(s), why)
		return include{}, false
	}
	if strings.HasPrefix(s, "/") {
		l.diags.Errorf(at, codeIncludeEscape, "%s is absolute", quote(s)).Help = "names are relative to the folder of the document that includes"
		return include{}, false
	}
	in := include{name: path.Join(path.Dir(document), s), glob: strings.Contains(path.Base(s), "*"), depth: l.depth + 1, at: at}
	up := 0
	for rest := in.name; rest == ".." || strings.HasPrefix(rest, "../"); up++ {
		rest = strings.TrimPrefix(rest[2:], "/")
	}
	if up > 1 || up > 0 && !l.test {
		d := l.diags.Errorf(at, codeIncludeEscape, "%s lies outside the folder of the root document", quote(s))
		d.Help = "a configuration is one folder and what is below"
		if l.test {
			d.Help = "a test reaches one folder up, and what is below that"
		}
		return include{}, false
	}
	return in, true
}

// badInclude says why a name can be none of a file or glob.
func badInclude(s string) string {
	if s == "" {
		return "is no file name"
	}
	if dir := path.Dir(s); strings.Contains(dir, "*") {
		return "has a * in a folder; it may stand in the last part alone"
	}
	for _, c := range s {
		switch {
		case c == '\\':
			return "has a backslash; folders are separated by /"
		case c < ' ' || c == 0x7f:
			return "has a control character in it"
		}
	}
	return ""
}

// appendInclude appends an include whose kind is known.
func (l *Loader) appendInclude(list []include, in include) []include {
	base := path.Base(in.name)
	switch kind := kindOf(base); {
	case kind == kindUnknown:
		d := l.diags.Errorf(in.at, codeIncludeSuffix, "what %s holds can't be told by its suffix", quote(in.name))
		d.Help = "the suffixes are " + suffixList()
		return list
	case kind == kindFacts && !in.glob && !l.factsNamed(predicateOf(base), in.at):
		return list
	}
	return append(list, in)
}

func suffixList() string {
	names := make([]string, len(suffixes))
	for i, s := range suffixes {
		names[i] = s.suffix
	}
	return list(names)
}

// factsNamed checks that the rows of a file can be facts of the predicate that its name tells.
func (l *Loader) factsNamed(name string, at source.Span) bool {
	if !isPredicateName(name) {
		d := l.diags.Errorf(at, codeKeyName, "no predicate can be named %s, as the file is", quote(name))
		d.Help = "rename the file, for example to " + renameFile(name)
		return false
	}
	for _, r := range reserved[:reservedInFiles] {
		if name == r {
			reportReserved(l.diags, at, name)
			return false
		}
	}
	return true
}

func renameFile(name string) string {
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if !isPredicatePart(p, i == 0) || i == 0 && p == contextRecord {
			parts[i] = rename(p, i == 0)
		}
	}
	return quote(strings.Join(parts, ".") + ".csv")
}
