package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// corpus is the folder of toml-test, which BurntSushi/toml ships in its module.
func corpus(tb testing.TB) string {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/BurntSushi/toml").Output()
	if err != nil {
		tb.Fatalf("find the module: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "internal", "toml-test", "tests")
}

func corpusFiles(tb testing.TB, sub string) map[string][]byte {
	dir := corpus(tb)
	out := map[string][]byte{}
	err := filepath.WalkDir(filepath.Join(dir, sub), func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".toml" {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		out[filepath.ToSlash(rel)], err = os.ReadFile(name)
		return err
	})
	if err != nil || len(out) == 0 {
		tb.Fatalf("no corpus in %s: %v", dir, err)
	}
	return out
}

// readTOML reads a whole text as TOML, headers and all.
func readTOML(text []byte) (*tomlReader, *source.List) {
	files, diags := &source.Files{}, &source.List{}
	l := &Loader{files: files, diags: diags}
	id := files.Add("x.toml", text)
	start := beginText(l.diags, id, text)
	r := newTOMLReader(value.NewTable(value.Key{}), id, text, diags)
	r.section(start, len(text))
	return r, diags
}

// beyond are the codes of what TOML has and the language hasn't.
var beyond = map[source.Code]bool{codeInfinite: true, codeDecimal: true, codeRange: true, codeDatetime: true, codeDepth: true}

// onlyBeyond reports whether a text is TOML, though its values are not all the language's.
func onlyBeyond(diags *source.List) bool {
	for _, d := range diags.All() {
		if !beyond[d.Code] || strings.Contains(d.Message, "is no date-time") {
			return false
		}
	}
	return true
}

// render turns a tree into the form in which it is compared: values as text with their kind, nothing for what was reported.
func (r *tomlReader) render(n nodeID) any {
	switch x := r.nodes[n]; x.kind {
	case nodeScalar:
		return fmt.Sprint(x.value.Kind(), " ", string(r.table.Append(nil, x.value)))
	case nodeTable:
		out := map[string]any{}
		for c := range r.children(n) {
			out[r.keyText(c)] = r.render(c)
		}
		return out
	case nodeArray, nodeTables:
		out := []any{}
		for c := range r.children(n) {
			out = append(out, r.render(c))
		}
		return out
	}
	return nil
}

// renderTagged does the same with a value of toml-test's JSON, {"type":…,"value":…}.
func renderTagged(x any) any {
	switch x := x.(type) {
	case []any:
		out := []any{}
		for _, e := range x {
			out = append(out, renderTagged(e))
		}
		return out
	case map[string]any:
		typ, tagged := x["type"].(string)
		text, isText := x["value"].(string)
		if tagged && isText && len(x) == 2 {
			return renderScalar(typ, text)
		}
		out := map[string]any{}
		for k, v := range x {
			out[k] = renderTagged(v)
		}
		return out
	}
	return x
}

func renderScalar(typ, text string) any {
	switch typ {
	case "string":
		t := value.NewTable(value.Key{})
		return "string " + string(t.Append(nil, t.String(text)))
	case "integer":
		return "long " + text
	case "bool":
		return "bool " + text
	case "float":
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil
		}
		return f
	case "datetime":
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil
		}
		return renderTime(at)
	}
	return nil // a local date or time
}

func renderTime(at time.Time) any {
	if at.Nanosecond()%1e6 != 0 {
		return nil
	}
	return at.UTC().Format(`datetime datetime("2006-01-02T15:04:05.000Z")`)
}

// sameNumbers compares a decimal with the float that another reader has in its place. What no decimal holds was reported.
var sameNumbers = cmp.FilterValues(func(want, got any) bool {
	_, x := want.(float64)
	_, y := got.(float64)
	return x != y
}, cmp.Comparer(func(want, got any) bool {
	f, ok := want.(float64)
	if !ok {
		f, got = got.(float64), want
	}
	text, decimal := got.(string)
	if !decimal {
		return got == nil
	}
	exact, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimPrefix(text, `decimal decimal("`), `")`), 64)
	return err == nil && exact == f
}))

// TestTOML_valid reads every valid text of toml-test and compares all values.
func TestTOML_valid(t *testing.T) {
	dir := corpus(t)
	compared := 0
	for name, text := range corpusFiles(t, "valid") {
		t.Run(name, func(t *testing.T) {
			r, diags := readTOML(text)
			if !onlyBeyond(diags) {
				t.Fatalf("refused: %v", diags.All())
			}
			data, err := os.ReadFile(filepath.Join(dir, strings.TrimSuffix(name, ".toml")+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var want any
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(renderTagged(want), r.render(rootNode), sameNumbers); d != "" {
				t.Error(d)
			}
			compared++
		})
	}
	if compared < 200 {
		t.Errorf("only %d texts compared", compared)
	}
}

// TestTOML_invalid reads every invalid text of toml-test: each gives an error.
func TestTOML_invalid(t *testing.T) {
	// What version 1.0 refuses and version 1.1 has.
	newer := map[string]bool{
		"invalid/datetime/no-secs.toml": true, "invalid/string/basic-byte-escapes.toml": true, "invalid/inline-table/trailing-comma.toml": true,
		"invalid/inline-table/linebreak-01.toml": true, "invalid/inline-table/linebreak-02.toml": true,
		"invalid/inline-table/linebreak-03.toml": true, "invalid/inline-table/linebreak-04.toml": true,
	}
	refused := 0
	for name, text := range corpusFiles(t, "invalid") {
		_, diags := readTOML(text)
		if diags.Failed() == newer[name] {
			t.Errorf("%s: %v:\n%s", name, diags.All(), text)
		}
		refused++
	}
	if refused < 400 {
		t.Errorf("only %d texts read", refused)
	}
}

// FuzzTOML compares our reader with BurntSushi/toml: what that accepts we accept, with equal values.
func FuzzTOML(f *testing.F) {
	for _, text := range corpusFiles(f, "valid") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) // in strings as well, which only we do
		var want map[string]any
		if _, err := toml.Decode(string(text), &want); err != nil || !utf8.Valid(text) { // it skips a mark of UTF-16
			readTOML(text)
			return
		}
		r, diags := readTOML(text)
		for _, d := range diags.All() {
			if d.Code == codeDepth || d.Code == codeDuplicate { // it lets a.b = 1 and a = 2 stand together
				return
			}
		}
		if !onlyBeyond(diags) {
			t.Fatalf("refused: %v\n%q", diags.All(), text)
		}
		if d := cmp.Diff(renderDecoded(want), r.render(rootNode), sameNumbers); d != "" {
			t.Errorf("%s\n%q", d, text)
		}
	})
}

// renderDecoded renders what BurntSushi/toml decodes.
func renderDecoded(x any) any {
	switch x := x.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, v := range x {
			out[k] = renderDecoded(v)
		}
		return out
	case []map[string]any:
		out := []any{}
		for _, v := range x {
			out = append(out, renderDecoded(v))
		}
		return out
	case []any:
		out := []any{}
		for _, v := range x {
			out = append(out, renderDecoded(v))
		}
		return out
	case string:
		return renderScalar("string", x)
	case float64:
		return x
	case time.Time:
		if strings.Contains(x.Location().String(), "local") {
			return nil
		}
		return renderTime(x)
	}
	return fmt.Sprint(map[bool]string{true: "bool ", false: "long "}[isBool(x)], x)
}

func isBool(x any) bool { _, ok := x.(bool); return ok }
