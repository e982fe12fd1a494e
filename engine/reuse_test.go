package engine

import (
	"bytes"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// reuseText raises in every part of a decision, with messages that quote the request, facts and what updates brought.
const reuseText = `version = "rune/1.0"
[data]
raw = [["1"], ["one"]]
member = [["user:ann", "dev"]]
[schema]
entity Group;
entity User in [Group] { level?: Long, note?: String };
entity Doc enum ["plan", "list"];
action read, run appliesTo { principal: User, resource: Doc, context: { s?: String, n?: Long, at?: String, cmd?: String, list?: Set<String> } };
[entities]
[{"uid":{"type":"User","id":"ann"},"attrs":{"level":7,"note":"stored"},"parents":[{"type":"Group","id":"g"}]}]
[rules]
decl raw(string).
decl member(entity, Group).
@materialize number(S, N) :- raw(S), N = S.toLong().
@materialize large(S) :- number(S, N), N > 0.
parent(X, G) :- member(X, G).
half(S, N) :- raw(S), N = 100 / S.toLong().
permit(P, "read", _) :- P in Group::"dev".
permit(_, "run", _) :- context has cmd, argv(context.cmd, 0, "git").
forbid(_, "read", _) :- context has s, large(context.s), not half(context.s, 3).
forbid(_, "read", _) :- context has s, context has n, context.s.toLong() / context.n > 3.
forbid(_, "run", _) :- context has at, not context.at.isUnder("/srv").
forbid(_, "run", _) :- context has s, context has list, each(context.list, X), context.s.matches(X).
forbid(P, "run", _) :- P has level, context has n, P.level + context.n > 9.
[policies]
permit(principal, action == Action::"read", resource) when { context has n && context.n > 3 && principal has note && principal.note like "st*" };
forbid(principal, action == Action::"run", resource) when { context has n && context.n + 9223372036854775807 > 3 };
permit(principal, action == Action::"run", resource) when { context has n && context.n * 9223372036854775807 > 3 };
`

// reuseSteps are calls of all kinds, good and bad, with a place for a text that few others have.
var reuseSteps = []struct{ verb, text string }{
	{"request.json", `{"principal":"ann","action":"read","resource":"Doc::\"plan\"","context":{"s":"%","n":0}}`},
	{"request.json", `{"principal":"ann","action":"read","resource":"Doc::\"plan\"","context":{"s":"1","n":9}}`},
	{"request.json", `{"principal":"user:%","action":"read","resource":"Doc::\"list\"","context":{"s":"-%","n":2}}`},
	{"request.json", `{"principal":"ann","action":"run","resource":"Doc::\"plan\"","context":{"cmd":"git '% $(x)","at":"%","s":"a%","list":["(%","%*","+"],"n":5}}`},
	{"request.json", `{"principal":"ann","action":"run","resource":"Doc::\"plan\"","context":{"cmd":"git log %","at":"/srv/%/..%","n":9223372036854775807}}`},
	{"request.json", `{"principal":"ann","action":"read","resource":"Doc::\"%\""}`},
	{"request.json", `{"principal":"ann","action":"%","resource":"Doc::\"plan\""}`},
	{"request.json", `{"principal":"ann","action":"read","resource":"Doc::\"plan\"","context":{"%":{"a":["%"]}}}`},
	{"request.json", `{"principal":"ann","action":"read","resource":"Doc::\"plan\"","context":{"list":["%",{"%":null}]}}`},
	{"request.json", `{"principal":"ann","action":"read","resource":"Doc::\"plan\"","entities":[{"uid":{"type":"User","id":"%"},"attrs":{"level":"%"},"parents":[]}]}`},
	{"request.json", `{"principal":"ann","action":"read","resource":"Doc::\"plan\"","entities":[{"uid":{"type":"User","id":"%"},"attrs":{"%":1},"parents":[{"type":"Doc","id":"%"}]}]}`},
	{"request.json", `{"principal":"ann","action":"read","resource":"Doc::\"plan\"","context":{"n":{"__extn":{"fn":"%","arg":"%"}}}}`},
	{"request.json", `{"principal":"%::\"","action":"read"}`},
	{"request.json", `{"principal":"%`},
	{"query.json", `{"goal":"half(X, Y)"}`},
	{"query.json", `{"goal":"number(X, Y), X != \"%\""}`},
	{"query.json", `{"goal":"X = \"%\".toLong()"}`},
	{"query.json", `{"goal":"nothing%(X)"}`},
	{"query.json", `{"goal":"half(X, Y)","principal":"ann","action":"%","resource":"Doc::\"plan\""}`},
	{"update.json", `{"insert":{"raw":[["%"]]}}`},
	{"update.json", `{"insert":{"raw":[["0"],["%"]],"member":[["user:%","dev"]]},"delete":{"raw":[["one"]]}}`},
	{"update.json", `{"delete":{"raw":[["%"]]}}`},
	{"update.json", `{"insert":{"raw":[["%"],["%",3]]}}`},
	{"update.json", `{"insert":{"member":[["nobody %","dev"]],"%":[]}}`},
	{"update.json", `{"insert":{"raw":[[{"__extn":{"fn":"ip","arg":"%"}}]]}}`},
	{"overlay.json", `{"text":"forbid(_, _, _) :- context has s, context.s.toLong() > 1000, \"%\".toLong() == 3.","restrict":true}`},
	{"overlay.json", `{"text":"more(\"%\"). permit(P, \"read\", _) :- more(S), S.toLong() > 3.","restrict":false}`},
	{"overlay.json", `{"text":"permit(%, oops","restrict":false}`},
	{"overlay.json", `{"text":"%","restrict":"%"}`},
	{"test.json", `{"run":"(%"}`},
	{"test.json", `{"%":1}`},
	{"describe.json", `{}`},
}

// reuseStep is a call as it was drawn.
type reuseStep struct {
	verb string
	text []byte
	host Host
}

func drawStep(t *rapid.T) reuseStep {
	if rapid.IntRange(0, 9).Draw(t, "batch?") == 0 {
		text := []byte(`{"requests":[`)
		for i := range rapid.IntRange(0, 4).Draw(t, "items") {
			if i > 0 {
				text = append(text, ',')
			}
			text = append(text, drawText(t, reuseSteps[rapid.IntRange(0, 12).Draw(t, "item")].text)...)
		}
		return reuseStep{"batch.json", append(text, "]}"...), drawHost(t)}
	}
	step := rapid.SampledFrom(reuseSteps).Draw(t, "call")
	return reuseStep{step.verb, drawText(t, step.text), drawHost(t)}
}

// drawText fills the places of a text, with one that is longer at times, and now and then damages it.
func drawText(t *rapid.T, form string) []byte {
	own := rapid.SampledFrom([]string{"", "x", "0", "é\\n", "long long long long long long long long long long long long long long text"}).Draw(t, "own") + strconv.Itoa(rapid.IntRange(0, 2).Draw(t, "number"))
	text := bytes.ReplaceAll([]byte(form), []byte{'%'}, []byte(own))
	if rapid.IntRange(0, 7).Draw(t, "damage?") == 0 {
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		text[at] = rapid.SampledFrom([]byte(`"{}[],:0n\ `)).Draw(t, "with")
	}
	return text
}

func drawHost(t *rapid.T) Host {
	var h Host
	switch rapid.IntRange(0, 9).Draw(t, "host") {
	case 0:
		h.Limits.Steps = uint64(rapid.IntRange(1, 60).Draw(t, "steps"))
	case 1:
		h.Limits.StringBytes = uint64(rapid.IntRange(1, 40).Draw(t, "bytes"))
	case 2:
		h.Limits.ErrorSteps = uint64(rapid.IntRange(1, 20).Draw(t, "error steps"))
	case 3:
		h.Context = []byte(`{"at":"host ` + strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "given")) + `"}`)
	case 4:
		h.Entities = EntitiesAdd
	case 5:
		h.Overlay = uint64(rapid.IntRange(1, 3).Draw(t, "overlay")) // the last but so many
	}
	return h
}

// reused is an engine and the overlays that it was given.
type reused struct {
	*Engine
	handles []uint64
}

func (e *reused) call(s *reuseStep) []byte {
	h := s.host
	if h.Overlay > 0 && int(h.Overlay) <= len(e.handles) {
		h.Overlay = e.handles[len(e.handles)-int(h.Overlay)]
	}
	text := bytes.Clone(s.text)
	reply := call(e.Engine, s.verb, text, &h)
	clear(text) // a host's buffer is written again by the next call
	if handle, ok := bytes.CutPrefix(reply, []byte(`{"overlay":{"handle":"`)); ok {
		n, _ := strconv.ParseUint(string(handle[:16]), 16, 64)
		e.handles = append(e.handles, n)
	}
	return reply
}

// TestReuse: an engine whose memory is used again replies to each call of any sequence, of good ones and bad ones, what one replies that was given
// only the updates and overlays before. Nothing of one client's request is in the reply to another's.
func TestReuse(t *testing.T) {
	errors, replies := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		fresh := func() *reused {
			e, reply := loadText(reuseText, 1)
			if e == nil {
				t.Fatalf("%s", reply)
			}
			return &reused{Engine: e}
		}
		e := fresh()
		var before []reuseStep
		var all []reuseStep
		for range rapid.IntRange(2, 12).Draw(t, "calls") {
			s := drawStep(t)
			all = append(all, s)
			got := bytes.Clone(e.call(&s))
			f := fresh()
			for i := range before {
				f.call(&before[i])
			}
			if want := f.call(&s); !bytes.Equal(got, want) {
				for _, s := range all {
					t.Logf("%s %s %+v", s.verb, s.text, s.host)
				}
				t.Fatalf("replies\n%s\nwant\n%s", got, want)
			}
			replies++
			if bytes.Contains(got, []byte(`"code":`)) {
				errors++
			}
			if s.verb == "update.json" || s.verb == "overlay.json" {
				before = append(before, s)
			}
		}
	})
	if replies/4 > errors || errors > replies*9/10 {
		t.Errorf("%d errors in %d replies", errors, replies)
	}
}
