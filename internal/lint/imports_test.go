package lint

import (
	"slices"
	"strings"
	"testing"
)

// allowed is the picture of the architecture: which packages of ours a package may import. Everything in engine may import source
// and value as well.
var allowed = map[string][]string{
	"engine/internal/source":    {},
	"engine/internal/value":     {},
	"engine/internal/schema":    {},
	"engine/internal/blake2b":   {},
	"engine/internal/document":  {"blake2b"},
	"engine/internal/datalog":   {},
	"engine/internal/analysis":  {"datalog", "schema", "document"},
	"engine/internal/relation":  {},
	"engine/internal/join":      {"relation"},
	"engine/internal/entity":    {"relation", "schema"},
	"engine/internal/goal":      {"analysis", "relation", "entity", "join"},
	"engine/internal/fixpoint":  {"analysis", "relation", "entity", "goal"},
	"engine/internal/cedar":     {"entity", "schema", "goal"},
	"engine/internal/decision":  {"goal", "cedar"},
	"engine/internal/wire":      {"schema", "entity"},
	"engine/internal/cedartest": {},
	"engine": {"blake2b", "schema", "document", "datalog", "analysis", "relation", "entity", "goal", "fixpoint", "cedar",
		"decision", "wire"},
	"wasm":               {"engine"},
	"wasm/link":          {},
	"wasm/module":        {},
	"host":               {"wasm/module"},
	"host/metrics":       {"host", "internal/histogram"},
	"server/problem":     {"host"},
	"server/audit":       {},
	"server/cache":       {"host"},
	"server/live":        {"host", "server/problem"},
	"server":             {"host", "server/problem", "server/guard", "server/audit", "server/cache", "server/live", "server/metrics", "server/trace", "host/metrics", "internal/version"},
	"server/access":      {"host", "server", "server/listen", "server/problem", "server/rate", "server/token"},
	"server/metrics":     {"host/metrics", "internal/histogram"},
	"server/trace":       {},
	"server/guard":       {"host", "server/problem"},
	"server/listen":      {"server/watch"},
	"server/rate":        {},
	"server/watch":       {},
	"server/token":       {"host", "server/watch"},
	"server/options":     {"host", "server", "server/listen"},
	"cmd/rune":           {"host", "server", "server/access", "server/listen", "server/options", "server/problem", "internal/version"},
	"bench":              {"host", "wasm/module", "bench/openloop"},
	"bench/openloop":     {},
	"internal/corpus":    {},
	"internal/version":   {},
	"internal/lint":      {},
	"internal/histogram": {},
	"internal/pack":      {"host"},
}

// testOnly are packages for tests alone: any test may import them, nothing else may.
var testOnly = []string{"internal/corpus", "engine/internal/cedartest"}

// platforms are where the tree is looked at: files of one platform have imports of their own.
var platforms = map[string]struct {
	env      []string
	patterns []string
}{
	"native": {nil, []string{"./..."}},
	"wasip1": {[]string{"GOOS=wasip1", "GOARCH=wasm"}, []string{"./engine/...", "./wasm"}},
}

func TestImports_table(t *testing.T) {
	for name, p := range platforms {
		t.Run(name, func(t *testing.T) {
			list := goList(t, p.env, p.patterns...)
			if len(list) < 10 {
				t.Fatalf("go list gives %d packages", len(list))
			}
			for _, p := range list {
				checkImports(t, p)
			}
		})
	}
}

func checkImports(t *testing.T, p *pkg) {
	path := p.path()
	table, ok := allowed[path]
	if !ok {
		t.Errorf("%s isn't in the table of packages", path)
		return
	}
	for _, i := range p.Imports {
		if i := ours(i); i != "" && !allows(path, table, i) {
			t.Errorf("%s imports %s, which the table doesn't allow", path, i)
		}
	}
	for _, i := range slices.Concat(p.TestImports, p.XTestImports) {
		if i := ours(i); i != "" && !testAllows(path, table, i) {
			t.Errorf("a test of %s imports %s", path, i)
		}
	}
}

// allows reports whether the package at path may import the one at target, by its row of the table.
func allows(path string, table []string, target string) bool {
	short, inEngine := strings.CutPrefix(target, "engine/internal/")
	if !inEngine {
		return slices.Contains(table, target)
	}
	return within("engine", path) && (short == "source" || short == "value" || slices.Contains(table, short))
}

// testAllows is allows for tests. In the engine, where tests compare one phase with another, they may import all of it, and its façade's the host, to
// compare it with the module; elsewhere they know the engine as little as the code does.
func testAllows(path string, table []string, target string) bool {
	if target == path || slices.Contains(testOnly, target) || allows(path, table, target) {
		return true
	}
	return within("engine", path) && within("engine", target) || path == "engine" && target == "host"
}

func within(folder, path string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// TestImports_tableIsUsed finds rows of packages that are gone.
func TestImports_tableIsUsed(t *testing.T) {
	var have []string
	for _, p := range goList(t, nil, "./...") {
		have = append(have, p.path())
	}
	for path := range allowed {
		if !slices.Contains(have, path) {
			t.Errorf("the table has a row for %s, which isn't there", path)
		}
	}
}

// TestImports_tableForbids shows that the table can say no.
func TestImports_tableForbids(t *testing.T) {
	for _, c := range []struct{ path, target string }{
		{"host", "engine"},
		{"cmd/rune", "engine"},
		{"cmd/rune", "wasm/module"},
		{"host", "engine/internal/value"},
		{"engine/internal/cedar", "engine/internal/datalog"},
		{"engine/internal/relation", "engine/internal/analysis"},
		{"wasm", "engine/internal/wire"},
		{"engine", "host"},
	} {
		if allows(c.path, allowed[c.path], c.target) {
			t.Errorf("%s may import %s", c.path, c.target)
		}
	}
	if testAllows("host", allowed["host"], "engine") {
		t.Error("a test of host may import engine")
	}
}
