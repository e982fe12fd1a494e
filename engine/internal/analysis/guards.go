package analysis

import (
	"strconv"

	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// guards is what is known to be there at a place in a rule: keys of reads, and those known around it.
type guards struct {
	outer *guards
	keys  []string
}

func (g *guards) has(key string) bool {
	for ; g != nil; g = g.outer {
		for _, k := range g.keys {
			if k == key {
				return true
			}
		}
	}
	return false
}

// guard reports reads that may be absent where their literal's not matching could help to permit: in rules that forbid, parent, attribute
// and tag reach, and below a negation or an aggregate.
func (a *analysis) guard() {
	careful := reach(a.adjacency(), a.carefulRoots())
	for _, c := range a.clauses {
		_, all := careful[c.Head]
		var g *guards
		for i := range c.Body {
			l := &c.Body[i]
			if !all && !c.notes[i].below {
				continue
			}
			if g == nil {
				g = a.clauseGuards(c)
			}
			for _, e := range []*Expr{l.Expr, l.Separator} {
				if e != nil {
					a.checkReads(c, e, g)
				}
			}
		}
	}
}

// carefulRoots are the predicates whose rules must hold whenever they should.
func (a *analysis) carefulRoots() []PredID {
	roots := []PredID{PredForbid}
	for id := range a.preds {
		if k := a.preds[id].Kind; k == PredStore || k == PredAux && !a.infos[id].plain {
			roots = append(roots, PredID(id))
		}
	}
	for _, c := range a.clauses {
		for i := range c.Body {
			if c.Body[i].Kind == LitNot {
				roots = append(roots, c.Body[i].Pred)
			}
		}
	}
	return roots
}

// clauseGuards collects what the tests of a conjunction and of those around it say to be there.
func (a *analysis) clauseGuards(c *clause) *guards {
	var g *guards
	if c.outer != nil {
		g = a.clauseGuards(c.outer)
	}
	g = &guards{outer: g}
	for i := range c.Body {
		if l := &c.Body[i]; l.Kind == LitTest {
			g.imply(c, l.Expr, true)
		}
	}
	return g
}

// imply adds what must be there where a condition is true, or false.
func (g *guards) imply(c *clause, e *Expr, truth bool) {
	switch {
	case truth && (e.Op == OpHas || e.Op == OpHasTag):
		if k := readKey(c, e); k != "" {
			g.keys = append(g.keys, k)
		}
	case truth && e.Op == OpAnd || !truth && e.Op == OpOr:
		g.imply(c, e.Args[0], truth)
		g.imply(c, e.Args[1], truth)
	case e.Op == OpCall && e.Fn == value.OpNot:
		g.imply(c, e.Args[0], !truth)
	}
}

// readKey names a read, or the read that a `has` asks for; "" where the receiver isn't one that a guard can name.
func readKey(c *clause, e *Expr) string {
	of := receiverKey(c, e.Args[0])
	if of == "" {
		return ""
	}
	if e.Op == OpAttr || e.Op == OpHas {
		return of + "." + strconv.Itoa(int(e.Const))
	}
	name := receiverKey(c, e.Args[1])
	if name == "" {
		return ""
	}
	return of + "[" + name + "]"
}

func receiverKey(c *clause, e *Expr) string {
	switch e.Op {
	case OpVar:
		if n := c.VarNames[e.Var]; n != "_" {
			return n
		}
	case OpContext:
		return "context"
	case OpConst:
		return "=" + strconv.Itoa(int(e.Const))
	case OpAttr, OpGetTag:
		return readKey(c, e)
	}
	return ""
}

// checkReads checks the reads in an expression. A side of && is evaluated for good only where the other is true, a side of || where it is
// false.
func (a *analysis) checkReads(c *clause, e *Expr, g *guards) {
	switch e.Op {
	case OpAnd, OpOr:
		for i := range e.Args {
			side := &guards{outer: g}
			side.imply(c, e.Args[1-i], e.Op == OpAnd)
			a.checkReads(c, e.Args[i], side)
		}
		return
	case OpIf:
		a.checkReads(c, e.Args[0], g)
		for i := 1; i <= 2; i++ {
			side := &guards{outer: g}
			side.imply(c, e.Args[0], i == 1)
			a.checkReads(c, e.Args[i], side)
		}
		return
	}
	for _, x := range e.Args {
		a.checkReads(c, x, g)
	}
	if e.Op != OpAttr && e.Op != OpGetTag {
		return
	}
	switch k := readKey(c, e); {
	case k != "" && g.has(k):
	case a.required(c, e):
		e.Required = true
	default:
		a.unguarded(e)
	}
}

// required reports whether a read can't be absent: the schema requires it of every type that the receiver can have, or the receiver is
// a record written with the field.
func (a *analysis) required(c *clause, e *Expr) bool {
	if e.Op != OpAttr {
		return false
	}
	of := e.Args[0]
	switch {
	case of.Op == OpRecord:
		for _, k := range of.Keys {
			if k == e.Const {
				return true
			}
		}
		return false
	case of.Op == OpConst && of.Const.Kind() == value.KindRecord:
		return a.table.Field(of.Const, e.Const) != value.None
	}
	types := a.shapes(c, of)
	for _, t := range types {
		attr := a.field(t, e.Const)
		if attr == nil || !attr.Required || t.Kind == value.KindEntity && a.derivesField(e.Const) {
			return false
		}
	}
	return len(types) > 0
}

// unguarded reports a read that may be absent, with both ways out.
func (a *analysis) unguarded(e *Expr) {
	read, of := a.source(e.Span), a.source(e.Args[0].Span)
	has := of + " has "
	switch {
	case e.Op == OpGetTag:
		has = of + ".hasTag(" + a.source(e.Args[1].Span) + ")"
	case isName(a.table.Text(e.Const)):
		has += a.table.TextString(e.Const)
	default:
		has += string(value.AppendQuoted(nil, a.table.Text(e.Const)))
	}
	d := a.diags.Errorf(e.Span, codeUnguarded, "%s may be absent, and the literal would then not match, which could help to permit", read)
	d.Help = "guard it: " + has + ", " + read + " …; and where its absence should count as well, add the closed form as an alternative: not (" + has + ")"
}

// source returns the text of a span.
func (a *analysis) source(s source.Span) string {
	f := a.files.File(s.File)
	if f == nil || int(s.End) > len(f.Text) || s.Start > s.End {
		return ""
	}
	return string(f.Text[s.Start:s.End])
}

// isName reports whether a text can stand after a member dot.
func isName(b []byte) bool {
	for i, c := range b {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return len(b) > 0
}
