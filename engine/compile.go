package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/cedar"
	"github.com/rune-authz/rune/engine/internal/datalog"
	"github.com/rune-authz/rune/engine/internal/decision"
	"github.com/rune-authz/rune/engine/internal/document"
	"github.com/rune-authz/rune/engine/internal/entity"
	"github.com/rune-authz/rune/engine/internal/fixpoint"
	"github.com/rune-authz/rune/engine/internal/goal"
	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
	"github.com/rune-authz/rune/engine/internal/wire"
)

// Codes of what stands wrong between the parts of a configuration.
const (
	codeIDTwice     source.Code = "document.id_twice"
	codeIDShaped    source.Code = "document.id_shaped"
	codeEntityTwice source.Code = "entity.twice"
)

// compiler makes an engine of a document set. Each phase reports what it finds and goes on as long as that makes sense.
type compiler struct {
	*Loader
	set *document.Set

	base       *ruleset // that an overlay is united with; nil for a configuration
	derives    derivations
	statements []datalog.Statement
	policies   []*cedar.Policy
	schema     *schema.Schema
	store      *entity.Store
	types      map[string]bool // that the documents name
	text       value.EntityText
	reader     *wire.Reader
}

// parse parses rules and policies.
func (c *compiler) parse() {
	for _, p := range c.set.Parts {
		if p.Policies {
			c.policies = append(c.policies, cedar.Parse(c.table, c.files, p.Span.File, int(p.Span.Start), int(p.Span.End), c.diags)...)
		} else {
			c.statements = append(c.statements, datalog.Parse(c.files, p.Span.File, int(p.Span.Start), int(p.Span.End), c.diags)...)
		}
	}
}

func (c *compiler) compile() *Engine {
	c.parse()
	c.findDerived()
	c.schema = schema.Parse(c.table, c.files, c.set.Schemas, c.diags)
	c.makeDerivedOptional()
	c.nameTypes()
	c.newReader()
	c.readEntities()
	c.checkIDs()
	program := analysis.Analyse(analysis.Input{
		Table: c.table, Files: c.files, Diags: c.diags, Statements: c.statements, Facts: c.set.Facts,
		Defaults: &c.set.Defaults, Schema: c.schema, Text: &c.text,
	})
	c.validatePolicies()
	if program != nil {
		c.checkGoals(program)
	}
	if program == nil || c.diags.Failed() {
		return nil
	}
	e := c.engine(program)
	if e != nil {
		c.checkOverlays(e)
	}
	return e
}

// nameTypes collects the entity types that the documents name: such a type is taken as written in the text of entities.
func (c *compiler) nameTypes() {
	c.types = map[string]bool{}
	add := func(typ string, _ source.Span) { c.types[typ] = true }
	analysis.TypeNames(c.statements, add)
	cedar.Names(c.table, c.policies, func(typ string, _ value.Value, at source.Span) { add(typ, at) })
	if c.schema != nil {
		for _, t := range c.schema.EntityTypes() {
			c.types[c.table.TextString(t.Name)] = true
		}
		for _, a := range c.schema.Actions() {
			c.types[c.table.TextString(c.table.EntityType(a.UID))] = true
		}
	}
	d := &c.set.Defaults
	for _, t := range append([]string{d.Principal, d.Action, d.Resource}, d.ProtectedTypes...) {
		c.types[t] = true
	}
	types := c.types
	c.text = value.EntityText{Quoted: d.Quoted, Known: func(typ []byte) bool { return types[string(typ)] }}
}

func (c *compiler) newReader() {
	d := &c.set.Defaults
	text := c.text
	for typ := range c.types {
		if v, has := c.table.FindString([]byte(typ)); has && value.IsTypePath(typ) {
			text.Types = append(text.Types, v)
		}
	}
	slices.Sort(text.Types)
	c.reader = &wire.Reader{
		Table: c.table, Schema: c.schema, Validate: c.validating(), Text: text,
		Principal: c.table.String(d.Principal), Action: c.table.String(d.Action), Resource: c.table.String(d.Resource),
		HostKeys: []value.Value{c.table.String("now")},
	}
	for _, k := range d.HostContext {
		c.reader.HostKeys = append(c.reader.HostKeys, c.table.String(k))
	}
}

// findDerived finds the attributes that rules, or facts of attribute, give entities.
func (c *compiler) findDerived() {
	if c.base != nil {
		c.derives = derivations{c.base.derives.any, slices.Clone(c.base.derives.names)}
	}
	for i := range c.statements {
		switch h := &c.statements[i].Head; {
		case h.Pred != "attribute" || len(h.Args) != 3:
		case h.Args[1].Kind == datalog.ExprString:
			c.derives.names = append(c.derives.names, h.Args[1].Text)
		default:
			c.derives.any = true
		}
	}
	slices.Sort(c.derives.names)
	c.derives.names = slices.Compact(c.derives.names)
	c.derives.any = c.derives.any || slices.ContainsFunc(c.set.Facts, func(t document.Table) bool { return t.Pred == "attribute" })
}

// derived reports whether rules, or facts of attribute, give entities an attribute.
func (c *compiler) derived(name string) bool {
	_, found := slices.BinarySearch(c.derives.names, name)
	return found || c.derives.any
}

// makeDerivedOptional makes attributes that are derived optional in the schema: entities need not bring them.
func (c *compiler) makeDerivedOptional() {
	if c.schema == nil {
		return
	}
	for _, t := range c.schema.EntityTypes() {
		for i := range t.Shape.Attrs {
			a := &t.Shape.Attrs[i]
			a.Required = a.Required && !c.derived(c.table.TextString(a.Name))
		}
	}
}

// validating reports whether what comes in is checked against a schema.
func (c *compiler) validating() bool { return c.schema != nil && c.set.Defaults.Validation != "off" }

// readEntities reads the [entities] sections and the schema's actions into the store. The reader validates them.
func (c *compiler) readEntities() {
	c.store = entity.NewStore(c.table)
	empty := c.table.Record(nil)
	for _, s := range c.set.Entities {
		text := c.files.File(s.File).Text[s.Start:s.End]
		report := func(err *wire.Error) {
			c.diags.Errorf(source.At(s.File, int(s.Start)+err.Offset), err.Code, "%s", err.Message).Help = err.Help
		}
		c.reader.Report = report
		err := c.reader.Entities(text, func(e entity.Entity, offset int) {
			e.Span = source.At(s.File, int(s.Start)+offset)
			c.types[c.table.TextString(c.table.EntityType(e.UID))] = true
			c.addEntity(e)
		})
		if err != nil {
			report(err)
		}
	}
	if c.schema == nil {
		return
	}
	for _, a := range c.schema.Actions() {
		if !c.store.Has(a.UID) {
			c.store.Add(entity.Entity{UID: a.UID, Attrs: empty, Tags: empty, Parents: a.Parents})
		}
	}
}

func (c *compiler) addEntity(e entity.Entity) {
	if same, earlier := c.store.Add(e); earlier != nil && !same {
		d := c.diags.Errorf(e.Span, codeEntityTwice, "the entity %s stands twice, differently", c.table.Append(nil, e.UID))
		d.Related = append(d.Related, source.Related{Span: earlier.Span, Message: "it stands here first"})
	}
}

// checkIDs reports an @id that stands twice or looks like a number's.
func (c *compiler) checkIDs() {
	first := value.NewNames[source.Span](c.table)
	if c.base != nil {
		for i, s := range c.base.rules.Statements {
			first.Set(s.ID, c.base.places[i])
		}
	}
	check := func(id string, at source.Span) {
		if id == "" {
			return
		}
		if kind := numbered(id); kind != "" {
			c.diags.Errorf(at, codeIDShaped, "@id(%q) is shaped like the number of a %s", id, kind).Help = "give it another name"
			return
		}
		if earlier, ok := first.Get(id); ok {
			d := c.diags.Errorf(at, codeIDTwice, "the id %q stands twice", id)
			d.Related = append(d.Related, source.Related{Span: earlier, Message: "it stands here first"})
			return
		}
		first.Set(id, at)
	}
	for i := range c.statements {
		for _, a := range c.statements[i].Annotations {
			if a.Name == "id" && isEffect(c.statements[i].Head.Pred) {
				check(a.Value, a.Span)
			}
		}
	}
	for _, p := range c.policies {
		check(p.ID, p.IDSpan)
	}
}

func isEffect(pred string) bool {
	return slices.Contains([]string{"permit", "forbid", "allow", "deny"}, pred)
}

// numbered says what an id is shaped like the number of: policyN and ruleN number statements without an @id.
func numbered(id string) string {
	for _, kind := range []string{"policy", "rule"} {
		if n, ok := strings.CutPrefix(id, kind); ok && n != "" && strings.Trim(n, "0123456789") == "" {
			return kind
		}
	}
	return ""
}

func (c *compiler) validatePolicies() {
	if c.validating() {
		cedar.Validate(c.policies, c.schema, cedar.Validation{Permissive: c.set.Defaults.Validation == "permissive", Derived: c.derived}, c.diags)
	}
}

// engine puts the parts together.
func (c *compiler) engine(program *analysis.Program) *Engine {
	e := &Engine{
		own:   ruleset{files: c.files, program: program, policies: []*cedar.Set{cedar.Compile(c.table, c.policies)}, derives: c.derives},
		table: c.table, set: c.set, schema: c.schema, store: c.store, reader: c.reader, validate: c.validating(), updated: map[value.Value]bool{},
	}
	e.ruleset = &e.own
	c.number(&e.own)
	e.configured = Limits(c.set.Defaults.Limits)
	for _, t := range c.set.Defaults.ProtectedTypes {
		e.protected = append(e.protected, c.table.String(t))
	}
	e.needs, e.readsNow = c.needs(program)
	e.named = c.namedEntities(program, nil)
	limits := c.host.Limits
	var fault *value.Fault
	e.model, fault = fixpoint.New(c.table, program, c.store, fixpoint.Options{Limits: limits.goal(), Yield: c.host.Yield, TakeFacts: true})
	c.set.Facts = nil
	if fault != nil {
		c.diags.Errorf(source.Span{}, fault.Code, "%s", fault.Message)
		return nil
	}
	e.countWork(e.model.Work())
	for _, w := range e.model.Warnings() {
		c.diags.Add(w)
	}
	e.eval = goal.New(c.table, program, e.model.DB(), c.store)
	e.view = entity.NewView(c.table, c.store)
	e.env = cedar.Env{Table: c.table, View: e.view}
	e.emptyContext, e.nowKey = c.table.Record(nil), c.table.String("now")
	e.setRevision(c.set.Revision)
	e.base = c.table.Mark()
	e.loaded, e.overlays.floor = e.base, e.base
	return e
}

// number gives all statements their places in statement order. An overlay's go on from its base's.
func (c *compiler) number(r *ruleset) {
	var list []decision.Statement
	rule, policy, before := 0, 0, 0
	if c.base != nil {
		list, r.places = slices.Clone(c.base.rules.Statements), slices.Clone(c.base.places)
		r.rulePlace, r.policyPlace = slices.Clone(c.base.rulePlace), slices.Clone(c.base.policyPlace)
		rule, before = len(c.base.program.Statements), c.base.policyCount()
	}
	add := func(s decision.Statement, at source.Span) int32 {
		list = append(list, s)
		r.places = append(r.places, at)
		return int32(len(list) - 1)
	}
	for _, p := range c.set.Parts {
		for ; p.Policies && policy < len(c.policies) && within(c.policies[policy].Span, p.Span); policy++ {
			s := decision.Statement{Kind: decision.Policy, ID: c.policies[policy].ID, Forbid: c.policies[policy].Forbid,
				Message: c.policies[policy].Message, HasMessage: c.policies[policy].HasMessage}
			if s.ID == "" {
				s.ID = fmt.Sprint("policy", before+policy)
			}
			r.policyPlace = append(r.policyPlace, add(s, c.policies[policy].Span))
		}
		for ; !p.Policies && rule < len(r.program.Statements) && within(r.program.Statements[rule].Span, p.Span); rule++ {
			st := &r.program.Statements[rule]
			r.rulePlace = append(r.rulePlace, add(decision.Statement{Kind: decision.Rule, ID: st.ID, Forbid: st.Effect == analysis.Forbid,
				Message: st.Message, HasMessage: st.HasMessage}, st.Span))
		}
	}
	if c.base != nil {
		r.rules = decision.NewRules(c.base.rules.Combine, c.base.rules.OnError, list)
		return
	}
	combine := decision.Any
	if c.set.Defaults.Combine == "all" {
		combine = decision.All
	}
	r.rules = decision.NewRules(combine, c.onError(), list)
}

func within(s, part source.Span) bool {
	return s.File == part.File && s.Start >= part.Start && s.End <= part.End
}

func (c *compiler) onError() decision.OnError {
	switch c.set.Defaults.OnError {
	case "cedar":
		return decision.Cedar
	case "deny":
		return decision.Deny
	case "closed":
		return decision.Closed
	}
	if c.set.Cedar {
		return decision.Cedar
	}
	return decision.Closed
}

// needs are the context keys that the host is to give: those of host_context, and now where a rule or policy names it. The other result
// is whether a rule or policy may see now.
func (c *compiler) needs(program *analysis.Program) (keys []string, readsNow bool) {
	named, whole := cedar.ReadsContext(c.policies, "now")
	named = named || program.ReadsContext(c.table.String("now"))
	keys = slices.Clone(c.set.Defaults.HostContext)
	if named && !slices.Contains(keys, "now") {
		keys = append(keys, "now")
	}
	return keys, named || whole || program.ReadsWholeContext()
}

// namedEntities are the entities that rules and policies name, and those of the base, sorted by handle. Requests may not add them.
func (c *compiler) namedEntities(program *analysis.Program, base []value.Value) []value.Value {
	out := slices.Clone(base)
	cedar.Names(c.table, c.policies, func(_ string, uid value.Value, _ source.Span) {
		if uid != value.None {
			out = append(out, uid)
		}
	})
	var collect func(value.Value)
	collect = func(v value.Value) {
		switch v.Kind() {
		case value.KindEntity:
			out = append(out, v)
		case value.KindSet:
			for _, m := range c.table.Members(v) {
				collect(m)
			}
		case value.KindRecord:
			for f := c.table.Fields(v); len(f) > 0; f = f[2:] {
				collect(f[1])
			}
		}
	}
	program.Constants(collect)
	slices.Sort(out)
	return slices.Compact(out)
}
