"""Latencies, kept to about three digits each, and their distribution."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Tuple

KEPT_BITS = 11  # of each latency: 1 part in 1024 at worst
LONGEST = 3600 * 10**9
_BOUNDS = (10, 15, 20, 30, 50, 70, 100)  # of the buckets in a decade: about equally far apart on a logarithmic scale


class Bucket(NamedTuple):
    """A part of the distribution: the latencies from one value up to, but not including, another."""

    start: int
    end: int
    filled: int


class Latencies:
    """Counts latencies, in nanoseconds."""

    def __init__(self) -> None:
        self.count = 0
        self.total = 0
        self._counts: Dict[int, int] = {}

    def add(self, ns: int) -> None:
        shift = max(0, ns.bit_length() - KEPT_BITS)
        kept = ns >> shift << shift
        self._counts[kept] = self._counts.get(kept, 0) + 1
        self.count += 1
        self.total += ns

    def percentile(self, part: float) -> int:
        """The latency that a part of 100 don't exceed."""
        wanted = max(1, round(self.count * part / 100))
        seen = 0
        for ns in sorted(self._counts):
            seen += self._counts[ns]
            if seen >= wanted:
                return ns
        return 0

    def summary(self) -> List[Tuple[str, int]]:
        """Name and nanoseconds of each figure of the report."""
        return [("min", min(self._counts)), ("mean", self.total // self.count),
                *[(name, self.percentile(part)) for name, part in (("p50", 50), ("p90", 90), ("p99", 99), ("p99.9", 99.9))], ("max", max(self._counts))]

    def buckets(self) -> List[Bucket]:
        """The distribution, from the shortest latency to the longest."""
        found = []
        decade = 1
        while decade <= LONGEST:
            for start, end in zip(_BOUNDS, _BOUNDS[1:]):
                start = 0 if decade == 1 and start == 10 else start * decade
                found.append(Bucket(start, end * decade, sum([n for ns, n in self._counts.items() if start <= ns < end * decade])))
            decade *= 10
        while len(found) > 1 and not found[0].filled:
            found.pop(0)
        while len(found) > 1 and not found[-1].filled:
            found.pop()
        return found


def drawn(buckets: List[Bucket]) -> List[str]:
    """A distribution, a line for each bucket. The fullest has the whole width; whatever isn't empty has at least one mark."""
    width, total, most = 50, sum(b.filled for b in buckets), max(b.filled for b in buckets)
    lines = []
    for b in buckets:
        marks = max(int(width * b.filled / most + 0.5), 1) if b.filled else 0
        lines.append("%7s … %7s  %-*s  %8.4f %%" % (short(b.start), short(b.end), width, "#" * marks, 100 * b.filled / total))
    return lines


def short(ns: int) -> str:
    """A duration with three digits."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            value = ns / size
            return "%.*f %s" % (0 if value >= 100 else 1 if value >= 10 else 2, value, unit)
    return "%d ns" % ns


def grouped(n: int) -> str:
    """A number with its digits in groups of three."""
    return "{:,}".format(n).replace(",", " ")
