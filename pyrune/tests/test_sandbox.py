"""Threads, forks, traps and memory of the sandbox, and the cache of its machine code."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, List

import pytest

import rune
from conftest import ROLES
from rune import _module
from rune._instance import panicked


CALLS = int(os.environ.get("RUNE_THREAD_CALLS", "1000"))


def permitted(engine: rune.Engine, who: str = "alice") -> bool:
    return engine.authorize(who, "write", "x").permitted


@pytest.mark.parametrize("instances", [1, 3])
def test_threads(instances: int) -> None:
    """Sixteen threads ask while others update and reload: what holds always holds, and an update that was acknowledged is seen.

    RUNE_THREAD_CALLS is how often each asks: 10000 for the whole load.
    """
    engine = rune.Engine(instances=instances)
    engine.load(ROLES)
    wrong: List[Any] = []
    reloads: List[str] = []
    ended = threading.Event()
    kept = [threading.Lock(), threading.Lock()]

    def ask() -> None:
        for _ in range(CALLS // 2):
            if not permitted(engine) or permitted(engine, "eve"):
                wrong.append("decision")

    def change(n: int) -> None:
        while not ended.is_set():
            who = "user%d" % n
            with kept[n]:
                engine.update(insert={"has_role": [(who, "admin")]})
                if not permitted(engine, who):
                    wrong.append("update")
                engine.update(delete={"has_role": [(who, "admin")]})
                if permitted(engine, who):
                    wrong.append("delete")

    def reload() -> None:
        while not ended.wait(0.02):
            with kept[0], kept[1]:  # else the facts of an update that is being looked at would go
                engine.load(ROLES)
                reloads.append(engine.revision)

    changers = [threading.Thread(target=change, args=(n,)) for n in range(2)] + [threading.Thread(target=reload)]
    askers = [threading.Thread(target=ask) for _ in range(16)]
    for t in changers + askers:
        t.start()
    for t in askers:
        t.join()
    ended.set()
    for t in changers:
        t.join()
    assert reloads and permitted(engine)
    assert wrong == [] and engine.statistics()["instances"] <= instances


def test_signal_handler_decides(engine: rune.Engine) -> None:
    """A handler that runs while its thread holds the only instance gets another one, and doesn't wait for ever."""
    if not hasattr(signal, "setitimer"):
        pytest.skip("no timers")
    decisions: List[bool] = []

    def decide(*_: object) -> None:
        decisions.append(permitted(engine))
        signal.setitimer(signal.ITIMER_REAL, 0.002)  # not by itself: on a busy machine a handler would interrupt the one before, and so on

    before = signal.signal(signal.SIGALRM, decide)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            assert permitted(engine)
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert decisions and all(decisions)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork(engine: rune.Engine) -> None:
    """A child goes on with what is loaded and updated, also if other threads were asking, and its updates are its own."""
    engine.update(insert={"has_role": [("carol", "admin")]})
    ended = threading.Event()

    def ask() -> None:
        while not ended.is_set():
            permitted(engine)

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:
                ok = permitted(engine, "carol") and not permitted(engine, "eve")
                engine.update(insert={"has_role": [("eve", "admin")]})
                os._exit(0 if ok and permitted(engine, "eve") else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        ended.set()
        asker.join()
    assert not permitted(engine, "eve")


def _in_a_process(queue: Any) -> None:
    engine = rune.Engine()
    engine.load(ROLES)
    queue.put(permitted(engine))


@pytest.mark.parametrize("method", [m for m in ("fork", "spawn") if m in multiprocessing.get_all_start_methods()])
def test_multiprocessing(method: str) -> None:
    context: Any = multiprocessing.get_context(method)
    queue = context.Queue()
    process = context.Process(target=_in_a_process, args=(queue,))
    process.start()
    assert queue.get(timeout=120) is True
    process.join()
    assert process.exitcode == 0


def test_scopes_stay_in_their_task(engine: rune.Engine) -> None:
    async def scoped() -> bool:
        with engine.scoped_rules("forbid(P, _, _) :- principal(P).", restrict=True):
            await asyncio.sleep(0.01)
            return (await engine.authorize_async("alice", "write", "x")).permitted

    async def plain() -> bool:
        await asyncio.sleep(0.005)
        return (await engine.authorize_async("alice", "write", "x")).permitted

    async def both() -> List[bool]:
        return list(await asyncio.gather(*[f() for f in (scoped, plain) * 20]))

    assert asyncio.run(both()) == [False, True] * 20


def test_trap(engine: rune.Engine) -> None:
    """A sandbox that dies is an EngineTrap, and the next call is answered by another with the same state."""
    engine.update(insert={"has_role": [("carol", "admin")]})
    pool = engine._loaded()
    instance = pool.take()
    for n in range(8):
        instance._exports["rune_global_%d" % n].set_value(instance._store, 0)  # the stack is nowhere
    pool.give(instance)
    with pytest.raises(rune.EngineTrap) as caught:
        permitted(engine)
    assert caught.value.code == "host.trap"
    assert permitted(engine, "carol") and not permitted(engine, "eve")


def test_memory_limit() -> None:
    engine = rune.Engine(memory_limit=48 << 20)
    engine.load(ROLES)
    with pytest.raises(rune.LimitError) as caught:
        engine.add_facts("has_role", [("user%d" % n, "role%d" % n) for n in range(300_000)])
    assert caught.value.code == "limit.memory"
    assert permitted(engine) and len(engine.query("has_role(U, R)")) == 2
    with pytest.raises(rune.LimitError):
        rune.Engine(memory_limit=1 << 20).load(ROLES)


def test_many_updates_become_a_snapshot(engine: rune.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of updates is cut by a copy of the sandbox, from which instances then are made."""
    from rune import _pool

    monkeypatch.setattr(_pool, "LEAST_LOG", 1 << 10)
    monkeypatch.setattr("rune._instance.Instance.memory_bytes", lambda self: 0)
    for n in range(100):
        engine.update(insert={"has_role": [("user%d" % n, "admin")]})
    pool = engine._loaded()
    assert pool._history.base is not None and pool._history.updates() == 100
    pool.discard(pool.take())
    assert permitted(engine, "user0") and permitted(engine, "user99") and not permitted(engine, "eve")


def _cached(folder: Path) -> List[Path]:
    return sorted(folder.glob("*.cwasm"))


def _decides(folder: Path) -> None:
    program = "import rune\ne = rune.Engine()\ne.load(%r)\nassert e.authorize('alice', 'write', 'x')" % ROLES
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, "RUNE_CACHE_DIR": str(folder)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no modes of files")
def test_cache(tmp_path: Path) -> None:
    """Machine code is kept where nobody else may write, read back, and made anew if the file is broken."""
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    file = folder / ("%s-%s.cwasm" % (_module.compiled(panicked).sha256[:32], _module._host_key()))
    cache = _module._cache_folder()
    if cache is not None and (cache / file.name).exists():  # compiling takes seconds
        shutil.copy2(cache / file.name, folder)
    _decides(folder)
    assert _cached(folder) == [file]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and stat.S_IMODE(file.stat().st_mode) == 0o600
    made = file.stat().st_mtime_ns
    _decides(folder)
    assert file.stat().st_mtime_ns == made
    file.write_bytes(b"cut off")
    _decides(folder)
    assert file.stat().st_size > 1 << 20 and _cached(folder) == sorted(folder.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="no modes of files")
def test_cache_is_not_trusted_blindly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder or file that others may write, or a link, is not read."""
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("RUNE_CACHE_DIR", str(folder))
    assert _module._cache_folder() == folder
    folder.chmod(0o777)
    assert _module._cache_folder() is None
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    file = tmp_path / "file"
    file.write_bytes(b"")
    file.chmod(0o666)
    assert not _module._is_ours(link) and not _module._is_ours(file) and not _module._is_ours(tmp_path / "none")
    file.chmod(0o600)
    assert _module._is_ours(file)
    monkeypatch.setenv("RUNE_CACHE_DIR", "")
    assert _module._cache_folder() is None


def test_observer(engine: rune.Engine) -> None:
    """Observers are told of calls, failed ones too, with the engine's statistics."""
    from rune._observe import Call, Observer

    seen: List[Any] = []

    class Seen(Observer):
        def called(self, engine: object, call: Call, given: object) -> None:
            seen.append((call.verb, call.statistics is not None and call.statistics.decision, call.took > 0))

        def loaded(self, engine: object, ok: bool) -> None:
            seen.append(ok)

    engine.observe(Seen())
    permitted(engine)
    permitted(engine, "eve")
    with pytest.raises(rune.RequestError):
        engine.authorize("", "x", "y")
    engine.update()
    engine.load(ROLES)
    with pytest.raises(rune.ConfigError):
        engine.load("")
    assert seen == [("authorize", 2, True), ("authorize", 1, True), ("authorize", 0, True), ("update", 0, True), True, False]
