// Package corpus reads the Cedar test corpora that ship inside the cedar-go module, for tests.
package corpus

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Case is a set of policies with a schema, entities and requests.
type Case struct {
	Name                       string
	Schema, Policies, Entities []byte // Cedar text, Cedar text, JSON
	Requests                   []Request
	Validation                 Validation
}

// UID names an entity.
type UID struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// Request is a request with Cedar's answer. Ids of policies are policyN; they stand in order.
type Request struct {
	Description string          `json:"description"`
	Principal   UID             `json:"principal"`
	Action      UID             `json:"action"`
	Resource    UID             `json:"resource"`
	Context     json.RawMessage `json:"context"`
	Decision    string          `json:"decision"` // allow or deny
	Reasons     []string        `json:"reason"`
	Errors      []string        `json:"errors"`
}

// Validation is what Cedar's validator says.
type Validation struct {
	Policies struct {
		PerPolicy map[string]PolicyVerdict `json:"perPolicy"`
	} `json:"policyValidation"`
	Entities struct {
		// PerEntity goes by type::id, without quotes. An entity is well where it has no errors.
		PerEntity map[string]struct {
			Errors []string `json:"errors"`
		} `json:"perEntity"`
	} `json:"entityValidation"`
	// Requests goes in the order of the case's requests, and may end earlier.
	Requests []RequestVerdict `json:"requestValidation"`
}

// PolicyVerdict tells whether a policy is well in either mode, and what is wrong in it otherwise.
type PolicyVerdict struct {
	Strict           bool     `json:"strict"`
	Permissive       bool     `json:"permissive"`
	StrictErrors     []string `json:"strictErrors"`
	PermissiveErrors []string `json:"permissiveErrors"`
}

// RequestVerdict tells whether a request is well. Strict is nil where nothing is said.
type RequestVerdict struct {
	Strict *bool    `json:"strict"`
	Errors []string `json:"errors"`
}

// Corpus is a collection of cases.
type Corpus struct {
	files map[string][]byte
	names []string // of the manifests, sorted
}

// module is where the go command keeps cedar-go's sources.
func module() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/cedar-policy/cedar-go").Output()
	dir := strings.TrimSpace(string(out))
	if err == nil && dir == "" {
		err = fmt.Errorf("it isn't in the module cache")
	}
	if err != nil {
		return "", fmt.Errorf("find cedar-go: %w", err)
	}
	return dir, nil
}

// Generated reads the large corpus, which comes from Cedar's fuzzers.
func Generated() (*Corpus, error) {
	dir, err := module()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range []string{"corpus-tests.tar.gz", "corpus-tests-validation.tar.gz"} {
		if err := unpack(filepath.Join(dir, name), files); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return newCorpus(files), nil
}

// Written reads the small corpus, which was written by hand for the validator.
func Written() (*Corpus, error) {
	written, err := Validator()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name, data := range written {
		files["testdata/"+name] = data
	}
	return newCorpus(files), nil
}

func newCorpus(files map[string][]byte) *Corpus {
	c := &Corpus{files: files}
	for name := range files {
		base, ok := strings.CutSuffix(name, ".json")
		if ok && !strings.HasSuffix(base, ".entities") && !strings.HasSuffix(base, ".validation") {
			c.names = append(c.names, name)
		}
	}
	slices.Sort(c.names)
	return c
}

// Len returns the number of cases.
func (c *Corpus) Len() int { return len(c.names) }

// Case reads case i. Cases go by name, which says nothing about them, so that every nth is a fair sample.
func (c *Corpus) Case(i int) (*Case, error) {
	name := c.names[i]
	var manifest struct {
		Schema, Policies, Entities string
		Requests                   []Request
	}
	if err := json.Unmarshal(c.files[name], &manifest); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	base := strings.TrimSuffix(path.Base(name), ".json")
	out := &Case{
		Name: base, Schema: c.files[manifest.Schema], Policies: c.files[manifest.Policies], Entities: c.files[manifest.Entities],
		Requests: manifest.Requests,
	}
	verdicts := c.files["corpus-tests-validation/"+base+".validation.json"]
	if verdicts == nil {
		verdicts = c.files["testdata/"+base+".validation.json"]
	}
	if out.Schema == nil || out.Policies == nil || out.Entities == nil || verdicts == nil {
		return nil, fmt.Errorf("read %s: a file of it is not there", name)
	}
	if err := json.Unmarshal(verdicts, &out.Validation); err != nil {
		return nil, fmt.Errorf("read verdicts of %s: %w", name, err)
	}
	return out, nil
}
