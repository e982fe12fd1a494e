package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/problem"
)

// posted makes transactions of requests, and compacts them.
func posted(requests ...string) *transactions {
	t := &transactions{}
	for _, r := range requests {
		t.add([]byte(r))
	}
	t.compact()
	return t
}

func TestTransactions_compact(t *testing.T) {
	for _, c := range []struct{ in, want []string }{
		{nil, nil},
		{[]string{`{}`}, nil},
		{[]string{` { "insert" : {"p":[[ 1 , "a b" ],[2,"c"]]} } `}, []string{`{"delete":{},"insert":{"p":[[1,"a b"],[2,"c"]]}}`}},
		{[]string{`{"insert":{"p":[[1]]}}`, `{"delete":{"p":[[1]]}}`}, []string{`{"delete":{"p":[[1]]},"insert":{}}`}},
		{[]string{`{"insert":{"p":[[1]],"q":[[1]]}}`, `{"delete":{"p":[[1]]}}`, `{"insert":{"p":[[1]]}}`}, []string{`{"delete":{},"insert":{"q":[[1]],"p":[[1]]}}`}},
		{[]string{`{"insert":{"p":[[1]]},"delete":{"p":[[1]]}}`}, []string{`{"delete":{},"insert":{"p":[[1]]}}`}},
		{[]string{`{"insert":{"p":[["a"]]}}`, `{"delete":{"p":[["\u0061"]]}}`, `{"insert":{"p":[["b"]]}}`},
			[]string{`{"delete":{},"insert":{"p":[["a"]]}}`, `{"delete":{"p":[["\u0061"]]},"insert":{"p":[["b"]]}}`}},
	} {
		var got []string
		for _, r := range posted(c.in...).list() {
			got = append(got, string(r))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.in, diff)
		}
	}
}

const pets = "version = \"rune/1.0\"\n[data]\npet = [[\"a\", 1]]\nfood = [1]\n[rules]\ndecl pet(User, long).\n"

// rows is what holds after updates.
func rows(t *testing.T, requests [][]byte) string {
	t.Helper()
	e, err := testRuntime(t).LoadText(t.Context(), pets, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(t.Context())
	for _, r := range requests {
		if _, err := e.Update(t.Context(), nil, r, nil); err != nil {
			t.Fatalf("%s: %v", r, err)
		}
	}
	var all string
	for _, goal := range []string{"pet(U, N)", "food(N)"} {
		reply, err := e.Query(t.Context(), nil, fmt.Appendf(nil, `{"goal":%q}`, goal), nil)
		if err != nil {
			t.Fatal(err)
		}
		all += string(reply[:strings.Index(string(reply), `,"revision"`)])
	}
	return all
}

// TestTransactions_equal: compacted transactions leave the same facts, however rows are written.
func TestTransactions_equal(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	spellings := []string{`"a"`, `"\u0061"`, `"User::\"a\""`, `{"__entity":{"type":"User","id":"a"}}`, `"b"`, ` "b" `}
	some := func() string {
		var pet, food []string
		for range random.IntN(3) {
			pet = append(pet, fmt.Sprintf("[%s,%d]", spellings[random.IntN(len(spellings))], random.IntN(2)))
		}
		for range random.IntN(2) {
			food = append(food, fmt.Sprintf("[%d]", random.IntN(3)))
		}
		return `{"pet":[` + strings.Join(pet, ",") + `],"food":[` + strings.Join(food, ",") + `]}`
	}
	changed := 0
	for range 60 {
		list := &transactions{}
		for range 1 + random.IntN(8) {
			if random.IntN(4) == 0 {
				list.compact()
			}
			list.add([]byte(`{"insert":` + some() + `,"delete":` + some() + `}`))
		}
		before := list.list()
		want := rows(t, before)
		list.compact()
		if got := rows(t, list.list()); got != want {
			t.Fatalf("%q becomes %q: %s, want %s", before, list.list(), got, want)
		}
		if want != rows(t, nil) {
			changed++
		}
	}
	if changed < 20 {
		t.Errorf("only %d of 60 change anything", changed)
	}
}

// TestTransactions_bounded: facts that come and go take no more and more memory.
func TestTransactions_bounded(t *testing.T) {
	list := &transactions{}
	for n := range 200_000 {
		list.add(fmt.Appendf(nil, `{"insert":{"p":[[%d]]},"delete":{"p":[[%d]]}}`, n%1000, (n+500)%1000))
		if list.bytes > 2*minCompact {
			t.Fatalf("%d bytes after %d transactions", list.bytes, n)
		}
	}
	list = &transactions{bytes: maxPosted, pinned: true}
	if err := list.room([]byte("{}")); !errors.Is(err, problem.CodeFactsFull) {
		t.Errorf("room: %v", err)
	}
}

// TestStore_concurrent: while generations come and go, updates are never lost, and nobody sees less than was acknowledged.
func TestStore_concurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.rune")
	numbered := func(n int) string {
		return fmt.Sprintf("version = \"rune/1.0\"\n[metadata]\nversion = \"%d\"\n[data]\ncounted = [0]\n[rules]\ndecl counted(long).\nlast(X) :- X = max(N) { counted(N) }.\n", n)
	}
	write(t, path, numbered(0))
	swaps := 0
	s, err := Open(t.Context(), Options{Runtime: testRuntime(t), Path: path, Log: slog.New(slog.DiscardHandler), Swapped: func() { swaps++ }})
	if err != nil {
		t.Fatal(err)
	}
	const updates = 150
	var acknowledged atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		defer acknowledged.Store(updates)
		for n := 1; n <= updates; n++ {
			if _, err := s.Update(t.Context(), nil, fmt.Appendf(nil, `{"insert":{"counted":[[%d]]}}`, n), "", nil); err != nil {
				t.Error(err)
				return
			}
			acknowledged.Store(int64(n))
		}
	})
	wg.Go(func() {
		for n := 1; acknowledged.Load() < updates; n++ {
			write(t, path, numbered(n))
			if _, err := s.Reload(t.Context(), CauseSignal); err != nil {
				t.Error(err)
			}
		}
	})
	for range 3 {
		wg.Go(func() {
			for acknowledged.Load() < updates {
				least := acknowledged.Load()
				g := s.Current()
				reply, err := g.Engine.Query(t.Context(), nil, []byte(`{"goal":"last(X)"}`), nil)
				if s.Replaced(g, err) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				var last int64
				if _, err := fmt.Sscanf(string(reply), `{"columns":["X"],"rows":[[%d]]`, &last); err != nil || last < least {
					t.Errorf("update %d was acknowledged, and this seen: %s", least, reply)
				}
			}
		})
	}
	wg.Wait()
	if success, failed := s.Reloads(); success == 0 || failed > 0 || int(success) != swaps {
		t.Errorf("%d, %d reloads, %d swaps", success, failed, swaps)
	}
	if err := s.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := s.Update(t.Context(), nil, []byte(`{}`), "", nil); !errors.Is(err, host.CodeClosed) {
		t.Errorf("an update of a closed store: %v", err)
	}
}

func TestStore_canceled(t *testing.T) {
	s := openFiles(t, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s.loading <- struct{}{}
	s.writer <- struct{}{}
	_, reload := s.Reload(ctx, CauseRequest)
	_, validate := s.Validate(ctx)
	_, text := s.ValidateText(ctx, "")
	_, update := s.Update(ctx, nil, []byte("{}"), "", nil)
	for i, err := range []error{reload, validate, text, update, s.Close(ctx)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d: %v", i, err)
		}
	}
	<-s.loading
	<-s.writer
}
