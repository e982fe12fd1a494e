"""What a decision is to a program."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple


class Decision(enum.Enum):
    """Permit or deny. Its truth is whether it is PERMIT."""

    PERMIT = "permit"
    DENY = "deny"

    def __bool__(self) -> bool:
        return self is Decision.PERMIT

    def __str__(self) -> str:
        return self.value


_PERMIT, _DENY = Decision.PERMIT, Decision.DENY
_PERMITS = b'{"decision":"permit"'  # how the reply to a permit begins


@dataclass(frozen=True)
class Reason:
    """A statement that decided. ``kind`` is ``"rule"``, ``"policy"`` or ``"engine"`` (a limit), ``effect`` ``"permit"``, ``"forbid"`` or
    ``"error"``; ``message`` is what the statement gives as @reason."""

    id: str
    kind: str
    effect: str
    message: str = ""


@dataclass(frozen=True)
class Diagnostics:
    """What went along with a decision: statements that erred, each with ``id``, ``code`` and ``message`` at least, and the revision that decided."""

    errors: Tuple[Dict[str, Any], ...]
    revision: str


class AuthorizationResult:
    """A decision. A denial is false.

    ``json`` is the engine's reply, the same bytes on every host. Everything else is read from it when it is asked for.
    """

    __slots__ = ("json", "_parsed")

    json: bytes
    _parsed: Dict[str, Any]

    def __init__(self, reply: bytes) -> None:
        self.json = reply

    @property
    def decision(self) -> Decision:
        """Permit or deny."""
        return _PERMIT if self.json.startswith(_PERMITS) else _DENY

    @property
    def permitted(self) -> bool:
        """Whether the decision is permit."""
        return self.json.startswith(_PERMITS)

    def __bool__(self) -> bool:
        return self.json.startswith(_PERMITS)

    def _fields(self) -> Dict[str, Any]:
        try:
            return self._parsed
        except AttributeError:
            self._parsed = json.loads(self.json)
        return self._parsed

    @property
    def reasons(self) -> Tuple[Reason, ...]:
        """All statements that decided, rules first. A denial without any means that nothing permitted."""
        return tuple(Reason(r["id"], r["kind"], r["effect"], r.get("message", "")) for r in self._fields()["reasons"])

    @property
    def diagnostics(self) -> Diagnostics:
        """Errors of statements, and the revision."""
        d = self._fields()["diagnostics"]
        return Diagnostics(tuple(d["errors"]), d["revision"])

    @property
    def revision(self) -> str:
        """The revision of documents and facts that decided."""
        return self.diagnostics.revision

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AuthorizationResult) and self.json == other.json

    def __hash__(self) -> int:
        return hash(self.json)

    def __repr__(self) -> str:
        return "<AuthorizationResult %s by %s>" % (self.decision, ", ".join(r.id for r in self.reasons) or "no statement")

    def __reduce__(self) -> Tuple[Any, ...]:
        return AuthorizationResult, (self.json,)
