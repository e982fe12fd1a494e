package options

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/listen"
)

// setter is an option's value. It is a pflag.Value.
type setter interface {
	String() string
	Set(text string) error
	Type() string
	// add is Set for an item of a list, which is taken as it is; what isn't a list refuses.
	add(item string) error
}

// scalar is a value that is one text.
type scalar[T any] struct {
	target *T
	kind   string
	parse  func(string) (T, error)
	format func(T) string
}

func (v *scalar[T]) String() string     { return v.format(*v.target) }
func (v *scalar[T]) Type() string       { return v.kind }
func (v *scalar[T]) add(_ string) error { return errors.New("it isn't a list") }

func (v *scalar[T]) Set(text string) error {
	parsed, err := v.parse(text)
	if err == nil {
		*v.target = parsed
	}
	return err
}

func text(target *string, kind string) setter {
	return &scalar[string]{target, kind, anyItem, asIs}
}

// anyItem takes every text but an empty one and one with control characters, which no option has a use for.
func anyItem(s string) (string, error) {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("%q is empty or has control characters", s)
	}
	return s, nil
}

func flag(target *bool) setter {
	return &scalar[bool]{target, "bool", func(s string) (bool, error) {
		switch s {
		case "true", "false":
			return s == "true", nil
		}
		return false, fmt.Errorf("%q is neither true nor false", s)
	}, strconv.FormatBool}
}

func oneOf(target *string, all ...string) setter {
	return &scalar[string]{target, strings.Join(all, "|"), func(s string) (string, error) {
		if !slices.Contains(all, s) {
			return "", fmt.Errorf("%q isn't one of %s", s, strings.Join(all, ", "))
		}
		return s, nil
	}, asIs}
}

func count(target *int, least, most int) setter {
	return &scalar[int]{target, "N", func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < least || n > most {
			return 0, fmt.Errorf("%q isn't a whole number from %d to %d", s, least, most)
		}
		return n, nil
	}, strconv.Itoa}
}

func rate(target *float64) setter {
	return &scalar[float64]{target, "N", func(s string) (float64, error) {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || !(f >= 0 && f <= 1e9) {
			return 0, fmt.Errorf("%q isn't a number from 0 to 1000000000", s)
		}
		return f, nil
	}, func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }}
}

func span(target *time.Duration, least, most time.Duration) setter {
	return &scalar[time.Duration]{target, "DURATION", func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil || d < least || d > most {
			return 0, fmt.Errorf("%q isn't a time from %s to %s, such as 500ms, 10s or 15m", s, short(least), short(most))
		}
		return d, nil
	}, short}
}

// short is a duration without zero minutes and seconds at its end.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// units of sizes, largest first.
var units = []struct {
	name  string
	bytes int
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}}

func size(target *int, least, most int) setter {
	return &scalar[int]{target, "SIZE", func(s string) (int, error) {
		if n, ok := parseSize(s); ok && n >= least && n <= most {
			return n, nil
		}
		return 0, fmt.Errorf("%q isn't a size from %s to %s in bytes, KiB, MiB or GiB", s, formatSize(least), formatSize(most))
	}, formatSize}
}

func parseSize(s string) (int, bool) {
	for _, u := range units {
		if digits, ok := strings.CutSuffix(s, u.name); ok {
			n, err := strconv.Atoi(digits)
			return n * u.bytes, err == nil && n >= 0 && n <= math.MaxInt/u.bytes
		}
	}
	return 0, false
}

func formatSize(n int) string {
	for _, u := range units {
		if n != 0 && n%u.bytes == 0 {
			return strconv.Itoa(n/u.bytes) + u.name
		}
	}
	return "0"
}

func mode(target *os.FileMode) setter {
	return &scalar[os.FileMode]{target, "MODE", func(s string) (os.FileMode, error) {
		n, err := strconv.ParseUint(s, 8, 32)
		if err != nil || n > 0o777 {
			return 0, fmt.Errorf("%q isn't a mode from 0000 to 0777", s)
		}
		return os.FileMode(n), nil
	}, func(m os.FileMode) string { return fmt.Sprintf("%04o", m) }}
}

func address(target *string) setter {
	return &scalar[string]{target, "ADDRESS", func(s string) (string, error) {
		a, err := listen.ParseAddress(s)
		return a.String(), err
	}, asIs}
}

func asIs(s string) string { return s }

// link is a URL of http or https that has nothing secret in it, or anything else that isn't needed.
func link(target *string) setter { return &scalar[string]{target, "URL", parseLink, asIs} }

func parseLink(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil {
		return "", errors.New("it isn't a URL") // whose text may hold a password
	}
	switch {
	case u.User != nil:
		return "", fmt.Errorf("%q has a user in it", u.Redacted())
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", u.Fragment != "":
		return "", fmt.Errorf("%q isn't a URL with http or https, a host, and no fragment", s)
	}
	return s, nil
}

func entities(target *host.EntitiesMode) setter {
	modes := []string{host.EntitiesOverride: "override", host.EntitiesAdd: "add", host.EntitiesRefuse: "refuse"}
	return &scalar[host.EntitiesMode]{target, strings.Join(modes, "|"), func(s string) (host.EntitiesMode, error) {
		i := slices.Index(modes, s)
		if i < 0 {
			return 0, fmt.Errorf("%q isn't one of %s", s, strings.Join(modes, ", "))
		}
		return host.EntitiesMode(i), nil
	}, func(m host.EntitiesMode) string { return modes[m] }}
}

// values is a value that is a list: a text with commas, or a flag given several times.
type values[T any] struct {
	target *[]T
	kind   string
	parse  func(string) (T, error)
	set    bool // what is in target was set, it isn't the default
}

func list[T any](target *[]T, kind string, parse func(string) (T, error)) *values[T] {
	return &values[T]{target: target, kind: kind, parse: parse}
}

func (v *values[T]) Type() string { return v.kind }

func (v *values[T]) String() string {
	var b strings.Builder
	for i, item := range *v.target {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, item)
	}
	return b.String()
}

func (v *values[T]) Set(text string) error {
	for item := range strings.SplitSeq(text, ",") {
		if err := v.add(strings.TrimSpace(item)); err != nil {
			return err
		}
	}
	return nil
}

func (v *values[T]) add(item string) error {
	parsed, err := v.parse(item)
	if err != nil {
		return err
	}
	if !v.set {
		*v.target, v.set = nil, true
	}
	*v.target = append(*v.target, parsed)
	return nil
}

// ratio is a part of a whole; below 0 nothing is said.
func ratio(target *float64) setter {
	return &scalar[float64]{target, "RATIO", func(s string) (float64, error) {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || !(f >= 0 && f <= 1) {
			return 0, fmt.Errorf("%q isn't a part from 0 to 1", s)
		}
		return f, nil
	}, func(f float64) string {
		if f < 0 {
			return ""
		}
		return strconv.FormatFloat(f, 'f', -1, 64)
	}}
}
