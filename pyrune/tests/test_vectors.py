"""All hosts give the same bytes: the vectors through the package."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Dict, List, Set, Tuple

import pytest

import rune
import vectors
from conftest import ROOT
from rune import _binding, _errors

TESTDATA = ROOT / "testdata"
FOLDERS = sorted(p for p in (TESTDATA / "vectors").iterdir() if p.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda p: p.name)
def test_vectors(folder: Path) -> None:
    for path in vectors.paths(folder):
        assert list(vectors.run(vectors.parse_txtar(path.read_bytes()))) == [], path


def test_vectors_by_the_public_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wasmtime-py without the functions that are not public gives the same bytes, more slowly."""

    def missing(*_: object) -> None:
        raise AttributeError("_ffi")

    monkeypatch.setattr(_binding, "unchecked", missing)
    for folder in FOLDERS:
        for path in vectors.paths(folder)[::7]:
            assert list(vectors.run(vectors.parse_txtar(path.read_bytes()))) == [], path


def test_vectors_can_fail() -> None:
    sections = vectors.parse_txtar(vectors.paths(TESTDATA / "vectors" / "deciding")[0].read_bytes())
    last = max(n for n, (name, _) in enumerate(sections) if name == "want.json")
    sections[last] = ("want.json", sections[last][1].replace(b":", b": ", 1))
    assert list(vectors.run(sections))


def _summary(reply: bytes) -> str:
    error = re.match(rb'{"error":{"code":"([^"]*)"', reply)
    return "%s %s" % (error.group(1).decode() if error else "ok", hashlib.sha256(reply).hexdigest())


def test_deep() -> None:
    """Some of the texts that nest to the limit, one further, and a million deep; the module's own runner has them all."""
    cases = json.loads((TESTDATA / "deep.json").read_bytes())[::9]
    assert cases
    for case in cases:
        engine = vectors.VectorEngine()
        for times, want in case["want"].items():
            n = int(times)
            text = (case["head"] + case["open"] * n + case["middle"] + case["close"] * n + case["tail"]).encode()
            if case["file"] in vectors.VERBS:
                engine.load_files("config.rune", case["config"].encode(), {})
                reply = engine.call(vectors.VERBS[case["file"]], text, {})
            else:
                reply = engine.load_files(case["file"], text, {})
            assert _summary(reply) == want, (case["name"], n)


def _codes() -> Set[Tuple[str, bool]]:
    """All codes of errors in the vectors, each with whether it was a load's or an overlay's."""
    found: Set[Tuple[str, bool]] = set()
    for path in vectors.paths(TESTDATA / "vectors"):
        asked = ""
        for name, data in vectors.parse_txtar(path.read_bytes()):
            if name in vectors.VERBS:
                asked = name
            elif name == "want.json" and data.startswith(b'{"error":'):
                found.add((json.loads(data)["error"]["code"], asked in ("", "overlay.json")))
            elif name == "want.json" and asked == "batch.json":
                found.update((item["error"]["code"], False) for item in json.loads(data)["results"] if "error" in item)
    return found


def _abi_codes() -> List[str]:
    """The codes of the ABI, from the table in its document."""
    text = (ROOT / "wasm" / "README.md").read_text("utf-8")
    table = text[text.index("## Codes of the ABI"):]
    return re.findall(r"^\| `([a-z_.]+)` \|", table[:table.index("All other codes")], re.MULTILINE)


def test_codes_have_one_class_each() -> None:
    kinds: Dict[str, Set[type]] = {}
    for code in _abi_codes():
        assert {_errors.error_class(code), _errors.error_class(code, loading=True)} == {rune.ABIError}, code
    codes = _codes()
    assert len(codes) > 100
    for code, loading in codes:
        reply = json.dumps({"error": {"code": code, "message": "x"}}).encode()
        error = _errors.error_from(reply, loading=loading)
        kinds.setdefault(code, set()).add(type(error))
        assert (type(error), error.code, error.json) == (type(error), code, reply)
        assert type(error) in (rune.ABIError, rune.LimitError, rune.ConfigError if loading else rune.RequestError), code
        assert (type(error) is rune.LimitError) == code.startswith("limit."), code
    assert {rune.LimitError, rune.ConfigError, rune.RequestError} <= set().union(*kinds.values())
