package main

import (
	"encoding/json"
	"fmt"
)

// reply is an engine's answer to a request: a decision or an error.
type reply struct {
	Decision string
	Reasons  []struct{ ID, Kind, Effect, Message string }
	Error    *struct {
		Code, Message, Help string
		Line, Column        int
	}
	Diagnostics struct {
		Errors []struct{ ID, Code, Message string }
	}
}

// writeText writes a request, what was decided, and the statements that did.
func (v *evaluation) writeText(request, text []byte) {
	p := v.style.out
	var r reply
	if err := json.Unmarshal(text, &r); err != nil {
		fmt.Fprintf(v.stdout, "%s\n", text) // never seen: replies are JSON
		return
	}
	fmt.Fprintf(v.stdout, "%s\n", p.bold(requestText(request)))
	if r.Error != nil {
		fmt.Fprintf(v.stdout, "  %s %s %s\n", p.red("error"), plain(r.Error.Message), p.dim("["+r.Error.Code+"]"))
		if r.Error.Help != "" {
			fmt.Fprintf(v.stdout, "    help: %s\n", plain(r.Error.Help))
		}
		return
	}
	fmt.Fprintf(v.stdout, "  %s\n", p.decision(r.Decision))
	for _, s := range r.Reasons {
		fmt.Fprintf(v.stdout, "    %s by %s %s%s\n", s.Effect, s.Kind, p.bold(plain(s.ID)), afterColon(s.Message))
	}
	if len(r.Reasons) == 0 {
		fmt.Fprintf(v.stdout, "    %s\n", p.dim("no statement applies"))
	}
	for _, e := range r.Diagnostics.Errors {
		fmt.Fprintf(v.stdout, "    %s in %s: %s %s\n", p.yellow("error"), p.bold(plain(e.ID)), plain(e.Message), p.dim("["+e.Code+"]"))
	}
}

func afterColon(s string) string {
	if s == "" {
		return ""
	}
	return ": " + plain(s)
}

// requestText is a request on one line: principal, action, resource, and the context where there is one.
func requestText(request []byte) string {
	var r struct{ Principal, Action, Resource, Context json.RawMessage }
	if err := json.Unmarshal(request, &r); err != nil || r.Principal == nil || r.Action == nil || r.Resource == nil {
		return plain(string(request))
	}
	text := entityText(r.Principal) + " " + entityText(r.Action) + " " + entityText(r.Resource)
	if r.Context != nil {
		text += " " + plain(string(r.Context))
	}
	return text
}

// entityText is an entity of a request as people write it.
func entityText(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return plain(text)
	}
	var e struct{ Type, ID string }
	if json.Unmarshal(value, &e) == nil && e.Type != "" {
		return plain(e.Type) + "::" + quote(e.ID)
	}
	return plain(string(value))
}
