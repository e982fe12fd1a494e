"""The scripts of the command line's own tests, run against ``python -m rune``: what they ask of the binary holds here too.

Of testscript's language it knows what those scripts have. Commands that the package doesn't have are left out, with what is asked about their output.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional

import pytest

from rune._command import main
from vectors import parse_txtar

COMMANDS = {"check", "eval", "query", "test", "bench", "version"}


class Done(NamedTuple):
    """What a command did."""

    status: int
    stdout: str
    stderr: str


Compare = Callable[[List[str], bytes, Path, Done], None]


def in_process(args: List[str], stdin: bytes, folder: Path) -> Done:
    """Runs a command line in this process. What it calls itself is the binary's name then."""
    out, err = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        status = main(args)
    return Done(status, _text(out), _text(err))


def _text(out: io.TextIOWrapper) -> str:
    data = out.buffer
    assert isinstance(data, io.BytesIO)
    return data.getvalue().decode("utf-8", "surrogateescape").replace("python -m rune", "rune")


class Script:
    """A script in a folder of its own. ``compare`` is told of each command that was run."""

    def __init__(self, path: Path, folder: Path, agents: Path, compare: Optional[Compare] = None) -> None:
        data = path.read_bytes()
        self.lines = data.split(b"\n-- ", 1)[0].decode().split("\n")
        for name, content in parse_txtar(b"\n" + data):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self.folder = self.root = folder
        self.names: Dict[str, str] = {"WORK": str(folder), "AGENTS": str(agents)}
        self.done: Optional[Done] = None
        self.stdin = b""
        self.commands = 0
        self.compare = compare

    def run(self) -> None:
        """Runs all of it; fails at the line that doesn't hold."""
        for number, line in enumerate(self.lines, 1):
            words = _words(line)
            if words and words[0] == "[windows]":
                break  # what follows needs processes of its own
            try:
                self.step(words)
            except AssertionError as e:
                raise AssertionError("line %d, %s: %s\n%r" % (number, line, e, self.done)) from None

    def step(self, words: List[str]) -> None:
        if not words:
            return
        negated = words[0] == "!"
        name, *args = words[negated:]
        if name in ("stdout", "stderr"):
            self.match(negated, name, args)
        elif name in ("exec", "exits"):
            status = int(args.pop(0)) if name == "exits" else 0
            self.execute(status, [self.expanded(a) for a in args])
        elif self.done is not None or name in ("cd", "mkdir", "stdin"):
            steps: Dict[str, Callable[..., None]] = {"cmp": self.cmp, "cp": self.cp, "stdin": self.read_stdin, "cd": self.cd, "mkdir": self.mkdir}
            steps[name](*[self.expanded(a) for a in args])

    def execute(self, status: int, args: List[str]) -> None:
        stdin, self.stdin = self.stdin, b""
        if args[0] != "rune":
            done = subprocess.run(args, cwd=self.folder, input=stdin, capture_output=True)
            self.done = Done(done.returncode, done.stdout.decode(), done.stderr.decode())
        elif len(args) > 1 and args[1] in COMMANDS or len(args) == 3 and args[1] == "help" and args[2] in COMMANDS:
            self.done = in_process(args[1:], stdin, self.folder)
            self.commands += 1
            if self.compare is not None:
                self.compare(args[1:], stdin, self.folder, self.done)
        else:
            self.done = None
            return
        assert self.done.status == status, "the status is %d" % self.done.status

    def match(self, negated: bool, name: str, args: List[str]) -> None:
        if self.done is None:
            return
        count = int(args.pop(0)[len("-count="):]) if args[0].startswith("-count=") else None
        # In Go's regular expressions $ doesn't match before a line feed that ends the text, and both have (?m) here.
        found = re.findall("(?m)" + self.expanded(args[0], quoted=True), getattr(self.done, name))
        if count is not None:
            assert len(found) == count, "%d are found" % len(found)
        else:
            assert bool(found) != negated

    def expanded(self, word: str, quoted: bool = False) -> str:
        for name, value in self.names.items():
            word = word.replace("$" + name, re.escape(value) if quoted else value)
        return word

    def text(self, name: str) -> str:
        if name in ("stdout", "stderr"):
            return str(getattr(self.done, name))
        return (self.folder / name).read_text("utf-8")

    def cmp(self, got: str, want: str) -> None:
        assert self.text(got) == self.text(want), "wanted %r" % self.text(want)

    def cp(self, source: str, target: str) -> None:
        (self.folder / target).write_text(self.text(source), "utf-8")

    def read_stdin(self, name: str) -> None:
        self.stdin = self.text(name).encode()

    def cd(self, folder: str) -> None:
        self.folder = Path(os.path.normpath(self.folder / folder))

    def mkdir(self, folder: str) -> None:
        (self.folder / folder).mkdir()


def _words(line: str) -> List[str]:
    """The words of a line: only ' quotes, '' is a quotation mark in quotes, and # begins a comment."""
    words: List[str] = []
    for match in re.finditer(r"(#.*)|((?:'(?:[^']|'')*'|[^\s'#])+)", line):
        if match.group(1):
            break
        words.append(re.sub(r"'((?:[^']|'')*)'", lambda m: m.group(1).replace("''", "'"), match.group(2)))
    return words
