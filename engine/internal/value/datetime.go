package value

import "strconv"

// parseDatetime reads Cedar's datetime, as milliseconds since 1970 (RFC 80, with the nine-digit years of RFC 110):
//
//	date [ "T" hh:mm:ss [ "." SSS ] ( "Z" | ( "+" | "-" ) hhmm ) ]      date = ( YYYY | ( "+" | "-" ) YYYYYYYYY ) "-MM-DD"
func parseDatetime(s []byte) (int64, bool) {
	d := digits{s: s, ok: true}
	days := d.date()
	if !d.ok || len(d.s) == 0 {
		return millis(days, 0, d.ok)
	}
	d.expect('T')
	time := d.number(2, 23) * 60
	d.expect(':')
	time = (time + d.number(2, 59)) * 60
	d.expect(':')
	time = (time + d.number(2, 59)) * 1000
	if d.take('.') {
		time += d.number(3, 999)
	}
	if !d.take('Z') {
		time -= d.offset() * 60 * 1000
	}
	return millis(days, time, d.ok && len(d.s) == 0)
}

// digits reads fields of fixed width; ok turns false at the first that isn't there.
type digits struct {
	s  []byte
	ok bool
}

func (d *digits) take(c byte) bool {
	if len(d.s) == 0 || d.s[0] != c {
		return false
	}
	d.s = d.s[1:]
	return true
}

func (d *digits) expect(c byte) { d.ok = d.take(c) && d.ok }

func (d *digits) number(width int, most int64) int64 {
	if len(d.s) < width {
		d.ok = false
		return 0
	}
	n, rest, _ := cutDigits(d.s[:width])
	d.s = d.s[width:]
	d.ok = d.ok && len(rest) == 0 && int64(n) <= most
	return int64(n)
}

// date reads a date that exists, as days since 1970.
func (d *digits) date() int64 {
	var year int64
	switch {
	case d.take('+'):
		year = d.number(9, 999_999_999)
	case d.take('-'):
		year = -d.number(9, 999_999_999)
	default:
		year = d.number(4, 9999)
	}
	d.expect('-')
	month := d.number(2, 12)
	d.expect('-')
	day := d.number(2, 31)
	d.ok = d.ok && month > 0 && day > 0 && day <= daysIn(year, month)
	return daysFromCivil(year, month, day)
}

// offset reads (+|-)hhmm, in minutes.
func (d *digits) offset() int64 {
	sign := int64(1)
	if d.take('-') {
		sign = -1
	} else {
		d.expect('+')
	}
	hours := d.number(2, 23)
	return sign * (hours*60 + d.number(2, 59))
}

// millis joins days and a time, which may lie up to a day outside its day; false where the result is no long.
func millis(days, time int64, ok bool) (int64, bool) {
	days, time = days+floorDiv(time, millisPerDay), floorMod(time, millisPerDay)
	if days < 0 { // so that the product alone never overflows where the sum doesn't
		days, time = days+1, time-millisPerDay
	}
	const most = (1<<63 - 1) / millisPerDay
	if !ok || days > most || days < -most {
		return 0, false
	}
	ms := days * millisPerDay
	sum := ms + time
	return sum, (sum > ms) == (time > 0)
}

func floorMod(a, b int64) int64 { return (a%b + b) % b }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func daysIn(year, month int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// The civil calendar is counted in years that start in March, so that the leap day ends one. 400 of them have 146097 days, and
// 719468 days lie between 0000-03-01 and 1970-01-01.
const (
	daysPerEra   = 146097
	epochFromEra = 719468
)

func daysFromCivil(year, month, day int64) int64 {
	if month <= 2 {
		year--
	}
	era, y := floorDiv(year, 400), floorMod(year, 400)
	dayOfYear := (153*floorMod(month-3, 12)+2)/5 + day - 1
	return era*daysPerEra + y*365 + y/4 - y/100 + dayOfYear - epochFromEra
}

func civilFromDays(days int64) (year, month, day int64) {
	days += epochFromEra
	era, d := floorDiv(days, daysPerEra), floorMod(days, daysPerEra)
	y := (d - d/1460 + d/36524 - d/146096) / 365
	d -= y*365 + y/4 - y/100
	m := (5*d + 2) / 153 // from March
	year, month, day = era*400+y, m+3, d-(153*m+2)/5+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}

// appendDatetime writes a datetime in full, with a sign and nine digits where the year hasn't four.
func appendDatetime(dst []byte, ms int64) []byte {
	year, month, day := civilFromDays(floorDiv(ms, millisPerDay))
	if year < 0 || year > 9999 {
		sign := byte('+')
		if year < 0 {
			sign, year = '-', -year
		}
		dst = appendPadded(append(dst, sign), year, 9)
	} else {
		dst = appendPadded(dst, year, 4)
	}
	dst = appendPadded(append(dst, '-'), month, 2)
	dst = appendPadded(append(dst, '-'), day, 2)
	time := floorMod(ms, millisPerDay)
	dst = appendPadded(append(dst, 'T'), time/(60*60*1000), 2)
	dst = appendPadded(append(dst, ':'), time/(60*1000)%60, 2)
	dst = appendPadded(append(dst, ':'), time/1000%60, 2)
	dst = appendPadded(append(dst, '.'), time%1000, 3)
	return append(dst, 'Z')
}

// appendPadded writes n ≥ 0 with at least width digits.
func appendPadded(dst []byte, n int64, width int) []byte {
	for ten := int64(10); width > 1; width-- {
		if n < ten {
			dst = append(dst, '0')
		}
		ten *= 10
	}
	return strconv.AppendInt(dst, n, 10)
}
