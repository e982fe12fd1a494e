package host

import (
	"context"
	"sync"
	"testing"
)

// shared is one compiled module for all tests.
var shared = sync.OnceValues(func() (*Runtime, error) { return New(context.Background(), Options{}) })

func testRuntime(tb testing.TB) *Runtime {
	tb.Helper()
	r, err := shared()
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// loadText loads a configuration that is closed with the test.
func loadText(tb testing.TB, text string, o *LoadOptions) *Engine {
	tb.Helper()
	e, err := testRuntime(tb).LoadText(context.Background(), text, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// must returns a reply as text.
func must(tb testing.TB) func(reply []byte, err error) string {
	return func(reply []byte, err error) string {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return string(reply)
	}
}

const people = `version = "rune/1.0"
[data]
member = [["alice", "admins"]]
[rules]
decl member(User, Group).
permit(P, "read", _) :- member(P, Group::"admins").
`

var ctx = context.Background()
