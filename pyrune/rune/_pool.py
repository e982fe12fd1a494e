"""The instances that hold one loaded configuration, and the log of its updates."""

from __future__ import annotations

import os
import sys
import threading
import weakref
from queue import Empty, SimpleQueue
from threading import get_ident
from typing import Any, Callable, Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Set

from ._instance import Died, Host, Instance, Snapshot
from ._kept import Kept

LARGE = 1 << 20  # a request of more bytes gets a buffer that isn't kept
LEAST_LOG = 16 << 20  # bytes of updates that are kept, at least, before a copy of the sandbox takes their place

_pools: "weakref.WeakSet[Pool]" = weakref.WeakSet()


class Update(NamedTuple):
    """An update that was carried out."""

    verb: str
    parts: List[Kept]
    host: Host


class _History:
    """How instances come to be: from what was loaded or from a snapshot, and by the updates since."""

    __slots__ = ("base", "before", "log", "size")

    def __init__(self, base: Optional[Snapshot] = None, before: int = 0) -> None:
        self.base, self.before = base, before  # the updates that base has in it
        self.log: List[Update] = []
        self.size = 0

    def updates(self) -> int:
        return self.before + len(self.log)


def default_size() -> int:
    """One instance, since an interpreter with a global lock has one thread run at a time; one a CPU where it has none."""
    return 1 if getattr(sys, "_is_gil_enabled", lambda: True)() else os.cpu_count() or 1


class Pool:
    """Instances that are equal but for the updates they lack, which they get before they answer.

    Taking one from a SimpleQueue costs as little as a lock, and can't deadlock with a signal handler or a finalizer that decides too: those find
    that their own thread holds one, and get another. An instance that isn't given back, because an exception came between, is forgotten.
    """

    def __init__(self, first: Instance, loaded: Dict[str, Any], spawn: Callable[[bool], Instance], size: int,
                 died: Callable[[], None]) -> None:
        self.loaded = loaded
        self.needs: FrozenSet[str] = frozenset(loaded["needs"])
        self.plain = not self.needs  # a call needs nothing of the host
        self.revision: str = loaded["revision"]
        self.lock = threading.RLock()  # for updates, and for making instances
        self.updating = False
        self._history = _History()
        self._spawn, self._size = spawn, size  # gives an instance that is loaded, or an empty one
        self._died = died
        self._idle: SimpleQueue[Instance] = SimpleQueue()
        self._all: "weakref.WeakSet[Instance]" = weakref.WeakSet((first,))
        self._holders: Set[int] = set()  # threads that have one, or are about to
        self._idle.put(first)
        self._updates = 0  # as many as the history has, at hand
        _pools.add(self)

    def call(self, verb: str, body: bytes, host: Host) -> bytes:
        """Has an instance answer a call: take, call and give in one, since most calls are a decision of a microsecond or two. ``host`` gives no time."""
        me, holders = get_ident(), self._holders
        nested = me in holders
        holders.add(me)
        try:
            instance = self._idle.get_nowait()
        except Empty:
            instance = self._wait(nested)
        instance.owner = me
        if instance.applied != self._updates:
            instance = self._caught_up(instance)
        try:
            reply = instance.verbs[verb](body, instance.last_at if instance.last is host else instance.block(host))
            if len(body) > LARGE:
                instance.shrink()
        except Died as d:
            self.discard(instance)
            raise d.error from None
        except BaseException:
            self.give(instance)
            raise
        holders.discard(me)
        instance.owner = 0
        self._idle.put(instance)
        return reply

    def take(self) -> Instance:
        """An instance that has all updates, for one call. It is to be given back, or else is forgotten."""
        me = get_ident()
        nested = me in self._holders
        self._holders.add(me)
        try:
            instance = self._idle.get_nowait()
        except Empty:
            instance = self._wait(nested)
        instance.owner = me
        if instance.applied != self._updates:
            instance = self._caught_up(instance)
        return instance

    def give(self, instance: Instance) -> None:
        """Takes an instance back."""
        self._holders.discard(instance.owner)
        instance.owner = 0
        self._idle.put(instance)

    def discard(self, instance: Instance) -> None:
        """Notes that an instance died, and forgets it."""
        self._died()
        self.forget(instance)

    def forget(self, instance: Instance) -> None:
        """Uses an instance no more; the next that is needed is made anew."""
        self._holders.discard(instance.owner)
        with self.lock:
            self._all.discard(instance)

    def _wait(self, nested: bool) -> Instance:
        while True:
            with self.lock:
                if nested or len(self._all) < self._size:
                    return self._grown()
            try:
                return self._idle.get(timeout=1.0)  # not for ever: an instance may have been lost in another thread
            except Empty:
                continue

    def _grown(self) -> Instance:
        history = self._history
        instance = self._spawn(history.base is None)
        if history.base is not None:
            instance.restore(history.base)
            instance.applied = history.before
        self._all.add(instance)
        return instance

    def record(self, instance: Instance, verb: str, parts: Sequence[Any], host: Host) -> None:
        """Notes an update that an instance has carried out. To be called while ``lock`` is held."""
        update, history = Update(verb, [Kept(p) for p in parts], host), self._history
        history.size += sum(len(p) for p in parts)
        history.log.append(update)
        instance.applied += 1
        if history.size > max(LEAST_LOG, instance.memory_bytes()):
            self._history = _History(instance.snapshot(), history.updates())
        self._updates = self._history.updates()

    def _caught_up(self, instance: Instance) -> Instance:
        with self.lock:
            history = self._history
            if instance.applied < history.before:
                owner = instance.owner
                self._all.discard(instance)
                instance = self._grown()
                instance.owner = owner
            try:
                for update in history.log[instance.applied - history.before:]:
                    instance.call_once(update.verb, [p.view() for p in update.parts], instance.block(update.host))
                    instance.applied += 1
            except Died as d:
                self.discard(instance)
                raise d.error from None
        return instance

    def instances(self) -> int:
        """How many instances there are."""
        with self.lock:
            return len(self._all)

    def memory_bytes(self) -> int:
        """The linear memory of all instances together."""
        with self.lock:
            return sum(i.memory_bytes() for i in self._all)

    def after_fork(self) -> None:
        """In a child process: goes on with the instances that no other thread was using, since those threads aren't here."""
        me = threading.get_ident()
        self.lock = threading.RLock()
        self._all = weakref.WeakSet(i for i in self._all if i.owner in (0, me))
        self._holders &= {me}
        self._idle = SimpleQueue()
        for i in self._all:
            if i.owner == 0:
                self._idle.put(i)


def _after_fork() -> None:
    for pool in tuple(_pools):
        pool.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
