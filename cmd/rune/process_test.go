package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is `rune serve` as a process of its own.
type process struct {
	t       *testing.T
	command *exec.Cmd
	config  string // path of the configuration
	network string // of address
	address string
	admin   string // address of the admin listener, if there is one
	client  *http.Client
	ended   chan struct{}
	err     error // how it ended

	mu  sync.Mutex
	log strings.Builder
}

// people is a configuration in which ann may read, and nobody may do anything else.
const people = `version = "rune/1.0"
[data]
member = [["ann", "staff"]]
[rules]
decl member(User, Group).
decl seen(User).
@id("staff-read") permit(P, "read", _) :- member(P, Group::"staff").
`

const (
	annReads = `{"principal":"user:ann","action":"read","resource":"doc:plan"}`
	eveReads = `{"principal":"user:eve","action":"read","resource":"doc:plan"}`
)

// command is a command line of rune, as a process of its own.
func command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Args[0] = "rune" // by which TestMain knows that it isn't to test
	c.Env = slicesWithout(os.Environ(), "RUNE_")
	return c
}

func slicesWithout(environ []string, prefix string) []string {
	var rest []string
	for _, e := range environ {
		if !strings.HasPrefix(e, prefix) {
			rest = append(rest, e)
		}
	}
	return rest
}

// start serves people at a free port, or as args say, and returns when it listens. It is told to end with the test, and has to end well.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.rune")
	writeFile(t, config, people)
	return startAt(t, config, args...)
}

func startAt(t *testing.T, config string, args ...string) *process {
	t.Helper()
	return startWith(t, config, nil, args...)
}

// startTo is start with standard output.
func startTo(t *testing.T, stdout io.Writer, args ...string) *process {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.rune")
	writeFile(t, config, people)
	return startWith(t, config, stdout, args...)
}

func startWith(t *testing.T, config string, stdout io.Writer, args ...string) *process {
	t.Helper()
	p := &process{t: t, config: config, ended: make(chan struct{})}
	p.command = command(context.Background(), append([]string{"serve", config, "--log-format=json", "--listen=127.0.0.1:0"}, args...)...)
	p.command.Stdout = stdout
	stderr, err := p.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	listening := make(chan struct{})
	go p.read(stderr, listening, strings.Contains(strings.Join(args, " "), "--admin-listen"))
	select {
	case <-listening:
	case <-p.ended:
		t.Fatalf("serve ends: %v\n%s", p.err, p.logged())
	}
	p.client = &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial(p.network, p.address)
	}}}
	return p
}

// read keeps the log, finds the addresses in it, and waits for the process to end.
func (p *process) read(stderr io.Reader, listening chan struct{}, withAdmin bool) {
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		p.mu.Lock()
		p.log.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		var entry struct{ Msg, Address string }
		_ = json.Unmarshal(lines.Bytes(), &entry)
		switch entry.Msg {
		case "serving":
			p.network, p.address = networkOf(entry.Address), entry.Address
			if !withAdmin {
				close(listening)
			}
		case "serving administration":
			p.admin = entry.Address
			close(listening)
		}
	}
	p.err = p.command.Wait()
	close(p.ended)
}

func networkOf(address string) string {
	if strings.HasPrefix(address, "/") {
		return "unix"
	}
	return "tcp"
}

func (p *process) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// end tells the process to end, and wants it to do so well.
func (p *process) end() {
	if p.client != nil {
		p.client.CloseIdleConnections()
	}
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		_ = p.command.Process.Kill()
		<-p.ended
		p.t.Error("serve doesn't end")
	}
	if p.err != nil || strings.Contains(p.logged(), "panic") || strings.Contains(p.logged(), "goroutine ") {
		p.t.Errorf("serve ends: %v\n%s", p.err, p.logged())
	}
}

// answer is what a request was answered.
type answer struct {
	status int
	header http.Header
	body   string
	code   string // of a problem
}

// send sends a request with headers, each a name and a value.
func (p *process) send(method, path, body string, headers ...string) answer {
	p.t.Helper()
	return sendBy(p.t, p.client, "http://localhost"+path, method, body, headers...)
}

func sendBy(t *testing.T, client *http.Client, url, method, body string, headers ...string) answer {
	t.Helper()
	q, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		q.Header.Add(headers[i], headers[i+1])
	}
	r, err := client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	return read(t, r)
}

func read(t *testing.T, r *http.Response) answer {
	t.Helper()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	var problem struct{ Code string }
	_ = json.Unmarshal(text, &problem)
	return answer{r.StatusCode, r.Header, string(text), problem.Code}
}

func (a answer) permits() bool {
	return strings.Contains(a.body, `"decision":"permit"`) || strings.Contains(a.body, `"decision":true`)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
