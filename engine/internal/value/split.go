package value

import (
	"bytes"
	"strings"
)

// Split appends the parts of a string between occurrences of a separator, to dst; if it raises, nothing.
func (t *Table) Split(s, sep Value, dst []Value) ([]Value, *Fault) {
	if s.Kind() != KindString || sep.Kind() != KindString {
		return dst, &Fault{Code: CodeKind, Message: "split takes strings"}
	}
	text, by := t.Text(s), t.Text(sep)
	if len(by) == 0 {
		return dst, &Fault{Code: CodeSeparator, Message: "split needs a separator"}
	}
	t.Work += len(text) + len(by)
	n := newNeedle(by)
	for {
		i := n.index(text)
		if i < 0 {
			return append(dst, t.StringBytes(text)), nil
		}
		dst = append(dst, t.StringBytes(text[:i]))
		text = text[i+len(by):]
	}
}

// Argv appends the words of a command line to dst, split as the POSIX shell does where it would do nothing more than split (POSIX.1
// 2.2 Quoting); if it raises, nothing. What the shell would do more with raises: operators, expansions, globs, comments, open
// quotes, and an assignment before the first word. So does NUL, which no word can hold.
func (t *Table) Argv(s Value, dst []Value) ([]Value, *Fault) {
	if s.Kind() != KindString {
		return dst, &Fault{Code: CodeKind, Message: "argv takes a string"}
	}
	text := t.Text(s)
	t.Work += len(text)
	given := len(dst)
	a := argv{text: text, word: t.word}
	defer func() { t.word = a.word }()
	if bytes.IndexByte(text, 0) >= 0 {
		a.why, a.at = "has a NUL", len(text)
	}
	for a.next() {
		if len(dst) == given && a.assigns {
			a.why = "assigns a variable before the command"
			break
		}
		dst = append(dst, t.StringBytes(a.word))
	}
	if a.why != "" {
		return dst[:given], t.fault(CodeShell, func(m *message) {
			m.text("the command line ").quote(text).text(" ", a.why)
			if a.what != nil {
				m.quote(a.what).text(a.where)
			}
		})
	}
	return dst, nil
}

type argv struct {
	text    []byte
	at      int
	word    []byte
	assigns bool   // the word starts with NAME=, all of it unquoted
	why     string // it isn't split: this, and then perhaps a character and where that stands
	what    []byte
	where   string
}

// next reads one word and reports whether there was one.
func (a *argv) next() bool {
	a.blanks()
	if a.at == len(a.text) {
		return false
	}
	a.word, a.assigns = a.word[:0], false
	name := true // only unquoted characters of a name so far
	for a.at < len(a.text) && !isBlank(a.text[a.at]) && a.why == "" {
		c := a.text[a.at]
		a.at++
		switch {
		case c == '\\' && a.join():
		case c == '\'':
			name = false
			a.single()
		case c == '"':
			name = false
			a.double()
		case c == '\\':
			name = false
			a.escape()
		case strings.IndexByte(unsplittable, c) >= 0:
			a.why, a.what = "has an unquoted ", a.text[a.at-1:a.at]
		default:
			if c == '=' && name && len(a.word) > 0 {
				a.assigns = true
			}
			// name+= assigns in some shells
			name = name && (isNameByte(c, len(a.word)) || c == '+' && len(a.word) > 0 && a.at < len(a.text) && a.text[a.at] == '=')
			a.word = append(a.word, c)
		}
	}
	return a.why == ""
}

// unsplittable are the characters, unquoted, with which the shell would do more than split, or with which shells differ.
const unsplittable = ";|&<>()$`*?[]{}~#!\n\r"

// blanks skips blanks, and line ends that a backslash takes away.
func (a *argv) blanks() {
	for a.at < len(a.text) {
		switch c := a.text[a.at]; {
		case isBlank(c):
			a.at++
		case c == '\\' && a.at+1 < len(a.text) && a.text[a.at+1] == '\n':
			a.at += 2
		default:
			return
		}
	}
}

// join skips a newline after a backslash: the shell joins such lines before it reads words.
func (a *argv) join() bool {
	if a.at < len(a.text) && a.text[a.at] == '\n' {
		a.at++
		return true
	}
	return false
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func isNameByte(c byte, i int) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || i > 0 && c >= '0' && c <= '9'
}

func (a *argv) single() {
	end := bytes.IndexByte(a.text[a.at:], '\'')
	if end < 0 {
		a.why = "has an open quote"
		return
	}
	a.word = append(a.word, a.text[a.at:a.at+end]...)
	a.at += end + 1
}

func (a *argv) double() {
	for a.at < len(a.text) {
		c := a.text[a.at]
		a.at++
		switch c {
		case '"':
			return
		case '$', '`':
			a.why, a.what, a.where = "has ", a.text[a.at-1:a.at], " in double quotes"
			return
		case '\\':
			if a.at == len(a.text) {
				a.why = "has an open quote"
				return
			}
			if next := a.text[a.at]; bytes.IndexByte([]byte("$`\"\\\n"), next) < 0 {
				a.word = append(a.word, c) // before anything else the backslash is itself
			} else {
				a.at++
				if next != '\n' {
					a.word = append(a.word, next)
				}
			}
		default:
			a.word = append(a.word, c)
		}
	}
	a.why = "has an open quote"
}

func (a *argv) escape() {
	if a.at == len(a.text) {
		a.why = "ends in a backslash"
		return
	}
	a.word = append(a.word, a.text[a.at])
	a.at++
}
