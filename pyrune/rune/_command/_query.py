"""``query``: all answers to a goal."""

from __future__ import annotations

import json

from .._errors import RuneError
from ._flags import Arguments, Command, format_flag
from ._json import Field, array_items, object_fields
from ._load import error_json, load
from ._output import Output, Raw, Status, json_object, json_string
from ._request import REQUEST_FLAGS, Given
from ._values import csv_text, table_text

QUERY = Command("query", "CONFIG GOAL [flags]", "List all answers to a goal",
                """query lists all bindings of a goal's variables, sorted. It sees rules and facts, not policies.
With a request, given by flags as for eval, the goal sees it.

A table shows values as the language writes them; in csv a string stands for itself. A goal without
variables has one answer, true or false. json is {"columns":[…],"rows":[[…]]} with Cedar JSON values.

Exit status: 0 whatever the answers; 2 after an error.""",
                """query config.rune 'member(User::"alice", G)'
query config.rune 'has_role(U, "admin")' --format csv
query config.rune 'can_see(F)' --principal user:alice --action read --resource doc:plan""",
                (*REQUEST_FLAGS, format_flag("table", "json", "csv")))


def query(out: Output, args: Arguments) -> int:
    path, goal = args.exactly("CONFIG", "GOAL")
    given = Given(args)
    engine = load(path, given.provides())
    given.split(engine)
    try:
        reply = engine.answered("query", given.body(Field("goal", json_string(goal))))
    except RuneError as e:
        if args["format"] != "json":
            raise
        out.write_bytes((e.json or json_object({"error": Raw(error_json(e))}).encode()) + b"\n")
        raise Status(2) from None
    fields = {f.name: f.value for f in object_fields(reply.decode())}
    columns = json.loads(fields["columns"])
    out.write(_written(out, args["format"], fields["columns"], columns, fields["rows"]))
    return 0


def _written(out: Output, how: str, raw_columns: str, columns: "list[str]", raw_rows: str) -> str:
    if how == "json":
        return '{"columns":%s,"rows":%s}\n' % (raw_columns, raw_rows)
    rows = [array_items(row) for row in array_items(raw_rows)]
    if not columns:
        holds = "true\n" if rows else "false\n"
        return "holds\n" + holds if how == "csv" else holds
    return csv_text(columns, rows) if how == "csv" else table_text(out.colours, columns, rows)
