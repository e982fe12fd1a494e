package document

import "github.com/rune-authz/rune/engine/internal/value"

// appendJSON writes a node as JSON: arrays and tables in their order, values as Cedar writes them.
func (r *tomlReader) appendJSON(dst []byte, n nodeID) []byte {
	switch r.nodes[n].kind {
	case nodeBad:
		return append(dst, "null"...)
	case nodeScalar:
		return r.table.AppendJSON(dst, r.nodes[n].value)
	case nodeTable:
		dst = append(dst, '{')
		for c := range r.children(n) {
			if c != r.nodes[n].first {
				dst = append(dst, ',')
			}
			dst = value.AppendJSONString(dst, r.table.Text(r.nodes[c].key))
			dst = r.appendJSON(append(dst, ':'), c)
		}
		return append(dst, '}')
	}
	dst = append(dst, '[')
	for c := range r.children(n) {
		if c != r.nodes[n].first {
			dst = append(dst, ',')
		}
		dst = r.appendJSON(dst, c)
	}
	return append(dst, ']')
}
