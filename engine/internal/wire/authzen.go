package wire

import (
	"math"
	"slices"

	"github.com/rune-authz/rune/engine/internal/schema"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Evaluation says where the parts of an AuthZEN evaluation stand in a text.
type Evaluation struct {
	parts [parts]Item // none starts at 0
	start int         // of its object
	index int         // among evaluations, or -1
}

// The parts of an evaluation.
const (
	subjectPart = iota
	actionPart
	resourcePart
	contextPart
	parts
)

var partNames = [parts]string{"subject", "action", "resource", "context"}

// Semantic says which evaluation is the last that is decided.
type Semantic int

const (
	ExecuteAll          Semantic = iota // the last of all
	DenyOnFirstDeny                     // the first that isn't permitted
	PermitOnFirstPermit                 // the first that is
)

var semanticNames = [...]string{ExecuteAll: "execute_all", DenyOnFirstDeny: "deny_on_first_deny", PermitOnFirstPermit: "permit_on_first_permit"}

// Evaluations are several evaluations, with what holds for those that don't say it themselves.
type Evaluations struct {
	Defaults Evaluation
	Items    []Item // belong to the reader until its next use
	Semantic Semantic
}

// evaluationsDepth is how deep a text may nest, whose parts nest to MaxDepth: it has an array of evaluations around them.
const evaluationsDepth = value.MaxDepth + 3

// Evaluation finds the parts of an evaluation. What else there is is passed over.
//
//	evaluation = { "subject": entity, "action": { "name": string [, "properties": record] }, "resource": entity [, "context": record] }
//	entity     = { "type": string, "id": string [, "properties": record] }
func (r *Reader) Evaluation(text []byte) (Evaluation, *Error) {
	x := Evaluation{index: -1}
	ok := r.begin(text, evaluationsDepth) && r.evaluation(&x, nil) && r.end()
	return x, r.finish(ok)
}

// Evaluations finds the evaluations of an object that besides has {"evaluations":[…],"options":{"evaluations_semantic":…}}. Where there are none,
// the object is one itself.
func (r *Reader) Evaluations(text []byte) (Evaluations, *Error) {
	all := Evaluations{Defaults: Evaluation{index: -1}}
	r.items = r.items[:0]
	ok := r.begin(text, evaluationsDepth) && r.evaluation(&all.Defaults, &all) && r.end()
	all.Items = r.items
	return all, r.finish(ok)
}

// Item finds the parts of one of the evaluations. Those that it lacks are the defaults.
func (r *Reader) Item(text []byte, all *Evaluations, i int) (Evaluation, *Error) {
	x := Evaluation{index: i}
	r.begin(text, math.MaxInt)
	r.pos = all.Items[i].Start
	if !r.evaluation(&x, nil) {
		x.blame(r, x.start)
		return x, r.finish(false)
	}
	for p := range x.parts {
		if x.parts[p].Start == 0 {
			x.parts[p] = all.Defaults.parts[p]
		}
	}
	return x, nil
}

// blame puts an evaluation's index before the path of an error at an offset, if that isn't within the defaults.
func (x *Evaluation) blame(r *Reader, at int) bool {
	if x.index >= 0 && at >= x.start {
		r.inIndex(x.index)
		r.inKey("evaluations")
	}
	return false
}

// evaluation reads the object of an evaluation, or of several.
func (r *Reader) evaluation(x *Evaluation, all *Evaluations) bool {
	r.space()
	x.start = r.pos
	return r.eachMember(func(key []byte) bool {
		p := slices.Index(partNames[:], string(key))
		switch {
		case p >= 0:
			x.parts[p].Start = r.pos
			ok := r.pass()
			x.parts[p].End = r.pos
			return ok
		case all != nil && string(key) == "evaluations":
			return r.evaluations()
		case all != nil && string(key) == "options":
			return r.eachMember(func(key []byte) bool {
				if string(key) == "evaluations_semantic" {
					return r.semantic(&all.Semantic)
				}
				return r.pass()
			})
		}
		return r.pass()
	})
}

// eachMember reads an object, and lets read read the value of each key.
func (r *Reader) eachMember(read func(key []byte) bool) bool {
	if r.peek() != '{' {
		return r.wrongType("an object")
	}
	r.pos++
	base := len(r.fields)
	for n := 0; ; n++ {
		key, at, more, ok := r.member(n)
		if !ok {
			return false
		}
		if !more {
			ok = r.distinct(r.fields[base:])
			r.fields = r.fields[:base]
			return ok
		}
		name := r.Table.StringBytes(key)
		r.fields = append(r.fields, field{key: name, at: at})
		if !read(key) {
			return r.inKey(r.Table.TextString(name))
		}
	}
}

// evaluations notes where the evaluations stand.
func (r *Reader) evaluations() bool {
	if r.peek() != '[' {
		return r.wrongType("an array of evaluations")
	}
	r.pos++
	r.items = r.items[:0]
	for n := 0; ; n++ {
		more, ok := r.element(n)
		if !more {
			return ok
		}
		start := r.pos
		if !r.pass() {
			return r.inIndex(n)
		}
		r.items = append(r.items, Item{Start: start, End: r.pos})
	}
}

func (r *Reader) semantic(to *Semantic) bool {
	at := r.pos
	if r.peek() != '"' {
		return r.wrongType("a string")
	}
	text, ok := r.str()
	if !ok {
		return false
	}
	i := slices.Index(semanticNames[:], string(text))
	if i < 0 {
		return r.failHelp(at, CodeSemantic, "no semantic is called "+quoteCut(text), "there are execute_all, deny_on_first_deny and permit_on_first_permit")
	}
	*to = Semantic(i)
	return true
}

// pass passes over a value of JSON, whatever it says. The recursion is as deep as the text.
func (r *Reader) pass() bool {
	switch c := r.peek(); {
	case c == '"':
		_, ok := r.str()
		return ok
	case c == '{':
		return r.eachMember(func([]byte) bool { return r.pass() })
	case c == '[':
		r.pos++
		for n := 0; ; n++ {
			more, ok := r.element(n)
			if !more {
				return ok
			}
			if !r.pass() {
				return r.inIndex(n)
			}
		}
	case c == '-' || c >= '0' && c <= '9':
		_, _, ok := r.numeral()
		return ok
	}
	return r.word("true") || r.word("false") || r.word("null") || r.syntax("expected a value")
}

// ReadEvaluation makes a request of an evaluation's parts: of types and ids entities, of the name an action, of properties the fields subject, action
// and resource of the context. It reports whether the types are some that entities can have; if not, nothing else is read. A null counts as
// absent, and a fraction is a decimal.
func (r *Reader) ReadEvaluation(text []byte, x *Evaluation, req *Request) (can bool, err *Error) {
	*req = Request{
		Principal: value.None, Action: value.None, Resource: value.None, Context: value.None, ContextOffset: -1, EntitiesOffset: -1,
		Entities: req.Entities[:0], EntityOffsets: req.EntityOffsets[:0],
	}
	e := evaluationReader{Reader: r, Evaluation: x, out: req, can: true}
	r.begin(text, math.MaxInt)
	r.lenient = true
	ok := e.read()
	r.lenient = false
	return e.can, r.finish(ok)
}

type evaluationReader struct {
	*Reader
	*Evaluation
	out        *Request
	properties [contextPart]int // where they stand, 0 if nowhere
	can        bool
}

func (e *evaluationReader) read() bool {
	for p, to := range [contextPart]*value.Value{&e.out.Principal, &e.out.Action, &e.out.Resource} {
		if e.parts[p].Start == 0 {
			return e.fail(e.start, CodeMissingField, "\""+partNames[p]+"\" is missing") || e.blame(e.Reader, e.start)
		}
		if !e.enter(p) || !e.named(p, to) {
			return e.inPart(p)
		}
	}
	if !e.enter(contextPart) || e.has(contextPart) && e.peek() != '{' && !e.wrongType("an object") {
		return e.inPart(contextPart)
	}
	return !e.can || e.check() && e.context()
}

// has reports whether there is a part. A null is none.
func (e *evaluationReader) has(p int) bool {
	at := e.parts[p].Start
	return at > 0 && e.text[at] != 'n'
}

// inPart puts a part before the path of the error that was noted.
func (e *evaluationReader) inPart(p int) bool {
	return e.inKey(partNames[p]) || e.blame(e.Reader, e.parts[p].Start)
}

// enter goes to a part, and checks how deep it nests.
func (e *evaluationReader) enter(p int) bool {
	part := e.parts[p]
	e.pos = part.Start
	if at := tooDeep(e.text[part.Start:part.End], value.MaxDepth); at >= 0 {
		return e.deep(part.Start + at)
	}
	return true
}

// named reads the subject, action or resource, but for its properties.
func (e *evaluationReader) named(p int, to *value.Value) bool {
	start := e.pos
	typ, id, idKey := value.None, value.None, "id"
	if p == actionPart {
		typ, idKey = e.Reader.Action, "name"
	}
	typed := p == actionPart
	ok := e.eachMember(func(key []byte) bool {
		switch {
		case string(key) == "type" && p != actionPart:
			typed = true
			return e.typeName(&typ)
		case string(key) == idKey:
			text, ok := e.quoted()
			if ok {
				id = e.Table.StringBytes(text)
			}
			return ok
		case string(key) == "properties" && e.peek() != 'n':
			e.properties[p] = e.pos
			if e.peek() != '{' {
				return e.wrongType("an object")
			}
		}
		return e.pass()
	})
	switch {
	case !ok:
		return false
	case !typed:
		return e.fail(start, CodeMissingField, `"type" is missing`)
	case id == value.None:
		return e.fail(start, CodeMissingField, "\""+idKey+"\" is missing")
	case e.can:
		*to = e.Table.Entity(typ, id)
	}
	return true
}

func (e *evaluationReader) quoted() ([]byte, bool) {
	if e.peek() != '"' {
		return nil, e.wrongType("a string")
	}
	return e.str()
}

func (e *evaluationReader) typeName(to *value.Value) bool {
	text, ok := e.quoted()
	if !ok {
		return false
	}
	known, ok := e.Text.KnownType(e.Table, text)
	switch {
	case ok:
		*to = known
	case isPath(text):
		*to = e.Text.TypeName(e.Table, text)
	default:
		e.can = false
	}
	return true
}

// check validates principal, action and resource.
func (e *evaluationReader) check() bool {
	if e.Schema == nil || !e.Validate {
		return true
	}
	r, t := e.out, e.Table
	if !e.accept(e.parts[actionPart].Start, e.Schema.CheckAction(t, r.Action)) {
		return e.inPart(actionPart)
	}
	if !e.accept(e.parts[subjectPart].Start, e.Schema.CheckPrincipal(t, r.Principal, r.Action)) {
		return e.inPart(subjectPart)
	}
	return e.accept(e.parts[resourcePart].Start, e.Schema.CheckResource(t, r.Resource, r.Action)) || e.inPart(resourcePart)
}

// context makes the context of what the evaluation has as that, and of the properties.
func (e *evaluationReader) context() bool {
	typ, given := e.contextType(e.out.Action), e.Table.Record(nil)
	at := e.parts[contextPart].Start
	if e.has(contextPart) {
		var ok bool
		e.out.ContextOffset, e.pos = at, at
		if given, ok = e.record(rules{typ: typ, part: true}); !ok {
			return e.inPart(contextPart)
		}
	}
	var names, properties [contextPart]value.Value
	for p := range contextPart {
		name := partNames[p]
		names[p] = e.Table.StringBytes(bytesOf(name))
		if e.Table.Field(given, names[p]) != value.None {
			e.failHelp(e.KeyOffset(at, name), CodeProperties, "the field "+name+" of the context is for the properties", "give them as "+name+".properties")
			return e.inPart(contextPart)
		}
		var ok bool
		if properties[p], ok = e.propertiesOf(p, typ, names[p]); !ok {
			return e.inKey("properties") || e.inPart(p)
		}
	}
	e.pairs = append(e.pairs[:0], e.Table.Fields(given)...)
	for p, v := range properties {
		if v != value.None {
			e.pairs = append(e.pairs, names[p], v)
		}
	}
	e.out.Context = e.Table.Record(e.pairs)
	u := rules{typ: typ, host: true}
	return e.complete(max(at, e.start), e.out.Context, &u) || e.inKey("context") || e.blame(e.Reader, max(at, e.start))
}

// propertiesOf reads the properties of a part, guided by the type of the field that they become.
func (e *evaluationReader) propertiesOf(p int, context *schema.Type, name value.Value) (value.Value, bool) {
	at := e.properties[p]
	if at == 0 {
		return value.None, true
	}
	u := rules{typ: context}
	typ, ok := e.field(&u, name, at)
	if !ok {
		return value.None, false
	}
	e.pos = at
	v, ok := e.record(rules{typ: typ})
	if ok && typ != nil && e.Validate {
		ok = e.accept(at, e.Schema.CheckValue(e.Table, v, typ))
	}
	return v, ok
}
