package host

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/cedar-policy/cedar-go"
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

// authorizeRequest is read by cedar-go as it is.
const authorizeRequest = `{"principal":{"type":"User","id":"u1"},"action":{"type":"Action","id":"read"},` +
	`"resource":{"type":"Doc","id":"d1"},"context":{"level":5,"source":"bench"}}`

const authorizeEntities = `[{"uid":{"type":"User","id":"u1"},"attrs":{},"parents":[{"type":"Group","id":"g1"}]}]`

// somePolicies are n policies, of which three apply to authorizeRequest.
func somePolicies(n int) string {
	var b strings.Builder
	for i := range n {
		switch n := i / 3; {
		case i%3 == 0:
			fmt.Fprintf(&b, "permit(principal == User::\"u%d\", action, resource) when { context.level > 3 };\n", n)
		case i%3 == 1:
			fmt.Fprintf(&b, "permit(principal, action == Action::\"read\", resource == Doc::\"d%d\") when { context.level > 3 };\n", n)
		default:
			fmt.Fprintf(&b, "permit(principal in Group::\"g%d\", action, resource) when { context.level > 3 };\n", n)
		}
	}
	return b.String()
}

// BenchmarkAuthorize decides one request in the module, and beside it natively with cedar-go and encoding/json, whose request, entities and
// policies are the same.
func BenchmarkAuthorize(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		policies := somePolicies(n)
		b.Run(fmt.Sprintf("policies=%d/with=rune", n), func(b *testing.B) {
			e := loadText(b, "version = \"rune/1.0\"\n[policies]\n"+policies+"[entities]\n"+authorizeEntities, nil)
			benchmarkAuthorize(b, e, authorizeRequest, nil)
		})
		b.Run(fmt.Sprintf("policies=%d/with=cedar-go", n), func(b *testing.B) { benchmarkCedar(b, policies) })
	}
}

func benchmarkAuthorize(b *testing.B, e *Engine, request string, c *Call) {
	text, dst := []byte(request), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if reply, err := e.Authorize(ctx, dst, text, c); err != nil || !bytes.HasPrefix(reply, []byte(`{"decision":"permit"`)) {
			b.Fatalf("%s %v", reply, err)
		}
	}
}

func benchmarkCedar(b *testing.B, policies string) {
	set, err := cedar.NewPolicySetFromBytes("", []byte(policies))
	if err != nil {
		b.Fatal(err)
	}
	var entities cedar.EntityMap
	if err := json.Unmarshal([]byte(authorizeEntities), &entities); err != nil {
		b.Fatal(err)
	}
	request := []byte(authorizeRequest)
	b.ReportAllocs()
	for b.Loop() {
		var r cedar.Request
		if err := json.Unmarshal(request, &r); err != nil {
			b.Fatal(err)
		}
		var reply struct {
			Decision   cedar.Decision   `json:"decision"`
			Diagnostic cedar.Diagnostic `json:"diagnostic"`
		}
		reply.Decision, reply.Diagnostic = cedar.Authorize(set, entities, r)
		if _, err := json.Marshal(&reply); err != nil || reply.Decision != cedar.Allow {
			b.Fatal(reply, err)
		}
	}
}

// BenchmarkCollection measures how long the host stands still for a garbage collection while a call is in the module: the worst pause is
// to stay below 50 ms. Without yields it would last as long as the call. How long runtime.GC takes is another thing: it gives way after each
// span that it sweeps, so that with one processor the call has a turn, until it yields, between any two.
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
			before := pauses()
			for b.Loop() {
				runtime.GC()
				time.Sleep(3 * time.Millisecond)
			}
			b.ReportMetric(1000*pauses().worstSince(before), "worst-ms")
			close(stop)
			if err := <-stopped; err != nil {
				b.Error(err)
			}
		})
	}
}

// pauseHistogram counts the pauses for garbage collections by their lengths in seconds.
type pauseHistogram metrics.Float64Histogram

func pauses() *pauseHistogram {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(sample)
	return (*pauseHistogram)(sample[0].Value.Float64Histogram())
}

// worstSince returns the longest pause that there has been since another reading, rounded down to where its bucket begins.
func (h *pauseHistogram) worstSince(before *pauseHistogram) (worst float64) {
	for i, n := range h.Counts {
		if n > before.Counts[i] {
			worst = h.Buckets[i]
		}
	}
	return worst
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
