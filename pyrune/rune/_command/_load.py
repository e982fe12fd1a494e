"""Loads configurations for commands: paths in what is reported are as reached from the command line."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any, Collection, Iterable, List, Mapping, Optional, Tuple

from .._engine import ERROR, Engine
from .._errors import ConfigError, Diagnostic, RuneError, error_from
from .._instance import Died, Host
from .._statistics import Statistics
from ._output import json_object, json_string


class Unreadable(Exception):
    """A file can't be read. It says so in one line."""


class CommandEngine(Engine):
    """An engine whose host is the command line: what is the host's to give is JSON, and the time may be given as well.

    provides
        The keys of host context that are given; None for a configuration that is loaded whatever it needs.
    """

    def __init__(self, provides: Optional[Collection[str]]) -> None:
        super().__init__(instances=1)
        self._provides = provides
        self.given_context = b""
        self.given_now: Optional[int] = None

    def _require(self, needs: Iterable[str]) -> None:
        missing = [key for key in needs if key != "now" and self._provides is not None and key not in self._provides]
        if missing:
            raise ConfigError("the configuration needs host context " + json_string(missing[0]), code="host.needs", help="give it with --context")

    @property
    def needs(self) -> Collection[str]:
        """The keys of host context that the configuration reads, "now" among them where it reads the time."""
        return self._loaded().needs

    def ask(self, verb: str, body: bytes) -> Tuple[bytes, Statistics]:
        """The engine's reply, an error too, and what the call did. Raises RuneError if the sandbox dies."""
        pool = self._loaded()
        now = self.given_now
        if now is None and "now" in pool.needs:
            now = time.time_ns() // 1_000_000
        host = Host(context=self.given_context, timed=now is not None)
        instance = pool.take()
        try:
            reply = instance.verbs[verb](body, instance.block(host, now))
            statistics = Statistics(*instance.statistics())
        except Died as d:
            pool.discard(instance)
            raise d.error from None
        pool.give(instance)
        return reply, statistics

    def answered(self, verb: str, body: bytes) -> bytes:
        """The engine's reply. Raises RuneError."""
        reply, _ = self.ask(verb, body)
        if reply.startswith(ERROR):
            raise error_from(reply)
        return reply


def load(path: str, provides: Optional[Collection[str]]) -> CommandEngine:
    """Loads the configuration at path. Raises Unreadable, and RuneError with paths as reached from path."""
    readable(path)
    engine = CommandEngine(provides)
    try:
        engine.load_config(path)
    except RuneError as e:
        e.file = relocated_name(path, e.file)
        e.diagnostics = relocated(path, e.diagnostics)
        raise
    return engine


def readable(path: str) -> None:
    """Tells early and plainly what no configuration can be read from."""
    try:
        os.stat(path)
    except OSError as e:
        raise Unreadable("stat %s: %s" % (path, system_text(e))) from None
    except ValueError:
        raise Unreadable("stat %s: invalid argument" % path) from None
    if os.path.isdir(path):
        raise Unreadable("%s is a folder, a .rune or .cedar file is needed" % path)


def system_text(e: OSError) -> str:
    """What the system said, as the binary words it."""
    text = e.strerror or str(e)
    return text[:1].lower() + text[1:]


def relocated(path: str, found: Iterable[Diagnostic]) -> Tuple[Diagnostic, ...]:
    """Diagnostics whose files are as reached from path, in all their fields and in their text."""
    return tuple([_relocated(path, d) for d in found])


def relocated_name(path: str, name: str) -> str:
    """A file of the configuration at path, whose name is relative to its folder, as reached from path."""
    if name == "":
        return ""
    if name in (".", os.path.basename(path), path):
        return path
    return name if os.path.isabs(name) else os.path.normpath(os.path.join(os.path.dirname(path), name))


def _relocated(path: str, d: Diagnostic) -> Diagnostic:
    file = relocated_name(path, d.file)
    text = d.text
    old = _position(d.file, d.line, d.column)
    if d.line > 0 and text.startswith(old):
        text = _position(file, d.line, d.column) + text[len(old):]
    notes: List[Mapping[str, Any]] = []
    for note in d.notes:
        new = {**note, "file": relocated_name(path, note["file"])} if note.get("file") else note
        text = text.replace("\n  note: " + _place(note), "\n  note: " + _place(new), 1)
        notes.append(new)
    return replace(d, file=file, text=text, notes=tuple(notes))


def _place(note: Mapping[str, Any]) -> str:
    return _position(note.get("file", ""), note.get("line", 0), note.get("column", 0))


def _position(file: str, line: int, column: int) -> str:
    return "%s:%d:%d: " % (file, line, column)


def diagnostic_json(d: Diagnostic) -> str:
    """A diagnostic as JSON; what it lacks is left out."""
    fields = {"severity": d.severity, "code": d.code, "message": d.message, **_present(d, ("file", "line", "column", "excerpt", "help"))}
    if d.notes:
        fields["notes"] = [{k: n[k] for k in ("message", "file", "line", "column") if n.get(k) or k == "message"} for n in d.notes]
    return json_object({**fields, "text": d.text})


def error_json(e: BaseException) -> str:
    """An error as JSON, in the form of the engine's."""
    if not isinstance(e, RuneError):
        return json_object({"code": "host.read", "message": str(e)})
    return json_object({"code": e.code, "message": e.message, **_present(e, ("file", "line", "column", "help"))})


def _present(found: object, names: Iterable[str]) -> Mapping[str, Any]:
    return {name: getattr(found, name) for name in names if getattr(found, name)}
