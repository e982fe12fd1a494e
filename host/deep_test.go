package host

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// deepCase is a text that nests as often as one likes, as in engine's test of the same name.
type deepCase struct {
	Name, File, Head, Open, Middle, Close, Tail, Config string
	Want                                                map[string]string
}

func (c *deepCase) text(times int) []byte {
	return []byte(c.Head + strings.Repeat(c.Open, times) + c.Middle + strings.Repeat(c.Close, times) + c.Tail)
}

// reply is the reply to the load, or to the request after it.
func (c *deepCase) reply(i *instance, times int) ([]byte, error) {
	load := func(name string, text []byte) ([]byte, error) {
		return i.load(ctx, source{}, name, text, &LoadOptions{HashKey: keys[0]})
	}
	if strings.HasPrefix(c.File, "config.") {
		return load(c.File, c.text(times))
	}
	if reply, err := load("config.rune", []byte(c.Config)); err != nil || isError(reply) {
		return reply, err
	}
	return i.do(stepVerbs[c.File], nil, c.text(times), nil, time.Time{})
}

// TestDeep: nesting to the limit, one further, and a million deep gives the bytes that it gives natively.
func TestDeep(t *testing.T) {
	if testing.Short() {
		t.Skip("a million deep takes its time")
	}
	data, err := os.ReadFile("../testdata/deep.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []deepCase
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) == 0 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		i, err := testRuntime(t).instantiate(ctx, false)
		if err != nil {
			t.Fatal(err)
		}
		for times, want := range c.Want {
			n, _ := strconv.Atoi(times)
			reply, err := c.reply(i, n)
			if err != nil {
				t.Fatalf("%s, %d times: %v", c.Name, n, err)
			}
			if got := summary(reply); got != want {
				t.Errorf("%s, %d times: %s, want %s", c.Name, n, got, want)
			}
		}
		i.close()
	}
}

// summary is a reply's code, or "ok", and its SHA-256. Replies may be long, as they show the line.
func summary(reply []byte) string {
	code := []byte("ok")
	if rest, ok := bytes.CutPrefix(reply, []byte(`{"error":{"code":"`)); ok {
		code, _, _ = bytes.Cut(rest, []byte(`"`))
	}
	return fmt.Sprintf("%s %x", code, sha256.Sum256(reply))
}
