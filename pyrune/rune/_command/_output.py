"""What the commands write: results to standard output, diagnostics to standard error, colours on a terminal alone."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from json.encoder import encode_basestring
from typing import Any, Iterable, Mapping

from .._errors import Diagnostic, RuneError
from ._flags import go_quote


class Status(Exception):
    """Ends the process with an exit status."""

    def __init__(self, code: int) -> None:
        super().__init__("exit status %d" % code)
        self.code = code


class Palette:
    """Colours text, or doesn't."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def paint(self, code: str, text: str) -> str:
        return "\x1b[%sm%s\x1b[0m" % (code, text) if self.on and text else text

    def bold(self, text: str) -> str:
        return self.paint("1", text)

    def dim(self, text: str) -> str:
        return self.paint("2", text)

    def red(self, text: str) -> str:
        return self.paint("1;31", text)

    def green(self, text: str) -> str:
        return self.paint("1;32", text)

    def yellow(self, text: str) -> str:
        return self.paint("1;33", text)

    def blue(self, text: str) -> str:
        return self.paint("1;34", text)

    def decision(self, text: str) -> str:
        return self.green(text) if text == "permit" else self.red(text)


class Output:
    """The two outputs of the process, in UTF-8 whatever the locale."""

    def __init__(self) -> None:
        colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.colours = Palette(colour and sys.stdout.isatty())
        self.error_colours = Palette(colour and sys.stderr.isatty())
        self._out = sys.stdout.buffer

    def write(self, text: str) -> None:
        self._out.write(text.encode("utf-8", "surrogateescape"))

    def write_bytes(self, data: bytes) -> None:
        self._out.write(data)

    def flush(self) -> None:
        self._out.flush()

    def error(self, text: str) -> None:
        """Writes to standard error, where nothing of a file's or a user's may be obeyed by a terminal."""
        sys.stderr.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stderr.buffer.flush()

    def report(self, command: str, error: BaseException) -> None:
        """Writes an error: the diagnostics where it has some, or else one line."""
        if not isinstance(error, RuneError):
            self.error("%s: %s\n" % (command, tame(str(error))))
        elif error.diagnostics:
            self.diagnostics(error.diagnostics)
        else:
            place = "%s:%d:%d: " % (error.file, error.line, error.column) if error.file and error.line else ""
            self.error("%s: %s [%s]\n" % (command, tame(place + error.message), error.code))
            if error.help:
                self.error("  help: %s\n" % tame(error.help))

    def diagnostics(self, found: Iterable[Diagnostic]) -> None:
        """Writes diagnostics as compilers do."""
        for d in found:
            self.error(painted(self.error_colours, d))


def painted(colours: Palette, d: Diagnostic) -> str:
    """A diagnostic's text, with position, severity, carets and help set apart."""
    text = tame(d.text)
    if not text.endswith("\n"):
        text += "\n"
    if not colours.on:
        return text
    head, *lines = text.split("\n")
    before, severity, after = head.partition(d.severity + ": ")
    if severity:
        mark = (colours.yellow if d.severity == "warning" else colours.red)(d.severity + ":")
        head = colours.bold(before) + mark + " " + colours.bold(after)
    for n, line in enumerate(lines):
        if "^" in line and not line.strip(" |^"):
            at = line.index("^")
            lines[n] = line[:at] + colours.red(line[at:])
        elif line.startswith(("  help: ", "  note: ")):
            lines[n] = "  " + colours.blue(line[2:7]) + line[7:]
    return "\n".join([head, *lines])


def tame(text: str) -> str:
    """Text of several lines without control characters."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", "\ufffd", text)


def plain(text: str) -> str:
    """Text from outside on one line: as it is, or quoted if some of it isn't printable, since a terminal obeys control characters."""
    return text if all(map(printable, text)) else go_quote(text)


def printable(c: str) -> bool:
    """Whether a character is a letter, mark, number, punctuation, symbol or the blank."""
    return c == " " or unicodedata.category(c)[0] in "LMNPS"


def plural(n: int, noun: str) -> str:
    """A count with its noun."""
    return "1 " + noun if n == 1 else "%d %ss" % (n, noun)


def json_string(text: str) -> str:
    """A JSON string as the engine's own tools write it."""
    clean = re.sub("[\ud800-\udfff]", "\ufffd", text)
    return encode_basestring(clean).replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")


def json_object(fields: Mapping[str, Any]) -> str:
    """A JSON object on one line, of strings, numbers, booleans and what is JSON already, as a ``Raw``."""
    return "{" + ",".join(["%s:%s" % (json_string(k), json_value(v)) for k, v in fields.items()]) + "}"


def json_value(value: Any) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json_string(value)
    if isinstance(value, Mapping):
        return json_object(value)
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(json_value, value)) + "]"
    return repr(value)


class Raw(str):
    """Text that is JSON already."""
