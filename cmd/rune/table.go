package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// writeCSV writes answers with a header, lines ending in \n. A string stands for itself, other values as the language writes them.
func writeCSV(w io.Writer, rows *answers) error {
	out := csv.NewWriter(w)
	if err := out.Write(rows.Columns); err != nil {
		return err
	}
	for _, row := range rows.Rows {
		var cells []string
		for _, v := range row {
			text, err := cellText(v)
			if err != nil {
				return err
			}
			cells = append(cells, text)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeTable writes answers in columns, two blanks between them.
func writeTable(w io.Writer, p palette, rows *answers) error {
	table := [][]string{rows.Columns}
	for _, row := range rows.Rows {
		var cells []string
		for _, v := range row {
			text, err := valueText(v)
			if err != nil {
				return err
			}
			cells = append(cells, text)
		}
		table = append(table, cells)
	}
	widths := make([]int, len(rows.Columns))
	for _, cells := range table {
		for i, c := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	for n, cells := range table {
		line := tableLine(cells, widths)
		if n == 0 {
			line = p.bold(line)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// tableLine pads all cells but the last.
func tableLine(cells []string, widths []int) string {
	var b strings.Builder
	for i, c := range cells {
		b.WriteString(c)
		if i+1 < len(cells) {
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2))
		}
	}
	return b.String()
}

// cellText is valueText, but a string is itself.
func cellText(text json.RawMessage) (string, error) {
	var s string
	if json.Unmarshal(text, &s) == nil {
		return s, nil
	}
	return valueText(text)
}
