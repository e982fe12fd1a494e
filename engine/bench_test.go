package engine

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// agents loads testdata/examples/agents and returns its requests.
func agents(tb testing.TB) (*Engine, [][]byte) {
	var files []txtar.File
	for _, name := range []string{"config.rune", "grants.csv", "guardrails.cedar"} {
		data, err := os.ReadFile(filepath.Join("../testdata/examples/agents", name))
		if err != nil {
			tb.Fatal(err)
		}
		files = append(files, txtar.File{Name: name, Data: data})
	}
	e, reply := loadFiles(files, Host{})
	if e == nil {
		tb.Fatalf("%s", reply)
	}
	requests, err := os.ReadFile("../testdata/examples/agents/requests.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	var out [][]byte
	for line := range strings.Lines(string(requests)) {
		out = append(out, []byte(line))
	}
	return e, out
}

// BenchmarkAuthorize_agents decides the requests of the example, in turn: rules, nested groups, a command line, policies.
func BenchmarkAuthorize_agents(b *testing.B) {
	e, requests := agents(b)
	var dst []byte
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		dst = e.Authorize(dst[:0], requests[i%len(requests)], &Host{})
	}
}

// BenchmarkAuthorize_policies decides one request among policies of which three apply.
func BenchmarkAuthorize_policies(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var text strings.Builder
			text.WriteString("[policies]\n")
			for i := range n / 3 {
				fmt.Fprintf(&text, "permit(principal == User::\"u%d\", action, resource) when { context.level > 3 };\n", i)
				fmt.Fprintf(&text, "permit(principal, action == Action::\"read\", resource == Doc::\"d%d\") when { context.level > 3 };\n", i)
				fmt.Fprintf(&text, "permit(principal in Group::\"g%d\", action, resource) when { context.level > 3 };\n", i)
			}
			text.WriteString("[entities]\n[{\"uid\":{\"type\":\"User\",\"id\":\"u1\"},\"attrs\":{},\"parents\":[{\"type\":\"Group\",\"id\":\"g1\"}]}]")
			e := load(b, text.String())
			request := []byte(`{"principal":"User::\"u1\"","action":"read","resource":{"type":"Doc","id":"d1"},"context":{"level":5,"source":"bench"}}`)
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst = e.Authorize(dst[:0], request, &Host{})
			}
			if s := e.Stats(); s.Decision != Permit || s.PoliciesEvaluated != 3 {
				b.Fatalf("%+v", s)
			}
		})
	}
}

// BenchmarkAuthorize_facts asks for a role through groups and folders five levels deep, among that many facts.
func BenchmarkAuthorize_facts(b *testing.B) {
	for _, n := range []int{1000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := load(b, `include = ["member.csv", "inside.csv", "grant.csv"]
[rules]
decl member(entity, Group).
decl inside(entity, Folder).
decl grant(Group, Folder).
in_group(U, G) :- member(U, G).
in_group(U, G) :- member(U, H), in_group(H, G).
in_folder(F, G) :- inside(F, G).
in_folder(F, G) :- inside(F, H), in_folder(H, G).
permit(P, "read", R) :- in_group(P, G), grant(G, F), in_folder(R, F).
`, facts(n)...)
			request := []byte(`{"principal":"User::\"u0\"","action":"read","resource":{"type":"Doc","id":"d0"}}`)
			var dst []byte
			b.ReportAllocs()
			for b.Loop() {
				dst = e.Authorize(dst[:0], request, &Host{})
			}
			if s := e.Stats(); s.Decision != Permit {
				b.Fatalf("%s", dst)
			}
		})
	}
}

// facts are files of n facts: chains of groups and folders with users and documents at their ends.
func facts(n int) []string {
	var member, inside, grant strings.Builder
	member.WriteString("who,group\n")
	inside.WriteString("what,folder\n")
	grant.WriteString("group,folder\n")
	for i := range n / 11 {
		fmt.Fprintf(&member, "user:u%d,g%d-0\n", i, i)
		fmt.Fprintf(&inside, "doc:d%d,f%d-0\n", i, i)
		for k := range 4 {
			fmt.Fprintf(&member, "group:g%d-%d,g%d-%d\n", i, k, i, k+1)
			fmt.Fprintf(&inside, "folder:f%d-%d,f%d-%d\n", i, k, i, k+1)
		}
		fmt.Fprintf(&grant, "g%d-4,f%d-4\n", i, i)
	}
	return []string{"member.csv", member.String(), "inside.csv", inside.String(), "grant.csv", grant.String()}
}

// BenchmarkLoad_facts loads 100 000 facts from CSV.
func BenchmarkLoad_facts(b *testing.B) {
	files := facts(100_000)
	for b.Loop() {
		load(b, "include = [\"member.csv\", \"inside.csv\", \"grant.csv\"]\n[rules]\ndecl member(entity, Group).\ndecl inside(entity, Folder).\ndecl grant(Group, Folder).\n", files...)
	}
}

// membership is a CSV file of n facts: users in ten groups each, of a thousandth as many groups.
func membership(n int) string {
	var b strings.Builder
	b.WriteString("who,group\n")
	for i := range n {
		fmt.Fprintf(&b, "u%d,g%d\n", i/10, (i*7919+i/10)%(n/1000+10))
	}
	return b.String()
}

// BenchmarkLoad_million loads a million facts of two columns from CSV, and asks one question, for which there is an index; beside it
// encoding/csv reads the same file. What is held after it is the benchmark's own measure. In short mode there are ten thousand facts.
func BenchmarkLoad_million(b *testing.B) {
	facts := 1_000_000
	if testing.Short() {
		facts = 10_000
	}
	text := membership(facts)
	b.Run("engine", func(b *testing.B) {
		held := 0.0
		for b.Loop() {
			before := heap()
			e := load(b, "include = [\"member.csv\"]\n[rules]\ndecl member(User, Group).\npermit(P, \"read\", R) :- member(P, G), G == R.\n", "member.csv", text)
			reply := e.Authorize(nil, []byte(`{"principal":"u5","action":"read","resource":"Group::\"g0\""}`), &Host{})
			held = heap() - before
			if len(reply) == 0 || e.Stats().Decision == NoDecision {
				b.Fatalf("%s", reply)
			}
		}
		b.ReportMetric(held/1e6, "MB")
	})
	b.Run("encoding-csv", func(b *testing.B) {
		for b.Loop() {
			r := csv.NewReader(strings.NewReader(text))
			r.ReuseRecord = true
			for {
				if _, err := r.Read(); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// heap is the bytes that are in use.
func heap() float64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// BenchmarkVerbs asks the example what isn't one request: a query, a batch of its requests, an update, a request beside an overlay.
func BenchmarkVerbs(b *testing.B) {
	e, requests := agents(b)
	var dst []byte
	ask := func(b *testing.B, verb func(dst, text []byte, h *Host) []byte, texts ...string) {
		for i := 0; b.Loop(); i++ {
			if dst = verb(dst[:0], []byte(texts[i%len(texts)]), &Host{}); bytes.HasPrefix(dst, []byte(`{"error"`)) {
				b.Fatalf("%s", dst)
			}
		}
	}
	b.Run("query", func(b *testing.B) { ask(b, e.Query, `{"goal":"acts_for(A, U), U in Group::\"developers\""}`) })
	b.Run("batch", func(b *testing.B) {
		var lines []string
		for _, r := range requests {
			lines = append(lines, strings.TrimSpace(string(r)))
		}
		ask(b, e.Batch, `{"requests":[`+strings.Join(lines, ",")+`]}`)
	})
	b.Run("update", func(b *testing.B) {
		ask(b, e.Update, `{"insert":{"member":[["user:new","developers"]]}}`, `{"delete":{"member":[["user:new","developers"]]}}`)
	})
	b.Run("overlay", func(b *testing.B) {
		h := &Host{Overlay: mustRegister(b, e, `forbid(A, "call", _) :- acts_for(A, U), U in Group::"developers".`)}
		for i := 0; b.Loop(); i++ {
			dst = e.Authorize(dst[:0], requests[i%len(requests)], h)
		}
	})
}
