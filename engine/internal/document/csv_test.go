package document

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// loadCSV loads text as the file p.csv.
func loadCSV(text string) *loaded {
	return loadFiles("config.rune", `version = "rune/1.0"`+"\n"+`include = ["p.csv"]`, []txtar.File{{Name: "p.csv", Data: []byte(text)}})
}

func TestCSV(t *testing.T) {
	l := loadCSV("\xef\xbb\xbfk,\"the \"\"value\"\"\"\r\na,\"x, y\"\r\n,\nb,\"1\n2\"\n\"\",\"\"\"\"\n é , z")
	checkList(t, l.errors())
	checkList(t, l.facts(), `p("a", "x, y")`, `p("", "")`, `p("b", "1\n2")`, `p("", "\"")`, `p(" é ", " z")`)
	f := l.Facts[0]
	if !f.CSV || f.Width != 2 || !slices.Equal(f.Header, []string{"k", `the "value"`}) || l.text(f.HeaderSpan) != `k,"the ""value"""` {
		t.Errorf("header %q, %q", f.Header, l.text(f.HeaderSpan))
	}
	var rows []string
	for i, s := range f.Places(l.files) {
		if f.Place(l.files, i) != s {
			t.Errorf("row %d is not at %v", i, s)
		}
		rows = append(rows, l.text(s))
	}
	checkList(t, rows, `a,"x, y"`, ",", "b,\"1\n2\"", `"",""""`, " é , z")
	checkList(t, loadCSV("a,b").facts(), "p/2")
	checkList(t, loadCSV("a,b\n").facts(), "p/2")
	checkList(t, loadCSV("a\n\nx\n").facts(), `p("")`, `p("x")`)
	checkList(t, loadCSV("a,b\nx,").facts(), `p("x", "")`)
}

func TestCSV_errors(t *testing.T) {
	const doubled = ` | a cell with quotes in it stands in quotes, and doubles those: "say ""hi"""`
	for _, x := range []struct {
		text string
		want []string
	}{
		{"", []string{"p.csv:1:1 csv.header: the file is empty | the first row names the columns"}},
		{"\xef\xbb\xbf", []string{"p.csv:1:1 csv.header: the file is empty | the first row names the columns"}},
		{"\n", []string{"p.csv:1:1 csv.header: column 1 has no name | the first row names the columns"}},
		{"a,,a\r\n", []string{"p.csv:1:3 csv.header: column 2 has no name | the first row names the columns", `p.csv:1:4 csv.header: columns 1 and 3 have the name "a"`}},
		{"a,b\n1\n\n1,2,3\n1,2\n\r\n", []string{"p.csv:2:1 csv.width: the row has 1 cell, and the header has 2 | note p.csv:1:1 the header",
			"p.csv:3:1 csv.width: the line is empty | each line is a row",
			"p.csv:4:1 csv.width: the row has 3 cells, and the header has 2 | note p.csv:1:1 the header",
			"p.csv:6:1 csv.width: the line is empty | each line is a row"}},
		{"a,b\nx\"y\",z\n1,\"2\"3,\n4,\"5\" \r\n", []string{"p.csv:2:2 csv.quote: a quote stands within a cell" + doubled, "p.csv:2:4 csv.quote: a quote stands within a cell" + doubled,
			"p.csv:3:1 csv.width: the row has 3 cells, and the header has 2 | note p.csv:1:1 the header",
			`p.csv:3:6 csv.quote: text stands behind a closing quote | a quote within quotes is doubled: ""`,
			`p.csv:4:6 csv.quote: text stands behind a closing quote | a quote within quotes is doubled: ""`}},
		{"a,b\n1,\"2\"\n3\n\"c\nd,e\n", []string{"p.csv:3:1 csv.width: the row has 1 cell, and the header has 2 | note p.csv:1:1 the header",
			"p.csv:4:1 csv.quote: the quote that opens here is not closed"}},
		{"a\nb\n\"c\nd\n", []string{"p.csv:3:1 csv.quote: the quote that opens here is not closed"}},
		{"\"a\nb\n", []string{"p.csv:1:1 csv.header: column 1 has no name | the first row names the columns", "p.csv:1:1 csv.quote: the quote that opens here is not closed"}},
		{"a\nb\rc\n", []string{"p.csv:2:2 csv.line_end: a carriage return stands alone | a line ends with a line feed, or with a carriage return and a line feed"}},
		{"a\nx\xffy\n", []string{"p.csv:2:2 document.utf8: the text is not UTF-8: the byte 0xFF may not stand here"}},
	} {
		if got := loadCSV(x.text).errors(); !slices.Equal(got, x.want) {
			t.Errorf("%q\ngot\n\t%s\nwant\n\t%s", x.text, strings.Join(got, "\n\t"), strings.Join(x.want, "\n\t"))
		}
	}
	l := loadCSV("a,b\n" + strings.Repeat("x\n", 1000))
	if got := l.errors(); len(got) != maxReports+1 || got[0] != "p.csv:1:1 csv.width: 980 more rows are wrong in the same way" {
		t.Errorf("%d errors: %s", len(got), got[0])
	}
}

// TestCSV_library compares with encoding/csv: what that writes we read.
func TestCSV_library(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 4).Draw(t, "width")
		cell := rapid.StringOf(rapid.SampledFrom([]rune{'a', 'é', ',', '"', '\n', '\r', ' ', '\'', '#', ';'}))
		rows := rapid.SliceOf(rapid.SliceOfN(cell, width, width)).Draw(t, "rows")
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.UseCRLF = false
		header := []string{"a", "b", "c", "d"}[:width]
		_ = w.WriteAll(append([][]string{header}, rows...))
		l := loadCSV(text.String())
		if l.diags.Len() > 0 {
			t.Fatalf("%q: %s", text.String(), l.errors())
		}
		f := l.Facts[0]
		if f.Len() != len(rows) {
			t.Fatalf("%q: %d rows of %d", text.String(), f.Len(), len(rows))
		}
		for i, row := range rows {
			for j, v := range f.Row(i) {
				if got := l.table.TextString(v); got != row[j] {
					t.Fatalf("row %d column %d: %q, want %q", i, j, got, row[j])
				}
			}
		}
	})
}

// TestCSV_plainRows checks that rows which are read many at a time are those that are read one by one, with the same errors.
func TestCSV_plainRows(t *testing.T) {
	cell := rapid.OneOf(
		rapid.SampledFrom([]string{"", "a", "b b", "!", "1234567", "12345678", "12345678\x00", "123456789012345", "1234567890123456", "12345678901234567", "x\x00y", "x\x00", "\u00e9\u00e9\u00e9\u00e9"}),
		rapid.StringOfN(rapid.RuneFrom([]rune("ab #\u65e5")), 0, 40, -1),
		rapid.SampledFrom([]string{`"x,\n"`, `"`, `a"b`, "\r", ",", "\n", `""`}))
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 3).Draw(t, "width")
		end := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end")
		text := strings.Join([]string{"a", "b", "c"}[:width], ",") + end
		for range rapid.IntRange(0, 40).Draw(t, "rows") {
			text += strings.Join(rapid.SliceOfN(cell, width, width).Draw(t, "cells"), ",") + end
		}
		text = strings.TrimSuffix(text, rapid.SampledFrom([]string{end, "none"}).Draw(t, "last"))
		table, many, single := value.NewTable(value.Key{}), &source.List{}, &source.List{}
		got := readCSV(table, 1, []byte(text), 0, "p", many)
		r := newCSVReader(table, 1, []byte(text), 0, single)
		r.header()
		for r.last = make([]lastCell, r.out.Width); r.at < len(r.text); {
			r.row()
		}
		r.out.Span = got.Span
		r.rest()
		if !slices.Equal(got.Rows, r.out.Rows) {
			t.Fatalf("%q: rows %v, want %v", text, got.Rows, r.out.Rows)
		}
		if a, b := fmt.Sprint(many.All()), fmt.Sprint(single.All()); a != b {
			t.Fatalf("%q: errors %s, want %s", text, a, b)
		}
	})
}

func TestLines(t *testing.T) {
	text := bytes.Repeat([]byte("\n\n\x0b\x8a\n\n\n \n"), 700)
	for _, n := range []int{0, 1, 7, 8, 9, 2039, 2040, 2041, 2048, 5600} {
		for _, tail := range []string{"", "x", "\n"} {
			part := append(bytes.Clone(text[:n]), tail...)
			if got, want := lines(part), bytes.Count(part, []byte("\n"))+1; got != want {
				t.Errorf("%d bytes and %q: %d lines, want %d", n, tail, got, want)
			}
		}
	}
}

// FuzzCSV checks that no text panics, and that rows and spans fit each other.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("a,b\n1,\"2\"\"\"\r\n\"x\ny\",z\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		diags := &source.List{}
		files := &source.Files{}
		out := readCSV(value.NewTable(value.Key{}), files.Add("p.csv", text), text, 0, "p", diags)
		if n := len(out.Places(files)); len(out.Rows) != out.Width*n || !diags.Failed() && n != out.Len() {
			t.Fatalf("%d cells, %d rows of %d", len(out.Rows), n, out.Width)
		}
		if !diags.Failed() {
			again, _ := csv.NewReader(bytes.NewReader(text)).ReadAll()
			if again != nil && !bytes.Contains(text, []byte("\r")) && !bytes.Contains(text, []byte("\n\n")) && text[0] != '\n' && len(again) != out.Len()+1 {
				t.Fatalf("%d rows, and encoding/csv has %d", out.Len()+1, len(again))
			}
		}
	})
}

// largeCSV has rows whose cells repeat, so that reading them interns nothing new.
func largeCSV(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("user,group\n")
	for i := range rows {
		fmt.Fprintf(&b, "user%d,\"group %d\"\n", i%1000, i%100)
	}
	return b.Bytes()
}

// TestCSV_allocations checks that a row costs no allocation.
func TestCSV_allocations(t *testing.T) {
	table := value.NewTable(value.Key{})
	text := largeCSV(20_000)
	diags := &source.List{}
	n := testing.AllocsPerRun(3, func() { readCSV(table, 1, text, 0, "member", diags) })
	if n > 20 || diags.Len() > 0 {
		t.Errorf("%v allocations, %d errors", n, diags.Len())
	}
}

func BenchmarkCSV(b *testing.B) {
	text := largeCSV(1_000_000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		readCSV(value.NewTable(value.Key{}), 1, text, 0, "member", &source.List{})
	}
}
