package analysis

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// binaryOps are the operations behind the operators, in and the logical ones excepted.
var binaryOps = map[string]value.Op{"+": value.OpAdd, "-": value.OpSub, "*": value.OpMul, "/": value.OpDiv, "%": value.OpMod, "==": value.OpEq,
	"!=": value.OpNe, "<": value.OpLess, "<=": value.OpLessEq, ">": value.OpGreater, ">=": value.OpGreaterEq}

var constructors = map[string]value.Op{"decimal": value.OpParseDecimal, "ip": value.OpParseIP, "datetime": value.OpParseDatetime,
	"duration": value.OpParseDuration}

// constant returns an expression of a value.
func constant(v value.Value, at source.Span) *Expr { return &Expr{Op: OpConst, Const: v, Span: at} }

func call(fn value.Op, at source.Span, args ...*Expr) *Expr {
	return &Expr{Op: OpCall, Fn: fn, Args: args, Span: at}
}

// simple returns the value of an expression that is written as one. An error in it is reported, and gives a value all the same.
func (a *analysis) simple(e *datalog.Expr) (value.Value, bool) {
	switch e.Kind {
	case datalog.ExprBool:
		return value.Bool(e.Bool), true
	case datalog.ExprLong:
		return a.table.Long(e.Long), true
	case datalog.ExprString, datalog.ExprWord:
		return a.table.String(e.Text), true
	case datalog.ExprEntity:
		a.checkTypeName(e.Name, e.NameSpan)
		return a.table.EntityOf(e.Name, e.Text), true
	case datalog.ExprConstructor:
		v, f := a.table.Parse(constructors[e.Name], []byte(e.Text))
		if f != nil {
			a.diags.Errorf(e.Span, codeConstant, "%s", f.Message)
			return value.False, true
		}
		return v, true
	case datalog.ExprSet, datalog.ExprRecord:
		return a.simpleParts(e)
	}
	return value.None, false
}

func (a *analysis) simpleParts(e *datalog.Expr) (value.Value, bool) {
	if !simpleExpr(e) {
		return value.None, false
	}
	var parts []value.Value
	for i, x := range e.Args {
		v, _ := a.simple(x)
		if e.Kind == datalog.ExprRecord {
			parts = append(parts, a.table.String(e.Names[i]))
		}
		parts = append(parts, v)
	}
	v := a.table.Set(parts)
	if e.Kind == datalog.ExprRecord {
		v = a.table.Record(parts)
	}
	if f := a.table.Bounded(v); f != nil {
		a.diags.Errorf(e.Span, codeConstant, "%s", f.Message)
	}
	return v, true
}

// simpleExpr reports whether an expression is written as a value.
func simpleExpr(e *datalog.Expr) bool {
	switch e.Kind {
	case datalog.ExprBool, datalog.ExprLong, datalog.ExprString, datalog.ExprWord, datalog.ExprEntity, datalog.ExprConstructor:
		return true
	case datalog.ExprSet, datalog.ExprRecord:
		return !slices.ContainsFunc(e.Args, func(x *datalog.Expr) bool { return !simpleExpr(x) })
	}
	return false
}

// maxExprSize bounds an expression's tree: X in `X has a.b` stands in it twice.
const maxExprSize = 100_000

// lower turns an expression into one over the clause's variables, not yet typed.
func (a *analysis) lower(c *clause, e *datalog.Expr) *Expr {
	x := a.lowerNode(c, e)
	if measure(x) <= maxExprSize {
		return x
	}
	a.diags.Errorf(e.Span, codeComplex, "the expression is too large").Help = "give parts of it variables of their own: V = …"
	return a.unknowable(e.Span)
}

func measure(x *Expr) int {
	if x.size == 0 {
		x.size = 1
		for _, arg := range x.Args {
			x.size += measure(arg)
		}
	}
	return x.size
}

func (a *analysis) lowerNode(c *clause, e *datalog.Expr) *Expr {
	if v, ok := a.simple(e); ok {
		return constant(v, e.Span)
	}
	x := &Expr{Span: e.Span}
	switch e.Kind {
	case datalog.ExprWildcard:
		a.diags.Errorf(e.Span, codeWildcard, "'_' has no value").Help = "it stands for an argument; name a variable to use its value"
		return a.unknowable(e.Span)
	case datalog.ExprVar:
		x.Op, x.Var = OpVar, c.named(e.Text, e.Span)
		return x
	case datalog.ExprContext:
		x.Op = OpContext
		return x
	case datalog.ExprHas:
		return a.lowerHas(c, e)
	case datalog.ExprIs:
		return a.lowerIs(c, e)
	case datalog.ExprMethod:
		return a.lowerMethod(c, e)
	case datalog.ExprBinary:
		return a.lowerBinary(c, e)
	}
	for _, arg := range e.Args {
		x.Args = append(x.Args, a.lower(c, arg))
	}
	switch e.Kind {
	case datalog.ExprEntityID:
		x.Op, x.Fn = OpCall, value.OpEntityID
	case datalog.ExprEntityType:
		x.Op, x.Fn = OpCall, value.OpEntityType
	case datalog.ExprSet:
		x.Op = OpSet
	case datalog.ExprRecord:
		x.Op = OpRecord
		for _, n := range e.Names {
			x.Keys = append(x.Keys, a.table.String(n))
		}
	case datalog.ExprAttr:
		x.Op, x.Const = OpAttr, a.table.String(e.Name)
	case datalog.ExprUnary:
		x.Op, x.Fn = OpCall, value.OpNeg
		if e.Name == "!" {
			x.Fn = value.OpNot
		}
	case datalog.ExprLike:
		x.Op, x.Pattern = OpLike, e.Pattern
	case datalog.ExprIf:
		x.Op = OpIf
	}
	return x
}

// lowerHas makes `X has a.b` of `X has a && X.a has b`.
func (a *analysis) lowerHas(c *clause, e *datalog.Expr) *Expr {
	receiver := a.lower(c, e.Args[0])
	var out *Expr
	for _, n := range e.Names {
		name := a.table.String(n)
		has := &Expr{Op: OpHas, Const: name, Args: []*Expr{receiver}, Span: e.Span}
		if out == nil {
			out = has
		} else {
			out = &Expr{Op: OpAnd, Args: []*Expr{out, has}, Span: e.Span}
		}
		receiver = &Expr{Op: OpAttr, Const: name, Args: []*Expr{receiver}, Span: e.Span}
	}
	return out
}

// lowerIs makes `X is T in E` of `X is T && X in E`.
func (a *analysis) lowerIs(c *clause, e *datalog.Expr) *Expr {
	a.checkTypeName(e.Name, e.NameSpan)
	x := a.lower(c, e.Args[0])
	is := &Expr{Op: OpIs, Const: a.table.String(e.Name), Args: []*Expr{x}, Span: e.Span}
	if len(e.Args) == 1 {
		return is
	}
	in := &Expr{Op: OpIn, Args: []*Expr{x, a.lower(c, e.Args[1])}, Span: e.Span}
	return &Expr{Op: OpAnd, Args: []*Expr{is, in}, Span: e.Span}
}

func (a *analysis) lowerBinary(c *clause, e *datalog.Expr) *Expr {
	x := &Expr{Span: e.Span, Args: []*Expr{a.lower(c, e.Args[0]), a.lower(c, e.Args[1])}}
	switch e.Name {
	case "&&":
		x.Op = OpAnd
	case "||":
		x.Op = OpOr
	case "in":
		x.Op = OpIn
	default:
		x.Op, x.Fn = OpCall, binaryOps[e.Name]
	}
	return x
}

func (a *analysis) lowerMethod(c *clause, e *datalog.Expr) *Expr {
	x := &Expr{Span: e.Span}
	for _, arg := range e.Args {
		x.Args = append(x.Args, a.lower(c, arg))
	}
	given, wanted := len(e.Args)-1, 1
	switch e.Name {
	case "getTag":
		x.Op = OpGetTag
	case "hasTag":
		x.Op = OpHasTag
	default:
		op, ok := value.Method(e.Name)
		if !ok {
			return a.unknownMethod(e)
		}
		x.Op, x.Fn = OpCall, op
		wanted = len(op.Signature().Args) - 1
	}
	if given != wanted {
		a.diags.Errorf(e.Span, codeArguments, "%s takes %s, not %d", e.Name, plural(wanted, "argument"), given)
		return a.unknowable(e.Span)
	}
	return x
}

func (a *analysis) unknownMethod(e *datalog.Expr) *Expr {
	d := a.diags.Errorf(e.NameSpan, codeUnknownMethod, "there is no method %q", e.Name)
	names := append(value.MethodNames(), "getTag", "hasTag")
	if near := source.Nearest(e.Name, names); near != "" {
		d.Help = "did you mean " + near + "?"
	} else {
		d.Help = "an attribute is read without parentheses: " + "." + e.Name
	}
	return a.unknowable(e.Span)
}

// unknowable stands for an expression that has a reported error: it has any type.
func (a *analysis) unknowable(at source.Span) *Expr {
	return &Expr{Op: OpIf, Span: at, Args: []*Expr{constant(value.True, at), constant(value.True, at), constant(a.table.Long(0), at)}}
}
