package server

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/internal/version"
	"github.com/rune-authz/rune/server/live"
	"github.com/rune-authz/rune/server/problem"
)

// getConfig tells what is loaded.
func (x *exchange) getConfig() *problem.Problem {
	g := x.s.store.Current()
	d, err := g.Describe(x.s.ctx)
	if x.s.store.Replaced(g, err) {
		return x.getConfig()
	}
	if err != nil {
		return problem.From(err)
	}
	success, failed := x.s.store.Reloads()
	return x.reply(http.StatusOK, &ConfigReply{
		Name: d.Name, Description: d.Description, Version: d.Version,
		Revision: d.Revision, Documents: g.Base, Since: g.Since.UTC(),
		Sources: d.Files, Counts: d.Counts, Predicates: d.Predicates, Needs: d.Needs, Warnings: diagnostics(g.Engine.Warnings()),
		LastLoad: loadReport(x.s.store.LastReload()),
		Reloads:  Reloads{Success: success, Failed: failed},
		Engine:   EngineReport{Version: version.String(), ABI: host.ABIVersion, SHA256: host.ModuleSHA256()},
	})
}

// diagnostics makes no list an empty one.
func diagnostics(list []host.Diagnostic) []host.Diagnostic {
	if list == nil {
		return []host.Diagnostic{}
	}
	return list
}

func loadReport(o *live.Outcome) LoadReport {
	r := LoadReport{Time: o.Time.UTC(), Cause: string(o.Cause), Result: string(o.Result), Milliseconds: float64(o.Duration) / float64(time.Millisecond)}
	if o.Err != nil {
		r.Error = invalid(o.Err)
	}
	return r
}

// postReload loads the configuration again.
func (x *exchange) postReload() *problem.Problem {
	o, err := x.s.store.Reload(x.s.ctx, live.CauseRequest)
	if err != nil {
		return invalid(err)
	}
	return x.reply(http.StatusOK, &ReloadReply{Result: string(o.Result), Revision: o.Revision})
}

// invalid is the problem of a configuration that doesn't load.
func invalid(err error) *problem.Problem {
	e := (*host.Error)(nil)
	if !errors.As(err, &e) || problem.StatusOf(e.Code) >= http.StatusInternalServerError {
		return problem.From(err)
	}
	p := problem.From(err)
	p.Diagnostics = errorDiagnostics(e)
	if p.Status != http.StatusUnprocessableEntity {
		p = problem.New(problem.CodeReload, fmt.Sprintf("the configuration doesn't load: %s", e.Error()))
		p.File, p.Line, p.Column, p.Help, p.Diagnostics = e.File, e.Line, e.Column, e.Help, errorDiagnostics(e)
	}
	return p
}

// errorDiagnostics is everything that an error found, or the error itself.
func errorDiagnostics(e *host.Error) []host.Diagnostic {
	if len(e.Diagnostics) > 0 {
		return e.Diagnostics
	}
	return []host.Diagnostic{{Severity: "error", Code: e.Code, Message: e.Message, File: e.File, Line: e.Line, Column: e.Column, Help: e.Help,
		Text: e.Error() + "\n"}}
}

// getValidate tells what a reload would say.
func (x *exchange) getValidate() *problem.Problem {
	return x.verdict(x.s.store.Validate(x.s.ctx))
}

// postValidate checks the document in the body, which can't include others.
func (x *exchange) postValidate() *problem.Problem {
	return x.verdict(x.s.store.ValidateText(x.s.ctx, string(x.body())))
}

func (x *exchange) verdict(warnings []host.Diagnostic, err error) *problem.Problem {
	if err == nil {
		return x.reply(http.StatusOK, &ValidateReply{Valid: true, Diagnostics: diagnostics(warnings)})
	}
	e := (*host.Error)(nil)
	if !errors.As(err, &e) || problem.StatusOf(e.Code) >= http.StatusInternalServerError {
		return problem.From(err)
	}
	return x.reply(http.StatusOK, &ValidateReply{Valid: false, Diagnostics: errorDiagnostics(e)})
}
