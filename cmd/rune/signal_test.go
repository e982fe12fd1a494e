package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// banned is a configuration in which ann may do nothing.
const banned = people + "seen(\"ann\").\nforbid(P, _, _) :- seen(P).\n"

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func (p *process) decides(t *testing.T, decision string) func() bool {
	return func() bool {
		a := p.send("POST", "/v1/authorize", annReads)
		if a.status != 200 {
			t.Fatalf("%+v", a)
		}
		return strings.Contains(a.body, `"decision":"`+decision+`"`)
	}
}

// TestServe_reload: another configuration serves when the process is told to read it, or sees that it is there; one that doesn't load never.
func TestServe_reload(t *testing.T) {
	for name, flags := range map[string][]string{"by a signal": {"--watch=false"}, "by watching": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, flags...)
			reload := func() {
				if flags != nil {
					p.signal(t, syscall.SIGHUP)
				}
			}
			writeFile(t, p.config, banned)
			reload()
			p.await(t, "ann is banned", p.decides(t, "deny"))
			writeFile(t, p.config, people+"broken")
			reload()
			p.await(t, "a failure is known", func() bool { return strings.Contains(p.send("GET", "/v1/config", "").body, `"result":"failed"`) })
			if !p.decides(t, "deny")() || !strings.Contains(p.logged(), `"level":"ERROR"`) {
				t.Errorf("after a failure: %s", p.logged())
			}
			writeFile(t, p.config, people)
			reload()
			p.await(t, "ann is welcome again", p.decides(t, "permit"))
		})
	}
}

// TestServe_terminate: under load the process isn't ready first, loses no request, and ends well.
func TestServe_terminate(t *testing.T) {
	p := start(t, "--shutdown-delay=300ms")
	var answered [6]atomic.Int64
	var clients sync.WaitGroup
	for i := range answered {
		clients.Go(func() { p.askUntilClosed(t, &answered[i]) })
	}
	for i := range answered {
		p.await(t, "clients are answered", func() bool { return answered[i].Load() > 20 || t.Failed() })
	}
	p.signal(t, syscall.SIGTERM)
	ready := p.send("GET", "/health/ready", "")
	for ready.status == 200 {
		ready = p.send("GET", "/health/ready", "")
	}
	if ready.status != 503 || ready.code != "server.draining" {
		t.Errorf("not ready: %+v", ready)
	}
	clients.Wait()
	<-p.ended
	if p.err != nil {
		t.Error(p.err)
	}
}

// askUntilClosed sends requests on one connection until an answer says that it closes.
func (p *process) askUntilClosed(t *testing.T, answered *atomic.Int64) {
	c := p.dial(t)
	request := fmt.Sprintf("POST /v1/authorize HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(annReads), annReads)
	for r := bufio.NewReader(c); ; answered.Add(1) {
		if _, err := io.WriteString(c, request); err != nil {
			t.Errorf("a request can't be sent: %v", err)
			return
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Errorf("a request is lost: %v", err)
			return
		}
		if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 {
			t.Errorf("%d %v: %s", resp.StatusCode, err, body)
		}
		if resp.Close {
			return
		}
	}
}

// TestServe_decisionLog: decisions go to a file that is opened again by a signal, or to standard output.
func TestServe_decisionLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	p := start(t, "--decision-log="+path, "--decision-log-mask=/request/principal")
	p.send("POST", "/v1/authorize", annReads, "X-Request-ID", "first")
	lines := func(path string) []string {
		text, _ := os.ReadFile(path)
		return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	p.await(t, "a line is written", func() bool { return strings.Contains(lines(path)[0], `"first"`) })
	var line struct {
		ID, Client string
		Request    struct{ Principal, Action string }
		Reply      struct{ Decision string }
	}
	decode(t, lines(path)[0], &line)
	if line.ID != "first" || line.Client != "127.0.0.1" || line.Request.Principal != "***" || line.Request.Action != "read" || line.Reply.Decision != "permit" {
		t.Errorf("line %+v", line)
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGHUP)
	p.await(t, "the file is opened again", func() bool { _, err := os.Stat(path); return err == nil })
	p.send("POST", "/v1/authorize", annReads, "X-Request-ID", "second")
	p.await(t, "a line is written to it", func() bool { return strings.Contains(lines(path)[0], `"second"`) })
	if n := len(lines(path + ".1")); n != 1 {
		t.Errorf("%d lines in the old file", n)
	}
}

func TestServe_decisionLogToStdout(t *testing.T) {
	var stdout bytes.Buffer
	t.Run("serve", func(t *testing.T) {
		p := startTo(t, &stdout, "--decision-log=-")
		p.send("POST", "/v1/authorize", annReads)
		p.send("POST", "/v1/authorize", eveReads)
	})
	if text := stdout.String(); strings.Count(text, "\n") != 2 || !json.Valid([]byte(strings.Split(text, "\n")[0])) {
		t.Errorf("standard output: %q", text)
	}
}

// TestServe_fails: what can't be served ends the process with status 2, and says everything that is wrong.
func TestServe_fails(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.rune")
	writeFile(t, broken, people+"p(X) :- q(Y).\nr(Z) :- s(Z).\n")
	good := filepath.Join(dir, "good.rune")
	writeFile(t, good, people)
	taken := start(t)
	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"a configuration that doesn't load": {[]string{broken}, []string{broken + ":8:", broken + ":9:", "datalog.unsafe_variable", "datalog.unknown_predicate"}},
		"no configuration":                  {[]string{filepath.Join(dir, "none.rune")}, []string{"no such file"}},
		"no argument":                       {nil, []string{"CONFIG is missing", "rune serve --help"}},
		"a folder":                          {[]string{dir}, []string{"is a folder"}},
		"an address that is taken":          {[]string{good, "--listen=" + taken.address}, []string{"address already in use"}},
		"a log that can't be written":       {[]string{good, "--decision-log=" + filepath.Join(dir, "no", "log")}, []string{"decision log"}},
		"a mask that is none":               {[]string{good, "--decision-log=-", "--decision-log-mask=x"}, []string{"pointer"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := command(t.Context(), append([]string{"serve", "--listen=127.0.0.1:0"}, c.args...)...)
			out, err := cmd.CombinedOutput()
			if e := (*exec.ExitError)(nil); !errors.As(err, &e) || e.ExitCode() != 2 {
				t.Errorf("%v\n%s", err, out)
			}
			for _, s := range c.says {
				if !strings.Contains(string(out), s) {
					t.Errorf("it doesn't say %q:\n%s", s, out)
				}
			}
		})
	}
}

// TestServe_log: the log is of the form and from the level that are asked for.
func TestServe_log(t *testing.T) {
	p := start(t, "--log-level=debug")
	p.raw(t, "GET / HTTP/9.9\r\n\r\n")
	for line := range strings.Lines(p.logged()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	config := filepath.Join(t.TempDir(), "config.rune")
	writeFile(t, config, people)
	socket := config + ".sock"
	cmd := command(t.Context(), "serve", config, "--listen=unix:"+socket, "--log-format=text", "--log-level=error")
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.await(t, "it listens", func() bool { _, err := os.Stat(socket); return err == nil })
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil || out.Len() > 0 {
		t.Errorf("%v: %s", err, &out)
	}
}
