package main

import (
	"strings"
	"testing"
	"time"
)

func TestBar_line(t *testing.T) {
	start := time.Unix(0, 0)
	b := &bar{label: "testing", total: 4, done: 1, start: start}
	if got, want := b.line(start.Add(2*time.Second)), "testing ["+strings.Repeat("#", 7)+strings.Repeat(".", 23)+"]  25 %, 6s left"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b.done = 5
	if got, want := b.line(start.Add(time.Second)), "testing ["+strings.Repeat("#", 30)+"] 100 %"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b.total = 0
	if got := b.line(start); got != "testing …" {
		t.Errorf("got %q", got)
	}
}

// A bar comes late, gives way to text, and leaves nothing behind.
func TestBar_drawing(t *testing.T) {
	var w strings.Builder
	b := &bar{w: &w, label: "x", total: 10, start: time.Now(), timer: time.NewTimer(time.Hour)}
	b.add(1)
	if w.Len() > 0 {
		t.Errorf("at once: %q", w.String())
	}
	b.start = time.Now().Add(-2 * barDelay)
	b.add(1)
	if !strings.HasPrefix(w.String(), "\r\x1b[Kx [######") {
		t.Errorf("later: %q", w.String())
	}
	w.Reset()
	b.add(1)
	b.hide()
	b.hide()
	if w.String() != "\r\x1b[K" {
		t.Errorf("hidden: %q", w.String())
	}
	b.close()
	b.close()
	b.last = time.Time{}
	b.add(1)
	if w.String() != "\r\x1b[K" {
		t.Errorf("closed: %q", w.String())
	}
}

func TestBar_none(t *testing.T) {
	a, _, stderr := newApp()
	b := a.bar("x", 1)
	b.add(1)
	b.hide()
	b.close()
	if b != nil || stderr.Len() > 0 {
		t.Errorf("a bar %v, drawn %q", b, stderr)
	}
}
