package host

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// manyFacts is a document of 100 000 facts.
var manyFacts = sync.OnceValue(func() string {
	var b strings.Builder
	b.WriteString("version = \"rune/1.0\"\n[data]\nmember = [\n")
	for n := range 100_000 {
		fmt.Fprintf(&b, "[\"user%d\", \"group%d\"],\n", n, n%1000)
	}
	b.WriteString("]\n[rules]\ndecl member(User, Group).\npermit(P, \"read\", R) :- member(P, R).\n")
	return b.String()
})

// longQuery joins until the default limit of steps ends it.
const longQuery = `version = "rune/1.0"
[data]
number = [%s]
[rules]
decl number(long).
@demand total(X, Y, Z) :- number(X), number(Y), number(Z), X + Y + Z < 0.
`

func BenchmarkLoad_100000facts(b *testing.B) {
	r := testRuntime(b)
	for b.Loop() {
		e, err := r.LoadText(ctx, manyFacts(), nil)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(e.Pool().Snapshot)/(1<<20), "MiB")
		e.Close(ctx)
	}
}

func BenchmarkClone(b *testing.B) {
	for name, text := range map[string]string{"small": people, "100000facts": manyFacts()} {
		b.Run(name, func(b *testing.B) {
			e := loadText(b, text, nil)
			for b.Loop() {
				i, err := e.pool.runtime.clone(ctx, e.pool.start)
				if err != nil {
					b.Fatal(err)
				}
				i.close()
			}
		})
	}
}

func BenchmarkAuthorize(b *testing.B) {
	var policies strings.Builder
	policies.WriteString("version = \"rune/1.0\"\n[policies]\n")
	for n := range 10 {
		fmt.Fprintf(&policies, "permit(principal == User::\"u%d\", action == Action::\"read\", resource) when { context.level > %d };\n", n, n)
	}
	e := loadText(b, policies.String(), nil)
	request := []byte(`{"principal":"u7","action":"read","resource":"notes","context":{"level":9}}`)
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Authorize(ctx, dst, request, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCollection measures how long a garbage collection of the host's takes while a call is in the module: the worst one is
// to stay below 50 ms. Without yields it would last as long as the call.
func BenchmarkCollection(b *testing.B) {
	var numbers []string
	for n := range 200 {
		numbers = append(numbers, fmt.Sprint(n))
	}
	joins := loadText(b, fmt.Sprintf(longQuery, strings.Join(numbers, ", ")), nil)
	for name, call := range map[string]func() error{
		"load": func() error {
			e, err := testRuntime(b).LoadText(ctx, manyFacts(), nil)
			if err == nil {
				err = e.Close(ctx)
			}
			return err
		},
		"query": func() error {
			if reply, _ := joins.Query(ctx, nil, []byte(`{"goal":"total(X, Y, Z)"}`), nil); !strings.Contains(string(reply), "limit.steps") {
				return fmt.Errorf("the query answers %.200s", reply)
			}
			return nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			stop, stopped := make(chan struct{}), make(chan error, 1)
			go func() {
				for {
					select {
					case <-stop:
						stopped <- nil
						return
					default:
						if err := call(); err != nil {
							stopped <- err
							return
						}
					}
				}
			}()
			var worst time.Duration
			for b.Loop() {
				start := time.Now()
				runtime.GC()
				worst = max(worst, time.Since(start))
				time.Sleep(3 * time.Millisecond)
			}
			b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
			close(stop)
			if err := <-stopped; err != nil {
				b.Error(err)
			}
		})
	}
}

// BenchmarkClone_million clones an engine with a million facts, or with ten thousand in short mode. What its load takes is a metric
// beside it.
func BenchmarkClone_million(b *testing.B) {
	facts := 1_000_000
	if testing.Short() {
		facts = 10_000
	}
	var table strings.Builder
	table.WriteString("who,group\n")
	for n := range facts {
		fmt.Fprintf(&table, "user%d,group%d\n", n, n%1000)
	}
	files := fstest.MapFS{
		"config.rune": {Data: []byte("version = \"rune/1.0\"\ninclude = [\"member.csv\"]\n[rules]\ndecl member(User, Group).\npermit(P, \"read\", R) :- member(P, R).\n")},
		"member.csv":  {Data: []byte(table.String())},
	}
	start := time.Now()
	e, err := testRuntime(b).Load(ctx, files, "config.rune", nil)
	loaded := time.Since(start)
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close(ctx)
	for b.Loop() {
		i, err := e.pool.runtime.clone(ctx, e.pool.start)
		if err != nil {
			b.Fatal(err)
		}
		i.close()
	}
	b.ReportMetric(float64(loaded.Nanoseconds()), "load-ns/op")
	b.ReportMetric(float64(e.Pool().Snapshot)/(1<<20), "MiB")
}
