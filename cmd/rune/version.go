package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/internal/version"
)

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Tell the versions of the product, the module and its interface",
		Example: `  rune version
  rune version --format json`,
		Args:              exactly(),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	format := formatFlag(cmd, "text", "json")
	cmd.RunE = func(*cobra.Command, []string) error {
		a.version(format.value == "json")
		return nil
	}
	return cmd
}

// versions is what identifies the product: equal modules give equal replies.
type versions struct {
	Version      string `json:"version"`
	ModuleSHA256 string `json:"module_sha256"`
	ABIVersion   int    `json:"abi_version"`
}

func (a *app) version(asJSON bool) {
	v := versions{version.String(), host.ModuleSHA256(), host.ABIVersion}
	if asJSON {
		a.writeJSON(v)
		return
	}
	fmt.Fprintf(a.stdout, "rune %s\nmodule sha256:%s\nABI %d\n", v.Version, v.ModuleSHA256, v.ABIVersion)
}
