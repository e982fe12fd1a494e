package value

import (
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends v as Cedar's JSON, without blanks. Sets go in value order, records by key. What is no value is null.
func (t *Table) AppendJSON(dst []byte, v Value) []byte {
	if !v.IsValue() {
		return append(dst, "null"...)
	}
	switch v.Kind() {
	case KindBool:
		return strconv.AppendBool(dst, v == True)
	case KindLong:
		return strconv.AppendInt(dst, t.LongOf(v), 10)
	case KindString:
		return AppendJSONString(dst, t.Text(v))
	case KindEntity:
		dst = append(dst, `{"__entity":{"type":`...)
		dst = AppendJSONString(dst, t.Text(t.EntityType(v)))
		dst = append(dst, `,"id":`...)
		dst = AppendJSONString(dst, t.Text(t.EntityID(v)))
		return append(dst, "}}"...)
	case KindSet:
		dst = append(dst, '[')
		for i, m := range t.Members(v) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = t.AppendJSON(dst, m)
		}
		return append(dst, ']')
	case KindRecord:
		return t.appendJSONRecord(dst, v)
	}
	dst = append(dst, `{"__extn":{"fn":"`...)
	dst = append(dst, v.Kind().String()...)
	dst = append(dst, `","arg":"`...)
	dst = t.AppendExtension(dst, v)
	return append(dst, `"}}`...)
}

func (t *Table) appendJSONRecord(dst []byte, v Value) []byte {
	dst = append(dst, '{')
	f := t.Fields(v)
	for i := 0; i < len(f); i += 2 {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSONString(dst, t.Text(f[i]))
		dst = append(dst, ':')
		dst = t.AppendJSON(dst, f[i+1])
	}
	return append(dst, '}')
}

const hexDigits = "0123456789abcdef"

// AppendJSONString appends s as a JSON string. Only what must be escaped is; invalid UTF-8 becomes U+FFFD.
func AppendJSONString(dst, s []byte) []byte {
	i := SkipPlain(s, 0)
	if n := len(dst); i == len(s) && cap(dst)-n >= len(s)+2 { // as a rule: nothing to escape, and space
		dst = dst[:n+len(s)+2]
		dst[n], dst[n+len(s)+1] = '"', '"'
		copy(dst[n+1:], s)
		return dst
	}
	dst = append(dst, '"')
	start := 0
	for i < len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}
