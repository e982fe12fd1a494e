package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// exactCase is a vector limits/exact-….txtar. Its last call that isn't under limits is repeated, for each limit that can make a difference, with
// one less than it takes and with what it takes: the vector's sections from the first host.json with limits on. An update, which made twice
// changes nothing, stands there alone. The other hosts' runners compare these replies like those of any vector.
type exactCase struct {
	files  []txtar.File
	before []txtar.File // steps and what they reply, up to the call
	call   txtar.File
	host   string // host.json in force, or nothing
}

func readExact(t *testing.T, archive *txtar.Archive) (c exactCase, limited []txtar.File) {
	first := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return slices.Contains(steps, f.Name) })
	c.files = archive.Files[:first]
	list := archive.Files[first:]
	if i := slices.IndexFunc(list, func(f txtar.File) bool { return f.Name == "host.json" && bytes.Contains(f.Data, []byte(`"limits"`)) }); i >= 0 {
		list, limited = list[:i], list[i:]
	}
	if len(limited) > 1 && limited[1].Name == "update.json" {
		c.before, c.call = list, limited[1]
		return c, limited
	}
	n := len(list) - 2
	if n < 0 || list[n+1].Name != "want.json" {
		t.Fatal("the last call has no want.json")
	}
	for _, f := range list[:n] {
		if f.Name == "host.json" {
			c.host = strings.TrimSpace(string(f.Data))
		}
	}
	c.before, c.call = list[:n], list[n]
	return c, limited
}

// engine loads the configuration and takes the steps before the call.
func (c *exactCase) engine(t *testing.T) *Engine {
	e, reply := loadFiles(c.files, Host{})
	if e == nil {
		t.Fatalf("%s", reply)
	}
	var h Host
	for _, f := range c.before {
		switch input := bytes.TrimSuffix(f.Data, []byte("\n")); f.Name {
		case "want.json":
		case "host.json":
			h = readHost(t, input)
		default:
			call(e, f.Name, input, &h)
		}
	}
	return e
}

// hostWith is the host.json with one limit; 0 is none.
func (c *exactCase) hostWith(limit int, n uint64) string {
	text := fmt.Sprintf(`{"limits":{"%s":%d}}`, limitNames[limit], n)
	if c.host != "" {
		text = strings.TrimSuffix(c.host, "}") + "," + text[1:]
	}
	return text
}

// reply makes the call under a limit. An update gets an engine of its own.
func (c *exactCase) reply(t *testing.T, e *Engine, limit int, n uint64) string {
	if c.call.Name == "update.json" {
		e = c.engine(t)
	}
	h := readHost(t, []byte(c.hostWith(limit, n)))
	return string(call(e, c.call.Name, bytes.TrimSuffix(c.call.Data, []byte("\n")), &h))
}

// exact finds for each limit the least n with which the call replies as it does without, or 0 where 1 is enough.
func (c *exactCase) exact(t *testing.T) (out [len(limitNames)]uint64) {
	e := c.engine(t)
	free := c.reply(t, e, 0, 0)
	counted := *e.Stats()
	for i := range limitNames {
		same := func(n uint64) bool { return c.reply(t, e, i, n) == free }
		low, high := uint64(1), *defaultLimits.list()[i]
		if same(low) {
			continue
		}
		for high-low > 1 {
			if mid := low + (high-low)/2; same(mid) {
				high = mid
			} else {
				low = mid
			}
		}
		out[i] = high
		for _, more := range []uint64{high + 1, high + high/3, 2 * high, *defaultLimits.list()[i], 1 << 40, 1<<64 - 1} {
			if !same(more) {
				t.Errorf("%s: %d is enough, %d isn't", limitNames[i], high, more)
			}
		}
		for _, less := range []uint64{high - 1, high - high/3, high / 2, high / 7} {
			if less := max(1, less); less < high && c.permitsMore(free, c.reply(t, e, i, less)) {
				t.Errorf("%s: %d is needed, and %d replies %s", limitNames[i], high, less, c.reply(t, e, i, less))
			}
		}
	}
	if c.call.Name == "request.json" || c.call.Name == "query.json" {
		for i, n := range map[int]uint64{0: counted.Steps, 2: uint64(counted.Tuples), 3: uint64(counted.Tables), 4: counted.ArenaBytes} {
			if n > 1 && n != out[i] {
				t.Errorf("%s: the statistics say %d, and it takes %d", limitNames[i], n, out[i])
			}
		}
	}
	return out
}

// permitsMore reports whether a reply under too low a limit is the one without, or more than that, or a part of it.
func (c *exactCase) permitsMore(free, limited string) bool {
	const permit = `"decision":"permit"`
	switch c.call.Name {
	case "query.json", "update.json":
		return !strings.HasPrefix(limited, `{"error":{"code":"limit.`)
	case "batch.json":
		return free == limited || strings.Count(limited, permit) > strings.Count(free, permit)
	}
	return free == limited || strings.Contains(limited, permit)
}

// limitedSections are the call's repetitions.
func (c *exactCase) limitedSections(t *testing.T) (out []txtar.File) {
	e := c.engine(t)
	for i, n := range c.exact(t) {
		if n == 0 || c.call.Name == "update.json" && len(out) > 0 {
			continue
		}
		for _, n := range []uint64{n - 1, n} {
			out = append(out, txtar.File{Name: "host.json", Data: []byte(c.hostWith(i, n) + "\n")}, c.call,
				txtar.File{Name: "want.json", Data: []byte(c.reply(t, e, i, n) + "\n")})
		}
	}
	return out
}

// TestLimits_exact holds the vectors limits/exact-… to the numbers that a call takes: with one less it is denied, or is an error.
func TestLimits_exact(t *testing.T) {
	names, _ := filepath.Glob(filepath.Join(vectors, "limits", "exact-*.txtar"))
	count := map[string]int{}
	history := map[string][len(limitNames)]uint64{}
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		title := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "exact-"), ".txtar")
		t.Run(title, func(t *testing.T) {
			c, limited := readExact(t, archive)
			needed := c.limitedSections(t)
			if got, want := txtar.Format(&txtar.Archive{Files: limited}), txtar.Format(&txtar.Archive{Files: needed}); !bytes.Equal(got, want) {
				if !*update {
					t.Fatalf("the vector has\n%swhat it takes is\n%s", got, want)
				}
				archive.Files = append(archive.Files[:len(archive.Files)-len(limited)], needed...)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			exact := c.exact(t)
			for i, n := range exact {
				if n > 0 {
					count[limitNames[i]]++
				}
			}
			if strings.HasPrefix(title, "history-") {
				history[title] = exact
			}
			c.configured(t, exact)
		})
	}
	if len(names) < 18 {
		t.Errorf("%d vectors", len(names))
	}
	for _, name := range limitNames {
		if least := map[string]int{"steps": 15, "arena_bytes": 15, "tuples": 8, "tables": 8}[name]; count[name] < max(1, least) {
			t.Errorf("%d vectors where the limit of %s makes a difference", count[name], name)
		}
	}
	for title, exact := range history {
		if exact != history["history-none"] || len(history) < 3 {
			t.Errorf("%s: %d, without a history %d", title, exact, history["history-none"])
		}
	}
}

// configured sets the same limits in the document: they hold there as well, and the host's larger ones don't count.
func (c *exactCase) configured(t *testing.T, exact [len(limitNames)]uint64) {
	const version = "version = \"rune/1.0\"\n"
	text := string(c.files[0].Data)
	if strings.Contains(text, "[defaults]") || c.host != "" || c.call.Name == "update.json" {
		return
	}
	outcome := func(i int, n uint64) string {
		with := *c
		with.files = slices.Clone(c.files)
		limits := fmt.Sprintf("%s[defaults]\nlimits = { %s = %d }\n", version, limitNames[i], n)
		with.files[0].Data = []byte(strings.Replace(text, version, limits, 1))
		return withoutRevision(with.reply(t, with.engine(t), i, 1<<40))
	}
	e := c.engine(t)
	for i, n := range exact {
		if n == 0 {
			continue
		}
		for _, n := range []uint64{n, n - 1} {
			if got, want := outcome(i, n), withoutRevision(c.reply(t, e, i, n)); got != want {
				t.Errorf("%s = %d in the document: %s, by the host: %s", limitNames[i], n, got, want)
			}
		}
	}
}

// withoutRevision is a reply without the revision.
func withoutRevision(reply string) string {
	for {
		before, after, found := strings.Cut(reply, `"revision":"`)
		if !found {
			return reply
		}
		_, after, _ = strings.Cut(after, `"`)
		reply = before + after
	}
}

// TestLimits_update: the limits of an update are those of its host block and those of the load.
func TestLimits_update(t *testing.T) {
	var text strings.Builder
	text.WriteString("version = \"rune/1.0\"\n[rules]\nn(0).\n@materialize\nup(M) :- n(M).\nup(M) :- up(N), next(N, M).\n")
	for i := range 100 {
		if i != 49 {
			fmt.Fprintf(&text, "next(%d, %d). ", i, i+1)
		}
	}
	const insert = `{"insert":{"next":[[49,50]]}}`
	load := func(l Limits) (*Engine, []byte) {
		return loadFiles([]txtar.File{{Name: "config.rune", Data: []byte(text.String())}}, Host{Limits: l})
	}
	if e, reply := load(Limits{Tuples: 49}); e != nil || errorCode(reply) != "limit.tuples" {
		t.Errorf("a load of 50 rows within 49: %s", reply)
	}
	e, reply := load(Limits{Tuples: 50})
	if e == nil {
		t.Fatalf("%s", reply)
	}
	before := e.Query(nil, []byte(`{"goal":"up(X), X > 47"}`), &Host{})
	if reply := e.Update(nil, []byte(insert), &Host{Limits: Limits{Tuples: 1000}}); errorCode(reply) != "limit.tuples" {
		t.Errorf("an update beyond the load's limit: %s", reply)
	}
	if after := e.Query(nil, []byte(`{"goal":"up(X), X > 47"}`), &Host{}); !bytes.Equal(before, after) || !json.Valid(after) {
		t.Errorf("a refused update left %s", after)
	}
	if e, reply = load(Limits{}); e == nil {
		t.Fatalf("%s", reply)
	}
	if reply := e.Update(nil, []byte(insert), &Host{Limits: Limits{Tuples: 50}}); errorCode(reply) != "limit.tuples" {
		t.Errorf("an update beyond its own limit: %s", reply)
	}
	if reply := e.Update(nil, []byte(insert), &Host{Limits: Limits{Tuples: 51}}); errorCode(reply) != "" {
		t.Errorf("an update within its limit: %s", reply)
	}
}

// errorOnPurpose is a document whose rules divide by what a client gives, and then go through all the facts there are. Half of them say no
// to everything, which only the last fact could tell.
const errorOnPurpose = `version = "rune/1.0"
include = ["reading.csv"]
[rules]
decl reading(string, long).
share(X) :- context("n", N), X = 100 / N.
found(S) :- share(X), reading(S, X), S.startsWith("none").
permit(_, "permit", _) :- found(_).
permit(_, "forbid", _).
forbid(_, "forbid", _) :- share(X), reading(S, X), not S.startsWith("r").
permit(_, "not", _) :- not found(_).
permit(_, "count", _) :- C = count { found(_) }, C < 7.
permit(_, "each", _) :- context("n", N), reading(S, Y), S.startsWith("r"), 7 / N == Y.
`

// TestErrorOnPurpose: an error that a client brings about costs no more than the limit of error steps, however many facts there are, and denies.
func TestErrorOnPurpose(t *testing.T) {
	const facts = 1_000_000
	csv := []byte("sensor,value\n")
	for i := range facts {
		csv = fmt.Appendf(csv, "r%d,%d\n", i, i)
	}
	e, reply := loadFiles([]txtar.File{{Name: "config.rune", Data: []byte(errorOnPurpose)}, {Name: "reading.csv", Data: csv}}, Host{})
	if e == nil {
		t.Fatalf("%s", reply)
	}
	ask := func(action string, n int, l Limits) (string, *Stats) {
		request := fmt.Appendf(nil, `{"principal":"a","action":%q,"resource":"x","context":{"n":%d}}`, action, n)
		return string(e.Authorize(nil, request, &Host{Limits: l})), e.Stats()
	}
	for _, limit := range []uint64{0, 1000, 30} {
		l := Limits{ErrorSteps: limit}
		most := effective(l, Limits{}).ErrorSteps
		used := false
		for _, action := range []string{"permit", "forbid", "not", "count"} {
			reply, s := ask(action, 0, l)
			if s.Decision != Deny || !strings.Contains(reply, "limit.error_steps") && !strings.Contains(reply, "division_by_zero") {
				t.Errorf("%s: %s", action, reply)
			}
			if s.Steps > 1000 || uint64(s.ErrorSteps) > most+100 {
				t.Errorf("%s within %d error steps: %d steps, %d error steps", action, most, s.Steps, s.ErrorSteps)
			}
			used = used || uint64(s.ErrorSteps) >= most
			if reply, s := ask(action, 7, l); s.ErrorSteps > 0 || (s.Decision == Permit) != (action != "permit") {
				t.Errorf("%s without an error: %s", action, reply)
			}
		}
		if !used {
			t.Errorf("no request needed %d error steps", most)
		}
	}
	if reply, s := ask("each", 0, Limits{}); s.Decision != Deny || s.Steps > defaultLimits.Steps+10 || s.ErrorSteps > 100_100 {
		t.Errorf("an error in each row: %s in %d steps", reply, s.Steps)
	}
}
