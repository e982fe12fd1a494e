package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rune-authz/rune/host"
)

// membership has one table, and a question for which it needs an index.
const membership = `version = "rune/1.0"
include = ["member.csv"]
[rules]
decl member(User, Group).
permit(P, "read", R) :- member(P, G), G == R.
`

// load times the load of a table of two columns in the module, from the file to the engine that answers; beside it encoding/csv reads the
// same file natively, and keeps nothing, its fastest way, or everything. The memory is by how much the module's linear memory is larger after the load than after
// that of the same configuration without a row: what the host gives up, the garbage of the load included, since linear memory never
// shrinks. What of it is in use after a collection, natively, is the metric MB of BenchmarkLoad_million beside the engine.
func (b *bench) load(ctx context.Context) error {
	empty, err := b.membershipFolder(0)
	if err != nil {
		return err
	}
	folder, err := b.membershipFolder(b.scale.rows)
	if err != nil {
		return err
	}
	before, err := b.loadedMemory(ctx, empty)
	if err != nil {
		return err
	}
	rune, native := loadName("rune", b.scale.rows), loadName("encoding-csv", b.scale.rows)
	var after float64
	err = b.interleave(ctx, b.scale.longRounds, b.scale.budget,
		&contender{name: rune, run: func(n int) error {
			for range n {
				if after, err = b.loadedMemory(ctx, folder); err != nil {
					return err
				}
			}
			return nil
		}},
		&contender{name: native, run: func(n int) error {
			for range n {
				if err := b.readRows(filepath.Join(folder, "member.csv"), false); err != nil {
					return err
				}
			}
			return nil
		}},
		&contender{name: native + "-all", run: func(n int) error {
			for range n {
				if err := b.readRows(filepath.Join(folder, "member.csv"), true); err != nil {
					return err
				}
			}
			return nil
		}})
	if err != nil {
		return err
	}
	b.results.add(rune, 1, sample{(after - before) / 1e6, "MB"})
	return b.goBenchmarks(ctx, b.root, "./engine", "^BenchmarkLoad_million$/^engine$")
}

func loadName(engine string, rows int) string { return fmt.Sprintf("Load/rows=%d/%s", rows, engine) }

// membershipFolder writes a configuration with n rows: users in ten groups each, of a thousandth as many groups.
func (b *bench) membershipFolder(n int) (string, error) {
	folder := filepath.Join(b.dir, fmt.Sprint("membership-", n))
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	return folder, errors.Join(
		os.WriteFile(filepath.Join(folder, "config.rune"), []byte(membership), 0o666),
		writeFile(filepath.Join(folder, "member.csv"), func(w *bufio.Writer) {
			fmt.Fprintln(w, "who,group")
			for i := range n {
				fmt.Fprintf(w, "u%d,g%d\n", i/10, (i*7919+i/10)%(n/1000+10))
			}
		}))
}

// loadedMemory loads a folder's configuration, asks it one question, and gives the size of its linear memory.
func (b *bench) loadedMemory(ctx context.Context, folder string) (float64, error) {
	e, err := b.runtime.LoadFile(ctx, filepath.Join(folder, "config.rune"), &host.LoadOptions{Instances: 1})
	if err != nil {
		return 0, err
	}
	defer e.Close(ctx)
	var stats host.Stats
	reply, err := e.Authorize(ctx, nil, []byte(`{"principal":"u5","action":"read","resource":"Group::\"g0\""}`), &host.Call{Stats: &stats})
	if err == nil && stats.Errors > 0 {
		err = fmt.Errorf("the reply is %s", reply)
	}
	return float64(e.Pool().Memory), err
}

// readRows reads a file by encoding/csv, and keeps all of it or nothing.
func (b *bench) readRows(path string, keep bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(f)
	n := 0
	if keep {
		all, err := r.ReadAll()
		if err != nil {
			return err
		}
		n = len(all)
	} else {
		r.ReuseRecord = true
		for ; err == nil; n++ {
			_, err = r.Read()
		}
		if n--; err != io.EOF {
			return err
		}
	}
	if n != b.scale.rows+1 { // and the heading
		return fmt.Errorf("%s has %d lines", path, n)
	}
	return nil
}
