package token

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Remote is keys from a URL, fetched now and then, and when a token names one that isn't known.
type Remote struct {
	o       RemoteOptions
	ctx     context.Context // of all fetches
	client  *http.Client
	current atomic.Pointer[Set]
	text    []byte        // of current; only the goroutine that fetches uses it
	waiting chan struct{} // one item for each request that waits

	mu      sync.Mutex
	last    time.Time     // when the last fetch began
	failure error         // of the last fetch
	running chan struct{} // closed when the fetch that runs is done; nil where none runs
}

// RemoteOptions are where keys are, and how often they may be fetched.
type RemoteOptions struct {
	URL        string
	Refresh    time.Duration // between fetches
	MinRefresh time.Duration // least time between two, when a key isn't known
	Log        *slog.Logger
	Now        func() time.Time
}

const (
	fetchTimeout = 5 * time.Second
	maxKeysText  = 1 << 20 // bytes of a set
	maxRedirects = 3
	maxWaiting   = 64 // requests that wait for a fetch; more are refused at once, so that a flood takes no workers
	firstRetry   = 250 * time.Millisecond
)

// NewRemote begins to fetch keys, until ctx is done. Until they are there, [Remote.Current] is nil.
func NewRemote(ctx context.Context, o RemoteOptions) *Remote {
	r := &Remote{o: o, ctx: ctx, waiting: make(chan struct{}, maxWaiting)}
	r.client = &http.Client{Timeout: fetchTimeout, CheckRedirect: stayAtHost}
	go r.run()
	return r
}

// stayAtHost lets no other host, and no other protocol, say what the keys are.
func stayAtHost(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	if next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
		return errors.New("the redirect leads to another host")
	}
	if len(before) > maxRedirects {
		return errors.New("there are too many redirects")
	}
	return nil
}

// run fetches the keys again and again. After a failure it waits for less time, more each time.
func (r *Remote) run() {
	retry := firstRetry
	for {
		wait := r.o.Refresh
		if err := r.refresh(); err != nil {
			wait = min(retry, r.o.Refresh)
			retry = min(2*retry, max(r.o.MinRefresh, firstRetry))
		} else {
			retry = firstRetry
		}
		select {
		case <-r.ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// refresh fetches, or waits for the fetch that runs.
func (r *Remote) refresh() error {
	done, mine := r.begin(0)
	if mine {
		r.fetch(done)
	}
	<-done
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failure
}

// Current is the keys that were fetched last, or nil.
func (r *Remote) Current() *Set { return r.current.Load() }

// Renew fetches keys, unless a fetch began less than the least time ago. Where one runs, it waits for that.
func (r *Remote) Renew(ctx context.Context) *Set {
	done, mine := r.begin(r.o.MinRefresh)
	if mine {
		r.fetch(done)
		return r.Current()
	}
	if done == nil {
		return r.Current()
	}
	select {
	case r.waiting <- struct{}{}:
		defer func() { <-r.waiting }()
	default:
		return r.Current()
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
	return r.Current()
}

// begin gives the fetch that runs, or begins one, which the caller has to do: it is mine. It is nil where the last began less than least ago.
func (r *Remote) begin(least time.Duration) (done chan struct{}, mine bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.o.Now()
	switch {
	case r.running != nil:
		return r.running, false
	case !r.last.IsZero() && now.Sub(r.last) < least:
		return nil, false
	}
	r.running, r.last = make(chan struct{}), now
	return r.running, true
}

// fetch fetches once, and then closes done.
func (r *Remote) fetch(done chan struct{}) {
	text, err := r.get()
	if err == nil {
		err = r.take(text)
	}
	if err != nil && r.ctx.Err() == nil {
		r.o.Log.Error("keys of tokens not fetched; the last ones hold", "url", r.o.URL, "error", err)
	}
	r.mu.Lock()
	r.failure, r.running = err, nil
	r.mu.Unlock()
	close(done)
}

// get asks for the text of the set.
func (r *Remote) get() ([]byte, error) {
	request, err := http.NewRequestWithContext(r.ctx, http.MethodGet, r.o.URL, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := r.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxKeysText+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxKeysText {
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxKeysText)
	}
	return text, nil
}

// take makes the set current, if it has keys. One that is as it was stays the same, so that tokens needn't be checked again.
func (r *Remote) take(text []byte) error {
	if bytes.Equal(text, r.text) {
		return nil
	}
	set, err := parseJWKs(text, false)
	if err != nil {
		return err
	}
	r.o.Log.Info("keys of tokens fetched", "url", r.o.URL, "keys", set.Len(), "left out", set.Left)
	r.text = text
	r.current.Store(set)
	return nil
}
