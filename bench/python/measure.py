"""Contenders that take turns, and the targets that their figures are held to."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Callable, Dict, List, Optional, Sequence, TextIO, Tuple

SAMPLE = 5_000_000  # nanoseconds that a sample takes at least


@dataclass(frozen=True)
class Contender:
    """Something to measure: ``run(n)`` does it n times and gives the nanoseconds that took. ``items`` are the operations in one of them."""

    name: str
    run: Callable[[int], int]
    items: int = 1


def timed(operation: Callable[[], object]) -> Callable[[int], int]:
    """Measures by the time that this thread is running, which other programs on the machine disturb little."""

    def run(n: int) -> int:
        started = time.thread_time_ns()
        for _ in range(n):
            operation()
        return time.thread_time_ns() - started

    return run


class Results:
    """All samples of a run, in nanoseconds an operation, written as Go's benchmarks are so that benchstat can compare two runs."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._samples: Dict[str, List[float]] = {}

    def add(self, name: str, n: int, value: float, unit: str = "ns/op") -> None:
        """Takes in a sample: the mean of n operations."""
        self._samples.setdefault(name, []).append(value)
        print("Benchmark%s\t%d\t%s %s" % (name, n, repr(round(value, 3)), unit), file=self._out)

    def best(self, name: str) -> Optional[float]:
        """The smallest sample: what else a machine does only ever adds to a time."""
        samples = self._samples.get(name)
        return min(samples) if samples else None


def interleave(results: Results, rounds: int, contenders: Sequence[Contender], sample: int = SAMPLE) -> None:
    """Has the contenders take turns, so that whatever slows the machine for a while slows them all."""
    times = [_calibrated(c, sample) for c in contenders]
    for _ in range(rounds):
        for contender, n in zip(contenders, times):
            took = contender.run(n)
            results.add(contender.name, n * contender.items, took / (n * contender.items))


def _calibrated(contender: Contender, sample: int) -> int:
    """How often a contender is to run to take as long as a sample does."""
    n = 1
    while True:
        took = contender.run(n)
        if took >= sample:
            return n
        n = max(n + 1, min(100 * n, math.ceil(1.2 * n * sample / max(took, 1))))


@dataclass(frozen=True)
class Target:
    """A line of the table: what is measured, the references whose weighted sum it is compared with, and how many times that it may be.

    Without references, ``allowed`` is in nanoseconds. None allows anything: the line is there to be seen. ``faster`` has the ratio the other way
    round, and ``allowed`` is the least.
    """

    part: str
    what: str
    measured: str
    references: Tuple[Tuple[float, str], ...] = ()
    allowed: Optional[float] = None
    faster: bool = False
    unit: str = "ns"

    def judge(self, results: Results) -> Tuple[str, Optional[float], Optional[float], Optional[float]]:
        """The verdict, the figure, that of the references, and the ratio."""
        measured = results.best(self.measured)
        parts = [results.best(name) for _, name in self.references]
        if measured is None or any(p is None for p in parts):
            return "not measured", None, None, None
        if not self.references:
            return self._verdict(measured), measured, None, None
        reference = sum(weight * (part or 0) for (weight, _), part in zip(self.references, parts))
        ratio = reference / measured if self.faster else measured / reference
        return self._verdict(ratio), measured, reference, ratio

    def _verdict(self, value: float) -> str:
        if self.allowed is None:
            return ""
        return "ok" if (value >= self.allowed if self.faster else value <= self.allowed) else "MISSED"


def table(targets: Sequence[Target], results: Results) -> Tuple[str, Dict[str, int]]:
    """The table, and how many of its lines have which verdict."""
    lines = [["target", "measured", "reference", "ratio", "allowed", ""]]
    counts: Dict[str, int] = {}
    for target in targets:
        verdict, measured, reference, ratio = target.judge(results)
        counts[verdict] = counts.get(verdict, 0) + 1
        lines.append([target.what, readable(measured, target.unit), readable(reference, target.unit), "" if ratio is None else "%.3g ×" % ratio,
                      _allowed(target), verdict])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() + "\n" for line in lines), counts


def _allowed(target: Target) -> str:
    if target.allowed is None:
        return ""
    if not target.references:
        return "≤ " + readable(target.allowed, target.unit)
    return ("≥ %g × faster" if target.faster else "≤ %g ×") % target.allowed


def readable(value: Optional[float], unit: str = "ns") -> str:
    """A figure for people."""
    if value is None:
        return ""
    if unit != "ns":
        return "%.3g %s" % (value, unit)
    for name, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if value >= size:
            return "%.3g %s" % (value / size, name)
    return "%.3g ns" % value
