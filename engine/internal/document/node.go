package document

import (
	"iter"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// nodeKind says what a node of a TOML text is.
type nodeKind uint8

const (
	nodeBad    nodeKind = iota // reported; it stands for whatever was meant
	nodeScalar                 // a value
	nodeArray
	nodeTable
	nodeTables // an array of tables, made of [[headers]]
)

// tableForm says how a table came to be, which decides what may still be added to it.
type tableForm uint8

const (
	formImplicit tableForm = iota // as a part of a longer header
	formHeader
	formDotted // as a part of a dotted key
	formInline // in braces; nothing may be added
)

// nodeID names a node of a tree; 0 is none.
type nodeID int32

// node is a value of a TOML text, or a table, with the key it stands under. Keys and elements are lists of nodes.
type node struct {
	kind             nodeKind
	form             tableForm
	value            value.Value // of a scalar
	key              value.Value // a string; None in an array
	keyStart, keyEnd uint32
	start, end       uint32
	first, last      nodeID
	next             nodeID
	count            int32
}

// tree is a TOML text in one flat slice of nodes, so that a large one costs the garbage collector nothing.
type tree struct {
	file  source.FileID
	nodes []node
	index map[childKey]nodeID // of the tables that are not small
}

type childKey struct {
	table nodeID
	key   value.Value
}

// smallTable is up to how many keys a table is searched one by one.
const smallTable = 8

const rootNode nodeID = 1

// newTree returns a tree of an empty root, with room for some nodes.
func newTree(file source.FileID, room int) tree {
	t := tree{file: file, nodes: make([]node, 2, 2+room), index: map[childKey]nodeID{}}
	t.nodes[rootNode] = node{kind: nodeTable, form: formHeader, value: value.None, key: value.None}
	return t
}

// add makes a node that stands nowhere yet.
func (t *tree) add(n node) nodeID {
	if n.kind != nodeScalar {
		n.value = value.None
	}
	t.nodes = append(t.nodes, n)
	return nodeID(len(t.nodes) - 1)
}

// link makes c the last child of parent.
func (t *tree) link(parent, c nodeID) {
	p := &t.nodes[parent]
	if p.first == 0 {
		p.first = c
	} else {
		t.nodes[p.last].next = c
	}
	p.last = c
	p.count++
}

// linkKey makes c the child of a table under a key that the table hasn't got.
func (t *tree) linkKey(table, c nodeID, k key) {
	n := &t.nodes[c]
	n.key, n.keyStart, n.keyEnd = k.text, uint32(k.start), uint32(k.end)
	t.link(table, c)
	switch count := t.nodes[table].count; {
	case count == smallTable+1:
		for child := range t.children(table) {
			t.index[childKey{table, t.nodes[child].key}] = child
		}
	case count > smallTable:
		t.index[childKey{table, k.text}] = c
	}
}

// find returns a table's child by its key, or 0.
func (t *tree) find(table nodeID, key value.Value) nodeID {
	if t.nodes[table].count > smallTable {
		return t.index[childKey{table, key}]
	}
	for c := t.nodes[table].first; c != 0; c = t.nodes[c].next {
		if t.nodes[c].key == key {
			return c
		}
	}
	return 0
}

// children yields a node's elements or keys in order.
func (t *tree) children(n nodeID) iter.Seq[nodeID] {
	return func(yield func(nodeID) bool) {
		for c := t.nodes[n].first; c != 0; c = t.nodes[c].next {
			if !yield(c) {
				return
			}
		}
	}
}

// span is where a node's value, or header, stands.
func (t *tree) span(n nodeID) source.Span {
	return span(t.file, int(t.nodes[n].start), int(t.nodes[n].end))
}

// keySpan is where the part of the key that names a node stands.
func (t *tree) keySpan(n nodeID) source.Span {
	return span(t.file, int(t.nodes[n].keyStart), int(t.nodes[n].keyEnd))
}
