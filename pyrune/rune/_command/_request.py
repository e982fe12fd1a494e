"""Requests on the command line: flags make up one, or there is one on each line of a file.

The command line is the host as well: what of the context is the host's to give comes from --context too.
"""

from __future__ import annotations

import datetime
import json
import re
import sys
from typing import BinaryIO, Collection, Iterator, List, Optional

from ._flags import Arguments, Flag, go_quote
from ._json import BadJSON, Field, is_array, object_fields, object_text
from ._load import CommandEngine, Unreadable, system_text
from ._output import json_string

PARTS = ("principal", "action", "resource")
REQUEST_FLAGS = (
    Flag("principal", "who asks, such as user:alice", "string"),
    Flag("action", "what for, such as read", "string"),
    Flag("resource", "of what, such as doc:plan", "string"),
    Flag("context", "the request's context, a JSON object; now and the keys of host_context may be in it", "JSON"),
    Flag("entities", "a file with a JSON array of Cedar entities, for this request alone", "file"),
)
REQUESTS_FLAG = Flag("requests", "a file with a request on each line, a JSON object; - is standard input", "file")
_TIME = re.compile(r'(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.(\d{3}))?(?:Z|([+-]\d{4})))?\Z', re.ASCII)


class Given:
    """What the flags of a request hold, read."""

    def __init__(self, args: Arguments) -> None:
        self._args = args
        for name in PARTS:
            if name in args and not _is_text(args[name]):
                args.command.fail("--%s: it isn't UTF-8" % name)
        self.context: Optional[List[Field]] = None
        if "context" in args:
            try:
                if not _is_text(args["context"]):
                    raise BadJSON("it isn't UTF-8")
                self.context = object_fields(args["context"])
            except BadJSON as e:
                args.command.fail("--context: %s" % e)
        self.entities = _read_entities(args["entities"]) if "entities" in args else None

    def provides(self) -> Collection[str]:
        """The context that is given: the most that the host can provide."""
        return {f.name for f in self.context or ()}

    def split(self, engine: CommandEngine) -> None:
        """Gives the engine what is the host's to give: the time, and the keys that the configuration needs of its host. The rest stays."""
        own: List[Field] = []
        rest: List[Field] = []
        for field in self.context or ():
            if field.name == "now":
                if engine.given_now is not None:
                    self._args.command.fail("--context: now stands twice")
                try:
                    engine.given_now = _milliseconds(field.value)
                except ValueError as e:
                    self._args.command.fail("--context: now: %s" % e)
            else:
                (own if field.name in engine.needs else rest).append(field)
        if own:
            engine.given_context = object_text(own).encode("utf-8", "surrogatepass")
        self.context = rest or None

    def body(self, *first: Field) -> bytes:
        """The request as JSON, after some fields."""
        fields = [*first, *[Field(name, json_string(self._args[name])) for name in PARTS if name in self._args]]
        if self.context:
            fields.append(Field("context", object_text(self.context)))
        if self.entities is not None:
            fields.append(Field("entities", self.entities))
        return object_text(fields).encode()


class Source:
    """Where a command's requests come from."""

    def __init__(self, args: Arguments) -> None:
        self._args, self.from_file = args, "requests" in args
        for name in PARTS:
            if self.from_file and name in args:
                args.command.fail("--%s and --requests exclude each other" % name)
            if not self.from_file and name not in args:
                args.command.fail("--%s is missing" % name)
        if self.from_file and "entities" in args:
            args.command.fail("--entities and --requests exclude each other: each request has its own entities")
        self.given = Given(args)

    @property
    def name(self) -> str:
        """What the file of requests is called."""
        return "standard input" if self._args["requests"] == "-" else self._args["requests"]

    def split(self, engine: CommandEngine) -> None:
        """Given.split; what it leaves has no place where requests come from a file."""
        self.given.split(engine)
        if self.from_file and self.given.context:
            self._args.command.fail("--context: %s belongs in the requests: with --requests only what is the host's to give may be there" %
                                    go_quote(self.given.context[0].name))

    def lines(self) -> Iterator[bytes]:
        """The lines of the file of requests, each as soon as it is there."""
        if self._args["requests"] == "-":
            yield from sys.stdin.buffer
            return
        with _opened("requests", self._args["requests"]) as f:
            try:
                yield from f
            except OSError as e:
                raise Unreadable("--requests: read %s: %s" % (self._args["requests"], system_text(e))) from None


def _opened(flag: str, path: str) -> BinaryIO:
    try:
        return open(path, "rb")
    except IsADirectoryError:
        raise Unreadable("--%s: read %s: is a directory" % (flag, path)) from None
    except OSError as e:
        raise Unreadable("--%s: open %s: %s" % (flag, path, system_text(e))) from None


def _read_entities(path: str) -> str:
    with _opened("entities", path) as f:
        try:
            text = f.read().decode()
        except UnicodeDecodeError:
            raise Unreadable("--entities: %s: it isn't UTF-8" % path) from None
    try:
        array = is_array(text)
    except BadJSON as e:
        raise Unreadable("--entities: %s: %s" % (path, e)) from None
    if not array:
        raise Unreadable("--entities: %s: it isn't a JSON array of entities" % path)
    return text


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _milliseconds(raw: str) -> int:
    """A datetime as its text, or Cedar JSON, {"__extn":{"fn":"datetime","arg":text}}, in milliseconds since 1970."""
    value = json.loads(raw, parse_int=str, parse_float=str)
    if isinstance(value, dict) and isinstance(value.get("__extn"), dict) and value["__extn"].get("fn") == "datetime":
        value = value["__extn"].get("arg")
    match = _TIME.match(value) if isinstance(value, str) else None
    try:
        if match is None:
            raise ValueError
        day, clock, fraction, zone = match.groups()
        moment = datetime.datetime.strptime("%s %s %s" % (day, clock or "00:00:00", zone or "+0000"), "%Y-%m-%d %H:%M:%S %z")
        since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    except (ValueError, OverflowError):
        raise ValueError('%s isn\'t a datetime such as "2026-01-31T12:00:00Z"' % raw) from None
    return (since.days * 86400 + since.seconds) * 1000 + int(fraction or 0)
