package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rune-authz/rune/engine/internal/analysis"
)

// tally counts what random programs hold and give, so that a test can tell what it never saw.
type tally map[string]int

func (c tally) require(t *testing.T, names string) {
	t.Helper()
	for _, n := range strings.Fields(names) {
		if c[n] == 0 {
			t.Errorf("%s never occurred", n)
		}
	}
	var list []string
	for _, n := range slices.Sorted(maps.Keys(c)) {
		list = append(list, fmt.Sprintf("%s %d", n, c[n]))
	}
	t.Log(strings.Join(list, ", "))
}

func (c tally) add(more tally) {
	for k, n := range more {
		c[k] += n
	}
}

func (c tally) program(p *analysis.Program) {
	for i := range p.Preds {
		if p.Preds[i].Recursive {
			c["recursive"]++
		}
		if p.Preds[i].Kind == analysis.PredStore && len(p.Preds[i].Rules) > 0 {
			c["derived-"+strings.ToLower(strings.Split(p.Preds[i].Name, "/")[0])]++
		}
	}
	for i := range p.Rules {
		for j := range p.Rules[i].Body {
			c.literal(&p.Rules[i].Body[j])
		}
	}
}

func (c tally) literal(l *analysis.Literal) {
	c[[...]string{"atom", "not", "test", "equation", "aggregate", "generate"}[l.Kind]]++
	if l.Kind == analysis.LitAggregate {
		c[[...]string{"count", "sum", "min", "max", "collect"}[l.Aggregate.Op]]++
	}
	if l.Kind == analysis.LitGenerate {
		c[[...]string{"argv", "split", "each-set", "each-record"}[l.Generator]]++
	}
	if l.Kind == analysis.LitAtom && l.Pred < analysis.FirstUserPred {
		c[[...]string{"principal", "action", "resource", "context", "parent", "in", "attribute", "tag", "permit", "forbid"}[l.Pred]]++
	}
	c.expr(l.Expr)
}

func (c tally) expr(e *analysis.Expr) {
	if e == nil {
		return
	}
	c["op-"+[...]string{"const", "var", "context", "attr", "has", "gettag", "hastag", "in", "is", "like", "set", "record", "if", "and", "or", "call"}[e.Op]]++
	for _, a := range e.Args {
		c.expr(a)
	}
}

const everyFeature = `atom not test equation aggregate generate count sum min max collect argv split each-set each-record principal action resource
	context parent in attribute tag derived-parent derived-attribute derived-tag recursive op-context op-attr op-has op-gettag op-hastag op-in
	op-is op-like op-set op-record op-if op-and op-or op-call`
