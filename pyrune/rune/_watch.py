"""Reloading when files change.

It compares what ``stat`` says of the files that the last load read, and of the folders it listed, instead of asking the system for notices: that
needs no dependency, follows symbolic links that are exchanged, and works on network file systems.
"""

from __future__ import annotations

import os
import threading
from typing import Callable, Dict, Optional, Tuple, TYPE_CHECKING

from ._errors import RuneError

if TYPE_CHECKING:
    from ._engine import Engine

Signature = Dict[str, Optional[Tuple[int, ...]]]


class Watcher:
    """A thread that reloads an engine's file when it or what it includes has changed, and has been still for an interval.

    A configuration with errors changes nothing; ``error`` is what was wrong with the last one. ``on_reload`` is called with None or the error after
    each. ``close()``, or the end of a ``with`` block, ends it.
    """

    def __init__(self, engine: Engine, interval: float, on_reload: Optional[Callable[[Optional[RuneError]], None]]) -> None:
        if engine._path is None:
            raise RuneError("only a configuration from a file can be watched", code="abi.state", help="call load_config first")
        if not interval > 0:
            raise ValueError("an interval is more than 0 seconds, not %r" % interval)
        self.error: Optional[RuneError] = None
        self.reloads = 0
        self._engine, self._interval, self._on_reload = engine, interval, on_reload
        self._seen = self._look()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rune-watch", daemon=True)
        self._thread.start()

    def _look(self) -> Signature:
        found: Signature = {}
        for path in tuple(self._engine._watched):
            try:
                s = os.stat(path)
                found[path] = (s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns)
            except OSError:
                found[path] = None
        return found

    def _run(self) -> None:
        last = self._seen
        while not self._ended.wait(self._interval):
            now = self._look()
            if now == last and now != self._seen:
                self._seen = now
                self._reload()
                self._seen = {**self._look(), **{path: s for path, s in now.items() if path in self._engine._watched}}
                last = self._seen
            else:
                last = now

    def _reload(self) -> None:
        self.error = None
        try:
            self._engine.reload()
            self.reloads += 1
        except RuneError as e:
            self.error = e
        if self._on_reload is not None:
            self._on_reload(self.error)

    def close(self) -> None:
        """Ends watching. What is loaded stays."""
        self._ended.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
