package cedar

import (
	"fmt"
	"slices"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"github.com/rune-authz/rune/engine/internal/value"
)

// expr is a compiled expression. It gives value.None where it errs, with the reason in the Env.
type expr func(*Env) value.Value

// compiled is an expression that, where constant isn't None, is a constant.
type compiled struct {
	run      expr
	constant value.Value
}

type compiler struct{ t *value.Table }

func dynamic(run expr) compiled { return compiled{run: run, constant: value.None} }

func constant(v value.Value) compiled {
	return compiled{run: func(*Env) value.Value { return v }, constant: v}
}

func isConstant(cs ...compiled) bool {
	return !slices.ContainsFunc(cs, func(c compiled) bool { return c.constant == value.None })
}

// expr compiles a node of the AST. Its type is a closed set, of which the parser makes all but the nodes of partial evaluation.
func (c *compiler) expr(n ast.IsNode) compiled {
	switch n := n.(type) {
	case ast.NodeValue:
		return constant(c.literal(n.Value))
	case ast.NodeTypeVariable:
		return dynamic(variable(string(n.Name)))
	case ast.NodeTypeAnd:
		return dynamic(c.chain(operands(n), value.False))
	case ast.NodeTypeOr:
		return dynamic(c.chain(operands(n), value.True))
	case ast.NodeTypeNot:
		return dynamic(not(c.expr(n.Arg).run))
	case ast.NodeTypeIfThenElse:
		return dynamic(choose(c.expr(n.If).run, c.expr(n.Then).run, c.expr(n.Else).run))
	case ast.NodeTypeAccess:
		return dynamic(c.access(n))
	case ast.NodeTypeHas:
		return dynamic(has(c.expr(n.Arg).run, c.t.String(string(n.Value))))
	case ast.NodeTypeLike:
		return dynamic(like(c.expr(n.Arg).run, patternParts(n.Value)))
	case ast.NodeTypeIs:
		return dynamic(is(c.expr(n.Left).run, c.t.String(string(n.EntityType))))
	case ast.NodeTypeIsIn:
		return dynamic(isIn(c.expr(n.Left).run, c.t.String(string(n.EntityType)), c.expr(n.Entity).run))
	case ast.NodeTypeSet:
		return c.set(n)
	case ast.NodeTypeRecord:
		return c.record(n)
	case ast.NodeTypeExtensionCall:
		return c.extension(n)
	case ast.NodeTypeAdd, ast.NodeTypeSub, ast.NodeTypeMult:
		return c.arithmetic(n)
	case ast.NodeTypeNegate:
		return c.unary(value.OpNeg, n.Arg)
	case ast.NodeTypeIsEmpty:
		return c.unary(value.OpIsEmpty, n.Arg)
	}
	return c.binary(n)
}

// literal interns a constant of the AST: the parser makes bools, longs, strings and entities.
func (c *compiler) literal(v types.Value) value.Value {
	switch v := v.(type) {
	case types.Boolean:
		return value.Bool(bool(v))
	case types.Long:
		return c.t.Long(int64(v))
	case types.String:
		return c.t.String(string(v))
	case types.EntityUID:
		return c.entity(v)
	}
	panic(fmt.Sprintf("cedar-go's parser made a constant of type %T", v))
}

func (c *compiler) entity(uid types.EntityUID) value.Value {
	return c.t.EntityOf(string(uid.Type), string(uid.ID))
}

// binary compiles the nodes with two operands of equal standing.
func (c *compiler) binary(n ast.IsNode) compiled {
	kids := children(n)
	l, r := c.expr(kids[0]), c.expr(kids[1])
	switch n.(type) {
	case ast.NodeTypeEquals:
		return dynamic(equal(l, r, value.True))
	case ast.NodeTypeNotEquals:
		return dynamic(equal(l, r, value.False))
	case ast.NodeTypeLessThan:
		return dynamic(compare(l, r, c.t, func(c int) bool { return c < 0 }))
	case ast.NodeTypeLessThanOrEqual:
		return dynamic(compare(l, r, c.t, func(c int) bool { return c <= 0 }))
	case ast.NodeTypeGreaterThan:
		return dynamic(compare(l, r, c.t, func(c int) bool { return c > 0 }))
	case ast.NodeTypeGreaterThanOrEqual:
		return dynamic(compare(l, r, c.t, func(c int) bool { return c >= 0 }))
	case ast.NodeTypeIn:
		return dynamic(pair(l.run, r.run, (*Env).in))
	case ast.NodeTypeGetTag:
		return dynamic(pair(l.run, r.run, (*Env).getTag))
	case ast.NodeTypeHasTag:
		return dynamic(pair(l.run, r.run, (*Env).hasTag))
	case ast.NodeTypeContains:
		return dynamic(membership(value.OpContains, l.run, r.run))
	case ast.NodeTypeContainsAll:
		return dynamic(membership(value.OpContainsAll, l.run, r.run))
	case ast.NodeTypeContainsAny:
		return dynamic(membership(value.OpContainsAny, l.run, r.run))
	}
	panic(fmt.Sprintf("cedar-go's parser made a node of type %T", n))
}

func (c *compiler) unary(op value.Op, arg ast.IsNode) compiled { return c.operation(op, c.expr(arg)) }

// operation compiles an operation of one or two arguments. One on constants is carried out now; if it raises, it does so
// again in each evaluation.
func (c *compiler) operation(op value.Op, args ...compiled) compiled {
	if isConstant(args...) {
		var values []value.Value
		for _, a := range args {
			values = append(values, a.constant)
		}
		v, fault := c.t.Apply(op, values)
		if fault == nil {
			return constant(v)
		}
		return dynamic(func(e *Env) value.Value { return e.fail(Failure{kind: failFault, fault: fault}) })
	}
	if len(args) == 1 {
		arg := args[0].run
		return dynamic(func(e *Env) value.Value {
			e.Steps++
			a := [1]value.Value{arg(e)}
			if a[0] == value.None {
				return value.None
			}
			return e.apply(op, a[:])
		})
	}
	return dynamic(pair(args[0].run, args[1].run, func(e *Env, l, r value.Value) value.Value {
		a := [2]value.Value{l, r}
		return e.apply(op, a[:])
	}))
}

func (c *compiler) extension(n ast.NodeTypeExtensionCall) compiled {
	f, _ := extensionOf(string(n.Name))
	if len(n.Args) != f.args {
		want := fmt.Sprintf("%s takes %s, not %d", n.Name, plural(f.args, "argument"), len(n.Args))
		if f.method {
			want = fmt.Sprintf("the method %s takes %s, not %d", n.Name, plural(f.args-1, "argument"), len(n.Args)-1)
		}
		return dynamic(func(e *Env) value.Value { return e.fail(Failure{kind: failArity, want: want}) })
	}
	args := make([]compiled, len(n.Args))
	for i, a := range n.Args {
		args[i] = c.expr(a)
	}
	return c.operation(f.op, args...)
}

// access compiles X.name. Reading straight off the request's variables is by far the most frequent form.
func (c *compiler) access(n ast.NodeTypeAccess) expr {
	name := c.t.String(string(n.Value))
	if v, ok := n.Arg.(ast.NodeTypeVariable); ok {
		switch v.Name {
		case "principal":
			return func(e *Env) value.Value { e.Steps++; return e.attr(e.Principal, name) }
		case "resource":
			return func(e *Env) value.Value { e.Steps++; return e.attr(e.Resource, name) }
		case "context":
			return func(e *Env) value.Value {
				e.Steps++
				if f := e.Table.Field(e.Context, name); f != value.None {
					return f
				}
				return e.attr(e.Context, name)
			}
		}
	}
	arg := c.expr(n.Arg).run
	return func(e *Env) value.Value {
		e.Steps++
		v := arg(e)
		if v == value.None {
			return value.None
		}
		return e.attr(v, name)
	}
}

func (c *compiler) set(n ast.NodeTypeSet) compiled {
	elems := make([]compiled, len(n.Elements))
	for i, el := range n.Elements {
		elems[i] = c.expr(el)
	}
	if isConstant(elems...) {
		return constant(c.t.Set(constants(elems)))
	}
	return dynamic(gather(elems, (*value.Table).Set))
}

func (c *compiler) record(n ast.NodeTypeRecord) compiled {
	fields := make([]compiled, 0, 2*len(n.Elements))
	for _, el := range n.Elements {
		fields = append(fields, constant(c.t.String(string(el.Key))), c.expr(el.Value))
	}
	if isConstant(fields...) {
		return constant(c.t.Record(constants(fields)))
	}
	return dynamic(gather(fields, (*value.Table).Record))
}

func constants(cs []compiled) []value.Value {
	out := make([]value.Value, len(cs))
	for i, c := range cs {
		out[i] = c.constant
	}
	return out
}

// term is an operation on what stands left of it and an operand.
type term struct {
	op      value.Op
	operand compiled
}

// arithmetic compiles a chain of + and -, or of *, which is worked off from the left without depth.
func (c *compiler) arithmetic(n ast.IsNode) compiled {
	join := joiner(n)
	var terms []term
	for joiner(n) == join {
		kids := children(n)
		terms = append(terms, term{arithmeticOp(n), c.expr(kids[1])})
		n = kids[0]
	}
	slices.Reverse(terms)
	first := c.expr(n)
	for len(terms) > 0 && isConstant(first, terms[0].operand) || len(terms) == 1 {
		first = c.operation(terms[0].op, first, terms[0].operand)
		terms = terms[1:]
	}
	if len(terms) == 0 {
		return first
	}
	return dynamic(accumulate(first.run, terms))
}

func arithmeticOp(n ast.IsNode) value.Op {
	switch n.(type) {
	case ast.NodeTypeAdd:
		return value.OpAdd
	case ast.NodeTypeSub:
		return value.OpSub
	}
	return value.OpMul
}

// chain compiles && (stop is false) or || (stop is true).
func (c *compiler) chain(operands []ast.IsNode, stop value.Value) expr {
	runs := make([]expr, len(operands))
	for i, n := range operands {
		runs[i] = c.expr(n).run
	}
	return func(e *Env) value.Value {
		for _, run := range runs {
			if !e.step() {
				return value.None
			}
			v := run(e)
			if v.Kind() != value.KindBool {
				return e.notBool(v)
			}
			if v == stop {
				return stop
			}
		}
		return stop ^ 1
	}
}

// operands flattens a chain of && or of ||, which the parser has nested to the left, so that evaluating a long chain needs no depth.
func operands(n ast.IsNode) []ast.IsNode {
	var out []ast.IsNode
	for join := joiner(n); joiner(n) == join; {
		sides := children(n)
		n, out = sides[0], append(out, sides[1])
	}
	out = append(out, n)
	slices.Reverse(out)
	return out
}

// patternParts returns a pattern's literal parts between its stars. cedar-go shows them in texts alone; to have them as JSON would link
// two JSON libraries and reflection into the module, a fifth of its code.
func patternParts(p types.Pattern) []string {
	text := p.MarshalCedar()
	return splitPattern(text[1 : len(text)-1])
}
