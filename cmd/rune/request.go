package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/host"
)

// requestFlags are the flags that make up a request. The command line is the host as well: what of the context is the host's to give
// comes from --context too.
type requestFlags struct {
	principal, action, resource string
	context, entities           string
}

func (f *requestFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.principal, "principal", "", "who asks, such as user:alice")
	flags.StringVar(&f.action, "action", "", "what for, such as read")
	flags.StringVar(&f.resource, "resource", "", "of what, such as doc:plan")
	flags.StringVar(&f.context, "context", "", "the request's context, a `JSON` object; now and the keys of host_context may be in it")
	flags.StringVar(&f.entities, "entities", "", "a `file` with a JSON array of Cedar entities, for this request alone")
	_ = cmd.MarkFlagFilename("entities", "json")
	for _, name := range []string{"principal", "action", "resource", "context"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
}

// given is what the flags hold, read.
type given struct {
	context  []field
	entities []byte // nil: none
}

// read reads the context and the file of entities.
func (f *requestFlags) read(cmd *cobra.Command) (*given, error) {
	for name, text := range map[string]string{"principal": f.principal, "action": f.action, "resource": f.resource} {
		if !utf8.ValidString(text) {
			return nil, usagef("--%s: it isn't UTF-8", name)
		}
	}
	g := &given{}
	var err error
	if cmd.Flags().Changed("context") {
		if g.context, err = objectFields([]byte(f.context)); err != nil {
			return nil, usageError{fmt.Errorf("--context: %w", err)}
		}
	}
	if cmd.Flags().Changed("entities") {
		if g.entities, err = readEntities(f.entities); err != nil {
			return nil, fmt.Errorf("--entities: %w", err)
		}
	}
	return g, nil
}

func readEntities(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	switch {
	case err != nil:
		return nil, err
	case !utf8.Valid(text):
		return nil, fmt.Errorf("%s: it isn't UTF-8", path)
	}
	var array []json.RawMessage
	if err := json.Unmarshal(text, &array); err != nil || array == nil {
		if s := (*json.SyntaxError)(nil); errors.As(err, &s) {
			return nil, fmt.Errorf("%s: %w", path, badJSON(err))
		}
		return nil, fmt.Errorf("%s: it isn't a JSON array of entities", path)
	}
	return text, nil
}

// provides names the context that is given: the most that the host can provide.
func (g *given) provides() []string {
	var keys []string
	for _, f := range g.context {
		keys = append(keys, f.name)
	}
	return keys
}

// split takes what is the host's to give out of the context: the time, and the keys that the configuration needs of its host.
func (g *given) split(needs []string) (request []field, call *host.Call, err error) {
	call = &host.Call{}
	hosts := map[string]bool{}
	for _, key := range needs {
		hosts[key] = true
	}
	var own []field
	for _, f := range g.context {
		switch {
		case f.name == "now" && !call.Now.IsZero():
			return nil, nil, usagef("--context: now stands twice")
		case f.name == "now":
			if call.Now, err = readTime(f.value); err != nil {
				return nil, nil, usageError{fmt.Errorf("--context: now: %w", err)}
			}
		case hosts[f.name]:
			own = append(own, f)
		default:
			request = append(request, f)
		}
	}
	if own != nil {
		call.Context = appendObject(nil, own)
	}
	return request, call, nil
}

// The texts of a datetime, as Cedar has them.
var timeLayouts = []string{
	"2006-01-02", "2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05.000-0700",
}

// readTime reads a datetime: its text, or Cedar JSON, {"__extn":{"fn":"datetime","arg":text}}.
func readTime(value []byte) (time.Time, error) {
	var text string
	var cedar struct {
		Extn struct{ Fn, Arg string } `json:"__extn"`
	}
	if json.Unmarshal(value, &text) != nil && json.Unmarshal(value, &cedar) == nil && cedar.Extn.Fn == "datetime" {
		text = cedar.Extn.Arg
	}
	for _, layout := range timeLayouts {
		t, err := time.Parse(layout, text)
		if err == nil && t.Format(layout) == text { // Parse takes fractions that the layout doesn't have
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf(`%s isn't a datetime such as "2026-01-31T12:00:00Z"`, value)
}

// appendRequest appends the fields of a request to a JSON object that has been opened, and closes it.
func (f *requestFlags) appendRequest(dst []byte, cmd *cobra.Command, context []field, g *given) []byte {
	add := func(name string, value []byte) {
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(append(appendString(dst, name), ':'), value...)
	}
	for _, part := range []struct{ name, text string }{{"principal", f.principal}, {"action", f.action}, {"resource", f.resource}} {
		if cmd.Flags().Changed(part.name) {
			add(part.name, appendString(nil, part.text))
		}
	}
	if context != nil {
		add("context", appendObject(nil, context))
	}
	if g.entities != nil {
		add("entities", g.entities)
	}
	return append(dst, '}')
}
