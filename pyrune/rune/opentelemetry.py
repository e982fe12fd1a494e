"""Spans of an engine's decisions for OpenTelemetry, by the names that the server gives them; needs ``rune-authz[opentelemetry]``.

    rune.opentelemetry.trace(engine)

A decision that is sampled is a span ``authorize_request``, below the one that is current, with those of the phases inside::

    authorize_request
    ├── datalog_evaluation
    │   ├── fact_preparation
    │   ├── rule_evaluation
    │   └── result_extraction
    ├── cedar_evaluation
    │   ├── entity_creation
    │   └── policy_evaluation
    └── combine_results

A batch has all below ``authorize_request`` once an item. Attributes hold the decision and what statements it is by, and nothing of the request.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple, Union

from ._engine import Engine
from ._errors import RuneError
from ._observe import Call, Observer, Timing

try:
    from opentelemetry import trace as _api
except ImportError as e:
    raise ImportError("rune.opentelemetry needs opentelemetry-api: pip install 'rune-authz[opentelemetry]'", name=e.name) from e

__all__ = ["trace"]

_DECISIONS = ("", "deny", "permit")
_Attributes = Mapping[str, Union[str, int, Sequence[str]]]


def trace(engine: Engine, tracer_provider: Optional[_api.TracerProvider] = None) -> None:
    """Makes spans of an engine's decisions from now on, by a provider or that of the process.

    What isn't sampled isn't timed either.
    """
    engine.observe(_Spans(_api.get_tracer("rune", tracer_provider=tracer_provider)))


class _Spans(Observer):
    def __init__(self, tracer: _api.Tracer) -> None:
        self._tracer = tracer

    def calling(self, engine: object, verb: str) -> Optional[_api.Span]:
        if verb not in ("authorize", "batch"):
            return None
        span = self._tracer.start_span("authorize_request")
        return span if span.is_recording() else None

    def called(self, engine: object, call: Call, given: Optional[_api.Span]) -> None:
        if given is None:
            return
        try:
            for key, value in _outcome(call).items():
                given.set_attribute(key, value)
            error = _error(call)
            if error:
                given.set_status(_api.Status(_api.StatusCode.ERROR, error))
            self._inside(given, call)
        finally:
            given.end(call.started + call.took)

    def _inside(self, root: _api.Span, call: Call) -> None:
        """The spans of all requests, at the call's end: what the host does comes before."""
        if not call.timings:
            return
        last = call.timings[-1]
        begun = call.started + max(0, call.took - last.start - sum(last[1:7]))
        for n, timing in enumerate(call.timings):
            attributes: Dict[str, Union[str, int]] = {}
            if call.verb == "batch":
                attributes = {"rune.item": n, "rune.decision": _DECISIONS[timing.decision] or "none"}
            self._request(_Clock(self._tracer, begun + timing.start, call.started + call.took), root, timing, attributes)

    def _request(self, clock: _Clock, root: _api.Span, t: Timing, attributes: _Attributes) -> None:
        if not t.decision:  # it was no request, and had its facts prepared alone
            clock.spans(root, "datalog_evaluation", (("fact_preparation", t.facts),), attributes)
            return
        clock.spans(root, "datalog_evaluation", (("fact_preparation", t.facts), ("rule_evaluation", t.rules), ("result_extraction", t.results)), attributes)
        clock.spans(root, "cedar_evaluation", (("entity_creation", t.entities), ("policy_evaluation", t.policies)), attributes)
        clock.span(root, "combine_results", t.combine, attributes)


class _Clock:
    """Makes spans one after the other, none of which ends after the call."""

    def __init__(self, tracer: _api.Tracer, at: int, end: int) -> None:
        self._tracer, self._at, self._end = tracer, min(at, end), end

    def spans(self, parent: _api.Span, name: str, inside: Sequence[Tuple[str, int]], attributes: _Attributes) -> None:
        """A span with others inside, which fill it."""
        span = self._start(parent, name, attributes)
        for child, took in inside:
            self.span(span, child, took, {})
        span.end(self._at)

    def span(self, parent: _api.Span, name: str, took: int, attributes: _Attributes) -> None:
        span = self._start(parent, name, attributes)
        self._at = min(self._at + took, self._end)
        span.end(self._at)

    def _start(self, parent: _api.Span, name: str, attributes: _Attributes) -> _api.Span:
        return self._tracer.start_span(name, _api.set_span_in_context(parent), start_time=self._at, attributes=attributes)


def _error(call: Call) -> str:
    """The code of the error that the call raises, which says nothing of the request."""
    if call.failure is not None:
        return call.failure.code if isinstance(call.failure, RuneError) else type(call.failure).__name__
    if call.reply.startswith(b'{"error":'):
        return str(json.loads(call.reply)["error"]["code"])
    return ""


def _outcome(call: Call) -> Dict[str, Any]:
    s = call.statistics
    if s is None:
        return {}
    outcome: Dict[str, Any] = {"rune.steps": s.steps}
    if call.verb == "batch":
        outcome["rune.items"] = s.items
    elif s.decision:
        reply = json.loads(call.reply)
        outcome["rune.decision"] = reply["decision"]
        outcome["rune.reasons"] = [r["id"] for r in reply["reasons"]]
        outcome["rune.revision"] = reply["diagnostics"]["revision"]
    return outcome
