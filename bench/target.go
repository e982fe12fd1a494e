package main

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// target is one line of the table: what is measured, and what it may be at most, as a multiple of a reference measured in the same
// run or, without one, by itself.
type target struct {
	part      string // of the run, which measures it
	what      string
	measured  quantity
	reference quantity // zero: allowed is a value of measured's unit
	allowed   float64  // NaN: anything, it is there to be seen
	worst     bool     // the largest sample counts, not the smallest
	middle    bool     // the median counts; beside a reference, that of the rounds' ratios
	atLeast   bool     // allowed is the least, not the most
}

// verdict is how a target fared.
type verdict int

const (
	notMeasured verdict = iota
	ok
	missed
	shown // there is nothing to reach
)

func (v verdict) String() string { return [...]string{"not measured", "ok", "MISSED", ""}[v] }

// judge compares what was measured with what is allowed.
func (t *target) judge(r *results) (v verdict, measured, reference, ratio float64) {
	pick := r.best
	switch {
	case t.worst:
		pick = r.worst
	case t.middle:
		pick = r.median
	}
	measured, found := pick(t.measured)
	if !found {
		return notMeasured, 0, 0, 0
	}
	ratio = measured
	if t.reference != (quantity{}) {
		if reference, found = pick(t.reference); !found {
			return notMeasured, 0, 0, 0
		}
		ratio = measured / reference
		if t.middle {
			ratio = r.medianRatio(t.measured, t.reference)
		}
	}
	switch {
	case math.IsNaN(t.allowed):
		v = shown
	case !t.atLeast && ratio <= t.allowed, t.atLeast && ratio >= t.allowed: // not a number, as of 0 by 0, is missed
		v = ok
	default:
		v = missed
	}
	return v, measured, reference, ratio
}

// table writes a line for each target and counts the verdicts.
func table(w io.Writer, targets []target, r *results) (counts [4]int) {
	lines := [][]string{{"target", "measured", "reference", "ratio", "allowed", ""}}
	for i := range targets {
		t := &targets[i]
		v, measured, reference, ratio := t.judge(r)
		counts[v]++
		lines = append(lines, t.cells(v, measured, reference, ratio))
	}
	writeLines(w, lines)
	return counts
}

func (t *target) cells(v verdict, measured, reference, ratio float64) []string {
	line := []string{t.what, "", "", "", "", v.String()}
	relative := t.reference != (quantity{})
	sign := "≤ "
	if t.atLeast {
		sign = "≥ "
	}
	switch {
	case math.IsNaN(t.allowed):
	case relative:
		line[4] = fmt.Sprintf("%s%g ×", sign, t.allowed)
	default:
		line[4] = sign + readable(t.allowed, t.measured.unit)
	}
	if v == notMeasured {
		return line
	}
	line[1] = readable(measured, t.measured.unit)
	if relative {
		line[2] = readable(reference, t.reference.unit)
		line[3] = number(ratio) + " ×"
	}
	return line
}

// readable writes a value for people.
func readable(v float64, unit string) string {
	if !strings.HasSuffix(unit, "ns/op") {
		return fmt.Sprintf("%s %s", number(v), strings.TrimSuffix(unit, "/op"))
	}
	for _, u := range []struct {
		name string
		size float64
	}{{"s", 1e9}, {"ms", 1e6}, {"µs", 1e3}} {
		if v >= u.size {
			return number(v/u.size) + " " + u.name
		}
	}
	return number(v) + " ns"
}

// number writes whole numbers whole, and others with three digits or more.
func number(v float64) string {
	digits := 0
	if v != math.Trunc(v) {
		digits = max(2-int(math.Floor(math.Log10(math.Abs(v)))), 0)
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// writeLines writes lines in columns: the first at the left of its column, numbers at the right, the verdict as it comes.
func writeLines(w io.Writer, lines [][]string) {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			switch {
			case i == 0:
				b.WriteString(cell + space)
			case i < len(line)-1:
				b.WriteString("  " + space + cell)
			default:
				b.WriteString("  " + cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
