package schema

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/engine/internal/cedartest"
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

// parseOne parses a schema of one fragment.
func parseOne(t *value.Table, text []byte) (*Schema, []source.Diagnostic, *source.Files) {
	var files source.Files
	var diags source.List
	id := files.Add("test.cedarschema", text)
	s := Parse(t, &files, []source.Span{{File: id, End: uint32(len(text))}}, &diags)
	return s, diags.All(), &files
}

type corpusCase struct {
	Schema, Entities string
	Requests         []struct {
		Principal, Action, Resource types.EntityUID
		Context                     types.Record
	}
}

// comparison counts how our verdicts compare with cedar-go's.
type comparison struct {
	*testing.T
	table              *value.Table
	schema             *Schema
	cedar              *validate.Validator
	requests, entities int
	refused            map[source.Code]int
	enums, groups      int // where we differ by intent
}

func (c *comparison) request(q types.Request) {
	c.Helper()
	c.requests++
	c.verdict(c.cedar.Request(q), c.check(q), q)
}

func (c *comparison) entity(e types.Entity) {
	c.Helper()
	c.entities++
	t := c.table
	err := c.cedar.Entity(e)
	fault := c.schema.CheckEntity(t, cedartest.Intern(t, e.UID), cedartest.Intern(t, e.Attributes), cedartest.Intern(t, e.Tags),
		uids(t, e.Parents))
	c.verdict(err, fault, e)
}

// verdict compares. We differ twice: entities of enumerated types must be listed and have nothing more than a name, as in Rust Cedar,
// and an action entity may leave out the groups above its groups.
func (c *comparison) verdict(err error, fault *value.Fault, of any) {
	c.Helper()
	switch {
	case (err == nil) == (fault == nil):
	case err == nil && (fault.Code == CodeEnum || c.enumerated(of)):
		c.enums++
	case fault == nil && strings.Contains(err.Error(), "missing expected parent"):
		c.groups++
	default:
		c.Errorf("%v: cedar-go says %v, we say %v", of, err, fault)
	}
	if fault != nil {
		c.refused[fault.Code]++
	}
}

// enumerated reports whether an entity has an enumerated type.
func (c *comparison) enumerated(x any) bool {
	e, ok := x.(types.Entity)
	if !ok {
		return false
	}
	et := c.schema.EntityType(c.table.String(string(e.UID.Type)))
	return et != nil && et.Enum != nil
}

// TestCorpus compares our verdicts on requests and entities with cedar-go's, and with Rust Cedar's on requests, and our reading of both
// forms of a schema with each other. What the corpus accepts is also mixed up, so that there is something to refuse.
func TestCorpus(t *testing.T) {
	files, jsons, verdicts := archive(t, "corpus-tests.tar.gz"), archive(t, "corpus-tests-json-schemas.tar.gz"), archive(t, "corpus-tests-validation.tar.gz")
	c := comparison{T: t, refused: map[source.Code]int{}}
	cases, mixed := 0, 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".entities.json") {
			continue
		}
		cases++
		m := c.manifest(files[name])
		c.load(name, files[path.Base(m.Schema)])
		c.sameAs(jsons[path.Base(m.Schema)+".json"])
		var want struct{ RequestValidation []struct{ Strict bool } }
		if err := json.Unmarshal(verdicts[strings.TrimSuffix(name, ".json")+".validation.json"], &want); err != nil {
			t.Fatal(err)
		}
		for i, q := range m.Requests {
			q := types.Request(q)
			if f := c.check(q); (f == nil) != want.RequestValidation[i].Strict {
				t.Errorf("%s, request %d: Rust Cedar says %v, we say %v", name, i, want.RequestValidation[i].Strict, f)
			}
			c.request(q)
		}
		entities := c.readEntities(files[path.Base(m.Entities)])
		for _, e := range entities {
			c.entity(e)
		}
		if cases%10 == 0 {
			mixed += c.mix(m, entities)
		}
	}
	t.Logf("%d cases, %d requests, %d entities, of which %d mixed; refused %v; enums %d, groups %d", cases, c.requests, c.entities, mixed, c.refused, c.enums, c.groups)
	if cases != 7750 || c.requests < 62000 || len(c.refused) < 6 {
		t.Error("the corpus has changed")
	}
}

// TestCorpus_validator does the same with the cases that cedar-go's validator comes with.
func TestCorpus_validator(t *testing.T) {
	files, err := corpus.Validator()
	if err != nil {
		t.Fatal(err)
	}
	schemas := 0
	c := comparison{T: t, refused: map[source.Code]int{}}
	mixed := 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		base, isSchema := strings.CutSuffix(name, ".cedarschema")
		if !isSchema {
			continue
		}
		schemas++
		m := c.manifest(files[base+".json"])
		c.load(name, files[name])
		for _, q := range m.Requests {
			c.request(types.Request(q))
		}
		entities := c.readEntities(files[base+".entities.json"])
		for _, e := range entities {
			c.entity(e)
		}
		mixed += c.mix(m, entities)
	}
	t.Logf("%d schemas, %d requests, %d entities, of which %d mixed; refused %v; enums %d, groups %d", schemas, c.requests, c.entities, mixed, c.refused, c.enums, c.groups)
	if schemas < 100 || len(c.refused) < 7 {
		t.Error("the corpus has changed")
	}
}

func (c *comparison) manifest(text []byte) (m corpusCase) {
	if err := json.Unmarshal(text, &m); err != nil {
		c.Fatal(err)
	}
	return m
}

// readEntities returns entities by name.
func (c *comparison) readEntities(text []byte) []types.Entity {
	var m types.EntityMap
	if err := json.Unmarshal(text, &m); err != nil {
		c.Fatal(err)
	}
	return slices.SortedFunc(maps.Values(m), func(a, b types.Entity) int { return strings.Compare(a.UID.String(), b.UID.String()) })
}

func (c *comparison) load(name string, text []byte) {
	c.table = value.NewTable(value.Key{})
	s, diags, files := parseOne(c.table, text)
	if s == nil {
		c.Fatalf("%s: %s", name, files.Render(diags[0]))
	}
	c.schema, c.cedar = s, validate.New(s.Resolved())
}

// sameAs compares the schema with its JSON form.
func (c *comparison) sameAs(text []byte) {
	s, diags, files := parseOne(c.table, text)
	if s == nil {
		c.Fatal(files.Render(diags[0]))
	}
	if d := cmp.Diff(c.schema.types, s.types) + cmp.Diff(c.schema.actions, s.actions, cmp.AllowUnexported(Action{})); d != "" {
		c.Fatalf("the JSON form differs: %s", d)
	}
}

func (c *comparison) check(q types.Request) *value.Fault {
	t := c.table
	return c.schema.CheckRequest(t, cedartest.Intern(t, q.Principal), cedartest.Intern(t, q.Action), cedartest.Intern(t, q.Resource),
		cedartest.Intern(t, q.Context))
}

// mix compares verdicts on requests and entities put together from the parts of others, and returns their number.
func (c *comparison) mix(m corpusCase, entities []types.Entity) int {
	before := c.requests + c.entities
	for i := range m.Requests {
		for j := range m.Requests {
			a, b := types.Request(m.Requests[i]), types.Request(m.Requests[j])
			c.request(types.Request{Principal: a.Principal, Action: b.Action, Resource: b.Resource, Context: b.Context})
			c.request(types.Request{Principal: b.Principal, Action: b.Action, Resource: a.Resource, Context: b.Context})
			c.request(types.Request{Principal: b.Principal, Action: b.Action, Resource: b.Resource, Context: a.Context})
			c.request(types.Request{Principal: b.Principal, Action: b.Principal, Resource: b.Resource, Context: spoil(b.Context, j)})
			c.request(types.Request{Principal: b.Principal, Action: b.Action, Resource: b.Resource, Context: spoil(b.Context, i)})
		}
	}
	for i, a := range entities {
		b := entities[(i+1)%len(entities)]
		c.entity(types.Entity{UID: a.UID, Attributes: b.Attributes, Tags: a.Tags, Parents: a.Parents})
		c.entity(types.Entity{UID: a.UID, Attributes: a.Attributes, Tags: b.Tags, Parents: a.Parents})
		c.entity(types.Entity{UID: a.UID, Attributes: a.Attributes, Tags: a.Tags, Parents: b.Parents})
		c.entity(types.Entity{UID: a.UID, Attributes: a.Attributes, Tags: spoil(a.Tags, 1), Parents: a.Parents})
		c.entity(types.Entity{UID: types.NewEntityUID(a.UID.Type, "other"), Attributes: spoil(a.Attributes, i), Tags: a.Tags, Parents: a.Parents})
		for p := range b.Parents.All() {
			c.entity(types.Entity{UID: a.UID, Attributes: a.Attributes, Tags: a.Tags, Parents: types.NewEntityUIDSet(p)})
		}
	}
	return c.requests + c.entities - before
}

// spoil changes one field of a record, if it has any, and else adds one.
func spoil(r types.Record, n int) types.Record {
	m := r.Map()
	if m == nil {
		m = types.RecordMap{}
	}
	keys := slices.Sorted(maps.Keys(m))
	if len(keys) == 0 {
		m["more"] = types.Long(1)
		return types.NewRecord(m)
	}
	key := keys[n%len(keys)]
	switch n % 4 {
	case 0:
		delete(m, key)
	case 1:
		m[key] = types.NewSet(types.String("x"), m[key])
	case 2:
		m[key] = types.String("127.0.0.1")
	default:
		m[key+"2"] = m[key]
	}
	return types.NewRecord(m)
}

func uids(t *value.Table, set types.EntityUIDSet) []value.Value {
	var out []value.Value
	for p := range set.All() {
		out = append(out, cedartest.Intern(t, p))
	}
	slices.SortFunc(out, t.Compare)
	return out
}
