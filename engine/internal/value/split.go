package value

import "bytes"

// Split appends the parts of a string between occurrences of a separator.
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

// Argv appends the words of a command line, split as the POSIX shell does where it would do nothing more than split (POSIX.1
// 2.2 Quoting). Whatever the shell would do more with raises: operators, expansions, globs, comments, open quotes, and
// assignments before the first word.
func (t *Table) Argv(s Value, dst []Value) ([]Value, *Fault) {
	if s.Kind() != KindString {
		return dst, &Fault{Code: CodeKind, Message: "argv takes a string"}
	}
	text := t.Text(s)
	t.Work += len(text)
	a := argv{text: text}
	for first := true; ; first = false {
		if !a.next() {
			break
		}
		if first && a.assigns {
			a.why = "assigns a variable before the command"
			break
		}
		dst = append(dst, t.StringBytes(a.word))
	}
	if a.why != "" {
		return dst, &Fault{Code: CodeShell, Message: "the command line " + quoteCut(text) + " " + a.why}
	}
	return dst, nil
}

type argv struct {
	text    []byte
	at      int
	word    []byte
	assigns bool // the word starts with NAME=, all of it unquoted
	why     string
}

// next reads one word and reports whether there was one.
func (a *argv) next() bool {
	for a.at < len(a.text) && isBlank(a.text[a.at]) {
		a.at++
	}
	if a.at == len(a.text) {
		return false
	}
	a.word, a.assigns = a.word[:0], false
	name := true // only unquoted name characters so far
	for a.at < len(a.text) && !isBlank(a.text[a.at]) {
		c := a.text[a.at]
		a.at++
		switch {
		case c == '\'':
			name = false
			a.single()
		case c == '"':
			name = false
			a.double()
		case c == '\\':
			name = false
			a.escape()
		case bytes.IndexByte([]byte(";|&<>()$`*?[]{}~#!\n\r\x00"), c) >= 0:
			a.why = "has an unquoted " + quote([]byte{c})
		default:
			if c == '=' && name && len(a.word) > 0 {
				a.assigns = true
			}
			name = name && isNameByte(c, len(a.word))
			a.word = append(a.word, c)
		}
		if a.why != "" {
			return false
		}
	}
	return true
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
			a.why = "has " + quote([]byte{c}) + " in double quotes"
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
	if a.text[a.at] != '\n' { // a backslash before a newline joins lines
		a.word = append(a.word, a.text[a.at])
	}
	a.at++
}
