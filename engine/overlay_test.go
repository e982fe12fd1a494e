package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const overlayBase = `version = "rune/1.0"
[data]
member = [["alice", "admins"]]
[rules]
decl member(User, Group).
permit(P, "read", _) :- member(P, Group::"admins").
`

func mustLoad(t testing.TB, text string) *Engine {
	t.Helper()
	e, reply := loadText(text, 1)
	if e == nil {
		t.Fatalf("%s", reply)
	}
	return e
}

func mustRegister(t testing.TB, e *Engine, text string) uint64 {
	t.Helper()
	handle, reply := register(e, text, false)
	if handle == 0 {
		t.Fatalf("%s", reply)
	}
	return handle
}

func memberText(n int) string { return fmt.Sprintf("member(User::\"u%d\", Group::\"admins\").", n) }

// asks says whether a user of an overlay may read with it: "permit", "deny" or an error's code.
func asks(e *Engine, n int, handle uint64) string {
	reply := e.Authorize(nil, fmt.Appendf(nil, `{"principal":"u%d","action":"read","resource":"x"}`, n), &Host{Overlay: handle})
	if code := errorCode(reply); code != "" {
		return code
	}
	return map[Decision]string{Permit: "permit", Deny: "deny"}[e.Stats().Decision]
}

// TestOverlay_eviction: the overlays that were used last stay. One that went may be registered again, under the handle that it had.
func TestOverlay_eviction(t *testing.T) {
	e := mustLoad(t, overlayBase)
	var handles []uint64
	for n := range mostOverlays {
		handles = append(handles, mustRegister(t, e, memberText(n)))
	}
	if got := asks(e, 0, handles[0]); got != "permit" {
		t.Fatal(got)
	}
	mustRegister(t, e, memberText(2)) // is known, and counts as used
	for n := range 2 {
		mustRegister(t, e, memberText(1000+n))
	}
	for n, want := range []string{"permit", "overlay.unknown", "permit", "overlay.unknown", "permit"} {
		if got := asks(e, n, handles[n]); got != want {
			t.Errorf("overlay %d: %s, want %s", n, got, want)
		}
	}
	if again := mustRegister(t, e, memberText(1)); again != handles[1] || asks(e, 1, again) != "permit" || len(e.overlays.list) != mostOverlays {
		t.Errorf("registered again: %x, want %x; %d are kept", again, handles[1], len(e.overlays.list))
	}
}

// TestOverlay_handle: handles are of content alone, and another text doesn't get a handle that is taken.
func TestOverlay_handle(t *testing.T) {
	a, b := mustLoad(t, overlayBase), mustLoad(t, "version = \"rune/1.0\"\n[rules]\ndecl member(User, Group).\n")
	x, y := mustRegister(t, a, memberText(1)), mustRegister(t, b, memberText(1))
	if x != y || x == mustRegister(t, a, memberText(2)) {
		t.Errorf("handles %x and %x", x, y)
	}
	if restricted, reply := register(a, "forbid(_, _, _).", true); restricted == mustRegister(t, a, "forbid(_, _, _).") {
		t.Errorf("restricted and not, one handle: %s", reply)
	}
	given := &a.overlays.given
	given.digests[slices.Index(given.list, x)][31] ^= 1 // as if it were another text's
	if _, reply := register(a, memberText(1), false); errorCode(reply) != "overlay.handle" {
		t.Errorf("a handle that is taken: %s", reply)
	}
}

// TestOverlay_waste: what overlays that went left in the table is dropped in the end, and those that stay go on.
func TestOverlay_waste(t *testing.T) {
	e := mustLoad(t, overlayBase)
	first := mustRegister(t, e, memberText(0))
	size := 0
	for n := range 400 {
		comment := "# " + strings.Repeat("x", 8<<10) + "\n"
		large := fmt.Sprintf("%smember(User::\"%d%s\", Group::\"admins\").", comment, n, strings.Repeat("y", 8<<10))
		register(e, "permit(", false)
		mustRegister(t, e, large)
		size = max(size, e.table.Size(e.loaded))
		if got := asks(e, 0, first); got != "permit" {
			t.Fatalf("after %d overlays: %s", n, got)
		}
		if n == 200 {
			if reply := e.Update(nil, []byte(`{"insert":{"member":[["new","admins"]]}}`), &Host{}); errorCode(reply) != "" {
				t.Fatalf("%s", reply)
			}
		}
	}
	if most := 4 << 20; size > most {
		t.Errorf("the table grew by %d bytes, for overlays of 8 KiB each, %d of which are kept", size, mostOverlays)
	}
}

// TestOverlay_updates alternates large overlays and updates: neither the table nor the heap grows, and the overlays that are known answer.
func TestOverlay_updates(t *testing.T) {
	e := mustLoad(t, overlayBase)
	first := mustRegister(t, e, memberText(0))
	var sizes, heaps [2]int
	for n := range 1000 {
		large := fmt.Sprintf("member(User::\"%d%s\", Group::\"admins\").\n", n, strings.Repeat("y", 16<<10))
		last := mustRegister(t, e, large+memberText(1))
		change := [...]string{"insert", "delete"}[n%2]
		if reply := e.Update(nil, fmt.Appendf(nil, `{%q:{"member":[["new","admins"]]}}`, change), &Host{}); errorCode(reply) != "" {
			t.Fatalf("%s", reply)
		}
		if n%10 == 0 {
			if got := asks(e, 0, first) + " " + asks(e, 1, first) + " " + asks(e, 1, last); got != "permit deny permit" {
				t.Fatalf("after %d overlays and updates: %s", n, got)
			}
		}
		half := n / 500
		sizes[half] = max(sizes[half], e.table.Bytes())
		if n == 499 || n == 999 {
			heaps[half] = int(heap())
		}
	}
	if sizes[1] > sizes[0] || heaps[1] > heaps[0]+heaps[0]/10 {
		t.Errorf("the table grows from %d bytes to %d, the heap from %d to %d", sizes[0], sizes[1], heaps[0], heaps[1])
	}
	if most := 4 << 20; sizes[0] > most {
		t.Errorf("the table holds %d bytes", sizes[0])
	}
}

// TestOverlay_underUpdates: overlays that updates come after, and that aren't too large, stay compiled.
func TestOverlay_underUpdates(t *testing.T) {
	e := mustLoad(t, overlayBase)
	handle := mustRegister(t, e, memberText(0))
	rules := e.findOverlay(handle).rules
	for n := range 10 {
		e.Update(nil, fmt.Appendf(nil, `{"insert":{"member":[["new%d","admins"]]}}`, n), &Host{})
	}
	later := mustRegister(t, e, memberText(1))
	e.overlays.waste = mostWaste
	mustRegister(t, e, memberText(2)) // sweeps
	if e.findOverlay(later).rules != nil || asks(e, 1, later) != "permit" {
		t.Error("nothing was swept, or what was doesn't come back")
	}
	if got := asks(e, 0, handle); got != "permit" || e.findOverlay(handle).rules != rules {
		t.Errorf("%s, the overlay compiled again: %v", got, e.findOverlay(handle).rules != rules)
	}
}

// TestOverlay_refusedLeavesNothing: a text with errors changes nothing, whatever the phase that finds them.
func TestOverlay_refusedLeavesNothing(t *testing.T) {
	e := mustLoad(t, overlayBase)
	good := mustRegister(t, e, memberText(1))
	size, base := e.table.Size(e.loaded), e.base
	for _, text := range []string{
		"permit(", "permit(P, _, _) :- membr(P).", `member(1, "x").`, "decl member(User, Group).", `a(X) :- member(X, _), not a(X).`,
		"permit(P, _, _) :- P.level > 3, not P.level > 2.", "version = \"rune/1.0\"\n[policies]\npermit(principal, action);", "version = \"rune/1.0\"\n[data]\nmember = 1\n", "\xff",
		"version = \"rune/1.0\"\n[schema]\n", `@id("x") permit(_, _, _). @id("x") permit(_, _, _).`,
	} {
		if handle, reply := register(e, text, false); handle != 0 || !strings.Contains(string(reply), `"diagnostics":[`) && text != "\xff" {
			t.Errorf("%q: %s", text, reply)
		}
	}
	if e.table.Size(e.loaded) != size || e.base != base || asks(e, 1, good) != "permit" || asks(e, 1, 0) != "deny" || e.ruleset != &e.own {
		t.Errorf("refused overlays left something behind: %d bytes, before %d", e.table.Size(e.loaded), size)
	}
}

// TestOverlay_steps: requests to the base take the steps that they took before there were overlays, and predicates that an overlay doesn't reach
// stay materialised for it.
func TestOverlay_steps(t *testing.T) {
	text := overlayBase + "above(G, H) :- sub(G, H).\nabove(G, I) :- above(G, H), sub(H, I).\ndecl sub(Group, Group).\nfar :- above(Group::\"g0\", Group::\"g200\").\n"
	for n := range 200 {
		text += fmt.Sprintf("sub(Group::\"g%d\", Group::\"g%d\").\n", n, n+1)
	}
	e := mustLoad(t, text)
	steps := func(h *Host) uint64 {
		e.Query(nil, []byte(`{"goal":"far"}`), h)
		return e.Stats().Steps
	}
	before := steps(&Host{})
	apart, reaching := mustRegister(t, e, "other(1)."), mustRegister(t, e, `sub(Group::"g200", Group::"g201").`)
	if got := steps(&Host{}); got != before {
		t.Errorf("the base takes %d steps with overlays there, %d without", got, before)
	}
	if got := steps(&Host{Overlay: apart}); got != before {
		t.Errorf("an overlay apart takes %d steps, the base %d", got, before)
	}
	if got := steps(&Host{Overlay: reaching}); got <= before+100 {
		t.Errorf("an overlay that adds to what is materialised takes %d steps, the base %d: it is to be evaluated on demand", got, before)
	}
}

// TestOverlay_allocations: in steady state a request with an overlay allocates no more than one without.
func TestOverlay_allocations(t *testing.T) {
	e := mustLoad(t, overlayBase)
	h := &Host{Overlay: mustRegister(t, e, memberText(1))}
	request, dst := []byte(`{"principal":"u1","action":"read","resource":"x"}`), []byte(nil)
	count := func(h *Host) float64 {
		return testing.AllocsPerRun(100, func() { dst = e.Authorize(dst[:0], request, h) })
	}
	if with, without := count(h), count(&Host{}); with > without+2 { // a permit has a reason, and this deny none
		t.Errorf("%v allocations with an overlay, %v without", with, without)
	}
}

// TestOverlay_base: an overlay adds to what the base's documents hold and updates bring, of all kinds of predicates, also those of no known type.
func TestOverlay_base(t *testing.T) {
	e := mustLoad(t, "version = \"rune/1.0\"\n[data]\nopen = []\nseen = [\"a\"]\n[rules]\ndecl empty(long).\nboth(\"x\"). both(X) :- seen(X).\nis_open(X) :- open(X).\n")
	ask := func(h *Host, goal string) string {
		return strings.Split(string(e.Query(nil, fmt.Appendf(nil, `{"goal":%q}`, goal), h)), `,"revision"`)[0]
	}
	if reply := e.Update(nil, []byte(`{"insert":{"open":[[1],["t"]],"both":[["y"]],"empty":[[7]]}}`), &Host{}); errorCode(reply) != "" {
		t.Fatalf("%s", reply)
	}
	h := &Host{Overlay: mustRegister(t, e, `open(true). seen("b"). both("z"). empty(8). is_open("derived").`)}
	want := map[string]string{
		"open(X)":    `{"columns":["X"],"rows":[[true],[1],["t"]]`,
		"is_open(X)": `{"columns":["X"],"rows":[[true],[1],["derived"],["t"]]`,
		"both(X)":    `{"columns":["X"],"rows":[["a"],["b"],["x"],["y"],["z"]]`,
		"empty(X)":   `{"columns":["X"],"rows":[[7],[8]]`,
	}
	for goal, rows := range want {
		if diff := cmp.Diff(rows, ask(h, goal)); diff != "" {
			t.Errorf("%s: %s", goal, diff)
		}
	}
	if got := ask(&Host{}, "both(X)"); got != `{"columns":["X"],"rows":[["a"],["x"],["y"]]` {
		t.Errorf("the base: %s", got)
	}
}

// TestOverlay_closure: a closure that an overlay extends is searched as it is without, in steps that grow with the paths' length.
func TestOverlay_closure(t *testing.T) {
	steps := func(n int, overlay string) int {
		var text strings.Builder
		text.WriteString("version = \"rune/1.0\"\n[rules]\ndecl member(entity, Group).\n")
		for i := range n {
			fmt.Fprintf(&text, "member(Group::\"g%d\", Group::\"g%d\").\n", i, i+1)
		}
		fmt.Fprintf(&text, "in_group(U, G) :- member(U, G).\nin_group(U, G) :- member(U, H), in_group(H, G).\npermit(P, \"read\", _) :- in_group(P, Group::\"g%d\").\n", n)
		e := mustLoad(t, text.String())
		if got := asks(e, 0, mustRegister(t, e, overlay)); got != "permit" {
			t.Fatalf("%d groups, %s: %s", n, overlay, got)
		}
		return int(e.Stats().Steps)
	}
	for _, overlay := range []string{
		`member(User::"u0", Group::"g0").`,
		`in_group(User::"u0", Group::"g0"). in_group(U, G) :- in_group(U, H), member(H, G).`,
		`guest(User::"u0", Group::"g0"). in_group(U, G) :- guest(U, G). in_group(U, G) :- in_group(U, H), in_group(H, G).`,
		`guest(User::"u0", Group::"g0"). in_group(U, G) :- guest(U, H), in_group(H, G).`,
	} {
		short, long := steps(200, overlay), steps(400, overlay)
		if long > 2*short+20 || short > 1000 {
			t.Errorf("%s: %d steps for 200 groups, %d for 400", overlay, short, long)
		}
	}
}
