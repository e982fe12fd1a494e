"""Configurations in files: what they include, what leads out of their folder, and watching them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Callable, List, Optional

import pytest

import rune
from conftest import ROLES

Write = Callable[[str, str], Path]
INCLUDING = 'version = "rune/1.0"\ninclude = ["roles.csv", "more/*.rune"]\n[rules]\ndecl role(User, string).\npermit(P, _, _) :- role(P, "admin").\n'


def test_includes(write: Write) -> None:
    write("role.csv", "who,role\nalice,admin\n")
    write("more/a.rune", 'version = "rune/1.0"\n[rules]\n@id("more") forbid(P, "drop", _) :- role(P, _).\n')
    path = write("config.rune", INCLUDING.replace("roles.csv", "role.csv"))
    engine = rune.Engine.from_file(path)
    assert engine.authorize("alice", "read", "x")
    assert [r.id for r in engine.authorize("alice", "drop", "x").reasons] == ["more"]


def test_missing_and_irregular(write: Write, tmp_path: Path) -> None:
    with pytest.raises(rune.ConfigError) as caught:
        rune.Engine.from_file(tmp_path / "none.rune")
    assert caught.value.code == "host.read"
    with pytest.raises(rune.ConfigError) as caught:
        rune.Engine.from_file(write("config.rune", 'version = "rune/1.0"\ninclude = ["none.csv"]\n'))
    assert caught.value.code == "document.include_missing" and caught.value.line == 2
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.rune")
        with pytest.raises(rune.ConfigError):
            rune.Engine.from_file(tmp_path / "pipe.rune")


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links")
def test_links_that_lead_out(write: Write, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("who,role\nmallory,admin\n")
    path = write("inside/config.rune", 'version = "rune/1.0"\ninclude = ["role.csv"]\n[rules]\ndecl role(User, string).\npermit(P, _, _) :- role(P, "admin").\n')
    link = path.with_name("role.csv")
    link.symlink_to(secret)
    with pytest.raises(rune.ConfigError) as caught:
        rune.Engine.from_file(path)
    assert caught.value.code == "host.escape"
    link.unlink()
    inner = path.with_name("real.csv")
    inner.write_text("who,role\nalice,admin\n")
    link.symlink_to("real.csv")
    assert rune.Engine.from_file(path).authorize("alice", "read", "x")


def until(condition: Callable[[], bool]) -> None:
    for _ in range(400):
        if condition():
            return
        time.sleep(0.025)
    raise AssertionError("it never came about")


def test_watch(write: Write) -> None:
    """A change is loaded, a broken one isn't and is told, and the next good one is."""
    path = write("config.rune", ROLES)
    engine = rune.Engine.from_file(path)
    told: List[Optional[rune.RuneError]] = []
    with engine.watch(interval=0.02, on_reload=told.append) as watcher:
        write("config.rune", ROLES.replace('"bob", "viewer"', '"bob", "admin"'))
        until(lambda: engine.authorize("bob", "write", "x").permitted)
        write("config.rune", ROLES[:-20])
        until(lambda: watcher.error is not None)
        assert engine.authorize("bob", "write", "x")
        write("config.rune", ROLES)
        until(lambda: not engine.authorize("bob", "write", "x").permitted)
    assert [e is None for e in told][:3] == [True, False, True]
    revision = engine.revision
    write("config.rune", ROLES + "\n# nobody looks any more\n")
    time.sleep(0.1)
    assert engine.revision == revision


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links")
def test_watch_follows_exchanged_links(write: Write, tmp_path: Path) -> None:
    """As Kubernetes exchanges a folder of configuration."""
    write("v1/config.rune", ROLES)
    write("v2/config.rune", ROLES.replace('"bob", "viewer"', '"bob", "admin"'))
    (tmp_path / "data").symlink_to("v1")
    (tmp_path / "config.rune").symlink_to("data/config.rune")
    engine = rune.Engine.from_file(tmp_path / "config.rune")
    with engine.watch(interval=0.02):
        (tmp_path / "new").symlink_to("v2")
        os.replace(tmp_path / "new", tmp_path / "data")
        until(lambda: engine.authorize("bob", "write", "x").permitted)


def test_watch_wants_a_file(engine: rune.Engine) -> None:
    with pytest.raises(rune.RuneError):
        engine.watch()
