package goal

import (
	"cmp"
	"slices"

	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/value"
)

// dispatch finds the statements that a request can concern. Each rule of a statement stands under one thing that it asks of the request,
// so that of many statements few are looked at.
type dispatch struct {
	guards []guard    // by rule; of statements' rules alone
	byKey  [6][]entry // ascending; values of principal, action and resource, then types
	always []int32    // statements with a rule that asks nothing
	found  []int32    // of the last request
}

// guard is what a rule asks of principal, action and resource: a value, a type, None for anything.
type guard struct{ is, typed [3]value.Value }

// entry is a statement under a key.
type entry struct {
	key       value.Value
	statement int32
}

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.statement, b.statement))
}

// keyOrder are the columns in the order in which they tell most: there are many resources and principals and few actions.
var keyOrder = [...]int{2, 0, 1, 5, 3, 4}

func (g *guard) key(column int) value.Value {
	if column < 3 {
		return g.is[column]
	}
	return g.typed[column-3]
}

func newDispatch(p *analysis.Program) *dispatch {
	d := &dispatch{guards: make([]guard, len(p.Rules))}
	for i := range p.Statements {
		for _, r := range p.Statements[i].Rules {
			d.guards[r] = guardOf(&p.Rules[r])
			d.add(int32(i), &d.guards[r])
		}
	}
	for c, list := range d.byKey {
		slices.SortFunc(list, compareEntries)
		d.byKey[c] = slices.Compact(list)
	}
	d.always = slices.Compact(d.always)
	return d
}

func (d *dispatch) add(statement int32, g *guard) {
	for _, c := range keyOrder {
		if k := g.key(c); k != value.None {
			d.byKey[c] = append(d.byKey[c], entry{key: k, statement: statement})
			return
		}
	}
	d.always = append(d.always, statement)
}

// guardOf collects a rule's constants and its tests `X is T`: where one is false the rule neither holds nor errs.
func guardOf(r *analysis.Rule) guard {
	g := guard{is: [3]value.Value{value.None, value.None, value.None}, typed: [3]value.Value{value.None, value.None, value.None}}
	for c, a := range r.HeadArgs {
		if a.Var == analysis.TermConst {
			g.is[c] = a.Const
		}
		for i := range r.Body {
			x := r.Body[i].Expr
			if r.Body[i].Kind == analysis.LitTest && x.Op == analysis.OpIs && x.Args[0].Op == analysis.OpVar && x.Args[0].Var == a.Var {
				g.typed[c] = x.Const
			}
		}
	}
	return g
}

// passes reports whether a request has what a rule asks. What a request lacks passes.
func (g *guard) passes(call, types *[3]value.Value) bool {
	for c := range call {
		if call[c] == value.None {
			continue
		}
		if g.is[c] != value.None && g.is[c] != call[c] || g.typed[c] != value.None && g.typed[c] != types[c] {
			return false
		}
	}
	return true
}

// find returns the statements that may concern a request, ascending, until the next call.
func (d *dispatch) find(call, types *[3]value.Value) []int32 {
	d.found = append(d.found[:0], d.always...)
	for c := range call {
		d.under(c, call[c], call[c] == value.None)
		d.under(c+3, types[c], call[c] == value.None)
	}
	if len(d.found) > len(d.always) {
		slices.Sort(d.found)
		d.found = slices.Compact(d.found)
	}
	return d.found
}

// under adds the statements under a key; all of the column's for what a request lacks, since whatever is asked of that passes.
func (d *dispatch) under(column int, key value.Value, all bool) {
	list := d.byKey[column]
	low, high := 0, len(list)
	for low < high && !all {
		if mid := (low + high) / 2; list[mid].key < key {
			low = mid + 1
		} else {
			high = mid
		}
	}
	for ; low < len(list) && (all || list[low].key == key); low++ {
		d.found = append(d.found, list[low].statement)
	}
}
