"""``check``: everything that is wrong with configurations."""

from __future__ import annotations

from typing import List, Tuple

from .._errors import Diagnostic, RuneError
from ._flags import Arguments, Command, format_flag
from ._load import Unreadable, diagnostic_json, load, relocated
from ._output import Output, Raw, json_object, plain, plural

CHECK = Command("check", "CONFIG… [flags]", "Report everything that is wrong with configurations",
                """check loads each configuration and reports every error and warning in it, with its place and the way out.

With --format json there is one object a CONFIG and line, {"file","valid","diagnostics":[…]}.
Exit status: 0 if all are valid, 1 if one has errors, 2 if one can't be read.""",
                "check config.rune\ncheck --format json *.rune policies/base.cedar", (format_flag("text", "json"),))


def check(out: Output, args: Arguments) -> int:
    worst = 0
    for path in args.some("CONFIG"):
        found, status = _diagnostics(path)
        worst = max(worst, status)
        if args["format"] == "json":
            listed = [Raw(diagnostic_json(d)) for d in found]
            out.write(json_object({"file": path, "valid": status == 0, "diagnostics": listed}) + "\n")
        else:
            _write(out, path, found)
    return worst


def _diagnostics(path: str) -> Tuple[List[Diagnostic], int]:
    """What is found in one configuration, whatever host context it needs, and the exit status for it."""
    try:
        return list(relocated(path, load(path, None).warnings)), 0
    except RuneError as e:
        if e.diagnostics:
            return list(e.diagnostics), 1
        return [_diagnostic(e)], 2
    except Unreadable as e:
        return [_diagnostic(RuneError(str(e), code="host.read"))], 2


def _diagnostic(e: RuneError) -> Diagnostic:
    """An error of the host as a diagnostic."""
    text = "%s:%d:%d: " % (e.file, e.line, e.column) if e.line > 0 else ""
    text += "error: %s [%s]\n" % (e.message, e.code)
    if e.help:
        text += "  help: " + e.help + "\n"
    return Diagnostic("error", e.code, e.message, e.file, e.line, e.column, help=e.help, text=text)


def _write(out: Output, path: str, found: List[Diagnostic]) -> None:
    """Writes the diagnostics to standard error and the verdict to standard output."""
    out.diagnostics(found)
    warnings = len([d for d in found if d.severity == "warning"])
    errors = len(found) - warnings
    verdict = [out.colours.red("invalid"), plural(errors, "error")] if errors else [out.colours.green("valid")]
    if warnings:
        verdict.append(plural(warnings, "warning"))
    out.write("%s: %s\n" % (plain(path), ", ".join(verdict)))
    out.flush()
