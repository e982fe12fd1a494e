package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rune-authz/rune/host"
)

// runtime makes the module ready to run, which takes a while the first time.
func (a *app) runtime(ctx context.Context) (*host.Runtime, error) {
	b := a.bar("compiling the module, once", 0)
	defer b.close()
	return host.New(ctx, host.Options{})
}

// load loads the configuration at path. What is wrong in it is reported with paths as reached from path.
func (a *app) load(ctx context.Context, r *host.Runtime, path string, o host.LoadOptions) (*host.Engine, error) {
	if err := readable(path); err != nil {
		return nil, err
	}
	o.Instances = 1
	e, err := r.LoadFile(ctx, path, &o)
	if he := (*host.Error)(nil); errors.As(err, &he) {
		he = relocateError(path, he)
		if he.Code == host.CodeNeeds {
			he.Help = "give it with --context"
		}
		return nil, he
	}
	return e, err
}

// open is load in a runtime of its own; done frees both.
func (a *app) open(ctx context.Context, path string, o host.LoadOptions) (e *host.Engine, done func(), err error) {
	if err := readable(path); err != nil {
		return nil, nil, err
	}
	r, err := a.runtime(ctx)
	if err != nil {
		return nil, nil, err
	}
	if e, err = a.load(ctx, r, path, o); err != nil {
		_ = r.Close(ctx)
		return nil, nil, err
	}
	return e, func() { _ = e.Close(ctx); _ = r.Close(ctx) }, nil
}

// readable tells early and plainly what no configuration can be read from.
func readable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder, a .rune or .cedar file is needed", path)
	}
	return nil
}

// relocate turns the name of a file of the configuration at path, which is relative to path's folder, into a path as
// reached from path.
func relocate(path, name string) string {
	switch name {
	case "":
		return ""
	case ".", filepath.Base(path):
		return path
	}
	name = filepath.FromSlash(name)
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(path), name)
}

// relocated is relocateError for any error.
func relocated(path string, err error) error {
	if he := (*host.Error)(nil); errors.As(err, &he) {
		return relocateError(path, he)
	}
	return err
}

func relocateError(path string, e *host.Error) *host.Error {
	out := *e
	out.File = relocate(path, e.File)
	out.Diagnostics = relocateAll(path, e.Diagnostics)
	return &out
}

func relocateAll(path string, list []host.Diagnostic) []host.Diagnostic {
	out := make([]host.Diagnostic, len(list))
	for i, d := range list {
		out[i] = relocateDiagnostic(path, d)
	}
	return out
}

// relocateDiagnostic gives the paths in all of d's fields, and where they stand in its text.
func relocateDiagnostic(path string, d host.Diagnostic) host.Diagnostic {
	old := position(d.File, d.Line, d.Column)
	d.File = relocate(path, d.File)
	if rest, ok := strings.CutPrefix(d.Text, old); ok && d.Line > 0 {
		d.Text = position(d.File, d.Line, d.Column) + rest
	}
	notes := make([]host.Note, len(d.Notes))
	for i, n := range d.Notes {
		old := "  note: " + position(n.File, n.Line, n.Column)
		n.File = relocate(path, n.File)
		d.Text = strings.Replace(d.Text, "\n"+old, "\n  note: "+position(n.File, n.Line, n.Column), 1)
		notes[i] = n
	}
	if d.Notes != nil {
		d.Notes = notes
	}
	return d
}

// position is how a place is written before a message.
func position(file string, line, column int) string {
	return fmt.Sprintf("%s:%d:%d: ", file, line, column)
}
