"""The statistics block of the last call, field by field as wasm/README.md has it."""

from __future__ import annotations

from typing import NamedTuple


class Statistics(NamedTuple):
    """What a call did. Times of phases are in nanoseconds, and 0 unless they were asked for."""

    size: int
    flags: int
    decision: int
    reserved: int
    steps: int
    tuples: int
    tables: int
    rules_evaluated: int
    policies_evaluated: int
    reasons: int
    errors: int
    items: int
    limit: int
    facts: int
    rules: int
    results: int
    entities: int
    policies: int
    combine: int
    permits: int
    denies: int
    timings_at: int
    timings: int
    reserved_8: int
