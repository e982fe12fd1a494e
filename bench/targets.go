package main

import (
	"fmt"
	"math"
	"slices"
)

// targetsOf lists what has to be reached, for the parts that were chosen.
func targetsOf(s scale, chosen []part) []target {
	few, many := authorizeName("rune", 10), authorizeName("rune", s.policies)
	loaded := loadName("rune", s.rows)
	all := []target{
		{part: "authorize", what: "authorize, 10 policies, beside cedar-go with encoding/json, native", allowed: 1,
			measured: quantity{few, threadUnit}, reference: quantity{authorizeName("cedar-go", 10), threadUnit}},
		{part: "authorize", what: fmt.Sprintf("authorize, %d policies, beside 10", s.policies), allowed: 1.5,
			measured: quantity{many, threadUnit}, reference: quantity{few, threadUnit}},
		{part: "authorize", what: fmt.Sprintf("policies evaluated of %d, three of which apply", s.policies), allowed: 10,
			measured: quantity{many, "evaluated"}, worst: true},
		{part: "facts", what: fmt.Sprintf("role check, five levels, %d facts, beside 1000", s.facts), allowed: 2,
			measured: quantity{factsName(s.facts), threadUnit}, reference: quantity{factsName(1000), threadUnit}},
		{part: "facts", what: "  the same in steps", allowed: 2,
			measured: quantity{factsName(s.facts), "steps"}, reference: quantity{factsName(1000), "steps"}},
		{part: "load", what: fmt.Sprintf("load of %d rows from CSV, beside native encoding/csv", s.rows), allowed: 6,
			measured: quantity{loaded, threadUnit}, reference: quantity{loadName("encoding-csv", s.rows), threadUnit}},
		{part: "load", what: "  beside encoding/csv that keeps the rows (ReadAll)", allowed: math.NaN(),
			measured: quantity{loaded, threadUnit}, reference: quantity{loadName("encoding-csv-all", s.rows), threadUnit}},
		{part: "load", what: "  linear memory taken by the load", allowed: 50, measured: quantity{loaded, "MB"}, worst: true},
		{part: "load", what: fmt.Sprintf("  heap in use after a load of %d rows, native", s.million), allowed: 50,
			measured: quantity{"Load_million/engine", "MB"}, worst: true},
		{part: "steady", what: "allocations a request, native", allowed: 0,
			measured: quantity{"Authorize_mixed", "allocs/op"}, worst: true},
		{part: "steady", what: "  bytes allocated", allowed: 0, measured: quantity{"Authorize_mixed", "B/op"}, worst: true},
		{part: "steady", what: fmt.Sprintf("growth of linear memory over %d mixed requests", s.requests), allowed: 0,
			measured: quantity{"Steady/rune", "B"}, worst: true},
		{part: "closure", what: fmt.Sprintf("closure of %d nodes, %d edges, by joins, beside datafrog", s.nodes, s.edges), allowed: 1.5,
			measured: quantity{closureName("joins"), threadUnit}, reference: quantity{closureName("datafrog"), threadUnit}},
		{part: "closure", what: "  the same by the closure operator", allowed: 0.17,
			measured: quantity{closureName("operator"), threadUnit}, reference: quantity{closureName("datafrog"), threadUnit}},
		{part: "clone", what: fmt.Sprintf("clone of an instance with %d facts, beside its load", s.million), allowed: 0.01,
			measured: quantity{"Clone_million", "ns/op"}, reference: quantity{"Clone_million", "load-ns/op"}},
	}
	for _, name := range otherEngines {
		all = append(all, target{part: "others", what: "role check, five levels, 1000 facts, beside " + name + ", native", allowed: math.NaN(),
			measured: quantity{factsName(1000), threadUnit}, reference: quantity{otherName(name), threadUnit}})
	}
	all = append(all, httpTargets(s)...)
	return slices.DeleteFunc(all, func(t target) bool {
		return !slices.ContainsFunc(chosen, func(p part) bool { return p.name == t.part })
	})
}
