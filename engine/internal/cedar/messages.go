package cedar

import (
	"slices"
	"strings"
)

// message is something that the validator says, and how often.
type message struct {
	text  string
	count int
}

// messages are what the validator says, sorted. They aren't a map: their texts are those of policies, overlays' as well.
type messages []message

func countMessages(texts []string) messages {
	slices.Sort(texts)
	var out messages
	for _, t := range texts {
		if n := len(out); n == 0 || out[n-1].text != t {
			out = append(out, message{text: t})
		}
		out[len(out)-1].count++
	}
	return out
}

// of returns how often a message is among m.
func (m messages) of(text string) int {
	i, found := slices.BinarySearchFunc(m, text, func(x message, t string) int { return strings.Compare(x.text, t) })
	if !found {
		return 0
	}
	return m[i].count
}

// beyond returns the messages that m has more often than base.
func (m messages) beyond(base messages) (out messages) {
	for _, x := range m {
		if x.count -= base.of(x.text); x.count > 0 {
			out = append(out, x)
		}
	}
	return out
}

// only returns what m and other share.
func (m messages) only(other messages) (out messages) {
	for _, x := range m {
		if other.of(x.text) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// without returns what m has and other lacks.
func (m messages) without(other messages) (out messages) {
	for _, x := range m {
		if other.of(x.text) == 0 {
			out = append(out, x)
		}
	}
	return out
}
