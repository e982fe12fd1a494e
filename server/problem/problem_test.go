package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/rune-authz/rune/host"
)

// TestFrom: the engine's errors are told in full, what the machine says isn't.
func TestFrom(t *testing.T) {
	engine := &host.Error{Code: "request.type", Message: "a number", File: "goal", Line: 2, Column: 3, Help: "quote it",
		Diagnostics: []host.Diagnostic{{Code: "request.type"}}}
	for _, c := range []struct {
		err  error
		want string
	}{
		{engine, `{"status":400,"title":"Bad Request","code":"request.type","detail":"a number","file":"goal","line":2,"column":3,"help":"quote it","diagnostics":[`},
		{fmt.Errorf("wrapped: %w", engine), `{"status":400,`},
		{&host.Error{Code: host.CodeTrap, Message: "died"}, `{"status":500,"title":"Internal Server Error","code":"host.trap"`},
		{&host.Error{Code: host.CodeClosed}, `{"status":503,`},
		{New(CodeRate, "later"), `{"status":429,"title":"Too Many Requests","code":"rate.exceeded","detail":"later"}`},
		{&fs.PathError{Op: "open", Path: "/etc/secret", Err: errors.New("no")}, `{"status":500,"title":"Internal Server Error","code":"server.internal","detail":"the server failed"}`},
	} {
		text, err := json.Marshal(From(c.err))
		if err != nil || !strings.HasPrefix(string(text), c.want) {
			t.Errorf("%v: %s %v, want %s", c.err, text, err, c.want)
		}
	}
}

func TestStatusOf(t *testing.T) {
	for code, want := range map[host.Code]int{
		"access.token_whatever": 401, CodeScope: 403, CodePath: 404, CodeMethod: 405, CodeTimeout: 408, CodeRevision: 409, CodeBodyTooLarge: 413,
		CodeContentType: 415, CodeReload: 422, CodeRate: 429, CodeHeaderTooLarge: 431, CodeBusy: 503, "datalog.syntax": 400,
	} {
		if got := StatusOf(code); got != want {
			t.Errorf("%s is %d, want %d", code, got, want)
		}
	}
}

func TestProblem_with(t *testing.T) {
	p := New(CodeMethod, "here works GET").With("Allow", "GET").Helped("use GET")
	if p.Error() != "405: here works GET [http.method]" || p.Headers[0] != [2]string{"Allow", "GET"} || p.Help != "use GET" {
		t.Errorf("%+v", p)
	}
}
