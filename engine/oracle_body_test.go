package engine

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/value"
)

// body searches the solutions of one rule's body. Information only grows: a variable is None, then perhaps Unknown, then
// perhaps a value, and literals are taken up when they can be, so that the order of literals can't matter.
type body struct {
	o    *oracle
	m    mode
	rule *analysis.Rule
	vars []value.Value
	done []bool
}

func (o *oracle) newBody(m mode, r *analysis.Rule) *body {
	return &body{o: o, m: m, rule: r, vars: slices.Repeat([]value.Value{value.None}, r.NumVars), done: make([]bool, len(r.Body))}
}

// term returns what a term stands for, None for an unbound variable or a wildcard.
func (b *body) term(a analysis.Term) value.Value {
	switch a.Var {
	case analysis.TermConst:
		return a.Const
	case analysis.TermWildcard:
		return value.None
	}
	return b.vars[a.Var]
}

// unify makes a term equal to v, if it can be.
func (b *body) unify(a analysis.Term, v value.Value) bool {
	if a.Var == analysis.TermWildcard {
		return true
	}
	if have := b.term(a); have.IsValue() {
		return v == value.Unknown || have == v
	}
	if b.vars[a.Var] != value.Unknown || v != value.Unknown {
		b.vars[a.Var] = v
	}
	return true
}

// search calls found for every solution.
func (b *body) search(found func()) {
	i, ready := b.next()
	if i < 0 {
		found()
		return
	}
	if b.o.work++; b.o.work > mostWork {
		panic(errEndless)
	}
	b.done[i] = true
	saved := slices.Clone(b.vars)
	b.literal(&b.rule.Body[i], ready, func() { b.search(found) })
	copy(b.vars, saved)
	b.done[i] = false
}

// next picks a literal that can be evaluated soundly; failing that, in P, one that an error has left without its inputs. ready
// tells them apart. Positive literals come first and tests last.
func (b *body) next() (int, bool) {
	for _, need := range []bool{true, false} {
		for _, stage := range []int{0, 1, 2} {
			for i := range b.rule.Body {
				l := &b.rule.Body[i]
				if !b.done[i] && b.stage(l) == stage && (!need || b.known(l)) && (need || !b.unbound(l)) {
					return i, need
				}
			}
		}
	}
	return slices.Index(b.done, false), false
}

// stage orders kinds of literals: those that enumerate, those that compute, those that only test.
func (b *body) stage(l *analysis.Literal) int {
	switch l.Kind {
	case analysis.LitAtom:
		return 0
	case analysis.LitEquation, analysis.LitAggregate, analysis.LitGenerate:
		return 1
	}
	return 2
}

// inputs calls f for everything that must be bound before the literal.
func (b *body) inputs(l *analysis.Literal, f func(value.Value)) {
	switch l.Kind {
	case analysis.LitAtom:
		for i, d := range b.o.p.Preds[l.Pred].Demanded {
			if d && l.Args[i].Var != analysis.TermWildcard {
				f(b.term(l.Args[i]))
			}
		}
	case analysis.LitNot:
		for _, a := range l.Args {
			if a.Var >= 0 {
				f(b.term(a))
			}
		}
	case analysis.LitAggregate:
		for _, a := range l.Aggregate.Group {
			f(b.term(a))
		}
	}
	b.exprInputs(l.Expr, f)
	b.exprInputs(l.Separator, f)
}

func (b *body) exprInputs(e *analysis.Expr, f func(value.Value)) {
	if e == nil {
		return
	}
	if e.Op == analysis.OpVar {
		f(b.vars[e.Var])
	}
	for _, a := range e.Args {
		b.exprInputs(a, f)
	}
}

// known reports whether all inputs of a literal have values.
func (b *body) known(l *analysis.Literal) bool {
	all := true
	b.inputs(l, func(v value.Value) { all = all && v.IsValue() })
	return all
}

// unbound reports whether an input of a literal has nothing yet, not even an Unknown.
func (b *body) unbound(l *analysis.Literal) bool {
	none := false
	b.inputs(l, func(v value.Value) { none = none || v == value.None })
	return none
}

// literal calls then for every way to satisfy a literal.
func (b *body) literal(l *analysis.Literal, ready bool, then func()) {
	switch l.Kind {
	case analysis.LitAtom:
		b.atom(l, ready, then)
	case analysis.LitNot:
		if b.not(l, ready) {
			then()
		}
	case analysis.LitTest:
		v, st := b.expr(l.Expr)
		if st == ok && v != value.Unknown && v.Kind() != value.KindBool {
			st = erred
		}
		if st == erred && b.m == modeP || st == ok && (v == value.True || v == value.Unknown) {
			then()
		}
	case analysis.LitEquation:
		v, st := value.Unknown, ok
		if ready {
			v, st = b.expr(l.Expr)
		}
		b.equation(l.Var, v, st, then)
	case analysis.LitAggregate:
		v, st := value.Unknown, ok
		if ready {
			v, st = b.aggregate(l.Aggregate)
		}
		b.equation(l.Var, v, st, then)
	case analysis.LitGenerate:
		b.generate(l, ready, then)
	}
}

// equation binds or tests a variable; an error says nothing in P and fails in T.
func (b *body) equation(variable int32, v value.Value, st outcome, then func()) {
	if st == erred && b.m == modeP {
		v, st = value.Unknown, ok
	}
	if st == ok && b.unify(analysis.Term{Var: variable}, v) {
		then()
	}
}

func (b *body) atom(l *analysis.Literal, ready bool, then func()) {
	if !ready { // a demanded column is Unknown: anything may match
		b.o.met["unknown-goal"]++
		for _, a := range l.Args {
			b.unify(a, value.Unknown)
		}
		then()
		return
	}
	args := make([]value.Value, len(l.Args))
	for i, a := range l.Args {
		args[i] = b.term(a)
	}
	for _, row := range b.o.ask(b.m, l.Pred, args) {
		saved := slices.Clone(b.vars)
		fits := true
		for i, a := range l.Args {
			fits = fits && b.unify(a, row[i])
		}
		if fits {
			then()
		}
		copy(b.vars, saved)
	}
}

// not looks a negated goal up in the other mode.
func (b *body) not(l *analysis.Literal, ready bool) bool {
	if !ready {
		return true
	}
	args := make([]value.Value, len(l.Args))
	for i, a := range l.Args {
		args[i] = b.term(a)
	}
	found := len(b.o.ask(1-b.m, l.Pred, args)) > 0
	if b.m == modeT && found && len(b.o.ask(modeT, l.Pred, args)) == 0 {
		b.o.met["negation-errs"]++
	}
	return !found
}

func (b *body) generate(l *analysis.Literal, ready bool, then func()) {
	rows, st := [][]value.Value(nil), erred
	if ready {
		rows, st = b.generated(l)
	}
	if st == erred && b.m == modeP {
		rows, st = [][]value.Value{{value.Unknown, value.Unknown}}, ok
	}
	if st != ok {
		return
	}
	for _, row := range rows {
		saved := slices.Clone(b.vars)
		fits := true
		for i, a := range l.Args {
			fits = fits && b.unify(a, row[i])
		}
		if fits {
			then()
		}
		copy(b.vars, saved)
	}
}

func (b *body) generated(l *analysis.Literal) ([][]value.Value, outcome) {
	v, st := b.expr(l.Expr)
	if st != ok {
		return nil, st
	}
	sep := value.None
	if l.Separator != nil {
		if sep, st = b.expr(l.Separator); st != ok {
			return nil, st
		}
	}
	return b.parts(l.Generator, v, sep)
}

func (b *body) parts(g analysis.Generator, v, sep value.Value) (rows [][]value.Value, st outcome) {
	var words []value.Value
	var fault *value.Fault
	t := b.o.t
	switch {
	case g == analysis.GenArgv && v.Kind() == value.KindString:
		words, fault = t.Argv(v, nil)
	case g == analysis.GenSplit && v.Kind() == value.KindString && sep.Kind() == value.KindString:
		words, fault = t.Split(v, sep, nil)
	case g == analysis.GenEach && v.Kind() == value.KindSet:
		for _, x := range t.Members(v) {
			rows = append(rows, []value.Value{x})
		}
		return rows, ok
	case g == analysis.GenEachRecord && v.Kind() == value.KindRecord:
		for f := t.Fields(v); len(f) > 0; f = f[2:] {
			rows = append(rows, f[:2])
		}
		return rows, ok
	default:
		return nil, erred
	}
	if fault != nil {
		return nil, erred
	}
	for i, w := range words {
		rows = append(rows, []value.Value{t.Long(int64(i)), w})
	}
	return rows, ok
}

// aggregate computes a group's value; where T and P differ it errs.
func (b *body) aggregate(a *analysis.Aggregate) (value.Value, outcome) {
	args := slices.Repeat([]value.Value{value.None}, b.o.p.Preds[a.Pred].Arity)
	for i, g := range a.Group {
		args[i] = b.term(g)
	}
	t, p := b.o.ask(modeT, a.Pred, args), b.o.ask(modeP, a.Pred, args)
	set := map[string]bool{}
	for _, row := range t {
		set[rowKey(row)] = true
	}
	for _, row := range p {
		if !set[rowKey(row)] {
			b.o.met["aggregate-errs"]++
			return value.None, erred
		}
	}
	return b.o.reduce(a, t)
}

func (o *oracle) reduce(a *analysis.Aggregate, rows [][]value.Value) (value.Value, outcome) {
	var vs []value.Value
	distinct := map[value.Value]bool{}
	for _, row := range rows {
		if a.HasValue {
			vs = append(vs, row[len(row)-1])
			distinct[row[len(row)-1]] = true
		}
	}
	switch a.Op {
	case analysis.AggCount:
		if a.HasValue {
			return o.t.Long(int64(len(distinct))), ok
		}
		return o.t.Long(int64(len(rows))), ok
	case analysis.AggCollect:
		return o.t.Set(vs), ok
	case analysis.AggSum:
		return o.sum(vs)
	}
	if len(vs) == 0 {
		return value.None, absent
	}
	best := vs[0]
	if r, f := o.t.Apply(value.OpLessEq, []value.Value{best, best}); f != nil || r != value.True {
		return value.None, erred
	}
	for _, v := range vs[1:] {
		less, f := o.t.Apply(value.OpLess, []value.Value{v, best})
		if f != nil {
			return value.None, erred
		}
		if v != best && (less == value.True) == (a.Op == analysis.AggMin) {
			best = v
		}
	}
	return best, ok
}

// sum adds longs exactly; only the total must fit.
func (o *oracle) sum(vs []value.Value) (value.Value, outcome) {
	slices.SortFunc(vs, o.t.Compare)
	var hi, lo int64 // total = hi * 2^32 + lo
	for _, v := range vs {
		if v.Kind() != value.KindLong {
			return value.None, erred
		}
		n := o.t.LongOf(v)
		hi, lo = hi+n>>32, lo+n&0xffffffff
	}
	hi, lo = hi+lo>>32, lo&0xffffffff
	if hi < -1<<31 || hi >= 1<<31 {
		return value.None, erred
	}
	return o.t.Long(hi<<32 | lo), ok
}

// expr evaluates an expression; Unknown in gives Unknown out.
func (b *body) expr(e *analysis.Expr) (value.Value, outcome) {
	switch e.Op {
	case analysis.OpConst:
		return e.Const, ok
	case analysis.OpContext:
		return b.o.context, ok
	case analysis.OpVar:
		if v := b.vars[e.Var]; v.IsValue() {
			return v, ok
		}
		return value.Unknown, ok
	case analysis.OpAnd, analysis.OpOr:
		return b.logic(e)
	case analysis.OpIf:
		c, st := b.expr(e.Args[0])
		switch {
		case st != ok:
			return value.None, st
		case c == value.Unknown:
			return c, ok
		case c == value.True:
			return b.expr(e.Args[1])
		case c == value.False:
			return b.expr(e.Args[2])
		}
		return value.None, erred
	}
	args := make([]value.Value, len(e.Args))
	worst, unknown := ok, false
	for i, a := range e.Args {
		v, st := b.expr(a)
		if st == absent || st == erred && worst == ok {
			worst = st
		}
		args[i], unknown = v, unknown || v == value.Unknown
	}
	if worst != ok {
		return value.None, worst
	}
	if unknown {
		return value.Unknown, ok
	}
	return b.operate(e, args)
}

// logic is && and ||, where one side may decide whatever the other gives.
func (b *body) logic(e *analysis.Expr) (value.Value, outcome) {
	decides := value.False
	if e.Op == analysis.OpOr {
		decides = value.True
	}
	worst, unknown := ok, false
	for _, a := range e.Args {
		v, st := b.expr(a)
		if st == ok && v != value.Unknown && v.Kind() != value.KindBool {
			st = erred
		}
		if st == ok && v == decides {
			return decides, ok
		}
		if st == absent || st == erred && worst == ok {
			worst = st
		}
		unknown = unknown || v == value.Unknown
	}
	switch {
	case worst != ok:
		return value.None, worst
	case unknown:
		return value.Unknown, ok
	}
	return 1 - decides, ok
}

func (b *body) operate(e *analysis.Expr, args []value.Value) (value.Value, outcome) {
	t := b.o.t
	switch e.Op {
	case analysis.OpCall:
		v, f := t.Apply(e.Fn, args)
		if f != nil {
			return value.None, erred
		}
		return v, ok
	case analysis.OpSet:
		return t.Set(args), ok
	case analysis.OpRecord:
		var fields []value.Value
		for i, k := range e.Keys {
			fields = append(fields, k, args[i])
		}
		return t.Record(fields), ok
	case analysis.OpIs:
		if args[0].Kind() != value.KindEntity {
			return value.None, erred
		}
		return value.Bool(t.EntityType(args[0]) == e.Const), ok
	case analysis.OpLike:
		if args[0].Kind() != value.KindString {
			return value.None, erred
		}
		return value.Bool(t.Like(args[0], e.Pattern)), ok
	case analysis.OpIn:
		return b.in(args[0], args[1])
	case analysis.OpAttr, analysis.OpHas:
		v, st := b.attr(args[0], e.Const)
		if st == absent && e.Required {
			st = erred
		}
		return has(e.Op == analysis.OpHas, v, st)
	case analysis.OpGetTag, analysis.OpHasTag:
		if args[0].Kind() != value.KindEntity || args[1].Kind() != value.KindString {
			return value.None, erred
		}
		v, st := b.o.field(args[0], args[1], true)
		return has(e.Op == analysis.OpHasTag, v, st)
	}
	panic("no such operator")
}

// has turns a read into a test for presence where asked to.
func has(test bool, v value.Value, st outcome) (value.Value, outcome) {
	if !test || st == erred {
		return v, st
	}
	return value.Bool(st == ok), ok
}

func (b *body) attr(v, name value.Value) (value.Value, outcome) {
	switch v.Kind() {
	case value.KindEntity:
		return b.o.field(v, name, false)
	case value.KindRecord:
		if f := b.o.t.Field(v, name); f != value.None {
			return f, ok
		}
		return value.None, absent
	}
	return value.None, erred
}

func (b *body) in(x, y value.Value) (value.Value, outcome) {
	targets := []value.Value{y}
	if y.Kind() == value.KindSet {
		targets = b.o.t.Members(y)
	}
	result := no
	for _, target := range append([]value.Value{x}, targets...) {
		if target.Kind() != value.KindEntity {
			return value.None, erred
		}
	}
	for _, target := range targets {
		switch b.o.in(x, target) {
		case yes:
			return value.True, ok
		case perhaps:
			result = perhaps
		}
	}
	if result == perhaps {
		return value.None, erred
	}
	return value.False, ok
}
