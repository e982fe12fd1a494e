package live

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/problem"
)

// transactions are the updates since the start, in their order. So that they don't grow for ever, what later ones have undone or done again
// is left out from time to time: the facts that are left when all are made again are the same.
type transactions struct {
	requests [][]byte
	bytes    int
	least    int  // bytes after they were last compacted
	pinned   bool // they may only be appended to
}

// maxPosted bounds the bytes of the transactions that are kept. From minCompact on they are compacted when they have doubled.
const (
	maxPosted  = 256 << 20
	minCompact = 1 << 20
)

// room reports that there is none for another transaction, after trying to make some.
func (t *transactions) room(request []byte) error {
	if t.bytes+len(request) > maxPosted {
		t.compact()
	}
	if t.bytes+len(request) > maxPosted {
		return &host.Error{Code: problem.CodeFactsFull, Message: "too many facts were posted to keep them for a reload"}
	}
	return nil
}

func (t *transactions) add(request []byte) {
	t.requests = append(t.requests, bytes.Clone(request))
	t.bytes += len(request)
	if t.bytes >= max(minCompact, 2*t.least) {
		t.compact()
	}
}

// list is all of them, which nobody changes.
func (t *transactions) list() [][]byte { return slices.Clip(t.requests) }

// change is one row that was inserted or deleted.
type change struct {
	insert bool
	row    row
}

// row is one of a predicate, as it was written. Rows that are written alike are the same; rows that are the same may be written otherwise.
type row struct{ predicate, text string }

// compact leaves out what was later done again or undone to rows that are written alike. The order of what is left stays, for the sake of
// rows that are written otherwise.
func (t *transactions) compact() {
	if t.pinned {
		return
	}
	var changes []change
	for _, request := range t.requests {
		var ok bool
		if changes, ok = appendChanges(changes, request); !ok {
			return // which can't be: the engine took it
		}
	}
	last := map[row]int{}
	for i, c := range changes {
		last[c.row] = i
	}
	kept := changes[:0]
	for i, c := range changes {
		if last[c.row] == i {
			kept = append(kept, c)
		}
	}
	t.requests, t.bytes = requestsOf(kept), 0
	for _, r := range t.requests {
		t.bytes += len(r)
	}
	t.least = t.bytes
}

// appendChanges appends what a transaction does, deletes first.
func appendChanges(list []change, request []byte) ([]change, bool) {
	var groups [2][]change
	d := jsontext.NewDecoder(bytes.NewReader(request))
	if _, err := d.ReadToken(); err != nil {
		return list, false
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return list, false
		}
		group := 0
		if name.String() == "insert" {
			group = 1
		}
		if !readChanges(d, group == 1, &groups[group]) {
			return list, false
		}
	}
	return append(append(list, groups[0]...), groups[1]...), true
}

// readChanges reads {"predicate":[[…],…],…}.
func readChanges(d *jsontext.Decoder, insert bool, out *[]change) bool {
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return false
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return false
		}
		predicate := name.String()
		if t, err := d.ReadToken(); err != nil || t.Kind() != '[' {
			return false
		}
		for d.PeekKind() != ']' {
			v, err := d.ReadValue()
			if err != nil || v.Compact() != nil {
				return false
			}
			*out = append(*out, change{insert, row{predicate, string(v)}})
		}
		if _, err := d.ReadToken(); err != nil {
			return false
		}
	}
	_, err := d.ReadToken()
	return err == nil
}

// maxRequest is about how large a compacted transaction is.
const maxRequest = 256 << 10

// requestsOf makes transactions of changes, in their order: in each, deletes come first.
func requestsOf(changes []change) [][]byte {
	var list [][]byte
	for len(changes) > 0 {
		n, size := 0, 0
		for n < len(changes) && size < maxRequest && (n == 0 || changes[n].insert || !changes[n-1].insert) {
			size += len(changes[n].row.text)
			n++
		}
		deletes := slices.IndexFunc(changes[:n], func(c change) bool { return c.insert })
		if deletes < 0 {
			deletes = n
		}
		text := appendRows([]byte(`{"delete":`), changes[:deletes])
		text = appendRows(append(text, `,"insert":`...), changes[deletes:n])
		list = append(list, append(text, '}'))
		changes = changes[n:]
	}
	return list
}

// appendRows appends {"predicate":[[…],…],…}, each predicate once.
func appendRows(dst []byte, changes []change) []byte {
	var names []string
	rows := map[string][]string{}
	for _, c := range changes {
		if _, ok := rows[c.row.predicate]; !ok {
			names = append(names, c.row.predicate)
		}
		rows[c.row.predicate] = append(rows[c.row.predicate], c.row.text)
	}
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst, _ = jsontext.AppendQuote(dst, name) // it was read from JSON
		dst = append(dst, ":["...)
		for j, text := range rows[name] {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, text...)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}
