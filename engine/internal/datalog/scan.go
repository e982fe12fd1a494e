package datalog

import (
	"unicode/utf8"

	"github.com/rune-authz/rune/engine/internal/source"
)

// kind is the kind of a token.
type kind uint8

const (
	tokEOF kind = iota
	tokIdent
	tokLong
	tokString
	tokEnd     // the period that ends a statement: before a blank, a comment or the end of the text
	tokDot     // any other period
	tokSign    // everything else; the text tells
	tokInvalid // reported already
)

type token struct {
	kind       kind
	start, end uint32
	// match is the index of the bracket that closes or opens this one, or 0.
	match int32
	// first reports that the token is the first on its line.
	first bool
}

// The codes of syntax errors in rules.
const (
	codeSyntax     source.Code = "datalog.syntax"
	codeCharacter  source.Code = "datalog.character"
	codeString     source.Code = "datalog.unterminated_string"
	codeComment    source.Code = "datalog.unterminated_comment"
	codeEscape     source.Code = "datalog.bad_escape"
	codeNumber     source.Code = "datalog.number_range"
	codeReserved   source.Code = "datalog.reserved_name"
	codeDepth      source.Code = "datalog.depth"
	codeChain      source.Code = "datalog.chain"
	codePeriod     source.Code = "datalog.missing_period"
	codeAnnotation source.Code = "datalog.annotation"
)

// scanner cuts a text into tokens and reports what can be none.
type scanner struct {
	file  source.FileID
	text  []byte
	at    int
	end   int
	first bool
	// reported tells that the line at hand has a reported character, so that binary data gives one error a line.
	reported bool
	diags    *source.List
	toks     []token
	open     []int32
}

// scan returns the tokens of text[start:end], the last one tokEOF.
func scan(files *source.Files, file source.FileID, start, end int, diags *source.List) []token {
	s := &scanner{file: file, text: files.File(file).Text, at: start, end: end, first: true, diags: diags}
	for s.blanks(); s.at < s.end; s.blanks() {
		from := s.at
		s.token()
		files.Scanned(s.at - from)
	}
	s.add(tokEOF, s.end)
	return s.toks
}

func (s *scanner) span(start, end int) source.Span {
	return source.Span{File: s.file, Start: uint32(start), End: uint32(end)}
}

func (s *scanner) add(k kind, start int) {
	s.toks = append(s.toks, token{kind: k, start: uint32(start), end: uint32(s.at), first: s.first})
	s.first = false
}

// blanks skips white space and comments.
func (s *scanner) blanks() {
	for s.at < s.end {
		switch c := s.text[s.at]; {
		case c == '\n':
			s.first, s.reported = true, false
			s.at++
		case c == ' ' || c == '\t' || c == '\r':
			s.at++
		case c == '#' || c == '/' && s.peek(1) == '/':
			for s.at < s.end && s.text[s.at] != '\n' {
				s.at++
			}
		case c == '/' && s.peek(1) == '*':
			s.comment()
		default:
			return
		}
	}
}

func (s *scanner) peek(n int) byte {
	if s.at+n < s.end {
		return s.text[s.at+n]
	}
	return 0
}

func (s *scanner) comment() {
	start := s.at
	for s.at += 2; s.at < s.end; s.at++ {
		if s.text[s.at] == '\n' {
			s.first, s.reported = true, false
		}
		if s.text[s.at] == '*' && s.peek(1) == '/' {
			s.at += 2
			return
		}
	}
	s.diags.Errorf(s.span(start, start+2), codeComment, "comment is not closed").Help = "close it with */"
}

func isIdentStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool      { return c >= '0' && c <= '9' }

func (s *scanner) token() {
	start, c := s.at, s.text[s.at]
	switch {
	case isIdentStart(c):
		for s.at < s.end && (isIdentStart(s.text[s.at]) || isDigit(s.text[s.at])) {
			s.at++
		}
		s.add(tokIdent, start)
	case isDigit(c):
		for s.at < s.end && (isIdentStart(s.text[s.at]) || isDigit(s.text[s.at])) {
			s.at++
		}
		s.add(tokLong, start)
	case c == '"':
		s.string(start)
	case c == '.':
		s.at++
		if n := s.peek(0); s.at == s.end || n == ' ' || n == '\t' || n == '\r' || n == '\n' || n == '#' || n == '/' && (s.peek(1) == '/' || s.peek(1) == '*') {
			s.add(tokEnd, start)
		} else {
			s.add(tokDot, start)
		}
	default:
		s.sign(start)
	}
}

func (s *scanner) string(start int) {
	for s.at++; s.at < s.end && s.text[s.at] != '\n'; s.at++ {
		switch s.text[s.at] {
		case '\\':
			if s.peek(1) != '\n' {
				s.at++
			}
		case '"':
			s.at++
			s.add(tokString, start)
			return
		}
	}
	s.at = min(s.at, s.end)
	s.diags.Errorf(s.span(start, s.at), codeString, "string is not closed").Help = `close it with " on the same line; a line end is written \n`
	s.add(tokInvalid, start)
}

var signs = []string{":-", "::", ":=", "<-", "==", "!=", "<=", ">=", "&&", "||", "\\+"}

func (s *scanner) sign(start int) {
	for _, two := range signs {
		if s.text[start] == two[0] && s.peek(1) == two[1] {
			s.at += 2
			s.add(tokSign, start)
			return
		}
	}
	c := s.text[start]
	switch c {
	case '(', '[', '{':
		s.at++
		s.open = append(s.open, int32(len(s.toks)))
		s.add(tokSign, start)
	case ')', ']', '}':
		s.at++
		s.add(tokSign, start)
		if n := len(s.open); n > 0 {
			o := s.open[n-1]
			s.open = s.open[:n-1]
			s.toks[o].match, s.toks[len(s.toks)-1].match = int32(len(s.toks)-1), o
		}
	case ',', ';', ':', '=', '<', '>', '+', '-', '*', '/', '%', '!', '@', '|', '&':
		s.at++
		s.add(tokSign, start)
	default:
		s.unexpected(start)
	}
}

// unexpected reports a character that no token starts with, and takes what stands in single quotes as a whole.
func (s *scanner) unexpected(start int) {
	r, n := utf8.DecodeRune(s.text[start:s.end])
	s.at += n
	if !s.reported {
		d := s.diags.Errorf(s.span(start, s.at), codeCharacter, "unexpected character %q", r)
		if r == '\'' {
			d.Help = `strings stand in double quotes: "text"`
		}
		s.reported = true
	}
	if r == '\'' {
		for s.at < s.end && s.text[s.at] != '\'' && s.text[s.at] != '\n' {
			s.at++
		}
		if s.at < s.end && s.text[s.at] == '\'' {
			s.at++
		}
	}
	s.add(tokInvalid, start)
}
