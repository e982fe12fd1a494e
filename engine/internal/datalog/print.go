package datalog

import (
	"slices"
	"strconv"
	"strings"

	"github.com/rune-authz/rune/engine/internal/value"
)

// Ranks of expressions, loosest first. An expression is put in parentheses where its place asks for a higher rank than it has.
const (
	rankOr = iota
	rankAnd
	rankTest
	rankExpr // a sum or an if
	rankTerm
	rankUnary
	rankMember
)

// String returns the statement in canonical form: its annotations on a line each, itself on another, without a line end. Parsing
// that gives the same tree.
func (s *Statement) String() string {
	var dst []byte
	for _, a := range s.Annotations {
		dst = append(append(dst, '@'), a.Name...)
		if a.HasValue {
			dst = append(appendString(append(dst, '('), a.Value), ')')
		}
		dst = append(dst, '\n')
	}
	if s.Decl != nil {
		return string(append(s.Decl.append(dst), '.'))
	}
	dst = s.Head.append(dst)
	if s.Body != nil {
		dst = s.Body.append(append(dst, " :- "...))
	}
	return string(append(dst, '.'))
}

// String returns the body in canonical form.
func (b *Body) String() string { return string(b.append(nil)) }

// String returns the atom in canonical form.
func (a *Atom) String() string { return string(a.append(nil)) }

// String returns the expression in canonical form.
func (e *Expr) String() string { return string(e.append(nil, rankOr)) }

// String returns the type as it is written.
func (t *Type) String() string {
	if t.Elem == nil {
		return t.Name
	}
	return t.Name + "<" + t.Elem.String() + ">"
}

func appendString(dst []byte, s string) []byte { return value.AppendQuoted(dst, []byte(s)) }

func (d *Decl) append(dst []byte) []byte {
	dst = append(append(dst, "decl "...), d.Pred...)
	for i := range d.Columns {
		dst = append(dst, separator(i, "(")...)
		if c := &d.Columns[i]; c.Name != "" {
			dst = append(append(dst, c.Name...), ": "...)
		}
		dst = append(dst, d.Columns[i].Type.String()...)
	}
	return closing(dst, len(d.Columns), ')')
}

// separator is what stands before element i of a list: the opening sign or a comma.
func separator(i int, open string) string {
	if i == 0 {
		return open
	}
	return ", "
}

// closing closes a list of n elements, where one was opened.
func closing(dst []byte, n int, sign byte) []byte {
	if n == 0 {
		return dst
	}
	return append(dst, sign)
}

func (a *Atom) append(dst []byte) []byte {
	dst = append(dst, a.Pred...)
	return closing(appendList(dst, "(", a.Args), len(a.Args), ')')
}

func appendList(dst []byte, open string, list []*Expr) []byte {
	for i, e := range list {
		dst = e.append(append(dst, separator(i, open)...), rankExpr)
	}
	return dst
}

func (b *Body) append(dst []byte) []byte {
	for i, conj := range b.Alternatives {
		if i > 0 {
			dst = append(dst, "; "...)
		}
		for j := range conj {
			dst = conj[j].append(append(dst, separator(j, "")...))
		}
	}
	return dst
}

func (l *Literal) append(dst []byte) []byte {
	if l.Negated {
		dst = append(dst, "not "...)
	}
	switch l.Kind {
	case LitAtom:
		return l.Atom.append(dst)
	case LitBody:
		return append(l.Body.append(append(dst, '(')), ')')
	case LitAssign:
		return l.Expr.append(append(append(dst, l.Var.Text...), " = "...), rankExpr)
	case LitAggregate:
		return l.Aggregate.append(append(append(dst, l.Var.Text...), " = "...))
	default:
		return l.Expr.append(dst, rankTest)
	}
}

func (a *Aggregate) append(dst []byte) []byte {
	dst = append(dst, a.Op...)
	if a.Value != nil {
		dst = append(a.Value.append(append(dst, '('), rankExpr), ')')
	}
	return append(a.Body.append(append(dst, " { "...)), " }"...)
}

// rank returns how tightly an expression binds.
func (e *Expr) rank() int {
	switch e.Kind {
	case ExprBinary:
		switch e.Name {
		case "||":
			return rankOr
		case "&&":
			return rankAnd
		case "+", "-":
			return rankExpr
		case "*", "/", "%":
			return rankTerm
		}
		return rankTest
	case ExprIs, ExprHas, ExprLike:
		return rankTest
	case ExprIf:
		return rankExpr
	case ExprUnary:
		return rankUnary
	case ExprLong:
		if e.Long < 0 {
			return rankUnary
		}
	}
	return rankMember
}

func (e *Expr) append(dst []byte, place int) []byte {
	if e.rank() < place {
		return append(e.node(append(dst, '(')), ')')
	}
	return e.node(dst)
}

// node appends an expression without parentheses around it.
func (e *Expr) node(dst []byte) []byte {
	switch e.Kind {
	case ExprWildcard:
		return append(dst, '_')
	case ExprVar, ExprWord:
		return append(dst, e.Text...)
	case ExprBool:
		return strconv.AppendBool(dst, e.Bool)
	case ExprLong:
		return strconv.AppendInt(dst, e.Long, 10)
	case ExprString:
		return appendString(dst, e.Text)
	case ExprEntity:
		return appendString(append(append(dst, e.Name...), "::"...), e.Text)
	case ExprConstructor:
		return append(appendString(append(append(dst, e.Name...), '('), e.Text), ')')
	case ExprContext:
		return append(dst, "context"...)
	case ExprEntityID, ExprEntityType:
		name := "entityId("
		if e.Kind == ExprEntityType {
			name = "entityType("
		}
		return append(e.Args[0].append(append(dst, name...), rankExpr), ')')
	case ExprSet:
		return append(appendList(append(dst, '['), "", e.Args), ']')
	case ExprRecord:
		return e.record(dst)
	case ExprAttr, ExprMethod:
		return e.member(dst)
	}
	return e.operation(dst)
}

func (e *Expr) record(dst []byte) []byte {
	dst = append(dst, '{')
	for i, name := range e.Names {
		dst = append(dst, separator(i, "")...)
		if isName(name) {
			dst = append(dst, name...)
		} else {
			dst = appendString(dst, name)
		}
		dst = e.Args[i].append(append(dst, ": "...), rankExpr)
	}
	return append(dst, '}')
}

// isName reports whether s is a name of the grammar.
func isName(s string) bool {
	return s != "" && s[0] >= 'a' && isIdentStart(s[0]) && strings.IndexFunc(s, func(r rune) bool {
		return r >= 0x80 || !isIdentStart(byte(r)) && !isDigit(byte(r))
	}) < 0
}

func (e *Expr) member(dst []byte) []byte {
	dst = e.Args[0].append(dst, rankMember)
	switch {
	case e.Quoted:
		return append(appendString(append(dst, '['), e.Name), ']')
	case e.Kind == ExprAttr:
		return append(append(dst, '.'), e.Name...)
	}
	dst = append(append(append(dst, '.'), e.Name...), '(')
	return append(appendList(dst, "", e.Args[1:]), ')')
}

// operation appends what has operators or keywords between its operands.
func (e *Expr) operation(dst []byte) []byte {
	switch e.Kind {
	case ExprUnary:
		return e.unary(dst)
	case ExprBinary:
		left, right := e.rank(), e.rank()+1
		if left == rankTest {
			left++
		}
		dst = append(append(append(e.left(dst, left), ' '), e.Name...), ' ')
		return e.Args[1].append(dst, right)
	case ExprIs:
		dst = append(append(e.left(dst, rankExpr), " is "...), e.Name...)
		if len(e.Args) > 1 {
			dst = e.Args[1].append(append(dst, " in "...), rankExpr)
		}
		return dst
	case ExprHas:
		dst = append(e.left(dst, rankExpr), " has "...)
		if e.Quoted {
			return appendString(dst, e.Names[0])
		}
		return append(dst, strings.Join(e.Names, ".")...)
	case ExprLike:
		dst = append(e.left(dst, rankExpr), ` like "`...)
		return append(append(dst, e.Text...), '"')
	}
	dst = e.Args[0].append(append(dst, "if "...), rankOr)
	dst = e.Args[1].append(append(dst, " then "...), rankExpr)
	return e.Args[2].append(append(dst, " else "...), rankExpr)
}

// left appends a left operand. An if would take what follows into its else, or look as if it did.
func (e *Expr) left(dst []byte, place int) []byte {
	if e.Args[0].Kind == ExprIf {
		place = rankTerm
	}
	return e.Args[0].append(dst, place)
}

// unary appends a prefix operator. A minus right before digits would be part of the number, unless a member dot follows them.
func (e *Expr) unary(dst []byte) []byte {
	operand := e.Args[0].append(nil, rankUnary)
	digits := slices.IndexFunc(operand, func(c byte) bool { return !isDigit(c) })
	if e.Name == "-" && digits != 0 && (digits < 0 || operand[digits] != '.') {
		operand = append(append([]byte{'('}, operand...), ')')
	}
	return append(append(dst, e.Name...), operand...)
}
