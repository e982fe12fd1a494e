package document

// lexis is what a section's language takes for strings, comments and brackets, as far as finding the section's end needs it.
type lexis uint8

const (
	lexisTOML lexis = iota
	lexisJSON
	lexisCode // Datalog, Cedar, Cedar schema
	lexisNone // of a section that isn't known: lines alone
)

// skipper walks over text line by line and knows what each line begins within.
type skipper struct {
	text  []byte
	at    int
	end   int
	lexis lexis
	// open holds the brackets that are open, counts how many there are of each kind.
	open   []bracket
	counts [3]int
	// lines ends every string and comment with its line.
	lines bool
	// unclosed is the start of a comment or string over several lines that has no end, or -1.
	unclosed int
}

type bracket struct {
	kind uint8
	at   uint32
}

func newSkipper(text []byte, start, end int, l lexis) skipper {
	return skipper{text: text, at: start, end: end, lexis: l, unclosed: -1}
}

// line skips to the start of the next line that doesn't lie within a string or comment.
func (s *skipper) line() {
	for s.at < s.end {
		c := s.text[s.at]
		if c == '\n' {
			s.at++
			return
		}
		s.token(c)
	}
}

// statement skips to the end of a line with no bracket open, and reports whether there was one.
func (s *skipper) statement() bool {
	for {
		s.line()
		if len(s.open) == 0 && s.unclosed < 0 {
			return true
		}
		if s.at >= s.end {
			return false
		}
	}
}

func (s *skipper) token(c byte) {
	switch s.lexis {
	case lexisNone:
		s.at++
		return
	case lexisTOML:
		if c == '#' {
			s.toLineEnd()
			return
		}
		if c == '\'' {
			s.quoted(c, false)
			return
		}
	case lexisCode:
		if c == '#' || c == '/' && s.peek(1) == '/' {
			s.toLineEnd()
			return
		}
		if c == '/' && s.peek(1) == '*' {
			s.until("*/", 2)
			return
		}
	}
	switch {
	case c == '"':
		s.quoted(c, true)
	case s.bracket(c):
	default:
		s.at++
	}
}

func (s *skipper) peek(n int) byte {
	if s.at+n < s.end {
		return s.text[s.at+n]
	}
	return 0
}

func (s *skipper) toLineEnd() {
	for s.at < s.end && s.text[s.at] != '\n' {
		s.at++
	}
}

// until skips past the first mark from skip bytes ahead, or to the end.
func (s *skipper) until(mark string, skip int) {
	if s.lines {
		s.toLineEnd()
		return
	}
	start := s.at
	for s.at += skip; s.at < s.end; s.at++ {
		if s.text[s.at] == mark[0] && hasPrefixAt(s.text, s.at, s.end, mark) {
			s.at += len(mark)
			return
		}
	}
	s.at = s.end
	s.unclosed = start
}

func hasPrefixAt(text []byte, at, end int, prefix string) bool {
	return at+len(prefix) <= end && string(text[at:at+len(prefix)]) == prefix
}

// quoted skips a string. One on a single line ends with the line at the latest.
func (s *skipper) quoted(quote byte, escapes bool) {
	if s.lexis == lexisTOML && !s.lines && s.peek(1) == quote && s.peek(2) == quote {
		s.multiline(quote, escapes)
		return
	}
	for s.at++; s.at < s.end && s.text[s.at] != '\n'; s.at++ {
		switch c := s.text[s.at]; {
		case c == quote:
			s.at++
			return
		case c == '\\' && escapes && s.peek(1) != '\n':
			s.at++
		}
	}
	s.at = min(s.at, s.end)
}

// multiline skips a TOML string between three quotes; up to two more may stand before the last three.
func (s *skipper) multiline(quote byte, escapes bool) {
	start := s.at
	for s.at += 3; s.at < s.end; s.at++ {
		switch c := s.text[s.at]; {
		case c == '\\' && escapes:
			s.at++
		case c == quote && s.peek(1) == quote && s.peek(2) == quote:
			s.at += 3
			for n := 0; n < 2 && s.peek(0) == quote; n++ {
				s.at++
			}
			return
		}
	}
	s.at = s.end
	s.unclosed = start
}

// bracket takes a bracket. A closing one ends the brackets within its own; one that nothing opened is left to the section's parser.
func (s *skipper) bracket(c byte) bool {
	var kind uint8
	switch c {
	case '[', ']':
		kind = 0
	case '{', '}':
		kind = 1
	case '(', ')':
		if s.lexis != lexisCode {
			return false
		}
		kind = 2
	default:
		return false
	}
	if c == '[' || c == '{' || c == '(' {
		s.open = append(s.open, bracket{kind, uint32(s.at)})
		s.counts[kind]++
	} else if s.counts[kind] > 0 {
		for {
			top := s.open[len(s.open)-1]
			s.open = s.open[:len(s.open)-1]
			s.counts[top.kind]--
			if top.kind == kind {
				break
			}
		}
	}
	s.at++
	return true
}
