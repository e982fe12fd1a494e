package host_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"testing/fstest"

	"github.com/rune-authz/rune/host"
)

const document = `version = "rune/1.0"
[data]
member = [["alice", "admins"]]
[rules]
decl member(User, Group).
@id("admins-read") @reason("administrators read everything")
permit(P, "read", _) :- member(P, Group::"admins").
[tests]
"alice reads" = { principal = "alice", action = "read", resource = "x", expect = "permit" }
`

// engine is a loaded engine, and what closes it.
func engine() (*host.Engine, func()) {
	ctx := context.Background()
	runtime, err := host.New(ctx, host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	e, err := runtime.LoadText(ctx, document, nil)
	if err != nil {
		log.Fatal(err)
	}
	return e, func() {
		e.Close(ctx)
		runtime.Close(ctx)
	}
}

func Example() {
	ctx := context.Background()
	runtime, err := host.New(ctx, host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer runtime.Close(ctx)
	engine, err := runtime.LoadText(ctx, "version = \"rune/1.0\"\n[policies]\npermit(principal == User::\"alice\", action, resource);\n", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close(ctx)
	var stats host.Stats
	_, err = engine.Authorize(ctx, nil, []byte(`{"principal":"alice","action":"read","resource":"notes"}`), &host.Call{Stats: &stats})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stats.Decision == host.Permit)
	// Output: true
}

func ExampleEngine_Authorize() {
	e, done := engine()
	defer done()
	reply, err := e.Authorize(context.Background(), nil, []byte(`{"principal":"alice","action":"read","resource":"notes"}`), nil)
	fmt.Printf("%.130s… %v\n", reply, err)
	_, err = e.Authorize(context.Background(), nil, []byte(`{"principal":"alice","action":"read"}`), nil)
	fmt.Println(errors.Is(err, host.Code("request.missing_field")))
	// Output:
	// {"decision":"permit","reasons":[{"id":"admins-read","kind":"rule","effect":"permit","message":"administrators read everything"}],"… <nil>
	// true
}

func ExampleEngine_Batch() {
	e, done := engine()
	defer done()
	var stats host.Stats
	_, err := e.Batch(context.Background(), nil, []byte(`{"requests":[
		{"principal":"alice","action":"read","resource":"notes"},
		{"principal":"bob","action":"read","resource":"notes"}
	]}`), &host.Call{Stats: &stats})
	fmt.Println(stats.Items, err)
	// Output: 2 <nil>
}

func ExampleEngine_Query() {
	e, done := engine()
	defer done()
	reply, err := e.Query(context.Background(), nil, []byte(`{"goal":"member(X, G)"}`), nil)
	fmt.Printf("%.119s… %v\n", reply, err)
	// Output:
	// {"columns":["X","G"],"rows":[[{"__entity":{"type":"User","id":"alice"}},{"__entity":{"type":"Group","id":"admins"}}]],"… <nil>
}

func ExampleEngine_Update() {
	e, done := engine()
	defer done()
	ctx := context.Background()
	if _, err := e.Update(ctx, nil, []byte(`{"insert":{"member":[["bob","admins"]]},"delete":{"member":[["alice","admins"]]}}`), nil); err != nil {
		log.Fatal(err)
	}
	reply, err := e.Query(ctx, nil, []byte(`{"goal":"member(X, Group::\"admins\")"}`), nil)
	fmt.Printf("%.69s… %v\n", reply, err)
	// Output:
	// {"columns":["X"],"rows":[[{"__entity":{"type":"User","id":"bob"}}]],"… <nil>
}

func ExampleEngine_Describe() {
	e, done := engine()
	defer done()
	reply, err := e.Describe(context.Background(), nil, []byte(`{}`), nil)
	fmt.Println(len(reply) > 0, err)
	// Output: true <nil>
}

func ExampleEngine_Test() {
	e, done := engine()
	defer done()
	reply, err := e.Test(context.Background(), nil, []byte(`{}`), nil)
	fmt.Printf("%.43s… %v\n", reply, err)
	// Output:
	// {"tests":[{"name":"alice reads","ok":true,"… <nil>
}

func ExampleRuntime_Load() {
	ctx := context.Background()
	runtime, err := host.New(ctx, host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer runtime.Close(ctx)
	files := fstest.MapFS{
		"conf/app.rune":           {Data: []byte("version = \"rune/1.0\"\ninclude = [\"policies/*.cedar\"]\n")},
		"conf/policies/all.cedar": {Data: []byte("permit(principal, action, resource);")},
	}
	e, err := runtime.Load(ctx, files, "conf/app.rune", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close(ctx)
	fmt.Println(len(e.Revision()))
	// Output: 64
}

func ExampleError() {
	ctx := context.Background()
	runtime, err := host.New(ctx, host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer runtime.Close(ctx)
	_, err = runtime.LoadText(ctx, "version = \"rune/1.0\"\n[rules]\npermit(X) :- nobody(X).\n", nil)
	fmt.Println(err)
	// Output:
	// .:3:14: there is no predicate "nobody" [datalog.unknown_predicate]
}

func ExampleEngine_Overlay() {
	e, done := engine()
	defer done()
	ctx := context.Background()
	handle, err := e.Overlay(ctx, `@id("frozen") forbid(_, _, "payroll").`, true) // it can only take away
	if err != nil {
		log.Fatal(err)
	}
	for _, resource := range []string{"payroll", "notes"} {
		request := fmt.Appendf(nil, `{"principal":"alice","action":"read","resource":%q}`, resource)
		var stats host.Stats
		if _, err := e.Authorize(ctx, nil, request, &host.Call{Overlay: handle, Stats: &stats}); err != nil {
			log.Fatal(err)
		}
		fmt.Println(resource, stats.Decision == host.Permit)
	}
	// Output:
	// payroll false
	// notes true
}
