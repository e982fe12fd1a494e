package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// register gives an engine an overlay, and returns its handle, or 0 where it is refused.
func register(e *Engine, text string, restrict bool) (handle uint64, reply []byte) {
	t, _ := json.Marshal(text)
	reply = e.Overlay(nil, fmt.Appendf(nil, `{"text":%s,"restrict":%t}`, t, restrict), &Host{})
	var r struct{ Overlay struct{ Handle string } }
	if json.Unmarshal(reply, &r) == nil && r.Overlay.Handle != "" {
		fmt.Sscanf(r.Overlay.Handle, "%x", &handle)
	}
	return handle, reply
}

// split divides a document at random into a base and an overlay.
func (d *randomDocument) split(r *rand.Rand) (base, overlay *randomDocument) {
	base, overlay = &randomDocument{goals: d.goals, requests: d.requests}, &randomDocument{goals: d.goals, requests: d.requests}
	facts, rules := r.IntN(101), 50+r.IntN(51)
	for _, f := range d.facts {
		to := overlay
		if r.IntN(100) < facts {
			to = base
		}
		to.facts = append(to.facts, f)
	}
	for _, s := range d.rules {
		to := overlay
		if r.IntN(100) < rules {
			to = base
		}
		to.rules = append(to.rules, s)
	}
	for _, p := range d.policies {
		to := pickOf(r, base, overlay)
		to.policies = append(to.policies, p)
	}
	return base, overlay
}

func pickOf[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// overlayText is a document as the text of an overlay.
func (d *randomDocument) overlayText() string {
	var b strings.Builder
	for _, f := range d.facts {
		b.WriteString(f.text + "\n")
	}
	b.WriteString(strings.Join(d.rules, "\n"))
	if len(d.policies) == 0 {
		return b.String()
	}
	return "version = \"rune/1.0\"\n[rules]\n" + b.String() + "\n[policies]\n" + strings.Join(d.policies, "\n") + "\n"
}

func join(a, b *randomDocument) *randomDocument {
	return &randomDocument{facts: slices.Concat(a.facts, b.facts), rules: slices.Concat(a.rules, b.rules), policies: slices.Concat(a.policies, b.policies),
		goals: a.goals, requests: a.requests}
}

// TestRandom_overlay divides documents into a base and an overlay: what it decides, says and refuses is what the whole document does, also
// after updates; the naive evaluator agrees; and the base answers as without the overlay.
func TestRandom_overlay(t *testing.T) {
	all := shortly(2500, 300)
	counts := tally{}
	for seed := range all {
		overlaySeed(t, seed, counts)
		if t.Failed() {
			return
		}
	}
	counts.require(t, "loaded holds errs fails goals rows updated field-errs field-conflicts aggregate-errs negation-errs shared detached")
	if counts["loaded"]*10 < int(all) {
		t.Errorf("only %d of %d documents could be divided", counts["loaded"], all)
	}
}

func overlaySeed(t *testing.T, seed uint64, counts tally) {
	r := rand.New(rand.NewPCG(seed, 17))
	base, overlay := newRandomDocument(seed).split(r)
	e, _ := loadText(base.text(), seed)
	if e == nil {
		counts["base refused"]++
		return
	}
	alone := answers(e, base)
	whole, wholeReply := loadText(join(base, overlay).text(), seed)
	handle, reply := register(e, overlay.overlayText(), false)
	if (whole == nil) != (handle == 0) {
		t.Fatalf("seed %d: the whole: %s\nthe overlay: %s\n%s\n---\n%s", seed, wholeReply, reply, base.text(), overlay.overlayText())
	}
	if handle == 0 {
		counts["both-refused"]++
		if diff := cmp.Diff(alone, answers(e, base)); diff != "" {
			t.Fatalf("seed %d: a refused overlay changes the base: %s", seed, diff)
		}
		return
	}
	counts["loaded"]++
	countShared(e, handle, counts)
	host := &Host{Overlay: handle}
	compareOverlay(t, e, join(base, overlay), seed, handle, counts)
	g := &randomProgram{r: rand.New(rand.NewPCG(seed, 19))}
	for range 3 {
		got := answersTo(e, base, host)
		if diff := cmp.Diff(outcomes(t, whole, base), outcomesOf(t, got)); diff != "" && !limited(got) {
			t.Fatalf("seed %d: %s\n%s\n---\n%s", seed, diff, base.text(), overlay.overlayText())
		}
		if diff := cmp.Diff(alone, answers(e, base)); diff != "" {
			t.Fatalf("seed %d: an overlay changes the base: %s", seed, diff)
		}
		update := base.change(g)
		e.Update(nil, []byte(update), &Host{})
		counts["updated"]++
		fresh, _ := loadText(base.text(), seed)
		fresh.setRevision(e.revision)
		register(fresh, overlay.overlayText(), false)
		if diff := cmp.Diff(answersTo(fresh, base, host), answersTo(e, base, host)); diff != "" {
			t.Fatalf("seed %d, %s: %s\n%s\n---\n%s", seed, update, diff, base.text(), overlay.overlayText())
		}
		alone = answers(fresh, base)
		if whole, wholeReply = loadText(join(base, overlay).text(), seed); whole == nil {
			t.Fatalf("seed %d: %s", seed, wholeReply)
		}
	}
}

// countShared counts the materialised predicates that an overlay shares with the base, and those that it can't.
func countShared(e *Engine, handle uint64, counts tally) {
	o := e.findOverlay(handle)
	for i, b := range o.rules.program.Bases {
		switch {
		case b < 0 || e.model.DB().Pred(int(b)).Rows == nil:
		case o.rows.DB().Pred(i).Rows != nil:
			counts["shared"]++
		default:
			counts["detached"]++
		}
	}
}

func limited(replies []string) bool {
	return slices.ContainsFunc(replies, func(s string) bool { return strings.Contains(s, `"limit.`) })
}

// compareOverlay compares what an overlay gives with the naive evaluator.
func compareOverlay(t *testing.T, e *Engine, doc *randomDocument, seed, handle uint64, counts tally) {
	defer func() {
		e.leave()
		if r := recover(); r != nil {
			if err, ok := r.(error); !ok || !errors.Is(err, errEndless) {
				t.Errorf("seed %d panics:\n%s", seed, doc.text())
				panic(r)
			}
			counts["endless"]++
		}
	}()
	if d := e.enter(&Host{Overlay: handle}); d != nil {
		t.Fatal(d)
	}
	c := &comparison{T: t, e: e, doc: doc, seed: seed, tally: counts}
	for _, r := range doc.requests {
		c.statements(r)
	}
	for i, g := range doc.goals {
		c.query(g, append([]string{""}, doc.requests...)[i])
	}
}

var derivedName = regexp.MustCompile(`(^|[^"\w])(d\d|path|hop)\b`)

// restrictions makes an overlay that only forbids out of a document: its rules under other names, without what is the base's.
func (d *randomDocument) restrictions() *randomDocument {
	out := &randomDocument{}
	for _, s := range d.rules {
		s = derivedName.ReplaceAllString(strings.Replace(s, `@id("s`, `@id("r`, 1), "${1}own_$2")
		head := strings.TrimPrefix(s, s[:strings.Index(s, " ")+1])
		if strings.HasPrefix(s, "own_") || strings.HasPrefix(head, "forbid") || strings.HasPrefix(head, "deny") {
			out.rules = append(out.rules, s)
		}
	}
	for _, p := range d.policies {
		if strings.Contains(p, " forbid(") {
			out.policies = append(out.policies, strings.Replace(p, `@id("p`, `@id("q`, 1))
		}
	}
	return out
}

// TestRandom_restrict unites documents with overlays that may only take away: what they permit is permitted without them, under small
// limits too, and the base's statements err as they did.
func TestRandom_restrict(t *testing.T) {
	counts := tally{}
	for seed := range shortly(3000, 300) {
		doc, other := newRandomDocument(seed), newRandomDocument(seed+1_000_000)
		random := rand.New(rand.NewPCG(seed, 23))
		how := pickOf(random, "", "combine = \"all\"\n", "on_error = \"cedar\"\n", "on_error = \"deny\"\n")
		e, _ := loadText(strings.Replace(doc.text(), "[defaults]\n", "[defaults]\n"+how, 1), seed)
		if e == nil {
			continue
		}
		doc.requests = append(doc.requests, other.requests...)
		text := other.restrictions().overlayText()
		handle, reply := register(e, text, true)
		if handle == 0 {
			counts["refused "+errorCode(reply)]++
			continue
		}
		counts["loaded"]++
		for _, r := range doc.requests {
			var without, with decisionReply
			var limits Limits
			if n := random.Uint64N(400); n < 100 {
				limits.Steps = n + 1
			}
			unmarshal(t, e.Authorize(nil, []byte(r), &Host{Limits: limits}), &without)
			unmarshal(t, e.Authorize(nil, []byte(r), &Host{Limits: limits, Overlay: handle}), &with)
			counts[without.Decision+"-"+with.Decision]++
			if with.Decision == "permit" && without.Decision != "permit" {
				t.Fatalf("seed %d, %s: permitted by what may only take away\n%s\n---\n%s", seed, r, doc.text(), text)
			}
			with.Diagnostics.Errors = slices.DeleteFunc(with.Diagnostics.Errors, func(x errorItem) bool { return x.ID[0] == 'r' || x.ID[0] == 'q' })
			if diff := cmp.Diff(without.Diagnostics.Errors, with.Diagnostics.Errors); diff != "" && !strings.HasPrefix(with.limit(), "limit.") {
				t.Fatalf("seed %d, %s: %s\n%s\n---\n%s", seed, r, diff, doc.text(), text)
			}
		}
	}
	counts.require(t, "loaded permit-permit permit-deny deny-deny")
}

type errorItem struct{ ID, Code, Message string }

type decisionReply struct {
	Decision    string
	Reasons     []errorItem
	Diagnostics struct{ Errors []errorItem }
}

// limit is the limit that was exceeded, or another reason's id, or nothing.
func (r *decisionReply) limit() string {
	if len(r.Reasons) == 0 {
		return ""
	}
	return r.Reasons[0].ID
}

func unmarshal(t *testing.T, reply []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(reply, into); err != nil {
		t.Fatalf("%s: %v", reply, err)
	}
}
