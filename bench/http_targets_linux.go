package main

import (
	"fmt"
	"math"
)

// httpTargets lists what has to be reached over HTTP.
func httpTargets(s scale) []target {
	few := "10 policies"
	fixed := quantity{fixedName, rateUnit}
	all := []target{
		{part: "throughput", what: "authorize, " + few + ", cache off, beside a fixed reply", allowed: 0.65, atLeast: true, middle: true,
			measured: quantity{uncachedName, rateUnit}, reference: fixed},
		{part: "throughput", what: "  by itself", allowed: 10_000, atLeast: true, middle: true, measured: quantity{uncachedName, rateUnit}},
		{part: "throughput", what: "  by the server's processor time", allowed: math.NaN(), middle: true,
			measured: quantity{uncachedName, threadUnit}, reference: quantity{fixedName, threadUnit}},
		{part: "throughput", what: "authorize, from the cache, beside a fixed reply", allowed: 0.85, atLeast: true, middle: true,
			measured: quantity{cachedName, rateUnit}, reference: fixed},
		{part: "throughput", what: "  by the server's processor time", allowed: math.NaN(), middle: true,
			measured: quantity{cachedName, threadUnit}, reference: quantity{fixedName, threadUnit}},
	}
	for _, e := range endpoints() {
		all = append(all, target{part: "latency", what: fmt.Sprintf("99th percentile at 70 %% of the rate, %s", e.name[len("HTTP/"):]),
			allowed: allowedLatency, middle: true, measured: quantity{latencyName(e.name), p99Unit}})
	}
	return append(all,
		target{part: "reload", what: fmt.Sprintf("99th percentile of authorize while %d facts and %d policies are reloaded", s.http.facts, s.http.policies),
			allowed: allowedLatency, middle: true, measured: quantity{reloadName, p99Unit}},
		target{part: "reload", what: "  collections in the host meanwhile", allowed: leastCollections, atLeast: true, middle: true,
			measured: quantity{reloadName, "collections"}},
		target{part: "reload", what: "  time of a reload", allowed: math.NaN(), middle: true, measured: quantity{reloadName, "reload-ns/op"}},
		target{part: "start", what: "start of the process to ready, machine code cached", allowed: 150e6, middle: true,
			measured: quantity{startName, "ready-ns/op"}},
		target{part: "start", what: "  what of that isn't wazero's, beside what is", allowed: 1, middle: true,
			measured: quantity{startName, "ours-ns/op"}, reference: quantity{startName, "wazero-ns/op"}},
	)
}
