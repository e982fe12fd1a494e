"""The metrics that an engine gives Prometheus."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import prometheus_client
import pytest

import rune
import rune.prometheus
from conftest import ROLES

POLICIES = ROLES + """
[policies]
forbid (principal == User::"mallory", action, resource);
"""
NAMES = {
    "rune_authorization_requests", "rune_rule_evaluations", "rune_policy_evaluations", "rune_limits_hit", "rune_reload_events",
    "rune_authorization_latency_seconds", "rune_datalog_evaluation_latency_seconds", "rune_cedar_evaluation_latency_seconds", "rune_loaded_rules_count",
    "rune_loaded_policies_count", "rune_fact_store_entries", "rune_config_info", "rune_engine_instances", "rune_engine_memory_bytes",
    "rune_engine_traps",
}


class Scraped:
    """An engine with a collector that times every second decision, and its samples."""

    def __init__(self, **options: Any) -> None:
        self.engine, self.registry = rune.Engine(**options), prometheus_client.CollectorRegistry()
        self.registry.register(rune.prometheus.Collector(self.engine, sample=2))

    def value(self, name: str, **labels: str) -> Optional[float]:
        return self.registry.get_sample_value("rune_" + name, labels)

    def decided(self) -> Dict[str, Optional[float]]:
        return {d: self.value("authorization_requests_total", decision=d) for d in ("permit", "deny")}


@pytest.fixture
def scraped() -> Scraped:
    s = Scraped()
    s.engine.load(POLICIES)
    return s


def test_names_and_labels(scraped: Scraped) -> None:
    """Every metric is there, and no label holds what a request does."""
    for n in range(50):
        scraped.engine.authorize("who%d" % n, "do%d" % n, "what%d" % n, {"which%d" % n: n})
    assert {m.name for m in scraped.registry.collect()} == NAMES
    labels = {(key, value) for m in scraped.registry.collect() for s in m.samples for key, value in s.labels.items() if key != "le"}
    assert {key for key, _ in labels} == {"decision", "result", "limit", "revision"}
    assert {value for key, value in labels if key in ("decision", "result")} == {"permit", "deny", "success", "failed"}
    assert ("revision", scraped.engine.revision) in labels and len(labels) == 4 + 8 + 1
    with pytest.raises(ValueError, match="Duplicated"):
        scraped.registry.register(rune.prometheus.Collector(scraped.engine))


def test_decisions(scraped: Scraped) -> None:
    engine = scraped.engine
    assert engine.authorize("alice", "read", "x") and not engine.authorize("mallory", "read", "x")
    engine.authorize_batch([("alice", "read", "x"), ("eve", "read", "x"), ("", "", ""), ("bob", "read", "x")])
    with engine.scoped_rules('permit(P, "write", _) :- P == User::"bob".'):
        assert engine.authorize("bob", "write", "x")
    with pytest.raises(rune.RequestError):
        engine.authorize("", "read", "x")
    assert scraped.decided() == {"permit": 4, "deny": 2}
    assert scraped.value("authorization_latency_seconds_count") == 4
    assert scraped.value("authorization_latency_seconds_bucket", le="1e-06") == 0
    assert scraped.value("authorization_latency_seconds_bucket", le="+Inf") == 4
    assert 0 < (scraped.value("authorization_latency_seconds_sum") or 0) < 60
    # Timed are the second call and the fourth.
    for name in ("datalog", "cedar"):
        assert scraped.value(name + "_evaluation_latency_seconds_count") == 2
    assert (scraped.value("datalog_evaluation_latency_seconds_sum") or 0) > 0
    assert (scraped.value("rule_evaluations_total") or 0) > 6 and (scraped.value("policy_evaluations_total") or 0) >= 1
    before = scraped.value("rule_evaluations_total") or 0
    engine.query("has_role(U, R)")
    assert scraped.decided() == {"permit": 4, "deny": 2} and (scraped.value("rule_evaluations_total") or 0) >= before


def test_what_is_loaded(scraped: Scraped) -> None:
    engine = scraped.engine
    base = engine.revision

    def held() -> List[Optional[float]]:
        return [scraped.value(n) for n in ("loaded_rules_count", "loaded_policies_count", "fact_store_entries")]

    assert held() == [2, 1, 2]
    engine.add_facts("has_role", [("carol", "viewer")])
    assert held() == [2, 1, 3] and scraped.value("config_info", revision=base) == 1 and engine.revision != base
    assert scraped.value("engine_instances") == 1 and (scraped.value("engine_memory_bytes") or 0) > 1 << 20
    engine.load('version = "rune/1.0"')
    assert held() == [0, 0, 0] and scraped.value("config_info", revision=base) is None


def test_reloads(write: Callable[[str, str], Path]) -> None:
    """The first load is none. One whose file isn't there failed."""
    scraped = Scraped()

    def reloads() -> List[Optional[float]]:
        return [scraped.value("reload_events_total", result=r) for r in ("success", "failed")]

    assert scraped.value("loaded_rules_count") == 0 and {m.name for m in scraped.registry.collect()} == NAMES
    path = write("config.rune", ROLES)
    with pytest.raises(rune.ConfigError):
        scraped.engine.load("nonsense")
    scraped.engine.load_config(path)
    assert reloads() == [0, 0]
    scraped.engine.reload()
    write("config.rune", "nonsense")
    with pytest.raises(rune.ConfigError):
        scraped.engine.reload()
    path.unlink()
    with pytest.raises(rune.ConfigError):
        scraped.engine.reload()
    assert reloads() == [1, 2] and scraped.value("loaded_rules_count") == 2


def test_traps_and_limits() -> None:
    scraped = Scraped(limits={"steps": 1})
    scraped.engine.load(ROLES)
    assert not scraped.engine.authorize("alice", "read", "x")
    assert scraped.value("limits_hit_total", limit="steps") == 1 and scraped.decided() == {"permit": 0, "deny": 1}
    capped = Scraped(memory_limit=64 << 20)
    capped.engine.load(ROLES)
    assert capped.value("engine_traps_total") == 0
    with pytest.raises(rune.LimitError):
        capped.engine.authorize("alice", "read", "x", {"long": "x" * (80 << 20)})
    assert capped.value("engine_traps_total") == 1 and capped.decided() == {"permit": 0, "deny": 0}
    with pytest.raises(rune.LimitError):
        capped.engine.add_facts("has_role", b"user,role\n" + b"x" * (80 << 20))
    assert capped.value("engine_traps_total") == 2
    assert capped.engine.authorize("alice", "read", "x") and capped.decided() == {"permit": 1, "deny": 0}


def test_threads() -> None:
    """Nothing is lost among threads, while others scrape, update and reload."""
    scraped = Scraped(instances=3)
    scraped.engine.load(ROLES)
    ended = threading.Event()

    def ask() -> None:
        for _ in range(200):
            assert scraped.engine.authorize("alice", "write", "x") and not scraped.engine.authorize("eve", "write", "x")

    def change() -> None:
        while not ended.is_set():
            scraped.engine.add_facts("has_role", [("carol", "viewer")])
            list(scraped.registry.collect())
            scraped.engine.load(ROLES)

    askers, changer = [threading.Thread(target=ask) for _ in range(8)], threading.Thread(target=change)
    for t in [*askers, changer]:
        t.start()
    for t in askers:
        t.join()
    ended.set()
    changer.join()
    assert scraped.decided() == {"permit": 1600, "deny": 1600}
    assert scraped.value("authorization_latency_seconds_count") == 3200 and scraped.value("fact_store_entries") == 2


def test_sample() -> None:
    engine = rune.Engine()
    for sample in (-1, 0.5, None):
        with pytest.raises(ValueError, match="sample"):
            rune.prometheus.Collector(engine, sample=sample)  # type: ignore[arg-type]
    collector = rune.prometheus.Collector(engine, sample=0)
    assert not any(collector.calling(engine, "authorize") for _ in range(100))


@pytest.mark.parametrize("package, module, extra", [("prometheus_client", "prometheus", "prometheus"), ("opentelemetry", "opentelemetry", "opentelemetry")])
def test_missing_package(package: str, module: str, extra: str) -> None:
    """What is missing is named, with the extra that brings it; rune itself needs neither."""
    script = "import sys; sys.modules[%r] = None; import rune\ntry: import rune.%s\nexcept ImportError as e: print(e)" % (package, module)
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=True)
    assert done.stdout.decode().strip().endswith("pip install 'rune-authz[%s]'" % extra)
