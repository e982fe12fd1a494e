package server

import (
	"cmp"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3gen"

	"github.com/rune-authz/rune/internal/version"
	"github.com/rune-authz/rune/server/problem"
)

// getOpenAPI sends the document that describes the server.
func (x *exchange) getOpenAPI() *problem.Problem {
	text, err := x.s.openAPI()
	if err != nil {
		return problem.From(err)
	}
	x.ctx.SetContentTypeBytes(mediaJSON)
	x.ctx.Response.SetBodyRaw(text)
	return nil
}

// describeAPI makes the OpenAPI document from the routes and the types of what they take and give.
func (s *Server) describeAPI() ([]byte, error) {
	d := &describer{secured: s.config.Authenticated(), doc: &openapi3.T{
		OpenAPI: "3.0.3",
		Info: &openapi3.Info{
			Title: "RUNE", Version: version.String(),
			Description: "Who may do what, from Datalog rules and Cedar policies.",
			License:     &openapi3.License{Name: "Apache-2.0", URL: "https://www.apache.org/licenses/LICENSE-2.0"},
		},
		Servers:    openapi3.Servers{{URL: cmp.Or(s.config.PublicURL, "/")}},
		Paths:      openapi3.NewPaths(),
		Components: &openapi3.Components{Schemas: openapi3.Schemas{}},
	}}
	d.types = openapi3gen.NewGenerator(openapi3gen.SchemaCustomizer(customize),
		openapi3gen.CreateComponentSchemas(openapi3gen.ExportComponentSchemasOptions{ExportComponentSchemas: true, ExportTopLevelSchema: true}))
	if d.secured {
		d.doc.Components.SecuritySchemes = openapi3.SecuritySchemes{"bearer": {Value: openapi3.NewJWTSecurityScheme()}}
	}
	for _, t := range []any{problem.Problem{}, AuthorizeReply{}, ErrorReply{}, EvaluationReply{}, EvaluationError{}, EvaluationsReply{}} {
		d.schema(t)
	}
	for _, r := range routes() {
		d.add(r)
	}
	if d.err != nil {
		return nil, d.err
	}
	return json.MarshalIndent(d.doc, "", " ")
}

// describer makes the document. The first error stays.
type describer struct {
	doc     *openapi3.T
	types   *openapi3gen.Generator
	secured bool
	err     error
}

func (d *describer) schema(value any) *openapi3.SchemaRef {
	if special, ok := specials[reflect.TypeOf(value)]; ok { // which no component is made of
		return special().NewRef()
	}
	ref, err := d.types.NewSchemaRefForValue(value, d.doc.Components.Schemas)
	if err != nil && d.err == nil {
		d.err = err
	}
	return ref
}

func (d *describer) content(media string, value any) openapi3.Content {
	return openapi3.Content{media: &openapi3.MediaType{Schema: d.schema(value)}}
}

func (d *describer) add(r *route) {
	o := openapi3.NewOperation()
	o.Summary, o.Description = r.summary, r.detail
	o.OperationID = operationID(r)
	if strings.Contains(r.path, "{predicate}") {
		o.AddParameter(openapi3.NewPathParameter("predicate").WithSchema(openapi3.NewStringSchema().WithPattern(`^[A-Za-z0-9_.]+$`)))
	}
	for _, p := range r.params {
		o.AddParameter(&openapi3.Parameter{Name: p.name, In: "query", Description: p.about, Schema: d.schema(p.value)})
	}
	if r.body != "" {
		o.RequestBody = &openapi3.RequestBodyRef{Value: openapi3.NewRequestBody().WithRequired(true).WithContent(d.content(r.body, r.request))}
	}
	o.Responses = openapi3.NewResponsesWithCapacity(8)
	for _, a := range r.replies {
		o.AddResponse(a.status, d.response(a.about, d.content(a.media, a.body), r.headers))
	}
	for _, status := range r.failures(d.secured) {
		o.AddResponse(status, d.response(http.StatusText(status), d.content(problem.ContentType, problem.Problem{}), nil))
	}
	if d.secured && r.scope != 0 {
		o.Security = openapi3.NewSecurityRequirements().With(openapi3.NewSecurityRequirement().Authenticate("bearer"))
		o.Description = strings.TrimSpace(o.Description + " The token needs the scope " + r.scope.String() + ".")
	}
	d.doc.AddOperation(r.path, r.method, o)
}

// operationID is a name such as postAuthorizeBatch.
func operationID(r *route) string {
	id := strings.ToLower(r.method)
	for part := range strings.FieldsFuncSeq(strings.TrimPrefix(r.path, "/v1"), func(c rune) bool { return !('a' <= c && c <= 'z') }) {
		id += strings.ToUpper(part[:1]) + part[1:]
	}
	return id
}

// failures are the statuses of the problems that a route may answer with.
func (r *route) failures(secured bool) []int {
	list := append([]int{http.StatusRequestHeaderFieldsTooLarge, http.StatusRequestTimeout}, r.fails...)
	if !r.free {
		list = append(list, http.StatusBadRequest, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	}
	if r.scope != 0 {
		list = append(list, http.StatusForbidden) // for a page, where it isn't for a scope
	}
	if secured && r.scope != 0 {
		list = append(list, http.StatusUnauthorized)
	}
	if r.body != "" {
		list = append(list, http.StatusUnsupportedMediaType, http.StatusRequestEntityTooLarge)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (d *describer) response(about string, content openapi3.Content, headers []header) *openapi3.Response {
	r := openapi3.NewResponse().WithDescription(about).WithContent(content)
	r.Headers = openapi3.Headers{"X-Request-Id": headerOf("the request's own id, or one that was made for it")}
	for _, h := range headers {
		r.Headers[h.name] = headerOf(h.about)
	}
	return r
}

func headerOf(about string) *openapi3.HeaderRef {
	return &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: openapi3.Parameter{
		Description: about, Schema: openapi3.NewStringSchema().NewRef(),
	}}}
}

// customize says of a type what reflection doesn't: which members have to be there, that there are no others, and what a value may be that
// has no type in Go.
func customize(_ string, t reflect.Type, tag reflect.StructTag, s *openapi3.Schema) error {
	if text := tag.Get("enum"); text != "" && t.Kind() == reflect.String {
		for v := range strings.SplitSeq(text, ",") {
			s.Enum = append(s.Enum, v)
		}
	}
	if text := tag.Get("minimum"); text != "" {
		least, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		s.Min = &least
	}
	if tag.Get("filled") != "" {
		s.MinLength, s.MinItems = leastOf(s)
	}
	s.Nullable = tag.Get("nullable") != "" // no reply has a null, and of requests AuthZEN's alone may
	if special, ok := specials[t]; ok {
		*s = *special()
		return nil
	}
	if t.Kind() == reflect.Struct && s.Type.Is("object") {
		open := slices.Contains(openTypes, t)
		s.AdditionalProperties = openapi3.AdditionalProperties{Has: &open}
		s.Required = required(t)
	}
	return nil
}

// leastOf is how long a text, or a list, is that isn't empty.
func leastOf(s *openapi3.Schema) (length, items uint64) {
	if s.Type.Is("array") {
		return 0, 1
	}
	return 1, 0
}

// required names the members that are always there.
func required(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" && !strings.Contains(options, "omitempty") && !strings.Contains(options, "omitzero") {
			names = append(names, name)
		}
	}
	return names
}

// openTypes may have more members than are known, which are ignored.
var openTypes = []reflect.Type{
	reflect.TypeFor[Evaluation](), reflect.TypeFor[Evaluations](), reflect.TypeFor[Party](), reflect.TypeFor[ActionName](), reflect.TypeFor[EvaluationOptions](),
}

// eitherOf is the schema of what is one of these types.
func eitherOf(types ...string) *openapi3.Schema {
	s := &openapi3.Schema{}
	for _, t := range types {
		s.OneOf = append(s.OneOf, openapi3.NewSchemaRef("#/components/schemas/"+t, nil))
	}
	return s
}

// anything is the schema of what may be any JSON.
func anything(about string) *openapi3.Schema {
	return &openapi3.Schema{Description: about, Nullable: true}
}

// specials are the types whose schema isn't that of their fields.
var specials = map[reflect.Type]func() *openapi3.Schema{
	reflect.TypeFor[EntityName](): func() *openapi3.Schema {
		closed := false
		object := openapi3.NewObjectSchema().WithProperty("type", openapi3.NewStringSchema().WithMinLength(1)).WithProperty("id", openapi3.NewStringSchema())
		object.Required = []string{"type", "id"}
		object.AdditionalProperties = openapi3.AdditionalProperties{Has: &closed}
		return openapi3.NewOneOfSchema(openapi3.NewStringSchema().WithMinLength(1), object)
	},
	reflect.TypeFor[BatchItem](): func() *openapi3.Schema {
		return &openapi3.Schema{Description: "a request, as for one decision; for anything else an error stands in its place among the results", AnyOf: openapi3.SchemaRefs{
			openapi3.NewSchemaRef("#/components/schemas/AuthorizeRequest", nil), {Value: &openapi3.Schema{}},
		}}
	},
	reflect.TypeFor[PageLimit](): func() *openapi3.Schema {
		return openapi3.NewIntegerSchema().WithMin(1).WithMax(mostFactPage)
	},
	reflect.TypeFor[Value](): func() *openapi3.Schema {
		return &openapi3.Schema{Description: "a value of Cedar's as JSON: no null, numbers are whole"}
	},
	reflect.TypeFor[BatchResult](): func() *openapi3.Schema {
		return eitherOf("AuthorizeReply", "ErrorReply")
	},
	reflect.TypeFor[Property](): func() *openapi3.Schema {
		return anything("a value of Cedar's as JSON; a fraction is a decimal, and null is dropped")
	},
	reflect.TypeFor[Default](): func() *openapi3.Schema {
		return anything("what holds for evaluations that don't have it themselves; it needs to be whole only if there are such")
	},
	reflect.TypeFor[EvaluationItem](): func() *openapi3.Schema {
		return anything("an evaluation, as for one decision, or what of it isn't by default; for anything else there is an error in its place")
	},
	reflect.TypeFor[EvaluationResult]():  func() *openapi3.Schema { return eitherOf("EvaluationReply", "EvaluationError") },
	reflect.TypeFor[EvaluationsAnswer](): func() *openapi3.Schema { return eitherOf("EvaluationsReply", "EvaluationReply") },
}
