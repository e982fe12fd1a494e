package deploy

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// people is a configuration in which ann may read, and nobody may do anything else.
const people = `version = "rune/1.0"
[data]
member = [["ann", "staff"]]
[rules]
decl member(User, Group).
@id("staff-read") permit(P, "read", _) :- member(P, Group::"staff").
`

// server is a process in a sandbox that serves.
type server struct {
	t       *testing.T
	command *exec.Cmd
	url     string
	token   string // that requests show
	started time.Time
	log     strings.Builder // whole when ended is closed
	ended   chan struct{}
}

// serve starts the command, which has to listen at any free port of this machine, and returns when it does.
func (s sandbox) serve(t *testing.T, env []string, args ...string) *server {
	t.Helper()
	p := &server{t: t, started: time.Now(), ended: make(chan struct{})}
	p.command = s.command(context.Background(), env, append(args, "--listen", "127.0.0.1:0", "--log-format", "json")...)
	stderr, err := p.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	address := make(chan string, 1)
	go func() {
		defer close(p.ended)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			p.log.WriteString(lines.Text() + "\n")
			var entry struct{ Msg, Address string }
			if _ = json.Unmarshal(lines.Bytes(), &entry); entry.Msg == "serving" {
				address <- entry.Address
			}
		}
	}()
	select {
	case a := <-address:
		p.url = "http://" + a
	case <-p.ended:
		t.Fatalf("it doesn't serve:\n%s", &p.log)
	}
	return p
}

// end tells the server to end, and wants it to do so well.
func (p *server) end() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	<-p.ended
	if err := p.command.Wait(); err != nil {
		p.t.Errorf("it ends: %v\n%s", err, &p.log)
	}
}

func (p *server) ask(method, path, body string) (int, string) {
	p.t.Helper()
	q, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		q.Header.Set("Authorization", "Bearer "+p.token)
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		p.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

// want wants an answer of that status with that text in it.
func (p *server) want(status int, text, method, path, body string) {
	p.t.Helper()
	if got, answer := p.ask(method, path, body); got != status || !strings.Contains(answer, text) {
		p.t.Errorf("%s %s: %d, %s\nwant %d with %s", method, path, got, answer, status, text)
	}
}

// wantService wants the server of people to be ready, and to decide.
func (p *server) wantService() {
	p.t.Helper()
	p.want(200, `"ready"`, "GET", "/health/ready", "")
	p.t.Logf("ready to answer in %d ms", time.Since(p.started).Milliseconds())
	p.want(200, `"permit"`, "POST", "/v1/authorize", `{"principal":"user:ann","action":"read","resource":"doc:plan"}`)
	p.want(200, `"deny"`, "POST", "/v1/authorize", `{"principal":"user:eve","action":"read","resource":"doc:plan"}`)
}

// TestImage_serves runs what the Dockerfile says with nothing that it could write to.
func TestImage_serves(t *testing.T) {
	i := readDockerfile(t)
	s := sandbox{imageRoot(t), map[string]string{"/etc/rune": folder(t, map[string]string{"config.rune": people})}}
	p := s.serve(t, i.env, i.command()...)
	p.wantService()
	out, err := s.command(t.Context(), i.env, append(i.health, strings.TrimPrefix(p.url, "http://"))...).CombinedOutput()
	if err != nil || string(out) != "ready\n" {
		t.Errorf("its health: %v, %s", err, out)
	}
}

// TestImage_readOnly shows that a process in the sandbox can write nowhere.
func TestImage_readOnly(t *testing.T) {
	s := sandbox{imageRoot(t), map[string]string{"/etc/rune": folder(t, nil)}}
	for _, dir := range []string{"/etc/rune/new", "/var/cache/new", "/new"} {
		out, err := s.command(t.Context(), nil, "/bin/rune", "init", dir).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "read-only file system") && !strings.Contains(string(out), "permission denied") {
			t.Errorf("writing to %s: %v\n%s", dir, err, out)
		}
	}
}

// machineCode is where the image has the machine code of its module: a folder in /var/cache, and the file in it.
func machineCode(t *testing.T) (folder, name string) {
	t.Helper()
	cache := filepath.Join(imageRoot(t), "var/cache")
	found, err := filepath.Glob(filepath.Join(cache, "rune/*/*.zst"))
	if err != nil || len(found) != 1 {
		t.Fatalf("the image has machine code in %v, %v", found, err)
	}
	folder, err = filepath.Rel(cache, filepath.Dir(found[0]))
	if err != nil {
		t.Fatal(err)
	}
	return folder, strings.TrimSuffix(filepath.Base(found[0]), ".zst")
}

// TestImage_otherProcessor has machine code for another processor than the one that it runs on, and can't keep what it compiles.
func TestImage_otherProcessor(t *testing.T) {
	i := readDockerfile(t)
	dir, name := machineCode(t)
	other := folder(t, map[string]string{filepath.Join(dir, strings.Repeat("0", len(name))): ""})
	s := sandbox{imageRoot(t), map[string]string{"/etc/rune": folder(t, map[string]string{"config.rune": people}), "/var/cache": other}}
	s.serve(t, i.env, i.command()...).wantService()
}

// TestImage_machineCode shows that it is the image's machine code that runs: if that is broken, nothing does.
func TestImage_machineCode(t *testing.T) {
	dir, name := machineCode(t)
	broken := folder(t, map[string]string{filepath.Join(dir, name): "broken"})
	s := sandbox{imageRoot(t), map[string]string{"/etc/rune": folder(t, map[string]string{"config.rune": people}), "/var/cache": broken}}
	out, err := s.command(t.Context(), readDockerfile(t).env, "/bin/rune", "check", "/etc/rune/config.rune").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "compile the module: compilationcache: ") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestImage_anonymous: what the image runs is refused unless somebody says who may come in.
func TestImage_anonymous(t *testing.T) {
	i := readDockerfile(t)
	s := sandbox{imageRoot(t), map[string]string{"/etc/rune": folder(t, map[string]string{"config.rune": people})}}
	c := s.command(t.Context(), i.env, i.command()...)
	out, err := c.CombinedOutput()
	if err == nil || c.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "--allow-anonymous") {
		t.Errorf("%v\n%s", err, out)
	}
}
