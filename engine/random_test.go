package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// randomProgram generates documents: typed, mostly stratified programs with recursion, negation, aggregates, generators, derived
// parents, attributes and tags, reads, and expressions that err for some rows. The tests skip a document that the analysis refuses.
type randomProgram struct {
	r     *rand.Rand
	preds []signature
	vars  map[sort][]string
	fresh int
	// schema is set where the document has one, so that reads of what it requires need no guard.
	schema bool
	// quiet is set where what rules add to entities must not be read, for it would be a cycle.
	quiet bool
}

// sort is the type of a generated column.
type sort int

const (
	sortString sort = iota
	sortLong
	sortUser
	sortGroup
	sortDoc
	sorts
)

// signature is a predicate. Negation and aggregates go to lower levels; those of one level are mutually recursive.
type signature struct {
	name    string
	columns []sort
	level   int
}

// base are the predicates with facts.
var base = []signature{
	{"s", []sort{sortString}, 0}, {"edge", []sort{sortString, sortString}, 0}, {"num", []sort{sortString, sortLong}, 0}, {"on", nil, 0},
	{"val", []sort{sortLong}, 0}, {"user", []sort{sortUser}, 0}, {"owns", []sort{sortUser, sortString}, 0},
	{"team", []sort{sortUser, sortGroup}, 0}, {"sub", []sort{sortGroup, sortGroup}, 0}, {"doc", []sort{sortDoc}, 0},
}

// randomDocument is a generated document, in parts that tests reorder and change.
type randomDocument struct {
	schema   string
	facts    []randomFact
	rules    []string // each deciding statement with an @id
	policies []string
	goals    []string
	requests []string
}

// randomFact is a fact of [rules], with its row as JSON for updates.
type randomFact struct{ pred, text, row string }

const randomHead = `version = "rune/1.0"
[defaults]
resource = "Doc"
[entities]
[{"uid":{"type":"User","id":"u0"},"attrs":{"age":3,"name":"a","inner":{"k":1}},"parents":[{"type":"Group","id":"g0"}]},
 {"uid":{"type":"User","id":"u1"},"attrs":{"name":"7","age":0},"parents":[{"type":"Group","id":"g1"}],"tags":{"t":2}},
 {"uid":{"type":"Group","id":"g0"},"attrs":{"age":0},"parents":[{"type":"Group","id":"g1"}]},
 {"uid":{"type":"Group","id":"g1"},"attrs":{},"parents":[]},
 {"uid":{"type":"Doc","id":"d0"},"attrs":{"size":2,"owner":{"__entity":{"type":"User","id":"u0"}}},"parents":[]},
 {"uid":{"type":"Doc","id":"d1"},"attrs":{"size":9223372036854775807},"parents":[{"type":"Doc","id":"d0"}],"tags":{"t":"x"}}]
[rules]
decl s(string). decl edge(string, string). decl num(string, long). decl on. decl val(long). decl user(User). decl owns(User, string).
decl team(User, Group). decl sub(Group, Group). decl doc(Doc).
`

// randomSchema fits randomHead.
const randomSchema = `[schema]
entity Group in [Group] { age?: Long };
entity User in [Group] { age?: Long, name: String, inner?: {k: Long}, level?: Long } tags Long;
entity Doc in [Doc] { size: Long, owner?: User } tags String;
action read, write, delete appliesTo { principal: [User], resource: [Doc], context: { n?: Long, s?: String, flag?: Bool } };
`

// text is the document.
func (d *randomDocument) text() string {
	var b strings.Builder
	b.WriteString(strings.Replace(randomHead, "[rules]", d.schema+"[rules]", 1))
	for _, f := range d.facts {
		b.WriteString(f.text + "\n")
	}
	b.WriteString(strings.Join(d.rules, "\n"))
	b.WriteString("\n[policies]\n" + strings.Join(d.policies, "\n") + "\n")
	return b.String()
}

func newRandomDocument(seed uint64) *randomDocument {
	g := &randomProgram{r: rand.New(rand.NewPCG(seed, 7)), preds: slices.Clone(base)}
	d := &randomDocument{}
	if g.chance(35) {
		g.schema, d.schema = true, randomSchema
	}
	d.facts = g.facts()
	for i := range 2 + g.r.IntN(4) {
		g.preds = append(g.preds, signature{fmt.Sprintf("d%d", i), g.columns(), 1 + i/2})
	}
	for _, p := range g.preds[len(base):] {
		for range 1 + g.r.IntN(3) {
			d.rules = append(d.rules, g.rule(p))
		}
	}
	d.rules = append(d.rules, g.closures()...)
	d.rules = append(d.rules, g.entityRules()...)
	for i := range 1 + g.r.IntN(4) {
		d.rules = append(d.rules, g.statement(i))
	}
	for i := range g.r.IntN(3) {
		d.policies = append(d.policies, g.policy(i))
	}
	for range 3 {
		d.goals = append(d.goals, g.goal())
		d.requests = append(d.requests, g.request())
	}
	return d
}

func (g *randomProgram) chance(percent int) bool { return g.r.IntN(100) < percent }

func pick[T any](g *randomProgram, from ...T) T { return from[g.r.IntN(len(from))] }

func (g *randomProgram) columns() []sort {
	out := make([]sort, g.r.IntN(3))
	for i := range out {
		out[i] = pick(g, sortString, sortString, sortLong, sortUser, sortGroup, sortDoc)
		if g.chance(30) {
			out[i] = out[0]
		}
	}
	return out
}

// value returns a value of a sort as it stands in rules and, for entities without a type, in JSON.
func (g *randomProgram) value(s sort) (rule, json string) {
	switch s {
	case sortString:
		t := fmt.Sprintf("%q", pick(g, "a", "b", "c", "7", "ls -l", "a;b"))
		return t, t
	case sortLong:
		n := pick(g, "0", "1", "2", "3", "9223372036854775807")
		return n, n
	}
	typ := [...]string{sortUser: "User", sortGroup: "Group", sortDoc: "Doc"}[s]
	id := fmt.Sprintf("%c%d", typ[0]|0x20, g.r.IntN(3))
	return fmt.Sprintf("%s::%q", typ, id), fmt.Sprintf("%q", id)
}

func (g *randomProgram) constant(s sort) string {
	rule, _ := g.value(s)
	return rule
}

func (g *randomProgram) fact(p signature) randomFact {
	var args, row []string
	for _, c := range p.columns {
		rule, json := g.value(c)
		args, row = append(args, rule), append(row, json)
	}
	f := randomFact{p.name, p.name + ".", "[" + strings.Join(row, ",") + "]"}
	if len(args) > 0 {
		f.text = p.name + "(" + strings.Join(args, ", ") + ")."
	}
	return f
}

func (g *randomProgram) facts() []randomFact {
	var out []randomFact
	for _, p := range base {
		for range 1 + g.r.IntN(4) {
			if f := g.fact(p); !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// start forgets all variables, then knows those given.
func (g *randomProgram) start(vars map[sort][]string) { g.vars, g.fresh = vars, 0 }

// rule makes a rule for p whose head variables its body binds.
func (g *randomProgram) rule(p signature) string {
	g.start(map[sort][]string{})
	g.quiet = p.level < 2
	body := g.body(p.level, 1+g.r.IntN(3))
	g.quiet = false
	args := make([]string, len(p.columns))
	for i, c := range p.columns {
		if len(g.vars[c]) == 0 {
			body = append([]string{g.binder(c)}, body...)
		}
		args[i] = pick(g, g.vars[c]...)
		if i > 0 && c == p.columns[0] && g.chance(30) {
			args[i] = args[0]
		}
		if g.chance(5) {
			args[i] = g.constant(c)
		}
	}
	head := p.name
	if len(args) > 0 {
		head += "(" + strings.Join(args, ", ") + ")"
	}
	return head + " :- " + strings.Join(body, ", ") + "."
}

// closures are transitive closures, recursive on the left, the right, both sides, or by way of another predicate.
func (g *randomProgram) closures() []string {
	if g.chance(40) {
		return nil
	}
	out := pick(g,
		[]string{"path(X, Y) :- edge(X, Y).", "path(X, Z) :- path(X, Y), edge(Y, Z)."},
		[]string{"path(X, Y) :- edge(X, Y).", "path(X, Z) :- edge(X, Y), path(Y, Z)."},
		[]string{"path(X, Y) :- edge(X, Y).", "path(X, Z) :- path(X, Y), path(Y, Z)."},
		[]string{"path(X, Y) :- edge(X, Y).", "path(X, Y) :- hop(X, Y).", "hop(X, Z) :- path(X, Y), edge(Y, Z)."},
		[]string{"path(X, Y) :- edge(X, Y); edge(Y, X).", "path(X, Z) :- path(X, Y), edge(Z, Y), 6 / Y.length() > 1."},
	)
	g.preds = append(g.preds, signature{"path", []sort{sortString, sortString}, 1})
	if g.chance(30) {
		g.preds = append(g.preds, signature{"same", []sort{sortLong, sortLong}, 1})
		out = append(out, pick(g, "same(N, N) :- val(M), N = 6 / M.", "same(N, N) :- val(M), N = 6 / M, action(_)."), "same(1, 0).")
	}
	return out
}

// statement makes a permit or a forbid; its head's variables are bound by the request.
func (g *randomProgram) statement(i int) string {
	head := pick(g, "", "(P)", "(P, _)", `(P, "read")`, "(P, _, D)", `(P, "write", D)`, "(P, _, Doc::\"d0\")")
	g.start(map[sort][]string{})
	var body []string
	if strings.Contains(head, "P") {
		g.vars[sortUser] = []string{"P"}
		body = append(body, "P is User")
	}
	if strings.Contains(head, "D)") {
		g.vars[sortDoc] = []string{"D"}
		body = append(body, "D is Doc")
	}
	if g.chance(30) {
		body = append(body, g.pointed())
	} else {
		body = append(body, g.body(100, 1+g.r.IntN(3))...)
	}
	name := pick(g, "permit", "permit", "permit", "forbid", "forbid", "allow", "deny")
	text := strings.Join(body, ", ")
	if g.chance(20) {
		g.vars = map[sort][]string{}
		text += "; " + strings.Join(g.body(100, 1), ", ")
	}
	return fmt.Sprintf("@id(\"s%d\") %s%s :- %s.", i, name, head, text)
}

// pointed is a literal that alone makes a statement's body, so that what it gives decides.
func (g *randomProgram) pointed() string {
	if last := g.preds[len(g.preds)-1]; last.name == "same" && g.chance(30) {
		return pick(g, "same(1, 2)", "not same(2, 1)", "val(A), val(B), A < B, same(A, B)", "val(A), val(B), A < B, not same(A, B)")
	}
	p, u := g.any(sortUser)
	in := u + " in " + g.constant(sortGroup)
	return p + g.fill(strings.ReplaceAll(pick(g, in, in, "not "+in, "!("+in+")", "("+in+" || X has level)", "not ("+in+", on)", in+", on",
		"$N = count { parent(X, $G) }, $N > 1", "X in $G, sub($G, _)", "attribute(X, $S, 4)", "not attribute(X, _, 4)", `attribute(X, "name", "a")`,
		"X has level, X.level > 1", `X.hasTag("t"), X.getTag("t") == 2`, `tag(X, $S, 1)`, "X has inner.k, X.inner.k == 1", `doc($D), $D has owner, $U = $D.owner, $U in Group::"g1"`, "doc($D), $D has owner, $U = $D.owner, parent($U, $G)", "parent(X, $G), $G in Group::\"g1\""), "X", u))
}

// policy makes a policy that reads what rules may add to entities.
func (g *randomProgram) policy(i int) string {
	scope := pick(g, "principal", `principal in Group::"g0"`, `principal in Group::"g1"`, "principal is User", `principal == User::"u0"`)
	when := pick(g, "true", "resource.size > 1", "principal has level && principal.level > 1", "principal.level > 1", `principal.hasTag("t")`, `principal in [Group::"g2", Group::"g1"]`,
		"resource has owner && resource.owner == principal", "context has n && context.n + 9223372036854775807 > 0")
	if strings.HasPrefix(when, "principal.level") && g.schema { // it must be guarded
		when = `principal.name == "a"`
	}
	return fmt.Sprintf("@id(\"p%d\") %s(%s, action, resource) when { %s };", i, pick(g, "permit", "permit", "forbid"), scope, when)
}

// entityRules sometimes derives parents, attributes and tags.
func (g *randomProgram) entityRules() []string {
	g.quiet = true
	defer func() { g.quiet = false }()
	user := func() { g.start(map[sort][]string{sortUser: {"X"}}) }
	var out []string
	if g.chance(40) {
		user()
		out = append(out, fmt.Sprintf("parent(X, G) :- X is User, team(X, G)%s.", g.rest(pick(g, 0, 0, 1), 1)))
	}
	if g.chance(35) {
		out = append(out, pick(g, "parent(X, G) :- sub(X, G).", "parent(X, G) :- sub(X, G), val(N), 6 / N > 1.", `parent(X, G) :- user(X), team(X, H), sub(H, G), X has age, 6 / X.age > 2.`,
			"parent(X, G) :- team(X, G), owns(X, S), S.toLong() > 1.", `parent(X, G) :- user(X), val(N), G = (if 6 / N > 2 then Group::"g0" else Group::"g2").`))
	}
	if g.chance(15) {
		out = append(out, `parent(X, Group::"g2") :- X in Group::"g1".`)
	}
	if g.schema && g.chance(20) { // not always what the schema says
		out = append(out, pick(g, `attribute(X, K, 4) :- owns(X, _), each(["inner", "level"], K).`, `attribute(X, "level", V) :- owns(X, S), each([S, 3], V), S != V.`,
			`tag(X, "t", V) :- user(X), each([2, "b"], V), V != 2.`))
	}
	if g.chance(12) {
		out = append(out, pick(g, `parent(User::"u2", Group::"g0").`, `tag(User::"u0", "t", 2).`, `attribute(User::"u2", "level", 4).`))
	}
	if g.chance(35) {
		user()
		out = append(out, fmt.Sprintf(`attribute(X, "level", V) :- owns(X, S), num(S, N), V = %s%s.`, pick(g, "N", "N + 1", "6 / N", "N"), g.rest(pick(g, 0, 1), 1)))
		if g.chance(20) {
			out = append(out, `attribute(User::"u2", "level", 2).`)
		}
	}
	if g.chance(12) {
		out = append(out, pick(g, `attribute(X, K, 4) :- owns(X, K).`, `attribute(X, K, 4) :- owns(X, S), K = S.replace("a", "name").`, `attribute(X, K, 4) :- owns(X, S), K = S.substring(0, 2).`, `attribute(X, K, 4) :- owns(X, S), K = S.substring(0, S.toLong() - 6), user(X).`, `attribute(User::"u1", "level", 2).`, `attribute(User::"u0", "name", "a").`, `attribute(X, "inner", {k: V}) :- owns(X, S), V = S.toLong().`, `attribute(X, "name", S) :- owns(X, S).`))
	}
	if g.chance(30) {
		out = append(out, pick(g, `attribute(X, "owner", U) :- doc(X), owns(U, S), S.toLong() > 5.`, `attribute(X, "owner", U) :- doc(X), user(U), val(N), 3 / N > 1.`))
	}
	if g.chance(25) {
		out = append(out, pick(g, `tag(X, "t", V) :- team(X, _), val(V), V < 2.`, `tag(X, "t", V) :- user(X), val(N), V = 6 / N.`, `tag(X, K, 1) :- owns(X, K).`))
	}
	return out
}

func (g *randomProgram) goal() string {
	g.start(map[sort][]string{})
	if g.chance(20) {
		return g.pointed()
	}
	body := g.body(100, g.r.IntN(3))
	if g.chance(25) {
		p, u := g.any(sortUser)
		body = append(body, p+pick(g, "permit("+u+`, Action::"read", Doc::"d0")`, "forbid("+u+`, Action::"write", Doc::"d1")`, `parent(`+u+`, G)`, "attribute("+u+", K, V)", "tag("+u+", K, V)", u+" in G, sub(G, _)"))
	}
	return strings.Join(body, ", ")
}

// request sometimes brings an entity, and where there is a schema, one that it seldom refuses.
func (g *randomProgram) request() string {
	flag, attrs, tags := []string{"true", "false", "2"}, []string{"", `"age":5`, `"name":"c","age":0`, `"level":1`}, []string{"", `"t":1`, `"t":"z"`}
	if g.schema && g.chance(95) {
		flag, attrs, tags = flag[:2], []string{`"name":"7"`, `"name":"c","age":0`, `"name":"a","level":1`}, tags[:2]
	}
	var context []string
	for _, f := range []string{`"n":` + pick(g, "0", "1", "3"), `"s":` + pick(g, `"a"`, `"7"`, `"a b"`), `"flag":` + pick(g, flag...)} {
		if g.chance(60) {
			context = append(context, f)
		}
	}
	text := fmt.Sprintf(`{"principal":"u%d","action":%q,"resource":"d%d","context":{%s}`, g.r.IntN(4), pick(g, "read", "write", "delete"), g.r.IntN(3), strings.Join(context, ","))
	if g.chance(35) {
		text += fmt.Sprintf(`,"entities":[{"uid":{"type":"User","id":"u%d"},"attrs":{%s},"parents":[{"type":"Group","id":"g%d"}],"tags":{%s}}]`,
			g.r.IntN(3), pick(g, attrs...), g.r.IntN(3), pick(g, tags...))
	}
	return text + "}"
}

func (g *randomProgram) rest(level, n int) string {
	if g.chance(50) {
		return ""
	}
	return ", " + strings.Join(g.body(level, n), ", ")
}

func (g *randomProgram) body(level, n int) []string {
	out := []string{g.atom(level, false)}
	for range n {
		out = append(out, g.literal(level))
	}
	return out
}

func (g *randomProgram) variable(s sort) string {
	g.fresh++
	v := fmt.Sprintf("%c%d", "SNUGD"[s], g.fresh)
	g.vars[s] = append(g.vars[s], v)
	return v
}

func (g *randomProgram) binder(s sort) string {
	v := g.variable(s)
	return strings.ReplaceAll([]string{"s(V)", "val(V)", "user(V)", "team(_, V)", "doc(V)"}[s], "V", v)
}

// atom applies a predicate of at most this level (for a negation: of a lower one) to variables and constants.
func (g *randomProgram) atom(level int, negated bool) string {
	candidates := slices.DeleteFunc(slices.Clone(g.preds), func(p signature) bool { return p.level > level || negated && p.level >= max(level, 1) })
	p := pick(g, candidates...)
	if len(p.columns) == 0 {
		return p.name
	}
	args := make([]string, len(p.columns))
	for i, c := range p.columns {
		switch {
		case g.chance(10):
			args[i] = "_"
		case g.chance(12):
			args[i] = g.constant(c)
		case len(g.vars[c]) > 0 && (negated || g.chance(60)):
			args[i] = pick(g, g.vars[c]...)
		case negated:
			args[i] = "_"
		default:
			args[i] = g.variable(c)
		}
	}
	return p.name + "(" + strings.Join(args, ", ") + ")"
}

func (g *randomProgram) literal(level int) string {
	switch g.r.IntN(16) {
	case 0, 1, 2:
		return g.atom(level, false)
	case 3, 4:
		return "not " + g.atom(level, true)
	case 5:
		return g.negatedBody(level)
	case 6, 7:
		return g.aggregate(level)
	case 8, 9:
		return g.equation()
	case 10:
		return g.generator()
	case 11, 12:
		return g.read()
	case 13:
		return g.context()
	}
	return g.test()
}

// any returns a variable of a sort, binding it on the way where there is none.
func (g *randomProgram) any(s sort) (prefix, name string) {
	if len(g.vars[s]) == 0 {
		prefix = g.binder(s) + ", "
	}
	return prefix, pick(g, g.vars[s]...)
}

func (g *randomProgram) test() string {
	switch g.r.IntN(6) {
	case 0:
		p, u := g.any(sortUser)
		in := u + " in " + pick(g, `Group::"g0"`, `Group::"g1"`, `Group::"g2"`)
		if g.quiet {
			return p + in
		}
		return p + pick(g, in, "not "+in, "!("+in+")", u+` in [Group::"g0", Group::"g2"]`, "("+in+" || "+u+" has level)", "not ("+in+", on)")
	case 1:
		p, s := g.any(sortString)
		return p + pick(g, "", "not ") + s + pick(g, ` like "*s*"`, `.startsWith("a")`, ` != "a"`, ".toLong() > 1", `.matches("[a-c]|ls.*")`)
	case 2:
		p, n := g.any(sortLong)
		q, s := g.any(sortString)
		return p + q + "(" + g.long(n) + " > 1 " + pick(g, "&&", "||") + " " + s + ".length() " + pick(g, "== 1", "> 6 / "+n) + ")"
	case 3:
		p, n := g.any(sortLong)
		return p + "[1, " + n + "].contains(" + g.long(n) + ")"
	}
	p, n := g.any(sortLong)
	return p + pick(g, "", "not ") + g.long(n) + pick(g, " < ", " > ", " == ", " != ", " <= ") + pick(g, "1", "2", "3")
}

func (g *randomProgram) long(n string) string {
	return pick(g, n, n+" + 1", "6 / "+n, n+" * 2", "6 % "+n, "-"+n, "(if "+n+" == 0 then 1 else 4 / "+n+")", "(if 6 / "+n+" > 2 then "+n+" else 3)", "(if 1 == 1 then 2 else "+n+")")
}

// fill makes new variables for $S, $N, $U, $G and $D.
func (g *randomProgram) fill(text string) string {
	for c := range sorts {
		if mark := "$" + "SNUGD"[c:c+1]; strings.Contains(text, mark) {
			text = strings.ReplaceAll(text, mark, g.variable(c))
		}
	}
	return text
}

func (g *randomProgram) equation() string {
	switch g.r.IntN(6) {
	case 0, 1:
		p, s := g.any(sortString)
		return g.fill(p + "$N = " + s + pick(g, ".toLong()", ".length()"))
	case 2:
		p, s := g.any(sortString)
		return g.fill(p + "$S = " + pick(g, s+".lower()", s+`.replace("a", "b")`, s+".substring(0, 2)", "entityId("+g.constant(sortUser)+")"))
	}
	p, n := g.any(sortLong)
	e := g.long(n)
	if g.chance(25) {
		return p + pick(g, g.vars[sortLong]...) + " = " + e
	}
	return g.fill(p + "$N = " + e)
}

func (g *randomProgram) generator() string {
	if g.chance(20) {
		p, n := g.any(sortLong)
		return g.fill(p + pick(g, `each({a: `+n+`, b: 2}, _, $N)`, `each([1, `+n+`], $N)`))
	}
	p, s := g.any(sortString)
	return g.fill(p + pick(g, "argv("+s+", _, $S)", "argv("+s+", 0, $S)", "split("+s+`, ";", _, $S)`, `split(`+s+`, " ", $N, $S)`, `each(["a", "b"], $S)`))
}

// read reads an attribute or tag behind its guard, or asks for it as a relation.
func (g *randomProgram) read() string {
	if g.chance(25) && !g.quiet {
		p, d := g.any(sortDoc)
		return g.fill(p + strings.ReplaceAll(pick(g, "X has size, $N = X.size", "X has owner, $U = X.owner, parent($U, $G)", `X has owner, $U = X.owner, $U in Group::"g1"`, "X has owner, X.owner == "+g.constant(sortUser), "X has size, X.size + 1 > 2", `X.hasTag("t"), X.getTag("t") == "x"`), "X", d))
	}
	if g.schema && g.chance(40) {
		p, x := g.any(pick(g, sortUser, sortDoc))
		name := map[byte]string{'U': "X.name", 'P': "X.name", 'X': "X.name", 'D': "X.size"}[x[0]]
		return p + g.fill(strings.ReplaceAll(pick(g, "$S = NAME.toString()", `not NAME.toString() == "a"`, `NAME.toString() != "7"`, "NAME.toString().toLong() > 1"), "NAME", strings.ReplaceAll(name, "X", x)))
	}
	p, u := g.any(sortUser)
	text := pick(g, "X has age, X.age > 1", "X has inner.k, $N = X.inner.k", `attribute(X, "name", $S)`, "X has age, 6 / X.age > 1", "not X has age", "parent(X, $G)")
	if !g.quiet && g.chance(50) {
		text = pick(g, "X has level, $N = X.level", `X.hasTag("t"), $N = X.getTag("t")`, "not X has level", `tag(X, "t", $N)`, "attribute(X, _, $N)", `not attribute(X, "level", _)`,
			"X has level, X.level > 1", `attribute(X, $S, 3)`, `not tag(X, "t", 1)`)
	}
	return p + g.fill(strings.ReplaceAll(text, "X", u))
}

// context reads the request.
func (g *randomProgram) context() string {
	return g.fill(pick(g, "context has n, $N = context.n, principal($U)", `context("n", $N)`, "context has flag, context.flag, action(Action::\"read\")",
		"context has s, $N = context.s.toLong(), principal($U)", "resource($D), not (context has n)", "principal($U)", "context has n, 6 / context.n > 1", `resource($D), principal($U), $D in Doc::"d0"`))
}

// scoped runs f with the variables there are and forgets those that it makes.
func (g *randomProgram) scoped(f func() string) string {
	saved := map[sort][]string{}
	for s, vs := range g.vars {
		saved[s] = slices.Clone(vs)
	}
	text := f()
	g.vars = saved
	return text
}

func (g *randomProgram) negatedBody(level int) string {
	return g.scoped(func() string {
		a := g.atom(max(0, min(level-1, 2)), false)
		return "not (" + a + ", " + g.test() + pick(g, "", "; "+g.atom(0, false)) + ")"
	})
}

func (g *randomProgram) aggregate(level int) string {
	inner := g.scoped(func() string {
		a := g.atom(max(0, min(level-1, 2)), false)
		p, n := g.any(sortLong)
		return pick(g, "count { "+a+" }", "sum("+n+") { "+a+", "+p+"val("+n+") }", "count("+g.long(n)+") { "+a+", "+p+"val("+n+") }", "max("+n+") { "+p+"val("+n+") }",
			"min("+g.long(n)+") { "+p+a+", val("+n+") }", "collect("+n+") { "+a+", "+p+"val("+n+"); "+p+"val("+n+") }")
	})
	n := g.variable(sortLong)
	if strings.HasPrefix(inner, "collect") {
		return "L" + n + " = " + inner + ", " + n + " = L" + n + ".size()"
	}
	return n + " = " + inner
}
