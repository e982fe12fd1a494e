package cedar

import (
	"bytes"
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/source"
)

type tokenKind uint8

const (
	tokenEOF tokenKind = iota
	tokenIdent
	tokenReserved
	tokenInt
	tokenString
	tokenOperator
	tokenBad // text that is no token; its problem says why
)

// extent is a half-open range of bytes of the file being read.
type extent struct{ start, end uint32 }

func (e extent) to(f extent) extent { return extent{e.start, f.end} }

type token struct {
	extent
	kind    tokenKind
	problem *problem // of a tokenBad
}

// problem is what an error says.
type problem struct{ message, help string }

// scanner splits Cedar text into tokens exactly as cedar-go does, and keeps what cedar-go's tokens lack: their offsets in
// the file, and the place of every bad escape.
type scanner struct {
	src    []byte
	pos    int
	end    int
	tokens []token
}

// scan returns the tokens of src[start:end], an end token last.
func scan(files *source.Files, src []byte, start, end int) []token {
	s := scanner{src: src, pos: start, end: end}
	if start == 0 && bytes.HasPrefix(src[:end], []byte("\xef\xbb\xbf")) {
		s.pos = 3
	}
	for from := s.pos; s.next(); from = s.pos {
		files.Scanned(s.pos - from)
	}
	last := s.pos
	if n := len(s.tokens); n > 0 {
		last = int(s.tokens[n-1].end)
	}
	return append(s.tokens, token{extent: extent{uint32(last), uint32(last)}})
}

// next adds a token, or skips a blank or comment, and reports whether there is more to read.
func (s *scanner) next() bool {
	if s.pos >= s.end {
		return false
	}
	start := s.pos
	c := s.src[s.pos]
	switch {
	case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		s.pos++
	case isIdentByte(c) && !isDigit(c):
		s.take(isIdentByte)
		kind := tokenIdent
		if isReserved(s.src[start:s.pos]) {
			kind = tokenReserved
		}
		s.add(kind, start)
	case isDigit(c):
		s.take(isDigit)
		s.add(tokenInt, start)
	case c == '"':
		s.string()
	case c == '/' && (s.peek(1) == '/' || s.peek(1) == '*'):
		s.comment()
	case c == '#':
		s.toLineEnd()
		s.bad(start, "a comment starts with \"//\" in policies, not with \"#\"", "write // instead of #")
	default:
		s.operator()
	}
	return true
}

func (s *scanner) peek(n int) byte {
	if s.pos+n >= s.end {
		return 0
	}
	return s.src[s.pos+n]
}

func (s *scanner) take(ok func(byte) bool) {
	for s.pos < s.end && ok(s.src[s.pos]) {
		s.pos++
	}
}

func (s *scanner) add(k tokenKind, start int) {
	s.tokens = append(s.tokens, token{extent: extent{uint32(start), uint32(s.pos)}, kind: k})
}

func (s *scanner) bad(start int, message, help string) {
	s.add(tokenBad, start)
	s.tokens[len(s.tokens)-1].problem = &problem{message, help}
}

// comment skips a comment. Text that cedar-go's scanner refuses even there is a bad token.
func (s *scanner) comment() {
	start := s.pos
	if s.src[s.pos+1] == '/' {
		s.toLineEnd()
	} else if n := bytes.Index(s.src[s.pos+2:s.end], []byte("*/")); n >= 0 {
		s.pos += 2 + n + 2
	} else {
		s.pos = s.end
		s.bad(start, "the comment that starts here doesn't end", "close it with */")
		s.tokens[len(s.tokens)-1].end = uint32(start + 2)
		return
	}
	s.checkText(start)
}

func (s *scanner) toLineEnd() {
	if n := bytes.IndexByte(s.src[s.pos:s.end], '\n'); n >= 0 {
		s.pos += n
	} else {
		s.pos = s.end
	}
}

// checkText adds a bad token for the first NUL or broken character of src[start:pos] and reports whether there is none.
func (s *scanner) checkText(start int) bool {
	text := s.src[start:s.pos]
	at := bytes.IndexByte(text, 0)
	what, size := "the text contains a NUL character", 1
	if !utf8.Valid(text) {
		if n := invalidUTF8(text); at < 0 || n < at {
			at, what = n, "the text is not valid UTF-8 here"
		}
	}
	if at < 0 {
		return true
	}
	end := s.pos
	s.pos = start + at + size
	s.bad(start+at, what, "")
	s.pos = end
	return false
}

// invalidUTF8 returns the offset of the first byte that is no part of a character, or -1.
func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// string reads a string. A bad escape or an open end makes a bad token that stands on just that.
func (s *scanner) string() {
	start := s.pos
	s.pos++
	badAt, badEnd := -1, -1
	for {
		if s.pos >= s.end || s.src[s.pos] == '\n' {
			s.bad(start, "the string that starts here doesn't end on its line", "close it with \"")
			return
		}
		c := s.src[s.pos]
		if c == '"' {
			s.pos++
			break
		}
		if c != '\\' {
			s.pos++
			continue
		}
		n, ok := escapeLength(s.src[s.pos:s.end])
		if !ok && badAt < 0 {
			badAt, badEnd = s.pos, s.pos+n
		}
		s.pos += n
	}
	end := s.pos
	switch {
	case badAt >= 0:
		s.pos = badEnd
		s.bad(badAt, "unknown escape "+quote(s.src[badAt:badEnd])+" in a string",
			`escapes are \n \r \t \\ \0 \' \" \x7f \u{1f600}, and \* in a pattern of like`)
		s.pos = end
	case s.checkText(start):
		s.add(tokenString, start)
	}
}

// escapeLength returns the length of the escape at the start of b, and whether it is one; of a bad one, the length up to
// where it goes wrong, at least 1, never past a quote or line end.
func escapeLength(b []byte) (int, bool) {
	if len(b) < 2 {
		return 1, false
	}
	switch b[1] {
	case 'n', 'r', 't', '\\', '0', '\'', '"', '*':
		return 2, true
	case 'x':
		return hexEscapeLength(b)
	case 'u':
		return unicodeEscapeLength(b)
	case '\n':
		return 1, false
	}
	_, n := utf8.DecodeRune(b[1:])
	return 1 + n, false
}

func hexEscapeLength(b []byte) (int, bool) {
	n := 2
	for n < len(b) && n < 4 && hexDigit(b[n]) >= 0 {
		n++
	}
	return n, n == 4 && hexDigit(b[2]) < 8
}

func unicodeEscapeLength(b []byte) (int, bool) {
	if len(b) < 3 || b[2] != '{' {
		return 2, false
	}
	n, digits, r := 3, 0, rune(0)
	for ; n < len(b) && (hexDigit(b[n]) >= 0 || b[n] == '_' && digits > 0); n++ {
		if b[n] == '_' {
			continue
		}
		if digits++; digits <= 6 {
			r = r<<4 | rune(hexDigit(b[n]))
		}
	}
	if n == len(b) || b[n] != '}' {
		return n, false
	}
	return n + 1, digits > 0 && digits <= 6 && utf8.ValidRune(r)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// operator reads an operator, or one character that is none.
func (s *scanner) operator() {
	start := s.pos
	two := string([]byte{s.src[s.pos], s.peek(1)})
	switch two {
	case "::", "!=", "<=", ">=", "==", "||", "&&":
		s.pos += 2
		s.add(tokenOperator, start)
		return
	}
	if bytes.IndexByte([]byte("@.,;(){}[]+-*:!<>"), s.src[s.pos]) >= 0 {
		s.pos++
		s.add(tokenOperator, start)
		return
	}
	_, n := utf8.DecodeRune(s.src[s.pos:s.end])
	s.pos += n
	if s.checkText(start) {
		s.bad(start, "unexpected "+quote(s.src[start:s.pos]), strayHelp(s.src[start]))
	}
}

// strayHelp guesses what a character that starts no token was meant to be.
func strayHelp(c byte) string {
	switch c {
	case '=':
		return "equality is written =="
	case '&':
		return "and is written &&"
	case '|':
		return "or is written ||"
	case '\'', '`':
		return "strings stand in double quotes"
	case '?':
		return "policy templates are not supported; write one policy for each entity"
	case '%', '/':
		return "Cedar has no division; the rules section has"
	}
	return ""
}

func isIdentByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isReserved(word []byte) bool {
	switch string(word) {
	case "true", "false", "if", "then", "else", "in", "like", "has", "is", "__cedar":
		return true
	}
	return false
}

const maxQuoted = 40 // bytes of offending text that a message repeats

// quote quotes text for a message, cut if it is long.
func quote(text []byte) string {
	cut := text
	for n := 0; n < len(text); {
		_, size := utf8.DecodeRune(text[n:])
		if n += size; n > maxQuoted {
			cut = text[:n]
			break
		}
	}
	s := string(bytes.ToValidUTF8(cut, []byte("\uFFFD")))
	if len(cut) < len(text) {
		s += "…"
	}
	return `"` + s + `"`
}
