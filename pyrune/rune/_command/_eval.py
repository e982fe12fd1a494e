"""``eval``: decides requests."""

from __future__ import annotations

import json
from typing import Any

from .._engine import ERROR
from .._errors import RuneError
from ._flags import Arguments, Command, Flag, format_flag
from ._json import BadJSON, object_fields
from ._load import CommandEngine, load
from ._output import Output, Raw, json_object, plain
from ._request import REQUEST_FLAGS, REQUESTS_FLAG, Source
from ._values import quote

EVAL = Command("eval", "CONFIG {--principal P --action A --resource R | --requests FILE} [flags]", "Decide requests",
               """eval decides one request, made up of flags, or with --requests one on each line of a file.

It writes one reply a line, the engine's own bytes. A bad request is answered with an error object,
and the rest goes on. --format text writes request, decision and deciding statements for people.

The command line is the host: now, and the keys that the configuration lists as host_context, may be
given by --context. Without --requests the rest of it is the request's context.

Exit status: 0 whatever was decided; with --exit-status 1 if something was denied; 2 after any error.""",
               """eval config.rune --principal user:alice --action read --resource doc:plan
eval config.rune --principal alice --action read --resource plan --context '{"mfa":true}'
eval policies.cedar --requests requests.jsonl --format text""",
               (*REQUEST_FLAGS, REQUESTS_FLAG, Flag("exit-status", "exit with 1 if something was denied"), format_flag("json", "text")))
DENY = 1  # the decision of the statistics block


def evaluate(out: Output, args: Arguments) -> int:
    path, = args.exactly("CONFIG")
    source = Source(args)
    engine = load(path, source.given.provides())
    source.split(engine)
    deny_status = 1 if args.switches.get("exit-status") else 0
    as_text = args["format"] == "text"
    if not source.from_file:
        return _decide(out, engine, source.given.body(), deny_status, as_text)
    worst = 0
    for line in source.lines():
        request = line.strip(b" \t\r\n\v\f")
        if request:
            worst = max(worst, _decide(out, engine, request, deny_status, as_text))
            out.flush()
    return worst


def _decide(out: Output, engine: CommandEngine, request: bytes, deny_status: int, as_text: bool) -> int:
    """Answers one request, and gives the exit status that it calls for."""
    try:
        reply, statistics = engine.ask("authorize", request)
        status = 2 if reply.startswith(ERROR) else deny_status if statistics.decision == DENY else 0
    except RuneError as e:
        reply, status = json_object({"error": {"code": e.code, "message": e.message}}).encode(), 2
    if as_text:
        _write(out, request.decode("utf-8", "replace"), json.loads(reply))
    else:
        out.write_bytes(reply + b"\n")
    return status


def _write(out: Output, request: str, reply: Any) -> None:
    """Writes a request, what was decided, and the statements that did."""
    c = out.colours
    out.write(c.bold(_request_text(request)) + "\n")
    if "error" in reply:
        error = reply["error"]
        out.write("  %s %s %s\n" % (c.red("error"), plain(error["message"]), c.dim("[%s]" % error["code"])))
        if error.get("help"):
            out.write("    help: %s\n" % plain(error["help"]))
        return
    out.write("  %s\n" % c.decision(reply["decision"]))
    for reason in reply["reasons"]:
        message = ": " + plain(reason["message"]) if reason.get("message") else ""
        out.write("    %s by %s %s%s\n" % (reason["effect"], reason["kind"], c.bold(plain(reason["id"])), message))
    if not reply["reasons"]:
        out.write("    %s\n" % c.dim("no statement applies"))
    for e in reply["diagnostics"]["errors"]:
        out.write("    %s in %s: %s %s\n" % (c.yellow("error"), c.bold(plain(e["id"])), plain(e["message"]), c.dim("[%s]" % e["code"])))


def _request_text(request: str) -> str:
    """A request on one line: principal, action, resource, and the context where there is one."""
    try:
        fields = {f.name: f.value for f in object_fields(request)}
        text = " ".join([_entity_text(fields[name]) for name in ("principal", "action", "resource")])
    except (BadJSON, KeyError):
        return plain(request)
    return text + " " + plain(fields["context"]) if "context" in fields else text


def _entity_text(raw: str) -> str:
    """An entity of a request as people write it."""
    value = json.loads(raw, parse_int=Raw, parse_float=Raw)
    if isinstance(value, str) and not isinstance(value, Raw):
        return plain(value)
    if isinstance(value, dict) and value.get("type") and isinstance(value["type"], str) and isinstance(value.get("id", ""), str):
        return plain(value["type"]) + "::" + quote(value.get("id", ""))
    return plain(raw)
