package value

import (
	"bytes"
	stdcmp "cmp"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// tree is a value as tests think of it: without a table.
type tree struct {
	kind Kind
	num  int64  // bool, long, decimal, datetime, duration
	text string // string, entity id
	typ  string
	ip   netip.Prefix
	list []tree   // set
	keys []string // record, with list
}

func (n tree) build(t *Table) Value {
	switch n.kind {
	case KindBool:
		return Bool(n.num != 0)
	case KindLong:
		return t.Long(n.num)
	case KindDecimal:
		return t.Decimal(n.num)
	case KindString:
		return t.String(n.text)
	case KindDatetime:
		return t.Datetime(n.num)
	case KindDuration:
		return t.Duration(n.num)
	case KindIP:
		return t.IP(n.ip)
	case KindEntity:
		return t.EntityOf(n.typ, n.text)
	case KindSet:
		var members []Value
		for _, m := range n.list {
			members = append(members, m.build(t))
		}
		return t.Set(members)
	}
	var fields []Value
	for i, k := range n.keys {
		fields = append(fields, t.String(k), n.list[i].build(t))
	}
	return t.Record(fields)
}

// compare is the order of language.md, written from the structure.
func (n tree) compare(o tree) int {
	if n.kind != o.kind {
		return int(n.kind) - int(o.kind)
	}
	switch n.kind {
	case KindString:
		return strings.Compare(n.text, o.text)
	case KindIP:
		if c := n.ip.Addr().Compare(o.ip.Addr()); c != 0 {
			return c
		}
		return n.ip.Bits() - o.ip.Bits()
	case KindEntity:
		if c := strings.Compare(n.typ, o.typ); c != 0 {
			return c
		}
		return strings.Compare(n.text, o.text)
	case KindSet:
		return slices.CompareFunc(n.members(), o.members(), tree.compare)
	case KindRecord:
		a, b := n.fields(), o.fields()
		for i := range min(len(a), len(b)) {
			if c := strings.Compare(a[i].text, b[i].text); c != 0 {
				return c
			}
			if c := a[i].list[0].compare(b[i].list[0]); c != 0 {
				return c
			}
		}
		return len(a) - len(b)
	}
	return stdcmp.Compare(n.num, o.num)
}

func (n tree) members() []tree {
	l := slices.SortedFunc(slices.Values(n.list), tree.compare)
	return slices.CompactFunc(l, func(a, b tree) bool { return a.compare(b) == 0 })
}

func (n tree) fields() []tree {
	var l []tree
	for i, k := range n.keys {
		l = append(l, tree{text: k, list: n.list[i : i+1]})
	}
	slices.SortFunc(l, func(a, b tree) int { return strings.Compare(a.text, b.text) })
	return l
}

var (
	genText   = rapid.OneOf(rapid.SampledFrom([]string{"", "a", "b", "alice", "it's", "\x00\n", "é", "日本", "a*b"}), rapid.String())
	genNumber = rapid.OneOf(rapid.SampledFrom([]int64{0, 1, -1, 7, minInline, minInline - 1, maxInline, maxInline + 1, math.MinInt64, math.MaxInt64}), rapid.Int64())
	genIP     = rapid.Custom(func(t *rapid.T) netip.Prefix {
		var a netip.Addr
		switch rapid.IntRange(0, 2).Draw(t, "family") {
		case 0:
			a = netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 10, 127, 224, 255}), 4, 4).Draw(t, "v4")))
		case 1:
			a = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 0, 1, 0xff}), 16, 16).Draw(t, "v6")))
		default:
			b := [16]byte{10: 0xff, 11: 0xff}
			copy(b[12:], rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 127, 224}), 4, 4).Draw(t, "mapped"))
			a = netip.AddrFrom16(b)
		}
		if rapid.Bool().Draw(t, "single") {
			return PrefixOf(a)
		}
		return netip.PrefixFrom(a, rapid.IntRange(0, a.BitLen()).Draw(t, "bits"))
	})
)

func genTree(depth int) *rapid.Generator[tree] {
	return rapid.Custom(func(t *rapid.T) tree {
		last := KindRecord
		if depth == 0 {
			last = KindEntity
		}
		n := tree{kind: Kind(rapid.IntRange(0, int(last)).Draw(t, "kind"))}
		switch n.kind {
		case KindBool:
			n.num = int64(rapid.IntRange(0, 1).Draw(t, "bool"))
		case KindString:
			n.text = genText.Draw(t, "text")
		case KindIP:
			n.ip = genIP.Draw(t, "ip")
		case KindEntity:
			n.typ = rapid.SampledFrom([]string{"User", "Group", "App::User"}).Draw(t, "type")
			n.text = genText.Draw(t, "id")
		case KindSet:
			n.list = rapid.SliceOfN(genTree(depth-1), 0, 10).Draw(t, "members")
		case KindRecord:
			n.keys = rapid.SliceOfNDistinct(genText, 0, 4, rapid.ID[string]).Draw(t, "keys")
			n.list = rapid.SliceOfN(genTree(depth-1), len(n.keys), len(n.keys)).Draw(t, "values")
		default:
			n.num = genNumber.Draw(t, "number")
		}
		return n
	})
}

func genKey(t *rapid.T) Key {
	return Key{rapid.Uint64().Draw(t, "key0"), rapid.Uint64().Draw(t, "key1")}
}

// render shows values as every output does.
func render(t *Table, vs []Value) (out []string) {
	for _, v := range vs {
		out = append(out, string(t.Append(nil, v)), string(t.AppendJSON(nil, v)))
	}
	return out
}

func TestInterning_isStructuralEquality(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := NewTable(genKey(t))
		trees := rapid.SliceOfN(genTree(2), 2, 12).Draw(t, "trees")
		var vs []Value
		for _, n := range trees {
			vs = append(vs, n.build(tab))
		}
		for i, a := range trees {
			for j, b := range trees {
				want := a.compare(b)
				if same := vs[i] == vs[j]; same != (want == 0) {
					t.Fatalf("%v and %v: equal handles %v", a, b, same)
				}
				if got := tab.Compare(vs[i], vs[j]); got < 0 != (want < 0) || got > 0 != (want > 0) {
					t.Fatalf("%v and %v compare as %d, want %d", a, b, got, want)
				}
			}
			if vs[i].Kind() != a.kind || !vs[i].IsValue() || a.build(tab) != vs[i] {
				t.Fatalf("%v became a %v", a, vs[i].Kind())
			}
		}
	})
}

func TestOutput_isIndependentOfKeyAndInsertion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trees := rapid.SliceOfN(genTree(2), 1, 12).Draw(t, "trees")
		outputs := func(order []tree) []string {
			tab := NewTable(genKey(t))
			var vs []Value
			for _, n := range order {
				vs = append(vs, n.build(tab))
			}
			slices.SortFunc(vs, tab.Compare)
			return append(render(tab, vs), string(tab.Append(nil, tab.Set(vs))))
		}
		a := outputs(trees)
		b := outputs(rapid.Permutation(trees).Draw(t, "order"))
		if d := cmp.Diff(a, b); d != "" {
			t.Fatal(d)
		}
	})
}

func TestReset_takesBackAllSinceMark(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := genKey(t)
		tab, fresh := NewTable(key), NewTable(key)
		large := func(n int) tree { return tree{kind: KindString, text: strings.Repeat("x", n)} }
		sizes := rapid.SampledFrom([]int{chunkSize - 1, chunkSize, chunkSize + 1, 3*chunkSize + 5})
		var base []tree
		for range rapid.IntRange(0, 3).Draw(t, "base") {
			if rapid.Bool().Draw(t, "large") {
				base = append(base, large(sizes.Draw(t, "size")))
			} else {
				base = append(base, genTree(2).Draw(t, "tree"))
			}
		}
		var handles []Value
		for _, n := range base {
			handles = append(handles, n.build(tab))
			n.build(fresh)
		}
		texts := render(tab, handles)
		mark := tab.Mark()
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			for i := range rapid.IntRange(0, 60).Draw(t, "many") {
				tab.EntityOf("User", strings.Repeat("u", i)) // enough to grow the indexes
				tab.Long(math.MaxInt64 - int64(i))
			}
			if rapid.Bool().Draw(t, "large") {
				large(sizes.Draw(t, "size")).build(tab)
			}
			rapid.SliceOfN(genTree(2), 0, 5).Draw(t, "scratch")
			if tab.Size(mark) < 0 || tab.Bytes() < tab.Size(mark) {
				t.Fatalf("size %d of %d bytes", tab.Size(mark), tab.Bytes())
			}
			tab.Reset(mark)
			if tab.Size(mark) != 0 {
				t.Fatalf("%d bytes are left", tab.Size(mark))
			}
		}
		more := append(rapid.SliceOfN(genTree(2), 0, 5).Draw(t, "more"), large(100), large(chunkSize-200), large(chunkSize-300), large(chunkSize-400))
		var got, want []Value
		for _, n := range append(slices.Clone(base), more...) {
			got, want = append(got, n.build(tab)), append(want, n.build(fresh))
		}
		if !slices.Equal(got[:len(base)], handles) || !slices.Equal(render(tab, handles), texts) {
			t.Fatal("what was there before the mark changed")
		}
		if !slices.Equal(got, want) || !slices.Equal(render(tab, got), render(fresh, want)) {
			t.Fatal("a reset table gives other handles or texts than one that never saw the request")
		}
	})
}

// The first string after the mark takes the chunk of the empty arena, and is larger than one.
func TestReset_ofAnEmptyTableAfterALargeString(t *testing.T) {
	tab := NewTable(Key{})
	mark := tab.Mark()
	for range 2 {
		tab.String(strings.Repeat("x", 2*chunkSize))
		tab.Reset(mark)
	}
	half := strings.Repeat("y", chunkSize-10)
	a, b, c := tab.String(half), tab.String(half+"z"), tab.String("short")
	if tab.TextString(a) != half || tab.TextString(b) != half+"z" || tab.TextString(c) != "short" {
		t.Error("strings are mixed up")
	}
}

func TestFindString(t *testing.T) {
	tab := NewTable(Key{1, 2})
	if _, ok := tab.FindString([]byte("a")); ok {
		t.Error("an empty table finds a string")
	}
	for i := range 1000 {
		tab.String(strings.Repeat("k", i))
	}
	for i := range 1000 {
		v, ok := tab.FindString(bytes.Repeat([]byte("k"), i))
		if !ok || len(tab.Text(v)) != i || len(tab.TextString(v)) != i {
			t.Fatalf("string %d is not found", i)
		}
	}
	before := tab.Mark()
	if _, ok := tab.FindString([]byte("other")); ok || tab.Size(before) != 0 {
		t.Error("looking for a string interns it")
	}
}

// Records of any size sort their keys and find them; a large one takes no quadratic time.
func TestRecord_sizes(t *testing.T) {
	for _, n := range []int{0, 1, smallRecord, smallRecord + 1, 100_000} {
		tab := NewTable(Key{1, 2})
		var fields []Value
		for i := range n {
			fields = append(fields, tab.String(strconv.Itoa(i*7919%n)), tab.Long(int64(i)))
		}
		r := tab.Record(fields)
		if f := tab.Fields(r); !slices.IsSortedFunc(slices.Collect(slices.Chunk(f, 2)), func(a, b []Value) int { return tab.Compare(a[0], b[0]) }) {
			t.Errorf("%d keys are not in order", n)
		}
		for i := 0; i < n; i += 1 + n/100 {
			if got := tab.Field(r, fields[2*i]); got != fields[2*i+1] {
				t.Errorf("of %d fields, key %s has %v", n, tab.Text(fields[2*i]), got)
			}
		}
		for _, missing := range []string{"", "5x", "x"} {
			if got := tab.Field(r, tab.String(missing)); got != None {
				t.Errorf("of %d fields, the missing key %q has %v", n, missing, got)
			}
		}
	}
}

func TestRecord_fields(t *testing.T) {
	tab := NewTable(Key{})
	b, a := tab.String("b"), tab.String("a")
	r := tab.Record([]Value{b, True, a, False})
	if tab.Field(r, a) != False || tab.Field(r, b) != True || tab.Field(r, tab.String("c")) != None {
		t.Error("fields are mixed up")
	}
	if got := tab.Fields(r); !slices.Equal(got, []Value{a, False, b, True}) {
		t.Errorf("fields %v are not by key", got)
	}
}

func TestCompareRows(t *testing.T) {
	tab := NewTable(Key{})
	one, two := tab.Long(1), tab.Long(2)
	if tab.CompareRows([]Value{one, two}, []Value{two, one}) >= 0 || tab.CompareRows([]Value{one}, []Value{one}) != 0 {
		t.Error("rows are out of order")
	}
	if tab.Compare(Unknown, None) >= 0 || Unknown.IsValue() || None.IsValue() || Unknown.Kind().String() != "unknown" {
		t.Error("? and no value are values")
	}
}

func TestIsTypePath(t *testing.T) {
	for s, want := range map[string]bool{
		"User": true, "App::User": true, "_a::B9::c": true,
		"": false, "::": false, "User::": false, "::User": false, "9User": false, "App:User": false, "App::9": false, "Us er": false, "Usér": false,
	} {
		if IsTypePath(s) != want {
			t.Errorf("IsTypePath(%q) is %v", s, !want)
		}
	}
}

func TestArena_full(t *testing.T) {
	defer func() {
		if e, ok := recover().(error); !ok || e.Error() != "value table is full" {
			t.Errorf("recovered %v", e)
		}
	}()
	a := arena{chunks: make([][]byte, 1<<(32-chunkBits)), last: 1<<(32-chunkBits) - 1}
	a.put([]byte("x"))
}

func BenchmarkString_found(b *testing.B) {
	tab := NewTable(Key{1, 2})
	var names [][]byte
	for i := range 1 << 14 {
		names = append(names, []byte("user-"+strings.Repeat("abcdefgh", i%4)+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676))))
		tab.StringBytes(names[i])
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		tab.StringBytes(names[i&(1<<14-1)])
	}
}

func BenchmarkString_newAndReset(b *testing.B) {
	tab := NewTable(Key{1, 2})
	m := tab.Mark()
	name := []byte("request-00000000")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		name[len(name)-1-i%8] = byte('a' + i%26)
		tab.StringBytes(name)
		if i%16 == 15 {
			tab.Reset(m)
		}
	}
}

func BenchmarkEntity_found(b *testing.B) {
	tab := NewTable(Key{1, 2})
	typ, id := tab.String("User"), tab.String("alice")
	tab.Entity(typ, id)
	b.ReportAllocs()
	for b.Loop() {
		tab.Entity(typ, id)
	}
}
