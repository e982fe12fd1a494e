package deploy

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation"
	admission "k8s.io/pod-security-admission/api"
	security "k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// objects are what a cluster is given, each "Kind/name".
type objects map[string]runtime.Object

// kustomize builds a folder, and reads what comes of it as strictly as an API server that refuses unknown fields.
func kustomize(t *testing.T, files filesys.FileSystem, folder string) objects {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, folder)
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{apps.AddToScheme, core.AddToScheme, networking.AddToScheme, policy.AddToScheme, rbac.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	strict := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, scheme, scheme, serializer.SerializerOptions{Yaml: true, Strict: true})
	all := objects{}
	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		object, kind, err := strict.Decode(text, nil, nil)
		if err != nil {
			t.Errorf("%v in\n%s", err, text)
			continue
		}
		if problems := validation.IsDNS1123Subdomain(r.GetName()); len(problems) > 0 {
			t.Errorf("%s %s: %v", kind.Kind, r.GetName(), problems)
		}
		all[kind.Kind+"/"+r.GetName()] = object
	}
	if t.Failed() {
		t.FailNow()
	}
	return all
}

// base builds the base.
func base(t *testing.T) objects {
	t.Helper()
	return kustomize(t, filesys.MakeFsOnDisk(), "kubernetes")
}

// get is the object of that type whose name begins like that.
func get[T any](t *testing.T, all objects, kind, name string) *T {
	t.Helper()
	for key, object := range all {
		if o, ok := object.(any).(*T); ok && strings.HasPrefix(key, kind+"/"+name) {
			return o
		}
	}
	t.Fatalf("there is no %s/%s in %v", kind, name, slices.Sorted(maps.Keys(all)))
	return nil
}

func TestKubernetes_objects(t *testing.T) {
	all := base(t)
	options := get[core.ConfigMap](t, all, "ConfigMap", "rune-options-").Name
	want := []string{"ConfigMap/rune-config", "ConfigMap/" + options, "Deployment/rune", "NetworkPolicy/rune", "PodDisruptionBudget/rune", "Service/rune", "ServiceAccount/rune"}
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, want) {
		t.Errorf("the base makes %v, want %v", got, want)
	}
}

// TestKubernetes_restricted: the pods may do what the strictest of Kubernetes' standards for them lets pods do.
func TestKubernetes_restricted(t *testing.T) {
	pod := get[apps.Deployment](t, base(t), "Deployment", "rune").Spec.Template
	checks, err := security.NewEvaluator(security.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := admission.LevelVersion{Level: admission.LevelRestricted, Version: admission.LatestVersion()}
	refused := func(pod core.PodTemplateSpec) string {
		result := security.AggregateCheckResults(checks.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec))
		return result.ForbiddenDetail()
	}
	if why := refused(pod); why != "" {
		t.Error(why)
	}
	s := pod.Spec.Containers[0].SecurityContext
	if s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem || *pod.Spec.AutomountServiceAccountToken {
		t.Error("the pods may write to their root, or have a token")
	}
	s.Capabilities = nil
	if refused(pod) == "" {
		t.Error("pods that keep their capabilities are let through")
	}
}

// TestKubernetes_wiring: what names something names what is there.
func TestKubernetes_wiring(t *testing.T) {
	all := base(t)
	d := get[apps.Deployment](t, all, "Deployment", "rune")
	pod := d.Spec.Template
	budget := get[policy.PodDisruptionBudget](t, all, "PodDisruptionBudget", "rune")
	selectors := map[string]map[string]string{
		"Deployment":          d.Spec.Selector.MatchLabels,
		"Service":             get[core.Service](t, all, "Service", "rune").Spec.Selector,
		"PodDisruptionBudget": budget.Spec.Selector.MatchLabels,
		"NetworkPolicy":       get[networking.NetworkPolicy](t, all, "NetworkPolicy", "rune").Spec.PodSelector.MatchLabels,
		"spread":              pod.Spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
	}
	for what, labels := range selectors {
		if s, err := meta.LabelSelectorAsSelector(&meta.LabelSelector{MatchLabels: labels}); err != nil || s.Empty() || !s.Matches(labelSet(pod.Labels)) {
			t.Errorf("%s selects %v, the pods are %v", what, labels, pod.Labels)
		}
	}
	c := pod.Spec.Containers[0]
	version, err := os.ReadFile("../internal/version/VERSION")
	if err != nil {
		t.Fatal(err)
	}
	if want := "rune:" + strings.TrimSpace(string(version)); c.Image != want {
		t.Errorf("the image is %s, want %s", c.Image, want)
	}
	get[core.ServiceAccount](t, all, "ServiceAccount", pod.Spec.ServiceAccountName)
	port := c.Ports[0].Name
	names := []string{get[core.Service](t, all, "Service", "rune").Spec.Ports[0].TargetPort.String(),
		get[networking.NetworkPolicy](t, all, "NetworkPolicy", "rune").Spec.Ingress[0].Ports[0].Port.String()}
	for _, p := range []*core.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
		names = append(names, p.HTTPGet.Port.String())
	}
	for _, name := range names {
		if name != port {
			t.Errorf("a port is %s, the container has %s", name, port)
		}
	}
	for _, m := range c.VolumeMounts {
		if _, err := mounted(all, pod.Spec, m); err != nil && m.Name != "cluster" {
			t.Error(err)
		}
	}
}

type labelSet map[string]string

func (s labelSet) Has(label string) bool              { _, ok := s[label]; return ok }
func (s labelSet) Get(label string) string            { return s[label] }
func (s labelSet) Lookup(label string) (string, bool) { v, ok := s[label]; return v, ok }

// mounted are the files of the ConfigMap that a container mounts.
func mounted(all objects, pod core.PodSpec, m core.VolumeMount) (map[string]string, error) {
	for _, v := range pod.Volumes {
		if v.Name == m.Name && v.ConfigMap != nil {
			if c, ok := all["ConfigMap/"+v.ConfigMap.Name].(*core.ConfigMap); ok {
				return c.Data, nil
			}
		}
	}
	return nil, fmt.Errorf("there is no ConfigMap for %s", m.Name)
}

// TestKubernetes_times: a pod is given the time that the server takes to end, and is out of the Service before it takes no more.
func TestKubernetes_times(t *testing.T) {
	all := base(t)
	pod := get[apps.Deployment](t, all, "Deployment", "rune").Spec.Template.Spec
	var options struct {
		Listen        string
		ShutdownDelay time.Duration `toml:"shutdown-delay"`
	}
	if _, err := toml.Decode(get[core.ConfigMap](t, all, "ConfigMap", "rune-options-").Data["serve.toml"], &options); err != nil {
		t.Fatal(err)
	}
	const shutdownTimeout = 10 * time.Second // the option's default
	if grace := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second; grace <= options.ShutdownDelay+shutdownTimeout {
		t.Errorf("a pod has %v to end, and delays that by %v", grace, options.ShutdownDelay)
	}
	c := pod.Containers[0]
	if r := c.ReadinessProbe; time.Duration(r.PeriodSeconds*r.FailureThreshold)*time.Second >= options.ShutdownDelay {
		t.Errorf("it takes %d times %d s until a pod is seen not to be ready, %v until it takes no more", r.FailureThreshold, r.PeriodSeconds, options.ShutdownDelay)
	}
	if s := c.StartupProbe; s.PeriodSeconds*s.FailureThreshold < 60 {
		t.Error("a pod has less than a minute to compile the module")
	}
	if options.Listen != fmt.Sprint(":", c.Ports[0].ContainerPort) {
		t.Errorf("the server listens at %s, the container at %d", options.Listen, c.Ports[0].ContainerPort)
	}
}
