package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/problem"
)

// page is a part of an answer's rows.
type page struct {
	limit int // 0: all that are left
	from  cursor
}

// cursor is where a page goes on: behind how many rows, of which revision, and of what request.
type cursor struct {
	offset   uint64
	revision [16]byte // of its hash
	request  [16]byte
}

const cursorSize = 8 + 16 + 16

// maxOffset is more rows than any reply has.
const maxOffset = 1 << 40

// identify is a hash of a request's text, without blanks between values: those differ where members were taken out.
func identify(request []byte) [16]byte {
	text := jsontext.Value(bytes.Clone(request))
	if text.Compact() != nil {
		return sum(request)
	}
	return sum(text)
}

func sum(text []byte) (h [16]byte) {
	full := sha256.Sum256(text)
	copy(h[:], full[:])
	return h
}

func (c *cursor) String() string {
	b := binary.LittleEndian.AppendUint64(nil, c.offset)
	b = append(append(b, c.revision[:]...), c.request[:]...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor reads a cursor of this request.
func parseCursor(text string, request []byte) (c cursor, p *problem.Problem) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err == nil && len(b) == cursorSize {
		c.offset = binary.LittleEndian.Uint64(b)
		copy(c.revision[:], b[8:])
		copy(c.request[:], b[24:])
	}
	if c.request != identify(request) || c.offset > maxOffset {
		return c, problem.New(problem.CodeCursor, "the cursor isn't one of this query's")
	}
	return c, nil
}

// readPage reads the members limit and cursor of a query whose other members are in request.
func readPage(members map[string]jsontext.Value, request []byte) (page, *problem.Problem) {
	var p page
	if v, ok := members["limit"]; ok {
		if json.Unmarshal(v, &p.limit) != nil || p.limit < 1 {
			return p, problem.New(codeType, "limit is a whole number above 0")
		}
	}
	v, ok := members["cursor"]
	if !ok {
		return p, nil
	}
	var text string
	if v.Kind() != '"' || json.Unmarshal(v, &text) != nil {
		return p, problem.New(codeType, "cursor is a string")
	}
	var bad *problem.Problem
	p.from, bad = parseCursor(text, request)
	return p, bad
}

// codeType is the engine's code for a value of another kind than has to stand in a request.
const codeType host.Code = "request.type"

// query answers a goal with its rows, or some of them.
func (x *exchange) query() *problem.Problem {
	members, request := takeMembers(x.body(), "limit", "cursor")
	pg, p := readPage(members, request)
	if p != nil {
		return p
	}
	if p := x.ask(verbQuery, request); p != nil {
		return p
	}
	reply := x.ctx.Response.Body()
	if pg != (page{}) {
		r, p := pg.cut(reply, x.stats.Revision, request)
		if p != nil {
			return p
		}
		reply = slices.Concat(reply[:r.start], r.rows, []byte{']'}, r.next, reply[r.end:])
		x.ctx.Response.SetBodyRaw(reply)
	}
	x.ctx.SetContentTypeBytes(mediaJSON)
	x.report()
	return nil
}

// part is the rows of a page.
type part struct {
	start, end int    // of what is between the brackets of all rows, the last bracket included
	rows       []byte // with commas
	next       []byte // the member with the next cursor, after a comma; empty on the last page
}

// cut finds a page in the engine's reply to a request.
func (p *page) cut(reply []byte, revision string, request []byte) (part, *problem.Problem) {
	seen := sum([]byte(revision))
	if p.from != (cursor{}) && p.from.revision != seen {
		return part{}, problem.New(problem.CodeCursorRevision, "the cursor is of another revision than "+revision)
	}
	var r part
	r.start = bytes.Index(reply, []byte(`"rows":[`)) + len(`"rows":[`)
	s := scanner{text: reply, at: r.start}
	first, last, n := r.start, r.start, uint64(0)
	upTo := p.from.offset + uint64(p.limit)
	for {
		c, start := s.next()
		switch {
		case c == 0: // which no reply of the engine has
			return r, problem.New(problem.CodeInternal, "the engine gave no rows")
		case c == '[' && s.depth == 1 && n == p.from.offset:
			first = start
		case s.depth == 0 && c == ']':
			n++
			if p.limit == 0 || n <= upTo {
				last = s.at
			}
		case s.depth < 0:
			r.end = s.at
			if n > p.from.offset {
				r.rows = reply[first:last]
			}
			if p.limit > 0 && n > upTo {
				c := cursor{upTo, seen, identify(request)}
				r.next = []byte(`,"next":"` + c.String() + `"`)
			}
			return r, nil
		}
	}
}
