package cedar

import (
	"reflect"
	"testing"
)

func TestMessages(t *testing.T) {
	m := countMessages([]string{"b", "a", "c", "b", "b"})
	base := countMessages([]string{"b", "a", "d"})
	for name, c := range map[string]struct{ got, want messages }{
		"counted": {m, messages{{"a", 1}, {"b", 3}, {"c", 1}}},
		"beyond":  {m.beyond(base), messages{{"b", 2}, {"c", 1}}},
		"only":    {m.only(base), messages{{"a", 1}, {"b", 3}}},
		"without": {m.without(base), messages{{"c", 1}}},
		"none":    {countMessages(nil).beyond(m), nil},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}
