package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go/types"

	"github.com/rune-authz/rune/engine/internal/cedartest"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
	"github.com/rune-authz/rune/internal/corpus"
)

// archive returns the files of one of cedar-go's archives by base name.
func archive(t testing.TB, name string) map[string][]byte {
	t.Helper()
	files, err := corpus.Archive(name)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

type corpusCase struct {
	Schema, Entities string
	Requests         []struct{ Principal, Action, Resource, Context json.RawMessage }
}

// TestCorpus reads the entities and requests of Cedar's corpus: as cedar-go does, guided by the schemas or not, and mixed up, where what
// is refused must be what the schema's checks refuse.
func TestCorpus(t *testing.T) {
	files, written := archive(t, "corpus-tests.tar.gz"), archive(t, "corpus-tests-json-entities.tar.gz")
	var cases, entities, requests, mixed, refused int
	for _, name := range slices.Sorted(maps.Keys(files)) {
		var c corpusCase
		if !strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".entities.json") {
			continue
		}
		if err := json.Unmarshal(files[name], &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		cases++
		r := newReader()
		r.Text.Known = func([]byte) bool { return true }
		var fs source.Files
		var diags source.List
		id := fs.Add("schema", files[path.Base(c.Schema)])
		s := schema.Parse(r.Table, &fs, []source.Span{{File: id, End: uint32(len(files[path.Base(c.Schema)]))}}, &diags)
		if s == nil {
			t.Fatalf("%s: %s", name, fs.Render(diags.All()[0]))
		}
		for _, r.Schema = range []*schema.Schema{nil, s} {
			r.Validate = r.Schema != nil
			entities += compareEntities(t, r, files[path.Base(c.Entities)])
			var rust struct{ Entities json.RawMessage } // the same as Rust Cedar writes them
			if err := json.Unmarshal(written[path.Base(c.Entities)], &rust); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			entities += compareEntities(t, r, rust.Entities)
			for i := range c.Requests {
				compareRequest(t, r, &c, i)
				requests++
			}
		}
		if cases%20 == 0 {
			m, n := mixRequests(t, r, &c)
			mixed, refused = mixed+m, refused+n
		}
	}
	t.Logf("%d cases, %d entities, %d requests, %d mixed, %d of them refused", cases, entities, requests, mixed, refused)
	if cases != 7750 || requests != 2*62000 || refused == 0 || refused == mixed {
		t.Error("the corpus has changed")
	}
}

func compareEntities(t *testing.T, r *Reader, text []byte) int {
	var want types.EntityMap
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := r.Entities(text, func(e entity.Entity, at int) {
		n++
		uid := types.NewEntityUID(types.EntityType(r.Table.TextString(r.Table.EntityType(e.UID))), types.String(r.Table.TextString(r.Table.EntityID(e.UID))))
		w, ok := want[uid]
		if !ok || text[at] != '{' || cedartest.Intern(r.Table, w.Attributes) != e.Attrs || cedartest.Intern(r.Table, w.Tags) != e.Tags {
			t.Errorf("%v was read as %s %s", w, r.Table.Append(nil, e.Attrs), r.Table.Append(nil, e.Tags))
		}
		parents := map[value.Value]bool{}
		for _, p := range e.Parents {
			parents[p] = true
		}
		for p := range w.Parents.All() {
			if !parents[cedartest.Intern(r.Table, p)] {
				t.Errorf("%v lacks the parent %v", uid, p)
			}
		}
		if len(parents) != w.Parents.Len() {
			t.Errorf("%v has %d parents", w, len(parents))
		}
	})
	if err != nil || n != len(want) {
		t.Errorf("%d of %d entities, %v", n, len(want), err)
	}
	return n
}

func compareRequest(t *testing.T, r *Reader, c *corpusCase, i int) {
	x := &c.Requests[i]
	text := fmt.Appendf(nil, `{"principal":%s,"action":%s,"resource":%s,"context":%s}`, x.Principal, x.Action, x.Resource, x.Context)
	var q Request
	if err := r.Request(text, &q); err != nil {
		t.Errorf("%s: %s", text, at(string(text), err))
		return
	}
	for got, raw := range map[value.Value]json.RawMessage{q.Principal: x.Principal, q.Action: x.Action, q.Resource: x.Resource} {
		var uid types.EntityUID
		if err := json.Unmarshal(raw, &uid); err != nil || cedartest.Intern(r.Table, uid) != got {
			t.Errorf("%s was read as %s, %v", raw, r.Table.Append(nil, got), err)
		}
	}
	var context types.Record
	if err := json.Unmarshal(x.Context, &context); err != nil || cedartest.Intern(r.Table, context) != q.Context {
		t.Errorf("%s was read as %s, %v", x.Context, r.Table.Append(nil, q.Context), err)
	}
}

// mixRequests reads requests made of the parts of others, in two orders of members, and compares with the checks on values.
func mixRequests(t *testing.T, r *Reader, c *corpusCase) (mixed, refused int) {
	free := *r
	free.Schema = nil
	for i := range c.Requests {
		for j := range c.Requests {
			a, b := &c.Requests[i], &c.Requests[j]
			for _, text := range []string{
				fmt.Sprintf(`{"principal":%s,"action":%s,"resource":%s,"context":%s}`, a.Principal, b.Action, b.Resource, b.Context),
				fmt.Sprintf(`{"context":%s,"principal":%s,"action":%s,"resource":%s}`, a.Context, b.Principal, b.Action, b.Resource),
				fmt.Sprintf(`{"context":%s,"principal":%s,"action":%s,"resource":%s}`, b.Context, b.Principal, b.Resource, a.Resource),
				fmt.Sprintf(`{"context":{"more":1},"principal":%s,"action":%s,"resource":%s}`, b.Principal, b.Action, a.Resource),
			} {
				var guided, plain Request
				err := r.Request([]byte(text), &guided)
				if e := free.Request([]byte(text), &plain); e != nil {
					t.Fatalf("%s: %v", text, e)
				}
				fault := r.Schema.CheckRequest(r.Table, plain.Principal, plain.Action, plain.Resource, plain.Context)
				if (err == nil) != (fault == nil) {
					t.Errorf("%s: the reader says %v, the check %v", text, err, fault)
				}
				mixed++
				if err != nil {
					refused++
				}
			}
		}
	}
	return mixed, refused
}
