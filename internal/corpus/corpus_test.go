package corpus

import (
	"bytes"
	"testing"
)

func TestGenerated(t *testing.T) {
	c, err := Generated()
	if err != nil {
		t.Fatal(err)
	}
	if c.Len() != 7750 {
		t.Errorf("%d cases, want 7750", c.Len())
	}
	check(t, c)
}

func TestWritten(t *testing.T) {
	c, err := Written()
	if err != nil {
		t.Fatal(err)
	}
	if c.Len() != 113 {
		t.Errorf("%d cases, want 113", c.Len())
	}
	check(t, c)
}

func check(t *testing.T, c *Corpus) {
	t.Helper()
	for i := 0; i < c.Len(); i += 100 {
		k, err := c.Case(i)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(k.Policies, []byte("(")) || len(k.Schema) == 0 || !bytes.HasPrefix(bytes.TrimSpace(k.Entities), []byte("[")) {
			t.Errorf("%s lacks policies, schema or entities", k.Name)
		}
		for _, r := range k.Requests {
			if r.Decision != "allow" && r.Decision != "deny" || r.Principal.Type == "" {
				t.Errorf("%s: bad request %+v", k.Name, r)
			}
		}
	}
}

func TestUnpack_notThere(t *testing.T) {
	if err := unpack("no such archive", map[string][]byte{}); err == nil {
		t.Error("no error")
	}
	if err := unpack("corpus.go", map[string][]byte{}); err == nil {
		t.Error("a file that is no archive gives no error")
	}
}
