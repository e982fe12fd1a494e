package lint

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// impure are packages that the engine imports nowhere: with them come a clock, randomness, I/O, or threads.
var impure = []string{
	"context", "crypto/rand", "io/fs", "io/ioutil", "log", "log/slog", "math/rand", "math/rand/v2", "net", "net/http", "os", "os/exec",
	"os/signal", "path/filepath", "plugin", "runtime", "runtime/debug", "sync", "sync/atomic", "syscall", "syscall/js", "time",
	"hash/maphash", "unique", "weak", "expvar", "testing",
}

// TestEngine_imports holds the engine's own code to what runs the same everywhere. What libraries do inside is theirs.
func TestEngine_imports(t *testing.T) {
	for name, p := range platforms {
		t.Run(name, func(t *testing.T) {
			for _, p := range goList(t, p.env, "./engine/...") {
				for _, i := range p.Imports {
					if slices.Contains(impure, i) && !slices.Contains(testOnly, p.path()) {
						t.Errorf("%s imports %s", p.path(), i)
					}
				}
			}
		})
	}
}

// TestEngine_stateless finds goroutines, channels, and package-level variables that something changes.
func TestEngine_stateless(t *testing.T) {
	list := goList(t, nil, "-deps", "-export", "./engine/...")
	imp := exportImporter(list)
	checked := 0
	for _, p := range list {
		if !within("engine", p.path()) || slices.Contains(testOnly, p.path()) {
			continue
		}
		files := map[string]string{}
		for _, name := range p.GoFiles {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			files[filepath.Join(p.path(), name)] = string(text)
		}
		found, err := impurities(p.ImportPath, files, imp)
		if err != nil {
			t.Errorf("%s: %v", p.path(), err)
		}
		for _, f := range found {
			t.Error(f)
		}
		checked++
	}
	if checked < 10 {
		t.Errorf("%d packages of the engine", checked)
	}
}

// TestStateless_finds shows that the scan finds what it is for, and nothing else.
func TestStateless_finds(t *testing.T) {
	const head = "package p\nvar n int\nvar list []int\nvar m = map[int]int{}\nvar s struct{ f int }\nvar table = [...]int{1, 2}\n" +
		"type c int\nfunc (p *c) inc() { *p++ }\nvar counter c\n"
	for _, c := range []struct {
		code string
		want string
	}{
		{"func f() { n = 1 }", "n changes"},
		{"func f() { n++ }", "n changes"},
		{"func f() { list = append(list, 1) }", "list changes"},
		{"func f() { list[0] = 1 }", "list changes"},
		{"func f() { m[1] = 2 }", "m changes"},
		{"func f() { delete(m, 1) }", "m changes"},
		{"func f() { clear(m) }", "m changes"},
		{"func f() { copy(list, list) }", "list changes"},
		{"func f() { s.f = 1 }", "s changes"},
		{"func f() { (s).f += 1 }", "s changes"},
		{"func f() *int { return &n }", "n's address is taken"},
		{"func f() []int { return table[:] }", "table is sliced"},
		{"func f() { counter.inc() }", "counter's address is taken"},
		{"func f() { for n = range 3 { } }", "n changes"},
		{"func f() { go f() }", "goroutine"},
		{"func f() { c := make(chan int); c <- 1 }", "channel"},
		{"func f() { select {} }", "select"},
		{"func f() { n := 1; n = 2; _ = n }", ""},
		{"func f() int { return table[0] + len(list) + m[1] + s.f }", ""},
		{"var derived = n + 1\nfunc f() (out []int) { for _, x := range list { out = append(out, x) }; return }", ""},
	} {
		found, err := impurities("p", map[string]string{"p.go": head + c.code}, importer.Default())
		if err != nil {
			t.Fatalf("%s: %v", c.code, err)
		}
		switch text := strings.Join(found, "\n"); {
		case c.want == "" && text != "":
			t.Errorf("%s: found %q", c.code, text)
		case !strings.Contains(text, c.want):
			t.Errorf("%s: found %q, not %q", c.code, text, c.want)
		}
	}
}

// exportImporter reads packages from the export data that `go list -export` names.
func exportImporter(list []*pkg) types.Importer {
	export := map[string]string{}
	for _, p := range list {
		export[p.ImportPath] = p.Export
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if export[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(export[path])
	})
}

// impurities lists, with positions, what in the files of a package has state or runs at the same time.
func impurities(path string, files map[string]string, imp types.Importer) ([]string, error) {
	fset := token.NewFileSet()
	var parsed []*ast.File
	for name, text := range files {
		f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, f)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}, Types: map[ast.Expr]types.TypeAndValue{}}
	config := types.Config{Importer: imp}
	if _, err := config.Check(path, fset, parsed, info); err != nil {
		return nil, err
	}
	s := &scan{fset: fset, info: info}
	for _, f := range parsed {
		ast.Inspect(f, s.visit)
	}
	slices.Sort(s.found)
	return s.found, nil
}

// scan looks for impurities in syntax trees.
type scan struct {
	fset  *token.FileSet
	info  *types.Info
	found []string
}

func (s *scan) report(at ast.Node, format string, args ...any) {
	s.found = append(s.found, fmt.Sprintf("%s: ", s.fset.Position(at.Pos()))+fmt.Sprintf(format, args...))
}

func (s *scan) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		s.report(n, "a goroutine")
	case *ast.SelectStmt:
		s.report(n, "a select")
	case *ast.ChanType:
		s.report(n, "a channel")
	case *ast.AssignStmt:
		for _, l := range n.Lhs {
			s.write(l, "%s changes")
		}
	case *ast.IncDecStmt:
		s.write(n.X, "%s changes")
	case *ast.RangeStmt:
		s.write(n.Key, "%s changes")
		s.write(n.Value, "%s changes")
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			s.write(n.X, "%s's address is taken")
		}
	case *ast.SliceExpr:
		if _, array := s.info.TypeOf(n.X).Underlying().(*types.Array); array {
			s.write(n.X, "%s is sliced")
		}
	case *ast.CallExpr:
		s.call(n)
	}
	return true
}

// call finds built-in functions that change their first argument, and methods that take their receiver's address.
func (s *scan) call(n *ast.CallExpr) {
	switch f := ast.Unparen(n.Fun).(type) {
	case *ast.Ident:
		if b, ok := s.info.Uses[f].(*types.Builtin); ok && slices.Contains([]string{"delete", "clear", "copy"}, b.Name()) {
			s.write(n.Args[0], "%s changes")
		}
	case *ast.SelectorExpr:
		sel := s.info.Selections[f]
		if sel == nil || sel.Kind() != types.MethodVal {
			return
		}
		_, byAddress := sel.Obj().Type().(*types.Signature).Recv().Type().(*types.Pointer)
		if _, pointer := sel.Recv().(*types.Pointer); byAddress && !pointer {
			s.write(f.X, "%s's address is taken")
		}
	}
}

// write reports e if it is a package-level variable or a part of one.
func (s *scan) write(e ast.Expr, format string) {
	for e != nil {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			if v, ok := s.info.Uses[x].(*types.Var); ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				s.report(x, format, x.Name)
			}
			return
		case *ast.SelectorExpr:
			if v, ok := s.info.Uses[x.Sel].(*types.Var); ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				s.report(x, format, x.Sel.Name)
				return
			}
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		default:
			return
		}
	}
}
