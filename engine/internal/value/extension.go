package value

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"
	"unsafe"
)

// Parse reads the text of an extension value; op is OpParseDecimal, OpParseIP, OpParseDatetime or OpParseDuration.
func (t *Table) Parse(op Op, text []byte) (Value, *Fault) {
	t.Work += len(text)
	switch op {
	case OpParseDecimal:
		if n, ok := parseDecimal(text); ok {
			return t.Decimal(n), nil
		}
	case OpParseIP:
		if p, ok := parseIP(unsafe.String(unsafe.SliceData(text), len(text))); ok { // netip keeps no text
			return t.IP(p), nil
		}
	case OpParseDatetime:
		if ms, ok := parseDatetime(text); ok {
			return t.Datetime(ms), nil
		}
	case OpParseDuration:
		if ms, ok := parseDuration(text); ok {
			return t.Duration(ms), nil
		}
	}
	return t.raise(CodeParse, func(m *message) { m.quote(text).text(" is not a valid ", op.String()) })
}

// AppendExtension appends the text inside decimal("…"), ip("…"), datetime("…") or duration("…"). Parse reads it back, but for the
// shortest duration there is, whose text Cedar refuses.
func (t *Table) AppendExtension(dst []byte, v Value) []byte {
	switch v.Kind() {
	case KindDecimal:
		return appendDecimal(dst, t.DecimalOf(v))
	case KindIP:
		return appendIP(dst, t.IPOf(v))
	case KindDatetime:
		return appendDatetime(dst, t.DatetimeOf(v))
	}
	return appendDuration(dst, t.DurationOf(v))
}

// parseDecimal reads [+-]digits.digits with one to four digits after the point, as ten-thousandths.
func parseDecimal(s []byte) (int64, bool) {
	neg, s := cutSign(s)
	var n uint64
	point, last := -1, 0
	for i, c := range s {
		switch {
		case c == '.' && point < 0 && i > 0:
			point = i
		case c < '0' || c > '9':
			return 0, false
		case n > (1<<63)/10: // the next step would leave even the negative range
			return 0, false
		default:
			n = n*10 + uint64(c-'0')
		}
		last = i
	}
	digits := last - point
	if point < 0 || digits < 1 || digits > 4 {
		return 0, false
	}
	for ; digits < 4; digits++ {
		if n > (1<<63)/10 {
			return 0, false
		}
		n *= 10
	}
	return signed(neg, n)
}

func cutSign(s []byte) (neg bool, rest []byte) {
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		return s[0] == '-', s[1:]
	}
	return false, s
}

// signed gives a magnitude its sign, if the result is a long.
func signed(neg bool, n uint64) (int64, bool) {
	if neg {
		return -int64(n), n <= 1<<63
	}
	return int64(n), n < 1<<63
}

// appendDecimal writes at least one digit after the point, and no zeros beyond it that say nothing.
func appendDecimal(dst []byte, n int64) []byte {
	u := magnitude(n)
	if n < 0 {
		dst = append(dst, '-')
	}
	dst = strconv.AppendUint(dst, u/10000, 10)
	frac := u % 10000
	dst = append(dst, '.', byte('0'+frac/1000))
	for frac = frac % 1000 * 10; frac > 0; frac = frac % 1000 * 10 {
		dst = append(dst, byte('0'+frac/1000))
	}
	return dst
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// parseIP reads an address or a network. As in Cedar an IPv4 address within an IPv6 one has no dotted form, and there are no zones.
func parseIP(s string) (netip.Prefix, bool) {
	if len(s) > 50 || strings.Count(s, ":") >= 2 && strings.Count(s, ".") >= 2 {
		return netip.Prefix{}, false
	}
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		return p, err == nil
	}
	a, err := netip.ParseAddr(s)
	return PrefixOf(a), err == nil && a.Zone() == ""
}

// PrefixOf returns the network of a single address.
func PrefixOf(a netip.Addr) netip.Prefix { return netip.PrefixFrom(a, a.BitLen()) }

func appendIP(dst []byte, p netip.Prefix) []byte {
	dst = appendAddr(dst, p.Addr())
	if p.IsSingleIP() {
		return dst
	}
	return strconv.AppendInt(append(dst, '/'), int64(p.Bits()), 10)
}

// appendAddr differs from netip for ::ffff:0:0/96 alone, whose dotted form could not be read back.
func appendAddr(dst []byte, a netip.Addr) []byte {
	if !a.Is4In6() {
		return a.AppendTo(dst)
	}
	b := a.As16()
	dst = append(dst, "::ffff:"...)
	dst = strconv.AppendUint(dst, uint64(b[12])<<8|uint64(b[13]), 16)
	dst = append(dst, ':')
	return strconv.AppendUint(dst, uint64(b[14])<<8|uint64(b[15]), 16)
}

type durationUnit struct {
	name string
	ms   uint64
}

// durationUnits are the units of a duration, in the order in which they stand.
var durationUnits = [...]durationUnit{{"d", millisPerDay}, {"h", 60 * 60 * 1000}, {"m", 60 * 1000}, {"s", 1000}, {"ms", 1}}

// parseDuration reads [-] and numbers with units, each unit at most once and in order. As in cedar-go the magnitude must be a long
// before the sign is applied.
func parseDuration(s []byte) (int64, bool) {
	neg := len(s) > 0 && s[0] == '-'
	if neg {
		s = s[1:]
	}
	var total uint64
	units := durationUnits[:]
	for some := false; len(s) > 0 || !some; some = true {
		n, rest, ok := cutDigits(s)
		if !ok {
			return 0, false
		}
		i := unitAt(units, rest)
		if i < 0 || n > (1<<63-1)/units[i].ms {
			return 0, false
		}
		if total += n * units[i].ms; total > 1<<63-1 {
			return 0, false
		}
		s, units = rest[len(units[i].name):], units[i+1:]
	}
	return signed(neg, total)
}

// cutDigits reads a number that is a long.
func cutDigits(s []byte) (n uint64, rest []byte, ok bool) {
	i := 0
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		d := uint64(s[i] - '0')
		if n > (1<<63-1-d)/10 {
			return 0, nil, false
		}
		n = n*10 + d
	}
	return n, s[i:], i > 0
}

// unitAt returns which of the units s starts with, or -1. An m before an s is part of ms.
func unitAt(units []durationUnit, s []byte) int {
	for i, u := range units {
		if bytes.HasPrefix(s, []byte(u.name)) && (u.name != "m" || len(s) == 1 || s[1] != 's') {
			return i
		}
	}
	return -1
}

func appendDuration(dst []byte, ms int64) []byte {
	if ms == 0 {
		return append(dst, "0ms"...)
	}
	if ms < 0 {
		dst = append(dst, '-')
	}
	rest := magnitude(ms)
	for _, u := range &durationUnits {
		if n := rest / u.ms; n > 0 {
			dst = append(strconv.AppendUint(dst, n, 10), u.name...)
		}
		rest %= u.ms
	}
	return dst
}
