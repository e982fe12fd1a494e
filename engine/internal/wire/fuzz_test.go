package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/value"
)

// appendReference writes an entity as {"type":…,"id":…}.
func appendReference(dst []byte, t *value.Table, v value.Value) []byte {
	dst = appendText(dst, `{"type":`, t.TextString(t.EntityType(v)))
	return append(appendText(dst, `,"id":`, t.TextString(t.EntityID(v))), '}')
}

func appendEntities(dst []byte, t *value.Table, es []entity.Entity) []byte {
	dst = append(dst, '[')
	for i, e := range es {
		dst = appendReference(append(comma(dst, i), `{"uid":`...), t, e.UID)
		dst = t.AppendJSON(append(dst, `,"attrs":`...), e.Attrs)
		dst = t.AppendJSON(append(dst, `,"tags":`...), e.Tags)
		dst = append(dst, `,"parents":[`...)
		for j, p := range e.Parents {
			dst = appendReference(comma(dst, j), t, p)
		}
		dst = append(dst, "]}"...)
	}
	return append(dst, ']')
}

// appendRequest writes a request in the plainest form.
func appendRequest(dst []byte, t *value.Table, q *Request) []byte {
	dst = appendReference(append(dst, `{"principal":`...), t, q.Principal)
	dst = appendReference(append(dst, `,"action":`...), t, q.Action)
	dst = appendReference(append(dst, `,"resource":`...), t, q.Resource)
	dst = t.AppendJSON(append(dst, `,"context":`...), q.Context)
	if q.HasEntities {
		dst = appendEntities(append(dst, `,"entities":`...), t, q.Entities)
	}
	return append(dst, '}')
}

// checkError checks that an error says enough: a code, a message, and a place in the text.
func checkError(t *testing.T, text []byte, err *Error) {
	if err.Code == "" || err.Message == "" || err.Offset < 0 || err.Offset > len(text) {
		t.Fatalf("%q: %+v", text, err)
	}
}

// unreadable reports whether a value holds the shortest duration, whose text Cedar refuses.
func unreadable(written []byte) bool {
	return bytes.Contains(written, []byte(`"-106751991167d7h12m55s808ms"`))
}

// known keeps the names of types as they are: their case is changed once.
func known([]byte) bool { return true }

var places = cmpopts.IgnoreFields(Request{}, "ContextOffset", "EntitiesOffset", "EntityOffsets")

// reused gives readers without a schema, guided by one, and validating, the same ones each time, their tables reset after use.
func reused(f *testing.F) iter.Seq[*Reader] {
	readers := []*Reader{newReader(), guided(f, false), guided(f, true)}
	return func(yield func(*Reader) bool) {
		for _, r := range readers {
			mark := r.Table.Mark()
			if !yield(r) {
				return
			}
			r.Table.Reset(mark)
		}
	}
}

// FuzzRequest reads anything as a request, a query and a batch: never a panic, always a JSON text where it is accepted and a clear error
// where it isn't, and what is accepted reads as the same when it is written plainly.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(plain))
	f.Add([]byte(`{"principal":"a","action":"view","resource":"d","context":{"from":"::1","limits":["1.5"]},"entities":[{"uid":{"type":"User","id":"a"},"attrs":{"age":1},"tags":{"t":"1h"},"parents":[{"__entity":{"type":"Group","id":"g"}}]}]}`))
	f.Add([]byte(`{"context":{"a":[{"__extn":{"fn":"offset","args":["2026-01-01","1d"]}},-1,"\ud83d\ude00",true]},"principal":"Ü","action":{"type":"Action","id":"\u0000"},"resource":"A::B::\"\\u{1f600}\""}`))
	f.Add([]byte(`{"goal":"p(X)","principal":"user:x","action":"action:y","resource":"z"}`))
	f.Add([]byte(`{"requests":[{"principal":"a"},5,[[]],"x"]}`))
	readers := reused(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		for r := range readers {
			var q, again Request
			r.Text.Known = nil
			if err := r.Request(text, &q); err != nil {
				checkError(t, text, err)
				continue
			}
			if !json.Valid(text) {
				t.Fatalf("%q is no JSON", text)
			}
			r.Text.Known = known
			q.Entities = keep(q.Entities)
			written := appendRequest(nil, r.Table, &q)
			if unreadable(written) {
				continue
			}
			if err := r.Request(written, &again); err != nil {
				t.Fatalf("%s of %q: %v", written, text, err)
			}
			if d := cmp.Diff(q, again, places); d != "" {
				t.Fatalf("%s of %q: %s", written, text, d)
			}
		}
		r := newReader()
		var q Query
		if err := r.Query(text, &q); err != nil {
			checkError(t, text, err)
		} else if !json.Valid(text) {
			t.Fatalf("%q is no JSON", text)
		}
		items, err := r.Batch(text)
		if err != nil {
			checkError(t, text, err)
		}
		for i, item := range items {
			if item.Start >= item.End || item.End > len(text) || i > 0 && item.Start <= items[i-1].End {
				t.Fatalf("%q: %v", text, items)
			}
		}
	})
}

// keep copies parents, which belong to the reader.
func keep(es []entity.Entity) []entity.Entity {
	out := slices.Clone(es)
	for i := range out {
		out[i].Parents = slices.Clone(out[i].Parents)
	}
	return out
}

// FuzzEntities does the same with the entities of documents, with and without one who wants to hear of all errors.
func FuzzEntities(f *testing.F) {
	f.Add([]byte(`[{"uid":{"type":"User","id":"a"},"attrs":{"age":1,"friends":[{"type":"User","id":"b"}]},"tags":{},"parents":[{"__entity":{"type":"Group","id":"g"}}]},5]`))
	f.Add([]byte(`[{"attrs":{"x":null},"uid":{"type":"User","id":"a"},"parents":[]},{"parents":[],"attrs":{"owner":{"__entity":{"type":"User","id":"a"}}},"uid":{"type":"Doc","id":"d"}}]`))
	readers := reused(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		for r := range readers {
			r.Report = nil
			var all, again []entity.Entity
			collect := func(to *[]entity.Entity) func(entity.Entity, int) {
				return func(e entity.Entity, offset int) {
					if offset < 0 || offset >= len(text)+1000 {
						t.Fatalf("offset %d", offset)
					}
					*to = append(*to, e)
					(*to)[len(*to)-1].Parents = slices.Clone(e.Parents)
				}
			}
			if err := r.Entities(text, collect(&all)); err != nil {
				checkError(t, text, err)
				faults := 0
				r.Report = func(err *Error) {
					checkError(t, text, err)
					faults++
				}
				if err := r.Entities(text, func(entity.Entity, int) {}); err != nil {
					checkError(t, text, err)
				} else if faults == 0 {
					t.Fatalf("%q: no fault the second time", text)
				}
				continue
			}
			if !json.Valid(text) {
				t.Fatalf("%q is no JSON", text)
			}
			written := appendEntities(nil, r.Table, all)
			if unreadable(written) {
				continue
			}
			if err := r.Entities(written, func(e entity.Entity, _ int) {
				e.Parents = slices.Clone(e.Parents)
				again = append(again, e)
			}); err != nil {
				t.Fatalf("%s of %q: %v", written, text, err)
			}
			if d := cmp.Diff(all, again, cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("%s of %q: %s", written, text, d)
			}
		}
	})
}

// FuzzUpdate does the same with updates.
func FuzzUpdate(f *testing.F) {
	f.Add([]byte(`{"insert":{"has_role":[["alice","admin"],[1,{"a":[true]}]]},"delete":{"p":[[]],"q":[]}}`))
	f.Add([]byte(`{"delete":{"p":[[{"__entity":{"type":"A","id":"b"}}]]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := newReader()
		var u, again Update
		if err := r.Update(text, &u); err != nil {
			checkError(t, text, err)
			return
		}
		if !json.Valid(text) {
			t.Fatalf("%q is no JSON", text)
		}
		r.Text.Known = known
		written := fmt.Appendf(nil, `{"insert":%s,"delete":%s}`, appendGroups(nil, r.Table, u.Insert), appendGroups(nil, r.Table, u.Delete))
		if unreadable(written) {
			return
		}
		if err := r.Update(written, &again); err != nil {
			t.Fatalf("%s of %q: %v", written, text, err)
		}
		if d := cmp.Diff(u, again, cmpopts.IgnoreFields(Rows{}, "PredOffset", "Offsets"), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%s of %q: %s", written, text, d)
		}
	})
}

func appendGroups(dst []byte, t *value.Table, groups []Rows) []byte {
	dst = append(dst, '{')
	for i, g := range groups {
		dst = append(appendText(comma(dst, i), "", g.Pred), ":["...)
		for j, row := range g.Rows {
			dst = append(comma(dst, j), '[')
			for k, v := range row {
				dst = t.AppendJSON(comma(dst, k), v)
			}
			dst = append(dst, ']')
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}
