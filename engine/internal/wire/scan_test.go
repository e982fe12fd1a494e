package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// at writes an error as "line:column code: message (help)".
func at(text string, err *Error) string {
	if err == nil {
		return ""
	}
	line, column := Position([]byte(text), err.Offset)
	s := fmt.Sprintf("%d:%d %s: %s", line, column, err.Code, err.Message)
	if err.Help != "" {
		s += " (" + err.Help + ")"
	}
	return s
}

// TestValue_syntax tries what RFC 8259 refuses, and what readers like to let pass.
func TestValue_syntax(t *testing.T) {
	for text, want := range map[string]string{
		"":                               `1:1 request.syntax: expected a value, but the text ends`,
		" \n ":                           `1:1 request.syntax: expected a value, but the text ends`,
		"[1,]":                           `1:4 request.syntax: expected a value, found ']'`,
		"[,1]":                           `1:2 request.syntax: expected a value, found ','`,
		"[1 2]":                          `1:4 request.syntax: expected ',' or ']', found '2'`,
		"[1\n":                           `1:3 request.syntax: expected ',' or ']', but the text ends`,
		"[":                              `1:2 request.syntax: expected a value, but the text ends`,
		"[1}":                            `1:3 request.syntax: expected ',' or ']', found '}'`,
		"]":                              `1:1 request.syntax: expected a value, found ']'`,
		`{"a":1,}`:                       `1:8 request.syntax: expected a key in double quotes, found '}'`,
		`{a:1}`:                          `1:2 request.syntax: expected a key in double quotes, found 'a'`,
		`{"a" 1}`:                        `1:6 request.syntax: expected ':', found '1'`,
		`{"a":}`:                         `1:6 request.syntax: expected a value, found '}'`,
		`{"a":1 "b":2}`:                  `1:8 request.syntax: expected ',' or '}', found '"'`,
		`{"a`:                            `1:2 request.syntax: a string is not closed`,
		"1 // one":                       `1:3 request.syntax: expected the end of the text, found '/'`,
		"\u00a01":                        `1:1 request.syntax: expected a value, found '\u00a0'`,
		"\xef\xbb\xbf1":                  `1:1 request.syntax: expected a value, found '\ufeff'`,
		"\f1":                            `1:1 request.syntax: expected a value, found '\f'`,
		"tru":                            `1:1 request.syntax: expected a value, found 't'`,
		"True":                           `1:1 request.syntax: expected a value, found 'T'`,
		"truer":                          `1:5 request.syntax: expected the end of the text, found 'r'`,
		"NaN":                            `1:1 request.syntax: expected a value, found 'N'`,
		"+1":                             `1:1 request.syntax: expected a value, found '+'`,
		"-":                              `1:2 request.syntax: expected a digit, but the text ends`,
		"-x":                             `1:2 request.syntax: expected a digit, found 'x'`,
		"01":                             `1:1 request.syntax: a number starts with a superfluous zero`,
		"-00":                            `1:1 request.syntax: a number starts with a superfluous zero`,
		".5":                             `1:1 request.syntax: expected a value, found '.'`,
		"1.":                             `1:3 request.syntax: expected a digit, but the text ends`,
		"1.x":                            `1:3 request.syntax: expected a digit, found 'x'`,
		"1e":                             `1:3 request.syntax: expected a digit, but the text ends`,
		"1e+":                            `1:4 request.syntax: expected a digit, but the text ends`,
		"0x10":                           `1:2 request.syntax: expected the end of the text, found 'x'`,
		"1_000":                          `1:2 request.syntax: expected the end of the text, found '_'`,
		"1.0":                            `1:1 request.number: 1.0 is not a whole number of 64 bits (a decimal is written {"__extn":{"fn":"decimal","arg":"1.5"}})`,
		"1E2":                            `1:1 request.number: 1E2 is not a whole number of 64 bits`,
		"9223372036854775808":            `1:1 request.number: 9223372036854775808 is not a whole number of 64 bits`,
		"-9223372036854775809":           `1:1 request.number: -9223372036854775809 is not a whole number of 64 bits`,
		strings.Repeat("9", 99):          `1:1 request.number: ` + strings.Repeat("9", 30) + `… is not a whole number of 64 bits`,
		"null":                           `1:1 request.null: null is no value (leave out what isn't there)`,
		"[1,[2,null]]":                   `1:7 request.null: [1][1]: null is no value (leave out what isn't there)`,
		`{"a":{"b c":[{"d":1,"":2.5}]}}`: `1:24 request.number: a["b c"][0][""]: 2.5 is not a whole number of 64 bits (a decimal is written {"__extn":{"fn":"decimal","arg":"1.5"}})`,
		`{"a":1,"b":{"x":1,"\u0078":2}}`: `1:19 request.duplicate_key: b: the key "x" stands twice`,
		"\"a\nb\"":                       `1:3 request.string: a control character stands in a string (write it as an escape, such as \n)`,
		"\"\\n\x00\"":                    `1:4 request.string: a control character stands in a string (write it as an escape, such as \n)`,
		"\"\xff\"":                       `1:2 request.string: a string is not UTF-8`,
		"\"\\n\xc0\x80\"":                `1:4 request.string: a string is not UTF-8`,
		"\"\xed\xa0\x80\"":               `1:2 request.string: a string is not UTF-8`,
		"\"ä\xe2\x82\"":                  `1:3 request.string: a string is not UTF-8`,
		`"\x41"`:                         `1:2 request.syntax: unknown escape in a string`,
		`"\'"`:                           `1:2 request.syntax: unknown escape in a string`,
		`"\`:                             `1:2 request.syntax: unknown escape in a string`,
		`"\u12"`:                         `1:2 request.syntax: \u needs four hexadecimal digits`,
		`"\u12g4"`:                       `1:2 request.syntax: \u needs four hexadecimal digits`,
		`"\ud83d"`:                       `1:2 request.string: half of a surrogate pair stands alone`,
		`"\ud83dx\ude00"`:                `1:2 request.string: half of a surrogate pair stands alone`,
		`"\ude00\ud83d"`:                 `1:2 request.string: half of a surrogate pair stands alone`,
		`"\ude00\ude00"`:                 `1:2 request.string: half of a surrogate pair stands alone`,
		`"\ud83d\u0041"`:                 `1:2 request.string: half of a surrogate pair stands alone`,
		`"a\nb`:                          `1:1 request.syntax: a string is not closed`,
		`"a`:                             `1:1 request.syntax: a string is not closed`,
	} {
		r := newReader()
		_, err := r.Value([]byte(text))
		if got := at(text, err); got != want {
			t.Errorf("%q: got\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestValue_reads(t *testing.T) {
	for text, want := range map[string]string{
		` [ 1 , -0 , "a\u00e4\ud83d\ude00\b\f\n\r\t\/\"\\" ] `: `[0, 1, "aä😀\u{8}\u{c}\n\r\t/\"\\"]`,
		"9223372036854775807":                    "9223372036854775807",
		"-9223372036854775808":                   "-9223372036854775808",
		`{"b":{},"a":[true,false,true],"":[[]]}`: `{"": [[]], "a": [false, true], "b": {}}`,
		`"\u0000"`:                               `"\0"`,
		"\"\\u00e4ä\u007f\"":                     `"ää\u{7f}"`,
	} {
		r := newReader()
		v, err := r.Value([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := string(r.Table.Append(nil, v)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

// fragments are pieces of which texts are made that are nearly JSON.
var fragments = []string{"{", "}", "[", "]", ",", ":", `"a"`, `"b"`, `""`, `"\u0061"`, `"\ud83d\ude00"`, `"\ud83d"`, "1", "-1", "0", "01", "1.5", "1e2", "true", "false", "null", " ", "\n", `"`, `\`, "\xff", "ä", "\x00"}

// valid judges a text as a strict JSON reader does.
func valid(text string) bool { return jsontext.Value(text).IsValid() }

// checkAgainstJSON checks that what is no JSON is refused, and that what is JSON is refused only for what it says.
func checkAgainstJSON(t interface{ Fatalf(string, ...any) }, text string) {
	_, err := newReader().Value([]byte(text))
	if ok := valid(text); err == nil && !ok {
		t.Fatalf("%q is no JSON", text)
	} else if ok && err != nil {
		switch err.Code {
		case CodeSyntax, CodeString, CodeDuplicateKey:
			t.Fatalf("%q: %v", text, err)
		}
	}
}

func TestValue_isJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkAgainstJSON(t, strings.Join(rapid.SliceOfN(rapid.SampledFrom(fragments), 0, 12).Draw(t, "text"), ""))
	})
}

func TestValue_depth(t *testing.T) {
	for _, c := range []struct {
		open, inside, close string
		fits                int
	}{{"[", "", "]", 200}, {`{"a":`, "1", "}", 200}, {`[{"]":`, "1", "}]", 100}} {
		text := func(n int) string {
			return strings.Repeat(c.open, n) + c.inside + strings.Repeat(c.close, n)
		}
		if _, err := newReader().Value([]byte(text(c.fits))); err != nil {
			t.Errorf("%d %s: %v", c.fits, c.open, err)
		}
		_, deeper := newReader().Value([]byte(text(c.fits + 1)))
		_, deepest := newReader().Value([]byte(text(1_000_000)))
		_, open := newReader().Value([]byte(strings.Repeat(c.open, 1_000_000)))
		if deeper == nil || deeper.Code != CodeDepth || !cmp.Equal(deeper, deepest) || !cmp.Equal(deeper, open) {
			t.Errorf("%s: %v, %v, %v", c.open, deeper, deepest, open)
		}
	}
}

// A text with many keys, in any order, takes no more than a sort's time: this would run for minutes.
func TestValue_manyKeys(t *testing.T) {
	var b strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&b, `"%06d":0,`, 999_999-i)
	}
	if _, err := newReader().Value([]byte("{" + b.String() + `"x":0}`)); err != nil {
		t.Error(err)
	}
	text := "{" + b.String() + `"900000":0,"900001":0}`
	_, err := newReader().Value([]byte(text))
	if err == nil || err.Code != CodeDuplicateKey || err.Offset != len(text)-len(`"900000":0,"900001":0}`) {
		t.Errorf("%v", err)
	}
	_, err = newReader().Value([]byte("{" + strings.Repeat(`"a":1,`, 200_000) + `"b":1}`))
	if err == nil || err.Code != CodeDuplicateKey || err.Offset != len(`{"a":1,`) {
		t.Errorf("%v", err)
	}
}

// Paths in messages are bounded whatever a text's keys are.
func TestValue_longPath(t *testing.T) {
	key := strings.Repeat("k", 500)
	text := strings.Repeat(`{"`+key+`":`, 100) + strings.Repeat(`{"short":`, 99) + "null" + strings.Repeat("}", 199)
	_, err := newReader().Value([]byte(text))
	if err == nil || err.Code != CodeNull || len(err.Message) > 500 {
		t.Errorf("%v", err)
	}
	_, err = newReader().Value([]byte(`{"` + key + `":null}`))
	if err == nil || err.Message != "…: null is no value" {
		t.Errorf("%v", err)
	}
}

func TestPosition(t *testing.T) {
	text := "ab\r\ncä€d\n"
	for offset, want := range map[int][2]int{0: {1, 1}, 2: {1, 3}, 4: {2, 1}, 7: {2, 3}, 10: {2, 4}, 11: {2, 5}, 12: {3, 1}, 99: {3, 1}} {
		if line, column := Position([]byte(text), offset); line != want[0] || column != want[1] {
			t.Errorf("offset %d: %d:%d, want %v", offset, line, column, want)
		}
	}
	if err := (&Error{Message: "m"}).Error(); err != "m" {
		t.Error(err)
	}
}
