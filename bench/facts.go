package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rune-authz/rune/host"
)

// roles asks for a role by way of nested groups and folders.
const roles = `version = "rune/1.0"
include = ["member.csv", "inside.csv", "grant.csv"]
[rules]
decl member(entity, Group).
decl inside(entity, Folder).
decl grant(Group, Folder).
in_group(U, G) :- member(U, G).
in_group(U, G) :- member(U, H), in_group(H, G).
in_folder(F, G) :- inside(F, G).
in_folder(F, G) :- inside(F, H), in_folder(H, G).
permit(P, "read", R) :- in_group(P, G), grant(G, F), in_folder(R, F).
`

const rolesRequest = `{"principal":{"type":"User","id":"u0"},"action":"read","resource":{"type":"Doc","id":"d0"}}`

// facts times the check of a role by way of five levels of groups and five of folders, among few facts and among many, and counts its steps.
func (b *bench) facts(ctx context.Context) error {
	var contenders []*contender
	for _, n := range []int{1000, b.scale.facts} {
		e, err := b.rolesEngine(ctx, n)
		if err != nil {
			return err
		}
		defer e.Close(ctx)
		var stats host.Stats
		run := repeat(ctx, e, rolesRequest, &stats)
		if err := run(1); err != nil {
			return err
		}
		b.results.add(factsName(n), 1, sample{float64(stats.Steps), "steps"})
		contenders = append(contenders, &contender{name: factsName(n), run: run})
	}
	return b.interleave(ctx, b.scale.rounds, b.scale.budget, contenders...)
}

func factsName(n int) string { return fmt.Sprintf("Role/facts=%d", n) }

// rolesEngine loads about n facts: users and documents at the ends of chains of five groups and of five folders, with a grant from
// the one's last to the other's. A longer table has more chains, not longer ones.
func (b *bench) rolesEngine(ctx context.Context, n int) (*host.Engine, error) {
	config, err := b.writeRoles(fmt.Sprint("roles-", n), roles, n)
	if err != nil {
		return nil, err
	}
	return b.runtime.LoadFile(ctx, config, &host.LoadOptions{Instances: 1})
}

// writeRoles writes a document and the tables that it includes, of about n facts, to a folder of their own, and gives the document's path.
func (b *bench) writeRoles(name, document string, n int) (config string, err error) {
	folder := filepath.Join(b.dir, name)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	config = filepath.Join(folder, "config.rune")
	chains := n / 11
	return config, errors.Join(
		os.WriteFile(config, []byte(document), 0o666),
		writeFile(filepath.Join(folder, "member.csv"), func(w *bufio.Writer) { writeChains(w, chains, "user:u", "group:g", "g") }),
		writeFile(filepath.Join(folder, "inside.csv"), func(w *bufio.Writer) { writeChains(w, chains, "doc:d", "folder:f", "f") }),
		writeFile(filepath.Join(folder, "grant.csv"), func(w *bufio.Writer) {
			fmt.Fprintln(w, "group,folder")
			for i := range chains {
				fmt.Fprintf(w, "g%d-4,f%d-4\n", i, i)
			}
		}))
}

// writeChains writes chains of five links: first leads to link 0, link k to link k+1. A link's type is known in the second column.
func writeChains(w *bufio.Writer, chains int, first, link, plain string) {
	fmt.Fprintln(w, "from,to")
	for i := range chains {
		fmt.Fprintf(w, "%s%d,%s%d-0\n", first, i, plain, i)
		for k := range 4 {
			fmt.Fprintf(w, "%s%d-%d,%s%d-%d\n", link, i, k, plain, i, k+1)
		}
	}
}

// writeFile writes a file by a buffered writer.
func writeFile(path string, write func(*bufio.Writer)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	write(w)
	return errors.Join(w.Flush(), f.Close())
}
