package host

import "context"

// Engine is one loaded configuration, served by a pool of equal instances. It is safe for concurrent use.
//
// A verb takes the request's JSON, appends the reply's JSON to dst and returns the extended slice. Where the engine
// refuses a request, the reply is its error object, and err the same as an [*Error]. Where the host fails, dst comes back
// as it was. A decision that a limit cut short is a reply, not an error.
type Engine struct{}

// Authorize decides one request.
func (e *Engine) Authorize(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	panic("host: to come")
}

// Batch decides many requests, {"requests":[…]}, in order, each as if alone.
func (e *Engine) Batch(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	panic("host: to come")
}

// Query answers a goal, {"goal":"…"}, with all its bindings, sorted.
func (e *Engine) Query(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	panic("host: to come")
}

// Update changes facts, {"insert":{…},"delete":{…}}, as one transaction. When it has returned, every call sees it.
func (e *Engine) Update(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	panic("host: to come")
}

// Describe answers {} with what the configuration holds.
func (e *Engine) Describe(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	panic("host: to come")
}

// Test runs the configuration's own tests, {"run":"regular expression"} or {} for all.
func (e *Engine) Test(ctx context.Context, dst, request []byte, c *Call) ([]byte, error) {
	panic("host: to come")
}

// Revision names the state that calls see: the loaded files and the updates since.
func (e *Engine) Revision() string { panic("host: to come") }

// Warnings are what the load found odd.
func (e *Engine) Warnings() []Diagnostic { panic("host: to come") }

// Needs are the keys of host context that the configuration reads, "now" among them where it reads the time.
func (e *Engine) Needs() []string { panic("host: to come") }

// Close frees the engine's instances once the calls in progress have returned. Later calls fail with [CodeClosed].
func (e *Engine) Close(ctx context.Context) error { panic("host: to come") }
