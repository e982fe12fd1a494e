package schema

import (
	"bytes"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	cedarschema "github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Parse reads the fragments of a schema and unites them. A fragment is JSON if its first character is a brace, else Cedar's text. No
// fragments are no schema; where there are errors it returns nil too.
func Parse(t *value.Table, files *source.Files, fragments []source.Span, diags *source.List) *Schema {
	if len(fragments) == 0 {
		return nil
	}
	p := parser{diags: diags, schema: &ast.Schema{Namespaces: ast.Namespaces{}}}
	for _, at := range fragments {
		p.fragment(at, files.File(at.File).Text[at.Start:at.End])
	}
	if p.failed {
		return nil
	}
	failed := &source.List{}
	n := check(p.outline, failed)
	if n.bounded() {
		n.order(declAction)
		if common := n.order(declType); !failed.Failed() {
			bound(n, common, p.schema)
		}
	}
	for _, d := range failed.All() {
		diags.Add(d)
	}
	if failed.Failed() {
		return nil
	}
	r, err := resolved.Resolve(p.schema)
	if err != nil {
		diags.Errorf(fragments[0], CodeSyntax, "%v", err)
		return nil
	}
	return build(t, r)
}

// parser unites fragments.
type parser struct {
	outline
	diags  *source.List
	schema *ast.Schema
	failed bool
}

func (p *parser) fragment(at source.Span, text []byte) {
	json := bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{"))
	if i, why := tooDeep(text, json); i >= 0 {
		start := at.Start + uint32(i)
		p.diags.Errorf(source.Span{File: at.File, Start: start, End: start + 1}, CodeDepth, "%s", why)
		p.failed = true
		return
	}
	list := &source.List{}
	var s *ast.Schema
	var o outline
	if json {
		s, o = readJSON(at, text, list)
	} else {
		s, o = readText(at, text, list)
	}
	for _, d := range list.All() {
		p.diags.Add(d)
	}
	if list.Failed() {
		p.failed = true
		return
	}
	p.outline.add(o)
	unite(p.schema, s)
}

// unite adds what a fragment declares. What is declared twice is reported from the outline.
func unite(to, s *ast.Schema) {
	bare := ast.Namespace{Entities: to.Entities, Enums: to.Enums, Actions: to.Actions, CommonTypes: to.CommonTypes}
	bare = merge(bare, ast.Namespace{Entities: s.Entities, Enums: s.Enums, Actions: s.Actions, CommonTypes: s.CommonTypes})
	to.Entities, to.Enums, to.Actions, to.CommonTypes = bare.Entities, bare.Enums, bare.Actions, bare.CommonTypes
	for name, ns := range s.Namespaces {
		to.Namespaces[name] = merge(to.Namespaces[name], ns)
	}
}

func merge(a, b ast.Namespace) ast.Namespace {
	return ast.Namespace{
		Annotations: join(a.Annotations, b.Annotations),
		Entities:    join(a.Entities, b.Entities), Enums: join(a.Enums, b.Enums),
		Actions: join(a.Actions, b.Actions), CommonTypes: join(a.CommonTypes, b.CommonTypes),
	}
}

func join[M ~map[K]V, K comparable, V any](a, b M) M {
	if a == nil {
		return maps.Clone(b)
	}
	maps.Copy(a, b)
	return a
}

// readText reads Cedar's text of a schema.
func readText(at source.Span, text []byte, diags *source.List) (*ast.Schema, outline) {
	var s cedarschema.Schema
	err := s.UnmarshalCedar(text)
	if err == nil {
		return s.AST(), survey(at, text)
	}
	offset, message := locate(text, err.Error())
	if strings.Contains(message, "is declared twice") { // reported where the parser noticed, after the declaration
		twice := &source.List{}
		check(survey(at, text[:offset]), twice)
		for _, d := range twice.All() {
			if d.Code == CodeTwice {
				diags.Add(d)
				return nil, outline{}
			}
		}
	}
	diags.Errorf(source.At(at.File, int(at.Start)+offset), CodeSyntax, "%s", message)
	return nil, outline{}
}

var positioned = regexp.MustCompile(`^<input>:(\d+):(\d+): `)

// locate splits an error of cedar-go's parser into offset and message.
func locate(text []byte, message string) (int, string) {
	m := positioned.FindStringSubmatch(message)
	if m == nil {
		return 0, message
	}
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	offset := 0
	for ; line > 1; line-- {
		offset += bytes.IndexByte(text[offset:], '\n') + 1
	}
	for ; column > 1 && offset < len(text); column-- {
		_, n := utf8.DecodeRune(text[offset:])
		offset += n
	}
	return offset, strings.ReplaceAll(message[len(m[0]):], "EOF", "the end of the text")
}
