package engine

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/value"
)

// oracle is the naive evaluator that the engine is compared with: bottom-up, round after round until nothing is new, every
// rule in full, without indexes, plans or demand. It shares the value operations and the analysed program with the engine,
// and nothing else. T and P are those of the language's three-valued errors.
//
// Predicates without demanded columns are sets of rows, computed stratum by stratum for T and P. parent is such a set over the
// entities met so far. The other demanded predicates are evaluated whenever they are asked for, by plain recursion: they are
// reached through negation, aggregates and attribute reads alone, which stratification keeps out of cycles.
type oracle struct {
	t       *value.Table
	p       *analysis.Program
	store   *entity.Store
	request [3]value.Value // principal, action, resource
	context value.Value

	rows     [2]map[analysis.PredID]map[string][]value.Value // by mode
	universe map[value.Value]bool                            // entities that parent is computed for
	calls    map[string][][]value.Value                      // finished calls of demanded predicates
	work     int                                             // literals evaluated
	met      tally                                           // what rare things were met
}

// errEndless is the panic that ends an evaluation which may go on for ever.
var errEndless = errors.New("the oracle gave up")

const mostWork = 300_000

type mode int

const (
	modeT mode = iota
	modeP
)

// newOracle evaluates a program for a request, whose principal is None where there is none. Goals are rules that will be asked.
func newOracle(t *value.Table, p *analysis.Program, s *entity.Store, r goal.Request, goals ...*analysis.Goal) *oracle {
	o := &oracle{t: t, p: p, store: s, request: [3]value.Value{r.Principal, r.Action, r.Resource}, context: r.Context,
		universe: map[value.Value]bool{}, calls: map[string][][]value.Value{}, met: tally{}}
	for m := range o.rows {
		o.rows[m] = map[analysis.PredID]map[string][]value.Value{}
		for i := range p.Preds {
			o.rows[m][analysis.PredID(i)] = map[string][]value.Value{}
		}
	}
	for _, f := range p.Facts {
		o.addFacts(f)
	}
	for _, e := range s.All() {
		o.meet(e)
		o.meet(s.Attrs(e))
		o.meet(s.Tags(e))
		for _, parent := range s.Parents(e) {
			o.meet(parent)
		}
	}
	for i := range p.Rules {
		o.meetRule(&p.Rules[i])
	}
	for _, g := range goals {
		o.meetRule(&g.Rule)
		for i := range g.ExtraRules {
			o.meetRule(&g.ExtraRules[i])
		}
	}
	o.meet(o.context)
	for m := range o.rows {
		for i, v := range o.request {
			if v != value.None {
				o.add(mode(m), analysis.PredPrincipal+analysis.PredID(i), []value.Value{v})
			}
		}
		for f := t.Fields(o.context); len(f) > 0; f = f[2:] {
			o.add(mode(m), analysis.PredContext, f[:2])
		}
	}
	o.solve()
	return o
}

// query returns the rows of a goal that newOracle was given.
func (o *oracle) query(g *analysis.Goal) [][]value.Value {
	extended, calls := *o.p, o.calls
	extended.Preds = slices.Concat(o.p.Preds, g.ExtraPreds)
	extended.Rules = slices.Concat(o.p.Rules, g.ExtraRules)
	saved := o.p
	o.p, o.calls = &extended, map[string][][]value.Value{}
	defer func() { o.p, o.calls = saved, calls }()
	rows := [][]value.Value{}
	seen := map[string]bool{}
	o.rule(modeT, &g.Rule, nil, func(row []value.Value) {
		if k := rowKey(row); !seen[k] {
			seen[k] = true
			rows = append(rows, slices.Clone(row))
		}
	})
	slices.SortFunc(rows, o.t.CompareRows)
	return rows
}

func (o *oracle) addFacts(f analysis.Facts) {
	n := o.p.Preds[f.Pred].Arity
	if n == 0 && f.Count > 0 {
		o.add(modeT, f.Pred, nil)
		o.add(modeP, f.Pred, nil)
	}
	for r := f.Rows; len(r) > 0; r = r[n:] {
		o.add(modeT, f.Pred, r[:n])
		o.add(modeP, f.Pred, r[:n])
	}
}

func rowKey(row []value.Value) string {
	var b strings.Builder
	for _, v := range row {
		b.WriteByte(byte(v))
		b.WriteByte(byte(v >> 8))
		b.WriteByte(byte(v >> 16))
		b.WriteByte(byte(v >> 24))
	}
	return b.String()
}

// add adds a row and reports whether it is new.
func (o *oracle) add(m mode, p analysis.PredID, row []value.Value) bool {
	for _, v := range row {
		o.meet(v)
	}
	set := o.rows[m][p]
	k := rowKey(row)
	if _, ok := set[k]; ok {
		return false
	}
	set[k] = slices.Clone(row)
	return true
}

// meet adds the entities in a value to those that parent is computed for.
func (o *oracle) meet(v value.Value) {
	switch {
	case !v.IsValue():
	case v.Kind() == value.KindEntity:
		o.universe[v] = true
	case v.Kind() == value.KindSet:
		for _, m := range o.t.Members(v) {
			o.meet(m)
		}
	case v.Kind() == value.KindRecord:
		for f := o.t.Fields(v); len(f) > 0; f = f[2:] {
			o.meet(f[1])
		}
	}
}

func (o *oracle) meetRule(r *analysis.Rule) {
	meetTerms := func(terms []analysis.Term) {
		for _, a := range terms {
			if a.Var == analysis.TermConst {
				o.meet(a.Const)
			}
		}
	}
	meetTerms(r.HeadArgs)
	for i := range r.Body {
		meetTerms(r.Body[i].Args)
		o.meetExpr(r.Body[i].Expr)
	}
}

func (o *oracle) meetExpr(e *analysis.Expr) {
	if e == nil {
		return
	}
	if e.Op == analysis.OpConst {
		o.meet(e.Const)
	}
	for _, a := range e.Args {
		o.meetExpr(a)
	}
}

// solve computes all rows, stratum by stratum.
func (o *oracle) solve() {
	last := int32(0)
	for i := range o.p.Preds {
		last = max(last, o.p.Preds[i].Stratum)
	}
	for s := int32(0); s <= last; s++ {
		for _, m := range []mode{modeT, modeP} {
			for o.round(s, m) {
			}
		}
	}
	if len(o.rows[modeP][analysis.PredParent]) > len(o.rows[modeT][analysis.PredParent]) {
		o.met["parent-errs"]++
	}
}

// round evaluates every rule of a stratum once and reports whether something was new.
func (o *oracle) round(stratum int32, m mode) bool {
	before := len(o.universe)
	grew := false
	for i := range o.p.Preds {
		id, p := analysis.PredID(i), &o.p.Preds[i]
		switch {
		case p.Stratum != stratum:
		case id == analysis.PredParent:
			for _, x := range sorted(o.universe) {
				for _, row := range o.eval(m, id, []value.Value{x, value.None}) {
					grew = o.add(m, id, row) || grew
				}
				for _, y := range o.store.Parents(x) {
					grew = o.add(m, id, []value.Value{x, y}) || grew
				}
			}
		case !slices.Contains(p.Demanded, true) && p.Kind == analysis.PredUser:
			none := slices.Repeat([]value.Value{value.None}, p.Arity)
			for _, row := range o.eval(m, id, none) {
				grew = o.add(m, id, row) || grew
			}
		}
	}
	return grew || len(o.universe) > before
}

func sorted(set map[value.Value]bool) []value.Value {
	var out []value.Value
	for v := range set {
		out = append(out, v)
	}
	slices.SortFunc(out, cmp.Compare[value.Value])
	return out
}

// eval returns the rows that a predicate's rules give for a call: bound arguments are values, the others None.
func (o *oracle) eval(m mode, p analysis.PredID, call []value.Value) [][]value.Value {
	var out [][]value.Value
	seen := map[string]bool{}
	for _, r := range o.p.Preds[p].Rules {
		o.rule(m, &o.p.Rules[r], call, func(row []value.Value) {
			if k := rowKey(row); !seen[k] {
				seen[k] = true
				out = append(out, slices.Clone(row))
			}
		})
	}
	return out
}

// rule enumerates the head rows of a rule that agree with a call.
func (o *oracle) rule(m mode, r *analysis.Rule, call []value.Value, emit func([]value.Value)) {
	b := o.newBody(m, r)
	for i, a := range r.HeadArgs {
		if i >= len(call) || call[i] == value.None {
			continue
		}
		if !b.unify(a, call[i]) {
			return
		}
	}
	b.search(func() {
		row := make([]value.Value, len(r.HeadArgs))
		for i, a := range r.HeadArgs {
			switch row[i] = b.term(a); {
			case i < len(call) && call[i] != value.None:
				row[i] = call[i]
			case row[i] == value.None && m == modeP:
				row[i] = value.Unknown
			}
		}
		emit(row)
	})
}

// ask returns the rows of a predicate that agree with args, None being free.
func (o *oracle) ask(m mode, p analysis.PredID, args []value.Value) [][]value.Value {
	pred := &o.p.Preds[p]
	switch {
	case pred.Kind == analysis.PredStore && p != analysis.PredParent:
		return o.fieldRows(m, pred, args)
	case p == analysis.PredPermit || p == analysis.PredForbid || pred.Kind == analysis.PredAux:
		return o.call(m, p, args)
	}
	var out [][]value.Value
	if p == analysis.PredIn {
		for _, y := range o.ancestors(m, args[0]) {
			if row := []value.Value{args[0], y}; agree(row, args) {
				out = append(out, row)
			}
		}
		return out
	}
	for _, row := range o.rows[m][p] {
		if agree(row, args) {
			out = append(out, row)
		}
	}
	return out
}

func agree(row, args []value.Value) bool {
	for i, a := range args {
		if a != value.None && a != value.Unknown && row[i] != value.Unknown && row[i] != a {
			return false
		}
	}
	return true
}

// call evaluates a demanded predicate for the values of its demanded columns.
func (o *oracle) call(m mode, p analysis.PredID, args []value.Value) [][]value.Value {
	bound := slices.Repeat([]value.Value{value.None}, len(args))
	for i, d := range o.p.Preds[p].Demanded {
		if d {
			bound[i] = args[i]
		}
	}
	key := rowKey(append(bound, value.Value(m), value.Value(p)))
	rows, ok := o.calls[key]
	if !ok {
		rows = o.eval(m, p, bound)
		for k := range o.rows[m][p] { // facts of a demanded predicate
			if agree(o.rows[m][p][k], bound) {
				rows = append(rows, o.rows[m][p][k])
			}
		}
		o.calls[key] = rows
	}
	var out [][]value.Value
	for _, row := range rows {
		if agree(row, args) {
			out = append(out, row)
		}
	}
	return out
}

// field says what an entity's attribute or tag is: its value, absent or erring.
func (o *oracle) field(e, name value.Value, tag bool) (value.Value, outcome) {
	p, derived := o.p.Named[analysis.NamedKey{Tag: tag, Name: name}]
	if !derived {
		p = analysis.PredAttribute
		if tag {
			p = analysis.PredTag
		}
	}
	args := []value.Value{e, name, value.None}
	t, pr := o.call(modeT, p, args), o.call(modeP, p, args)
	found := map[value.Value]bool{}
	for _, row := range t {
		found[row[2]] = true
	}
	if v := o.stored(e, name, tag); v != value.None {
		found[v] = true
	}
	for _, row := range pr {
		if !found[row[2]] {
			o.met["field-errs"]++
			return value.None, erred
		}
	}
	switch vs := sorted(found); len(vs) {
	case 0:
		return value.None, absent
	case 1:
		if o.p.FieldType(e, name, vs[0], tag) != "" {
			o.met["field-types"]++
			return value.None, erred
		}
		return vs[0], ok
	}
	o.met["field-conflicts"]++
	return value.None, erred
}

func (o *oracle) stored(e, name value.Value, tag bool) value.Value {
	record := o.store.Attrs(e)
	if tag {
		record = o.store.Tags(e)
	}
	if record == value.None {
		return value.None
	}
	return o.t.Field(record, name)
}

// fieldRows are the rows of attribute and tag, general or named: those that don't err, and for P a `?` for those that do.
func (o *oracle) fieldRows(m mode, pred *analysis.Predicate, args []value.Value) [][]value.Value {
	names := map[value.Value]bool{}
	if args[1] != value.None && args[1] != value.Unknown {
		names[args[1]] = true
	} else {
		o.fieldNames(pred, args[0], names)
	}
	var out [][]value.Value
	for _, n := range sorted(names) {
		if n == value.Unknown {
			o.met["name-errs"]++
			if m == modeP {
				out = append(out, []value.Value{args[0], n, n})
			}
			continue
		}
		v, st := o.field(args[0], n, pred.IsTag)
		if st == erred && m == modeP {
			v, st = value.Unknown, ok
		}
		if row := []value.Value{args[0], n, v}; st == ok && agree(row, args) {
			out = append(out, row)
		}
	}
	return out
}

// fieldNames collects the names that an entity may have values for.
func (o *oracle) fieldNames(pred *analysis.Predicate, e value.Value, names map[value.Value]bool) {
	record := o.store.Attrs(e)
	general := analysis.PredAttribute
	if pred.IsTag {
		record, general = o.store.Tags(e), analysis.PredTag
	}
	if record != value.None {
		for f := o.t.Fields(record); len(f) > 0; f = f[2:] {
			names[f[0]] = true
		}
	}
	for _, row := range o.call(modeP, general, []value.Value{e, value.None, value.None}) {
		names[row[1]] = true
	}
	for k, p := range o.p.Named {
		if k.Tag == pred.IsTag && len(o.call(modeP, p, []value.Value{e, k.Name, value.None})) > 0 {
			names[k.Name] = true
		}
	}
}

// in says whether a lies below b: by parents that hold, by parents that may hold (an error), or not.
func (o *oracle) in(a, b value.Value) outcome3 {
	if slices.Contains(o.ancestors(modeT, a), b) {
		return yes
	}
	if p := o.ancestors(modeP, a); slices.Contains(p, b) || slices.Contains(p, value.Unknown) {
		return perhaps
	}
	return no
}

// ancestors returns an entity and what lies above it.
func (o *oracle) ancestors(m mode, a value.Value) []value.Value {
	out := []value.Value{a}
	for i := 0; i < len(out); i++ {
		for _, row := range o.ask(m, analysis.PredParent, []value.Value{out[i], value.None}) {
			if out[i] != value.Unknown && !slices.Contains(out, row[1]) {
				out = append(out, row[1])
			}
		}
	}
	return out
}

type outcome int

const (
	ok outcome = iota
	absent
	erred
)

type outcome3 int

const (
	no outcome3 = iota
	yes
	perhaps
)

// statement says what statement i gives: holds, errs or neither.
func (o *oracle) statement(i int) (holds, errs bool) {
	for _, m := range []mode{modeT, modeP} {
		for _, r := range o.p.Statements[i].Rules {
			found := false
			o.rule(m, &o.p.Rules[r], o.request[:], func([]value.Value) { found = true })
			if found {
				return m == modeT, m == modeP
			}
		}
	}
	return false, false
}
