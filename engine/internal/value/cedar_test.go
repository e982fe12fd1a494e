package value

import (
	"encoding/json"

	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"pgregory.net/rapid"
)

// toCedar gives cedar-go's value, built from content, not from text.
func (n tree) toCedar() types.Value {
	switch n.kind {
	case KindBool:
		return types.Boolean(n.num != 0)
	case KindLong:
		return types.Long(n.num)
	case KindDecimal:
		d, err := types.NewDecimal(n.num, -4)
		if err != nil {
			panic(err)
		}
		return d
	case KindString:
		return types.String(n.text)
	case KindDatetime:
		return types.NewDatetimeFromMillis(n.num)
	case KindDuration:
		return types.NewDurationFromMillis(n.num)
	case KindIP:
		return types.IPAddr(n.ip)
	case KindEntity:
		return types.NewEntityUID(types.EntityType(n.typ), types.String(n.text))
	case KindSet:
		var members []types.Value
		for _, m := range n.list {
			members = append(members, m.toCedar())
		}
		return types.NewSet(members...)
	}
	m := types.RecordMap{}
	for i, k := range n.keys {
		m[types.String(k)] = n.list[i].toCedar()
	}
	return types.NewRecord(m)
}

// cedarOperations are the operations that Cedar has too, as Cedar writes them over context.a and context.b.
var cedarOperations = []struct {
	op   Op
	text string
	args []Kind
}{
	{OpAdd, "context.a + context.b", []Kind{KindLong, KindLong}},
	{OpSub, "context.a - context.b", []Kind{KindLong, KindLong}},
	{OpMul, "context.a * context.b", []Kind{KindLong, KindLong}},
	{OpNeg, "-context.a", []Kind{KindLong}},
	{OpNot, "!context.a", []Kind{KindBool}},
	{OpEq, "context.a == context.b", []Kind{KindSet, KindSet}},
	{OpNe, "context.a != context.b", []Kind{KindRecord, KindRecord}},
	{OpLess, "context.a < context.b", []Kind{KindLong, KindLong}},
	{OpLessEq, "context.a <= context.b", []Kind{KindDatetime, KindDatetime}},
	{OpGreater, "context.a > context.b", []Kind{KindDuration, KindDuration}},
	{OpGreaterEq, "context.a >= context.b", []Kind{KindLong, KindLong}},
	{OpContains, "context.a.contains(context.b)", []Kind{KindSet, KindLong}},
	{OpContainsAll, "context.a.containsAll(context.b)", []Kind{KindSet, KindSet}},
	{OpContainsAny, "context.a.containsAny(context.b)", []Kind{KindSet, KindSet}},
	{OpIsEmpty, "context.a.isEmpty()", []Kind{KindSet}},
	{OpDecLessThan, "context.a.lessThan(context.b)", []Kind{KindDecimal, KindDecimal}},
	{OpDecLessThanOrEqual, "context.a.lessThanOrEqual(context.b)", []Kind{KindDecimal, KindDecimal}},
	{OpDecGreaterThan, "context.a.greaterThan(context.b)", []Kind{KindDecimal, KindDecimal}},
	{OpDecGreaterThanOrEqual, "context.a.greaterThanOrEqual(context.b)", []Kind{KindDecimal, KindDecimal}},
	{OpIsIpv4, "context.a.isIpv4()", []Kind{KindIP}},
	{OpIsIpv6, "context.a.isIpv6()", []Kind{KindIP}},
	{OpIsLoopback, "context.a.isLoopback()", []Kind{KindIP}},
	{OpIsMulticast, "context.a.isMulticast()", []Kind{KindIP}},
	{OpIsInRange, "context.a.isInRange(context.b)", []Kind{KindIP, KindIP}},
	{OpOffset, "context.a.offset(context.b)", []Kind{KindDatetime, KindDuration}},
	{OpDurationSince, "context.a.durationSince(context.b)", []Kind{KindDatetime, KindDatetime}},
	{OpToDate, "context.a.toDate()", []Kind{KindDatetime}},
	{OpToTime, "context.a.toTime()", []Kind{KindDatetime}},
	{OpToMilliseconds, "context.a.toMilliseconds()", []Kind{KindDuration}},
	{OpToSeconds, "context.a.toSeconds()", []Kind{KindDuration}},
	{OpToMinutes, "context.a.toMinutes()", []Kind{KindDuration}},
	{OpToHours, "context.a.toHours()", []Kind{KindDuration}},
	{OpToDays, "context.a.toDays()", []Kind{KindDuration}},
}

// genOfKind leans towards small numbers and likely equal members, where the outcome of operations varies.
func genOfKind(k Kind) *rapid.Generator[tree] {
	return rapid.Custom(func(t *rapid.T) tree {
		n := tree{kind: k}
		switch k {
		case KindBool:
			n.num = int64(rapid.IntRange(0, 1).Draw(t, "bool"))
		case KindIP:
			n.ip = genIP.Draw(t, "ip")
		case KindSet:
			n.list = rapid.SliceOfN(genOfKind(KindLong), 0, 12).Draw(t, "members")
		case KindRecord:
			n.keys = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b"}), 0, 2, rapid.ID[string]).Draw(t, "keys")
			n.list = rapid.SliceOfN(genOfKind(KindLong), len(n.keys), len(n.keys)).Draw(t, "values")
		default:
			n.num = rapid.OneOf(rapid.Int64Range(-3, 6), rapid.Int64Range(-3e8, 3e8), genNumber).Draw(t, "number")
		}
		return n
	})
}

// Each operation gives in a Cedar policy what it gives here: the same value, or an error in both.
func TestApply_isCedar(t *testing.T) {
	for _, c := range cedarOperations {
		t.Run(c.op.String(), func(t *testing.T) {
			policies, err := cedar.NewPolicySetFromBytes("", []byte("permit(principal, action, resource) when { ("+c.text+") == context.r };"))
			if err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				tab := NewTable(Key{})
				context := types.RecordMap{}
				var args []Value
				for i, k := range c.args {
					n := genOfKind(k).Draw(t, "argument")
					context[types.String("ab"[i:i+1])] = n.toCedar()
					args = append(args, n.build(tab))
					if (c.op == OpToDate || c.op == OpToTime) && n.num < 0 {
						return // which cedar-go rounds towards 1970
					}
				}
				r, f := tab.Apply(c.op, args)
				if f == nil {
					context["r"] = tab.tree(r).toCedar()
				} else {
					context["r"] = types.Long(0)
				}
				decision, diagnostic := cedar.Authorize(policies, types.EntityMap{}, cedar.Request{Context: types.NewRecord(context)})
				if erred := len(diagnostic.Errors) > 0; erred != (f != nil) || !erred && decision != cedar.Allow {
					t.Fatalf("%s over %v gives %q, %v; Cedar %v %v", c.text, context, tab.Append(nil, r), f, decision, diagnostic)
				}
			})
		})
	}
}

// tree takes a value apart.
func (t *Table) tree(v Value) tree {
	n := tree{kind: v.Kind()}
	switch n.kind {
	case KindBool:
		n.num = int64(v & 1)
	case KindLong:
		n.num = t.LongOf(v)
	case KindDecimal:
		n.num = t.DecimalOf(v)
	case KindString:
		n.text = t.TextString(v)
	case KindDatetime:
		n.num = t.DatetimeOf(v)
	case KindDuration:
		n.num = t.DurationOf(v)
	case KindIP:
		n.ip = t.IPOf(v)
	case KindEntity:
		n.typ, n.text = t.TextString(t.EntityType(v)), t.TextString(t.EntityID(v))
	case KindSet:
		for _, m := range t.Members(v) {
			n.list = append(n.list, t.tree(m))
		}
	case KindRecord:
		f := t.Fields(v)
		for i := 0; i < len(f); i += 2 {
			n.keys, n.list = append(n.keys, t.TextString(f[i])), append(n.list, t.tree(f[i+1]))
		}
	}
	return n
}

// unreadable reports whether cedar-go can't read what it writes itself: the earliest day, the shortest duration, and records with
// certain keys.
func (n tree) unreadable() bool {
	const firstDay = math.MinInt64 + millisPerDay
	return n.kind == KindDuration && n.num == math.MinInt64 || n.kind == KindDatetime && n.num < firstDay ||
		slices.Contains(n.keys, "__entity") || slices.Contains(n.keys, "__extn") || slices.ContainsFunc(n.list, tree.unreadable)
}

// What Append and AppendJSON write is text and JSON of the same value to cedar-go.
func TestAppend_isCedar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := genTree(2).Draw(t, "tree")
		tab := NewTable(Key{})
		v := n.build(tab)
		text := tab.AppendJSON(nil, v)
		if !json.Valid(text) {
			t.Fatalf("%s is no JSON", text)
		}
		if n.unreadable() {
			return
		}
		var set types.Set // its members are read by the form of the JSON
		if err := set.UnmarshalJSON([]byte("[" + string(text) + "]")); err != nil || !set.Equal(types.NewSet(n.toCedar())) {
			t.Fatalf("%s reads as %v (%v), is %v", text, set, err, n.toCedar())
		}
	})
}

func TestAppend_scalarsAsCedarWritesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := genTree(0).Draw(t, "tree")
		if n.kind == KindIP && n.ip.Addr().Is4In6() || n.kind == KindDuration && n.num == math.MinInt64 {
			return // which cedar-go writes so that nobody can read them
		}
		tab := NewTable(Key{})
		v := n.build(tab)
		if got, want := string(tab.Append(nil, v)), string(n.toCedar().MarshalCedar()); got != want {
			t.Fatalf("wrote %s, cedar-go %s", got, want)
		}
	})
}

// All characters, first and later, but those that only cedar-go's version of Unicode has assigned.
func TestAppendQuoted_isCedar(t *testing.T) {
	for r := rune(0); r <= utf8.MaxRune; r++ {
		for _, s := range []string{string(r), "a" + string(r)} {
			if got, want := string(AppendQuoted(nil, []byte(s))), string(types.String(s).MarshalCedar()); got != want {
				if unicode.IsPrint(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co, unicode.Z) {
					t.Errorf("wrote %s, cedar-go %s", got, want)
				}
			}
		}
	}
}

func TestUnescape_isCedar(t *testing.T) {
	escapes := []string{`\n`, `\r`, `\t`, `\\`, `\0`, `\'`, `\"`, `\x41`, `\x7f`, `\x80`, `\x7`, `\x4g`, `\u{}`, `\u{41}`, `\u{4_1_}`, `\u{_41}`, `\u{4_}`,
		`\u{d800}`, `\u{10ffff}`, `\u{110000}`, `\u{0000041}`, `\u{000041}`, `\u{41`, `\u41`, `\*`, `\q`, `\`, "é"}
	check := func(t interface{ Fatalf(string, ...any) }, body string) {
		if openQuote([]byte(body)) || strings.HasSuffix(strings.ReplaceAll(body, `\\`, ""), `\`) {
			return
		}
		var uid types.EntityUID
		err := uid.UnmarshalCedar([]byte(`T::"` + body + `"`))
		got, at, ok := Unescape(nil, []byte(body))
		if ok != (err == nil) || ok && (string(got) != string(uid.ID) || at != len(body)) || !ok && body[at] != '\\' {
			t.Fatalf("%q: %q at %d, %v; cedar-go %q, %v", body, got, at, ok, uid.ID, err)
		}
	}
	for _, s := range escapes {
		check(t, s)
	}
	parts := rapid.OneOf(rapid.SampledFrom(escapes), rapid.StringMatching(`[a-z_{} ]{0,3}`), rapid.StringMatching(`\\[xu]\{?[0-9a-fA-F_]{0,7}\}?`))
	rapid.Check(t, func(t *rapid.T) { check(t, strings.Join(rapid.SliceOfN(parts, 0, 5).Draw(t, "body"), "")) })
}

func TestUnescape_ofQuoted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genText.Draw(t, "text")
		q := AppendQuoted(nil, []byte(s))
		if got, _, ok := Unescape(nil, q[1:len(q)-1]); !ok || string(got) != s || openQuote(q[1:len(q)-1]) {
			t.Fatalf("%q is written %s, read %q %v", s, q, got, ok)
		}
	})
	if got := string(AppendQuoted(nil, []byte("a\xffb\xe2\x82"))); got != "\"a\uFFFDb\uFFFD\uFFFD\"" {
		t.Errorf("invalid UTF-8 is written %s", got)
	}
}

func TestAppendJSONString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		var got string
		if err := json.Unmarshal(AppendJSONString(nil, []byte(s)), &got); err != nil || got != string([]rune(s)) {
			t.Fatalf("%q reads as %q, %v", s, got, err)
		}
	})
	if got := string(AppendJSONString(nil, []byte("<a href='x'>\x01\x7f\n\r\t\"\\é</a>"))); got != `"<a href='x'>\u0001`+"\x7f"+`\n\r\t\"\\é</a>"` {
		t.Errorf("wrote %s", got)
	}
}

func TestAppendJSON_noValue(t *testing.T) {
	tab := NewTable(Key{})
	if got := string(tab.AppendJSON(nil, Unknown)) + string(tab.Append(nil, Unknown)); got != "null?" {
		t.Errorf("wrote %s", got)
	}
}

func TestSmallestLong(t *testing.T) {
	tab := NewTable(Key{})
	if got := string(tab.Append(nil, tab.Long(math.MinInt64))); got != strconv.FormatInt(math.MinInt64, 10) {
		t.Errorf("wrote %s", got)
	}
}
