package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestLoad_badFacts puts one bad line into a file of facts, early and late, and checks that the load is refused whole with the error's place.
func TestLoad_badFacts(t *testing.T) {
	const rules = "include = [\"member.csv\"]\n[rules]\ndecl member(User, long).\npermit(P, \"read\", _) :- member(P, _).\n"
	for _, before := range []int{0, 20, 900_000} {
		if before > 1000 && testing.Short() {
			continue
		}
		var good strings.Builder
		good.WriteString("who,level\n")
		for i := range before {
			fmt.Fprintf(&good, "u%d,%d\n", i/10, i%1000)
		}
		for _, c := range []struct {
			name, line, code string
			column           int
		}{
			{"unclosed quote", `u1,"7`, "csv.quote", 4},
			{"quote within a cell", `u"1,7`, "csv.quote", 2},
			{"text behind a quote", `"u1"x,7`, "csv.quote", 5},
			{"too few cells", "u1", "csv.width", 1},
			{"too many cells", "u1,7,8", "csv.width", 1},
			{"an empty line", "", "csv.width", 1},
			{"a carriage return alone", "u1\r,7", "csv.line_end", 3},
			{"a byte that is no UTF-8", "é\xff,7", "document.utf8", 2},
			{"half a code point", "u1\xe6\x97,7", "document.utf8", 3},
			{"no number", "u1,seven", "datalog.type", 4},
			{"a number with a NUL", "u1,7\x00", "datalog.type", 4},
			{"a number with a byte order mark", "u1,\ufeff7", "datalog.type", 4},
			{"a number too large", "u1,9223372036854775808", "datalog.type", 4},
			{"an empty number", "u1,", "csv.empty_cell", 4},
			{"an empty entity", ",7", "csv.empty_cell", 1},
			{"another type's entity", "group:u1,7", "datalog.type", 1},
			{"another type's entity, in quotes", `"group:a,b",7`, "datalog.type", 1},
		} {
			e, reply := tryLoad(rules, "member.csv", good.String()+c.line+"\nu2,8\n")
			type place struct {
				Code, File   string
				Line, Column int
			}
			var got struct{ Diagnostics []place }
			if err := json.Unmarshal(reply, &got); err != nil {
				t.Fatal(err)
			}
			if want := (place{c.code, "member.csv", before + 2, c.column}); e != nil || !slices.Contains(got.Diagnostics, want) {
				t.Errorf("%s after %d rows: want %+v, got %.300s", c.name, before, want, reply)
			}
		}
		if e, reply := tryLoad(rules, "member.csv", good.String()+"u\x00,7\r\n\"u,\n\"\"2\",8"); e == nil {
			t.Errorf("what is fine after %d rows: %s", before, reply)
		}
	}
}
