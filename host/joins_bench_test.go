package host

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// randomEdges is a CSV file of different edges of a random graph.
func randomEdges(nodes, edges int) string {
	var b strings.Builder
	b.WriteString("from,to\n")
	r := rand.New(rand.NewPCG(1, 2))
	seen := map[[2]int]bool{}
	for len(seen) < edges {
		e := [2]int{r.IntN(nodes), r.IntN(nodes)}
		if !seen[e] {
			seen[e] = true
			fmt.Fprintf(&b, "%d,%d\n", e[0], e[1])
		}
	}
	return b.String()
}

// BenchmarkLoad_joins measures what rules add to a load, in the module: the load with them less the load of the same facts without, the
// median of the runs. Beside it stands what datafrog takes, see bench/datafrog.
func BenchmarkLoad_joins(b *testing.B) {
	const path = "@materialize path(X, Y) :- edge(X, Y).\n@materialize path(X, Z) :- "
	for _, c := range []struct {
		name, rules  string
		nodes, edges int
	}{
		{"closure/operator", path + "path(X, Y), edge(Y, Z).", 1000, 10_000},
		{"closure/left", path + "path(X, Y), edge(Y, Z), X >= 0.", 1000, 10_000},
		{"closure/right", path + "edge(X, Y), path(Y, Z), X >= 0.", 1000, 10_000},
		{"closure/double", path + "path(X, Y), path(Y, Z), X >= 0.", 200, 1000},
		{"same_generation", "@materialize sg(X, Y) :- edge(P, X), edge(P, Y).\n@materialize sg(X, Y) :- edge(A, X), sg(A, B), edge(B, Y).", 400, 800},
		{"triangle", "@materialize triangle(X, Y, Z) :- edge(X, Y), edge(Y, Z), edge(X, Z).", 1000, 30_000},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := testRuntime(b)
			fsys := fstest.MapFS{"edge.csv": {Data: []byte(randomEdges(c.nodes, c.edges))}}
			const facts = "version = \"rune/1.0\"\ninclude = [\"edge.csv\"]\n[rules]\ndecl edge(long, long).\n"
			fsys["facts.rune"] = &fstest.MapFile{Data: []byte(facts)}
			fsys["rules.rune"] = &fstest.MapFile{Data: []byte(facts + c.rules)}
			took := func(name string) time.Duration {
				start := time.Now()
				e, err := r.Load(ctx, fsys, name, nil)
				if err != nil {
					b.Fatal(err)
				}
				d := time.Since(start)
				e.Close(ctx)
				return d
			}
			var all []time.Duration
			for b.Loop() {
				base := took("facts.rune")
				all = append(all, took("rules.rune")-base)
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2])/1e6, "ms")
			b.ReportMetric(float64(all[0])/1e6, "min-ms")
		})
	}
}
