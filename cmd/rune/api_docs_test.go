package main

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/options"
	"github.com/rune-authz/rune/server/problem"
)

var update = flag.Bool("update", false, "write into docs/API.md what the code says")

var apiDocument = filepath.Join(repository, "docs", "API.md")

func apiText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(apiDocument)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAPI_options wants the table of options to be the one that the options make.
func TestAPI_options(t *testing.T) {
	text := apiText(t)
	begin, end := strings.Index(text, "<!-- options:"), strings.Index(text, "<!-- end of options -->")
	if begin < 0 || end < begin {
		t.Fatal("docs/API.md has no place for the options")
	}
	begin += strings.Index(text[begin:], "\n") + 1
	if text[begin:end] == options.Table() {
		return
	}
	if !*update {
		t.Fatalf("docs/API.md has other options than there are: go test ./cmd/rune -run TestAPI_options -update\n%s", options.Table())
	}
	if err := os.WriteFile(apiDocument, []byte(text[:begin]+options.Table()+text[end:]), 0o644); err != nil {
		t.Fatal(err)
	}
}

var codeRow = regexp.MustCompile("(?m)^\\| `([a-z_]+\\.[a-z_]+)` \\| (\\d+) \\|")

// TestAPI_codes wants every code of the server's to be documented, with its status, no others, and what the engine's are about.
func TestAPI_codes(t *testing.T) {
	text := apiText(t)
	documented := map[string]int{}
	for _, m := range codeRow.FindAllStringSubmatch(text, -1) {
		documented[m[1]], _ = strconv.Atoi(m[2])
	}
	declared := map[string]bool{}
	for _, folder := range []string{"server/problem", "server/token"} {
		for _, code := range codesOf(t, folder) {
			declared[code] = true
			if want := problem.StatusOf(host.Code(code)); documented[code] != want {
				t.Errorf("docs/API.md has status %d for %s, which is %d", documented[code], code, want)
			}
		}
	}
	if len(declared) < 30 {
		t.Errorf("only %d codes are found", len(declared))
	}
	for code := range documented {
		if !declared[code] && !strings.HasPrefix(code, "host.") {
			t.Errorf("docs/API.md has the code %s, which isn't there", code)
		}
	}
	engine := 0
	for _, folder := range []string{"engine/internal/wire", "engine/internal/value", "engine/internal/source", "engine/internal/document", "engine", "host"} {
		for _, code := range codesOf(t, folder) {
			engine++
			if first, _, _ := strings.Cut(code, "."); !strings.Contains(text, "`"+first+".…`") {
				t.Errorf("docs/API.md doesn't say what %s.… is about", first)
			}
		}
	}
	if engine < 30 {
		t.Errorf("only %d codes of the engine are found", engine)
	}
}

// codesOf are the values of the constants of a package whose names begin with Code.
func codesOf(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Code") && len(spec.Values) == 1 {
				if v, ok := spec.Values[0].(*ast.BasicLit); ok && v.Kind == token.STRING {
					code, _ := strconv.Unquote(v.Value)
					codes = append(codes, code)
				}
			}
			return true
		})
	}
	return codes
}

// TestAPI_scopes wants every scope to be documented.
func TestAPI_scopes(t *testing.T) {
	text := apiText(t)
	for _, q := range scoped {
		if !strings.Contains(text, "| `"+q.scope+"` |") {
			t.Errorf("docs/API.md doesn't have the scope %s", q.scope)
		}
	}
}
