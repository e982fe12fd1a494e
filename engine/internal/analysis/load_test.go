package analysis

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// loaded is a document that went through the analysis.
type loaded struct {
	files   source.Files
	diags   source.List
	table   *value.Table
	program *Program
}

// load analyses a document: text, or sections of txtar whose first is the root. Text without a version is the body of [rules].
func load(text string) *loaded {
	l := &loaded{table: value.NewTable(value.Key{})}
	ar := txtar.Parse([]byte(text))
	root := ar.Comment
	if len(ar.Files) > 0 && len(strings.TrimSpace(string(root))) == 0 {
		root, ar.Files = ar.Files[0].Data, ar.Files[1:]
	}
	if !strings.Contains(string(root), "version =") {
		root = append([]byte("version = \"rune/1.0\"\n[rules]\n"), root...)
	}
	loader := document.NewLoader(l.table, &l.files, "config.rune", root, &l.diags)
	for want, more := loader.Next(); more; want, more = loader.Next() {
		i := slices.IndexFunc(ar.Files, func(f txtar.File) bool { return f.Name == want.Name })
		if i < 0 {
			loader.Give(want.Name, nil)
		} else {
			loader.Give(want.Name, ar.Files[i].Data)
		}
	}
	set := loader.Finish()
	var statements []datalog.Statement
	for _, p := range set.Parts {
		if !p.Policies {
			statements = append(statements, datalog.Parse(&l.files, p.Span.File, int(p.Span.Start), int(p.Span.End), &l.diags)...)
		}
	}
	known := map[string]bool{"User": true, "Group": true}
	TypeNames(statements, func(typ string, _ source.Span) { known[typ] = true })
	l.program = Analyse(Input{Table: l.table, Files: &l.files, Diags: &l.diags, Statements: statements, Facts: set.Facts, Defaults: &set.Defaults,
		Schema: schema.Parse(l.table, &l.files, set.Schemas, &l.diags),
		Text:   &value.EntityText{Quoted: set.Defaults.Quoted, Known: func(t []byte) bool { return known[string(t)] }}})
	return l
}

// errors returns the errors as "line:column code message", lines counted from the first of the rules in a text without a version.
func (l *loaded) found(severity source.Severity, offset int) []string {
	var out []string
	for _, d := range l.diags.All() {
		if d.Severity == severity {
			p := l.files.Position(d.Span)
			out = append(out, fmt.Sprintf("%d:%d %s %s", p.Line-offset, p.Column, d.Code, d.Message))
		}
	}
	return out
}

func offset(text string) int {
	if strings.Contains(text, "version =") {
		return 0
	}
	return 2
}

// check compares the diagnostics of a text with prefixes of what is wanted.
func check(t *testing.T, text string, severity source.Severity, want ...string) *loaded {
	t.Helper()
	l := load(text)
	got := l.found(severity, offset(text))
	ok := len(got) == len(want)
	for i := range want {
		ok = ok && strings.HasPrefix(got[i], want[i])
	}
	if !ok {
		t.Errorf("%s\n got %q\nwant %q", strings.TrimSpace(text), got, want)
	}
	return l
}

func refused(t *testing.T, text string, want ...string) {
	t.Helper()
	if check(t, text, source.Error, want...).program != nil {
		t.Errorf("%s\nloaded", text)
	}
}

func accepted(t *testing.T, text string) *loaded {
	t.Helper()
	l := check(t, text, source.Error)
	if l.program == nil {
		t.Fatalf("%s\nrefused", text)
	}
	return l
}

// dump writes rules, one a line.
func (l *loaded) dump(preds []Predicate, rules []Rule) []string {
	var out []string
	for i := range rules {
		out = append(out, l.rule(preds, &rules[i]))
	}
	return out
}

func (l *loaded) rules() string {
	return strings.Join(l.dump(l.program.Preds, l.program.Rules), "\n")
}

func (l *loaded) rule(preds []Predicate, r *Rule) string {
	p := printer{l: l, preds: preds, r: r}
	head := "goal"
	if r.Head >= 0 {
		head = p.pred(r.Head)
	}
	out := head + p.terms(r.HeadArgs)
	for i := range r.Body {
		if i == 0 {
			out += " :- "
		} else {
			out += ", "
		}
		out += p.literal(&r.Body[i])
	}
	return out
}

type printer struct {
	l     *loaded
	preds []Predicate
	r     *Rule
}

func (p *printer) pred(id PredID) string {
	if p.preds[id].Kind == PredAux { // numbered among its like
		n := 0
		for i := range p.preds[:id+1] {
			if p.preds[i].Kind == PredAux {
				n++
			}
		}
		return fmt.Sprint("aux", n)
	}
	return p.preds[id].Name
}

func (p *printer) variable(v int32) string {
	if n := p.r.VarNames[v]; n != "" && n != "_" {
		return n
	}
	return fmt.Sprint(p.r.VarNames[v], v)
}

func (p *printer) term(t Term) string {
	switch {
	case t.Var == TermWildcard:
		return "_"
	case t.Var == TermConst && t.Const == p.l.table.EntityOf("", ""):
		return "-"
	case t.Var == TermConst:
		return string(p.l.table.Append(nil, t.Const))
	}
	return p.variable(t.Var)
}

func (p *printer) terms(ts []Term) string {
	var out []string
	for _, t := range ts {
		out = append(out, p.term(t))
	}
	return "(" + strings.Join(out, ", ") + ")"
}

func (p *printer) literal(l *Literal) string {
	switch l.Kind {
	case LitAtom:
		return p.pred(l.Pred) + p.terms(l.Args)
	case LitNot:
		return "not " + p.pred(l.Pred) + p.terms(l.Args)
	case LitTest:
		return p.expr(l.Expr)
	case LitEquation:
		return p.variable(l.Var) + " = " + p.expr(l.Expr)
	case LitAggregate:
		return fmt.Sprintf("%s = agg%d %s%s", p.variable(l.Var), l.Aggregate.Op, p.pred(l.Aggregate.Pred), p.terms(l.Aggregate.Group))
	}
	sep := ""
	if l.Separator != nil {
		sep = "; " + p.expr(l.Separator)
	}
	return fmt.Sprintf("gen%d[%s%s]%s", l.Generator, p.expr(l.Expr), sep, p.terms(l.Args))
}

func (p *printer) expr(e *Expr) string {
	var args []string
	for _, x := range e.Args {
		args = append(args, p.expr(x))
	}
	name := ""
	switch e.Op {
	case OpConst:
		return string(p.l.table.Append(nil, e.Const))
	case OpVar:
		return p.variable(e.Var)
	case OpContext:
		return "context"
	case OpAttr, OpHas, OpIs:
		sign := map[Op]string{OpAttr: ".", OpHas: " has ", OpIs: " is "}[e.Op]
		return args[0] + sign + p.l.table.TextString(e.Const)
	case OpCall:
		name = e.Fn.String()
	case OpRecord:
		for i, k := range e.Keys {
			args[i] = p.l.table.TextString(k) + ": " + args[i]
		}
		name = "record"
	default:
		name = map[Op]string{OpGetTag: "getTag", OpHasTag: "hasTag", OpIn: "in", OpLike: "like", OpSet: "set", OpIf: "if", OpAnd: "and", OpOr: "or"}[e.Op]
	}
	return name + "(" + strings.Join(args, ", ") + ")"
}
