package lint

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The module is baked, so that the seeds of Go's maps are public: whoever chooses the keys of one can make it slow. loadMaps are the functions
// and types with maps whose keys are text, each with the reason why no request, update or overlay chooses it. All others use value.Names,
// or handles.
var loadMaps = map[string]string{
	"engine/internal/cedar.optionalIn":                "schemas are the configuration's",
	"engine/internal/schema":                          "schemas are the configuration's",
	"engine.compiler":                                 "the types that documents name; texts of requests are looked up, never added",
	"engine.compiler.nameTypes":                       "as above",
	"engine/internal/analysis.analysis.generator":     "a constant",
	"engine/internal/analysis.analysis.decideNothing": "a constant",
	"engine/internal/document.Defaults":               "overlays have no [defaults]",
	"engine/internal/document.noDefaults":             "overlays have no [defaults]",
	"engine/internal/document.tomlReader.typePaths":   "overlays have no [defaults]",
	"engine/internal/document.testReader":             "overlays have no [tests]",
	"engine/internal/document.tomlReader.test":        "overlays have no [tests]",
	"engine/internal/document.Loader":                 "overlays have no include, [defaults] or [metadata]",
	"engine/internal/document.NewLoader":              "overlays have no include, [defaults] or [metadata]",
	"engine/internal/goal.scanner":                    "columns of the program's predicates",
	"engine/internal/goal.Evaluator.Prepare":          "columns of the program's predicates",
}

// TestMaps_ofText finds maps in the guest whose keys are text.
func TestMaps_ofText(t *testing.T) {
	list := goList(t, nil, "-deps", "-export", "./engine/...", "./wasm")
	imp := exportImporter(list)
	used := map[string]bool{}
	for _, p := range list {
		if !within("engine", p.path()) && p.path() != "wasm" || slices.Contains(testOnly, p.path()) {
			continue
		}
		var files []string
		for _, name := range p.GoFiles {
			files = append(files, filepath.Join(p.Dir, name))
		}
		found, err := textMaps(p.path(), files, nil, imp)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			name := f.in
			if loadMaps[name] == "" {
				name = p.path()
			}
			if loadMaps[name] == "" {
				t.Errorf("%s: a map with keys of text in %s: whoever chooses them could make it slow", f.at, f.in)
			}
			used[name] = true
		}
	}
	for name := range loadMaps {
		if !used[name] {
			t.Errorf("%s has no map with keys of text any more", name)
		}
	}
}

func TestMaps_finds(t *testing.T) {
	const text = `package p
type name string
type key struct { n int; s name }
type box[K comparable] struct { m map[K]int }
type T struct { m map[string]int }
func (t *T) f() { _ = map[name]bool{} }
func g() { _ = make(map[key]int); _ = map[[2]string]int{} }
func h() { _ = box[string]{} }
func i() { var a any = 1; _ = map[any]int{a: 1} }
var constant = map[string]int{"a": 1}
func fine() { _ = map[int]string{}; _ = map[*name]int{}; _ = constant["a"] }
`
	found, err := textMaps("p", []string{"p.go"}, map[string]string{"p.go": text}, importer.Default())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, f.in)
	}
	if want := []string{"p.T", "p.T.f", "p.g", "p.g", "p.h", "p.i"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// textMap is a place where a map type with keys of text stands, and the function or type that it is in.
type textMap struct {
	at token.Position
	in string
}

// textMaps finds the map types whose keys hold text, outside of package-level variables, which never change. Texts of files may be given.
func textMaps(path string, files []string, texts map[string]string, imp types.Importer) ([]textMap, error) {
	fset := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range files {
		text, given := texts[name]
		if !given {
			data, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			text = string(data)
		}
		f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, f)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	if _, err := (&types.Config{Importer: imp}).Check(path, fset, parsed, info); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var found []textMap
	for _, f := range parsed {
		for _, d := range f.Decls {
			for _, part := range declared(d) {
				last := -1
				ast.Inspect(part.node, func(n ast.Node) bool {
					e, ok := n.(ast.Expr)
					if !ok {
						return true
					}
					if tv := info.Types[e]; tv.IsType() && mapOfText(tv.Type) {
						if line := fset.Position(e.Pos()).Offset; line != last {
							found = append(found, textMap{fset.Position(e.Pos()), path + "." + part.name})
							last = line
						}
						return false
					}
					return true
				})
			}
		}
	}
	return found, nil
}

type part struct {
	name string
	node ast.Node
}

// declared are the functions and types of a declaration. A method is named after its type.
func declared(d ast.Decl) (out []part) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			name = strings.TrimPrefix(strings.Split(types.ExprString(d.Recv.List[0].Type), "[")[0], "*") + "." + name
		}
		return []part{{name, d}}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if s, ok := s.(*ast.TypeSpec); ok {
				out = append(out, part{s.Name.Name, s.Type})
			}
		}
	}
	return out
}

// mapOfText reports whether a type is a map whose keys hold text, or a generic type made for such keys.
func mapOfText(t types.Type) bool {
	if m, ok := t.Underlying().(*types.Map); ok {
		return holdsText(m.Key())
	}
	if n, ok := t.(*types.Named); ok && n.TypeArgs().Len() > 0 {
		if s, ok := n.Underlying().(*types.Struct); ok {
			for i := range s.NumFields() {
				if m, ok := s.Field(i).Type().Underlying().(*types.Map); ok && holdsText(m.Key()) {
					return true
				}
			}
		}
	}
	return false
}

// holdsText reports whether values of a type are compared by a text. What a type parameter stands for is known where it is given.
func holdsText(t types.Type) bool {
	if _, ok := t.(*types.TypeParam); ok {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsString != 0
	case *types.Struct:
		for i := range u.NumFields() {
			if holdsText(u.Field(i).Type()) {
				return true
			}
		}
	case *types.Array:
		return holdsText(u.Elem())
	case *types.Interface:
		return true
	}
	return false
}
