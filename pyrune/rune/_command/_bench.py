"""``bench``: how fast requests are decided."""

from __future__ import annotations

import time
from itertools import cycle
from typing import List, Optional

from .._engine import ERROR
from .._errors import RuneError, error_from
from .._statistics import Statistics
from . import _duration
from ._flags import Arguments, Command, Flag, format_flag
from ._latency import LONGEST, Latencies, drawn, grouped, short
from ._load import CommandEngine, Unreadable, load
from ._output import Output, json_object, plain, plural
from ._request import REQUEST_FLAGS, REQUESTS_FLAG, Source

BENCH = Command("bench", "CONFIG {--principal P --action A --resource R | --requests FILE} [flags]", "Measure how fast requests are decided",
                """bench decides requests in turn, one after the other, and tells how many a second were decided and how
long each took, with the distribution drawn.

It measures what this package does for a request: from its JSON to the reply's, in the module, in one
instance, with the statistics that the report has. Each request is decided once before, and a tenth of
the duration, at most half a second, goes by unmeasured. A bad request is an error, and nothing is
measured. Ctrl-C ends early, with what was measured.

Requests, and what is the host's to give, are given as for eval.

Exit status: 0 whatever was decided; 2 after an error.""",
                """bench config.rune --principal user:alice --action read --resource doc:plan
bench config.rune --requests requests.jsonl --duration 30s
bench policies.cedar --requests requests.jsonl --format json""",
                (*REQUEST_FLAGS, REQUESTS_FLAG, Flag("duration", "how long to measure", "duration", "5s", _duration.read), format_flag("text", "json")))
PERMIT = 2  # the decision of the statistics block


class Measurement:
    """What was measured."""

    def __init__(self) -> None:
        self.latencies = Latencies()
        self.took = 0
        self.interrupted = False
        self.permits = self.denies = self.limited = 0
        self.steps = self.most_steps = 0

    def add(self, took: int, s: Statistics) -> None:
        self.latencies.add(min(took, LONGEST))
        if s.decision == PERMIT:
            self.permits += 1
        else:
            self.denies += 1
            self.limited += s.limit != 0
        self.steps += s.steps
        self.most_steps = max(self.most_steps, s.steps)

    @property
    def rate(self) -> float:
        """Decisions a second."""
        return self.latencies.count / (self.took / 1e9)


def bench(out: Output, args: Arguments) -> int:
    path, = args.exactly("CONFIG")
    source = Source(args)
    duration = _duration.read(args["duration"])
    if duration <= 0:
        args.command.fail("--duration: %s isn't more than 0" % _duration.write(duration))
    engine = load(path, source.given.provides())
    source.split(engine)
    requests = _read(engine, source) if source.from_file else [source.given.body()]
    if not source.from_file:
        engine.answered("authorize", requests[0])
    if args["format"] == "text":
        out.write("%s: %s, for %s\n" % (plain(path), plural(len(requests), "request"), _duration.write(duration)))
        out.flush()
    measured = _measure(engine, requests, duration)
    out.write(_json(path, len(requests), measured) if args["format"] == "json" else _text(out, measured))
    return 0


def _read(engine: CommandEngine, source: Source) -> List[bytes]:
    """Reads a file of requests and decides each once. The first bad one is an error, which has its line."""
    requests = []
    for n, line in enumerate(source.lines(), 1):
        request = line.strip(b" \t\r\n\v\f")
        if not request:
            continue
        try:
            engine.answered("authorize", request)
        except RuneError as e:
            e.file, e.line, e.column = source.name, n, line.index(request) + max(e.column, 1)
            e.diagnostics = ()
            raise
        requests.append(request)
    if not requests:
        raise Unreadable("--requests: there is no request in " + source.name)
    return requests


def _measure(engine: CommandEngine, requests: List[bytes], duration: int) -> Measurement:
    warm: Optional[Measurement] = _decide_for(engine, requests, min(duration // 10, 500_000_000))
    measured = Measurement() if warm is None or warm.interrupted else _decide_for(engine, requests, duration)
    if not measured.latencies.count:
        raise Unreadable("interrupted before anything was measured")
    return measured


def _decide_for(engine: CommandEngine, requests: List[bytes], duration: int) -> Measurement:
    """Decides the requests in turn, from the first on, until the time is over or someone interrupts. Where one ends, the next begins."""
    measured = Measurement()
    start = last = time.perf_counter_ns()
    try:
        for request in cycle(requests):
            if last - start >= duration:
                break
            reply, statistics = engine.ask("authorize", request)
            if reply.startswith(ERROR):
                raise error_from(reply)
            now = time.perf_counter_ns()
            measured.add(now - last, statistics)
            last = now
    except KeyboardInterrupt:
        measured.interrupted = True
    measured.took = max(last - start, 1)
    return measured


def _json(path: str, requests: int, m: Measurement) -> str:
    return json_object({
        "file": path, "requests": requests, "seconds": m.took / 1e9, "interrupted": m.interrupted, "decisions": m.latencies.count,
        "permit": m.permits, "deny": m.denies, "limited": m.limited, "requests_per_second": round(m.rate),
        "steps": {"mean": _number(m.steps / m.latencies.count), "max": m.most_steps},
        "latency_ns": {name.replace(".", ""): ns for name, ns in m.latencies.summary()},
        "histogram": [{"from_ns": b.start, "to_ns": b.end, "count": b.filled} for b in m.latencies.buckets()],
    }) + "\n"


def _number(value: float) -> float:
    return int(value) if value == int(value) else value


def _text(out: Output, m: Measurement) -> str:
    c, n = out.colours, m.latencies.count
    lines = []
    if m.interrupted:
        lines.append("%s after %s" % (c.yellow("interrupted"), _duration.write(round(m.took, -6))))
    limited = ", " + c.red(grouped(m.limited) + " by a limit") if m.limited else ""
    lines += ["", c.bold(grouped(int(m.rate))) + " requests/s",
              "%s decisions: %s permit, %s deny%s" % (grouped(n), grouped(m.permits), grouped(m.denies), limited),
              "%.1f steps a request, at most %d" % (m.steps / n, m.most_steps), ""]
    lines += ["%-5s  %7s" % (name, short(ns)) for name, ns in m.latencies.summary()]
    return "\n".join([*lines, "", *drawn(m.latencies.buckets()), ""])
