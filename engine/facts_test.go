package engine

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	"pgregory.net/rapid"
)

const factsDocument = `version = "rune/1.0"
[data]
plain = [["a", "b"]]
[rules]
decl typed(who: User, n: long, on: bool, at: datetime).
decl e(string, string).
@materialize path(X, Y) :- e(X, Y). path(X, Z) :- path(X, Y), e(Y, Z).
permit(_) :- plain(X, X), path(X, X), typed(_, _, _, _).
`

func factsEngine(t interface{ Fatal(...any) }) *Engine {
	e, reply := loadFiles([]txtar.File{{Name: "config.rune", Data: []byte(factsDocument)}}, Host{})
	if e == nil {
		t.Fatal(string(reply))
	}
	return e
}

// drawRows draws rows for a predicate of factsDocument, as JSON and as a CSV file.
func drawRows(t *rapid.T, pred string) (list, file []byte) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune{'a', 'b', 'é', ',', '"', '\n', ' ', '日'}), 0, 20, -1)
	header, order := []string{"x", "y"}, []int{0, 1}
	if pred == "typed" {
		header, order = []string{"who", "n", "on", "at"}, rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "order")
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write(arranged(header, order))
	rows := [][]any{}
	for range rapid.IntRange(0, 6).Draw(t, "rows") {
		row := []any{text.Draw(t, "x"), text.Draw(t, "y")}
		if pred == "typed" {
			row = []any{"u" + rapid.StringMatching("[a-c]{0,2}").Draw(t, "who"), rapid.IntRange(-3, 3).Draw(t, "n"), rapid.Bool().Draw(t, "on"), "2024-05-06"}
		}
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = fmt.Sprint(v)
		}
		rows = append(rows, row)
		_ = w.Write(arranged(cells, order))
	}
	w.Flush()
	list, _ = json.Marshal(rows)
	return list, out.Bytes()
}

func arranged(cells []string, order []int) []string {
	out := make([]string, len(order))
	for i, from := range order {
		out[i] = cells[from]
	}
	return out
}

// TestFacts_update checks that rows of CSV do what the same rows of JSON do: replies, revisions, steps, and what can be asked afterwards.
func TestFacts_update(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		byJSON, byCSV := factsEngine(t), factsEngine(t)
		for range rapid.IntRange(1, 4).Draw(t, "transactions") {
			pred := rapid.SampledFrom([]string{"plain", "e", "typed"}).Draw(t, "predicate")
			list, file := drawRows(t, pred)
			want := byJSON.Update(nil, fmt.Appendf(nil, `{"insert":{%q:%s}}`, pred, list), &Host{})
			got := byCSV.Facts(nil, fmt.Appendf(nil, "{\"predicate\":%q}\n%s", pred, file), &Host{})
			if !bytes.Equal(got, want) || bytes.HasPrefix(got, []byte(`{"error"`)) || byJSON.Stats().Steps != byCSV.Stats().Steps {
				t.Fatalf("%q\ngot  %s\nwant %s", file, got, want)
			}
		}
		for _, goal := range []string{"plain(X, Y)", "path(X, Y)", "typed(A, B, C, D)"} {
			ask := fmt.Appendf(nil, `{"goal":%q}`, goal)
			if got, want := byCSV.Query(nil, ask, &Host{}), byJSON.Query(nil, ask, &Host{}); !bytes.Equal(got, want) {
				t.Fatalf("%s: got %s, want %s", goal, got, want)
			}
		}
	})
}

// TestFacts_refused checks that what is refused changes nothing, however far it got.
func TestFacts_refused(t *testing.T) {
	e := factsEngine(t)
	before, marked := e.Revision(), e.base
	for _, text := range []string{"", "{}\n", "{\"predicate\":\"e\"}\na,b\nnew,\xff\n", "{\"predicate\":\"typed\"}\nwho,n,on,at\nnew,1,true,never\n",
		"{\"predicate\":\"e\"}\na,b\n" + strings.Repeat("new,text\n", 5000) + "\"open"} {
		if got := e.Facts(nil, []byte(text), &Host{}); !bytes.HasPrefix(got, []byte(`{"error":`)) || !json.Valid(got) {
			t.Errorf("%.40q: %s", text, got)
		}
		if e.Revision() != before || e.base != marked {
			t.Errorf("%.40q changed the engine", text)
		}
	}
}

// FuzzFacts checks that no text makes the engine panic or reply with what isn't JSON.
func FuzzFacts(f *testing.F) {
	f.Add([]byte("{\"predicate\":\"typed\"}\nat,on,n,who\n2024-05-06,true,\"1\",alice\n"))
	f.Add([]byte("{\"predicate\":\"e\",\"file\":\"x.csv\"}\r\n\xef\xbb\xbfa,b\r\n\"x\ny\",\"\"\"\"\r\n"))
	e := factsEngine(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		if got := e.Facts(nil, text, &Host{}); !json.Valid(got) {
			t.Fatalf("%q", got)
		}
	})
}
