package corpus

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Document is the root document of a case as a configuration: it includes the case's files and, as the recorded answers are Cedar's, skips
// policies that err. It doesn't validate: many cases don't conform to their schemas.
const Document = `version = "rune/1.0"
include = ["schema.cedarschema", "entities.json", "policies.cedar"]
[defaults]
on_error = "cedar"
validation = "off"
`

// Files are the files of a case as a configuration, by name, beside [Document].
func (c *Case) Files() map[string][]byte {
	return map[string][]byte{"schema.cedarschema": c.Schema, "entities.json": c.Entities, "policies.cedar": c.Policies}
}

// Body is the request as an engine takes it.
func (r *Request) Body() []byte {
	body, err := json.Marshal(struct {
		Principal UID             `json:"principal"`
		Action    UID             `json:"action"`
		Resource  UID             `json:"resource"`
		Context   json.RawMessage `json:"context"`
	}{r.Principal, r.Action, r.Resource, r.Context})
	if err != nil {
		panic(err) // Context was read from JSON
	}
	return body
}

// Check compares an engine's reply with Cedar's answer.
func (r *Request) Check(reply []byte) error {
	type item struct{ ID string }
	var got struct {
		Decision    string
		Reasons     []item
		Diagnostics *struct{ Errors []item }
	}
	if err := json.Unmarshal(reply, &got); err != nil || got.Diagnostics == nil {
		return fmt.Errorf("%s: the reply is no decision: %s", r.Description, reply)
	}
	decision := map[string]string{"permit": "allow"}[got.Decision]
	if decision == "" {
		decision = got.Decision
	}
	ids := func(items []item) []string {
		out := []string{}
		for _, i := range items {
			out = append(out, i.ID)
		}
		slices.Sort(out)
		return out
	}
	reasons, errors := slices.Sorted(slices.Values(r.Reasons)), slices.Sorted(slices.Values(r.Errors))
	if decision != r.Decision || !slices.Equal(ids(got.Reasons), reasons) || !slices.Equal(ids(got.Diagnostics.Errors), errors) {
		return fmt.Errorf("%s: got %s, want %s because of %s, errors in %s", r.Description, reply, r.Decision, reasons, errors)
	}
	return nil
}
