package engine

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the want.json sections of the vectors")

const vectors = "../testdata/vectors"

// vectorFiles returns the vectors, of which there must be some.
func vectorFiles(tb testing.TB) []string {
	var out []string
	err := filepath.WalkDir(vectors, func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".txtar") {
			out = append(out, name)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		tb.Fatalf("no vectors in %s: %v", vectors, err)
	}
	return out
}

// TestVectors runs every vector natively, with two hash keys, and with and without phases being timed. The other hosts' runners compare the same bytes.
func TestVectors(t *testing.T) {
	files := vectorFiles(t)
	count := map[string]int{}
	for _, name := range files {
		rel, _ := filepath.Rel(vectors, name)
		count[path.Dir(filepath.ToSlash(rel))]++
		t.Run(strings.TrimSuffix(filepath.ToSlash(rel), ".txtar"), func(t *testing.T) { runVector(t, name) })
	}
	if len(files) < 200 || count["invalid"] < 80 || count["hostile"] < 30 {
		t.Errorf("%d vectors, %d of invalid documents, %d hostile: at least 200, 80 and 30 are to be", len(files), count["invalid"], count["hostile"])
	}
}

var steps = []string{"host.json", "want.json", "request.json", "batch.json", "evaluation.json", "evaluations.json", "query.json", "update.json", "facts.csv", "describe.json", "test.json", "overlay.json"}

func runVector(t *testing.T, name string) {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(data)
	first := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return slices.Contains(steps, f.Name) })
	if first < 1 {
		t.Fatal("a vector needs a configuration and a want.json")
	}
	for _, key := range [][2]uint64{{}, {0x0123456789abcdef, 0xfedcba9876543210}} {
		run := &vectorRun{t: t, files: archive.Files[:first], steps: archive.Files[first:], key: key}
		if key[0] != 0 {
			run.clock = new(ticks).read
		}
		run.all()
	}
	if *update {
		if out := txtar.Format(archive); !bytes.Equal(out, data) {
			if err := os.WriteFile(name, out, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

type vectorRun struct {
	t     *testing.T
	files []txtar.File
	steps []txtar.File
	key   [2]uint64
	host  Host
	clock func() int64
}

func (v *vectorRun) all() {
	e, reply := loadFiles(v.files, Host{Key: v.key})
	replied := e != nil // a successful load needs no want
	for i := range v.steps {
		step := &v.steps[i]
		input := bytes.TrimSuffix(step.Data, []byte("\n"))
		switch step.Name {
		case "host.json":
			v.host = readHost(v.t, input)
			continue
		case "want.json":
			if i > 0 && v.steps[i-1].Name == "want.json" {
				v.t.Errorf("two want.json in a row")
			}
			v.compare(step, reply)
			replied = true
			continue
		}
		if e == nil {
			v.t.Fatalf("the load failed:\n%s", reply)
		}
		v.host.Clock = v.clock
		reply = call(e, step.Name, input, &v.host)
		if i+1 == len(v.steps) || v.steps[i+1].Name != "want.json" {
			v.t.Errorf("section %d, %s, has no want.json", i, step.Name)
		}
	}
	if !replied {
		v.t.Errorf("the load failed, and no want.json says how:\n%s", reply)
	}
}

// compare compares a reply with a want.json, or rewrites it.
func (v *vectorRun) compare(want *txtar.File, reply []byte) {
	if !json.Valid(reply) {
		v.t.Errorf("the reply is no JSON: %s", reply)
	}
	got := append(bytes.Clone(reply), '\n')
	if *update && v.key == [2]uint64{} {
		want.Data = got
	}
	if !bytes.Equal(want.Data, got) {
		v.t.Errorf("got\n%swant\n%s", got, want.Data)
	}
}

// loadFiles loads a configuration whose root document is the first file.
func loadFiles(files []txtar.File, h Host) (*Engine, []byte) {
	l := NewLoader(files[0].Name, files[0].Data, h)
	for {
		var want struct {
			Read, List *string
			Done       bool
		}
		if err := json.Unmarshal(l.Next(), &want); err != nil {
			panic(err)
		}
		switch {
		case want.Done:
			return l.Commit()
		case want.Read != nil:
			i := slices.IndexFunc(files, func(f txtar.File) bool { return f.Name == *want.Read })
			if i < 0 {
				l.Give(*want.Read, nil, true)
			} else {
				l.Give(*want.Read, files[i].Data, false)
			}
		default:
			names := []string{}
			for _, f := range files {
				if dir := path.Dir(f.Name); dir == *want.List || dir == "." && *want.List == "" {
					names = append(names, path.Base(f.Name))
				}
			}
			data, _ := json.Marshal(names)
			l.Give(*want.List, data, len(names) == 0) // an archive holds no empty folders
		}
	}
}

func call(e *Engine, step string, input []byte, h *Host) []byte {
	switch step {
	case "request.json":
		return e.Authorize(nil, input, h)
	case "batch.json":
		return e.Batch(nil, input, h)
	case "evaluation.json":
		return e.Evaluation(nil, input, h)
	case "evaluations.json":
		return e.Evaluations(nil, input, h)
	case "query.json":
		return e.Query(nil, input, h)
	case "update.json":
		return e.Update(nil, input, h)
	case "facts.csv":
		return e.Facts(nil, input, h)
	case "test.json":
		return e.Test(nil, input, h)
	case "overlay.json":
		return e.Overlay(nil, input, h)
	}
	return e.Describe(nil, input, h)
}

func readHost(t *testing.T, text []byte) Host {
	var in struct {
		Entities string
		Context  json.RawMessage
		Now      *int64
		Limits   map[string]uint64
		Overlay  string
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		t.Fatalf("host.json: %v", err)
	}
	h := Host{Context: in.Context}
	switch in.Entities {
	case "", "override":
	case "add":
		h.Entities = EntitiesAdd
	case "refuse":
		h.Entities = EntitiesRefuse
	default:
		t.Fatalf("host.json: entities %q", in.Entities)
	}
	if in.Overlay != "" {
		var err error
		if h.Overlay, err = strconv.ParseUint(in.Overlay, 16, 64); err != nil {
			t.Fatalf("host.json: %v", err)
		}
	}
	if in.Now != nil {
		h.HasNow, h.Now = true, *in.Now
	}
	for i, p := range h.Limits.list() {
		*p = in.Limits[limitNames[i]]
	}
	return h
}
