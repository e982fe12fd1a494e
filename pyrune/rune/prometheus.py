"""Metrics of an engine for Prometheus, by the names that the server gives them; needs ``rune-authz[prometheus]``.

    from prometheus_client import REGISTRY
    REGISTRY.register(rune.prometheus.Collector(engine))

No label holds anything of a request.
"""

from __future__ import annotations

import itertools
import json
import threading
from typing import Any, Dict, Iterator, List, Tuple

from ._engine import LIMITS, Engine
from ._errors import RuneError
from ._observe import Call, Observer

try:
    from prometheus_client import Counter, Histogram
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import Collector as _Collector
except ImportError as e:
    raise ImportError("rune.prometheus needs prometheus_client: pip install 'rune-authz[prometheus]'", name=e.name) from e

__all__ = ["BUCKETS", "Collector"]

#: Where the buckets of latencies end, in seconds.
BUCKETS = (1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 1.0, 10.0)

_DECIDING = ("authorize", "batch")
_EVALUATING = ("authorize", "batch", "query")


class Collector(_Collector, Observer):
    """Counts what an engine does from now on, and tells what it holds; to be registered with a registry of prometheus_client.

    ``sample`` is of how many decisions one has its phases timed, for the latencies of rules and of policies; 0: none. A registry takes the collector
    of one engine, since names would else be there twice.
    """

    def __init__(self, engine: Engine, *, sample: int = 16) -> None:
        if not isinstance(sample, int) or sample < 0:
            raise ValueError("sample is a number from 0 on, not %r" % (sample,))
        self._engine, self._sample, self._turn = engine, sample, itertools.count(1)
        decisions = _counter("authorization_requests", "Requests decided, each item of a batch one.", "decision")
        reloads = _counter("reload_events", "Reloads of the configuration.", "result")
        limits = _counter("limits_hit", "Calls that a limit cut short.", "limit")
        self._permits, self._denies = decisions.labels("permit"), decisions.labels("deny")
        self._reloads = {True: reloads.labels("success"), False: reloads.labels("failed")}
        self._limits = [limits.labels(name) for name in LIMITS]
        self._rules = _counter("rule_evaluations", "Rules evaluated.")
        self._policies = _counter("policy_evaluations", "Policies evaluated.")
        self._latency = _histogram("authorization", "How long calls took that decide, a batch being one.")
        self._datalog = _histogram("datalog_evaluation", "Evaluation of rules in one request, of the calls that are timed.")
        self._cedar = _histogram("cedar_evaluation", "Evaluation of policies in one request, of the calls that are timed.")
        self._metrics: Tuple[Any, ...] = (decisions, self._rules, self._policies, limits, reloads, self._latency, self._datalog, self._cedar)
        self._describing = threading.Lock()
        self._described, self._counts = "", {"rules": 0, "policies": 0, "facts": 0}
        self._has_loaded = engine._pool is not None
        engine.observe(self)

    # -- What the engine tells --------------------------------------------------------------------------------------

    def calling(self, engine: object, verb: str) -> bool:
        return bool(self._sample) and verb in _DECIDING and next(self._turn) % self._sample == 0

    def called(self, engine: object, call: Call, given: Any) -> None:
        s = call.statistics
        if s is None or call.verb not in _EVALUATING:
            return
        if s.rules_evaluated:
            self._rules.inc(s.rules_evaluated)
        if s.policies_evaluated:
            self._policies.inc(s.policies_evaluated)
        if s.limit:
            self._limits[s.limit - 1].inc()
        if call.verb == "query" or call.reply.startswith(b'{"error":'):
            return
        if s.permits:
            self._permits.inc(s.permits)
        if s.denies:
            self._denies.inc(s.denies)
        self._latency.observe(call.took / 1e9)
        if given:
            self._timed(call)

    def _timed(self, call: Call) -> None:
        for t in call.timings:
            if t.decision:
                self._datalog.observe((t.facts + t.rules + t.results) / 1e9)
                self._cedar.observe((t.entities + t.policies) / 1e9)

    def loaded(self, engine: object, ok: bool) -> None:
        if self._has_loaded:
            self._reloads[ok].inc()
        self._has_loaded = self._has_loaded or ok

    # -- What prometheus_client asks --------------------------------------------------------------------------------

    def describe(self) -> List[Metric]:
        """The names, so that a registry refuses others of the same name."""
        return [m for metric in self._metrics for m in metric.describe()] + list(self._state({}))

    def collect(self) -> Iterator[Metric]:
        """All metrics as they are now."""
        for metric in self._metrics:
            yield from metric.collect()
        yield from self._state(self._engine.statistics())

    def _state(self, statistics: Dict[str, int]) -> Iterator[Metric]:
        counts = self._loaded() if statistics else self._counts
        pool = self._engine._pool
        yield _gauge("loaded_rules_count", "Rules and statements that are loaded.", counts["rules"])
        yield _gauge("loaded_policies_count", "Cedar policies that are loaded.", counts["policies"])
        yield _gauge("fact_store_entries", "Facts that are stored, loaded and posted.", counts["facts"])
        info = GaugeMetricFamily("rune_config_info", "Always 1; the label is the revision of the loaded files, without updates.", labels=["revision"])
        if pool is not None:
            info.add_metric([pool.loaded["revision"]], 1)
        yield info
        yield _gauge("engine_instances", "Instances of the engine that are alive.", statistics.get("instances", 0))
        yield _gauge("engine_memory_bytes", "Linear memory of all instances.", statistics.get("memory_bytes", 0))
        yield CounterMetricFamily("rune_engine_traps", "Instances of the engine that died, which is a bug or memory that ran out.",
                                  value=statistics.get("traps", 0))

    def _loaded(self) -> Dict[str, int]:
        """How many rules, policies and facts the engine holds; if it can't tell, what it held before."""
        pool = self._engine._pool
        if pool is None:
            return self._counts
        with self._describing:
            if self._described != pool.revision:
                try:
                    described = json.loads(pool.call("describe", b"{}", self._engine._plain))
                    counts = described["counts"]
                except (RuneError, KeyError):
                    return self._counts
                self._described = described["revision"]
                self._counts = {"rules": counts["rules"] + counts["statements"], "policies": counts["policies"], "facts": counts["facts"]}
            return self._counts


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter("rune_" + name, text, labels, registry=None)


def _histogram(name: str, text: str) -> Histogram:
    return Histogram("rune_%s_latency_seconds" % name, text, buckets=BUCKETS, registry=None)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily("rune_" + name, text, value=value)
