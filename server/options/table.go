package options

import (
	"fmt"
	"strings"
)

// Table is a table of all options in Markdown: flag, variable, default, meaning.
func Table() string {
	var b strings.Builder
	b.WriteString("| option | variable | default | meaning |\n|---|---|---|---|\n")
	for _, p := range New().list {
		kind := " " + p.value.Type()
		if kind == " bool" {
			kind = ""
		}
		preset := p.value.String()
		if preset != "" {
			preset = "`" + strings.ReplaceAll(preset, ",", ", ") + "`"
		}
		fmt.Fprintf(&b, "| `--%s%s` | `%s` | %s | %s |\n", p.name, strings.ReplaceAll(kind, "|", `\|`), variable(p.name), preset, p.usage)
	}
	return b.String()
}
