package value

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/source"
	"pgregory.net/rapid"
)

// value turns what a test writes into a value: bool, int, string, a slice as a set, or a handle.
func (t *Table) value(x any) Value {
	switch x := x.(type) {
	case bool:
		return Bool(x)
	case int:
		return t.Long(int64(x))
	case string:
		return t.String(x)
	case []any:
		var members []Value
		for _, m := range x {
			members = append(members, t.value(m))
		}
		return t.Set(members)
	case Value:
		return x
	}
	panic("no value")
}

func set(members ...any) []any { return members }

// check applies an operation and compares with a value or a fault's code.
func (t *Table) check(tt *testing.T, op Op, want any, args ...any) {
	tt.Helper()
	var vs []Value
	for _, a := range args {
		vs = append(vs, t.value(a))
	}
	got, f := t.Apply(op, vs)
	if code, ok := want.(source.Code); ok {
		if f == nil || f.Code != code || got != None || f.Error() == "" {
			tt.Errorf("%v %q gives %s, %v, want %s", op, args, t.show(got), f, code)
		}
		return
	}
	if f != nil || got != t.value(want) {
		tt.Errorf("%v %q gives %s, %v, want %q", op, args, t.show(got), f, want)
	}
}

func TestApply_longs(t *testing.T) {
	tab := NewTable(Key{})
	lo, hi := math.MinInt64, math.MaxInt64
	for _, c := range []struct {
		op   Op
		a, b int
		want any
	}{
		{OpAdd, 2, 3, 5}, {OpAdd, hi, 1, CodeOverflow}, {OpAdd, lo, -1, CodeOverflow}, {OpAdd, lo, hi, -1}, {OpAdd, hi, 0, hi},
		{OpSub, 2, 3, -1}, {OpSub, lo, 1, CodeOverflow}, {OpSub, 0, lo, CodeOverflow}, {OpSub, -1, lo, hi},
		{OpMul, -4, 3, -12}, {OpMul, lo, -1, CodeOverflow}, {OpMul, -1, lo, CodeOverflow}, {OpMul, 0, lo, 0}, {OpMul, lo, 1, lo}, {OpMul, 1 << 32, 1 << 31, CodeOverflow},
		{OpDiv, 7, 2, 3}, {OpDiv, -7, 2, -3}, {OpDiv, 7, -2, -3}, {OpDiv, 7, 0, CodeDivision}, {OpDiv, lo, -1, CodeOverflow},
		{OpMod, 7, 2, 1}, {OpMod, -7, 2, -1}, {OpMod, 7, -2, 1}, {OpMod, 7, 0, CodeDivision}, {OpMod, lo, -1, 0},
	} {
		tab.check(t, c.op, c.want, c.a, c.b)
	}
	tab.check(t, OpNeg, -5, 5)
	tab.check(t, OpNeg, CodeOverflow, lo)
}

func TestApply_order(t *testing.T) {
	tab := NewTable(Key{})
	for _, pair := range [][2]any{{1, 2}, {"Z", "a"}, {"a", "é"}, {"a", "aa"}, {tab.Decimal(-1), tab.Decimal(1)}, {tab.Datetime(1), tab.Datetime(2)}, {tab.Duration(-2), tab.Duration(-1)}} {
		a, b := pair[0], pair[1]
		for _, c := range []struct {
			op                Op
			less, equal, more bool
		}{{OpLess, true, false, false}, {OpLessEq, true, true, false}, {OpGreater, false, false, true}, {OpGreaterEq, false, true, true}} {
			tab.check(t, c.op, c.less, a, b)
			tab.check(t, c.op, c.equal, a, a)
			tab.check(t, c.op, c.more, b, a)
			tab.check(t, c.op, CodeKind, a, true)
			tab.check(t, c.op, CodeKind, set(), set(1))
		}
	}
	tab.check(t, OpLess, CodeKind, 1, "2")
	tab.check(t, OpLess, CodeKind, 1, tab.Decimal(20000))
	tab.check(t, OpEq, false, 1, "1")
	tab.check(t, OpNe, true, 1, "1")
	tab.check(t, OpNe, false, set(1, 2, 1), set(2, 1))
}

func TestApply_sets(t *testing.T) {
	tab := NewTable(Key{})
	many := set(9, 8, 7, 6, 5, 4, 3, 2, 1, 0, "a", "b")
	tab.check(t, OpContains, true, many, "a")
	tab.check(t, OpContains, false, many, "c")
	tab.check(t, OpContains, CodeKind, "abc", "a")
	tab.check(t, OpContainsAll, true, many, set("b", 0))
	tab.check(t, OpContainsAll, false, many, set("b", 10))
	tab.check(t, OpContainsAny, true, many, set("c", 3))
	tab.check(t, OpContainsAny, false, many, set())
	tab.check(t, OpIsEmpty, true, set())
	tab.check(t, OpIsEmpty, CodeKind, "")
	tab.check(t, OpSize, 12, many)
	tab.check(t, OpUnion, set(1, 2, 3), set(1, 2), set(3, 2))
	tab.check(t, OpIntersection, set(2), set(1, 2), set(3, 2))
	tab.check(t, OpDifference, set(1), set(1, 2), set(3, 2))
	tab.check(t, OpUnion, CodeKind, set(1), 2)
	work := tab.Work
	tab.check(t, OpContainsAll, true, many, many)
	if tab.Work-work != 12*memberWork {
		t.Errorf("comparing with 12 members counts as %d", tab.Work-work)
	}
}

func TestApply_strings(t *testing.T) {
	tab := NewTable(Key{})
	for _, c := range []struct {
		op   Op
		want any
		args []any
	}{
		{OpStartsWith, true, set("alice", "ali")}, {OpStartsWith, false, set("alice", "lice")}, {OpStartsWith, CodeKind, set("1", 1)},
		{OpEndsWith, true, set("alice", "ice")}, {OpEndsWith, false, set("alice", "ali")},
		{OpHasSubstring, true, set("alice", "lic")}, {OpHasSubstring, true, set("alice", "")}, {OpHasSubstring, false, set("alice", "lcc")}, {OpHasSubstring, CodeKind, set(set("a"), "a")},
		{OpLower, "straße äb", set("STRAßE ÄB")}, {OpUpper, "ÄB1", set("äb1")},
		{OpLength, 0, set("")}, {OpLength, 3, set("aé日")}, {OpLength, CodeKind, set(set())},
		{OpReplace, "bXbX", set("baba", "a", "X")}, {OpReplace, "", set("aaa", "a", "")}, {OpReplace, "xba", set("aaba", "aa", "x")}, {OpReplace, CodeRange, set("a", "", "b")},
		{OpReplace, "same", set("same", "x", "yyy")},
		{OpTrim, "a b", set(" \t\na b\u00a0 ")},
		{OpConcat, "ab", set("a", "b")}, {OpConcat, "", set("", "")},
		{OpSubstring, "é日", set("aé日b", 1, 3)}, {OpSubstring, "", set("ab", 2, 2)}, {OpSubstring, CodeRange, set("ab", 1, 3)}, {OpSubstring, CodeRange, set("ab", -1, 1)},
		{OpSubstring, CodeRange, set("ab", 2, 1)}, {OpSubstring, CodeRange, set("ab", 0, math.MaxInt64)},
		{OpToLong, 42, set("42")}, {OpToLong, -7, set("-7")}, {OpToLong, math.MinInt64, set("-9223372036854775808")}, {OpToLong, CodeParse, set("9223372036854775808")},
		{OpToLong, CodeParse, set("")}, {OpToLong, CodeParse, set("+1")}, {OpToLong, CodeParse, set(" 1")}, {OpToLong, CodeParse, set("0x1")}, {OpToLong, CodeParse, set("1_0")},
		{OpEntityID, "it's", set(tab.EntityOf("App::User", "it's"))}, {OpEntityType, "App::User", set(tab.EntityOf("App::User", "x"))}, {OpEntityID, CodeKind, set("x")},
		{OpToString, "as it 'is'", set("as it 'is'")}, {OpToString, `App::User::"it\'s"`, set(tab.EntityOf("App::User", "it's"))}, {OpToString, "-7", set(-7)},
		{OpToString, `[true, 2, "a"]`, set(set("a", 2, true))}, {OpToString, `decimal("1.5")`, set(tab.Decimal(15000))},
		{OpToString, `{"a": 1, "b c": []}`, set(tab.Record([]Value{tab.String("b c"), tab.Set(nil), tab.String("a"), tab.Long(1)}))},
		{OpParseDecimal, tab.Decimal(15000), set("1.5")}, {OpParseIP, CodeParse, set("1.2.3")}, {OpParseDatetime, tab.Datetime(0), set("1970-01-01")}, {OpParseDuration, CodeKind, set(5)},
		{OpNot, CodeKind, set("x")}, {OpNot, true, set(false)},
	} {
		tab.check(t, c.op, c.want, c.args...)
	}
}

func TestApply_stringLimit(t *testing.T) {
	tab := NewTable(Key{})
	tab.MaxString = 10
	tab.check(t, OpConcat, "0123456789", "01234", "56789")
	tab.check(t, OpReplace, "xxxxxxxxxx", "aaaaa", "a", "xx")
	if tab.Overlong {
		t.Error("a string at the limit exceeds it")
	}
	for _, f := range []func(){
		func() { tab.check(t, OpConcat, source.Code(CodeStringLimit), "01234", "567890") },
		func() { tab.check(t, OpReplace, source.Code(CodeStringLimit), "aaaaa", "a", "xxx") },
		func() { tab.check(t, OpToString, source.Code(CodeStringLimit), set("01234", "56789")) },
	} {
		tab.Overlong = false
		f()
		if !tab.Overlong {
			t.Error("the limit isn't noted")
		}
	}
	tab.MaxString = 0
	big := strings.Repeat("x", MaxString)
	tab.check(t, OpConcat, source.Code(CodeStringLimit), big, "x")
}

// Every operation raises on each kind that its signature doesn't name, and never otherwise for the kind's sake.
func TestApply_kinds(t *testing.T) {
	tab := NewTable(Key{})
	sample := [...]Value{True, tab.Long(1), tab.Decimal(1), tab.String("/a"), tab.Datetime(1), tab.Duration(1), tab.IP(PrefixOf(genIP.Example(1).Addr())), tab.EntityOf("T", "x"), tab.Set(nil), tab.Record(nil)}
	for op := range opCount {
		sig := op.Signature()
		if sig.Name == "" || sig.Result == 0 || len(sig.Args) == 0 || len(sig.Args) > 3 {
			t.Fatalf("operation %d has no signature: %v", op, sig)
		}
		args := make([]Value, len(sig.Args))
		for i := range args {
			for k, v := range sample {
				for j := range args {
					args[j] = sample[slices.IndexFunc(sample[:], func(v Value) bool { return sig.Args[j].Has(v.Kind()) })]
				}
				args[i] = v
				got, f := tab.Apply(op, args)
				right := sig.Args[i].Has(Kind(k)) && (op < OpLess || op > OpGreaterEq || v.Kind() == KindLong)
				if raised := f != nil && f.Code == CodeKind; raised == right {
					t.Errorf("%v over a %v as argument %d gives %v", op, Kind(k), i, f)
				}
				if f == nil && !sig.Result.Has(got.Kind()) {
					t.Errorf("%v gives a %v", op, got.Kind())
				}
				if f != nil && f.Code != CodeKind && !sig.CanRaise {
					t.Errorf("%v raises %v, which its signature denies", op, f)
				}
			}
		}
	}
}

func TestMethod(t *testing.T) {
	for _, name := range MethodNames() {
		if op, ok := Method(name); !ok || op.String() != name || !op.Signature().Method {
			t.Errorf("%s is operation %v", name, op)
		}
	}
	for _, name := range []string{"", "+", "decimal", "entityId", "startswith"} {
		if _, ok := Method(name); ok {
			t.Errorf("%q is a method", name)
		}
	}
}

func TestLike(t *testing.T) {
	tab := NewTable(Key{})
	for _, c := range []struct {
		text, pattern string
		want          bool
	}{
		{"", "", true}, {"", "*", true}, {"a", "", false}, {"abc", "abc", true}, {"abc", "a*c", true}, {"abc", "*b*", true}, {"abc", "*d*", false}, {"ab", "ab*b", false},
		{"abab", "ab*ab", true}, {"aba", "ab*ba", false}, {"a*c", "a*", true}, {"abc", "***", true}, {"aXbXc", "a*b*c", true}, {"acb", "a*b*c", false}, {"日本", "*本", true},
	} {
		if got := tab.Like(tab.String(c.text), strings.Split(c.pattern, "*")); got != c.want {
			t.Errorf("%q like %q is %v", c.text, c.pattern, got)
		}
	}
}

// likeSlowly is the definition of like.
func likeSlowly(s string, parts []string) bool {
	if len(parts) == 1 {
		return s == parts[0]
	}
	rest, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	for i := range len(rest) + 1 {
		if likeSlowly(rest[i:], parts[1:]) {
			return true
		}
	}
	return false
}

func TestLike_isItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tab := NewTable(Key{})
		s := rapid.StringMatching(`[ab]{0,12}`).Draw(t, "text")
		parts := rapid.SliceOfN(rapid.StringMatching(`[ab]{0,3}`), 1, 4).Draw(t, "parts")
		if got, want := tab.Like(tab.String(s), parts), likeSlowly(s, parts); got != want {
			t.Fatalf("%q like %q is %v", s, strings.Join(parts, "*"), got)
		}
	})
}

func TestFault_messagesAreShort(t *testing.T) {
	tab := NewTable(Key{})
	long := strings.Repeat("日", 1000)
	for _, f := range []*Fault{
		must(tab.Apply(OpToLong, []Value{tab.String(long)})), must(tab.Apply(OpNot, []Value{tab.String(long)})),
		must(tab.Apply(OpNot, []Value{tab.value(set(set(set(long, long+"x"), 1), 2))})), must(tab.Apply(OpNot, []Value{tab.Record([]Value{tab.String(long), True})})),
		must(tab.Apply(OpNot, []Value{tab.EntityOf("T", long)})), must(tab.Apply(OpMatches, []Value{tab.String(""), tab.String("(" + long)})),
	} {
		if len(f.Message) > 200 || strings.ContainsAny(f.Message, "\uFFFD") || strings.Contains(f.Message, `\x`) {
			t.Errorf("message %s", f.Message)
		}
	}
}

func must(_ Value, f *Fault) *Fault { return f }

// Days begin at midnight before 1970 too, and times of day are never negative, as in Cedar's own implementation.
func TestApply_daysBefore1970(t *testing.T) {
	tab := NewTable(Key{})
	for _, c := range []struct{ ms, day, time int64 }{
		{0, 0, 0}, {-1, -millisPerDay, millisPerDay - 1}, {-millisPerDay, -millisPerDay, 0}, {-millisPerDay - 5, -2 * millisPerDay, millisPerDay - 5},
		{millisPerDay + 5, millisPerDay, 5},
	} {
		tab.check(t, OpToDate, tab.Datetime(c.day), tab.Datetime(c.ms))
		tab.check(t, OpToTime, tab.Duration(c.time), tab.Datetime(c.ms))
	}
	first := tab.Datetime(math.MinInt64)
	tab.check(t, OpToDate, source.Code(CodeOverflow), first)
	tab.check(t, OpToTime, tab.Duration(millisPerDay+math.MinInt64%millisPerDay), first)
}

// show is a value as Cedar writes it.
func (t *Table) show(v Value) string { return string(t.Append(nil, v)) }
