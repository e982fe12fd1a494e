"""What has to be reached."""

from __future__ import annotations

from typing import List

from measure import Target

MILLISECOND = 1e6


def targets() -> List[Target]:
    """The lines of the table, in its order."""
    return [*_authorize(), *_batch(), *_others()]


def _authorize() -> List[Target]:
    out = []
    for n, faster in ((10, 8), (1000, 100)):
        for form in ("strings", "mappings"):
            out.append(Target("authorize", "authorize, %d policies, %s, beside cedarpy, parsed" % (n, form), "Authorize/policies=%d/rune/%s" % (n, form),
                              ((1, "Authorize/policies=%d/cedarpy/%s" % (n, form)),), faster, faster=True))
        for form, allowed in (("strings", 0.6), ("mappings", 0.6), ("json", 0.6), ("module", None)):
            out.append(Target("authorize", "  %s, beside the crate cedar-policy from JSON to JSON" % form, "Authorize/policies=%d/rune/%s" % (n, form),
                              ((1, "Authorize/policies=%d/cedar-policy" % n),), allowed))
    return out


def _batch() -> List[Target]:
    out = []
    for form, what in (("plain", "strings without context"), ("strings", "strings"), ("mappings", "mappings")):
        beside = ((1.0, "Batch/%s/module" % form), (1.0, "Batch/%s/json.dumps" % form))
        out.append(Target("batch", "batch of 1000, %s, a decision, beside module and json.dumps" % what, "Batch/%s/rune" % form, beside, 1.3))
        out.append(Target("batch", "  with a look at each decision", "Batch/%s/rune-read" % form, beside))
    return out


def _others() -> List[Target]:
    return [
        Target("awaits", "1000 concurrent awaits, each, beside 3 × of nothing and module", "Awaits/rune", ((3, "Awaits/nothing"), (1, "Awaits/module")), 1),
        Target("start", "new process to first decision, machine code cached", "Start/rune", (), 120 * MILLISECOND),
        Target("start", "  beside import wasmtime", "Start/rune", ((1, "Start/import-wasmtime"),)),
        Target("start", "  beside an interpreter that does nothing", "Start/rune", ((1, "Start/nothing"),)),
    ]
