package goal_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// world is a loaded program with its evaluator.
type world struct {
	tb      testing.TB
	t       *value.Table
	program *analysis.Program
	store   *entity.Store
	model   *fixpoint.Model
	eval    *goal.Evaluator
	view    *entity.View
	limits  goal.Limits
	yield   func()
	context value.Value
	none    bool // queries see no request
}

// load loads rules. Entities are the stored ones.
func load(tb testing.TB, rules string, entities func(w *world)) *world {
	return loadWith(tb, rules, entities, value.Key{1, 2}, fixpoint.Options{})
}

func loadWith(tb testing.TB, rules string, entities func(w *world), key value.Key, o fixpoint.Options) *world {
	tb.Helper()
	w := &world{tb: tb, t: value.NewTable(key)}
	w.store = entity.NewStore(w.t)
	if entities != nil {
		entities(w)
	}
	var files source.Files
	var diags source.List
	id := files.Add("config.rune", []byte(rules))
	statements := datalog.Parse(&files, id, 0, len(rules), &diags)
	w.program = analysis.Analyse(analysis.Input{
		Table: w.t, Files: &files, Diags: &diags, Statements: statements,
		Defaults: &document.Defaults{Principal: "User", Action: "Action", Resource: "Doc"},
		Text:     &value.EntityText{Known: func([]byte) bool { return true }},
	})
	if w.program == nil || diags.Failed() {
		for _, d := range diags.All() {
			if d.Severity == source.Error {
				tb.Log(files.Render(d))
			}
		}
		tb.Fatal("the rules don't load")
	}
	w.context = w.t.Record(nil)
	w.start(o)
	return w
}

func (w *world) start(o fixpoint.Options) {
	w.tb.Helper()
	model, fault := fixpoint.New(w.t, w.program, w.store, o)
	if fault != nil {
		w.tb.Fatal(fault)
	}
	w.model = model
	w.eval = goal.New(w.t, w.program, model.DB(), w.store)
	w.view = entity.NewView(w.t, w.store)
}

func (w *world) entity(text string) value.Value {
	typ, id, _ := strings.Cut(text, ":")
	return w.t.EntityOf(typ, id)
}

func (w *world) record(fields map[string]any) value.Value {
	var keys []string
	for k := range fields {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var out []value.Value
	for _, k := range keys {
		out = append(out, w.t.String(k), w.value(fields[k]))
	}
	return w.t.Record(out)
}

func (w *world) value(v any) value.Value {
	switch v := v.(type) {
	case int:
		return w.t.Long(int64(v))
	case string:
		return w.t.String(v)
	case bool:
		return value.Bool(v)
	case map[string]any:
		return w.record(v)
	case []any:
		var out []value.Value
		for _, x := range v {
			out = append(out, w.value(x))
		}
		return w.t.Set(out)
	}
	return v.(value.Value)
}

// entityWith makes an entity.
func (w *world) entityWith(uid string, attrs, tags map[string]any, parents ...string) entity.Entity {
	e := entity.Entity{UID: w.entity(uid), Attrs: w.record(attrs), Tags: w.record(tags)}
	for _, p := range parents {
		e.Parents = append(e.Parents, w.entity(p))
	}
	return e
}

func (w *world) store1(uid string, attrs, tags map[string]any, parents ...string) {
	w.store.Add(w.entityWith(uid, attrs, tags, parents...))
}

func (w *world) request(principal, action, resource string) goal.Request {
	return goal.Request{Principal: w.entity("User:" + principal), Action: w.entity("Action:" + action), Resource: w.entity("Doc:" + resource), Context: w.context}
}

// decide returns the verdicts as text: "s0" holds, "s0!code" errs.
func (w *world) decide(principal, action, resource string) string {
	w.eval.Begin(w.request(principal, action, resource), w.view, w.limits, w.yield)
	var out []string
	for _, v := range w.eval.Statements(nil) {
		text := w.program.Statements[v.Statement].ID
		if v.Errs {
			text += "!" + string(v.Fault.Code)
		}
		out = append(out, text)
	}
	if limit := w.eval.Exceeded(); limit != "" {
		return limit
	}
	return strings.Join(out, " ")
}

// query returns a goal's rows as text, or its fault's code.
func (w *world) query(text string) string {
	w.tb.Helper()
	var files source.Files
	var diags source.List
	g := w.program.Goal(&files, []byte(text), &diags)
	if g == nil {
		w.tb.Fatalf("%s: %v", text, diags.All())
	}
	r := w.request("p", "a", "r")
	if w.none {
		r = goal.Request{Principal: value.None, Action: value.None, Resource: value.None, Context: w.t.Record(nil)}
	}
	w.eval.Begin(r, w.view, w.limits, w.yield)
	rows, fault := w.eval.Query(g)
	if fault != nil {
		return string(fault.Code)
	}
	return w.show(rows)
}

func (w *world) show(rows [][]value.Value) string {
	var lines []string
	for _, row := range rows {
		var cells []string
		for _, v := range row {
			cells = append(cells, string(w.t.Append(nil, v)))
		}
		lines = append(lines, strings.Join(cells, ","))
	}
	return strings.Join(lines, " ")
}
