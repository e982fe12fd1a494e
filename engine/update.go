package engine

import (
	"bytes"
	"maps"
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/blake2b"
	"github.com/rune-authz/rune/engine/internal/value"
	"github.com/rune-authz/rune/engine/internal/wire"
)

// Update carries out {"insert":{"pred":[[…],…]},"delete":{…}} as one transaction, deletes first, and appends {"revision":…}; or changes nothing and
// appends {"error":{…}}. Inserting what is there and deleting what isn't change no fact, but the revision.
func (e *Engine) Update(dst, update []byte, h *Host) []byte {
	if d := e.enterBase(h); d != nil {
		return appendErrorObject(dst, e.files, *d)
	}
	e.sweep()
	e.raiseFloor()
	e.begin(h)
	var u wire.Update
	err := e.reader.Update(update, &u)
	var deletes, inserts []analysis.Facts
	if err == nil {
		deletes, err = e.facts(u.Delete)
	}
	if err == nil {
		inserts, err = e.facts(u.Insert)
	}
	if err != nil {
		e.end()
		return e.appendRequestError(dst, update, err)
	}
	return e.commit(dst, inserts, deletes, h)
}

// commit carries out an update that has been read, and replies.
func (e *Engine) commit(dst []byte, inserts, deletes []analysis.Facts, h *Host) []byte {
	if len(deletes)+len(inserts) > 0 {
		fault := e.model.Update(inserts, deletes, h.Limits.goal())
		if e.countWork(e.model.Work()); fault != nil {
			e.end()
			return wire.AppendError(dst, string(fault.Code), fault.Message, "", 0, 0, "")
		}
		e.base = e.table.Mark()
		e.overlays.floor = e.base
		e.know(deletes)
		e.know(inserts)
		e.chain(deletes, inserts)
	}
	e.view.Reset()
	return append(appendText(append(dst, '{'), "revision", e.revisionText), '}')
}

// know notes the entities in an update's rows that the load didn't bring.
func (e *Engine) know(groups []analysis.Facts) {
	for _, g := range groups {
		for _, v := range g.Rows {
			eachEntity(e.table, v, func(x value.Value) {
				if !e.loaded.Knows(x) {
					e.updated[x] = true
				}
			})
		}
	}
}

// facts checks the rows of an update and gives them the types of their columns.
func (e *Engine) facts(groups []wire.Rows) ([]analysis.Facts, *wire.Error) {
	var out []analysis.Facts
	for _, g := range groups {
		for i, row := range g.Rows {
			id, coerced, fault := e.program.Row(g.Pred, row)
			if fault != nil {
				return nil, &wire.Error{Code: fault.Code, Message: fault.Message, Offset: g.Offsets[i]}
			}
			if n := len(out); n == 0 || out[n-1].Pred != id {
				out = append(out, analysis.Facts{Pred: id})
			}
			f := &out[len(out)-1]
			f.Rows = append(f.Rows, coerced...)
			f.Count++
		}
	}
	return out, nil
}

// chain makes the next revision: BLAKE2b-256 over the last one and the update in canonical form, which is its JSON without blanks, with
// predicates and rows sorted, each once.
func (e *Engine) chain(deletes, inserts []analysis.Facts) {
	text := slices.Clone(e.revision[:])
	text = append(text, `{"delete":`...)
	text = e.appendCanonical(text, deletes)
	text = append(text, `,"insert":`...)
	text = append(e.appendCanonical(text, inserts), '}')
	e.setRevision(blake2b.Sum(text))
}

func (e *Engine) appendCanonical(dst []byte, groups []analysis.Facts) []byte {
	rows := map[string][][]byte{}
	for _, g := range groups {
		p := &e.program.Preds[g.Pred]
		for n := range g.Count {
			rows[p.Name] = append(rows[p.Name], e.appendRow(nil, g.Rows[n*p.Arity:(n+1)*p.Arity]))
		}
	}
	dst = append(dst, '{')
	for i, name := range slices.Sorted(maps.Keys(rows)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = value.AppendJSONString(dst, []byte(name))
		dst = append(dst, ':', '[')
		list := rows[name]
		slices.SortFunc(list, bytes.Compare)
		list = slices.CompactFunc(list, bytes.Equal)
		dst = append(append(dst, bytes.Join(list, []byte{','})...), ']')
	}
	return append(dst, '}')
}

func (e *Engine) appendRow(dst []byte, row []value.Value) []byte {
	dst = append(dst, '[')
	for i, v := range row {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = e.table.AppendJSON(dst, v)
	}
	return append(dst, ']')
}
