package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/internal/version"
)

// root is the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "rune",
		Short: "Decide who may do what, from Datalog rules and Cedar policies",
		Long: `rune decides who may do what, from one configuration of Datalog rules and Cedar policies.

CONFIG is a .rune document, or a .cedar file alone. Every command runs the same WebAssembly
module that the libraries run. Results go to standard output, diagnostics to standard error.

Exit status: 0 done; 1 what was asked about isn't well (an invalid configuration, a failed
test, a deny with --exit-status); 2 wrong usage, or an error.`,
		Example: `  rune init demo                      # write a sample configuration
  rune check demo/config.rune         # is it valid?
  rune test demo                      # do its tests pass?
  rune eval demo/config.rune --principal user:alice --action read --resource doc:plan`,
		Version:           version.String(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		Args:              cobra.ArbitraryArgs, // they are commands that aren't there
		RunE:              help,
	}
	root.SetVersionTemplate("rune {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(a.initCommand(), a.checkCommand(), a.evalCommand(), a.queryCommand(), a.testCommand(), a.benchCommand(), a.serveCommand(), a.healthCommand(), a.versionCommand())
	root.SetHelpCommand(helpCommand())
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "completion" {
			cmd.RunE = help
		}
	}
	return root
}

// helpCommand is cobra's help, but one that doesn't take what isn't there for the root.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about a command",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, c := range cmd.Root().Commands() {
				if len(args) == 0 && c.IsAvailableCommand() {
					names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usageError{err}
			}
			found.InitDefaultHelpFlag()
			found.InitDefaultVersionFlag()
			return help(found, rest)
		},
	}
}

// help shows a command's help. It has no use for arguments.
func help(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unknown command %q", args[0])
	}
	return cmd.Help()
}

// exactly wants these arguments, by name.
func exactly(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("%s is missing", names[len(args)])
		case len(args) > len(names):
			return usagef("unexpected argument %q", args[len(names)])
		}
		return nil
	}
}

// atLeastOne wants one or more arguments of a name.
func atLeastOne(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("%s is missing", name)
		}
		return nil
	}
}

// atMostOne wants one argument or none.
func atMostOne(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("unexpected argument %q", args[1])
	}
	return nil
}

// completeConfigs lets shells complete configurations: for the first max arguments, or for all if max is 0.
func completeConfigs(limit int) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if limit > 0 && len(args) >= limit {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return []string{"rune", "cedar"}, cobra.ShellCompDirectiveFilterFileExt
	}
}

// choice is a flag with a few values.
type choice struct {
	value string
	all   []string
}

func (c *choice) String() string { return c.value }
func (c *choice) Type() string   { return strings.Join(c.all, "|") }

func (c *choice) Set(s string) error {
	if !slices.Contains(c.all, s) {
		return usagef("it is one of %s", strings.Join(c.all, ", "))
	}
	c.value = s
	return nil
}

// formatFlag adds --format, whose default is the first of formats.
func formatFlag(cmd *cobra.Command, formats ...string) *choice {
	c := &choice{value: formats[0], all: formats}
	cmd.Flags().Var(c, "format", "how the result is written")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	return c
}
