"""``test``: runs the tests of configurations."""

from __future__ import annotations

import json
import os
from typing import Dict, Iterator, List, NamedTuple

from .._errors import RequestError, RuneError
from ._flags import Arguments, Command, Flag, format_flag
from ._json import Field, array_items, object_fields, object_text
from ._load import CommandEngine, Unreadable, error_json, load, system_text
from ._output import Output, Raw, json_object, json_string, plain, plural

TEST = Command("test", "{FILE|DIR}… [flags]", "Run the tests of configurations",
               """test runs the [tests] of each file, and of every *_test.rune below each folder.

json is one object a line, {"file","name","ok","want","got"} for a test, {"file","ok":false,"error":{…}}
for a file that doesn't load, and last {"passed":n,"failed":m,"errors":k}, k being such files.

Exit status: 0 if all tests pass, 1 if one fails or a file doesn't load, 2 after wrong usage.""",
               "test .\ntest config.rune --run '^admins'\ntest policies --format json",
               (Flag("run", "run only tests whose name matches this regexp", "regexp"), format_flag("text", "json")))


class Tested(NamedTuple):
    """What became of one test; ``want`` and ``got`` are JSON."""

    name: str
    ok: bool
    want: str
    got: str

    def failure(self) -> str:
        """What was wanted and what came, in two lines."""
        return "      want %s\n      got  %s\n" % (self.want, self.got)


def test(out: Output, args: Arguments) -> int:
    paths = args.some("FILE or DIR")
    request = b"{}"
    if "run" in args:
        request = object_text([Field("run", json_string(args["run"]))]).encode()
        _check_pattern(args, request)
    as_json = args["format"] == "json"
    passed = failed = errors = 0
    for file in test_files(paths):
        try:
            tests = tests_of(load(file, None), request)
        except (RuneError, Unreadable) as e:
            errors += 1
            _write_error(out, file, e, as_json)
        else:
            passed += len([t for t in tests if t.ok])
            failed += len([t for t in tests if not t.ok])
            _write(out, file, tests, as_json)
        out.flush()
    if as_json:
        out.write(json_object({"passed": passed, "failed": failed, "errors": errors}) + "\n")
    else:
        line = "%d passed, %d failed" % (passed, failed) + (", %s not loaded" % plural(errors, "file") if errors else "")
        out.write((out.colours.red if failed + errors else out.colours.green)(line) + "\n")
    return 1 if failed + errors else 0


def tests_of(engine: CommandEngine, request: bytes = b"{}") -> List[Tested]:
    """Runs a configuration's tests, or those that a request selects. Raises RuneError."""
    fields = {f.name: f.value for f in object_fields(engine.answered("test", request).decode())}
    tests = [{f.name: f.value for f in object_fields(item)} for item in array_items(fields["tests"])]
    return [Tested(json.loads(t["name"]), t["ok"] == "true", t["want"], t["got"]) for t in tests]


def _check_pattern(args: Arguments, request: bytes) -> None:
    """Has the engine read the pattern, whose regular expressions aren't Python's, before anything else is done."""
    engine = CommandEngine(None)
    engine.load('version = "rune/1.0"\n')
    try:
        engine.answered("test", request)
    except RequestError as e:
        args.command.fail("--run: " + e.message)


def test_files(paths: List[str]) -> List[str]:
    """The files to run, each once: those named outright, and every *_test.rune below a folder. What can't be read shows when it is loaded."""
    files: Dict[str, str] = {}
    for path in paths:
        if not os.path.isdir(path):
            files.setdefault(os.path.normpath(path), path)
            continue
        below = list(_below(path))
        if not below:
            raise Unreadable("there is no *_test.rune below " + path)
        for file in below:
            files.setdefault(os.path.normpath(file), file)
    return list(files.values())


def _below(folder: str) -> Iterator[str]:
    """The test files below a folder, in the order of their names, folders among them. Links aren't followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda e: os.fsencode(e.name))
    except OSError as e:
        raise Unreadable("open %s: %s" % (folder, system_text(e))) from None
    for entry in entries:
        path = os.path.normpath(os.path.join(folder, entry.name))
        if entry.is_dir(follow_symlinks=False):
            yield from _below(path)
        elif path.endswith("_test.rune"):
            yield path


def _write_error(out: Output, file: str, e: Exception, as_json: bool) -> None:
    if as_json:
        out.write(json_object({"file": file, "ok": False, "error": Raw(error_json(e))}) + "\n")
        return
    out.write("%s %s doesn't load\n" % (out.colours.red("ERROR"), plain(file)))
    out.flush()
    out.report(TEST.path, e)


def _write(out: Output, file: str, tests: List[Tested], as_json: bool) -> None:
    """Writes a line for each test, or for people one for a file whose tests pass, and for others each test that fails."""
    if as_json:
        for t in tests:
            out.write(json_object({"file": file, "name": t.name, "ok": t.ok, "want": Raw(t.want), "got": Raw(t.got)}) + "\n")
        return
    for t in tests:
        if not t.ok:
            out.write("%s  %s: %s\n%s" % (out.colours.red("FAIL"), plain(file), plain(t.name), t.failure()))
    if not tests:
        out.write("%s    %s, no tests\n" % (out.colours.yellow("--"), plain(file)))
    elif all(t.ok for t in tests):
        out.write("%s    %s, %s\n" % (out.colours.green("ok"), plain(file), plural(len(tests), "test")))
