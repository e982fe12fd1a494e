"""The vectors of testdata, read and run through the package."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

import rune
from rune import _engine
from rune._instance import Host, Instance

Sections = List[Tuple[str, bytes]]
VERBS = {
    "request.json": "authorize", "batch.json": "batch", "evaluation.json": "evaluation", "evaluations.json": "evaluations",
    "query.json": "query", "update.json": "update", "facts.csv": "facts",
    "describe.json": "describe", "test.json": "test", "overlay.json": "overlay",
}
STEPS = {"host.json", "want.json", *VERBS}
_MARKER = re.compile(rb"^-- *(\S.*?) *--\r?\n", re.MULTILINE)


def parse_txtar(data: bytes) -> Sections:
    """The files of a txtar archive."""
    parts = _MARKER.split(data)[1:]
    return [(name.decode(), text) for name, text in zip(parts[::2], parts[1::2])]


class Archive:
    """The files of a vector, as a folder."""

    def __init__(self, files: Dict[str, bytes]) -> None:
        self._files = files

    def read(self, name: str) -> Optional[bytes]:
        return self._files.get(name)

    def list(self, folder: str) -> Optional[List[str]]:
        prefix = folder + "/" if folder else ""
        names = [f[len(prefix):] for f in self._files if f.startswith(prefix) and "/" not in f[len(prefix):]]
        return names or None  # an archive has no empty folders


class VectorEngine(rune.Engine):
    """An engine that gives its calls what a vector's host.json says."""

    def load_files(self, name: str, text: bytes, files: Dict[str, bytes]) -> bytes:
        """Loads, and gives the reply, an error's too."""
        try:
            self._load(name, text, Archive(files))
        except rune.RuneError as e:
            return e.json
        pool = self._pool
        assert pool is not None
        return json.dumps({"loaded": pool.loaded}, ensure_ascii=False, separators=(",", ":")).encode()

    def _require(self, needs: object) -> None:
        pass  # vectors show what happens without

    def call(self, verb: str, body: bytes, host: Dict[str, object]) -> bytes:
        """The reply to a call, whose host block is that of a vector."""
        limits = host.get("limits", {})
        assert isinstance(limits, dict)
        context = json.dumps(host["context"]).encode() if "context" in host else b""
        block = Host(_engine.MODES[str(host.get("entities", "override"))], tuple(limits.get(name, 0) for name in _engine.LIMITS),
                     int(str(host.get("overlay", "0")), 16), context, "now" in host)
        pool = self._pool
        assert pool is not None
        instance: Instance = pool.take()
        try:
            now = host.get("now", 0)
            assert isinstance(now, int)
            return instance.verbs[verb](body, instance.block(block, now))
        finally:
            pool.give(instance)


def run(sections: Sections) -> Iterator[str]:
    """Runs a vector in an engine of its own, and yields what differs."""
    first = next(n for n, (name, _) in enumerate(sections) if name in STEPS)
    files, steps = sections[:first], sections[first:]
    engine = VectorEngine()
    reply = engine.load_files(files[0][0], files[0][1], dict(files))
    replied, host = not reply.startswith(b'{"error":'), {}
    for name, data in steps:
        if name == "host.json":
            host = json.loads(data)
        elif name == "want.json":
            replied = True
            if reply + b"\n" != data:
                yield "got\n%s\nwant\n%s" % (reply.decode(), data.decode())
        else:
            reply = engine.call(VERBS[name], data[:-1] if data.endswith(b"\n") else data, host)
    if not replied:
        yield "the load failed: " + reply.decode()


def paths(folder: Path) -> List[Path]:
    """All vectors below a folder. There are some."""
    found = sorted(folder.rglob("*.txtar"))
    assert found, "no vectors in %s" % folder
    return found
