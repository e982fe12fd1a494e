package relation

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rune-authz/rune/engine/internal/value"
	"pgregory.net/rapid"
)

func longs(t *value.Table, ns ...int64) []value.Value {
	var out []value.Value
	for _, n := range ns {
		out = append(out, t.Long(n))
	}
	return out
}

// model is a relation as a plain list of rows.
type model struct{ rows [][]value.Value }

func (m *model) index(row []value.Value) int {
	return slices.IndexFunc(m.rows, func(r []value.Value) bool { return slices.Equal(r, row) })
}

func (m *model) matching(columns []int, key []value.Value) [][]value.Value {
	var out [][]value.Value
	for _, r := range m.rows {
		if slices.IndexFunc(columns, func(c int) bool { return r[c] != key[slices.Index(columns, c)] }) < 0 {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, slices.Compare[[]value.Value])
	return out
}

func rowsOf(r *Relation, ids []uint32) [][]value.Value {
	var out [][]value.Value
	for _, id := range ids {
		out = append(out, slices.Clone(r.Row(id)))
	}
	return out
}

func TestRelation_likeAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := value.NewTable(value.Key{1, rapid.Uint64().Draw(t, "key")})
		arity := rapid.IntRange(0, 3).Draw(t, "arity")
		r, m := New(arity, tab.Seed(), nil), &model{}
		switch start := rapid.IntRange(0, 2).Draw(t, "start"); {
		case start == 1:
			r.Grow(100)
		case start == 2 && arity > 0:
			var rows []value.Value
			for range rapid.IntRange(0, 30).Draw(t, "rows") {
				var row []value.Value
				for range arity {
					row = append(row, tab.Long(rapid.Int64Range(0, 4).Draw(t, "v")))
				}
				rows = append(rows, row...)
				if m.index(row) < 0 {
					m.rows = append(m.rows, row)
				}
			}
			r.Adopt(rows)
		}
		var indexes [][]int
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			var ns []int64
			for range arity {
				ns = append(ns, int64(rapid.IntRange(0, 4).Draw(t, "v")))
			}
			row := longs(tab, ns...)
			at := m.index(row)
			switch rapid.IntRange(0, 9).Draw(t, "do") {
			case 0, 1, 2:
				if r.Delete(row) != (at >= 0) {
					t.Fatalf("deleting %v", ns)
				}
				if at >= 0 {
					m.rows = slices.Delete(m.rows, at, at+1)
				}
			case 3:
				var columns []int
				for c := range arity {
					if rapid.Bool().Draw(t, "column") {
						columns = append(columns, c)
					}
				}
				indexes = append(indexes, columns)
			default:
				id, isNew := r.Insert(row)
				if isNew != (at < 0) || !slices.Equal(r.Row(id), row) || !r.Alive(id) {
					t.Fatalf("inserting %v", ns)
				}
				if isNew {
					m.rows = append(m.rows, row)
				}
			}
			check(t, tab, r, m, row, indexes)
		}
	})
}

func check(t *rapid.T, tab *value.Table, r *Relation, m *model, row []value.Value, indexes [][]int) {
	if r.Len() != len(m.rows) {
		t.Fatalf("%d rows, want %d", r.Len(), len(m.rows))
	}
	if id, found := r.Find(row); found != (m.index(row) >= 0) || found && !slices.Equal(r.Row(id), row) {
		t.Fatalf("finding %v: %v", row, found)
	}
	for _, columns := range indexes {
		var key []value.Value
		for _, c := range columns {
			key = append(key, row[c])
		}
		want := m.matching(columns, key)
		got := rowsOf(r, r.Index(columns).Find(key))
		slices.SortFunc(got, slices.Compare[[]value.Value])
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("columns %v: %s", columns, d)
		}
		if d := cmp.Diff(want, rowsOf(r, r.Index(columns).Sorted(tab, key))); d != "" {
			t.Fatalf("columns %v, sorted: %s", columns, d)
		}
	}
}

func TestRelation_many(t *testing.T) {
	tab := value.NewTable(value.Key{})
	r := New(2, tab.Seed(), nil)
	byFirst := r.Index([]int{0})
	const n = 20_000
	for i := range int64(n) {
		r.Insert(longs(tab, i%100, i))
	}
	if r.Len() != n || r.Top() != n || len(r.Rows()) != 2*n || r.Arity() != 2 {
		t.Fatalf("%d rows", r.Len())
	}
	for i := range int64(n) {
		if i%100 != 7 && !r.Delete(longs(tab, i%100, i)) {
			t.Fatalf("row %d was not there", i)
		}
	}
	if got := len(byFirst.Find(longs(tab, 7))); got != n/100 || r.Len() != n/100 || byFirst.Relation() != r {
		t.Fatalf("%d rows of 7, %d in all", got, r.Len())
	}
	if len(byFirst.Find(longs(tab, 8))) != 0 || len(byFirst.ids) > n/10 {
		t.Fatalf("%d places for %d rows", len(byFirst.ids), r.Len())
	}
	for i := range int64(n) {
		r.Insert(longs(tab, i%100, i))
	}
	if r.Top() != n || len(byFirst.Find(longs(tab, 8))) != n/100 {
		t.Fatalf("numbers are not reused: top %d", r.Top())
	}
}

// Adopted rows that repeat are there once, in the order in which they first stood.
func TestRelation_adopt(t *testing.T) {
	for _, n := range []int64{0, 1, 7, 990, 1000} {
		tab := value.NewTable(value.Key{3, 4})
		var rows []value.Value
		for i := range int64(1000) {
			rows = append(rows, longs(tab, i%max(n, 1), i%max(n, 1)*7)...)
		}
		rows = rows[:min(n, 1)*int64(len(rows))]
		want := New(2, tab.Seed(), nil)
		for i := 0; i < len(rows); i += 2 {
			want.Insert(rows[i : i+2])
		}
		r := New(2, tab.Seed(), nil)
		r.Adopt(slices.Clone(rows))
		if d := cmp.Diff(want.Rows(), r.Rows(), cmpopts.EquateEmpty()); d != "" || r.Len() != want.Len() || r.Top() != r.Len() {
			t.Errorf("%d: %s", n, d)
		}
		for id := range uint32(want.Top()) {
			if got, found := r.Find(want.Row(id)); !found || got != id {
				t.Fatalf("row %d isn't found", id)
			}
		}
		if _, isNew := r.Insert(longs(tab, -1, -1)); !isNew || r.Delete(longs(tab, 0, 0)) != (n > 0) {
			t.Errorf("%d: can't be changed", n)
		}
	}
}

// A reader's slice stays as it was while rows are inserted.
func TestIndex_findStays(t *testing.T) {
	tab := value.NewTable(value.Key{})
	r := New(1, tab.Seed(), nil)
	all := r.Index(nil)
	r.Insert(longs(tab, 3))
	before := all.Find(nil)
	for i := range int64(100) {
		r.Insert(longs(tab, i))
	}
	if len(before) != 1 || before[0] != 0 {
		t.Errorf("%v", before)
	}
	if got := rowsOf(r, all.Sorted(tab, nil)); tab.LongOf(got[99][0]) != 99 {
		t.Errorf("sorted: %v", got)
	}
}

func TestSorted_byContent(t *testing.T) {
	tab := value.NewTable(value.Key{})
	r := New(1, tab.Seed(), nil)
	for _, s := range []string{"pear", "apple", "quince", "fig"} {
		r.Insert([]value.Value{tab.String(s)})
	}
	var got []string
	for _, id := range r.Index(nil).Sorted(tab, nil) {
		got = append(got, tab.TextString(r.Row(id)[0]))
	}
	if d := cmp.Diff([]string{"apple", "fig", "pear", "quince"}, got); d != "" {
		t.Error(d)
	}
}

func TestDatabase(t *testing.T) {
	tab := value.NewTable(value.Key{5, 6})
	d := NewDatabase(tab, []int{0, 2})
	if d.Len() != 2 || d.Pred(1).Facts.Arity() != 2 || d.Pred(0).Rows != nil {
		t.Fatal("a new database")
	}
	v := d.Version()
	rows := d.New(2)
	d.Materialise(1, rows, nil)
	if d.Pred(1).Rows != rows || d.Version() == v {
		t.Error("the version stays although there are other relations")
	}
}

func TestPairs(t *testing.T) {
	tab := value.NewTable(value.Key{1, 1})
	for arity := range 3 {
		p, seen := NewPairs(tab.Seed(), nil), map[string]bool{}
		for i := range int64(3000) {
			row := longs(tab, i%50, i*i%37)[:arity]
			if arity == 2 && i%9 == 0 {
				row = []value.Value{value.False, value.False}
			}
			k := string(tab.Append(nil, tab.Set(row)))
			for _, v := range row {
				k += "," + string(tab.Append(nil, v))
			}
			if isNew := p.Add(row); isNew == seen[k] {
				t.Fatalf("arity %d, row %d: new %v", arity, i, isNew)
			}
			seen[k] = true
		}
	}
}

// Long work inside a relation is interrupted.
func TestPauses(t *testing.T) {
	tab := value.NewTable(value.Key{})
	d := NewDatabase(tab, []int{2})
	calls := 0
	d.Pauses.Call(func() { calls++ })
	paused := func(what string, work func()) {
		t.Helper()
		calls = 0
		if work(); calls == 0 {
			t.Errorf("no pause while %s", what)
		}
	}
	r, p := d.Pred(0).Facts, d.NewPairs()
	paused("inserting", func() {
		for i := range int64(100_000) {
			r.Insert(longs(tab, i*7919%100_000, i))
		}
	})
	paused("adding pairs", func() {
		for i := range int64(100_000) {
			p.Add(longs(tab, i, i))
		}
	})
	paused("building an index", func() { r.Index([]int{1}) })
	paused("sorting", func() { r.Index(nil).Sorted(tab, nil) })
	d.Pauses.Call(nil)
	calls = 0
	if r.Index([]int{0}); calls != 0 {
		t.Error("a pause although nobody wants one")
	}
}

func TestLoose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := value.NewTable(value.Key{})
		l := NewDatabase(tab, nil).NewLoose(3)
		draw := func() []value.Value {
			var row []value.Value
			for range 3 {
				v := value.Unknown
				if n := rapid.Int64Range(-1, 2).Draw(t, "v"); n >= 0 {
					v = tab.Long(n)
				}
				row = append(row, v)
			}
			return row
		}
		m := &model{}
		for range rapid.IntRange(0, 40).Draw(t, "rows") {
			row, fault := draw(), &value.Fault{}
			isNew := m.index(row) < 0
			if l.Add(row, fault) != isNew {
				t.Fatalf("adding %v", row)
			}
			if isNew {
				m.rows = append(m.rows, row)
				if l.Fault(uint32(l.Len()-1)) != fault {
					t.Fatal("another error")
				}
			}
		}
		args := draw()
		var want []uint32
		for i, row := range m.rows {
			if !slices.ContainsFunc([]int{0, 1, 2}, func(c int) bool { return args[c].IsValue() && row[c].IsValue() && args[c] != row[c] }) {
				want = append(want, uint32(i))
			}
		}
		if d := cmp.Diff(want, l.Match(args, nil)); d != "" || len(l.Faults()) != l.All().Len() {
			t.Fatal(d)
		}
	})
	var none *Loose
	if none.Len() != 0 || none.Match(nil, nil) != nil {
		t.Error("nil has rows")
	}
}

// Rows that a relation adopts are found, and once it is prepared without going through all of them first.
func TestAdoptRows(t *testing.T) {
	var rows []value.Value
	for i := range value.Value(20_000) {
		rows = append(rows, i, i+1)
	}
	yields := 0
	var pauses Pauses
	pauses.Call(func() { yields++ })
	r := New(2, 1, &pauses)
	r.AdoptRows(rows, len(rows)/2)
	r.Prepare()
	before := yields
	if r.Len() != 20_000 || !r.Has([]value.Value{7, 8}) || r.Has([]value.Value{8, 7}) {
		t.Errorf("%d rows, or not those", r.Len())
	}
	if before == 0 || yields != before {
		t.Errorf("%d pauses before a row is looked for, then %d", before, yields-before)
	}
	if _, isNew := r.Insert([]value.Value{7, 8}); isNew || !r.Delete([]value.Value{7, 8}) || r.Has([]value.Value{7, 8}) || r.Len() != 19_999 {
		t.Error("changes are lost")
	}
}
