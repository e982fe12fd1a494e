package cedar

import (
	"fmt"
	"strings"

	"github.com/cedar-policy/cedar-go/types"
	"pgregory.net/rapid"
)

// Random policies, entities and requests over few names, so that they meet.

type generator struct{ t *rapid.T }

func (g generator) pick(list ...string) string { return rapid.SampledFrom(list).Draw(g.t, "pick") }

func (g generator) chance(percent int) bool {
	return rapid.IntRange(0, 99).Draw(g.t, "percent") < percent
}

func (g generator) n(low, high int) int { return rapid.IntRange(low, high).Draw(g.t, "n") }

var (
	randomTypes = []string{"U", "G", "N::G", "Action"}
	randomIDs   = []string{"a", "b", "c", `"\u{1f600}`}
	randomNames = []string{"a", "b", "if", "x y"}
	randomTexts = []string{"", "a", "ab", "aXb", "b*", "1.5", "10.0.0.1", "10.0.0.0/8", "2024-01-01", "1h"}
)

func (g generator) typ() string { return g.pick(randomTypes...) }

func (g generator) entity() string {
	return fmt.Sprintf("%s::%s", g.typ(), literal(g.pick(randomIDs...)))
}

// literal writes a string as Cedar does.
func literal(s string) string { return string(types.String(s).MarshalCedar()) }

func (g generator) policies(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(g.policy())
	}
	return b.String()
}

func (g generator) policy() string {
	var b strings.Builder
	if g.chance(20) {
		fmt.Fprintf(&b, "@id(%s)\n", literal(g.pick(randomTexts...)))
	}
	fmt.Fprintf(&b, "%s(principal%s, action%s, resource%s)", g.pick("permit", "forbid"), g.scope(false), g.scope(true), g.scope(false))
	for range g.n(0, 2) {
		fmt.Fprintf(&b, "\n%s { %s }", g.pick("when", "unless"), g.expr(4))
	}
	b.WriteString(";\n")
	return b.String()
}

func (g generator) scope(action bool) string {
	switch k := g.n(0, 9); {
	case k < 4:
		return ""
	case k == 4:
		return " == " + g.entity()
	case action && k < 8:
		var list []string
		for range g.n(0, 3) {
			list = append(list, g.entity())
		}
		return " in [" + strings.Join(list, ", ") + "]"
	case action || k < 7:
		return " in " + g.entity()
	case k < 9:
		return " is " + g.typ()
	}
	return " is " + g.typ() + " in " + g.entity()
}

// expr writes an expression; most are of the kind that is wanted, so that evaluation gets somewhere.
func (g generator) expr(depth int) string {
	if depth == 0 || g.chance(20) {
		return g.leaf()
	}
	sub := func() string { return g.expr(depth - 1) }
	switch g.n(0, 17) {
	case 0, 1:
		return fmt.Sprintf("(%s && %s)", sub(), sub())
	case 2, 3:
		return fmt.Sprintf("(%s || %s)", sub(), sub())
	case 4:
		return "!" + g.operand(depth)
	case 5:
		return fmt.Sprintf("(if %s then %s else %s)", sub(), sub(), sub())
	case 6, 7:
		return fmt.Sprintf("(%s %s %s)", sub(), g.pick("==", "!="), sub())
	case 8:
		return fmt.Sprintf("(%s %s %s)", g.number(depth-1), g.pick("<", "<=", ">", ">="), g.number(depth-1))
	case 9:
		return fmt.Sprintf("(%s in %s)", g.pick("principal", "resource", "action", sub()), g.pick(g.entity(), sub(), "["+g.entity()+", "+g.entity()+"]", "["+strings.Repeat(g.entity()+", ", 6)+"principal]"))
	case 10:
		return fmt.Sprintf("(%s is %s)", g.pick("principal", sub()), g.typ())
	case 11:
		return fmt.Sprintf("(%s is %s in %s)", g.pick("principal", sub()), g.typ(), g.pick(g.entity(), sub()))
	case 12:
		return fmt.Sprintf("(%s has %s)", g.pick("context", "principal", sub()), g.pick("a", "b", "a.b", "b.a.b", `"x y"`))
	case 13:
		return fmt.Sprintf("(%s like %s)", g.pick("context.a", literal(g.pick(randomTexts...)), sub()), g.pick(`"a*"`, `"*b"`, `"a*b"`, `"**"`, `""`, `"\*"`, `"b\*"`))
	case 14:
		return fmt.Sprintf("%s.%s(%s)", g.pick("principal", "("+sub()+")"), g.pick("hasTag", "getTag"), g.pick(`"a"`, `"b"`, sub()))
	case 15:
		return fmt.Sprintf("%s.%s(%s)", g.set(depth-1), g.pick("contains", "containsAll", "containsAny"), g.pick(g.set(depth-1), sub()))
	case 16:
		return g.set(depth-1) + ".isEmpty()"
	}
	return g.method(depth)
}

func (g generator) operand(depth int) string { return "(" + g.expr(depth-1) + ")" }

func (g generator) number(depth int) string {
	if depth <= 0 {
		return g.pick("0", "1", "-1", "9223372036854775807", "-9223372036854775808", "context.n", "principal.n")
	}
	switch g.n(0, 5) {
	case 0:
		return "-(" + g.number(depth-1) + ")"
	case 1, 2:
		chain := g.number(depth - 1)
		for range g.n(1, 4) {
			chain += g.pick(" + ", " - ", " * ") + g.number(depth-1)
		}
		return "(" + chain + ")"
	case 3:
		return g.expr(depth - 1)
	}
	return g.number(0)
}

func (g generator) set(depth int) string {
	var list []string
	for range g.n(0, 4) {
		list = append(list, g.expr(max(0, depth-1)))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func (g generator) method(depth int) string {
	name := g.pick("ip", "decimal", "datetime", "duration")
	value := fmt.Sprintf("%s(%s)", name, g.pick(literal(g.pick(randomTexts...)), literal(g.pick(randomTexts...)), g.expr(depth-1)))
	methods := map[string][]string{
		"ip":       {"isIpv4()", "isIpv6()", "isLoopback()", "isMulticast()", `isInRange(ip("10.0.0.0/8"))`, "isIpv4(1)"},
		"decimal":  {`lessThan(decimal("1.0"))`, `lessThanOrEqual(decimal("1.5"))`, `greaterThan(decimal("1.5"))`, `greaterThanOrEqual(context.a)`},
		"datetime": {"toDate()", "toTime()", `offset(duration("1ms"))`, `durationSince(datetime("2020-01-01"))`, "toDate(1, 2)"},
		"duration": {"toMilliseconds()", "toSeconds()", "toMinutes()", "toHours()", "toDays()"},
	}[name]
	return value + g.pick("", "."+g.pick(methods...), "."+g.pick(methods...))
}

func (g generator) leaf() string {
	switch g.n(0, 7) {
	case 0:
		return g.pick("true", "false")
	case 1:
		return g.pick("principal", "action", "resource", "context")
	case 2:
		return g.number(0)
	case 3:
		return literal(g.pick(randomTexts...))
	case 4:
		return g.entity()
	case 5:
		return fmt.Sprintf(`{a: %s, "x y": %s}`, g.number(0), literal(g.pick(randomTexts...)))
	}
	return g.pick("context", "principal", "resource", "context.b") + g.pick(".a", ".b", ".n", `["x y"]`, ".b.a")
}

// value makes a value as an attribute may have it.
func (g generator) value(depth int) types.Value {
	switch k := g.n(0, 7); {
	case k == 0:
		return types.Boolean(g.chance(50))
	case k == 1:
		return types.Long(g.n(-1, 2))
	case k == 2:
		return g.uid()
	case k == 3 && depth > 0:
		var list []types.Value
		for range g.n(0, 3) {
			list = append(list, g.value(depth-1))
		}
		return types.NewSet(list...)
	case k <= 5 && depth > 0:
		return g.record(depth - 1)
	}
	return types.String(g.pick(randomTexts...))
}

func (g generator) record(depth int) types.Record {
	m := types.RecordMap{}
	for range g.n(0, 4) {
		m[types.String(g.pick(randomNames...))] = g.value(depth)
	}
	if g.chance(50) {
		m["n"] = types.Long(g.n(-1, 1))
	}
	return types.NewRecord(m)
}

func (g generator) uid() types.EntityUID {
	return types.NewEntityUID(types.EntityType(g.typ()), types.String(g.pick(randomIDs...)))
}

// entities makes entities, some of whose parents are not there, or are below them.
func (g generator) entities() types.EntityMap {
	out := types.EntityMap{}
	for range g.n(0, 8) {
		e := types.Entity{UID: g.uid(), Attributes: g.record(2), Tags: g.record(1)}
		var parents []types.EntityUID
		for range g.n(0, 3) {
			parents = append(parents, g.uid())
		}
		e.Parents = types.NewEntityUIDSet(parents...)
		out[e.UID] = e
	}
	return out
}
