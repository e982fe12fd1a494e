package engine

import (
	"fmt"
	"strings"
	"testing"
)

// TestSteps_ofLargeValues: an operation on large values takes steps by their size, so that no request takes long within its limit.
func TestSteps_ofLargeValues(t *testing.T) {
	e := mustLoad(t, "version = \"rune/1.0\"\n[rules]\nn(1).\n")
	text := strings.Repeat("x", 100_000)
	var numbers, texts []string
	for i := range 5000 {
		numbers = append(numbers, fmt.Sprint(i))
		if i < 20 {
			texts = append(texts, fmt.Sprintf("%q", text+fmt.Sprint(i)))
		}
	}
	context := fmt.Sprintf(`{"text":%q,"other":%q,"numbers":[%s],"texts":[%s]}`, text, text+"y", strings.Join(numbers, ","), strings.Join(texts, ","))
	for goal, least := range map[string]uint64{
		`context.numbers.containsAll(context.numbers)`:             5000,
		`context.numbers.containsAny(context.numbers)`:             5000,
		`context.numbers.union(context.numbers).size() > 1`:        10_000,
		`context.numbers.intersection(context.numbers).size() > 1`: 10_000,
		`context.text < context.other`:                             6000,
		`not context.texts.contains(context.other)`:                6000,
		`context.text.lower() == context.text`:                     6000,
		`context.text.concat(context.text).length() > 1`:           6000,
		`context.text.replace("x", "y").length() > 1`:              12_000,
		`not context.text.matches("(x|xx)*y")`:                     12_000,
		`context.text.hasSubstring("x")`:                           6000,
		`context.numbers.toString().length() > 1`:                  1000,
		`C = count { each(context.numbers, X) }, C > 1`:            5000,
	} {
		if strings.HasPrefix(goal, "not ") {
			goal = "(" + goal + " ; 1 == 2)"
		}
		request := fmt.Sprintf(`{"goal":%q,"principal":"a","action":"b","resource":"c","context":%s}`, "n(N), context has numbers, context has text, context has texts, context has other, "+goal, context)
		reply := e.Query(nil, []byte(request), &Host{})
		if !strings.Contains(string(reply), `"rows":[[1`) {
			t.Errorf("%s: %.300s", goal, reply)
		}
		if n := e.Stats().Steps; n < least || n > 10*least {
			t.Errorf("%s takes %d steps, want %d at least", goal, n, least)
		}
	}
}

// TestQuery_largeAnswer: an answer that would be written in more bytes than the limit of bytes is an error, however little the engine holds.
func TestQuery_largeAnswer(t *testing.T) {
	var facts strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&facts, "n(%d). ", i)
	}
	e := mustLoad(t, "version = \"rune/1.0\"\n[rules]\n"+facts.String())
	ask := func(size int) []byte {
		request := fmt.Sprintf(`{"goal":"n(X), Y = context.text","principal":"a","action":"b","resource":"c","context":{"text":%q}}`, strings.Repeat("x", size))
		return e.Query(nil, []byte(request), &Host{})
	}
	if reply := ask(30_000); errorCode(reply) != "" || len(reply) < 60_000_000 {
		t.Errorf("60 MB: %.200s", reply)
	}
	if reply := ask(40_000); errorCode(reply) != "limit.arena_bytes" {
		t.Errorf("80 MB: %.200s", reply)
	}
}

// TestBatch_largeReplies: many short requests with long replies are an error together, and no memory for them is needed.
func TestBatch_largeReplies(t *testing.T) {
	var policies strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&policies, "permit(principal, action, resource) when { context.s.k%d };\n", i)
	}
	e := mustLoad(t, "version = \"rune/1.0\"\n[policies]\n"+policies.String())
	batch := func(n int) []byte {
		one := `{"principal":"a","action":"b","resource":"c","context":{"s":{}}},`
		return e.Batch([]byte("> "), []byte(`{"requests":[`+strings.TrimSuffix(strings.Repeat(one, n), ",")+`]}`), &Host{Limits: Limits{ArenaBytes: 1 << 16}})
	}
	if reply := batch(10); !strings.HasPrefix(string(reply), `> {"results":[{"decision":"deny"`) || len(reply) < 1_000_000 {
		t.Errorf("10 requests: %.200s", reply)
	}
	if reply := batch(500); !strings.HasPrefix(string(reply), `> {"error":{"code":"limit.arena_bytes"`) || len(reply) > 300 {
		t.Errorf("500 requests: %.200s", reply)
	}
}
