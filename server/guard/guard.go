// Package guard refuses requests that some reader of HTTP might read as others.
package guard

import (
	"bytes"
	"errors"
	"net"

	"github.com/valyala/fasthttp"

	"github.com/rune-authz/rune/server/problem"
)

// Check finds what fasthttp takes in a request that it has read, but another reader, such as a proxy in front, may take otherwise: what is
// two requests to one and one to the other lets a client in by another's name. The connection has to be closed after the answer, since
// nobody knows where the next request begins.
func Check(r *fasthttp.Request) *problem.Problem {
	h := &r.Header
	if p := h.Protocol(); string(p) != "HTTP/1.1" && string(p) != "HTTP/1.0" {
		return refuse("the version isn't HTTP/1.1 or HTTP/1.0")
	}
	if why := checkFields(h.RawHeaders()); why != "" {
		return refuse(why)
	}
	if len(h.PeekTrailerKeys()) > 0 {
		return refuse("there are fields behind the body")
	}
	return nil
}

func refuse(why string) *problem.Problem { return problem.New(problem.CodeFraming, why) }

// single are fields of which there is one at most, by their first letters. For Authorization there is a code of its own.
var single = [256]string{'c': "content-type", 'h': "host", 'o': "origin"}

// checkFields looks at a request's fields as they came, and says what is wrong.
func checkFields(raw []byte) string {
	var length, encoding bool
	var seen [256]bool
	for len(raw) > 0 {
		end := bytes.IndexByte(raw, '\n')
		if end < 1 || raw[end-1] != '\r' {
			return "a line doesn't end in CR LF"
		}
		line := raw[:end-1]
		raw = raw[end+1:]
		if len(line) == 0 {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			return "a field goes on in another line"
		}
		if bytes.IndexByte(line, '\r') >= 0 {
			return "there is a CR in a field"
		}
		if colon := bytes.IndexByte(line, ':'); colon < 1 || bytes.IndexByte(line[:colon], ' ') >= 0 {
			return "a field has no name that can be one"
		}
		first := line[0] | 0x20
		switch {
		case first == 'c' && named(line, "content-length"):
			length = true
		case first == 't' && named(line, "transfer-encoding"):
			if !bytes.EqualFold(bytes.TrimSpace(line[len("transfer-encoding:"):]), []byte("chunked")) {
				return "the Transfer-Encoding isn't chunked"
			}
			encoding = true
		case first == 't' && named(line, "trailer"):
			return "there are fields behind the body"
		case single[first] != "" && named(line, single[first]):
			if seen[first] {
				return "a field is there twice that is there once at most"
			}
			seen[first] = true
		}
	}
	if length && encoding {
		return "there is a Content-Length beside a Transfer-Encoding"
	}
	return ""
}

// named reports whether a line is the field of a name, which is in lower case.
func named(line []byte, name string) bool {
	return len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name))
}

// Of says what an error of fasthttp's means, which it gives where there is no request to look at.
func Of(err error) *problem.Problem {
	var small *fasthttp.ErrSmallBuffer
	var network net.Error
	switch {
	case errors.As(err, &small):
		return problem.New(problem.CodeHeaderTooLarge, "the header is too large")
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return problem.New(problem.CodeBodyTooLarge, "the body is too large")
	case errors.Is(err, fasthttp.ErrTimeout), errors.As(err, &network) && network.Timeout():
		return problem.New(problem.CodeTimeout, "the request didn't come in time")
	}
	return refuse("this isn't a request that can be read")
}
