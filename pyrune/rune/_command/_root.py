"""The command line's root: which command is meant, its help, and how its errors end."""

from __future__ import annotations

from typing import Callable, Dict, List, Tuple

import rune

from .._errors import RuneError
from .._instance import ABI
from ._bench import BENCH, bench
from ._check import CHECK, check
from ._eval import EVAL, evaluate
from ._flags import PROGRAM, Arguments, Command, Flag, Usage, format_flag, go_quote
from ._load import Unreadable
from ._output import Output, json_object
from ._query import QUERY, query
from ._test import TEST, test

VERSION = Command("version", "[flags]", "Tell the versions of the product, the module and its interface",
                  "version tells the versions of the product, the module and its interface. Equal modules give equal replies.",
                  "version\nversion --format json", (format_flag("text", "json"),))


def version(out: Output, args: Arguments) -> int:
    args.exactly()
    from .._module import module_sha256
    if args["format"] == "json":
        out.write(json_object({"version": rune.__version__, "module_sha256": module_sha256(), "abi_version": ABI}) + "\n")
    else:
        out.write("rune %s\nmodule sha256:%s\nABI %d\n" % (rune.__version__, module_sha256(), ABI))
    return 0


COMMANDS: Dict[str, Tuple[Command, Callable[[Output, Arguments], int]]] = {
    c.name: (c, run) for c, run in ((CHECK, check), (EVAL, evaluate), (QUERY, query), (TEST, test), (BENCH, bench), (VERSION, version))}

ROOT = Command("", "COMMAND [flags]", "Decide who may do what, from Datalog rules and Cedar policies",
               """rune decides who may do what, from one configuration of Datalog rules and Cedar policies.

CONFIG is a .rune document, or a .cedar file alone. Results go to standard output, diagnostics
to standard error.

commands:
%s

Exit status: 0 done; 1 what was asked about isn't well (an invalid configuration, a failed
test, a deny with --exit-status); 2 wrong usage, or an error.""" % "\n".join(
                   "  %-9s %s" % (c.name, c.short) for c, _ in COMMANDS.values()),
               """check config.rune               # is it valid?
test policies                   # do its tests pass?
eval config.rune --principal user:alice --action read --resource doc:plan""",
               (Flag("version", "tell the version"),))


def command(out: Output, args: List[str]) -> int:
    """Runs a command line, and gives the exit status. Raises Usage, Status."""
    if args and args[0] in COMMANDS:
        chosen, run = COMMANDS[args[0]]
        return _run(out, chosen, run, args[1:])
    if args and args[0] == "help":
        return _help(out, args[1:])
    found = ROOT.read(args)
    if not found.help and not found.positional and found.switches.get("version"):
        out.write("rune %s\n" % rune.__version__)
        return 0
    if not found.help and found.positional:
        raise Usage("unknown command " + go_quote(found.positional[0]))
    out.write(ROOT.help())
    return 0


def _run(out: Output, chosen: Command, run: Callable[[Output, Arguments], int], args: List[str]) -> int:
    found = chosen.read(args)
    if found.help:
        out.write(chosen.help())
        return 0
    try:
        return run(out, found)
    except (RuneError, Unreadable) as e:
        out.flush()
        out.report(chosen.path, e)
        return 2


def _help(out: Output, args: List[str]) -> int:
    if args and args[0] not in COMMANDS or len(args) > 1:
        raise Usage("unknown command " + go_quote(args[-1]))
    out.write((COMMANDS[args[0]][0] if args else ROOT).help())
    return 0
