package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// loadText loads a document that includes nothing. The engine is nil where it doesn't load.
func loadText(text string, key uint64) (*Engine, []byte) {
	l := NewLoader("random.rune", []byte(text), Host{Key: [2]uint64{key, ^key}})
	l.Next()
	return l.Commit()
}

// shortly returns how many seeds to run: all, or a part in -short.
func shortly(all, short int) uint64 {
	if testing.Short() {
		return uint64(short)
	}
	return uint64(all)
}

// comparison compares one loaded random program with the oracle.
type comparison struct {
	*testing.T
	e     *Engine
	doc   *randomDocument
	seed  uint64
	tally tally
	// overlay is the handle of the part of doc that isn't in e, or 0.
	overlay uint64
}

// begin prepares the engine's evaluator and an oracle for a request, which may be empty. The schema may refuse one: then there is none.
func (c *comparison) begin(request string, goals ...*analysis.Goal) *oracle {
	e := c.e
	e.begin(&Host{})
	r := goal.Request{Principal: value.None, Action: value.None, Resource: value.None, Context: e.emptyContext}
	if request != "" {
		if err := e.read([]byte(request), &Host{}, true); err != nil {
			if c.tally["requests refused"]++; c.doc.schema == "" {
				c.Errorf("seed %d: %s: %v", c.seed, request, err)
			}
			return nil
		}
		r = goal.Request{Principal: e.request.Principal, Action: e.request.Action, Resource: e.request.Resource, Context: e.request.Context}
	}
	e.eval.Begin(r, e.view, e.limits.goal(), nil)
	return newOracle(e.table, wholeProgram(e), patchedStore(e), r, goals...)
}

// wholeProgram is the program that answers, with all the facts there are now.
func wholeProgram(e *Engine) *analysis.Program {
	p := *e.program
	p.Facts = nil
	if e.scope != nil {
		p.Facts = slices.Clone(e.program.Facts)
	}
	for i := range e.model.DB().Len() { // an overlay's predicates of the base have the base's numbers
		rel := e.model.DB().Pred(i).Facts
		for id := range uint32(rel.Top()) {
			if !rel.Alive(id) {
				continue
			}
			one := analysis.Facts{Pred: analysis.PredID(i), Count: 1, Rows: rel.Row(id)}
			if tag := one.Pred == analysis.PredTag; tag || one.Pred == analysis.PredAttribute { // their names may be those that the overlay derives
				if named, ok := p.Named[analysis.NamedKey{Tag: tag, Name: one.Rows[1]}]; ok {
					one.Pred = named
				}
			}
			p.Facts = append(p.Facts, one)
		}
	}
	return &p
}

// patchedStore is the store as the request under way sees it.
func patchedStore(e *Engine) *entity.Store {
	s := entity.NewStore(e.table)
	for _, uid := range e.view.Patches() {
		s.Add(entity.Entity{UID: uid, Attrs: e.view.StoredAttrs(uid), Tags: e.view.StoredTags(uid), Parents: e.view.StoredParents(uid)})
	}
	for _, uid := range e.store.All() {
		if !s.Has(uid) {
			s.Add(*e.store.Get(uid))
		}
	}
	return s
}

// statements compares what each statement gives.
func (c *comparison) statements(request string) {
	defer c.e.end()
	o := c.begin(request)
	if o == nil {
		return
	}
	defer c.tally.add(o.met)
	verdicts := map[int32]bool{}
	for _, v := range c.e.eval.Statements(nil) {
		verdicts[v.Statement] = v.Errs
	}
	if c.exceeded() {
		return
	}
	for i := range c.e.program.Statements {
		holds, errs := o.statement(i)
		gotErrs, got := verdicts[int32(i)]
		c.tally[[...]string{"fails", "holds", "errs"}[index(holds, errs)]]++
		if (got && !gotErrs) != holds || gotErrs != errs {
			c.Errorf("seed %d, %s: %s %s, but for the oracle it %s\n%s", c.seed, request, c.e.program.Statements[i].ID,
				[...]string{"fails", "holds", "errs"}[index(got && !gotErrs, gotErrs)], [...]string{"fails", "holds", "errs"}[index(holds, errs)], c.doc.text())
		}
	}
}

func index(holds, errs bool) int {
	switch {
	case holds:
		return 1
	case errs:
		return 2
	}
	return 0
}

func (c *comparison) exceeded() bool {
	if c.e.eval.Exceeded() != "" {
		c.tally["limit"]++
		return true
	}
	return false
}

// query compares a goal's rows. A goal that the analysis refuses is counted.
func (c *comparison) query(text, request string) {
	defer c.e.end()
	var files source.Files
	var diags source.List
	c.e.begin(&Host{})
	g := c.e.program.Goal(&files, []byte(text), &diags)
	if g == nil {
		c.tally["goals refused"]++
		return
	}
	o := c.begin(request, g)
	if o == nil {
		return
	}
	rows, fault := c.e.eval.Query(g)
	if c.exceeded() {
		return
	}
	want := o.query(g)
	c.tally.add(o.met)
	c.tally["goals"]++
	c.tally["rows"] += len(want)
	if fault != nil || !slices.EqualFunc(rows, want, slices.Equal[[]value.Value]) {
		c.Errorf("seed %d, %s, %s: %v %v, but for the oracle %v\n%s", c.seed, request, text, c.show(rows), fault, c.show(want), c.doc.text())
	}
}

func (c *comparison) show(rows [][]value.Value) (out []string) {
	for _, r := range rows {
		var b []byte
		for _, v := range r {
			b = append(c.e.table.Append(b, v), ' ')
		}
		out = append(out, string(b))
	}
	return out
}

func errorCode(reply []byte) string {
	var r struct{ Error struct{ Code string } }
	json.Unmarshal(reply, &r)
	return r.Error.Code
}

// answers are the replies to a document's requests and goals, and the work that they took.
func answers(e *Engine, doc *randomDocument) []string { return answersTo(e, doc, &Host{}) }

// work is what the limits count of the last call.
func work(e *Engine) string {
	s := e.Stats()
	return fmt.Sprint(s.Steps, s.ErrorSteps, s.Tuples, s.Tables, s.ArenaBytes)
}

func answersTo(e *Engine, doc *randomDocument, h *Host) (replies []string) {
	for _, r := range doc.requests {
		replies = append(replies, string(e.Authorize(nil, []byte(r), h)), work(e))
	}
	for i, g := range doc.goals {
		replies = append(replies, string(e.Query(nil, doc.query(i, g), h)), work(e))
	}
	return replies
}

// query is the query of a goal, every other one with a request.
func (d *randomDocument) query(i int, goal string) []byte {
	q, _ := json.Marshal(goal)
	if i%2 == 0 {
		return append(append([]byte(`{"goal":`), q...), '}')
	}
	return append(append([]byte(d.requests[0][:len(d.requests[0])-1]+`,"goal":`), q...), '}')
}

// TestRandom_key loads under two keys of the symbol table's hash: no output and no count depends on it.
func TestRandom_key(t *testing.T) {
	for seed := range shortly(500, 60) {
		doc := newRandomDocument(seed)
		a, ra := loadText(doc.text(), 1)
		b, rb := loadText(doc.text(), 2)
		if !bytes.Equal(ra, rb) {
			t.Fatalf("seed %d: %s\nnot %s", seed, ra, rb)
		}
		if a == nil {
			continue
		}
		if diff := cmp.Diff(answers(a, doc), answers(b, doc)); diff != "" {
			t.Fatalf("seed %d: %s\n%s", seed, diff, doc.text())
		}
	}
}

// TestRandom_entities brings the stored entities along in a request, which changes nothing, though nothing that was computed at load
// may be used then. A batch answers each of its requests as if it were alone.
func TestRandom_entities(t *testing.T) {
	start := strings.Index(randomHead, "[entities]") + len("[entities]")
	entities := strings.ReplaceAll(randomHead[start:strings.Index(randomHead, "[rules]")], "\n", "")
	for seed := range shortly(2000, 200) {
		doc := newRandomDocument(seed)
		e, _ := loadText(doc.text(), seed)
		if e == nil {
			continue
		}
		var texts, replies []string
		for _, r := range doc.requests {
			if strings.Contains(r, "entities") {
				continue
			}
			given := r[:len(r)-1] + `,"entities":` + entities + "}"
			texts, replies = append(texts, given), append(replies, string(e.Authorize(nil, []byte(given), &Host{})))
			want := gist(t, string(e.Authorize(nil, []byte(r), &Host{})))
			if got := gist(t, replies[len(replies)-1]); got != want {
				t.Fatalf("seed %d: %s\n%s\nwith the stored entities %s\n%s", seed, r, want, got, doc.text())
			}
		}
		batch := string(e.Batch(nil, []byte(`{"requests":[`+strings.Join(texts, ",")+`]}`), &Host{}))
		if want := strings.Join(replies, ","); !strings.Contains(batch, "["+want+"]") {
			t.Fatalf("seed %d: %s\nnot %s", seed, batch, want)
		}
	}
}

// TestRandom_permutation reorders a document's statements and their literals: decisions, rows and the sets of reasons and errors stay.
func TestRandom_permutation(t *testing.T) {
	for seed := range shortly(1500, 150) {
		doc := newRandomDocument(seed)
		e, _ := loadText(doc.text(), seed)
		if e == nil {
			continue
		}
		want := outcomes(t, e, doc)
		r := rand.New(rand.NewPCG(seed, 11))
		for range 3 {
			other := *doc
			other.facts, other.rules, other.policies = slices.Clone(doc.facts), slices.Clone(doc.rules), slices.Clone(doc.policies)
			r.Shuffle(len(other.facts), func(i, j int) { other.facts[i], other.facts[j] = other.facts[j], other.facts[i] })
			r.Shuffle(len(other.rules), func(i, j int) { other.rules[i], other.rules[j] = other.rules[j], other.rules[i] })
			for i := range other.rules {
				other.rules[i] = reordered(t, r, other.rules[i])
			}
			r.Shuffle(len(other.policies), func(i, j int) { other.policies[i], other.policies[j] = other.policies[j], other.policies[i] })
			p, reply := loadText(other.text(), seed)
			if p == nil {
				t.Fatalf("seed %d: reordered, it doesn't load: %s\n%s", seed, reply, other.text())
			}
			if diff := cmp.Diff(want, outcomes(t, p, &other)); diff != "" {
				t.Fatalf("seed %d: %s\n%s\n---\n%s", seed, diff, doc.text(), other.text())
			}
		}
	}
}

// TestErrors_literalOrder orders literals that an error leaves without their inputs in every way: the statement errs.
func TestErrors_literalOrder(t *testing.T) {
	for _, body := range []string{
		"val(N), W = 6 / N, V = 6 / N, Z = V + 1, V = (if 1 == 1 then 1 else W), Z == 5",
		`val(N), W = (6 / N).toString(), each([W], V), S = V.length(), each([(if 1 == 1 then "a" else W)], V), S == 5`,
	} {
		r := rand.New(rand.NewPCG(1, 1))
		for range 50 {
			rule := reordered(t, r, `@id("x") forbid :- `+body+".")
			e, reply := loadText("version = \"rune/1.0\"\n[rules]\nval(0).\n"+rule+"\n", 1)
			if e == nil {
				t.Fatalf("%s: %s", rule, reply)
			}
			got := string(e.Authorize(nil, []byte(`{"principal":"a","action":"b","resource":"c"}`), &Host{}))
			if !strings.Contains(got, `"reasons":[{"id":"x","kind":"rule","effect":"error"}]`) {
				t.Fatalf("%s: %s", rule, got)
			}
		}
	}
}

// reordered returns a statement with its alternatives and literals in another order.
func reordered(t *testing.T, r *rand.Rand, text string) string {
	var files source.Files
	var diags source.List
	sts := datalog.Parse(&files, files.Add(".", []byte(text)), 0, len(text), &diags)
	if len(sts) != 1 {
		t.Fatalf("%s: %v", text, diags.All())
	}
	if sts[0].Body != nil {
		shuffle(r, sts[0].Body)
	}
	return sts[0].String()
}

func shuffle(r *rand.Rand, b *datalog.Body) {
	r.Shuffle(len(b.Alternatives), func(i, j int) { b.Alternatives[i], b.Alternatives[j] = b.Alternatives[j], b.Alternatives[i] })
	for _, conj := range b.Alternatives {
		r.Shuffle(len(conj), func(i, j int) { conj[i], conj[j] = conj[j], conj[i] })
		for i := range conj {
			if conj[i].Body != nil {
				shuffle(r, conj[i].Body)
			}
			if conj[i].Aggregate != nil {
				shuffle(r, conj[i].Aggregate.Body)
			}
		}
	}
}

// outcomes are what answers say, without counts.
func outcomes(t *testing.T, e *Engine, doc *randomDocument) []string {
	return outcomesOf(t, answers(e, doc))
}

func outcomesOf(t *testing.T, answers []string) (out []string) {
	for i, text := range answers {
		if i%2 == 0 {
			out = append(out, gist(t, text))
		}
	}
	return out
}

// gist is what a reply says, without revision and order, nor which of several errors it tells.
func gist(t *testing.T, text string) string {
	type item struct{ ID, Effect string }
	var r struct {
		Decision    string
		Reasons     []item
		Diagnostics struct{ Errors []item }
		Rows        json.RawMessage
	}
	if code := errorCode([]byte(text)); code != "" {
		return code
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	compare := func(a, b item) int { return strings.Compare(a.ID, b.ID) }
	slices.SortFunc(r.Reasons, compare)
	slices.SortFunc(r.Diagnostics.Errors, compare)
	return fmt.Sprintf("%s %v %v %s", r.Decision, r.Reasons, r.Diagnostics.Errors, r.Rows)
}

// TestRandom_update changes facts, and compares with a document that has the changed facts from the start: replies and steps.
func TestRandom_update(t *testing.T) {
	for seed := range shortly(1500, 150) {
		doc := newRandomDocument(seed)
		e, _ := loadText(doc.text(), seed)
		if e == nil {
			continue
		}
		g := &randomProgram{r: rand.New(rand.NewPCG(seed, 13))}
		for range 3 {
			update := doc.change(g)
			answers(e, doc)
			if reply := e.Update(nil, []byte(update), &Host{}); errorCode(reply) != "" {
				t.Fatalf("seed %d: %s: %s", seed, update, reply)
			}
			fresh, reply := loadText(doc.text(), seed)
			if fresh == nil {
				t.Fatalf("seed %d: %s\n%s", seed, reply, doc.text())
			}
			fresh.setRevision(e.revision)
			if diff := cmp.Diff(answers(fresh, doc), answers(e, doc)); diff != "" {
				t.Fatalf("seed %d, %s: %s\n%s", seed, update, diff, doc.text())
			}
		}
	}
}

// change deletes and inserts facts of a document, and returns the update that does the same.
func (d *randomDocument) change(g *randomProgram) string {
	deleted, inserted := map[string][]string{}, map[string][]string{}
	var kept []randomFact
	for _, f := range d.facts {
		if g.chance(30) {
			deleted[f.pred] = append(deleted[f.pred], f.row)
		} else {
			kept = append(kept, f)
		}
	}
	for range g.r.IntN(5) {
		f := g.fact(pick(g, base...))
		inserted[f.pred] = append(inserted[f.pred], f.row)
		if !slices.Contains(kept, f) {
			kept = append(kept, f)
		}
	}
	d.facts = kept
	rows := func(m map[string][]string) string {
		var out []string
		for _, k := range slices.Sorted(maps.Keys(m)) {
			out = append(out, fmt.Sprintf("%q:[%s]", k, strings.Join(m[k], ",")))
		}
		return strings.Join(out, ",")
	}
	return fmt.Sprintf(`{"delete":{%s},"insert":{%s}}`, rows(deleted), rows(inserted))
}
