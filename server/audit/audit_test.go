package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

var quiet = slog.New(slog.DiscardHandler)

func record(request string) *Record {
	return &Record{Time: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), ID: "id-1", Client: "svc", Revision: "abc",
		Request: []byte(request), Reply: []byte(`{"decision":"permit","reasons":[],"diagnostics":{"errors":[],"revision":"abc"}}`)}
}

func lines(r *Record, masks ...string) string {
	m, err := parseMasks(masks)
	if err != nil {
		return err.Error()
	}
	return string(appendLines(nil, r, m))
}

const rest = `,"reply":{"decision":"permit","reasons":[],"diagnostics":{"errors":[],"revision":"abc"}}}` + "\n"

func TestLine(t *testing.T) {
	r := record("{\"principal\":\"a\",\r\n \"context\":{\"pin\":\"1\\n2\"}}")
	const head = `{"time":"2026-01-02T03:04:05.000006Z","id":"id-1","client":"svc"`
	if got, want := lines(r), head+`,"revision":"abc","request":{"principal":"a",   "context":{"pin":"1\n2"}}`+rest; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	r.Trace, r.Cached, r.Client = "0af7", true, "sv\"c\n\xff"
	if got, want := lines(r, "/request"), strings.Replace(head, "svc", `sv\"c\n`+"\ufffd", 1)+`,"trace":"0af7","revision":"abc","cache":"hit","request":"***"`+rest; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLine_masks(t *testing.T) {
	const request = `{"context":{"pin":[1,{"a":2}],"p/q":{"~":3}},"entities":[{"attrs":{"ssn":"x","age":1}},{"attrs":{"\u0073sn":"y"}}]}`
	for _, c := range []struct{ masks, want string }{
		{"/request/context/pin", `{"context":{"pin":"***","p/q":{"~":3}},"entities":[{"attrs":{"ssn":"x","age":1}},{"attrs":{"\u0073sn":"y"}}]}`},
		{"/request/context/pin/1", `{"context":{"pin":[1,"***"],"p/q":{"~":3}},"entities":[{"attrs":{"ssn":"x","age":1}},{"attrs":{"\u0073sn":"y"}}]}`},
		{"/request/context/pin/0", `{"context":{"pin":["***",{"a":2}],"p/q":{"~":3}},"entities":[{"attrs":{"ssn":"x","age":1}},{"attrs":{"\u0073sn":"y"}}]}`},
		{"/request/context/p~1q/~0", `{"context":{"pin":[1,{"a":2}],"p/q":{"~":"***"}},"entities":[{"attrs":{"ssn":"x","age":1}},{"attrs":{"\u0073sn":"y"}}]}`},
		{"/request/entities/*/attrs/ssn", `{"context":{"pin":[1,{"a":2}],"p/q":{"~":3}},"entities":[{"attrs":{"ssn":"***","age":1}},{"attrs":{"\u0073sn":"***"}}]}`},
		{"/request/*", `{"context":"***","entities":"***"}`},
		{"/request/context/nothing /client/x", request},
		{"/request/entities /request/context/pin/1/a", `{"context":{"pin":[1,{"a":"***"}],"p/q":{"~":3}},"entities":"***"}`},
	} {
		got := lines(record(request), strings.Fields(c.masks)...)
		if !strings.Contains(got, `"request":`+c.want+`,"reply":`) {
			t.Errorf("%s: %s", c.masks, got)
		}
	}
	if got := lines(record(`{"broken":`), "/request/a"); got != masked+"\n" {
		t.Errorf("a line that can't be read: %s", got)
	}
	for _, bad := range []string{"", "request", "/a~2"} {
		if _, err := parseMasks([]string{bad}); err == nil {
			t.Errorf("%q is taken for a pointer", bad)
		}
	}
}

func TestLine_batch(t *testing.T) {
	r := record(` {"x":[{"requests":[0]}],"requests" : [ {"a":1}, {"b":[2,{}]} ,3]}`)
	r.Form, r.Reply = Batch, []byte(`{"results":[{"decision":"deny"},{"error":{"code":"request.type"}},{"decision":"permit"}]}`)
	got := strings.Split(strings.TrimSpace(lines(r)), "\n")
	if len(got) != 2 || !strings.HasSuffix(got[0], `"item":0,"request":{"a":1},"reply":{"decision":"deny"}}`) ||
		!strings.HasSuffix(got[1], `"item":2,"request":3,"reply":{"decision":"permit"}}`) {
		t.Errorf("lines: %q", got)
	}
}

func TestLine_evaluations(t *testing.T) {
	r := record(`{"subject":{"id":"a"},"action":1,"more":2,"evaluations":[{"resource":"x"},{"subject":"b","resource":3,"more":4},{"resource":5}],"context":null}`)
	r.Form, r.Reply = Evaluations, []byte(`{"evaluations":[{"decision":true},{"decision":false,"context":{"error":{"code":"request.type"}}},{"decision":false}]}`)
	got := strings.Split(strings.TrimSpace(lines(r)), "\n")
	if len(got) != 2 || !strings.HasSuffix(got[0], `"item":0,"request":{"subject":{"id":"a"},"action":1,"resource":"x","context":null},"reply":{"decision":true}}`) ||
		!strings.HasSuffix(got[1], `"item":2,"request":{"subject":{"id":"a"},"action":1,"resource":5,"context":null},"reply":{"decision":false}}`) {
		t.Errorf("lines: %q", got)
	}
	r.Request, r.Reply = []byte(`{"subject":1}`), []byte(`{"decision":true,"context":{}}`)
	if got := lines(r); !strings.HasSuffix(got, `"request":{"subject":1},"reply":{"decision":true,"context":{}}}`+"\n") {
		t.Errorf("one: %s", got)
	}
}

func TestLog_file(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	l, err := Open(Options{File: path, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 200
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				l.Write(record(fmt.Sprintf(`{"n":%d}`, w*each+n)))
			}
		})
	}
	wg.Wait()
	l.Close()
	if n := count(t, path); n != writers*each || l.Dropped() != 0 {
		t.Errorf("%d lines, %d dropped", n, l.Dropped())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

// count counts a file's lines, each of which has to be JSON.
func count(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range bytes.Lines(text) {
		if !json.Valid(line) {
			t.Errorf("not JSON: %s", line)
		}
		n++
	}
	return n
}

func TestLog_reopen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	l, err := Open(Options{File: path, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	l.Write(record(`{}`))
	for deadline := time.Now().Add(10 * time.Second); count(t, path) == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if err := os.Rename(path, filepath.Join(dir, "old")); err != nil {
		t.Fatal(err)
	}
	l.Reopen()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			break
		}
	}
	l.Write(record(`{}`))
	l.Close()
	if count(t, path) != 1 || count(t, filepath.Join(dir, "old")) != 1 {
		t.Error("the lines aren't where they belong")
	}
}

// stuck is a writer that waits, and then fails.
type stuck chan struct{}

func (s stuck) Write([]byte) (int, error) { <-s; return 0, errors.New("full") }

// TestLog_drops: nobody waits for a log that doesn't get on, and what is lost is counted.
func TestLog_drops(t *testing.T) {
	out := make(stuck)
	l, err := Open(Options{Out: out, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat(" ", maxBytes/16) + "{}"
	for range 40 {
		l.Write(record(large))
	}
	if n := l.Dropped(); n < 20 || n > 30 {
		t.Errorf("%d of 40 dropped", n)
	}
	for range 2 * maxRecords {
		l.Write(record(`{}`))
	}
	if l.Dropped() < maxRecords {
		t.Errorf("%d dropped", l.Dropped())
	}
	before := l.Dropped()
	close(out)
	l.Close()
	if l.Dropped() == before {
		t.Error("lines that couldn't be written aren't counted")
	}
}

func TestOpen_fails(t *testing.T) {
	if _, err := Open(Options{File: filepath.Join(t.TempDir(), "no", "log"), Log: quiet}); err == nil {
		t.Error("opened in a folder that isn't there")
	}
	if _, err := Open(Options{Out: &bytes.Buffer{}, Masks: []string{"x"}}); err == nil {
		t.Error("opened with a mask that is no pointer")
	}
	var none *Log
	none.Reopen()
	none.Close()
	if none.Dropped() != 0 {
		t.Error("a log that isn't there drops")
	}
}
