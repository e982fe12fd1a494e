package analysis

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// BenchmarkRules analyses 5000 rules in a few chains of dependence.
func BenchmarkRules(b *testing.B) {
	var text strings.Builder
	text.WriteString("base(\"a\", 1).\n")
	for i := range 5000 {
		from := "base"
		if i >= 10 {
			from = fmt.Sprint("p", i-10)
		}
		fmt.Fprintf(&text, "p%d(X, M) :- %s(X, N), M = N + 1, not (base(X, K), K > M), X.startsWith(\"a\").\n", i, from)
	}
	var files source.Files
	var diags source.List
	id := files.Add(".", []byte(text.String()))
	statements := datalog.Parse(&files, id, 0, text.Len(), &diags)
	for b.Loop() {
		t := value.NewTable(value.Key{})
		p := Analyse(Input{Table: t, Files: &files, Diags: &diags, Statements: statements, Defaults: &document.Defaults{Principal: "User", Action: "Action", Resource: "R"},
			Text: &value.EntityText{}})
		if p == nil {
			b.Fatal(diags.All())
		}
	}
}

// BenchmarkFacts takes a million rows of text into a typed table.
func BenchmarkFacts(b *testing.B) {
	const n = 1_000_000
	for _, decl := range []string{"", "decl m(User, string)."} {
		b.Run(decl, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				t := value.NewTable(value.Key{})
				rows, spans := make([]value.Value, 0, 2*n), make([]source.Span, n)
				for i := range n {
					rows = append(rows, t.String(fmt.Sprint("user", i)), t.String(fmt.Sprint("role", i%100)))
				}
				var files source.Files
				var diags source.List
				id := files.Add(".", []byte(decl))
				statements := datalog.Parse(&files, id, 0, len(decl), &diags)
				b.StartTimer()
				p := Analyse(Input{Table: t, Files: &files, Diags: &diags, Statements: statements, Defaults: &document.Defaults{Principal: "User", Action: "Action", Resource: "R"},
					Text: &value.EntityText{}, Facts: []document.Table{{Pred: "m", Width: 2, Rows: rows, Spans: spans}}})
				if p == nil || p.Facts[0].Count != n {
					b.Fatal(diags.All())
				}
			}
		})
	}
}

// BenchmarkStatementFacts takes facts that stand in [rules].
func BenchmarkStatementFacts(b *testing.B) {
	const n = 100_000
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "m(\"user%d\", %d).\n", i, i)
	}
	var files source.Files
	var diags source.List
	id := files.Add(".", []byte(text.String()))
	statements := datalog.Parse(&files, id, 0, text.Len(), &diags)
	b.ReportAllocs()
	for b.Loop() {
		p := Analyse(Input{Table: value.NewTable(value.Key{}), Files: &files, Diags: &diags, Statements: statements,
			Defaults: &document.Defaults{Principal: "User", Action: "Action", Resource: "R"}, Text: &value.EntityText{}})
		if p == nil || p.Facts[0].Count != n {
			b.Fatal(diags.All())
		}
	}
}
