package value

import (
	"math"
	"testing"
	"time"

	"github.com/cedar-policy/cedar-go/types"
	"pgregory.net/rapid"
)

// cedarParse reads an extension value with cedar-go.
func cedarParse(op Op, s string) (v types.Value, err error) {
	switch op {
	case OpParseDecimal:
		v, err = types.ParseDecimal(s)
	case OpParseIP:
		v, err = types.ParseIPAddr(s)
	case OpParseDatetime:
		v, err = types.ParseDatetime(s)
	default:
		v, err = types.ParseDuration(s)
	}
	return v, err
}

// beyondCedar reports whether cedar-go reads a date wrongly: without a time it lets a year overflow, and it refuses the first day.
func beyondCedar(op Op, s string) bool {
	return op == OpParseDatetime && len(s) > 10 && (s[0] == '+' || s[0] == '-') && s[1:7] >= "292275"
}

func checkParse(t interface{ Fatalf(string, ...any) }, op Op, s string) {
	if beyondCedar(op, s) {
		return
	}
	tab := NewTable(Key{})
	got, f := tab.Parse(op, []byte(s))
	want, err := cedarParse(op, s)
	if (f == nil) != (err == nil) {
		t.Fatalf("%s(%q) gives %v, cedar-go %v", op, s, f, err)
	}
	if f != nil {
		if f.Code != CodeParse || got != None {
			t.Fatalf("%s(%q) gives %v and %v", op, s, got, f)
		}
		return
	}
	if !tab.tree(got).toCedar().Equal(want) {
		t.Fatalf("%s(%q) is %s, to cedar-go %s", op, s, tab.Append(nil, got), want)
	}
	again, f := tab.Parse(op, tab.AppendExtension(nil, got))
	if f != nil || again != got {
		t.Fatalf("%s(%q) reads back as %s, %v", op, s, tab.Append(nil, again), f)
	}
}

var extensionTexts = map[Op][]string{
	OpParseDecimal: {"1.0", "-1.5", "+2.25", "0.0001", "-0.0001", "1.00001", "1.", ".5", "-.5", "1", "", "-", "1.2.3", "1.-2", "1e5.0", "922337203685477.5807",
		"922337203685477.5808", "-922337203685477.5808", "-922337203685477.5809", "922337203685478.0", "00000000000000000000000001.5", "99999999999999999999.0",
		"922337203685477580.7", "1_0.0", " 1.0", "1.0 ", "1.65535", "1.9999", "--1.0", "٣.٠"},
	OpParseIP: {"127.0.0.1", "127.0.0.1/8", "10.0.0.0/33", "10.0.0.0/08", "10.0.0/8", "::1", "::", "ffee::/64", "::ffff:1.2.3.4", "::ffff:102:304", "::ffff:102:304/100",
		"fe80::1%eth0", "fe80::1%eth0/64", "1.2.3.4/", "/8", "", "01.2.3.4", "1.2.3.4.5", "12345::", "::1/128", "::1/129", "1.2.3.4/-1", "1.2.3.4/+1"},
	OpParseDatetime: {"2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "2024-00-01", "2024-13-01", "2024-01-00", "2024-04-31", "2024-01-01T00:00:00Z",
		"2024-01-01T23:59:59.999Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:60Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00.5Z",
		"2024-01-01T00:00:00.1234Z", "2024-01-01T00:00:00+0130", "2024-01-01T00:00:00-2359", "2024-01-01T00:00:00+2400", "2024-01-01T00:00:00+01:30", "2024-01-01t00:00:00z",
		"2024-01-01T00:00:00ZZ", "+000002024-01-01", "-000000001-12-31", "+2024-01-01", "0000-01-01", "9999-12-31T23:59:59.999-0001", "-000000000-01-01", "", "-", "2024",
		"2024-1-1", "2024-01-01T", "20240101", "２024-01-01", "+000010000-01-01T00:00:00.000Z"},
	OpParseDuration: {"1d", "1h", "1m", "1s", "1ms", "1d2h3m4s5ms", "1m5ms", "1ms5m", "1d1d", "-1d", "+1d", "--1d", "", "-", "d", "5", "1h5", "1x", "1 d", "0ms", "-0ms",
		"9223372036854775807ms", "9223372036854775808ms", "-9223372036854775808ms", "106751991167d7h12m55s807ms", "106751991167d7h12m55s808ms", "106751991168d", "18446744073709551617ms", "1mss", "1.5s", "00001s"},
}

func TestParse_isCedar(t *testing.T) {
	for op, texts := range extensionTexts {
		for _, s := range texts {
			checkParse(t, op, s)
		}
	}
}

func TestParse_generatedIsCedar(t *testing.T) {
	shapes := map[Op]string{
		OpParseDecimal:  `[+-]?[0-9]{0,17}\.?[0-9]{0,5}`,
		OpParseIP:       `[0-9]{1,3}(\.[0-9]{1,3}){2,4}(/[0-9]{1,2})?|[0-9a-f]{0,4}(::?[0-9a-f]{0,4}){1,8}(/[0-9]{1,3})?`,
		OpParseDatetime: `(\d{4}|[+-]000\d{6})-[01]\d-[0-3]\d(T[0-2]\d:[0-6]\d:[0-6]\d(\.\d{3})?(Z|[+-][0-2]\d[0-6]\d))?`,
		OpParseDuration: `-?(\d{1,10}d)?(\d{1,12}h)?(\d{1,14}m)?(\d{1,16}s)?(\d{1,18}ms)?`,
	}
	for op, shape := range shapes {
		texts := rapid.StringMatching(shape)
		t.Run(op.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) { checkParse(t, op, texts.Draw(t, "text")) })
		})
	}
}

func TestDatetime_wholeRange(t *testing.T) {
	for text, want := range map[string]int64{
		"-292275055-05-16T16:47:04.192Z":     math.MinInt64,
		"-292275055-05-16T15:47:04.192-0100": math.MinInt64,
		"+292278994-08-17T07:12:55.807Z":     math.MaxInt64,
		"+292278994-08-18T07:11:55.807+2359": math.MaxInt64,
		"1969-12-31T23:59:59.999Z":           -1,
	} {
		got, ok := parseDatetime([]byte(text))
		if !ok || got != want {
			t.Errorf("%s is %d, want %d, %v", text, got, want, ok)
		}
		if again, ok := parseDatetime(appendDatetime(nil, want)); !ok || again != want {
			t.Errorf("%d is written %s", want, appendDatetime(nil, want))
		}
	}
	for _, text := range []string{"-292275055-05-16T16:47:04.191Z", "+292278994-08-17T07:12:55.808Z", "+292278994-08-18", "-292275055-05-16", "+999999999-12-31", "-999999999-01-01"} {
		if ms, ok := parseDatetime([]byte(text)); ok {
			t.Errorf("%s is %d", text, ms)
		}
	}
}

func TestCalendar_isTheStandardLibrarys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1e14, 1e14)).Draw(t, "ms")
		u := time.UnixMilli(ms).UTC()
		year, month, day := civilFromDays(floorDiv(ms, millisPerDay))
		if int(year) != u.Year() || int(month) != int(u.Month()) || int(day) != u.Day() {
			t.Fatalf("%d is %d-%d-%d, not %v", ms, year, month, day, u)
		}
		if daysFromCivil(year, month, day) != floorDiv(ms, millisPerDay) || day > daysIn(year, month) {
			t.Fatalf("%d-%d-%d is day %d", year, month, day, daysFromCivil(year, month, day))
		}
		if got, ok := parseDatetime(appendDatetime(nil, ms)); !ok || got != ms {
			t.Fatalf("%d is written %s, read %d", ms, appendDatetime(nil, ms), got)
		}
	})
}

func TestDuration_text(t *testing.T) {
	for ms, want := range map[int64]string{
		0: "0ms", -1: "-1ms", 90_061_001: "1d1h1m1s1ms", 60_000: "1m", math.MinInt64: "-106751991167d7h12m55s808ms",
	} {
		if got := string(appendDuration(nil, ms)); got != want {
			t.Errorf("%d is written %s, want %s", ms, got, want)
		}
	}
}

func TestDecimal_text(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := genNumber.Draw(t, "ten-thousandths")
		text := appendDecimal(nil, n)
		if got, ok := parseDecimal(text); !ok || got != n {
			t.Fatalf("%d is written %s, read %d", n, text, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	for op, texts := range extensionTexts {
		for _, s := range texts {
			f.Add(byte(op-OpParseDecimal), s)
		}
	}
	f.Fuzz(func(t *testing.T, which byte, s string) { checkParse(t, OpParseDecimal+Op(which%4), s) })
}
