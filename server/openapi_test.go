package server

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestOpenAPI_isValid(t *testing.T) {
	v := serve(t, people, Deps{})
	g := v.ask("GET", "/openapi.json", "").wantOK(t, `"openapi": "3.0.3"`)
	doc, err := openapi3.NewLoader().LoadFromData([]byte(g.body))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
	for _, r := range routes() {
		if doc.Paths.Value(r.path).GetOperation(r.method) == nil {
			t.Errorf("%s %s isn't in the document", r.method, r.path)
		}
	}
}

// TestOpenAPI_isStrict: an answer with a member too many or too few isn't as the document says.
func TestOpenAPI_isStrict(t *testing.T) {
	v := serve(t, people, Deps{})
	good := v.ask("POST", "/v1/authorize", annReads)
	schema := v.doc.Paths.Value("/v1/authorize").Post.Responses.Status(200).Value.Content["application/json"].Schema.Value
	for text, ok := range map[string]bool{
		good.body: true,
		strings.Replace(good.body, `"reasons":`, `"reason":`, 1):                           false,
		strings.Replace(good.body, `{"decision"`, `{"more":1,"decision"`, 1):               false,
		strings.Replace(good.body, `"permit"`, `"perhaps"`, 1):                             false,
		strings.Replace(good.body, `"effect":"permit",`, ``, 1):                            false,
		strings.Replace(good.body, `"errors":[]`, `"errors":[{"id":"rule0","code":1}]`, 1): false,
	} {
		var value any
		got{body: text}.into(t, &value)
		if err := schema.VisitJSON(value); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestOpenAPI_security(t *testing.T) {
	open := serve(t, people, Deps{}).doc
	closed := serve(t, people, Deps{Gate: gateOf(Client{})}, func(c *Config) { c.JWTKeys = "keys.pem" }).doc
	if open.Paths.Value("/v1/query").Post.Security != nil || closed.Paths.Value("/v1/query").Post.Security == nil ||
		closed.Paths.Value("/health/live").Get.Security != nil {
		t.Error("security isn't where tokens are asked for")
	}
}

func TestDocs(t *testing.T) {
	v := serve(t, people, Deps{})
	g := v.ask("GET", "/docs", "").wantOK(t, "<!DOCTYPE html>")
	for _, outside := range []string{"http://", "https://", "src=", "@import", "url("} {
		if strings.Contains(g.body, outside) {
			t.Errorf("the page has %s in it", outside)
		}
	}
	if !strings.Contains(g.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers: %v", g.header)
	}
}
