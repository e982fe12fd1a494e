"""Errors, and which of them a code of the engine becomes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence, Tuple, Type

if TYPE_CHECKING:
    from ._result import AuthorizationResult


@dataclass(frozen=True)
class Diagnostic:
    """One thing wrong, or odd, in a configuration, an overlay or a goal.

    ``severity`` is ``"error"`` or ``"warning"``; ``line`` and ``column`` count from 1, in characters, and are 0 where there is no place;
    ``excerpt`` is the source line, ``notes`` are further places, each with ``message`` and perhaps ``file``, ``line`` and ``column``.
    ``str()`` is what a compiler would print: message, source line and caret, help.
    """

    severity: str
    code: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    excerpt: str = ""
    help: str = ""
    notes: Tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    text: str = ""

    def __str__(self) -> str:
        return self.text.rstrip("\n") or "%s [%s]" % (self.message, self.code)

    @classmethod
    def _from(cls, fields: Mapping[str, Any]) -> Diagnostic:
        known = {name: fields[name] for name in cls.__dataclass_fields__ if name in fields}
        return cls(**{**known, "notes": tuple(fields.get("notes", ()))})


class RuneError(Exception):
    """What went wrong, as the engine says it.

    ``code`` is the stable name of the kind of error, such as ``"request.syntax"``. ``file``, ``line`` and ``column`` (from 1) say where,
    if there is a place. ``diagnostics`` is everything a load, a scope or a goal's text was found to have wrong, the error itself included.
    ``json`` is the engine's own reply, empty for an error that arose outside of it.
    """

    def __init__(self, message: str, *, code: str = "", file: str = "", line: int = 0, column: int = 0, help: str = "",
                 diagnostics: Sequence[Diagnostic] = (), json: bytes = b"") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.file = file
        self.line = line
        self.column = column
        self.help = help
        self.diagnostics: Tuple[Diagnostic, ...] = tuple(diagnostics)
        self.json = json

    def __str__(self) -> str:
        if self.diagnostics:
            return "\n".join(str(d) for d in self.diagnostics)
        text = self.message
        if self.line:
            text = "%s:%d:%d: %s" % (self.file, self.line, self.column, text)
        if self.code:
            text += " [%s]" % self.code
        return text + "\n  help: " + self.help if self.help else text

    def __reduce__(self) -> Tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


class ConfigError(RuneError):
    """A configuration or the text of a scope is not valid, or a file of it can't be read. Nothing was changed."""


class RequestError(RuneError):
    """A request, an update or a query is not valid. Nothing was decided or changed.

    In the answer of ``authorize_batch`` it stands in the place of a bad item, and is false.
    """

    def __bool__(self) -> bool:
        return False


class LimitError(RuneError):
    """A query, a load or an update would take more work or memory than it may. Nothing was changed. (A decision that would is a denial.)"""


class EngineTrap(RuneError):
    """The sandbox died, which is a bug of this package. The next call is answered by a new one with the same state."""


class ABIError(RuneError):
    """The engine's module and this package don't speak the same language, or an engine was used before it had a configuration."""


class AuthorizationDenied(PermissionError):
    """A check of ``rune.enforce`` denied. ``result`` is the decision; ``str()`` names the request and the messages of those statements that
    decided."""

    def __init__(self, message: str, result: Optional[AuthorizationResult] = None) -> None:
        super().__init__(message)
        self.result = result


def _rebuild(kind: Type[RuneError], args: Tuple[Any, ...], state: Dict[str, Any]) -> RuneError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def error_class(code: str, *, loading: bool = False) -> Type[RuneError]:
    """The one class of errors with a code: by its first part, and else by what was refused, the text of a load or scope or a request."""
    if code == "overlay.unknown":
        return ABIError
    kinds: Dict[str, Type[RuneError]] = {"abi": ABIError, "limit": LimitError}
    return kinds.get(code.partition(".")[0], ConfigError if loading else RequestError)


def error_from(reply: bytes, *, loading: bool = False) -> RuneError:
    """Makes the exception of a reply ``{"error":…}``, or ``{"error":…,"diagnostics":[…]}``."""
    parsed = json.loads(reply)
    e = parsed["error"]
    return error_class(e["code"], loading=loading)(
        e["message"], code=e["code"], file=e.get("file", ""), line=e.get("line", 0), column=e.get("column", 0), help=e.get("help", ""),
        diagnostics=[Diagnostic._from(d) for d in parsed.get("diagnostics", ())], json=reply)
