package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

const deepFile = "../testdata/deep.json"

// deepCase is a text that nests as often as one likes: head, open so many times, middle, close as often, tail. It is a configuration, or a
// request to one. Want holds, for each number of times, the code of the reply, or "ok", and the SHA-256 of its bytes.
type deepCase struct {
	Name   string            `json:"name"`
	File   string            `json:"file"`
	Head   string            `json:"head"`
	Open   string            `json:"open"`
	Middle string            `json:"middle"`
	Close  string            `json:"close"`
	Tail   string            `json:"tail"`
	Config string            `json:"config,omitempty"`
	Want   map[string]string `json:"want"`
}

func (c *deepCase) text(times int) []byte {
	return slices.Concat([]byte(c.Head), bytes.Repeat([]byte(c.Open), times), []byte(c.Middle), bytes.Repeat([]byte(c.Close), times), []byte(c.Tail))
}

// reply is the reply to the load, or to the request after it.
func (c *deepCase) reply(times int) []byte {
	if strings.HasPrefix(c.File, "config.") {
		_, reply := loadFiles([]txtar.File{{Name: c.File, Data: c.text(times)}}, Host{})
		return reply
	}
	e, reply := loadFiles([]txtar.File{{Name: "config.rune", Data: []byte(c.Config)}}, Host{})
	if e == nil {
		return reply
	}
	return call(e, c.File, c.text(times), &Host{})
}

// summary is a reply's code, or "ok", and its SHA-256. Replies may be long, as they show the line.
func summary(reply []byte) string {
	code := []byte("ok")
	if rest, ok := bytes.CutPrefix(reply, []byte(`{"error":{"code":"`)); ok {
		code, _, _ = bytes.Cut(rest, []byte(`"`))
	}
	return fmt.Sprintf("%s %x", code, sha256.Sum256(reply))
}

// TestDeep runs texts that nest to the limit, one further, and a million deep. The other hosts' runners compare the same summaries.
func TestDeep(t *testing.T) {
	data, err := os.ReadFile(deepFile)
	if err != nil {
		t.Fatal(err)
	}
	var cases []*deepCase
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		for times, want := range c.Want {
			n, err := strconv.Atoi(times)
			if err != nil {
				t.Fatal(err)
			}
			got := summary(c.reply(n))
			if *update {
				c.Want[times] = got
			} else if got != want {
				t.Errorf("%s, %d times: %s, want %s", c.Name, n, got, want)
			}
			if n == 1_000_000 && strings.HasPrefix(got, "ok") {
				t.Errorf("%s: a million is accepted", c.Name)
			}
		}
	}
	if *update {
		writeDeep(t, cases)
	}
}

func writeDeep(t *testing.T, cases []*deepCase) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(cases); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(deepFile, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
