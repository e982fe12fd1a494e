package value

import "bytes"

// shortNeedle is the length up to which bytes.Index is used: its worst case grows with the product of the lengths.
const shortNeedle = 32

// needle is a text to look for, repeatedly.
type needle struct {
	text []byte
	// back holds, for each length of a matched start, the length of the longest proper start of the text that ends it too (Knuth,
	// Morris and Pratt 1977). It is nil for short texts.
	back []int32
}

func newNeedle(text []byte) needle {
	n := needle{text: text}
	if len(text) > shortNeedle {
		n.prepare()
	}
	return n
}

func (n *needle) prepare() {
	n.back = make([]int32, len(n.text)+1)
	k := int32(0)
	for i := 1; i < len(n.text); i++ {
		for k > 0 && n.text[i] != n.text[k] {
			k = n.back[k]
		}
		if n.text[i] == n.text[k] {
			k++
		}
		n.back[i+1] = k
	}
}

// index returns where the needle first stands in s, or -1, in time linear in s whatever the texts are: whoever writes a request may
// choose both.
func (n *needle) index(s []byte) int {
	if n.back == nil {
		return bytes.Index(s, n.text)
	}
	k := int32(0)
	for i, c := range s {
		for k > 0 && c != n.text[k] {
			k = n.back[k]
		}
		if c == n.text[k] {
			k++
		}
		if int(k) == len(n.text) {
			return i + 1 - len(n.text)
		}
	}
	return -1
}

// count returns how often the needle stands in s, occurrences not overlapping.
func (n *needle) count(s []byte) int {
	c := 0
	for i := n.index(s); i >= 0; i = n.index(s) {
		s = s[i+len(n.text):]
		c++
	}
	return c
}
