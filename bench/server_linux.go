package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// served is a running server, ours or the fixed reply.
type served struct {
	name    string
	cmd     *exec.Cmd
	address string
	begun   time.Time
	said    *lines
	ended   chan error
}

// lines are what a program writes to standard error.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) all() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// listening is how servers tell where they listen.
var listening = regexp.MustCompile(`msg=serving address=([^ \n]+)`)

// serve starts rune serve, without watching its files.
func (b *bench) serve(ctx context.Context, p processors, name, config string, more ...string) (*served, error) {
	args := append([]string{"serve", config, "--listen", "127.0.0.1:0", "--watch=false"}, more...)
	return b.startServer(ctx, p, name, exec.Command(b.rune, args...))
}

// startServer starts a server and waits until it says where it listens.
func (b *bench) startServer(ctx context.Context, p processors, name string, cmd *exec.Cmd) (*served, error) {
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GODEBUG=gctrace=1", "XDG_CACHE_HOME="+b.dir)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	s := &served{name: name, cmd: cmd, said: &lines{}, ended: make(chan error, 1), begun: time.Now()}
	if err := p.start(cmd); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	found := make(chan string, 1)
	go s.listen(stderr, found)
	select {
	case s.address = <-found:
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(time.Minute):
		err = errors.New("it doesn't serve after a minute")
	}
	if err == nil && s.address == "" {
		err = errors.New("it has ended")
	}
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", name, err, s.said.all())
		s.stop()
		return nil, err
	}
	return s, nil
}

// listen takes in what the server says, and tells its address; nothing, if it ends before.
func (s *served) listen(stderr io.Reader, found chan<- string) {
	scan := bufio.NewScanner(stderr)
	for scan.Scan() {
		s.said.mu.Lock()
		s.said.text.Write(append(scan.Bytes(), '\n'))
		s.said.mu.Unlock()
		if m := listening.FindSubmatch(scan.Bytes()); m != nil {
			found <- string(m[1])
		}
	}
	select {
	case found <- "":
	default:
	}
	s.ended <- s.cmd.Wait()
}

// stop ends the server.
func (s *served) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

// collections is how often the server has collected garbage.
func (s *served) collections() int {
	n := 0
	for line := range bytes.Lines([]byte(s.said.all())) {
		if bytes.HasPrefix(line, []byte("gc ")) {
			n++
		}
	}
	return n
}

// ask sends a request that has to be answered with 200, and gives the answer.
func (s *served) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	return text, err
}
