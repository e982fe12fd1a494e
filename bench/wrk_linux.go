package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// endpoint is what is asked of a server.
type endpoint struct {
	name         string
	method, path string
	bodies       [][]byte // distinct, sent in turn
}

// requests are whole, as they go over the wire.
func (e *endpoint) requests(address string) [][]byte {
	var list [][]byte
	for _, body := range e.bodies {
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\n", e.method, e.path, address)
		if e.method == "POST" {
			fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
		}
		fmt.Fprintf(&b, "\r\n%s", body)
		list = append(list, b.Bytes())
	}
	return list
}

//go:embed requests.lua
var wrkScript []byte

// connections are those that wrk and the open loop send by.
const connections = 64

// wrk asks a server as fast as it answers, for some seconds: it measures how many requests a second there were, and what processor time of
// the server each took.
func (b *bench) wrk(ctx context.Context, s *served, e *endpoint) (rate float64, err error) {
	script, list := filepath.Join(b.dir, "requests.lua"), filepath.Join(b.dir, "requests")
	var file bytes.Buffer
	for _, r := range e.requests(s.address) {
		fmt.Fprintf(&file, "%d\n%s", len(r), r)
	}
	if err := errors.Join(os.WriteFile(script, wrkScript, 0o666), os.WriteFile(list, file.Bytes(), 0o666)); err != nil {
		return 0, err
	}
	before, err := processorTime(s.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	out, err := b.output(ctx, b.dir, program("WRK", "wrk"), "-t1", fmt.Sprint("-c", connections), fmt.Sprintf("-d%ds", b.scale.http.seconds),
		"-s", script, "http://"+s.address, "--", list)
	if err != nil {
		return 0, err
	}
	after, err := processorTime(s.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	n, took, err := readWrk(out)
	if err != nil {
		return 0, err
	}
	rate = float64(n) / took.Seconds()
	b.results.add(e.name, n, sample{rate, rateUnit}, sample{float64(after-before) / float64(n), "cpu-ns/op"})
	return rate, nil
}

const rateUnit = "req/s"

// readWrk reads the line that requests.lua writes at the end: requests, microseconds, and those that went wrong.
func readWrk(out string) (n int, took time.Duration, err error) {
	_, line, found := strings.Cut(out, "sum: ")
	fields := strings.Fields(line)
	if !found || len(fields) < 3 {
		return 0, 0, fmt.Errorf("wrk gives no sum: %s", out)
	}
	var values [3]int
	for i := range values {
		if values[i], err = strconv.Atoi(fields[i]); err != nil {
			return 0, 0, fmt.Errorf("wrk's sum: %w", err)
		}
	}
	if values[2] > 0 || values[0] == 0 || values[1] == 0 {
		return 0, 0, fmt.Errorf("of %d requests %d went wrong:\n%s", values[0], values[2], out)
	}
	return values[0], time.Duration(values[1]) * time.Microsecond, nil
}
