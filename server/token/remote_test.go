package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var silent = slog.New(slog.NewTextHandler(io.Discard, nil))

// issuer is a server of keys that counts how often it is asked.
type issuer struct {
	*httptest.Server
	asked  atomic.Int64
	mu     sync.Mutex
	answer http.HandlerFunc
}

func newIssuer(t *testing.T, answer http.HandlerFunc) *issuer {
	i := &issuer{answer: answer}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.asked.Add(1)
		i.mu.Lock()
		answer := i.answer
		i.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) set(answer http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
}

func text(b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) }
}

func failing(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }

// clock is a time that tests move.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time       { return noon.Add(time.Duration(c.offset.Load())) }
func (c *clock) move(d time.Duration) { c.offset.Add(int64(d)) }

func remote(t *testing.T, url string, c *clock) *Remote {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return NewRemote(ctx, RemoteOptions{URL: url, Refresh: time.Hour, MinRefresh: 10 * time.Second, Log: silent, Now: c.now})
}

// await waits until what is true, which it will be.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 1000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it never comes that %s", what)
}

var (
	rsaSet   = jwks(jwk("rsa", "", "", &rsaKey.PublicKey))
	otherSet = jwks(jwk("other", "", "", &otherRSA.PublicKey))
)

// TestRemote_flood wants a flood of tokens with unknown keys to fetch at most once in the least time.
func TestRemote_flood(t *testing.T) {
	i, c := newIssuer(t, text(rsaSet)), &clock{}
	r := remote(t, i.URL, c)
	await(t, "keys are there", func() bool { return r.Current() != nil })
	v := newVerifier(rulesFor("RS256"), r, c.now)
	flood := func() {
		var wg sync.WaitGroup
		for n := range 200 {
			wg.Go(func() {
				token := mint(t, nil, fmt.Sprintf(`{"alg":"RS256","kid":"%d"}`, n), good)
				if _, err := v.Verify(t.Context(), []byte(token)); err == nil || err.Code != CodeKey {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	for _, s := range []struct {
		move time.Duration
		want int64
	}{{0, 1}, {9999 * time.Millisecond, 1}, {time.Millisecond, 2}, {time.Second, 2}, {8 * time.Second, 2}, {time.Second, 3}, {time.Second, 3}} {
		c.move(s.move)
		flood()
		if got := i.asked.Load(); got != s.want {
			t.Errorf("at %s: fetched %d times, want %d", c.now().Sub(noon), got, s.want)
		}
	}
}

// TestRemote_rotation wants a new key to be found when a token names it, and the old one to stop working with it.
func TestRemote_rotation(t *testing.T) {
	i, c := newIssuer(t, text(rsaSet)), &clock{}
	r := remote(t, i.URL, c)
	await(t, "keys are there", func() bool { return r.Current() != nil })
	v := newVerifier(rulesFor("RS256"), r, c.now)
	old := []byte(mint(t, rsaKey, rs256, good))
	fresh := []byte(mint(t, otherRSA, `{"alg":"RS256","kid":"other"}`, good))
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	i.set(text(otherSet))
	c.move(10 * time.Second)
	if _, err := v.Verify(t.Context(), fresh); err != nil {
		t.Errorf("the new key isn't found: %v", err)
	}
	if _, err := v.Verify(t.Context(), old); err == nil || err.Code != CodeKey {
		t.Errorf("%v, although its key is gone", err)
	}
}

// TestRemote_bad wants the last keys to hold, whatever goes wrong.
func TestRemote_bad(t *testing.T) {
	evil := newIssuer(t, text(otherSet))
	for name, answer := range map[string]http.HandlerFunc{
		"down":             failing,
		"empty set":        text([]byte(`{"keys":[]}`)),
		"keys of no use":   text(jwks(jwk("e", "", "enc", &rsaKey.PublicKey))),
		"secret":           text(jwks(jwk("s", "", "", secret))),
		"no JSON":          text([]byte(`<html>`)),
		"PEM":              text(rsaPublic),
		"nothing":          text(nil),
		"too long":         text([]byte(`{"keys":[]` + strings.Repeat(" ", maxKeysText) + `}`)),
		"not found":        http.NotFound,
		"created":          func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); _, _ = w.Write(otherSet) },
		"redirect away":    func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, evil.URL, http.StatusFound) },
		"redirect to self": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10000")
			_, _ = w.Write(otherSet)
		},
	} {
		t.Run(name, func(t *testing.T) {
			i, c := newIssuer(t, text(rsaSet)), &clock{}
			r := remote(t, i.URL, c)
			await(t, "keys are there", func() bool { return r.Current() != nil })
			first := r.Current()
			i.set(answer)
			c.move(10 * time.Second)
			if r.Renew(t.Context()) != first || i.asked.Load() < 2 {
				t.Error("the last keys don't hold, or weren't fetched again")
			}
			i.set(text(otherSet))
			c.move(10 * time.Second)
			if r.Renew(t.Context()) == first {
				t.Error("new keys aren't taken anymore")
			}
		})
	}
	if evil.asked.Load() > 0 {
		t.Error("another host was asked")
	}
}

// TestRemote_redirect wants a redirect at the same host to be followed.
func TestRemote_redirect(t *testing.T) {
	i := newIssuer(t, nil)
	i.set(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/keys" {
			http.Redirect(w, r, "/keys", http.StatusFound)
			return
		}
		text(rsaSet)(w, r)
	})
	r := remote(t, i.URL, &clock{})
	await(t, "keys are there", func() bool { return r.Current() != nil })
}

// TestRemote_downAtStart wants keys to come once the issuer answers, with no token asking for them.
func TestRemote_downAtStart(t *testing.T) {
	i := newIssuer(t, failing)
	r := remote(t, i.URL, &clock{})
	await(t, "the issuer is asked again", func() bool { return i.asked.Load() >= 2 })
	if r.Current() != nil {
		t.Fatal("keys came from nowhere")
	}
	i.set(text(rsaSet))
	await(t, "keys are there", func() bool { return r.Current() != nil })
}

// TestRemote_periodic wants keys that were taken away to go, although no token asks.
func TestRemote_periodic(t *testing.T) {
	i, c := newIssuer(t, text(rsaSet)), &clock{}
	ctx, cancel := context.WithCancel(t.Context())
	r := NewRemote(ctx, RemoteOptions{URL: i.URL, Refresh: 10 * time.Millisecond, MinRefresh: time.Hour, Log: silent, Now: c.now})
	await(t, "keys are there", func() bool { return r.Current() != nil })
	first, asked := r.Current(), i.asked.Load()
	await(t, "keys are fetched again", func() bool { return i.asked.Load() > asked+2 })
	if r.Current() != first {
		t.Error("the same keys are another set")
	}
	i.set(text(otherSet))
	await(t, "other keys are there", func() bool { return r.Current() != first })
	cancel()
}

// TestRemote_slow wants requests to wait for a fetch that runs, but not too many of them, and none longer than it wants.
func TestRemote_slow(t *testing.T) {
	release := make(chan struct{})
	i, c := newIssuer(t, text(rsaSet)), &clock{}
	r := remote(t, i.URL, c)
	await(t, "keys are there", func() bool { return r.Current() != nil })
	i.set(func(w http.ResponseWriter, q *http.Request) { <-release; text(otherSet)(w, q) })
	c.move(10 * time.Second)
	first := r.Current()
	var fresh, stale atomic.Int64
	var wg sync.WaitGroup
	ask := func() {
		if r.Renew(context.Background()) == first {
			stale.Add(1)
		} else {
			fresh.Add(1)
		}
	}
	wg.Go(ask)
	await(t, "a fetch runs", func() bool { return i.asked.Load() == 2 })
	impatient, cancel := context.WithCancel(context.Background())
	cancel()
	if r.Renew(impatient) != first {
		t.Error("who doesn't want to wait has to")
	}
	for range maxWaiting + 20 {
		wg.Go(ask)
	}
	await(t, "some are refused", func() bool { return stale.Load() == 20 })
	close(release)
	wg.Wait()
	if fresh.Load() != maxWaiting+1 || i.asked.Load() != 2 {
		t.Errorf("%d have new keys after %d fetches", fresh.Load(), i.asked.Load())
	}
}

func TestRemote_badURL(t *testing.T) {
	r := &Remote{o: RemoteOptions{URL: "http://127.0.0.1:1\x00"}, ctx: t.Context(), client: http.DefaultClient}
	if _, err := r.get(); err == nil {
		t.Error("there is an answer")
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	if _, err := NewFile(t.Context(), path, false, silent); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(path+".new", b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	write([]byte(`{"keys":[]}`))
	if _, err := NewFile(t.Context(), path, false, silent); err == nil || !strings.Contains(err.Error(), ErrNoKeys.Error()) {
		t.Error(err)
	}
	write(rsaSet)
	f, err := NewFile(t.Context(), path, false, silent)
	if err != nil {
		t.Fatal(err)
	}
	first := f.Current()
	write(p256Public)
	await(t, "other keys are read", func() bool { return f.Renew(t.Context()) != first })
	second := f.Current()
	for _, broken := range [][]byte{nil, []byte("x"), []byte(`{"keys":[]}`)} {
		write(broken)
		f.changed()
		if f.Current() != second {
			t.Errorf("%q leaves other keys", broken)
		}
	}
	write(rsaSet)
	await(t, "keys are read again", func() bool { return f.Current() != second })
}
