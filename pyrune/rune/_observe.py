"""What an engine tells of its calls and loads to those who count or trace them."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional, Tuple

from ._statistics import Statistics


class Timing(NamedTuple):
    """How long one request of a call took, in nanoseconds: where it began, from the call's begin on, and its phases in their order."""

    start: int
    facts: int
    rules: int
    results: int
    entities: int
    policies: int
    combine: int
    decision: int  # 0 none, 1 deny, 2 permit
    reserved: int


class Call(NamedTuple):
    """A call into the module that has been answered, or has failed. Times are in nanoseconds, the start is that of ``time.time_ns``."""

    verb: str
    started: int
    took: int
    reply: bytes  # empty if it failed
    statistics: Optional[Statistics]  # None if it failed
    timings: Tuple[Timing, ...]  # of each request, if phases were timed
    failure: Optional[BaseException]  # what is raised where there is no reply: the module died, or host_context failed


class Observer:
    """Told of each call and load of an engine that it was given to by ``Engine.observe``. All methods are optional."""

    def calling(self, engine: object, verb: str) -> Any:
        """A call is about to be made. What this gives is handed to ``called``; if it is true, the module times the phases."""
        return None

    def called(self, engine: object, call: Call, given: Any) -> None:
        """A call has ended. What this raises, the call raises."""

    def loaded(self, engine: object, ok: bool) -> None:
        """A load has ended."""
