package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const startName = "HTTP/start"

// start measures how long the server takes from the start of its process to its first answer that it is ready, with the module's machine
// code in the cache, and how much of that is wazero's: a process that does nothing but take the module from the cache.
func (b *bench) start(ctx context.Context) error {
	p, err := b.split()
	if err != nil {
		return err
	}
	config, err := b.writeSharing(10)
	if err != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	for round := -1; round < b.scale.http.rounds; round++ {
		ready, err := b.startReady(ctx, p, config, address)
		if err != nil {
			return err
		}
		cached, err := b.startCached(p)
		if err != nil {
			return err
		}
		if round >= 0 { // the one before fills the cache
			b.results.add(startName, 1, sample{float64(ready), "ready-ns/op"}, sample{float64(cached), "wazero-ns/op"},
				sample{float64(ready - cached), "ours-ns/op"})
		}
	}
	return nil
}

// freeAddress is where nobody listens just now.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// startReady starts the server, and gives the time to its first 200.
func (b *bench) startReady(ctx context.Context, p processors, config, address string) (time.Duration, error) {
	s := &served{cmd: exec.Command(b.rune, "serve", config, "--listen", address, "--log-level=error"), address: address,
		said: &lines{}, ended: make(chan error, 1)}
	s.cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "XDG_CACHE_HOME="+b.dir)
	s.cmd.Stderr = &s.said.text
	begun := time.Now()
	if err := p.start(s.cmd); err != nil {
		return 0, err
	}
	go func() { s.ended <- s.cmd.Wait() }()
	defer s.stop()
	for {
		_, err := s.ask(ctx, "GET", "/health/ready", nil)
		took := time.Since(begun)
		if err == nil {
			return took, nil
		}
		if took > time.Minute || ctx.Err() != nil {
			return 0, fmt.Errorf("it isn't ready after %v: %w\n%s", took, err, s.said.all())
		}
		time.Sleep(time.Millisecond / 2)
	}
}

// startCached starts a process that takes the module from the cache, and gives the time until it has it.
func (b *bench) startCached(p processors) (time.Duration, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self, "cached-module", filepath.Join(b.dir, "rune"))
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = b.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	begun := time.Now()
	if err := p.start(cmd); err != nil {
		return 0, err
	}
	_, err = bufio.NewReader(out).ReadString('\n')
	took := time.Since(begun)
	if e := cmd.Wait(); err == nil {
		err = e
	}
	return took, err
}
