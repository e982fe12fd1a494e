package audit

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// A line is one JSON object:
//
//	{"time":…,"id":…,"client":…,"trace":…,"revision":…,"cache":"hit","item":…,"request":{…},"reply":{…}}
//
// trace, cache and item are there where there is something to say; item counts a batch's requests from 0.

// appendLines appends a line for each decision in a record.
func appendLines(dst []byte, r *Record, masks []pointer) []byte {
	var requests, results []jsontext.Value
	switch r.Form {
	case Batch:
		requests, results = elements(r.Request, "requests"), elements(r.Reply, "results")
	case Evaluations:
		requests, results = evaluations(r.Request), elements(r.Reply, "evaluations")
	}
	if results == nil {
		return appendLine(dst, r, -1, r.Request, r.Reply, masks)
	}
	for i, result := range results {
		if i < len(requests) && !isError(result) {
			dst = appendLine(dst, r, i, requests[i], result, masks)
		}
	}
	return dst
}

// isError reports whether a result is an error's, which is no decision.
func isError(result []byte) bool {
	return bytes.HasPrefix(result, []byte(`{"error":`)) || bytes.HasPrefix(result, []byte(`{"decision":false,"context":{"error":`))
}

// evaluations are those of AuthZEN's that an object has, each with what it takes from the object.
func evaluations(object []byte) []jsontext.Value {
	parts := [...]string{"subject", "action", "resource", "context"}
	defaults := members(object)
	list := elements(object, "evaluations")
	for i, item := range list {
		own, out := members(item), jsontext.Value("{")
		for _, name := range parts {
			value := own[name]
			if value == nil {
				value = defaults[name]
			}
			if value == nil {
				continue
			}
			if len(out) > 1 {
				out = append(out, ',')
			}
			out = append(append(append(append(out, '"'), name...), `":`...), value...)
		}
		list[i] = append(out, '}')
	}
	return list
}

// members are those of an object that the engine took.
func members(object []byte) map[string]jsontext.Value {
	d := jsontext.NewDecoder(bytes.NewReader(object))
	if _, err := d.ReadToken(); err != nil {
		return nil
	}
	all := map[string]jsontext.Value{}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return all
		}
		key := name.String()
		value, err := d.ReadValue()
		if err != nil {
			return all
		}
		all[key] = value.Clone()
	}
	return all
}

func appendLine(dst []byte, r *Record, item int, request, reply []byte, masks []pointer) []byte {
	start := len(dst)
	dst = append(r.Time.UTC().AppendFormat(append(dst, `{"time":"`...), time.RFC3339Nano), '"')
	dst = appendText(dst, `,"id":`, r.ID)
	dst = appendText(dst, `,"client":`, r.Client)
	if r.Trace != "" {
		dst = appendText(dst, `,"trace":`, r.Trace)
	}
	dst = appendText(dst, `,"revision":`, r.Revision)
	if r.Cached {
		dst = append(dst, `,"cache":"hit"`...)
	}
	if item >= 0 {
		dst = strconv.AppendInt(append(dst, `,"item":`...), int64(item), 10)
	}
	dst = appendFlat(append(dst, `,"request":`...), request)
	dst = append(appendFlat(append(dst, `,"reply":`...), reply), '}')
	if len(masks) > 0 {
		masked := mask(dst[start:], masks)
		dst = append(dst[:start], masked...)
	}
	return append(dst, '\n')
}

func appendText(dst []byte, key, text string) []byte {
	out, err := jsontext.AppendQuote(append(dst, key...), text)
	if err != nil { // no UTF-8, which is replaced
		return out
	}
	return out
}

// appendFlat appends JSON without its line ends, which stand between values alone.
func appendFlat(dst, text []byte) []byte {
	start := len(dst)
	dst = append(dst, text...)
	for i, c := range dst[start:] {
		if c == '\n' || c == '\r' {
			dst[start+i] = ' '
		}
	}
	return dst
}

// elements are those of the array under key in an object that the engine took or gave.
func elements(object []byte, key string) []jsontext.Value {
	d := jsontext.NewDecoder(bytes.NewReader(object))
	if _, err := d.ReadToken(); err != nil {
		return nil
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil
		}
		if name.String() != key || d.PeekKind() != '[' {
			if d.SkipValue() != nil {
				return nil
			}
			continue
		}
		if _, err := d.ReadToken(); err != nil {
			return nil
		}
		var list []jsontext.Value
		for d.PeekKind() != ']' {
			v, err := d.ReadValue()
			if err != nil {
				return nil
			}
			list = append(list, v.Clone())
		}
		return list
	}
	return nil
}
