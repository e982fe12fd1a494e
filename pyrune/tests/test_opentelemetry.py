"""The spans that an engine's decisions are to OpenTelemetry."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Any, Dict, List, Mapping, Optional, Tuple

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace import StatusCode

import rune
import rune.opentelemetry
from conftest import ROLES

PARENTS = {
    "datalog_evaluation": "authorize_request", "fact_preparation": "datalog_evaluation", "rule_evaluation": "datalog_evaluation",
    "result_extraction": "datalog_evaluation", "cedar_evaluation": "authorize_request", "entity_creation": "cedar_evaluation",
    "policy_evaluation": "cedar_evaluation", "combine_results": "authorize_request",
}


class Traced:
    """An engine whose spans are kept."""

    def __init__(self, sampler: Any = None, **options: Any) -> None:
        self.engine, self.exporter = rune.Engine(**options), InMemorySpanExporter()
        self.provider = TracerProvider(sampler=sampler) if sampler else TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.engine.load(ROLES + '[policies]\nforbid (principal == User::"mallory", action, resource);\n')
        rune.opentelemetry.trace(self.engine, self.provider)

    def spans(self) -> Tuple[ReadableSpan, ...]:
        found = self.exporter.get_finished_spans()
        self.exporter.clear()
        return found


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    return dict(span.attributes or {})


def identity(span: ReadableSpan) -> Tuple[int, int]:
    """The numbers of its trace and of itself."""
    context = span.get_span_context()
    assert context is not None
    return context.trace_id, context.span_id


def inside(spans: Tuple[ReadableSpan, ...]) -> Dict[str, Optional[str]]:
    """The name of each span's parent. Each lies in its parent, and after the one before."""
    by_id = {identity(s)[1]: s for s in spans}
    ends: Dict[int, int] = {}
    names: Dict[str, Optional[str]] = {}
    for s in sorted(spans, key=lambda s: (s.start_time or 0, s.end_time or 0)):
        assert s.start_time is not None and s.end_time is not None and s.start_time <= s.end_time
        parent = by_id.get(s.parent.span_id) if s.parent else None
        names[s.name] = parent.name if parent else None
        if parent is not None and s.parent is not None:
            assert (parent.start_time or 0) <= s.start_time and s.end_time <= (parent.end_time or 0), s.name
            assert s.start_time >= ends.get(s.parent.span_id, 0), s.name
            ends[s.parent.span_id] = s.end_time
    return names


def test_tree() -> None:
    traced = Traced()
    result = traced.engine.authorize("alice", "read", "x")
    spans = traced.spans()
    assert inside(spans) == {"authorize_request": None, **PARENTS} and len(spans) == 9
    root = spans[-1]
    assert attributes(root)["rune.steps"] > 0
    assert {k: v for k, v in attributes(root).items() if k != "rune.steps"} == {
        "rune.decision": "permit", "rune.reasons": tuple(r.id for r in result.reasons), "rune.revision": traced.engine.revision}
    assert root.status.status_code is StatusCode.UNSET
    assert not traced.engine.authorize("mallory", "read", "x")
    assert attributes(traced.spans()[-1])["rune.decision"] == "deny"
    traced.engine.query("has_role(U, R)")
    traced.engine.update()
    assert traced.spans() == ()


def test_phases_fill_their_parents() -> None:
    """The phases are those of the module, so that a parent has no time of its own."""
    traced = Traced()
    traced.engine.authorize("alice", "read", "x")
    took = {s.name: (s.end_time or 0) - (s.start_time or 0) for s in traced.spans()}
    for parent in ("datalog_evaluation", "cedar_evaluation"):
        assert took[parent] == sum(took[name] for name, above in PARENTS.items() if above == parent)
    assert took["fact_preparation"] > 0 and took["combine_results"] > 0


def test_batch() -> None:
    traced = Traced()
    traced.engine.authorize_batch([("alice", "read", "x"), ("", "", ""), ("eve", "read", "x")])
    spans = traced.spans()
    inside(spans)
    assert Counter(s.name for s in spans) == {
        **{name: 2 for name in PARENTS}, "authorize_request": 1, "datalog_evaluation": 3, "fact_preparation": 3}
    items = [(attributes(s)["rune.item"], attributes(s)["rune.decision"]) for s in spans if s.name == "datalog_evaluation"]
    assert items == [(0, "permit"), (1, "none"), (2, "deny")] and attributes(spans[-1])["rune.items"] == 3


def test_errors() -> None:
    traced = Traced(memory_limit=64 << 20)
    with pytest.raises(rune.RequestError) as e:
        traced.engine.authorize("", "read", "secret")
    spans = traced.spans()
    assert [s.name for s in spans] == ["fact_preparation", "datalog_evaluation", "authorize_request"]
    assert (spans[-1].status.status_code, spans[-1].status.description) == (StatusCode.ERROR, e.value.code)
    with pytest.raises(rune.LimitError):
        traced.engine.authorize("alice", "read", "x", {"long": "x" * (80 << 20)})
    died, = traced.spans()
    assert (died.status.status_code, died.status.description) == (StatusCode.ERROR, "limit.memory")
    assert traced.engine.authorize("alice", "read", "x") and len(traced.spans()) == 9


def test_nothing_of_the_request() -> None:
    traced = Traced()
    with pytest.raises(rune.RequestError):
        traced.engine.authorize_json('{"principal":"secret-who","action":"secret-do","resource":"secret-what","context":{"secret-key":null}}')
    traced.engine.authorize("secret-who", "secret-do", "secret-what", {"secret-key": "secret-value"})
    assert "secret" not in "".join(s.to_json() for s in traced.spans())


def test_parent() -> None:
    """The span that is current is the parent, in a thread of authorize_async too."""
    traced = Traced(ParentBased(ALWAYS_OFF))
    tracer = TracerProvider().get_tracer("test")

    async def later() -> None:
        for slow in (0, 5):
            traced.engine._slow = slow
            assert await traced.engine.authorize_async("alice", "read", "x")

    assert traced.engine.authorize("alice", "read", "x")
    assert traced.spans() == ()
    with tracer.start_as_current_span("caller") as caller:
        asyncio.run(later())
    spans = [s for s in traced.spans() if s.name == "authorize_request"]
    assert [s.parent and s.parent.span_id for s in spans] == [caller.get_span_context().span_id] * 2


@pytest.mark.parametrize("ratio, timed", [(0.0, False), (1.0, True)])
def test_ratio(ratio: float, timed: bool) -> None:
    """What isn't sampled isn't timed."""
    traced = Traced(TraceIdRatioBased(ratio))
    seen: List[bool] = []

    class Seen(rune.Observer):
        def called(self, engine: object, call: rune.Call, given: object) -> None:
            seen.append(bool(call.timings))

    traced.engine.observe(Seen())
    traced.engine.authorize("alice", "read", "x")
    assert seen == [timed] and len(traced.spans()) == (9 if timed else 0)


def test_threads() -> None:
    """Each decision has its own tree, whatever others do meanwhile."""
    traced = Traced(instances=3)

    def ask(who: str) -> None:
        for _ in range(20):
            traced.engine.authorize(who, "write", "x")

    threads = [threading.Thread(target=ask, args=(who,)) for who in ("alice", "eve") * 4]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    trees: Dict[int, List[ReadableSpan]] = {}
    for s in traced.spans():
        trees.setdefault(identity(s)[0], []).append(s)
    assert len(trees) == 160
    for tree in trees.values():
        assert inside(tuple(tree)) == {"authorize_request": None, **PARENTS} and len(tree) == 9
    assert Counter(attributes(t[-1])["rune.decision"] for t in trees.values()) == {"permit": 80, "deny": 80}
