package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rune-authz/rune/internal/histogram"
)

// otherLabel stands for what a client made up.
const otherLabel = "other"

// methods are those that labels hold.
var methods = [...]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, otherLabel}

// Route is one path, or what no path is.
type Route struct {
	label    string
	duration *histogram.Histogram
	counts   [len(methods)]*Count
}

// Count counts the answers to requests of one method and path, by their status. A nil *Count counts nothing.
type Count struct {
	duration *histogram.Histogram
	statuses [lastStatus - firstStatus + 1]atomic.Uint64
}

const firstStatus, lastStatus = 100, 599

// Route gives the path's, the same each time.
func (m *Metrics) Route(path string) *Route {
	if r := m.byPath[path]; r != nil {
		return r
	}
	r := &Route{label: path, duration: histogram.New(descDuration, requestBounds, histogram.Label("route", path))}
	m.byPath[path] = r
	m.routes = append(m.routes, r)
	if path == otherLabel {
		for _, method := range methods {
			r.Count(method)
		}
	}
	return r
}

// Count gives the method's, which is one that the path takes.
func (r *Route) Count(method string) *Count {
	i := slices.Index(methods[:], method)
	if i < 0 {
		i = len(methods) - 1
	}
	if r.counts[i] == nil {
		r.counts[i] = &Count{duration: r.duration}
	}
	return r.counts[i]
}

// Other gives what counts requests that no route takes.
func (m *Metrics) Other(method []byte) *Count {
	for i, known := range methods {
		if string(method) == known {
			return m.other.counts[i]
		}
	}
	return m.other.counts[len(methods)-1]
}

// Answered counts an answer that took d.
func (c *Count) Answered(status int, d time.Duration) {
	if c == nil {
		return
	}
	c.statuses[min(max(status, firstStatus), lastStatus)-firstStatus].Add(1)
	c.duration.Observe(d)
}

// collect gives the counts that aren't zero, and returns how many requests were too many.
func (r *Route) collect(counter func(*prometheus.Desc, uint64, ...string)) (limited uint64) {
	for i, c := range r.counts {
		if c == nil {
			continue
		}
		limited += c.statuses[http.StatusTooManyRequests-firstStatus].Load()
		for status := range c.statuses {
			if n := c.statuses[status].Load(); n > 0 {
				counter(descRequests, n, r.label, methods[i], strconv.Itoa(firstStatus+status))
			}
		}
	}
	return limited
}
