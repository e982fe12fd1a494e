package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// askedHealth runs `rune health` and gives its exit status and all that it writes.
func askedHealth(t *testing.T, args ...string) (int, string) {
	t.Helper()
	c := command(context.Background(), append([]string{"health"}, args...)...)
	out, err := c.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

func wantHealth(t *testing.T, status int, text string, args ...string) {
	t.Helper()
	if got, out := askedHealth(t, args...); got != status || !strings.Contains(out, text) {
		t.Errorf("rune health %s: status %d, %q; want %d with %q", args, got, out, status, text)
	}
}

func TestHealth_ready(t *testing.T) {
	p := start(t)
	wantHealth(t, 0, "ready\n", p.address)
	wantHealth(t, 0, "live\n", p.address, "--live")
}

func TestHealth_socket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	start(t, "--listen=unix:"+socket)
	wantHealth(t, 0, "ready\n", "unix:"+socket)
}

// TestHealth_notReady: a server that has no keys to check tokens with is live, and not ready.
func TestHealth_notReady(t *testing.T) {
	p := start(t, "--jwks-url=http://127.0.0.1:1/keys", "--jwt-issuer=https://id.example.com", "--jwt-audience=rune")
	wantHealth(t, 1, "503 Service Unavailable: ", p.address)
	wantHealth(t, 0, "live\n", p.address, "--live")
}

// TestHealth_other: what answers and is no server of ours isn't healthy.
func TestHealth_other(t *testing.T) {
	for body, want := range map[string]string{"hello": `"hello"`, "{}": "isn't a server's", `{"status":200}`: "isn't a server's", "": "isn't"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		wantHealth(t, 1, want, s.Listener.Addr().String())
		s.Close()
	}
}
