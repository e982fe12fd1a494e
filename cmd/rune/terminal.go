package main

import (
	"os"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// styles says what the two outputs can show.
type styles struct {
	out, err    palette
	outTerminal bool
	// bars says that progress may be drawn on stderr: it is a terminal, where control sequences work.
	bars bool
}

// stylesOf looks whether the outputs are terminals. NO_COLOR, if it isn't empty, and TERM=dumb switch colours off (https://no-color.org).
func stylesOf(stdout, stderr *os.File) styles {
	outTerminal, errTerminal := term.IsTerminal(int(stdout.Fd())), term.IsTerminal(int(stderr.Fd()))
	colour := os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return styles{
		out:         palette(outTerminal && colour),
		err:         palette(errTerminal && colour),
		outTerminal: outTerminal,
		bars:        errTerminal && os.Getenv("TERM") != "dumb",
	}
}

// palette colours text, or doesn't.
type palette bool

func (p palette) paint(code, s string) string {
	if !p || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p palette) bold(s string) string   { return p.paint("1", s) }
func (p palette) dim(s string) string    { return p.paint("2", s) }
func (p palette) red(s string) string    { return p.paint("1;31", s) }
func (p palette) green(s string) string  { return p.paint("1;32", s) }
func (p palette) yellow(s string) string { return p.paint("1;33", s) }
func (p palette) blue(s string) string   { return p.paint("1;34", s) }

// decision colours a decision.
func (p palette) decision(s string) string {
	if s == "permit" {
		return p.green(s)
	}
	return p.red(s)
}

// plain is text from outside on one line of a terminal: as it is, or quoted if some of it isn't printable, since a terminal obeys
// control characters.
func plain(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	return strconv.Quote(s)
}

// tame replaces control characters in text of several lines.
func tame(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
