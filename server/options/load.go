package options

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/pflag"

	"github.com/rune-authz/rune/server"
)

// A UsageError is an option, variable or key that isn't there, has a bad value, or doesn't go with others.
type UsageError struct {
	Source  string // "--listen", "RUNE_LISTEN", "serve.toml: listen"; empty if it is about several
	Message string
}

// Error is the source and the message.
func (e *UsageError) Error() string {
	if e.Source == "" {
		return e.Message
	}
	return e.Source + ": " + e.Message
}

// FlagError says about a flag that pflag refused what a [UsageError] says, with the nearest option if there is none of the name.
func (o *Options) FlagError(err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && len(unknown.GetSpecifiedName()) > 1:
		name := unknown.GetSpecifiedName()
		return &UsageError{"--" + name, "there is no such option" + o.suggest(name, func(n string) string { return "--" + n })}
	case errors.As(err, &invalid) && o.find(invalid.GetFlag().Name) != nil:
		return &UsageError{"--" + invalid.GetFlag().Name, invalid.Unwrap().Error()}
	}
	return err
}

// Load gives the options that no flag has set what the environment says, else what the file says, and checks that all fit together.
// Every error is a [UsageError], but for a file that can't be read.
func (o *Options) Load(flags *pflag.FlagSet, environ []string) (server.Config, error) {
	set := map[string]bool{}
	flags.Visit(func(f *pflag.Flag) { set[f.Name] = true })
	var errs []error
	errs = append(errs, o.loadVariables(environ, set))
	if o.file != "" {
		errs = append(errs, o.loadFile(o.file, set))
	}
	if err := errors.Join(errs...); err != nil {
		return server.Config{}, err
	}
	if err := check(&o.config); err != nil {
		return server.Config{}, err
	}
	return o.config, nil
}

const variablePrefix = "RUNE_"

// linked matches the variables that Kubernetes and Docker set in containers beside a service called rune, or rune-anything. They aren't
// options, and nobody wrote them.
var linked = regexp.MustCompile(`^RUNE_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$`)

func variable(name string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

func (o *Options) loadVariables(environ []string, set map[string]bool) error {
	environ = slices.Clone(environ)
	slices.Sort(environ)
	var errs []error
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, variablePrefix) {
			continue
		}
		if err := o.loadVariable(name, value, set); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// loadVariable sets one option. An empty variable is as good as none.
func (o *Options) loadVariable(name, value string, set map[string]bool) error {
	i := slices.IndexFunc(o.list, func(p *option) bool { return variable(p.name) == name })
	switch {
	case i < 0 && linked.MatchString(name):
		return nil
	case i < 0:
		wanted := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, variablePrefix), "_", "-"))
		return &UsageError{name, "there is no such variable" + o.suggest(wanted, variable)}
	case value == "" || set[o.list[i].name]:
		return nil
	}
	set[o.list[i].name] = true
	if err := o.list[i].value.Set(value); err != nil {
		return &UsageError{name, err.Error()}
	}
	return nil
}

func (o *Options) loadFile(path string, set map[string]bool) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("options: %w", err)
	}
	var table map[string]any
	if _, err := toml.Decode(string(text), &table); err != nil {
		if bad := (toml.ParseError{}); errors.As(err, &bad) {
			return &UsageError{fmt.Sprintf("%s:%d", path, bad.Position.Line), bad.Message}
		}
		return &UsageError{path, err.Error()}
	}
	var errs []error
	for _, key := range sortedKeys(table) {
		if err := o.loadKey(key, table[key], set); err != nil {
			errs = append(errs, &UsageError{path + ": " + key, err.Error()})
		}
	}
	return errors.Join(errs...)
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (o *Options) loadKey(key string, value any, set map[string]bool) error {
	p := o.find(key)
	switch {
	case p == nil:
		return errors.New("there is no such option" + o.suggest(key, func(n string) string { return n }))
	case key == "options":
		return errors.New("a file of options names no other")
	case set[key]:
		return nil
	}
	return setValue(p.value, value)
}

// setValue sets what TOML has as a text, a number, a bool, a list of texts, or, for scopes by subject, a table.
func setValue(v setter, value any) error {
	switch value := value.(type) {
	case string:
		return v.Set(value)
	case bool:
		return v.Set(strconv.FormatBool(value))
	case int64:
		return v.Set(strconv.FormatInt(value, 10))
	case float64:
		return v.Set(strconv.FormatFloat(value, 'f', -1, 64))
	case []any:
		return setItems(v, value)
	case map[string]any:
		if m, ok := v.(scopeMap); ok {
			return setScopes(m, value)
		}
	}
	return fmt.Errorf("it can't be %s in TOML", kindOf(value))
}

func setItems(v setter, items []any) error {
	for _, item := range items {
		text, ok := item.(string)
		if !ok {
			return fmt.Errorf("a list holds texts, not %s", kindOf(item))
		}
		if err := v.add(text); err != nil {
			return err
		}
	}
	return nil
}

// setScopes reads a table from subjects to scopes, each a list or a text with blanks.
func setScopes(m scopeMap, table map[string]any) error {
	for _, subject := range sortedKeys(table) {
		var names []string
		switch scopes := table[subject].(type) {
		case string:
			names = strings.Fields(scopes)
		case []any:
			for _, s := range scopes {
				names = append(names, fmt.Sprint(s))
			}
		default:
			return fmt.Errorf("the scopes of %q can't be %s", subject, kindOf(scopes))
		}
		if err := m.give(subject, names); err != nil {
			return err
		}
	}
	return nil
}

func kindOf(value any) string {
	switch value.(type) {
	case map[string]any:
		return "a table"
	case []any:
		return "a list"
	case []map[string]any:
		return "a list of tables"
	case string:
		return "a text"
	case bool:
		return "a bool"
	case int64, float64:
		return "a number"
	}
	return "a date or time"
}

// suggest is a clause with the nearest option's name, spelled as it is in the source; empty if none is near.
func (o *Options) suggest(name string, spell func(string) string) string {
	best, least := "", 1+max(2, len(name)/3)
	for _, p := range o.list {
		if d := distance(name, p.name); d < least {
			best, least = p.name, d
		}
	}
	if best == "" {
		return ""
	}
	return "; the nearest is " + spell(best)
}

// distance is Levenshtein's: how many characters have to be inserted, deleted or replaced to make b from a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
