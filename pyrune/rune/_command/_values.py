"""Values of Cedar JSON as the language writes them, and rows of them as a table or CSV."""

from __future__ import annotations

import json
import re
from typing import Any, List, Sequence, Tuple

from ._output import Palette, printable

_ESCAPES = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*\Z")


def value_text(raw: str) -> str:
    """A value of Cedar JSON as the language writes it."""
    return _text(json.loads(raw, object_pairs_hook=tuple, parse_int=_Number, parse_float=_Number))


def cell_text(raw: str) -> str:
    """value_text, but a string is itself."""
    return str(json.loads(raw)) if raw.startswith('"') else value_text(raw)


class _Number(str):
    """A number as it was written."""


def _text(value: Any) -> str:
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_text, value)) + "]"
    return _record(value)


def _record(fields: Sequence[Tuple[str, Any]]) -> str:
    """A record, or what an escape stands for: {"__entity":{…}} or {"__extn":{…}}, which are all that their object holds."""
    if len(fields) == 1 and fields[0][0] == "__entity":
        uid = dict(fields[0][1])
        return "%s::%s" % (uid["type"], quote(uid["id"]))
    if len(fields) == 1 and fields[0][0] == "__extn":
        call = dict(fields[0][1])
        return "%s(%s)" % (call["fn"], quote(call["arg"]))
    return "{" + ", ".join(["%s: %s" % (name if _WORD.match(name) else quote(name), _text(v)) for name, v in fields]) + "}"


def quote(text: str) -> str:
    """A string literal of the language, on one line and printable."""
    return '"%s"' % "".join([_ESCAPES.get(c) or (c if printable(c) else r"\u{%x}" % ord(c)) for c in text])


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows with a header, lines ending in a line feed. A string stands for itself."""
    lines = [columns, *[[cell_text(v) for v in row] for row in rows]]
    return "".join([",".join(map(_csv_cell, line)) + "\n" for line in lines])


def _csv_cell(text: str) -> str:
    """A cell as Go's encoding/csv writes it: in quotation marks where it has to be, where it begins with a blank, and where it is \\. alone."""
    if text == r"\." or re.search(r'[,"\r\n]', text) or text[:1].isspace() and text[:1] not in "\x1c\x1d\x1e\x1f":
        return '"%s"' % text.replace('"', '""')
    return text


def table_text(colours: Palette, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, two blanks between them, the last not padded."""
    table: List[Sequence[str]] = [columns, *[[value_text(v) for v in row] for row in rows]]
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = ["  ".join([c.ljust(w) for c, w in zip(cells[:-1], widths)] + [cells[-1]]) for cells in table]
    return "\n".join([colours.bold(lines[0]), *lines[1:]]) + "\n"
