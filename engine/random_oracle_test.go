package engine

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRandom_oracle compares the engine with the naive evaluator, statement by statement and query by query: as loaded, or divided into a base and
// an overlay, and after updates, of which some are refused for a limit; and it looks at what small limits do to the replies.
func TestRandom_oracle(t *testing.T) {
	all, seed := int(shortly(10_000, 600)), uint64(0)
	counts := tally{}
	for ; counts["loaded"] < all && !t.Failed(); seed++ {
		compareSeed(t, seed, counts)
		if seed > 100 && counts["loaded"]*10 < int(seed)*6 {
			t.Fatalf("only %d of %d documents load: %v", counts["loaded"], seed, counts)
		}
	}
	t.Logf("%d of %d documents load, %d%%", counts["loaded"], seed, counts["loaded"]*100/int(seed))
	counts.require(t, everyFeature+" holds errs fails goals rows loaded field-errs field-conflicts field-types name-errs parent-errs aggregate-errs negation-errs unknown-goal"+
		" overlays updates updates-refused exact limit:steps limit:tuples limit:tables limit:arena_bytes limit:depth limit:collect limit:string_bytes")
}

func compareSeed(t *testing.T, seed uint64, counts tally) {
	doc := newRandomDocument(seed)
	r := rand.New(rand.NewPCG(seed, 43))
	e, reply := loadText(doc.text(), seed)
	if e == nil {
		counts["refused "+errorCode(reply)]++
		return
	}
	counts["loaded"]++
	counts.program(e.program)
	c := &comparison{T: t, e: e, doc: doc, seed: seed, tally: counts}
	defer func() {
		if e.scope != nil {
			e.leave()
		}
		if r := recover(); r != nil {
			if err, ok := r.(error); !ok || !errors.Is(err, errEndless) {
				t.Errorf("seed %d panics:\n%s", seed, doc.text())
				panic(r)
			}
			counts["endless"]++
		}
	}()
	base := doc
	if seed%4 == 0 && doc.schema == "" {
		if b := c.divide(r); b != nil {
			base = b
		}
	}
	c.compare(len(doc.requests), len(doc.goals))
	if seed%2 == 0 {
		c.limits(r)
	}
	if seed%3 == 0 {
		c.update(r, base)
		c.compare(1, 1)
	}
}

// divide loads a part of the document, with the rest as an overlay. It returns the part, or nil where that doesn't load alone.
func (c *comparison) divide(r *rand.Rand) *randomDocument {
	base, overlay := c.doc.split(r)
	e, _ := loadText(base.text(), c.seed)
	if e == nil {
		return nil
	}
	handle, reply := register(e, overlay.overlayText(), false)
	if handle == 0 {
		c.Errorf("seed %d: the overlay is refused: %s\n%s\n---\n%s", c.seed, reply, base.text(), overlay.overlayText())
		return nil
	}
	c.tally["overlays"]++
	c.e, c.overlay = e, handle
	return base
}

// compare compares a number of the document's requests, and of its goals.
func (c *comparison) compare(requests, goals int) {
	if c.overlay != 0 {
		if d := c.e.enter(&Host{Overlay: c.overlay}); d != nil {
			c.Fatal(d)
		}
		defer c.e.leave()
	}
	for _, r := range c.doc.requests[:requests] {
		c.statements(r)
	}
	for i, g := range c.doc.goals[:goals] {
		c.query(g, append([]string{""}, c.doc.requests...)[i])
	}
}

// update changes facts of a document, which are the engine's, at first with too few steps for it.
func (c *comparison) update(r *rand.Rand, base *randomDocument) {
	update := []byte(base.change(&randomProgram{r: r}))
	before := state(c.e)
	reply := c.e.Update(nil, update, &Host{Limits: Limits{Steps: 1 + r.Uint64N(60)}})
	if errorCode(reply) == "limit.steps" {
		c.tally["updates-refused"]++
		if d := cmp.Diff(before, state(c.e)); d != "" {
			c.Errorf("seed %d: refused, %s changes something: %s\n%s", c.seed, update, d, c.doc.text())
		}
		reply = c.e.Update(nil, update, &Host{})
	}
	if c.tally["updates"]++; errorCode(reply) != "" {
		c.Errorf("seed %d: %s: %s\n%s", c.seed, update, reply, c.doc.text())
	}
}

// limits asks a request and a goal under limits. Where steps, tuples or tables just suffice the reply is what it is without a limit, and with one
// less it is the limit's; other limits give the one or the other.
func (c *comparison) limits(r *rand.Rand) {
	i := r.IntN(len(c.doc.requests))
	c.limited(r, func(h *Host) string { return string(c.e.Authorize(nil, []byte(c.doc.requests[i]), h)) })
	c.limited(r, func(h *Host) string { return string(c.e.Query(nil, c.doc.query(i, c.doc.goals[i]), h)) })
}

func (c *comparison) limited(r *rand.Rand, ask func(h *Host) string) {
	under := func(l Limits) string { return ask(&Host{Limits: l, Overlay: c.overlay}) }
	free := under(Limits{})
	took := *c.e.Stats()
	if strings.Contains(free, `"limit.`) || errorCode([]byte(free)) != "" {
		return
	}
	c.tally["exact"]++
	for i, n := range []uint64{took.Steps, uint64(took.Tuples), uint64(took.Tables)} {
		name := [...]string{"steps", "tuples", "tables"}[i]
		for _, k := range [...]uint64{n, n - 1, 1 + r.Uint64N(max(1, n))} {
			if k == 0 || k > n {
				continue
			}
			if got := under(limitOf(name, k)); (k == n) != (got == free) || k < n && limitMet(got) != name {
				c.Errorf("seed %d: within %d %s of %d: %s, and without a limit: %s\n%s", c.seed, k, name, n, got, free, c.doc.text())
			} else if k < n {
				c.tally["limit:"+name]++
			}
		}
	}
	for i, name := range []string{"depth", "collect", "string_bytes", "arena_bytes"} {
		switch got := under(limitOf(name, 1+r.Uint64N([...]uint64{3, 3, 3, 1000}[i]))); {
		case got == free:
		case limitMet(got) == name:
			c.tally["limit:"+name]++
		default:
			c.Errorf("seed %d: under a limit of %s: %s, and without: %s\n%s", c.seed, name, got, free, c.doc.text())
		}
	}
}

func limitOf(name string, n uint64) (l Limits) {
	for i, p := range l.list() {
		if limitNames[i] == name {
			*p = n
		}
	}
	return l
}

// limitMet is the limit for which a reply denies or is an error.
func limitMet(reply string) string {
	for _, name := range limitNames {
		if strings.HasPrefix(reply, fmt.Sprintf(`{"decision":"deny","reasons":[{"id":"limit.%s","kind":"engine"`, name)) || errorCode([]byte(reply)) == "limit."+name {
			return name
		}
	}
	return ""
}
