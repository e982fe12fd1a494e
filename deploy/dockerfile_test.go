package deploy

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// image is what the Dockerfile says of processes in the image.
type image struct {
	entrypoint, cmd, health []string
	env                     []string
	user                    string
}

// command is the whole of what the image runs, and more.
func (i image) command(more ...string) []string {
	return append(append(append([]string{}, i.entrypoint...), i.cmd...), more...)
}

var (
	instruction = regexp.MustCompile(`(?m)^(ENTRYPOINT|CMD|ENV|USER|HEALTHCHECK(?: --\S+)* CMD) (.*)$`)
	flags       = regexp.MustCompile(` --\S+`)
)

func readDockerfile(t *testing.T) image {
	t.Helper()
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var i image
	for _, m := range instruction.FindAllStringSubmatch(string(text), -1) {
		words := map[string]*[]string{"ENTRYPOINT": &i.entrypoint, "CMD": &i.cmd, "HEALTHCHECK CMD": &i.health}[flags.ReplaceAllString(m[1], "")]
		switch {
		case words != nil:
			if err := json.Unmarshal([]byte(m[2]), words); err != nil {
				t.Fatalf("%s: %v", m[0], err)
			}
		case m[1] == "ENV":
			i.env = append(i.env, m[2])
		case m[1] == "USER":
			i.user = m[2]
		}
	}
	if i.entrypoint == nil || i.cmd == nil || i.health == nil || i.env == nil {
		t.Fatalf("the Dockerfile says %+v", i)
	}
	return i
}

func TestDockerfile_user(t *testing.T) {
	if u := readDockerfile(t).user; u != "65532:65532" {
		t.Errorf("the image runs as %s", u)
	}
}

// TestMakeImage_tool: the image is made by the first tool that works.
func TestMakeImage_tool(t *testing.T) {
	const works, broken = "#!/bin/sh\necho $0 $*\n", "#!/bin/sh\necho no daemon >&2\nexit 1\n"
	for name, c := range map[string]struct {
		tools map[string]string
		want  string
	}{
		"buildah first":     {map[string]string{"buildah": works, "podman": works, "docker": works}, "/buildah bud --format docker --file ./Dockerfile --tag rune:x folder\n"},
		"podman next":       {map[string]string{"buildah": broken, "podman": works, "docker": works}, "/podman build --format docker --file ./Dockerfile --tag rune:x folder\n"},
		"docker last":       {map[string]string{"podman": broken, "docker": works}, "/docker build --file ./Dockerfile --tag rune:x folder\n"},
		"none":              {nil, "buildah isn't here\n  podman isn't here\n  docker isn't here\n"},
		"none that does it": {map[string]string{"docker": broken}, "docker doesn't work: no daemon\n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			for _, tool := range []string{"sh", "dirname", "tail"} {
				real, err := exec.LookPath(tool)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(real, filepath.Join(path, tool)); err != nil {
					t.Fatal(err)
				}
			}
			for tool, text := range c.tools {
				if err := os.WriteFile(filepath.Join(path, tool), []byte(text), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			run := exec.Command("./image", "folder", "rune:x")
			run.Env = []string{"PATH=" + path}
			out, err := run.CombinedOutput()
			if fails := strings.HasPrefix(name, "none"); (err != nil) != fails || !strings.HasSuffix(string(out), c.want) {
				t.Errorf("%v\n%swant\n%s", err, out, c.want)
			}
		})
	}
}
