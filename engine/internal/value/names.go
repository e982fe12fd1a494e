package value

import "iter"

// Names is a map with texts as keys, whose hash is keyed like a [Table]'s: whoever chooses the texts can't make it slow, as the seeds of Go's
// maps in the baked module are public. Its order is that of insertion. The zero Names is for texts that nobody hostile chooses.
type Names[V any] struct {
	key    Key
	index  interner // once there are more than fewNames
	texts  []string
	values []V
}

// fewNames is up to how many texts comparing each beats hashing.
const fewNames = 8

// NewNames returns an empty map for texts of whoever t's texts are of.
func NewNames[V any](t *Table) Names[V] { return Names[V]{key: t.key} }

// Get returns what a text has, and whether it has something.
func (n *Names[V]) Get(text string) (v V, ok bool) {
	if i := n.find(text); i >= 0 {
		return n.values[i], true
	}
	return v, false
}

// Of returns what a text has, or V's zero value.
func (n *Names[V]) Of(text string) V {
	v, _ := n.Get(text)
	return v
}

// Has reports whether a text has something.
func (n *Names[V]) Has(text string) bool { return n.find(text) >= 0 }

// Set gives a text what it then has.
func (n *Names[V]) Set(text string, v V) { *n.At(text) = v }

// At returns where what a text has is kept until the next text comes; a text that has nothing gets V's zero value.
func (n *Names[V]) At(text string) *V {
	i := n.find(text)
	if i < 0 {
		i = len(n.texts)
		var zero V
		n.texts, n.values = append(n.texts, text), append(n.values, zero)
		switch {
		case i == fewNames:
			for _, t := range n.texts {
				n.index.add(n.key.hashString(t))
			}
		case i > fewNames:
			n.index.add(n.key.hashString(text))
		}
	}
	return &n.values[i]
}

func (n *Names[V]) find(text string) int {
	if len(n.texts) > fewNames {
		i, ok := n.index.find(n.key.hashString(text), func(i uint32) bool { return n.texts[i] == text })
		if !ok {
			return -1
		}
		return int(i)
	}
	for i, t := range n.texts {
		if t == text {
			return i
		}
	}
	return -1
}

// Len returns the number of texts.
func (n *Names[V]) Len() int { return len(n.texts) }

// All goes through the texts and what they have, in order of insertion.
func (n *Names[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for i, t := range n.texts {
			if !yield(t, n.values[i]) {
				return
			}
		}
	}
}

// Clone returns a copy that changes by itself.
func (n *Names[V]) Clone() Names[V] {
	c := Names[V]{key: n.key}
	for t, v := range n.All() {
		c.Set(t, v)
	}
	return c
}
