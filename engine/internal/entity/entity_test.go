package entity

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// world has a table and short ways to make entities.
type world struct {
	*value.Table
	store *Store
	view  *View
}

func newWorld() *world {
	t := value.NewTable(value.Key{})
	s := NewStore(t)
	return &world{Table: t, store: s, view: NewView(t, s)}
}

func (w *world) uid(id string) value.Value { return w.EntityOf("T", id) }

func (w *world) record(fields ...any) value.Value {
	var kv []value.Value
	for i := 0; i < len(fields); i += 2 {
		kv = append(kv, w.Table.String(fields[i].(string)), w.Long(int64(fields[i+1].(int))))
	}
	return w.Table.Record(kv)
}

func (w *world) entity(id string, attrs, tags value.Value, parents ...string) Entity {
	e := Entity{UID: w.uid(id), Attrs: attrs, Tags: tags}
	for _, p := range parents {
		e.Parents = append(e.Parents, w.uid(p))
	}
	return e
}

// ids returns the ids of entities, sorted.
func (w *world) ids(uids []value.Value) []string {
	out := []string{}
	for _, u := range uids {
		out = append(out, w.TextString(w.EntityID(u)))
	}
	slices.Sort(out)
	return out
}

func TestStore(t *testing.T) {
	w := newWorld()
	none := w.record()
	b := w.entity("b", w.record("x", 1), w.record("t", 2), "g", "a", "g")
	if _, earlier := w.store.Add(b); earlier != nil {
		t.Error("b was there")
	}
	w.store.Add(w.entity("a", none, none))
	if got := w.ids(w.store.Parents(b.UID)); !slices.Equal(got, []string{"a", "g"}) {
		t.Errorf("parents %v", got)
	}
	if len(b.Parents) != 3 {
		t.Error("Add changed what it was given")
	}
	if got := w.store.All(); !slices.Equal(got, []value.Value{b.UID, w.uid("a")}) {
		t.Errorf("all %v", got)
	}
	if w.store.Attrs(b.UID) != b.Attrs || w.store.Tags(b.UID) != b.Tags || !w.store.Has(b.UID) {
		t.Errorf("%+v", w.store.Get(b.UID))
	}
	for _, absent := range []value.Value{w.uid("z"), w.EntityOf("U", "b"), w.Long(0), w.Table.String("b")} {
		if w.store.Has(absent) || w.store.Attrs(absent) != value.None || w.store.Tags(absent) != value.None || w.store.Parents(absent) != nil {
			t.Errorf("%s is there", w.Append(nil, absent))
		}
	}
}

func TestStore_addTwice(t *testing.T) {
	w := newWorld()
	none := w.record()
	w.store.Add(w.entity("a", w.record("x", 1), w.record("t", 2), "g", "h"))
	for _, c := range []struct {
		e    Entity
		same bool
	}{
		{w.entity("a", w.record("x", 1), w.record("t", 2), "h", "g", "h"), true},
		{w.entity("a", w.record("x", 2), w.record("t", 2), "h", "g"), false},
		{w.entity("a", w.record("x", 1), none, "h", "g"), false},
		{w.entity("a", w.record("x", 1), w.record("t", 2), "h"), false},
	} {
		same, earlier := w.store.Add(c.e)
		if same != c.same || earlier == nil || earlier.Attrs != w.record("x", 1) {
			t.Errorf("%v: %v %v", c.e, same, earlier)
		}
	}
	if len(w.store.All()) != 1 {
		t.Errorf("%v", w.store.All())
	}
}

func TestStore_AddActions(t *testing.T) {
	w := newWorld()
	text := []byte(`action view in read; action read in all; action all;`)
	var files source.Files
	var diags source.List
	s := schema.Parse(w.Table, &files, []source.Span{{File: files.Add("s", text), End: uint32(len(text))}}, &diags)
	if s == nil {
		t.Fatal(diags.All())
	}
	action := func(id string) value.Value { return w.EntityOf("Action", id) }
	own := Entity{UID: action("all"), Attrs: w.record("x", 1), Tags: w.record()}
	w.store.Add(own)
	w.store.AddActions(s)
	w.store.AddActions(nil)
	if w.store.Attrs(action("all")) != own.Attrs || len(w.store.All()) != 3 {
		t.Errorf("%v", w.ids(w.store.All()))
	}
	if w.view.In(action("view"), action("all")) != Yes || w.view.In(action("all"), action("view")) != No {
		t.Error("the groups don't hold")
	}
}

func TestView(t *testing.T) {
	w := newWorld()
	none := w.record()
	w.store.Add(w.entity("a", w.record("x", 1, "y", 2), w.record("t", 3), "g"))
	w.store.Add(w.entity("g", none, none, "h"))
	x, y, tag := w.Table.String("x"), w.Table.String("y"), w.Table.String("t")
	a, k := w.uid("a"), w.uid("k")
	v := w.view
	stored := func() {
		t.Helper()
		if got, s := v.Attr(a, y); got != w.Long(2) || s != OK || v.HasAttr(a, x) != Yes || v.HasTag(a, tag) != Yes || !v.Exists(a) {
			t.Errorf("a.y is %v, %v", got, s)
		}
		if got, s := v.Tag(a, tag); got != w.Long(3) || s != OK {
			t.Errorf("a's tag is %v, %v", got, s)
		}
		if got, s := v.Attr(a, tag); got != value.None || s != Absent || v.HasAttr(a, tag) != No || v.HasTag(a, x) != No {
			t.Errorf("a.t is %v, %v", got, s)
		}
		if got, s := v.Attr(k, x); got != value.None || s != Absent || v.Exists(k) || v.HasAttr(k, x) != No || v.StoredAttrs(k) != value.None || v.StoredTags(k) != value.None || v.StoredParents(k) != nil {
			t.Errorf("k.x is %v, %v", got, s)
		}
		if v.In(a, w.uid("h")) != Yes || v.In(a, a) != Yes || v.In(k, k) != Yes || v.In(a, k) != No || v.Patched() || len(v.Patches()) != 0 || v.Fault() != nil {
			t.Error("the hierarchy is another")
		}
	}
	stored()
	v.Patch(w.entity("a", w.record("x", 7), none, "k", "j", "k"))
	v.Patch(w.entity("k", none, w.record("t", 9)))
	if got, s := v.Attr(a, x); got != w.Long(7) || s != OK || v.HasAttr(a, y) != No || v.HasTag(a, tag) != No {
		t.Errorf("a.x is %v, %v", got, s)
	}
	if got, _ := v.Tag(k, tag); got != w.Long(9) || !v.Exists(k) || v.StoredTags(k) != w.record("t", 9) || v.StoredAttrs(a) != w.record("x", 7) {
		t.Error("k isn't patched")
	}
	if v.In(a, w.uid("h")) != No || v.In(a, k) != Yes || !v.Patched() || !slices.Equal(v.Patches(), []value.Value{a, k}) {
		t.Errorf("patches %v", v.Patches())
	}
	if got := w.ids(v.StoredParents(a)); !slices.Equal(got, []string{"j", "k"}) {
		t.Errorf("parents %v", got)
	}
	if v.Exists(w.Long(0)) || v.Exists(w.uid("new")) {
		t.Error("there is what isn't")
	}
	v.Patch(w.entity("a", w.record("x", 8), none, "g"))
	if got, _ := v.Attr(a, x); got != w.Long(8) || len(v.Patches()) != 2 || v.In(a, w.uid("h")) != Yes {
		t.Error("the last patch counts")
	}
	v.Reset()
	stored()
}

// Epochs run out, and begin again without old marks.
func TestView_epochs(t *testing.T) {
	w := newWorld()
	w.store.Add(w.entity("a", w.record(), w.record(), "b"))
	w.view.Patch(w.entity("a", w.record("x", 1), w.record()))
	w.view.In(w.uid("a"), w.uid("z"))
	w.view.epoch, w.view.walk.epoch = math.MaxUint32, math.MaxUint32
	w.view.Reset()
	w.view.Patch(w.entity("c", w.record(), w.record()))
	if w.view.StoredAttrs(w.uid("a")) != w.record() || w.view.In(w.uid("a"), w.uid("b")) != Yes || w.view.epoch != 1 || w.view.walk.epoch != 1 {
		t.Errorf("epochs %d, %d", w.view.epoch, w.view.walk.epoch)
	}
}

// fakeDeriver derives a parent, an attribute and a tag for every entity, and errs for one.
type fakeDeriver struct{ w *world }

var fault = &value.Fault{Code: "test", Message: "erred"}

func (d fakeDeriver) Field(uid, name value.Value, tag bool) (value.Value, Status, *value.Fault) {
	if uid == d.w.uid("bad") {
		return value.None, Erred, fault
	}
	if tag {
		return d.w.Long(2), OK, nil
	}
	return value.None, Absent, nil
}

func (d fakeDeriver) In(a, b value.Value) (Tri, *value.Fault) {
	if a == d.w.uid("bad") {
		return Err, fault
	}
	return Yes, nil
}

func (d fakeDeriver) Ancestors(uid value.Value, dst []value.Value) ([]value.Value, Status, *value.Fault) {
	dst = append(dst, uid, d.w.uid("derived"))
	if uid == d.w.uid("bad") {
		return dst, Erred, fault
	}
	return dst, OK, nil
}

func TestView_derives(t *testing.T) {
	w := newWorld()
	w.store.Add(w.entity("a", w.record("x", 1), w.record("t", 1)))
	a, bad, x, tag := w.uid("a"), w.uid("bad"), w.Table.String("x"), w.Table.String("t")
	v := w.view
	v.Derive(fakeDeriver{w}, true, true, true)
	if _, s := v.Attr(a, x); s != Absent || v.HasAttr(a, x) != No {
		t.Errorf("a.x: %v", s)
	}
	if got, s := v.Tag(a, tag); got != w.Long(2) || s != OK || v.HasTag(a, tag) != Yes || v.In(a, bad) != Yes || v.Fault() != nil {
		t.Errorf("a's tag: %v %v", got, s)
	}
	if got, s := v.Ancestors(a, nil); s != OK || !cmp.Equal(w.ids(got), []string{"a", "derived"}) {
		t.Errorf("ancestors %v %v", got, s)
	}
	for name, errs := range map[string]func() bool{
		"attr":      func() bool { _, s := v.Attr(bad, x); return s == Erred },
		"tag":       func() bool { _, s := v.Tag(bad, x); return s == Erred },
		"has":       func() bool { return v.HasAttr(bad, x) == Err && v.HasTag(bad, x) == Err },
		"in":        func() bool { return v.In(bad, a) == Err },
		"ancestors": func() bool { got, s := v.Ancestors(bad, nil); return s == Erred && len(got) == 2 },
	} {
		if v.Reset(); !errs() || v.Fault() != fault {
			t.Errorf("%s: %v", name, v.Fault())
		}
	}
	for i := range 3 {
		v.Derive(fakeDeriver{w}, i == 0, i == 1, i == 2)
		derived := []bool{v.In(a, bad) == Yes, v.HasAttr(a, x) == No, v.HasTag(bad, tag) == Err}
		for j, d := range derived {
			if d != (i == j) {
				t.Errorf("of the three the %dth is derived; is the %dth? %v", i, j, d)
			}
		}
	}
	v.Derive(fakeDeriver{w}, false, false, false)
	if got, _ := v.Attr(a, x); got != w.Long(1) || v.In(a, bad) != No || v.HasTag(a, tag) != Yes {
		t.Error("nothing is derived, but seems so")
	}
	v.Derive(nil, true, true, true)
	if v.HasAttr(a, x) != Yes || v.In(a, bad) != No {
		t.Error("no one derives, but it seems so")
	}
}

// In and Ancestors are the reflexive, transitive closure of stored and patched parents, cycles and all, and cost a step an edge.
func TestView_closure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		parents := map[string][]string{}
		names := []string{"a", "b", "c", "d", "e", "f"}
		draw := func(label string, add func(Entity)) {
			for _, n := range rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID[string]).Draw(t, label) {
				ps := rapid.SliceOfN(rapid.SampledFrom(names), 0, 3).Draw(t, "parents of "+n)
				parents[n] = ps
				add(w.entity(n, w.record(), w.record(), ps...))
			}
		}
		draw("stored", func(e Entity) { w.store.Add(e) })
		draw("patched", w.view.Patch)
		closed := map[[2]string]bool{}
		for _, n := range names {
			closed[[2]string{n, n}] = true
		}
		for range names {
			for n, ps := range parents {
				for _, p := range ps {
					for _, q := range names {
						if closed[[2]string{p, q}] {
							closed[[2]string{n, q}] = true
						}
					}
				}
			}
		}
		for _, a := range names {
			want := []string{}
			for _, b := range names {
				if closed[[2]string{a, b}] {
					want = append(want, b)
				}
				if got := w.view.In(w.uid(a), w.uid(b)); got != TriOf(closed[[2]string{a, b}]) {
					t.Fatalf("%s in %s: %v", a, b, got)
				}
			}
			got, status := w.view.Ancestors(w.uid(a), []value.Value{w.uid("first")})
			if d := cmp.Diff(want, w.ids(got[1:])); d != "" || status != OK || got[0] != w.uid("first") {
				t.Fatalf("ancestors of %s: %s", a, d)
			}
		}
	})
}

// A deep hierarchy is no recursion, and its edges are counted.
func TestView_deep(t *testing.T) {
	w := newWorld()
	const depth = 100_000
	for i := range depth {
		w.store.Add(w.entity(fmt.Sprint(i), w.record(), w.record(), fmt.Sprint(i+1)))
	}
	before := w.Work
	if w.view.In(w.uid("0"), w.uid(fmt.Sprint(depth))) != Yes {
		t.Error("the end isn't reached")
	}
	if got := w.Work - before; got != depth*edgeWork {
		t.Errorf("work %d", got)
	}
	if got, _ := w.view.Ancestors(w.uid("0"), nil); len(got) != depth+1 {
		t.Errorf("%d ancestors", len(got))
	}
}

// A request in the steady state allocates nothing.
func TestView_allocates(t *testing.T) {
	w := newWorld()
	w.store.Add(w.entity("a", w.record("x", 1), w.record(), "g"))
	w.store.Add(w.entity("g", w.record(), w.record(), "h"))
	patch := w.entity("p", w.record("x", 2), w.record(), "a", "g")
	p, h, x := w.uid("p"), w.uid("h"), w.Table.String("x")
	var dst []value.Value
	n := testing.AllocsPerRun(100, func() {
		w.view.Reset()
		w.view.Patch(patch)
		dst, _ = w.view.Ancestors(p, dst[:0])
		if _, s := w.view.Attr(p, x); s != OK || w.view.In(p, h) != Yes || len(dst) != 4 {
			t.Fatal("not as it should be")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
