package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

//go:embed sample
var sample embed.FS

func (a *app) initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a commented sample configuration",
		Long: `init writes a sample configuration with facts, rules, policies and passing tests to DIR, by default
the current folder. It overwrites nothing: where one of its files is there already, it writes none.`,
		Example: `  rune init demo
  rune test demo`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("unexpected argument %q", args[1])
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return a.init(dir)
		},
	}
}

// init writes the sample's files, all or none.
func (a *app) init(dir string) error {
	files, err := sample.ReadDir("sample")
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		switch _, err := os.Lstat(path); {
		case err == nil:
			return fmt.Errorf("%s is there already; nothing was written", path)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, f := range files {
		text, err := sample.ReadFile("sample/" + f.Name())
		if err != nil {
			return err
		}
		path := filepath.Join(dir, f.Name())
		if err := writeNew(path, text); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "wrote %s\n", path)
	}
	config := filepath.Join(dir, "config.rune")
	fmt.Fprintf(a.stdout, "\nTry:\n  rune check %s\n  rune test %s\n  rune eval %s --principal user:ann --action read --resource doc:plan\n",
		config, dir, config)
	return nil
}

// writeNew writes a file that isn't there yet.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
