package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMonitoring_metrics: every metric of the server is in the documentation, and nothing else is.
func TestMonitoring_metrics(t *testing.T) {
	text, err := os.ReadFile("../../docs/MONITORING.md")
	if err != nil {
		t.Fatal(err)
	}
	p := start(t)
	p.send("POST", "/v1/authorize", `{"principal":"ann","action":"read","resource":"x"}`)
	var served []string
	for line := range strings.Lines(p.send("GET", "/metrics", "").body) {
		if name, ok := strings.CutPrefix(line, "# TYPE rune_"); ok {
			served = append(served, "rune_"+strings.Fields(name)[0])
		}
	}
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(rune_[a-z_]+)").FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, m[1])
	}
	slices.Sort(served)
	slices.Sort(documented)
	if !slices.Equal(served, documented) || len(served) < 20 {
		t.Errorf("served\n%s\ndocumented\n%s", strings.Join(served, "\n"), strings.Join(documented, "\n"))
	}
}

// TestMonitoring_alerts: every alert says what to do.
func TestMonitoring_alerts(t *testing.T) {
	text, err := os.ReadFile("../../docs/MONITORING.md")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("../../deploy/prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	alerts := regexp.MustCompile(`alert: (\w+)`).FindAllStringSubmatch(string(rules), -1)
	for _, a := range alerts {
		if !strings.Contains(string(text), "\n### "+a[1]+"\n") || !strings.Contains(string(rules), "docs/MONITORING.md#"+strings.ToLower(a[1])+"\n") {
			t.Errorf("%s has no runbook", a[1])
		}
	}
	if len(alerts) < 8 {
		t.Errorf("%d alerts", len(alerts))
	}
	for _, r := range regexp.MustCompile(`record: (\S+)`).FindAllStringSubmatch(string(rules), -1) {
		if !strings.Contains(string(text), "| `"+r[1]+"` |") {
			t.Errorf("%s isn't documented", r[1])
		}
	}
}
