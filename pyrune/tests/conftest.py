"""What the tests share: a small configuration, an engine that has loaded it, and files to change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Iterator

import pytest

import rune

ROOT = Path(__file__).resolve().parents[2]

ROLES = """version = "rune/1.0"

[data]
has_role = [["alice", "admin"], ["bob", "viewer"]]

[rules]
decl has_role(User, string).
permit(P, "read", _) :- has_role(P, "viewer").
permit(P, _, _) :- has_role(P, "admin").
"""


@pytest.fixture
def engine() -> rune.Engine:
    engine = rune.Engine()
    engine.load(ROLES)
    return engine


@pytest.fixture
def default(engine: rune.Engine) -> Iterator[rune.Engine]:
    """The engine, as the one that enforce asks."""
    rune.set_default(engine)
    yield engine
    rune.set_default(None)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a file of a configuration, by rename as editors do, and gives its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(path.name + ".new")
        new.write_text(text, "utf-8")
        os.replace(new, path)
        return path

    return write
