package cedar

import (
	"slices"

	"github.com/rune-authz/rune/engine/internal/value"
)

// index finds the policies whose scope can hold for a request. It is a tree: a node looks at one request variable and goes
// on to the children for == with it, for `is` its type, for `in` itself and each of its ancestors, and for no constraint;
// a leaf lists policies. The variable that tells a node's policies apart best comes first. A policy with `action in […]` is in
// the tree once for each member.
type index struct {
	nodes  []node
	leaves []int32 // policies, leaf by leaf
}

type node struct {
	variable    int8 // 0 to 2; -1 is a leaf
	any         int32
	equals      table
	types       table
	hierarchies table
	start, end  int32 // of a leaf
}

const (
	noChild = -1
	// smallLeaf is the number of policies for which testing each scope is as fast as looking one up.
	smallLeaf = 2
)

// scopeKey is what a policy's constraint on one variable goes by in the index.
type scopeKey struct {
	kind scopeKind // scopeAny, scopeEq, scopeIs or scopeIn
	v    value.Value
}

// keys returns the keys of a constraint: `is T in E` goes by E, `in […]` by each member.
func (s *scope) keys() []scopeKey {
	switch s.kind {
	case scopeAny:
		return []scopeKey{{kind: scopeAny}}
	case scopeIs:
		return []scopeKey{{scopeIs, s.typ}}
	case scopeEq:
		return []scopeKey{{scopeEq, s.entities[0]}}
	}
	var out []scopeKey
	for _, e := range s.entities {
		out = append(out, scopeKey{scopeIn, e})
	}
	return out
}

type indexBuilder struct {
	index
	policies []policy
}

func buildIndex(policies []policy) index {
	b := indexBuilder{policies: policies}
	all := make([]int32, len(policies))
	for i := range all {
		all[i] = int32(i)
	}
	b.build(all, [3]bool{})
	return b.index
}

// build adds the node for some policies, given the variables that nodes above it have looked at.
func (b *indexBuilder) build(members []int32, done [3]bool) int32 {
	at := int32(len(b.nodes))
	b.nodes = append(b.nodes, node{variable: -1, any: noChild})
	variable := -1
	if len(members) > smallLeaf {
		variable = b.choose(members, done)
	}
	if variable < 0 {
		start := len(b.leaves)
		b.leaves = append(b.leaves, members...)
		b.nodes[at].start, b.nodes[at].end = int32(start), int32(len(b.leaves))
		return at
	}
	done[variable] = true
	keys, groups := b.group(members, variable)
	n := node{variable: int8(variable), any: noChild}
	for i, k := range keys {
		child := b.build(groups[i], done)
		switch k.kind {
		case scopeAny:
			n.any = child
		case scopeEq:
			n.equals.add(k.v, child)
		case scopeIs:
			n.types.add(k.v, child)
		default:
			n.hierarchies.add(k.v, child)
		}
	}
	n.equals.finish()
	n.types.finish()
	n.hierarchies.finish()
	b.nodes[at] = n
	return at
}

// group sorts policies by their keys for a variable, keys in the order of their first policies.
func (b *indexBuilder) group(members []int32, variable int) ([]scopeKey, [][]int32) {
	var keys []scopeKey
	var groups [][]int32
	place := map[scopeKey]int{}
	for _, m := range members {
		for _, k := range b.policies[m].scope[variable].keys() {
			i, ok := place[k]
			if !ok {
				i = len(keys)
				place[k] = i
				keys, groups = append(keys, k), append(groups, nil)
			}
			groups[i] = append(groups[i], m)
		}
	}
	return keys, groups
}

// choose returns the variable for which the policies left after it are fewest on average, or -1 if none constrains any.
func (b *indexBuilder) choose(members []int32, done [3]bool) int {
	best, cost := -1, 0
	for v := range done {
		if done[v] {
			continue
		}
		keys, groups := b.group(members, v)
		if len(keys) == 1 && keys[0].kind == scopeAny {
			continue
		}
		sum := 0
		for i, k := range keys {
			n := len(groups[i])
			if k.kind == scopeAny {
				sum += len(members) * n // always left
			} else {
				sum += n * n
			}
		}
		if best < 0 || sum < cost {
			best, cost = v, sum
		}
	}
	return best
}

// candidates puts the policies that can apply into out.candidates, ascending. The tree is three nodes deep.
func (x *index) candidates(e *Env, out *Outcome, policies int) {
	out.candidates = out.candidates[:0]
	if len(out.seen) < policies {
		out.seen = make([]bool, policies)
	}
	x.visit(e, out, 0)
	for _, p := range out.candidates {
		out.seen[p] = false
	}
	if len(out.candidates) > fewCandidates {
		slices.Sort(out.candidates)
		return
	}
	for i, p := range out.candidates {
		for ; i > 0 && out.candidates[i-1] > p; i-- {
			out.candidates[i] = out.candidates[i-1]
		}
		out.candidates[i] = p
	}
}

// fewCandidates is up to how many inserting each beats sorting.
const fewCandidates = 16

func (x *index) visit(e *Env, out *Outcome, at int32) {
	if at == noChild {
		return
	}
	n := &x.nodes[at]
	if n.variable < 0 {
		for _, p := range x.leaves[n.start:n.end] {
			if !out.seen[p] {
				out.seen[p] = true
				out.candidates = append(out.candidates, p)
			}
		}
		return
	}
	v := e.Principal
	switch n.variable {
	case 1:
		v = e.Action
	case 2:
		v = e.Resource
	}
	x.visit(e, out, n.any)
	if n.equals.n > 0 {
		x.visit(e, out, n.equals.find(v))
	}
	if n.types.n > 0 {
		x.visit(e, out, n.types.find(e.Table.EntityType(v)))
	}
	if n.hierarchies.n > 0 {
		x.visitHierarchies(e, out, n, n.variable)
	}
}

// visitHierarchies goes through the shorter of the two lists, the ancestors and the entities that policies name.
func (x *index) visitHierarchies(e *Env, out *Outcome, n *node, v int8) {
	switch {
	case n.hierarchies.n < len(out.ancestors[v]):
		ancestors := out.sortedAncestors(v)
		for _, s := range n.hierarchies.slots {
			if _, found := slices.BinarySearch(ancestors, s.key); found {
				x.visit(e, out, s.child)
			}
		}
	default:
		for _, a := range out.ancestors[v] {
			x.visit(e, out, n.hierarchies.find(a))
		}
	}
}

func (out *Outcome) sortedAncestors(v int8) []value.Value {
	if !out.sorted[v] {
		slices.Sort(out.ancestors[v])
		out.sorted[v] = true
	}
	return out.ancestors[v]
}

// table maps handles to children: open addressing, at most half full. Keys are of the configuration, so nobody who sends
// requests can choose them.
type table struct {
	slots []slot
	n     int
	mask  uint32
}

type slot struct {
	key   value.Value
	child int32
}

func (t *table) add(key value.Value, child int32) {
	t.slots = append(t.slots, slot{key, child})
	t.n++
}

// finish places the entries added.
func (t *table) finish() {
	if t.n == 0 {
		return
	}
	size := 2
	for size < 2*t.n {
		size *= 2
	}
	entries := t.slots
	t.slots, t.mask = make([]slot, size), uint32(size-1)
	for i := range t.slots {
		t.slots[i].child = noChild
	}
	for _, en := range entries {
		i := t.home(en.key)
		for t.slots[i].child != noChild {
			i = (i + 1) & t.mask
		}
		t.slots[i] = en
	}
}

// home spreads handles, which are numbered in turn, by a multiplication with an odd constant.
func (t *table) home(key value.Value) uint32 { return uint32(key) * 0x9e3779b1 >> 7 & t.mask }

func (t *table) find(key value.Value) int32 {
	if t.n == 0 {
		return noChild
	}
	for i := t.home(key); ; i = (i + 1) & t.mask {
		if s := &t.slots[i]; s.child == noChild || s.key == key {
			return s.child
		}
	}
}
