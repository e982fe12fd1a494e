package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rune-authz/rune/host"
)

// The transitive closure, materialised at load. The closure operator takes the first form; the second joins a third atom, which holds
// always, and so goes the way of all rules: semi-naive rounds of joins.
const (
	closureEdges    = "version = \"rune/1.0\"\ninclude = [\"edge.csv\"]\n[rules]\ndecl edge(long, long).\n"
	closureOperator = closureEdges + "@materialize path(X, Y) :- edge(X, Y).\npath(X, Z) :- path(X, Y), edge(Y, Z).\n"
	closureJoins    = closureEdges + "on(1).\n@materialize path(X, Y) :- edge(X, Y).\npath(X, Z) :- on(1), path(X, Y), edge(Y, Z).\n"
)

// closure times the closure of a random graph: in the module the whole load of a configuration that materialises it, from file to
// index; natively datafrog, without the reading.
func (b *bench) closure(ctx context.Context) error {
	var contenders []*contender
	for _, form := range []struct{ name, text string }{{"operator", closureOperator}, {"joins", closureJoins}} {
		config, err := b.graph(form.name, form.text)
		if err != nil {
			return err
		}
		contenders = append(contenders, &contender{name: closureName(form.name), run: func(n int) error {
			for range n {
				if err := b.loadClosure(ctx, config); err != nil {
					return err
				}
			}
			return nil
		}})
	}
	datafrog, err := b.buildDatafrog(ctx)
	if err != nil {
		fmt.Fprintln(b.log, "bench: datafrog isn't measured:", err)
	}
	edges := filepath.Join(b.dir, "operator", "edge.csv")
	for range b.scale.longRounds {
		if datafrog != "" {
			if err := b.command(ctx, b.root, datafrog, edges, "2"); err != nil {
				return err
			}
		}
		if err := b.interleave(ctx, 1, b.scale.budget, contenders...); err != nil {
			return err
		}
	}
	return nil
}

func closureName(form string) string { return "Closure/" + form }

// graph writes a configuration over random edges.
func (b *bench) graph(name, text string) (config string, err error) {
	folder := filepath.Join(b.dir, name)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	random := rand.New(rand.NewPCG(1, 2))
	config = filepath.Join(folder, "config.rune")
	return config, errors.Join(
		os.WriteFile(config, []byte(text), 0o666),
		writeFile(filepath.Join(folder, "edge.csv"), func(w *bufio.Writer) {
			fmt.Fprintln(w, "from,to")
			for range b.scale.edges {
				fmt.Fprintf(w, "%d,%d\n", random.IntN(b.scale.nodes), random.IntN(b.scale.nodes))
			}
		}))
}

func (b *bench) loadClosure(ctx context.Context, config string) error {
	e, err := b.runtime.LoadFile(ctx, config, &host.LoadOptions{Instances: 1})
	if err != nil {
		return err
	}
	return e.Close(ctx)
}

// buildDatafrog builds the program beside which the closure is put, if there is a Rust compiler.
func (b *bench) buildDatafrog(ctx context.Context) (string, error) {
	cargo := program("CARGO", "cargo")
	if _, err := exec.LookPath(cargo); err != nil {
		return "", err
	}
	target, err := filepath.Abs(filepath.Join(b.root, "build", "datafrog"))
	if err != nil {
		return "", err
	}
	if _, err := b.output(ctx, filepath.Join(b.root, "bench", "datafrog"), cargo, "build", "--release", "--locked", "--target-dir", target); err != nil {
		return "", err
	}
	return filepath.Join(target, "release", "closure"), nil
}
