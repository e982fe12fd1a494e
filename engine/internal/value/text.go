package value

import (
	"strconv"
	"unicode/utf8"

	"github.com/cedar-policy/cedar-go/types"
)

// Append appends v as Cedar writes it. Sets go in value order, records by key.
func (t *Table) Append(dst []byte, v Value) []byte {
	if !v.IsValue() {
		return append(dst, '?')
	}
	switch v.Kind() {
	case KindBool:
		return strconv.AppendBool(dst, v == True)
	case KindLong:
		return strconv.AppendInt(dst, t.LongOf(v), 10)
	case KindString:
		return AppendQuoted(dst, t.Text(v))
	case KindEntity:
		dst = append(dst, t.Text(t.EntityType(v))...)
		dst = append(dst, "::"...)
		return AppendQuoted(dst, t.Text(t.EntityID(v)))
	case KindSet:
		return t.appendSet(dst, v)
	case KindRecord:
		return t.appendRecord(dst, v)
	}
	dst = append(dst, v.Kind().String()...)
	dst = append(dst, `("`...)
	dst = t.AppendExtension(dst, v)
	return append(dst, `")`...)
}

func (t *Table) appendSet(dst []byte, v Value) []byte {
	dst = append(dst, '[')
	for i, m := range t.Members(v) {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = t.Append(dst, m)
	}
	return append(dst, ']')
}

func (t *Table) appendRecord(dst []byte, v Value) []byte {
	dst = append(dst, '{')
	f := t.Fields(v)
	for i := 0; i < len(f); i += 2 {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = AppendQuoted(dst, t.Text(f[i]))
		dst = append(dst, ": "...)
		dst = t.Append(dst, f[i+1])
	}
	return append(dst, '}')
}

// AppendExtension appends the text inside decimal("…"), ip("…"), datetime("…") or duration("…").
func (t *Table) AppendExtension(dst []byte, v Value) []byte {
	switch v.Kind() {
	case KindDecimal:
		return appendDecimal(dst, t.DecimalOf(v))
	case KindIP:
		return append(dst, types.IPAddr(t.IPOf(v)).String()...)
	case KindDatetime:
		return append(dst, types.NewDatetimeFromMillis(t.DatetimeOf(v)).String()...)
	}
	return append(dst, types.NewDurationFromMillis(t.DurationOf(v)).String()...)
}

func appendDecimal(dst []byte, n int64) []byte {
	u := uint64(n)
	if n < 0 {
		dst = append(dst, '-')
		u = -u
	}
	dst = strconv.AppendUint(dst, u/10000, 10)
	frac := u % 10000
	dst = append(dst, '.', byte('0'+frac/1000))
	for frac = frac % 1000 * 10; frac > 0; frac = frac % 1000 * 10 {
		dst = append(dst, byte('0'+frac/1000))
	}
	return dst
}

// AppendQuoted appends a string literal as Cedar and rules read it.
func AppendQuoted(dst, s []byte) []byte {
	dst = append(dst, '"')
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == 0:
			dst = append(dst, `\0`...)
		case r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029:
			dst = append(dst, `\u{`...)
			dst = strconv.AppendInt(dst, int64(r), 16)
			dst = append(dst, '}')
		default:
			dst = append(dst, s[:n]...)
		}
		s = s[n:]
	}
	return append(dst, '"')
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
			n, _ := strconv.ParseUint(string(s[2:4]), 16, 8)
			return rune(n), 4
		}
	case 'u':
		return unicodeEscape(s)
	}
	return 0, 0
}

// unicodeEscape reads \u{1 to 6 hex digits}.
func unicodeEscape(s []byte) (rune, int) {
	if len(s) < 5 || s[2] != '{' {
		return 0, 0
	}
	end := 3
	for end < len(s) && end < 9 && isHex(s[end]) {
		end++
	}
	if end == 3 || end == len(s) || s[end] != '}' {
		return 0, 0
	}
	n, _ := strconv.ParseUint(string(s[3:end]), 16, 32)
	if !utf8.ValidRune(rune(n)) {
		return 0, 0
	}
	return rune(n), end + 1
}
