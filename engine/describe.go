package engine

import (
	"github.com/rune-authz/rune/engine/internal/analysis"
	"github.com/rune-authz/rune/engine/internal/source"
	"github.com/rune-authz/rune/engine/internal/value"
)

// Describe appends what is loaded: names, counts, files, predicates with their columns, statements with their places, limits. The request
// is {}.
func (e *Engine) Describe(dst, request []byte, h *Host) []byte {
	e.stats = Stats{}
	if d := e.enterBase(h); d != nil {
		return appendErrorObject(dst, e.files, *d)
	}
	if err := e.emptyRequest(request); err != nil {
		return e.appendRequestError(dst, request, err)
	}
	m := &e.set.Metadata
	dst = appendText(append(dst, '{'), "name", m.Name)
	dst = appendText(append(dst, ','), "description", m.Description)
	dst = appendText(append(dst, ','), "version", m.Version)
	dst = appendText(append(dst, ','), "revision", e.revisionText)
	dst = append(e.appendCounts(append(dst, `,"counts":{`...)), '}')
	dst = append(e.appendFiles(append(dst, `,"files":[`...)), ']')
	dst = append(e.appendPredicates(append(dst, `,"predicates":[`...)), ']')
	dst = append(e.appendStatements(append(dst, `,"statements":[`...)), ']')
	dst = append(e.appendLimits(append(dst, `,"limits":{`...)), '}')
	return append(appendTexts(append(dst, ','), "needs", e.needs), '}')
}

func (e *Engine) appendCounts(dst []byte) []byte {
	facts, rules := 0, 0
	for i := range e.program.Preds {
		facts += e.model.DB().Pred(i).Facts.Len()
	}
	for i := range e.program.Rules {
		if e.program.Rules[i].Statement < 0 && e.program.Preds[e.program.Rules[i].Head].Kind != analysis.PredAux {
			rules++
		}
	}
	dst = appendNumber(dst, "facts", facts)
	dst = appendNumber(append(dst, ','), "rules", rules)
	dst = appendNumber(append(dst, ','), "statements", len(e.program.Statements))
	dst = appendNumber(append(dst, ','), "policies", e.policyCount())
	dst = appendNumber(append(dst, ','), "entities", len(e.store.All()))
	return appendNumber(append(dst, ','), "tests", len(e.set.Tests))
}

func (e *Engine) appendFiles(dst []byte) []byte {
	for i := 1; i <= e.files.Len(); i++ {
		if i > 1 {
			dst = append(dst, ',')
		}
		f := e.files.File(source.FileID(i))
		dst = appendText(append(dst, '{'), "name", f.Name)
		dst = append(appendNumber(append(dst, ','), "bytes", len(f.Text)), '}')
	}
	return dst
}

// appendPredicates lists the predicates that documents name, in the order of the program.
func (e *Engine) appendPredicates(dst []byte) []byte {
	first := true
	for i := analysis.FirstUserPred; int(i) < len(e.program.Preds); i++ {
		p := &e.program.Preds[i]
		if p.Kind != analysis.PredUser {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = appendText(append(dst, '{'), "name", p.Name)
		dst = append(dst, `,"columns":[`...)
		for j := range p.Columns {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = value.AppendJSONString(dst, e.program.AppendType(nil, p.Columns[j]))
		}
		dst = append(dst, ']')
		dst = appendNumber(append(dst, ','), "facts", e.model.DB().Pred(int(i)).Facts.Len())
		dst = append(appendNumber(append(dst, ','), "rules", len(p.Rules)), '}')
	}
	return dst
}

func (e *Engine) appendStatements(dst []byte) []byte {
	for i, s := range e.rules.Statements {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(append(dst, '{'), "id", s.ID)
		dst = appendText(append(dst, ','), "kind", kinds[s.Kind])
		effect := "permit"
		if s.Forbid {
			effect = "forbid"
		}
		dst = appendText(append(dst, ','), "effect", effect)
		if s.HasMessage {
			dst = appendText(append(dst, ','), "message", s.Message)
		}
		dst = append(appendPosition(append(dst, ','), e.files.Position(e.places[i])), '}')
	}
	return dst
}

func (e *Engine) appendLimits(dst []byte) []byte {
	limits := effective(Limits{}, e.configured)
	for i, p := range limits.list() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendNumber(dst, limitNames[i], int(*p))
	}
	return dst
}
