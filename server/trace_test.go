package server

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// counting is a configuration in which the revision's facts show in replies.
func counting(n int) string {
	return fmt.Sprintf(`version = "rune/1.0"
[metadata]
version = "%d"
[data]
counted = [0]
member = [["ann", "staff"]]
[rules]
decl counted(long).
decl member(User, Group).
last(X) :- X = max(N) { counted(N) }.
@id("staff") permit(P, "read", _) :- member(P, Group::"staff").
`, n)
}

// TestCache_transparent: a recorded trace of requests, updates and reloads has the same replies with the cache and without.
func TestCache_transparent(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	request := func() string {
		return fmt.Sprintf(`{"principal":%q,"action":%q,"resource":"doc:x"%s}`, pick("ann", "bob", "cleo"), pick("read", "write", "late"), pick("", `,"context":{"a":1}`, `,"context":{}`, ` ,"more":1`))
	}
	type step struct{ method, path, body, file string }
	trace := make([]step, 0, 1200)
	for n := range cap(trace) {
		s := step{"POST", "/v1/authorize", request(), ""}
		switch random.IntN(240) {
		case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9:
			s = step{"POST", "/v1/authorize/batch", `{"requests":[` + request() + "," + request() + `]}`, ""}
		case 10, 11, 12, 13, 14, 15:
			s = step{"POST", "/v1/query", pick(`{"goal":"last(X)"}`, `{"goal":"member(U, G)","limit":1}`, `{"goal":"member(U, G)"}`, `{"goal":"permit(U, \"read\", doc)"}`), ""}
		case 16, 17:
			s = step{"GET", "/v1/facts/member", "", ""}
		case 18:
			s = step{"POST", "/v1/facts", fmt.Sprintf(`{"insert":{"counted":[[%d]]},%q:{"member":[[%q,"staff"]]}}`, n, pick("delete", "x"), pick("ann", "bob")), ""}
		case 19:
			s = step{"POST", "/v1/facts", fmt.Sprintf(`{"insert":{"member":[[%q,"staff"]]}}`, pick("ann", "bob")), ""}
		case 20:
			s = step{"POST", "/v1/config/reload", "", counting(random.IntN(3))}
		}
		trace = append(trace, s)
	}
	run := func(cache int) (replies []string, hits int) {
		v := serve(t, counting(0), Deps{}, func(c *Config) { c.CacheBytes = cache })
		for _, s := range trace {
			if s.file != "" {
				write(t, v.path, s.file)
			}
			g := v.ask(s.method, s.path, s.body)
			if g.header.Get("X-Rune-Cache") == "hit" {
				hits++
			}
			replies = append(replies, fmt.Sprint(g.status, g.header.Get("X-Rune-Revision"), g.body))
		}
		return replies, hits
	}
	without, none := run(0)
	with, hits := run(4 << 20)
	small, few := run(12 << 10)
	if diff := cmp.Diff(without, with); diff != "" {
		t.Errorf("with the cache: %s", diff)
	}
	if diff := cmp.Diff(without, small); diff != "" {
		t.Errorf("with a small cache: %s", diff)
	}
	if none != 0 || hits < 200 || few >= hits || few == 0 {
		t.Errorf("hits: %d, %d, %d", none, hits, few)
	}
}

// TestRace: clients decide, change facts and reload at the same time, and no answer is older than what was acknowledged before its request.
// RUNE_RACE_SECONDS makes it last longer.
func TestRace(t *testing.T) {
	seconds, err := strconv.Atoi(os.Getenv("RUNE_RACE_SECONDS"))
	if err != nil {
		seconds = 2
	}
	v := serve(t, counting(0), Deps{}, func(c *Config) { c.CacheBytes = 1 << 20 })
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	var acknowledged, versions atomic.Int64
	var posting, reloading sync.Mutex
	var wg sync.WaitGroup
	for client := range 10 {
		wg.Go(func() {
			for n := 0; time.Now().Before(end) && !t.Failed(); n++ {
				v.ask("POST", "/v1/authorize", fmt.Sprintf(`{"principal":"ann","action":"read","resource":"doc:%d"}`, n%3)).wantOK(t, `"decision":"permit"`)
				least := acknowledged.Load()
				g := v.ask("POST", "/v1/query", `{"goal":"last(X)"}`).wantOK(t, "")
				var last int64
				if _, err := fmt.Sscanf(g.body, `{"columns":["X"],"rows":[[%d]]`, &last); err != nil || last < least {
					t.Errorf("%d was acknowledged, and this answered: %s", least, g.body)
				}
				if !strings.Contains(g.body, g.header.Get("X-Rune-Revision")) {
					t.Errorf("the header says %s: %s", g.header.Get("X-Rune-Revision"), g.body)
				}
				if n%3 == client%3 {
					posting.Lock()
					next := acknowledged.Load() + 1
					v.ask("POST", "/v1/facts", fmt.Sprintf(`{"insert":{"counted":[[%d]]},"delete":{"counted":[[%d]]}}`, next, next-2)).wantOK(t, "")
					acknowledged.Store(next)
					posting.Unlock()
				}
				if n%10 == client {
					reloading.Lock()
					version := versions.Add(1)
					write(t, v.path, counting(int(version)))
					v.ask("POST", "/v1/config/reload", "").wantOK(t, "success")
					if c := v.config(); c.Version != fmt.Sprint(version) {
						t.Errorf("version %s serves, and %d was loaded", c.Version, version)
					}
					reloading.Unlock()
				}
			}
		})
	}
	wg.Wait()
	pool := v.store.Current().Engine.Pool()
	if acknowledged.Load() == 0 || versions.Load() == 0 || pool.Traps > 0 || pool.Instances > pool.Most {
		t.Errorf("%d updates, %d reloads, %+v", acknowledged.Load(), versions.Load(), pool)
	}
}

// TestRemember_revision: a reply is kept under the revision that it was given by, not the one that was asked for.
func TestRemember_revision(t *testing.T) {
	v := serve(t, people, Deps{})
	x := &exchange{s: v.Server, cached: miss, revision: "before"}
	x.stats.Cacheable, x.stats.Revision, x.scratch.key = true, "after", []byte("key")
	x.remember(nil, []byte("reply"))
	if v.cache.Get(x.scratch.key) != nil {
		t.Error("a reply is kept under an older revision")
	}
	x.revision = "after"
	x.remember(nil, []byte("reply"))
	if v.cache.Get(x.scratch.key) == nil {
		t.Error("a reply isn't kept")
	}
}
