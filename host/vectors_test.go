package host

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"
)

const vectors = "../testdata/vectors"

// keys of the symbol table's hash. No reply may depend on them.
var keys = [][2]uint64{{1, 2}, {0x0123456789abcdef, 0xfedcba9876543210}}

// TestVectors runs every vector in an instance of its own and compares bytes, with two hash keys, and with and without phases.
func TestVectors(t *testing.T) {
	r := testRuntime(t)
	for _, name := range vectorFiles(t) {
		t.Run(name, func(t *testing.T) {
			for n, key := range keys {
				i, err := r.instantiate(ctx, false)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range runVector(t, i, name, key, n == 1) {
					t.Error(d)
				}
				i.close()
			}
		})
	}
}

// vectorFiles returns the vectors' names, of which there must be some.
func vectorFiles(tb testing.TB) []string {
	var out []string
	err := filepath.WalkDir(vectors, func(name string, _ fs.DirEntry, err error) error {
		if rel, ok := strings.CutSuffix(name, ".txtar"); ok {
			rel, _ = filepath.Rel(vectors, rel)
			out = append(out, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil || len(out) == 0 {
		tb.Fatalf("no vectors in %s: %v", vectors, err)
	}
	return out
}

var stepVerbs = map[string]verb{
	"request.json": authorize, "batch.json": batch, "query.json": query, "evaluation.json": evaluation, "evaluations.json": evaluations,
	"update.json": update, "facts.csv": facts, "describe.json": describe, "test.json": test, "overlay.json": overlay,
}

func isStep(f txtar.File) bool {
	_, ok := stepVerbs[f.Name]
	return ok || f.Name == "host.json" || f.Name == "want.json"
}

// runVector runs a vector in an instance, and returns what differs.
func runVector(t *testing.T, i *instance, name string, key [2]uint64, phases bool) []string {
	archive, err := txtar.ParseFile(filepath.Join(vectors, name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return runArchive(t, i, archive, key, phases)
}

func runArchive(t *testing.T, i *instance, archive *txtar.Archive, key [2]uint64, phases bool) (differences []string) {
	first := slices.IndexFunc(archive.Files, isStep)
	if first < 1 {
		t.Fatal("a vector needs a configuration and a want.json")
	}
	root, files := archive.Files[0], fstest.MapFS{}
	for _, f := range archive.Files[:first] {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	reply, err := i.load(ctx, source{files, "."}, root.Name, root.Data, &LoadOptions{HashKey: key})
	if err != nil {
		t.Fatal(err)
	}
	replied, call := !isError(reply), Call{}
	for _, step := range archive.Files[first:] {
		input := bytes.TrimSuffix(step.Data, []byte("\n"))
		switch step.Name {
		case "host.json":
			call = readCall(t, input)
		case "want.json":
			replied = true
			if got := append(bytes.Clone(reply), '\n'); !bytes.Equal(got, step.Data) {
				differences = append(differences, "got\n"+string(got)+"want\n"+string(step.Data))
			}
		default:
			c := call
			c.TimePhases = phases
			if reply, err = i.do(stepVerbs[step.Name], nil, input, &c, c.Now); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !replied {
		differences = append(differences, "the load failed: "+string(reply))
	}
	return differences
}

// readCall reads a host.json.
func readCall(t *testing.T, text []byte) Call {
	var in struct {
		Entities string
		Context  json.RawMessage
		Now      *int64
		Limits   map[string]uint64
		Overlay  string
	}
	if err := json.Unmarshal(text, &in); err != nil {
		t.Fatal(err)
	}
	c := Call{Context: in.Context}
	if in.Overlay != "" {
		handle, err := strconv.ParseUint(in.Overlay, 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		c.Overlay = handle
	}
	c.Entities = map[string]EntitiesMode{"add": EntitiesAdd, "refuse": EntitiesRefuse}[in.Entities]
	if in.Now != nil {
		c.Now = time.UnixMilli(*in.Now)
	}
	l := &c.Limits
	for i, p := range []*uint64{&l.Steps, &l.ErrorSteps, &l.Tuples, &l.Tables, &l.ArenaBytes, &l.Depth, &l.StringBytes, &l.Collect} {
		*p = in.Limits[limitNames[i]]
	}
	return c
}

// TestVectors_canFail gives one reply a space more.
func TestVectors_canFail(t *testing.T) {
	archive, err := txtar.ParseFile(filepath.Join(vectors, "deciding", "combine-any.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	last := &archive.Files[len(archive.Files)-1]
	last.Data = bytes.Replace(last.Data, []byte(":"), []byte(": "), 1)
	i, err := testRuntime(t).instantiate(ctx, false)
	if err != nil {
		t.Fatal(err)
	}
	defer i.close()
	if d := runArchive(t, i, archive, keys[0], false); len(d) != 1 {
		t.Errorf("%d replies differ, want 1: %q", len(d), d)
	}
}
