package document

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rune-authz/rune/engine/internal/value"
)

// TestTOML_errors checks code, position and message of every error, and that reading goes on after it.
func TestTOML_errors(t *testing.T) {
	for _, x := range []struct {
		data string // below [data], on line 3
		want []string
	}{
		{"a = = 1\nb = ?\nc = nan", []string{`3:5 toml.syntax: expected a value, found "="`, `4:5 toml.syntax: expected a value, found "?"`,
			"5:5 toml.infinite: nan is no value | write a number, or text in quotes"}},
		{"a\nb = 1 c = 2\n= 3\nd =\ne = +inf", []string{`3:2 toml.syntax: expected "=" after the key "a", found the end of the line`,
			`4:7 toml.syntax: expected the end of the line, found "c"`, `5:1 toml.syntax: expected a key, found "="`,
			"6:4 toml.syntax: expected a value, found the end of the line", "7:5 toml.infinite: +inf is no value | write a number, or text in quotes"}},
		{"a = production\nb = x y", []string{`3:5 toml.syntax: expected a value, found "production" | text stands in quotes: "production"`,
			`4:5 toml.syntax: expected a value, found "x" | text stands in quotes: "x"`}},
		{"a = \"x\nb = 'y\r\nc = \"z\\", []string{
			`3:5 toml.unterminated_string: the string is not closed | close it with " on the same line; text of several lines stands between """`,
			`4:5 toml.unterminated_string: the string is not closed | close it with ' on the same line; text of several lines stands between '''`,
			`5:5 toml.unterminated_string: the string is not closed | close it with " on the same line; text of several lines stands between """`,
			`5:7 toml.escape: "\\" is no escape | a backslash is written \\, or the text stands in single quotes`}},
		{`a = "\q \u12 \xé \ud800 \UFFFFFFFF"`, []string{
			`3:6 toml.escape: "\\q" is no escape | a backslash is written \\, or the text stands in single quotes`,
			`3:9 toml.escape: "\\u12" is no escape | a backslash is written \\, or the text stands in single quotes`,
			`3:14 toml.escape: "\\x" is no escape | a backslash is written \\, or the text stands in single quotes`,
			`3:18 toml.escape: "\\ud800" is no escape | a backslash is written \\, or the text stands in single quotes`,
			`3:25 toml.escape: "\\UFFFFFFFF" is no escape | a backslash is written \\, or the text stands in single quotes`}},
		{"a = \"x\x01y\" # \x02\x03\nb = '''\x7f'''", []string{"3:7 toml.character: the control character U+0001 may not stand here",
			"3:13 toml.character: the control character U+0002 may not stand here", "4:8 toml.character: the control character U+007F may not stand here"}},
		{"a = 1\rb = 2", []string{`3:6 toml.syntax: expected the end of the line, found "\r"`}},
		{"# x\ry", []string{"3:4 toml.character: the control character U+000D may not stand here | a line ends with a line feed, or with a carriage return and a line feed"}},
		{"a = [1, 2 3]\nb = [1\n, [2]\n; 3]\nc = {x = 1; y = 2}\nd = {x = 1 y = 2}\ne = {1}\nf = [,]\ng = nan", []string{
			`3:11 toml.syntax: expected "," or "]", found "3" | note config.rune:3:5 the array opens here`,
			`6:1 toml.syntax: expected "," or "]", found ";" | note config.rune:4:5 the array opens here`,
			`7:11 toml.syntax: expected "," or "}", found ";" | note config.rune:7:5 the table opens here`,
			`8:12 toml.syntax: expected "," or "}", found "y" | note config.rune:8:5 the table opens here`,
			`9:7 toml.syntax: expected "=" after the key "1", found "}"`, `10:6 toml.syntax: expected a value, found ","`,
			"11:5 toml.infinite: nan is no value | write a number, or text in quotes"}},
		{"a = [1, 2\nb = 3", []string{`4:1 toml.syntax: expected "," or "]", found "b" | note config.rune:3:5 the array opens here`}},
		{"a = {x = 1\n", []string{"3:5 toml.syntax: the table that opens here is not closed"}},
		{"a = {\n", []string{"3:5 toml.syntax: the table that opens here is not closed"}},
		{"a = [\n", []string{"3:5 toml.syntax: the array that opens here is not closed"}},
		{"a = [1", []string{"3:5 toml.syntax: the array that opens here is not closed"}},
		{"a = 01\nb = 1__0\nc = 1_\nd = 0x_1\ne = 0b2\nf = 1.\ng = 1e\nh = -0x1\ni = 1.2.3\nj = 0o\nk = 1e5_", []string{
			`3:5 toml.number: "01" is no number | a number has no zeros in front; text stands in quotes`,
			`4:5 toml.number: "1__0" is no number | an underscore stands between two digits`, `5:5 toml.number: "1_" is no number | an underscore stands between two digits`,
			`6:5 toml.number: "0x_1" is no number | an underscore stands between two digits`, `7:5 toml.number: "0b2" is no number | text stands in quotes: "0b2"`,
			`8:5 toml.number: "1." is no number | text stands in quotes: "1."`, `9:5 toml.number: "1e" is no number | text stands in quotes: "1e"`,
			`10:5 toml.number: "-0x1" is no number | text stands in quotes: "-0x1"`, `11:5 toml.number: "1.2.3" is no number | text stands in quotes: "1.2.3"`,
			`12:5 toml.number: "0o" is no number | text stands in quotes: "0o"`, `13:5 toml.number: "1e5_" is no number | an underscore stands between two digits`}},
		{"a = 9223372036854775808\nb = -9223372036854775809\nc = 0xFFFFFFFFFFFFFFFF", []string{
			`3:5 toml.number_range: "9223372036854775808" doesn't fit into 64 bits`, `4:5 toml.number_range: "-9223372036854775809" doesn't fit into 64 bits`,
			`5:5 toml.number_range: "0xFFFFFFFFFFFFFFFF" doesn't fit into 64 bits`}},
		{"a = 922337203685477.5808\nb = -922337203685477.5809\nc = 1e20\nd = 1e99999999999999999999\ne = 1e-5\nf = 0.00001\ng = 1e-99999999999999", []string{
			`3:5 toml.number_range: "922337203685477.5808" is beyond the range of decimals | a decimal lies between -922337203685477.5808 and 922337203685477.5807`,
			`4:5 toml.number_range: "-922337203685477.5809" is beyond the range of decimals | a decimal lies between -922337203685477.5808 and 922337203685477.5807`,
			`5:5 toml.number_range: "1e20" is beyond the range of decimals | a decimal lies between -922337203685477.5808 and 922337203685477.5807`,
			`6:5 toml.number_range: "1e99999999999999999999" is beyond the range of decimals | a decimal lies between -922337203685477.5808 and 922337203685477.5807`,
			`7:5 toml.decimal: "1e-5" has more than four fractional digits | round it, or write it as text in quotes`,
			`8:5 toml.decimal: "0.00001" has more than four fractional digits | round it, or write it as text in quotes`,
			`9:5 toml.decimal: "1e-99999999999999" has more than four fractional digits | round it, or write it as text in quotes`}},
		{"a = 2026-01-02\nb = 12:30\nc = 2026-01-02T03:04:05\nd = 2026-01-02 03:04", []string{
			"3:5 toml.datetime: the date 2026-01-02 has no offset and is no value | write an instant, such as 2026-01-02T00:00:00Z, or text in quotes",
			"4:5 toml.datetime: the time 12:30 has no offset and is no value | write an instant, such as 2006-01-02T15:04:05Z, or text in quotes",
			"5:5 toml.datetime: the date-time 2026-01-02T03:04:05 has no offset and is no value | write an instant, such as 2026-01-02T03:04:05Z, or text in quotes",
			"6:5 toml.datetime: the date-time 2026-01-02 03:04 has no offset and is no value | write an instant, such as 2026-01-02T03:04Z, or text in quotes"}},
		{"a = 2026-13-01\nb = 2026-02-30T00:00:00Z\nc = 2026-01-02T25:00:00Z\nd = 2026-01-02T00:00:00.0001Z\ne = 25:00", []string{
			`3:5 toml.datetime: "2026-13-01" is no date-time that exists`, `4:5 toml.datetime: "2026-02-30T00:00:00Z" is no date-time that exists`,
			`5:5 toml.datetime: "2026-01-02T25:00:00Z" is no date-time that exists`,
			`6:5 toml.datetime: "2026-01-02T00:00:00.0001Z" is finer than a millisecond | write three digits after the seconds' point`,
			`7:5 toml.datetime: "25:00" is no date-time that exists`}},
		{"a = 2026-1-01\nb = 2026-01-02T\nc = 2026-01-02T00:00:00.Z\nd = 2026-01-02T00:00:00+01\ne = 12:30:00Z\nf = 2026-01-02x00:00Z\ng = 2026-01-02T00:00+0100\nh = 1:2:3:4", []string{
			`3:5 toml.datetime: "2026-1-01" is no date-time | a date-time is written like 2006-01-02T15:04:05Z`,
			`4:5 toml.datetime: "2026-01-02T" is no date-time | a date-time is written like 2006-01-02T15:04:05Z`,
			`5:5 toml.datetime: "2026-01-02T00:00:00.Z" is no date-time | a date-time is written like 2006-01-02T15:04:05Z`,
			`6:5 toml.datetime: "2026-01-02T00:00:00+01" is no date-time | a date-time is written like 2006-01-02T15:04:05Z`,
			`7:5 toml.datetime: "12:30:00Z" is no date-time | a date-time is written like 2006-01-02T15:04:05Z`,
			`8:5 toml.datetime: "2026-01-02x00:00Z" is no date-time | a date-time is written like 2006-01-02T15:04:05Z`,
			`9:5 toml.datetime: "2026-01-02T00:00+0100" is no date-time | a date-time is written like 2006-01-02T15:04:05Z`,
			`10:5 toml.number: "1:2:3:4" is no number | text stands in quotes: "1:2:3:4"`}},
		{"a = 1\na = 2\na.b = 3\nb.c = 4\nb.c.d = 5\nc = {x = 1}\nc.y = 2\nd = [1]\nd.e = 1", []string{
			`4:1 toml.duplicate_key: the key "a" stands twice | note config.rune:3:1 it stands here first`,
			`5:1 toml.duplicate_key: "a" is a value, and nothing can be added to it | note config.rune:3:1 it stands here`,
			`7:3 toml.duplicate_key: "c" is a value, and nothing can be added to it | note config.rune:6:3 it stands here`,
			`9:1 toml.duplicate_key: the table "c" is closed by its braces, and nothing can be added to it | note config.rune:8:1 it stands here`,
			`11:1 toml.duplicate_key: "d" is an array, and nothing can be added to it here | note config.rune:10:1 it stands here`}},
		{"[data.a]\nx = 1\n[data.a]\n[[data.b]]\n[data.b]\n[data.c.d]\n[data.c]\nd.e = 1\n[[data.a]]\n[data.a.x.y]\n[data]", []string{
			`5:7 toml.duplicate_key: the key "a" stands twice | put the keys of one table below one header | note config.rune:3:7 it stands here first`,
			`7:7 toml.duplicate_key: the key "b" stands twice | put the keys of one table below one header | note config.rune:6:8 it stands here first`,
			`10:1 toml.duplicate_key: the table "d" has a header of its own, and keys are added below that | note config.rune:8:9 it stands here`,
			`11:8 toml.duplicate_key: the key "a" stands twice | put the keys of one table below one header | note config.rune:3:7 it stands here first`,
			`12:9 toml.duplicate_key: "x" is a value, and nothing can be added to it | note config.rune:4:1 it stands here`,
			`13:2 toml.duplicate_key: the key "data" stands twice | put the keys of one table below one header | note config.rune:2:2 it stands here first`}},
		{"a = nan\na.b = 1", []string{"3:5 toml.infinite: nan is no value | write a number, or text in quotes"}},
		{"\"\"\"x\"\"\" = 1\n'' = 1\n\"a\\q\" = 1", []string{`3:1 toml.syntax: expected a key on one line, found "\""`,
			`4:1 document.key_name: no predicate can be named "" | rename it, for example to p`,
			`5:3 toml.escape: "\\q" is no escape | a backslash is written \\, or the text stands in single quotes`}},
		{"[data.a\nx = nan\n[data.]\n[[data.b]\ny = nan\n[data.\"c]\n[", []string{
			`3:8 toml.syntax: expected "]" at the end of the header "[data.a", found the end of the line | a header stands alone on its line`,
			"4:5 toml.infinite: nan is no value | write a number, or text in quotes",
			`5:7 toml.syntax: expected a key, found "]"`,
			`6:10 toml.syntax: expected "]]" at the end of the header "[[data.b]", found the end of the line | a header stands alone on its line`,
			"7:5 toml.infinite: nan is no value | write a number, or text in quotes",
			`8:7 toml.unterminated_string: the string is not closed | close it with " on the same line; text of several lines stands between """`,
			"9:2 toml.syntax: expected a key, found the end of the section"}},
	} {
		checkErrors(t, "[data]\n"+x.data, x.want...)
	}
}

// TestTOML_values checks what values become, in the forms that version 1.1 adds as well.
func TestTOML_values(t *testing.T) {
	for _, x := range []struct{ text, want string }{
		{"0", "0"}, {"+7", "7"}, {"-1_000", "-1000"}, {"0xDEAD_beef", "3735928559"}, {"0o17", "15"}, {"0b101", "5"}, {"-9223372036854775808", "-9223372036854775808"},
		{"1.0", `decimal("1.0")`}, {"-0.0", `decimal("0.0")`}, {"1e3", `decimal("1000.0")`}, {"15E-1", `decimal("1.5")`}, {"1_2.5_0000", `decimal("12.5")`},
		{"0.12340000", `decimal("0.1234")`}, {"922337203685477.5807", `decimal("922337203685477.5807")`}, {"-922337203685477.5808", `decimal("-922337203685477.5808")`},
		{"1234.5e+2", `decimal("123450.0")`}, {"0e999999999999", `decimal("0.0")`}, {"100e-6", `decimal("0.0001")`},
		{"2026-01-02T03:04:05Z", `datetime("2026-01-02T03:04:05.000Z")`}, {"2026-01-02t03:04:05.1200z", `datetime("2026-01-02T03:04:05.120Z")`},
		{"2026-01-02 03:04+01:30", `datetime("2026-01-02T01:34:00.000Z")`}, {"2026-01-02T03:04:05.000000-00:00", `datetime("2026-01-02T03:04:05.000Z")`},
		{"true", "true"}, {"false", "false"},
		{`"\b\t\n\f\r\e\"\\\x41\u00e9\U0001F600"`, `"\u{8}\t\n\u{c}\r\u{1b}\"\\Aé😀"`}, {`'C:\x'`, `"C:\\x"`}, {"'''\n'x'''''", `"\'x\'\'"`},
		{"\"\"\"\r\na\\\r\n  \n b\r\n\"c\"\"\"\"", `"ab\n\"c\""`}, {`""`, `""`}, {`''''''`, `""`}, {"\"\"\"a\\  \n\tb\"\"\"", `"ab"`},
		{"[[3, 1, 3]]", "[1, 3]"}, {"[[[]]]", "[[]]"}, {"[{b = 1, a = [true], c.d = 2,\n}]", `{"a": [true], "b": 1, "c": {"d": 2}}`},
		{"[{ # x\n}]", "{}"}, {"[\n# x\n1, # y\n]", "1"},
	} {
		text := x.text
		if strings.HasPrefix(text, "[[") {
			text = "[" + text + "]" // a row of one cell, which is an array
		}
		l := checkErrors(t, "[data]\na = "+text)
		checkList(t, l.facts(), "a("+x.want+")")
	}
}

// TestTOML_depth checks that brackets and the parts of keys are counted to 200, in whatever way they nest.
func TestTOML_depth(t *testing.T) {
	nest := func(open, inside, shut string, n int) string {
		return "a = " + strings.Repeat(open, n) + inside + strings.Repeat(shut, n)
	}
	key := func(n int) string { return strings.TrimSuffix(strings.Repeat("a.", n), ".") }
	accepted := []string{nest("[", "", "]", 200), nest("{a=", "1", "}", 199), "a = {" + key(200) + " = 1}", "[data." + key(199) + "]\n", "[data." + key(199) + "]\na = {}\n"}
	for _, text := range accepted {
		if l := loadText("version = \"rune/1.0\"\n[data]\n" + text); l.diags.Failed() && !strings.Contains(l.errors()[0], "parts") {
			t.Errorf("%.50s: %.200s", text, l.errors())
		}
	}
	for _, x := range []struct {
		text   string
		column int
		what   string
	}{
		{nest("[", "", "]", 201), 205, "brackets nest deeper than 200"},
		{nest("[", "", "", 1_000_000), 205, "brackets nest deeper than 200"},
		{nest("{a=", "1", "}", 201), 605, "brackets nest deeper than 200"},
		{nest("[{a=", "1", "}]", 1_000_000), 405, "brackets nest deeper than 200"},
		{"a = {" + key(201) + " = 1}", 6, "the key has more than 200 parts"},
		{nest("{a.a=", "1", "}", 101), 505, "brackets nest deeper than 200"},
		{key(201) + " = 1", 1, "the key has more than 200 parts"},
		{key(1_000_000) + " = 1", 1, "the key has more than 200 parts"},
		{"[data." + key(200) + "]", 2, "the key has more than 200 parts"},
		{"[data." + key(199) + "]\na.a = 1", 3, "the key has more than 200 parts"},
	} {
		l := loadText("version = \"rune/1.0\"\n[data]\n" + x.text)
		if got := l.diags.All(); len(got) != 1 || got[0].Code != codeDepth || got[0].Message != x.what || l.files.Position(got[0].Span).Column != x.column {
			t.Errorf("%.50s: %.300s", x.text, l.errors())
		}
	}
	deep := "[[data.r]]\n" + key(101) + " = " + strings.Repeat("[", 101) + strings.Repeat("]", 101)
	l := loadText("version = \"rune/1.0\"\n" + deep)
	if got := l.diags.All(); len(got) != 1 || got[0].Code != value.CodeDepth {
		t.Errorf("a record of depth 202: %.300s", l.errors())
	}
}

// TestTOML_largeTable checks that keys are told apart in tables small and large.
func TestTOML_largeTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.IntRange(0, 30), 1, 60).Draw(t, "keys")
		var text strings.Builder
		seen, twice := map[int]bool{}, 0
		for _, k := range keys {
			fmt.Fprintf(&text, "k%d = %d\n", k, k)
			if seen[k] {
				twice++
			}
			seen[k] = true
		}
		l := loadText("version = \"rune/1.0\"\n[data]\n" + text.String())
		if l.diags.Len() != twice || len(l.Facts) != len(seen) {
			t.Fatalf("%d errors and %d facts of %v", l.diags.Len(), len(l.Facts), keys)
		}
	})
}
