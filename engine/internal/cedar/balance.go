package cedar

import (
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// cedar-go's validator recurses with large frames. V8's default stack holds those of 160 conditionals, or 200 other operators, inside
// each other once it has optimised them, which makes them larger (measured under Node 20; wasmtime's holds more). So the validator
// is given trees in which chains are balanced, so that one of a thousand operands is ten nodes high, and none that is higher than
// maxLoad. && and || are associative in the types and guards that they pass on; of + and - the types alone count here.
const (
	maxLoad   = 500
	lowEnough = 50 // nodes that need no balancing
)

// load says how much of the validator's stack an expression takes.
func load(n ast.IsNode) int {
	most := 0
	for _, kid := range children(n) {
		most = max(most, load(kid))
	}
	switch n.(type) {
	case ast.NodeTypeAnd, ast.NodeTypeOr, ast.NodeTypeIfThenElse:
		return most + 4
	}
	return most + 3
}

// balanced returns an expression and its mark with balanced chains.
func balanced(n ast.IsNode, m *mark) (ast.IsNode, *mark) {
	kids := children(n)
	if len(kids) == 0 {
		return n, m
	}
	if join := joiner(n); join != joinNone {
		return balanceChain(n, m, join)
	}
	nodes, marks := make([]ast.IsNode, len(kids)), make([]*mark, len(kids))
	for i, kid := range kids {
		nodes[i], marks[i] = balanced(kid, m.kids[i])
	}
	return withChildren(n, nodes), over(m.whole, m.at, marks...)
}

// over makes a mark over kids for a tree that is known to be within all bounds but that of height.
func over(whole, at extent, kids ...*mark) *mark {
	m := &mark{whole: whole, at: at, kids: kids}
	for _, k := range kids {
		m.height, m.size = max(m.height, k.height), m.size+k.size
	}
	m.height++
	m.size++
	return m
}

type joining uint8

const (
	joinNone joining = iota
	joinAnd
	joinOr
	joinSum
	joinProduct
)

// joiner tells which kind of chain a node is a part of.
func joiner(n ast.IsNode) joining {
	switch n.(type) {
	case ast.NodeTypeAnd:
		return joinAnd
	case ast.NodeTypeOr:
		return joinOr
	case ast.NodeTypeAdd, ast.NodeTypeSub:
		return joinSum
	case ast.NodeTypeMult:
		return joinProduct
	}
	return joinNone
}

// chained is a chain from right to left: operator i stands between operands i and i+1.
type chained struct {
	operands  []ast.IsNode
	marks     []*mark
	operators []ast.IsNode
	at        []extent
}

// balanceChain takes a chain apart, whichever way it is nested, and puts it together again. It needs no depth for that.
func balanceChain(n ast.IsNode, m *mark, join joining) (ast.IsNode, *mark) {
	type item struct {
		n        ast.IsNode
		m        *mark
		operator bool
	}
	var c chained
	for todo := []item{{n, m, false}}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch {
		case next.operator:
			c.operators, c.at = append(c.operators, next.n), append(c.at, next.m.at)
		case joiner(next.n) == join:
			kids := children(next.n)
			todo = append(todo, item{kids[0], next.m.kids[0], false}, item{next.n, next.m, true}, item{kids[1], next.m.kids[1], false})
		default:
			operand, mark := balanced(next.n, next.m)
			c.operands, c.marks = append(c.operands, operand), append(c.marks, mark)
		}
	}
	return c.between(0, len(c.operands))
}

// between joins operands i to j.
func (c *chained) between(i, j int) (ast.IsNode, *mark) {
	if j-i == 1 {
		return c.operands[i], c.marks[i]
	}
	middle := (i + j) / 2
	right, rightMark := c.between(i, middle)
	left, leftMark := c.between(middle, j)
	operator := middle - 1
	return withChildren(c.operators[operator], []ast.IsNode{left, right}), over(leftMark.whole.to(rightMark.whole), c.at[operator], leftMark, rightMark)
}

// withChildren returns a node with other operands, given in the order of children.
func withChildren(n ast.IsNode, kids []ast.IsNode) ast.IsNode {
	switch n := n.(type) {
	case ast.NodeTypeIfThenElse:
		return ast.NodeTypeIfThenElse{If: kids[0], Then: kids[1], Else: kids[2]}
	case ast.NodeTypeExtensionCall:
		return ast.NodeTypeExtensionCall{Name: n.Name, Args: kids}
	case ast.NodeTypeSet:
		return ast.NodeTypeSet{Elements: kids}
	case ast.NodeTypeRecord:
		out := ast.NodeTypeRecord{Elements: append([]ast.RecordElementNode(nil), n.Elements...)}
		for i := range out.Elements {
			out.Elements[i].Value = kids[i]
		}
		return out
	case ast.NodeTypeIsIn:
		n.Left, n.Entity = kids[0], kids[1]
		return n
	}
	if len(kids) == 1 {
		return withOperand(n, kids[0])
	}
	return withOperands(n, ast.BinaryNode{Left: kids[0], Right: kids[1]})
}

func withOperand(n ast.IsNode, arg ast.IsNode) ast.IsNode {
	switch n := n.(type) {
	case ast.NodeTypeNegate:
		n.Arg = arg
		return n
	case ast.NodeTypeNot:
		n.Arg = arg
		return n
	case ast.NodeTypeIsEmpty:
		n.Arg = arg
		return n
	case ast.NodeTypeHas:
		n.Arg = arg
		return n
	case ast.NodeTypeAccess:
		n.Arg = arg
		return n
	case ast.NodeTypeLike:
		n.Arg = arg
		return n
	case ast.NodeTypeIs:
		n.Left = arg
		return n
	}
	return n
}

func withOperands(n ast.IsNode, b ast.BinaryNode) ast.IsNode {
	switch n.(type) {
	case ast.NodeTypeAnd:
		return ast.NodeTypeAnd{BinaryNode: b}
	case ast.NodeTypeOr:
		return ast.NodeTypeOr{BinaryNode: b}
	case ast.NodeTypeEquals:
		return ast.NodeTypeEquals{BinaryNode: b}
	case ast.NodeTypeNotEquals:
		return ast.NodeTypeNotEquals{BinaryNode: b}
	case ast.NodeTypeLessThan:
		return ast.NodeTypeLessThan{BinaryNode: b}
	case ast.NodeTypeLessThanOrEqual:
		return ast.NodeTypeLessThanOrEqual{BinaryNode: b}
	case ast.NodeTypeGreaterThan:
		return ast.NodeTypeGreaterThan{BinaryNode: b}
	case ast.NodeTypeGreaterThanOrEqual:
		return ast.NodeTypeGreaterThanOrEqual{BinaryNode: b}
	case ast.NodeTypeIn:
		return ast.NodeTypeIn{BinaryNode: b}
	case ast.NodeTypeAdd:
		return ast.NodeTypeAdd{BinaryNode: b}
	case ast.NodeTypeSub:
		return ast.NodeTypeSub{BinaryNode: b}
	case ast.NodeTypeMult:
		return ast.NodeTypeMult{BinaryNode: b}
	case ast.NodeTypeContains:
		return ast.NodeTypeContains{BinaryNode: b}
	case ast.NodeTypeContainsAll:
		return ast.NodeTypeContainsAll{BinaryNode: b}
	case ast.NodeTypeContainsAny:
		return ast.NodeTypeContainsAny{BinaryNode: b}
	case ast.NodeTypeHasTag:
		return ast.NodeTypeHasTag{BinaryNode: b}
	}
	return ast.NodeTypeGetTag{BinaryNode: b}
}
