package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// overlay is the overlay of the documentation, in a folder with files of those texts, over the base that is here.
func overlay(t *testing.T, files map[string]string) objects {
	t.Helper()
	text, err := os.ReadFile("../docs/DEPLOY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```yaml\n# kustomization.yaml\n")
	document, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatal("docs/DEPLOY.md has no overlay")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	base, err := filepath.Rel(dir, here)
	if err != nil {
		t.Fatal(err)
	}
	const remote, version = "https://github.com/rune-authz/rune//deploy", "?ref=v0.4.0"
	if strings.Count(document, remote) != 2 {
		t.Fatalf("the overlay has other resources than there are:\n%s", document)
	}
	document = strings.NewReplacer(remote, base, version, "").Replace(document)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	return kustomize(t, filesys.MakeFsOnDisk(), dir)
}

// TestKubernetes_overlay: a configuration is replaced in its place, options make other pods, and all is in the overlay's namespace.
func TestKubernetes_overlay(t *testing.T) {
	before := base(t)
	all := overlay(t, map[string]string{"config.rune": people, "policies.cedar": "", "serve.toml": "listen = \":8181\"\n"})
	if text := get[core.ConfigMap](t, all, "ConfigMap", "rune-config").Data["config.rune"]; text != people {
		t.Errorf("the configuration is\n%s", text)
	}
	options := get[core.ConfigMap](t, all, "ConfigMap", "rune-options-").Name
	if options == get[core.ConfigMap](t, before, "ConfigMap", "rune-options-").Name {
		t.Error("other options have the same name")
	}
	get[rbac.ClusterRoleBinding](t, all, "ClusterRoleBinding", "rune-issuer-keys")
	d := get[apps.Deployment](t, all, "Deployment", "rune")
	if pod := d.Spec.Template.Spec; d.Namespace != "rune" || pod.Volumes[1].ConfigMap.Name != options || !strings.HasPrefix(pod.Containers[0].Image, "registry.example.com/rune:") {
		t.Errorf("in %q, image %s, options %s; want %s", d.Namespace, pod.Containers[0].Image, pod.Volumes[1].ConfigMap.Name, options)
	}
}
