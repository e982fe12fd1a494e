package engine

import (
	"bytes"
	"cmp"
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
// predicates and rows sorted, each once. There may be millions of rows: their texts are made as they are needed, and never all at once.
func (e *Engine) chain(deletes, inserts []analysis.Facts) {
	c := canonical{Engine: e, hash: blake2b.New()}
	c.hash.Write(e.revision[:])
	c.text = append(c.text, `{"delete":`...)
	c.facts(deletes)
	c.text = append(c.text, `,"insert":`...)
	c.facts(inserts)
	c.text = append(c.text, '}')
	c.hash.Write(c.text)
	e.setRevision(c.hash.Sum())
}

// canonical writes an update in canonical form to a hash.
type canonical struct {
	*Engine
	hash *blake2b.Hash
	text []byte // not yet hashed
	a, b []byte // cells that are compared
}

func (c *canonical) facts(groups []analysis.Facts) {
	c.text = append(c.text, '{')
	for i, f := range c.united(groups) {
		if i > 0 {
			c.text = append(c.text, ',')
		}
		p := &c.program.Preds[f.Pred]
		c.text = append(value.AppendJSONString(c.text, []byte(p.Name)), ':', '[')
		c.rows(f, p.Arity)
		c.text = append(c.text, ']')
	}
	c.text = append(c.text, '}')
}

// united has the rows of each predicate together, sorted by its name.
func (c *canonical) united(groups []analysis.Facts) []analysis.Facts {
	name := func(f analysis.Facts) string { return c.program.Preds[f.Pred].Name }
	sorted := slices.Clone(groups)
	slices.SortStableFunc(sorted, func(a, b analysis.Facts) int { return cmp.Compare(name(a), name(b)) })
	out, ours := sorted[:0], false // the last one's rows are a copy
	for _, f := range sorted {
		n := len(out)
		if n == 0 || name(out[n-1]) != name(f) {
			out, ours = append(out, f), false
			continue
		}
		last := &out[n-1]
		if !ours {
			last.Rows, ours = slices.Clip(last.Rows), true
		}
		last.Rows, last.Count = append(last.Rows, f.Rows...), last.Count+f.Count
	}
	return out
}

func (c *canonical) rows(f analysis.Facts, arity int) {
	row := func(i int32) []value.Value { return f.Rows[int(i)*arity : (int(i)+1)*arity] }
	order := make([]int32, f.Count)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return c.compare(row(a), row(b)) })
	for i, n := range order {
		if i > 0 && c.compare(row(order[i-1]), row(n)) == 0 {
			continue
		}
		if i > 0 {
			c.text = append(c.text, ',')
		}
		if c.text = c.appendRow(c.text, row(n)); len(c.text) >= 1<<12 {
			c.hash.Write(c.text)
			c.text = c.text[:0]
		}
	}
}

// compare compares rows of a predicate as their texts compare.
func (c *canonical) compare(a, b []value.Value) int {
	c.table.Spend(1)
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		end := byte(',')
		if i == len(a)-1 {
			end = ']'
		}
		c.a, c.b = append(c.table.AppendJSON(c.a[:0], a[i]), end), append(c.table.AppendJSON(c.b[:0], b[i]), end)
		if n := bytes.Compare(c.a, c.b); n != 0 {
			return n
		}
	}
	return 0
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
