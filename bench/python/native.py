"""The crate cedar-policy, in a process of its own that decides when it is told to: bench/cedar."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Optional, Type

import sharing

ROOT = Path(__file__).resolve().parents[2]


def build() -> str:
    """Builds it, and gives the program. Raises OSError or CalledProcessError where that can't be done."""
    folder, made = ROOT / "bench" / "cedar", ROOT / "build" / "cedar"
    subprocess.run([os.environ.get("CARGO") or "cargo", "build", "--quiet", "--release", "--locked", "--target-dir", str(made)], cwd=folder, check=True)
    return str(made / "release" / "authorize")


class Native:
    """It, with so many policies."""

    def __init__(self, program: str, policies: int, folder: Path) -> None:
        for name, text in (("policies", sharing.policies(policies)), ("entities", sharing.entities()), ("request", sharing.JSON.decode())):
            (folder / name).write_text(text, "utf-8")
        self._process = subprocess.Popen([program, "policies", "entities", "request"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        reply = self._line()
        if not reply.startswith('{"decision":"allow"') or reply.count("policy") != 3:
            raise ValueError("three policies have to permit, cedar-policy answers " + reply)

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise EOFError("cedar-policy ended, with status %d" % self._process.wait())
        return line

    def run(self, n: int) -> int:
        """Decides n times, and gives the nanoseconds that its thread was running."""
        assert self._process.stdin is not None
        self._process.stdin.write("%d\n" % n)
        self._process.stdin.flush()
        return int(self._line())

    def __enter__(self) -> Native:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
