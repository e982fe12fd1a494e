package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// wants reports an expression that can't be of the kinds that a use of it wants.
func (a *analysis) wants(e *Expr, want value.Kinds, use string) bool {
	if kinds(e.Type)&want != 0 {
		return true
	}
	d := a.diags.Errorf(e.Span, codeType, "%s has no meaning for %s", use, a.describe(e.Type))
	switch {
	case use == "a test":
		d.Message = "a test is true or false, and this is " + a.describe(e.Type)
	case e.Type.Kind == TypeEntity && want == value.Strings:
		d.Help = "take its id: entityId(…)"
	}
	return false
}

// checkExpr checks a typed expression from the inside out and returns it, or the constant that it is.
func (a *analysis) checkExpr(c *clause, e *Expr) *Expr {
	folds := e.Op == OpCall || e.Op == OpSet || e.Op == OpRecord
	for i, x := range e.Args {
		e.Args[i] = a.checkExpr(c, x)
		folds = folds && e.Args[i].Op == OpConst
	}
	if !a.checkKinds(c, e) {
		return e
	}
	if !folds {
		a.probe(e)
		return e
	}
	v, f := a.evaluate(e)
	if f != nil {
		a.diags.Errorf(e.Span, codeConstant, "%s", f.Message)
		return e
	}
	return &Expr{Op: OpConst, Const: v, Type: typeOf(a.table, v), Span: e.Span, size: 1, sure: sure}
}

// evaluate computes an expression of constants.
func (a *analysis) evaluate(e *Expr) (value.Value, *value.Fault) {
	var args []value.Value
	for i, x := range e.Args {
		if e.Op == OpRecord {
			args = append(args, e.Keys[i])
		}
		args = append(args, x.Const)
	}
	switch e.Op {
	case OpSet:
		v := a.table.Set(args)
		return v, a.table.Bounded(v)
	case OpRecord:
		v := a.table.Record(args)
		return v, a.table.Bounded(v)
	}
	return a.table.Apply(e.Fn, args)
}

// checkKinds checks the kinds of an expression's arguments.
func (a *analysis) checkKinds(c *clause, e *Expr) bool {
	switch e.Op {
	case OpAttr, OpHas:
		return a.wants(e.Args[0], value.Entities|value.Records, "an attribute") && a.knownField(c, e)
	case OpGetTag, OpHasTag:
		return a.wants(e.Args[0], value.Entities, "a tag") && a.wants(e.Args[1], value.Strings, "a tag's name")
	case OpIs:
		return a.wants(e.Args[0], value.Entities, "is")
	case OpLike:
		return a.wants(e.Args[0], value.Strings, "like")
	case OpIf:
		return a.wants(e.Args[0], value.Bools, "if")
	case OpAnd, OpOr:
		ok := a.wants(e.Args[0], value.Bools, logical[e.Op])
		return a.wants(e.Args[1], value.Bools, logical[e.Op]) && ok
	case OpIn:
		return a.checkIn(e)
	case OpCall:
		return a.checkCall(e)
	}
	return true
}

var logical = map[Op]string{OpAnd: "&&", OpOr: "||"}

func (a *analysis) checkIn(e *Expr) bool {
	ok := a.wants(e.Args[0], value.Entities, "in") && a.wants(e.Args[1], value.Entities|value.Sets, "in")
	if t := e.Args[1].Type; ok && t.Kind == TypeSet && kinds(elem(t))&value.Entities == 0 {
		a.diags.Errorf(e.Args[1].Span, codeType, "in has no meaning for %s", a.describe(t)).Help = "whether a set holds a value: S.contains(X)"
		return false
	}
	return ok
}

// checkCall checks an operation's arguments.
func (a *analysis) checkCall(e *Expr) bool {
	sig := e.Fn.Signature()
	ok := true
	for i, x := range e.Args {
		ordered := sig.Args[i] == value.OrderedKind && !ok // said of the other side already
		ok = (ordered || a.wants(x, sig.Args[i], sig.Name)) && ok
	}
	if !ok || len(e.Args) != 2 {
		return ok
	}
	x, y := e.Args[0].Type, e.Args[1].Type
	both := kinds(x) & kinds(y)
	switch e.Fn {
	case value.OpContains:
		return a.checkMember(e, elem(x), y)
	case value.OpContainsAll, value.OpContainsAny:
		return a.checkMember(e, elem(x), elem(y))
	}
	switch e.Fn {
	case value.OpEq, value.OpNe:
		if both == 0 {
			a.neverEqual(e)
			return false
		}
	case value.OpLess, value.OpLessEq, value.OpGreater, value.OpGreaterEq:
		if both&value.OrderedKind == 0 {
			a.diags.Errorf(e.Span, codeType, "%s has no meaning between %s and %s", sig.Name, a.describe(x), a.describe(y))
			return false
		}
	}
	return true
}

// checkMember reports a set asked for what none of its members can be.
func (a *analysis) checkMember(e *Expr, member, asked Type) bool {
	if kinds(member)&kinds(asked) != 0 {
		return true
	}
	d := a.diags.Errorf(e.Span, codeType, "a set of the kind %s never holds %s", string(appendType(nil, a.table, member)), a.describe(asked))
	if member.Kind == TypeString && asked.Kind == TypeEntity {
		d.Help = "compare ids, entityId(…), or write the members as entities, Type::\"id\""
	}
	return false
}

// neverEqual reports a comparison between kinds.
func (a *analysis) neverEqual(e *Expr) {
	x, y := e.Args[0], e.Args[1]
	outcome := "false"
	if e.Fn == value.OpNe {
		outcome = "true"
	}
	d := a.diags.Errorf(e.Span, codeType, "%s and %s are never equal: this is always %s", a.describe(x.Type), a.describe(y.Type), outcome)
	if x.Type.Kind == TypeString {
		x, y = y, x
	}
	if x.Type.Kind != TypeEntity || y.Type.Kind != TypeString {
		return
	}
	if y.Op == OpConst {
		d.Help = "write the entity, " + a.entityLike(x.Type) + "::" + string(value.AppendQuoted(nil, a.table.Text(y.Const))) + ", or compare the id: entityId(…) == …"
	} else {
		d.Help = "compare the id: entityId(…) == …"
	}
}

func (a *analysis) entityLike(t Type) string {
	if t.Entity == value.None {
		return "User"
	}
	return a.table.TextString(t.Entity)
}

// probes are operations that raise for a constant argument, whatever the others are; what to try for those.
var probes = map[value.Op]string{value.OpMatches: "", value.OpIsUnder: "/", value.OpIsSubdomainOf: "a.example"}

// probe reports an operation with a constant argument that makes it raise always.
func (a *analysis) probe(e *Expr) {
	if e.Op != OpCall || len(e.Args) != 2 {
		return
	}
	trial, ok := value.None, false
	if text, isText := probes[e.Fn]; isText {
		trial, ok = a.table.String(text), true
	} else if e.Fn == value.OpDiv || e.Fn == value.OpMod {
		trial, ok = a.table.Long(0), e.Args[1].Op == OpConst
	}
	constants := slices.IndexFunc(e.Args, func(x *Expr) bool { return x.Op == OpConst })
	if !ok || constants < 0 || e.Fn == value.OpMatches && constants == 0 {
		return
	}
	args := []value.Value{trial, trial}
	args[constants] = e.Args[constants].Const
	if _, f := a.table.Apply(e.Fn, args); f != nil {
		a.diags.Errorf(e.Args[constants].Span, codeConstant, "%s", f.Message)
	}
}

// probeGenerator reports a constant that argv or split always raises for.
func (a *analysis) probeGenerator(l *Literal) {
	var f *value.Fault
	at := source.Span{}
	switch {
	case l.Generator == GenArgv && l.Expr.Op == OpConst:
		_, f = a.table.Argv(l.Expr.Const, nil)
		at = l.Expr.Span
	case l.Generator == GenSplit && l.Separator.Op == OpConst:
		text := a.table.String("")
		if l.Expr.Op == OpConst {
			text = l.Expr.Const
		}
		_, f = a.table.Split(text, l.Separator.Const, nil)
		at = l.Separator.Span
	}
	if f != nil {
		a.diags.Errorf(at, codeConstant, "%s", f.Message)
	}
}
