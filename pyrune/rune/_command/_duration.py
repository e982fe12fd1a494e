"""Durations as the binary reads and writes them: "1m30s", "50ms", in nanoseconds."""

from __future__ import annotations

import re
from fractions import Fraction

from ._flags import go_quote

_UNITS = {"ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([^0-9.]*)")


def read(text: str) -> int:
    """Nanoseconds. Raises ValueError."""
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text[1:] if text.startswith("+") else text)
    if rest == "0":
        return 0
    total, at = Fraction(0), 0
    while at < len(rest) or not rest:
        part = _PART.match(rest, at)
        if part is None:
            raise ValueError("time: invalid duration " + go_quote(text))
        number, unit = part.groups()
        if not unit:
            raise ValueError("time: missing unit in duration " + go_quote(text))
        if unit not in _UNITS:
            raise ValueError("time: unknown unit %s in duration %s" % (go_quote(unit), go_quote(text)))
        whole, _, fraction = number.partition(".")
        total += int(whole or "0") * _UNITS[unit] + int(Fraction(int(fraction or "0"), 10 ** len(fraction)) * _UNITS[unit])
        at = part.end()
    if total >= 1 << 63:
        raise ValueError("time: invalid duration " + go_quote(text))
    return sign * int(total)


def write(ns: int) -> str:
    """The shortest text, with the largest unit that makes it 1 or more; from a second on hours, minutes and seconds."""
    if ns < 0:
        return "-" + write(-ns)
    if ns == 0:
        return "0s"
    for unit, size in (("ns", 1), ("µs", 1000), ("ms", 10**6)):
        if ns < size * 1000:
            return _decimal(ns, size) + unit
    minutes, rest = divmod(ns, 60 * 10**9)
    text = _decimal(rest, 10**9) + "s"
    if minutes:
        text = "%dm" % (minutes % 60) + text
    if minutes >= 60:
        text = "%dh" % (minutes // 60) + text
    return text


def _decimal(n: int, size: int) -> str:
    whole, fraction = divmod(n, size)
    if not fraction:
        return str(whole)
    return "%d.%s" % (whole, str(fraction).zfill(len(str(size)) - 1).rstrip("0"))
