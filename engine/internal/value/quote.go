package value

import (
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// AppendQuoted appends a string literal with the escapes that Cedar writes: those of [Unescape] that have a letter, and \u{…} for what
// can't be seen and for a combining character at the start. Bytes that are no UTF-8 become U+FFFD.
func AppendQuoted(dst, s []byte) []byte { return appendQuotedUpTo(dst, s, math.MaxInt) }

// appendQuotedUpTo quotes no more of s than shows more than most bytes.
func appendQuotedUpTo(dst, s []byte, most int) []byte {
	if len(s) > most {
		s = s[:most]
	}
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '\'' {
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		dst = appendEscaped(dst, r, i == 0)
		i += n
	}
	return append(dst, '"')
}

func appendEscaped(dst []byte, r rune, first bool) []byte {
	switch r {
	case '"', '\\', '\'':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	case 0:
		return append(dst, `\0`...)
	}
	if unicode.IsPrint(r) && !(first && unicode.In(r, unicode.Mn, unicode.Me, unicode.Other_Grapheme_Extend)) {
		return utf8.AppendRune(dst, r)
	}
	dst = append(dst, `\u{`...)
	dst = strconv.AppendInt(dst, int64(r), 16)
	return append(dst, '}')
}

// Unescape resolves the escapes of a string literal's inside as Cedar does: \n \r \t \\ \0 \' \" \x00 to \x7f and \u{…}. Where one
// is wrong it returns its offset and false.
func Unescape(dst, s []byte) ([]byte, int, bool) {
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			dst = append(dst, s[i])
			i++
			continue
		}
		r, n := escape(s[i:])
		if n == 0 {
			return dst, i, false
		}
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst, len(s), true
}

// escape reads one escape and returns its length, 0 where it is none.
func escape(s []byte) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case '0':
		return 0, 2
	case '\\', '\'', '"':
		return rune(s[1]), 2
	case 'x':
		if len(s) >= 4 && s[2] >= '0' && s[2] <= '7' && isHex(s[3]) {
			return hexDigit(s[2])<<4 | hexDigit(s[3]), 4
		}
	case 'u':
		return unicodeEscape(s)
	}
	return 0, 0
}

// unicodeEscape reads \u{…} with one to six hexadecimal digits, which underscores may follow.
func unicodeEscape(s []byte) (rune, int) {
	if len(s) < 3 || s[2] != '{' {
		return 0, 0
	}
	var r rune
	digits := 0
	for i := 3; i < len(s); i++ {
		switch c := s[i]; {
		case c == '}' && digits > 0 && utf8.ValidRune(r):
			return r, i + 1
		case c == '_' && digits > 0:
		case isHex(c) && digits < 6:
			r = r<<4 | hexDigit(c)
			digits++
		default:
			return 0, 0
		}
	}
	return 0, 0
}

func hexDigit(c byte) rune {
	if c <= '9' {
		return rune(c - '0')
	}
	return rune(c|0x20-'a') + 10
}
