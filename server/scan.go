package server

import (
	"bytes"
	"fmt"

	"github.com/rune-authz/rune/server/problem"
)

// scanner goes through JSON text without checking it: the engine does. Of what isn't JSON it may say anything.
type scanner struct {
	text  []byte
	at    int
	depth int
}

// next gives the next structural character, or '"' for a string, whose text with its quotes is from start to s.at; 0 at the end.
func (s *scanner) next() (c byte, start int) {
	for s.at < len(s.text) {
		start = s.at
		s.at++
		switch c := s.text[start]; c {
		case '{', '[':
			s.depth++
			return c, start
		case '}', ']':
			s.depth--
			return c, start
		case ',', ':':
			return c, start
		case '"':
			s.skipString()
			return c, start
		}
	}
	return 0, s.at
}

// skipString goes on behind the quote that ends a string.
func (s *scanner) skipString() {
	for {
		i := bytes.IndexByte(s.text[s.at:], '"')
		if i < 0 {
			s.at = len(s.text)
			return
		}
		end := s.at + i
		slashes := end
		for slashes > s.at && s.text[slashes-1] == '\\' {
			slashes--
		}
		s.at = end + 1
		if (end-slashes)%2 == 0 {
			return
		}
	}
}

// items counts the elements of the arrays that stand under key in the object. A key with an escape may be any key.
func items(object []byte, key string) int {
	s := scanner{text: object}
	count, under := 0, false
	for last := []byte(nil); ; {
		c, start := s.next()
		switch {
		case c == 0:
			return count
		case c == '"' && s.depth == 1:
			last = object[start+1 : max(s.at-1, start+1)]
		case c == ':' && s.depth == 1:
			under = string(last) == key || bytes.IndexByte(last, '\\') >= 0
		case c == ',' && s.depth == 1:
			under = false
		case c == '[' && s.depth == 2 && under:
			if !s.isEmpty() {
				count++
			}
		case c == ',' && s.depth == 2 && under:
			count++
		}
	}
}

// isEmpty reports whether the array that has just begun ends at once.
func (s *scanner) isEmpty() bool {
	rest := bytes.TrimLeft(s.text[s.at:], " \t\r\n")
	return len(rest) == 0 || rest[0] == ']'
}

// batchTooLarge refuses a batch of so many items.
func batchTooLarge(n, limit int) *problem.Problem {
	return problem.New(problem.CodeBatchSize, fmt.Sprintf("a batch of %d, and at most %d are taken", n, limit))
}

// engineDepth is the nesting that the engine takes.
const engineDepth = 200

// checkDepth refuses JSON that is nested deeper than the server was told to take, where that is less than the engine takes.
func (x *exchange) checkDepth(text []byte) *problem.Problem {
	limit := x.s.config.MaxDepth
	if limit >= engineDepth {
		return nil
	}
	for s := (scanner{text: text}); ; {
		switch c, _ := s.next(); {
		case c == 0:
			return nil
		case s.depth > limit:
			return problem.New("request.depth", fmt.Sprintf("nested deeper than %d", limit))
		}
	}
}
