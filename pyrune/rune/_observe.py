"""What an engine tells of its calls and loads to those who count or trace them."""

from __future__ import annotations

from typing import NamedTuple, Optional

from ._statistics import Statistics


class Call(NamedTuple):
    """A call into the module that has been answered, or has died. Times are in nanoseconds, the start is that of ``time.time_ns``."""

    verb: str
    started: int
    took: int
    reply: bytes  # empty if the module died
    statistics: Optional[Statistics]


class Observer:
    """Told of each call and load of an engine that it was given to by ``Engine.observe``. All methods are optional."""

    def wants_phases(self, verb: str) -> bool:
        """Whether the module is to time the phases of the call that is about to be made."""
        return False

    def called(self, engine: object, call: Call) -> None:
        """A call has ended. What this raises, the call raises."""

    def loaded(self, engine: object, ok: bool) -> None:
        """A load has ended."""
