package document

import (
	"bytes"

	"github.com/rune-authz/rune/engine/internal/value"
)

// datetime reads a date-time with an offset, seconds being optional. A date, a time or a date-time without an offset is reported, since what
// instant it means depends on where one is.
func (r *tomlReader) datetime(start int, word []byte) value.Value {
	c := clock{rest: word}
	hasDate := c.date()
	hasTime := (!hasDate || len(c.rest) > 0) && c.time(hasDate)
	if c.bad || len(c.rest) > 0 {
		r.diags.Errorf(r.here(start), codeDatetime, "%s is no date-time", quote(string(word))).Help = "a date-time is written like 2006-01-02T15:04:05Z"
		return value.None
	}
	if !hasDate {
		c.cedar = append([]byte("1970-01-01"), c.cedar...)
	}
	if !c.offset && hasTime {
		c.cedar = append(c.cedar, 'Z')
	}
	v, f := r.table.Parse(value.OpParseDatetime, c.cedar)
	switch {
	case f != nil:
		r.diags.Errorf(r.here(start), codeDatetime, "%s is no date-time that exists", quote(string(word)))
	case !c.offset:
		what, example := "date-time", string(bytes.Replace(word, []byte(" "), []byte("T"), 1))+"Z"
		if !hasTime {
			what, example = "date", string(word)+"T00:00:00Z"
		}
		if !hasDate {
			what, example = "time", "2006-01-02T15:04:05Z"
		}
		r.diags.Errorf(r.here(start), codeDatetime, "the %s %s has no offset and is no value", what, word).Help = "write an instant, such as " + example + ", or text in quotes"
	case c.fine:
		r.diags.Errorf(r.here(start), codeDatetime, "%s is finer than a millisecond", quote(string(word))).Help = "write three digits after the seconds' point"
	default:
		return v
	}
	return value.None
}

// clock cuts a date-time into fields and writes them as Cedar does.
type clock struct {
	rest   []byte
	cedar  []byte
	offset bool
	fine   bool // the seconds have more than three digits that say something
	bad    bool
}

// field takes digits.
func (c *clock) field(n int) {
	for i := range n {
		if i >= len(c.rest) || !isDigit(c.rest[i]) {
			c.bad = true
			return
		}
	}
	c.cedar = append(c.cedar, c.rest[:n]...)
	c.rest = c.rest[n:]
}

func (c *clock) sign(s byte) bool {
	if c.bad || len(c.rest) == 0 || c.rest[0] != s {
		return false
	}
	c.rest = c.rest[1:]
	return true
}

// keep takes a sign that Cedar writes too.
func (c *clock) keep(s byte) {
	if !c.sign(s) {
		c.bad = true
	}
	c.cedar = append(c.cedar, s)
}

// date takes a date, if there is one.
func (c *clock) date() bool {
	if len(c.rest) < 5 || c.rest[4] != '-' {
		return false
	}
	c.field(4)
	c.keep('-')
	c.field(2)
	c.keep('-')
	c.field(2)
	return true
}

// time takes a time, with an offset if there is one and a date stands before.
func (c *clock) time(dated bool) bool {
	if dated && !c.sign('T') && !c.sign('t') && !c.sign(' ') {
		c.bad = true
	}
	c.cedar = append(c.cedar, 'T')
	c.field(2)
	c.keep(':')
	c.field(2)
	c.cedar = append(c.cedar, ':')
	if c.sign(':') {
		c.field(2)
		c.fraction()
	} else {
		c.cedar = append(c.cedar, "00"...)
	}
	if dated {
		c.zone()
	}
	return true
}

// fraction takes the digits after the seconds' point, of which Cedar has three.
func (c *clock) fraction() {
	if !c.sign('.') {
		return
	}
	n := 0
	for n < len(c.rest) && isDigit(c.rest[n]) {
		n++
	}
	c.bad = c.bad || n == 0
	digits := append(bytes.Clone(c.rest[:n]), "000"...)
	c.fine = len(bytes.TrimRight(digits, "0")) > 3
	c.cedar = append(append(c.cedar, '.'), digits[:3]...)
	c.rest = c.rest[n:]
}

func (c *clock) zone() {
	for _, s := range []byte("+-") {
		if c.sign(s) {
			c.cedar = append(c.cedar, s)
			c.field(2)
			if !c.sign(':') {
				c.bad = true
			}
			c.field(2)
			c.offset = true
			return
		}
	}
	if c.sign('Z') || c.sign('z') {
		c.cedar = append(c.cedar, 'Z')
		c.offset = true
	}
}
