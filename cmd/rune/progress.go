package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

const (
	barDelay    = 400 * time.Millisecond // work that is done before shows no bar
	barInterval = 100 * time.Millisecond
	barWidth    = 30
)

// bar is a progress bar. It shows nothing for short work, and a nil bar never does. It is safe for concurrent use.
type bar struct {
	w     io.Writer
	label string
	total int64 // 0: not known, there is only the label

	mu          sync.Mutex
	done        int64
	start, last time.Time
	shown       bool
	timer       *time.Timer
}

// bar starts a progress bar on standard error, if that is a terminal.
func (a *app) bar(label string, total int64) *bar {
	if !a.style.bars {
		return nil
	}
	b := &bar{w: a.stderr, label: label, total: total, start: time.Now()}
	b.timer = time.AfterFunc(barDelay, func() { b.add(0) })
	return b
}

// add says that n more are done.
func (b *bar) add(n int64) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done += n
	now := time.Now()
	if b.timer == nil || now.Sub(b.start) < barDelay || now.Sub(b.last) < barInterval {
		return
	}
	b.last, b.shown = now, true
	fmt.Fprint(b.w, "\r\x1b[K", b.line(now))
}

// line is the bar as it is drawn.
func (b *bar) line(now time.Time) string {
	if b.total <= 0 {
		return b.label + " …"
	}
	part := min(float64(b.done)/float64(b.total), 1)
	full := int(part * barWidth)
	line := fmt.Sprintf("%s [%s%s] %3.0f %%", b.label, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), 100*part)
	if part > 0 && part < 1 {
		left := time.Duration(float64(now.Sub(b.start)) * (1 - part) / part)
		line += fmt.Sprintf(", %v left", left.Round(time.Second))
	}
	return line
}

// hide makes room for lines of text. The bar comes back with the next progress.
func (b *bar) hide() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = time.Now()
	b.erase()
}

func (b *bar) erase() {
	if b.shown {
		fmt.Fprint(b.w, "\r\x1b[K")
		b.shown = false
	}
}

// close takes the bar off the terminal for good.
func (b *bar) close() {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
	b.erase()
}
