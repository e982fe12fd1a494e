package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rune-authz/rune/host"
)

var (
	descLoadedRules    = describe("loaded_rules_count", "Rules and statements that are loaded.")
	descLoadedPolicies = describe("loaded_policies_count", "Cedar policies that are loaded.")
	descFacts          = describe("fact_store_entries", "Facts that are stored, loaded and posted.")
	descConfig         = describe("config_info", "Always 1; the label is the revision of the loaded files, without updates.", "revision")
	descInstances      = describe("engine_instances", "Instances of the engine that are alive.")
	descMemory         = describe("engine_memory_bytes", "Linear memory of the largest instance. What instances haven't changed they share.")
	descTraps          = describe("engine_traps_total", "Instances of the engine that died, which is a bug or memory that ran out.")
)

// Loaded is what an engine holds.
type Loaded struct {
	Rules, Policies, Facts int
	Revision               string // of the loaded files
	Pool                   host.PoolStats
	Traps                  uint64 // since the start, those of engines that were replaced included
}

// State tells what an engine holds. It is a [prometheus.Collector], and safe for concurrent use.
type State struct {
	loaded func() Loaded
}

// NewState asks loaded each time that metrics are collected.
func NewState(loaded func() Loaded) *State { return &State{loaded} }

// Describe is [prometheus.Collector]'s.
func (s *State) Describe(out chan<- *prometheus.Desc) {
	for _, d := range [...]*prometheus.Desc{descLoadedRules, descLoadedPolicies, descFacts, descConfig, descInstances, descMemory, descTraps} {
		out <- d
	}
}

// Collect is [prometheus.Collector]'s.
func (s *State) Collect(out chan<- prometheus.Metric) {
	l := s.loaded()
	out <- gauge(descLoadedRules, float64(l.Rules))
	out <- gauge(descLoadedPolicies, float64(l.Policies))
	out <- gauge(descFacts, float64(l.Facts))
	out <- gauge(descConfig, 1, l.Revision)
	out <- gauge(descInstances, float64(l.Pool.Instances))
	out <- gauge(descMemory, float64(l.Pool.Memory))
	out <- counter(descTraps, l.Traps)
}
