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
    read: int
    rules: int
    policies: int
    decide: int
    write: int
    reserved_5: int
    reserved_6: int
    reserved_7: int
    reserved_8: int
