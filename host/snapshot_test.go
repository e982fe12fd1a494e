package host

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// deepDocument nests as deep as documents may, and derives a few thousand rows at load.
func deepDocument() []byte {
	const depth = 199
	var edges []string
	for n := range 100 {
		edges = append(edges, fmt.Sprintf(`["n%d", "n%d"]`, n, n+1))
	}
	return fmt.Appendf(nil, `version = "rune/1.0"
[data]
edge = [%s]
[rules]
decl edge(string, string).
path(X, Y) :- edge(X, Y).
path(X, Y) :- edge(X, Z), path(Z, Y).
allowed(P) :- principal(P), %s1 == 1%s.
permit(P, "read", _) :- allowed(P), path("n0", "n40").
`, strings.Join(edges, ", "), strings.Repeat("(", depth), strings.Repeat(")", depth))
}

// session is what an original and its clone have to do alike.
type session struct {
	t *testing.T
	i *instance
}

func (s session) load() string {
	s.t.Helper()
	reply, err := s.i.load(ctx, source{}, "deep.rune", deepDocument(), &LoadOptions{HashKey: keys[0]})
	if err != nil || isError(reply) {
		s.t.Fatalf("load: %s, %v", reply, err)
	}
	return string(reply)
}

func (s session) do(v verb, request string) string {
	s.t.Helper()
	reply, err := s.i.do(v, nil, []byte(request), nil, time.Time{})
	if err != nil || isError(reply) {
		s.t.Fatalf("%s: %s, %v", verbExports[v], reply, err)
	}
	return string(reply)
}

const (
	deepRequest = `{"principal":"alice","action":"read","resource":"x"}`
	deepQuery   = `{"goal":"path(\"n3\", Y)"}`
	deepUpdate  = `{"insert":{"edge":[["n100","n101"]]},"delete":{"edge":[["n0","n1"]]}}`
)

// all returns the replies to an update, a reload and 10 000 calls.
func (s session) all() string {
	var out bytes.Buffer
	out.WriteString(s.do(update, deepUpdate))
	out.WriteString(s.do(query, deepQuery))
	out.WriteString(s.do(authorize, deepRequest))
	out.WriteString(s.load())
	for n := range 10_000 {
		if n%100 == 0 {
			out.WriteString(s.do(query, deepQuery))
		} else {
			out.WriteString(s.do(authorize, deepRequest))
		}
	}
	return out.String()
}

// memories are the kinds of linear memory there are here.
var memories = map[string]func(max uint64, loading bool) linearMemory{
	"system": newMemory,
	"plain":  func(uint64, bool) linearMemory { return &plainMemory{} },
}

// TestSnapshot_cloneGoesOnAsTheOriginal: after a deep load, collections and 1000 queries, a clone does all that its original does.
func TestSnapshot_cloneGoesOnAsTheOriginal(t *testing.T) {
	for name, memory := range memories {
		t.Run(name, func(t *testing.T) {
			r := *testRuntime(t)
			r.newMemory = memory
			original, err := r.instantiate(ctx, true)
			if err != nil {
				t.Fatal(err)
			}
			defer original.close()
			s := session{t, original}
			collect(s)
			for range 1000 {
				s.do(query, deepQuery)
			}
			snap, err := original.snapshot()
			if err != nil {
				t.Fatal(err)
			}
			defer snap.image.close()
			clone, err := r.clone(ctx, snap)
			if err != nil {
				t.Fatal(err)
			}
			defer clone.close()
			if session := (session{t, clone}); session.all() != s.all() {
				t.Error("the clone's replies differ from the original's")
			}
			for _, name := range vectorFiles(t) {
				for _, d := range runVector(t, clone, name, keys[1], false) {
					t.Errorf("%s: %s", name, d)
				}
			}
		})
	}
}

// collect loads the document until the module has collected its garbage: memory stays as it is while 20 loads come and go.
func collect(s session) {
	for range 10 {
		s.load()
	}
	before := s.i.memory.Size()
	for range 20 {
		s.load()
	}
	if after := s.i.memory.Size(); after > 2*before {
		s.t.Errorf("memory grew from %d to %d bytes in 20 equal loads", before, after)
	}
}

// TestSnapshot_isApart: neither the original nor another clone sees what a clone does.
func TestSnapshot_isApart(t *testing.T) {
	for name, memory := range memories {
		t.Run(name, func(t *testing.T) {
			r := *testRuntime(t)
			r.newMemory = memory
			original, err := r.instantiate(ctx, true)
			if err != nil {
				t.Fatal(err)
			}
			defer original.close()
			first := session{t, original}
			first.load()
			want := first.do(query, deepQuery)
			snap, err := original.snapshot()
			if err != nil {
				t.Fatal(err)
			}
			defer snap.image.close()
			var clones []session
			for range 3 {
				c, err := r.clone(ctx, snap)
				if err != nil {
					t.Fatal(err)
				}
				defer c.close()
				clones = append(clones, session{t, c})
			}
			changed := clones[0]
			changed.do(update, deepUpdate)
			if got := changed.do(query, deepQuery); got == want {
				t.Fatal("the update changed nothing")
			}
			for n, s := range append(clones[1:], first) {
				if got := s.do(query, deepQuery); got != want {
					t.Errorf("instance %d answers %s, want %s", n, got, want)
				}
			}
		})
	}
}

// TestSnapshot_copiesGlobals: memory alone gives clones that die in the garbage collector.
func TestSnapshot_copiesGlobals(t *testing.T) {
	r := testRuntime(t)
	original, err := r.instantiate(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	defer original.close()
	if len(original.globals) != 8 {
		t.Errorf("the module exports %d mutable globals, want 8", len(original.globals))
	}
	snap, err := original.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer snap.image.close()
	clone, err := r.clone(ctx, snap)
	if err != nil {
		t.Fatal(err)
	}
	defer clone.close()
	for n, g := range clone.globals {
		if g.Get() != original.globals[n].Get() {
			t.Errorf("global %d is %d in the clone, %d in the original", n, g.Get(), original.globals[n].Get())
		}
	}
}
