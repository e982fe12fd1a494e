"""Scopes: rules that hold for some calls alone."""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, FrozenSet, Iterator

from ._context import current, scope_of
from ._errors import ConfigError

if TYPE_CHECKING:
    from ._engine import Engine

_DOCUMENT = re.compile(r"(?:\s|#[^\n]*\n|//[^\n]*\n)*version\s*=")


class Scope:
    """Rules united with an engine's configuration for the calls that name it: made by ``Engine.scope``, immutable."""

    __slots__ = ("engine", "text", "restrict", "handle", "needs")

    def __init__(self, engine: Engine, text: str, restrict: bool) -> None:
        self.engine, self.text, self.restrict = engine, text, restrict
        digest = hashlib.blake2b((b"\x01" if restrict else b"\x00") + text.encode(), digest_size=32).digest()
        self.handle = int.from_bytes(digest[:8], "big")
        self.needs: FrozenSet[str] = frozenset()  # keys of host context, of the configuration too

    def __repr__(self) -> str:
        return "<Scope %016x%s>" % (self.handle, ", restricted" if self.restrict else "")


def within(engine: Engine, text: str, restrict: bool) -> Scope:
    """The scope of text inside the one that already is here: both hold."""
    outer = scope_of(engine)
    if outer is None:
        return engine.scope(text, restrict=restrict)
    if outer.restrict != restrict:
        raise ConfigError("a scope that restricts and one that doesn't can't be nested", code="scope.mixed",
                          help="give restrict=%r to both" % outer.restrict)
    if outer.text == text:
        return outer
    if _DOCUMENT.match(outer.text) or _DOCUMENT.match(text):
        raise ConfigError("scopes that have a version line can't be nested", code="scope.document", help="give rules alone, or one text with both")
    return engine.scope(outer.text + "\n" + text, restrict=restrict)


@contextmanager
def entered(scope: Scope) -> Iterator[Scope]:
    """Puts this task and thread under the scope."""
    frame = current.get()
    token = current.set(frame._replace(scopes=frame.scopes + (scope,)))
    try:
        yield scope
    finally:
        current.reset(token)
