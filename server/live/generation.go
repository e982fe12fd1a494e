package live

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/rune-authz/rune/host"
)

// Generation is one load of the configuration.
type Generation struct {
	Engine     *host.Engine
	Base       string    // the revision of the files, without updates
	Since      time.Time // when it was loaded
	NeedsToken bool      // it reads the token's claims

	mu        sync.Mutex
	described *Description // of the revision in it
}

// KeyToken is the key of host context that holds a token's claims.
const KeyToken = "token"

func newGeneration(e *host.Engine) *Generation {
	return &Generation{Engine: e, Base: e.Revision(), Since: time.Now(), NeedsToken: slices.Contains(e.Needs(), KeyToken)}
}

// Description is what a configuration holds, as the engine tells.
type Description struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Version     string      `json:"version"`
	Revision    string      `json:"revision"`
	Counts      Counts      `json:"counts"`
	Files       []File      `json:"files"`
	Predicates  []Predicate `json:"predicates"`
	Needs       []string    `json:"needs"`
}

// Counts is how much a configuration holds.
type Counts struct {
	Facts      int `json:"facts"`
	Rules      int `json:"rules"`
	Statements int `json:"statements"`
	Policies   int `json:"policies"`
	Entities   int `json:"entities"`
	Tests      int `json:"tests"`
}

// File is one file of a configuration.
type File struct {
	Name  string `json:"name"` // relative to the document's folder
	Bytes int    `json:"bytes"`
}

// Predicate is one that the documents name.
type Predicate struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"` // their types
	Facts   int      `json:"facts"`
	Rules   int      `json:"rules"`
}

// Describe tells what the generation holds now. The description isn't the caller's to change.
func (g *Generation) Describe(ctx context.Context) (*Description, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.described != nil && g.described.Revision == g.Engine.Revision() {
		return g.described, nil
	}
	reply, err := g.Engine.Describe(ctx, nil, []byte("{}"), nil)
	if err != nil {
		return nil, err
	}
	d := &Description{}
	if err := json.Unmarshal(reply, d); err != nil {
		return nil, err
	}
	g.described = d
	return d, nil
}

// Reserved reports whether a predicate is one that updates may change and documents don't declare. Its rows are known of one entity at a time.
func Reserved(predicate string) bool {
	return predicate == "parent" || predicate == "attribute" || predicate == "tag"
}

// Columns gives the types of a predicate's columns; it reports false where there is no such predicate.
func (g *Generation) Columns(ctx context.Context, predicate string) ([]string, bool, error) {
	d, err := g.Describe(ctx)
	if err != nil {
		return nil, false, err
	}
	i := slices.IndexFunc(d.Predicates, func(p Predicate) bool { return p.Name == predicate })
	if i < 0 {
		return nil, false, nil
	}
	return d.Predicates[i].Columns, true, nil
}
