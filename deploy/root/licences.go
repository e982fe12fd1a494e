package main

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
)

// licences writes our licence, and those of all that the binary is made of.
func licences(root string) error {
	folder := filepath.Join(root, "usr", "share", "doc", "rune")
	for _, name := range []string{"LICENSE", "NOTICE"} {
		text, err := os.ReadFile(filepath.Join(repository, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	others, err := othersLicences(filepath.Join(root, "bin", "rune"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "OTHERS"), others, 0o644)
}

// othersLicences are the licences of Go, and of the modules that are in the binary.
func othersLicences(binary string) ([]byte, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	folders, err := moduleFolders(info.Deps)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	// Distributions leave Go's own out of its folder. Its other modules have the same.
	if err := addLicences(&text, "Go "+info.GoVersion, folders["golang.org/x/sys"]); err != nil {
		return nil, err
	}
	for _, m := range info.Deps {
		if err := addLicences(&text, m.Path+" "+m.Version, folders[m.Path]); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

// moduleFolders are where modules' sources are, by their paths.
func moduleFolders(modules []*debug.Module) (map[string]string, error) {
	args := []string{"list", "-m", "-f", "{{.Path}}\t{{.Dir}}"}
	for _, m := range modules {
		args = append(args, m.Path)
	}
	out, err := inRepository(args...).Output()
	if err != nil {
		return nil, fmt.Errorf("find the modules: %w", err)
	}
	folders := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, folder, _ := strings.Cut(strings.TrimSpace(line), "\t")
		folders[path] = folder
	}
	return folders, nil
}

var licenceName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)(\..*)?$`)

// addLicences adds the licences that a folder has, under what they are the licences of.
func addLicences(text *bytes.Buffer, of, folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	fmt.Fprintf(text, "=== %s ===\n", of)
	before := text.Len()
	for _, e := range entries {
		if e.Type().IsRegular() && licenceName.MatchString(e.Name()) {
			licence, err := os.ReadFile(filepath.Join(folder, e.Name()))
			if err != nil {
				return err
			}
			fmt.Fprintf(text, "\n%s\n", bytes.TrimSpace(licence))
		}
	}
	if text.Len() == before {
		return errors.New(of + " has no licence")
	}
	text.WriteString("\n\n")
	return nil
}
