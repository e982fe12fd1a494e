"""The engine: loads a configuration into the sandbox and asks it."""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from . import _batch, _scope
from ._context import current, scope_of
from ._errors import ABIError, ConfigError, Diagnostic, RequestError, RuneError, error_from
from ._facts import Buffer, Rows, csv_view, rows_text
from ._instance import Died, Host, Instance, panicked
from ._module import compiled
from ._observe import Call, Observer
from ._pending import Pending
from ._pool import LARGE, Pool, default_size
from ._request import Subject, batch_text, encoded, encoded_text, request_text
from ._result import AuthorizationResult
from ._source import Folder, Nowhere, Recorded, read_regular
from ._values import python_value, quote, record_text
from ._watch import Watcher

MODES = {"override": 0, "add": 1, "refuse": 2}
LIMITS = ("steps", "error_steps", "tuples", "tables", "arena_bytes", "depth", "string_bytes", "collect")
ERROR, UNKNOWN = b'{"error":', b'{"error":{"code":"overlay.unknown"'


class Query(List[Tuple[Any, ...]]):
    """The rows of a query, as tuples of Python values, sorted as the engine sorts them. ``columns`` are the goal's variables."""

    def __init__(self, columns: Sequence[str], rows: Iterable[Tuple[Any, ...]], revision: str) -> None:
        super().__init__(rows)
        self.columns, self.revision = tuple(columns), revision


class Engine:
    """Decides by one configuration. May be shared by threads, tasks and forked processes.

    entities
        What a request's entities may do: ``"override"`` stored ones, ``"add"`` new ones, or ``"refuse"``.
    host_context
        The context keys that the configuration leaves to the host (``host_context`` in its ``[defaults]``): a mapping, or a function that
        gives one for each call. ``now`` is given by itself.
    limits
        Less than the defaults of ``docs/LANGUAGE.md``, by name: ``{"steps": 10_000}``.
    memory_limit
        Bytes of the sandbox's memory, 0 for 4 GiB. What would take more is a LimitError.
    instances
        How many copies of the sandbox may answer at a time: 1, or one a CPU on an interpreter without global lock.
    """

    def __init__(self, *, entities: str = "override", host_context: Union[Mapping[str, Any], Callable[[], Mapping[str, Any]], None] = None,
                 limits: Optional[Mapping[str, int]] = None, memory_limit: int = 0, instances: Optional[int] = None) -> None:
        if entities not in MODES:
            raise ValueError("entities is one of %s, not %r" % (", ".join(map(repr, MODES)), entities))
        for name, n in (limits or {}).items():
            if name not in LIMITS or not isinstance(n, int) or isinstance(n, bool) or n < 1:
                raise ValueError("limits are positive numbers for %s, not %s=%r" % (", ".join(LIMITS), name, n))
        if instances is not None and instances < 1:
            raise ValueError("instances is at least 1, not %r" % instances)
        self._entities = MODES[entities]
        self._host_context = host_context if callable(host_context) or host_context is None else dict(host_context)
        self._limits = tuple((limits or {}).get(name, 0) for name in LIMITS)
        self._memory_limit = memory_limit
        self._instances = instances or default_size()
        self._pool: Optional[Pool] = None
        self._path: Optional[Path] = None
        self._watched: Dict[str, Optional[str]] = {}
        self._loading = threading.Lock()
        self._counting = threading.Lock()
        self._traps = 0  # instances that died
        self._slow = 0  # quick calls that are still to be made in a thread by authorize_async
        self._observers: Tuple[Observer, ...] = ()
        self._plain = Host(self._entities, self._limits)

    @classmethod
    def from_file(cls, path: Union[str, os.PathLike[str]], **options: Any) -> Engine:
        """An engine with the options of ``Engine`` that has loaded a configuration."""
        engine = cls(**options)
        engine.load_config(path)
        return engine

    # -- Loading ------------------------------------------------------------------------------------------------

    def load_config(self, path: Union[str, os.PathLike[str]]) -> None:
        """Loads a ``.rune`` or ``.cedar`` file and what it includes, in place of what was loaded. Facts of updates don't stay.

        Raises ConfigError with every diagnostic, LimitError; what was loaded then goes on answering.
        """
        file = Path(path)
        with self._told():
            try:
                text = read_regular(str(file))
            except OSError as e:
                raise ConfigError("can't read %s: %s" % (file, e.strerror or e), code="host.read", file=str(file)) from e
            folder = Folder(file)
            try:
                self._load(file.name, text, folder)
            finally:
                self._watched = {os.path.abspath(file): None, **folder.seen}
            self._path = file

    def load(self, text: str, name: str = "") -> None:
        """Loads a configuration from a string, which can't include files. ``name`` is what diagnostics call it; ``.cedar`` at its end makes it policies."""
        with self._told():
            self._load(name, encoded_text(text, "the configuration"), Nowhere())
            self._path, self._watched = None, {}

    def reload(self) -> None:
        """Loads the file of the last ``load_config`` again."""
        if self._path is None:
            raise ConfigError("no file was loaded: call load_config", code="abi.state")
        self.load_config(self._path)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Has observers told of a load, whatever comes of it."""
        ok = False
        try:
            yield
            ok = True
        finally:
            for observer in self._observers:
                observer.loaded(self, ok)

    def _load(self, name: str, text: bytes, files: Any) -> None:
        key = (int.from_bytes(os.urandom(8), "little"), int.from_bytes(os.urandom(8), "little"))
        recorded = Recorded(files)
        first_reply = b""

        def spawn(loaded: bool) -> Instance:
            try:
                instance = Instance(compiled(panicked), self._memory_limit)
                if loaded and instance.load(name, text, recorded, key, self._limits) != first_reply:
                    raise ConfigError("the configuration's files have changed since they were loaded, and can't be loaded again as they were",
                                      code="host.changed", help="call reload()")
            except Died as d:
                self._died()
                raise d.error from None
            return instance

        with self._loading:
            first = spawn(False)
            try:
                first_reply = first.load(name, text, recorded, key, self._limits)
            except Died as d:
                self._died()
                raise d.error from None
            recorded.seal()
            loaded = json.loads(first_reply)["loaded"]
            self._require(loaded["needs"])
            self._pool = Pool(first, loaded, spawn, self._instances, self._died)

    def _died(self) -> None:
        with self._counting:
            self._traps += 1

    def _require(self, needs: Iterable[str]) -> None:
        given = self._host_values()
        missing = [key for key in sorted(needs) if key != "now" and key not in given]
        if missing:
            raise ConfigError("the configuration reads context.%s, which the host is to give" % missing[0], code="host.needs",
                              help="Engine(host_context={%r: …})" % missing[0])

    def _host_values(self) -> Mapping[str, Any]:
        given = self._host_context
        return given() if callable(given) else given or {}

    def _loaded(self) -> Pool:
        pool = self._pool
        if pool is None:
            raise ABIError("nothing is loaded: call load_config or load", code="abi.state")
        return pool

    @property
    def revision(self) -> str:
        """The revision of documents and facts."""
        return self._loaded().revision

    @property
    def warnings(self) -> Tuple[Diagnostic, ...]:
        """What the last load found odd."""
        return tuple(Diagnostic._from(d) for d in self._loaded().loaded["warnings"])

    # -- Deciding -----------------------------------------------------------------------------------------------

    def authorize(self, principal: Subject, action: Subject, resource: Subject, context: Optional[Mapping[str, Any]] = None,
                  entities: Optional[Iterable[Any]] = None, *, scope: Optional[_scope.Scope] = None) -> AuthorizationResult:
        """Decides whether principal may do action on resource.

        Each of the three is text as in the language (``"user:alice"``, ``'User::"alice"'``, ``"alice"``), a ``rune.Entity`` or a mapping of type and
        id. ``context`` is a mapping of Python values, ``entities`` a list of ``rune.Entity``. ``scope`` (of ``Engine.scope``) goes before that
        of ``scoped_rules``.

        Raises RequestError for a request that isn't valid, TypeError for a value that Cedar doesn't have. A limit that is exceeded denies.
        """
        if scope is not None or current.get().scopes:
            scope = self._scoped(scope)
        return AuthorizationResult(self._ask("authorize", encoded(request_text(principal, action, resource, context, entities)), scope))

    def authorize_json(self, request: Union[str, bytes], *, scope: Optional[_scope.Scope] = None) -> bytes:
        """Decides a request that is JSON already, and gives the engine's reply as it is. Raises RequestError."""
        return self._ask("authorize", _body(request), self._scoped(scope))

    def authorize_batch(self, requests: Iterable[Any], *, scope: Optional[_scope.Scope] = None) -> List[Union[AuthorizationResult, RequestError]]:
        """Decides many requests by one call: ``rune.Request``, mappings of its fields, or tuples in their order.

        Results are in order. In the place of a bad item is a RequestError, which is false as a denial is. A value that Cedar doesn't have is a
        TypeError for all.
        """
        text, count = batch_text(requests)
        if not count:
            return []
        return _batch.results(self._ask("batch", encoded(text), self._scoped(scope)), count)

    def authorize_async(self, principal: Subject, action: Subject, resource: Subject, context: Optional[Mapping[str, Any]] = None,
                        entities: Optional[Iterable[Any]] = None, *, scope: Optional[_scope.Scope] = None) -> Pending:
        """Decides as ``authorize`` does; to be awaited.

        It answers at once while calls are short, and in a thread, without holding up the loop, after one took more than a millisecond. The scope is
        that of where it is called.
        """
        return Pending(self, encoded(request_text(principal, action, resource, context, entities)), self._scoped(scope))

    # -- Scopes -------------------------------------------------------------------------------------------------

    def scope(self, text: str, *, restrict: bool = False) -> _scope.Scope:
        """Registers rules for some calls alone, for ``authorize(…, scope=…)``. Raises ConfigError; see docs/LANGUAGE.md, Overlays.

        With ``restrict`` the text can forbid and never permit.
        """
        encoded_text(text, "the scope")
        scope = _scope.Scope(self, text, restrict)
        self._enter(scope)
        return scope

    def scoped_rules(self, additional_rules: str, *, restrict: bool = False) -> AbstractContextManager[_scope.Scope]:
        """``with engine.scoped_rules('forbid(P, "write", _).', restrict=True): …`` unites rules with the configuration, for what this task and
        thread ask meanwhile. Raises ConfigError at once. Inside another scope both hold."""
        return _scope.entered(_scope.within(self, additional_rules, restrict))

    def _enter(self, scope: _scope.Scope) -> None:
        pool = self._loaded()
        instance = pool.take()
        try:
            _register(instance, scope)
        except Died as d:
            pool.discard(instance)
            raise d.error from None
        except RuneError:
            pool.give(instance)
            raise
        pool.give(instance)
        self._require(scope.needs)

    def _scoped(self, given: Optional[_scope.Scope]) -> Optional[_scope.Scope]:
        if given is None:
            return scope_of(self)
        if given.engine is not self:
            raise ValueError("the scope is of another engine")
        return given

    # -- Facts --------------------------------------------------------------------------------------------------

    def query(self, goal: str, *, principal: Optional[Subject] = None, action: Optional[Subject] = None, resource: Optional[Subject] = None,
              context: Optional[Mapping[str, Any]] = None, entities: Optional[Iterable[Any]] = None,
              scope: Optional[_scope.Scope] = None) -> Query:
        """All bindings of a goal: ``engine.query('member(User::"alice", G)')``. With a request, the goal sees it.

        Raises RequestError with the place in the goal, LimitError.
        """
        if not isinstance(goal, str):
            raise TypeError("a goal is a string, not %s" % type(goal).__name__)
        text = '{"goal":' + quote(goal)
        if principal is not None or action is not None or resource is not None:
            text += "," + request_text(principal, action, resource, context, entities)[1:-1]
        elif context is not None or entities is not None:
            raise TypeError("context and entities go with principal, action and resource")
        reply = json.loads(self._ask("query", encoded(text + "}"), self._scoped(scope)))
        return Query(reply["columns"], (tuple(python_value(v) for v in row) for row in reply["rows"]), reply["revision"])

    def update(self, insert: Optional[Mapping[str, Rows]] = None, delete: Optional[Mapping[str, Rows]] = None) -> str:
        """Inserts and deletes facts, as one transaction, deletes first: ``insert={"has_role": [("alice", "admin")]}``. Gives the new revision.

        Raises RequestError, LimitError; nothing is changed then. Calls that begin after it has returned see it.
        """
        return self.update_json('{"insert":%s,"delete":%s}' % (rows_text(insert or {}, "insert"), rows_text(delete or {}, "delete")))

    def update_json(self, update: Union[str, bytes]) -> str:
        """Carries out an update that is JSON already, and gives the new revision."""
        return self._change("update", [_body(update)])

    def add_facts(self, predicate: str, rows: Union[Rows, Buffer]) -> str:
        """Inserts facts of one predicate as one transaction, and gives the new revision.

        They are a list of tuples, or any buffer of CSV (bytes, mmap, an array), which is copied into the engine once. Its first line
        names the columns, as in a CSV file that a configuration includes.

        Raises RequestError, with line and column where the CSV is wrong, and LimitError; nothing is changed then.
        """
        if not isinstance(predicate, str):
            raise TypeError("a predicate is a string, not %s" % type(predicate).__name__)
        csv = csv_view(rows)
        if csv is None:
            return self.update({predicate: rows})
        return self._change("facts", [encoded('{"predicate":' + quote(predicate) + "}\n"), csv])

    def _change(self, verb: str, parts: List[Any]) -> str:
        pool = self._loaded()
        with pool.lock:
            if pool.updating:
                raise RuneError("this thread is in the midst of an update", code="host.busy")
            pool.updating = True
            instance = pool.take()
            given_back = False
            try:
                host = self._plain
                reply = self._observed(verb, lambda phases: instance.call_once(verb, parts, instance.block(host)), instance)
                if reply.startswith(ERROR):
                    pool.give(instance)
                    given_back = True
                    raise error_from(reply)
                revision = str(json.loads(reply)["revision"])
                pool.record(instance, verb, parts, host)
                pool.revision = revision
                pool.give(instance)
                given_back = True
                return revision
            except Died as d:
                self._died()
                raise d.error from None
            finally:
                pool.updating = False
                if not given_back:
                    pool.forget(instance)  # it died, or knows an update that isn't noted

    # -- Asking the module --------------------------------------------------------------------------------------

    def _ask(self, verb: str, body: bytes, scope: Optional[_scope.Scope]) -> bytes:
        """The engine's reply. Raises what it answers if that is an error."""
        pool = self._pool or self._loaded()
        if scope is None and pool.plain and not self._observers:
            reply = pool.call(verb, body, self._plain)
        else:
            reply = self._reply(pool, verb, body, scope)
        if reply.startswith(ERROR):
            raise error_from(reply)
        return reply

    def _reply(self, pool: Pool, verb: str, body: bytes, scope: Optional[_scope.Scope]) -> bytes:
        instance = pool.take()
        try:
            reply = self._observed(verb, lambda phases: self._answer(pool, instance, verb, body, scope, phases), instance)
            if len(body) > LARGE:
                instance.shrink()
        except Died as d:
            pool.discard(instance)
            raise d.error from None
        except BaseException:
            pool.give(instance)
            raise
        pool.give(instance)
        return reply

    def _answer(self, pool: Pool, instance: Instance, verb: str, body: bytes, scope: Optional[_scope.Scope], phases: bool) -> bytes:
        """The engine's reply, an error too, with all that the host adds to the call."""
        reply = instance.verbs[verb](body, self._block(pool, instance, scope, phases))
        if scope is not None and reply.startswith(UNKNOWN):
            _register(instance, scope)
            reply = instance.verbs[verb](body, self._block(pool, instance, scope, phases))
        return reply

    def _block(self, pool: Pool, instance: Instance, scope: Optional[_scope.Scope], phases: bool) -> int:
        needs = pool.needs if scope is None else scope.needs
        context = b""
        if needs and self._host_context is not None:
            values = self._host_values()
            context = encoded(record_text({key: values[key] for key in needs if key in values}, "host_context"))
        timed = "now" in needs
        host = Host(self._entities, self._limits, 0 if scope is None else scope.handle, context, timed, phases)
        return instance.block(host, time.time_ns() // 1_000_000 if timed else None)

    def _observed(self, verb: str, call: Callable[[bool], bytes], instance: Instance) -> bytes:
        observers = self._observers
        if not observers:
            return call(False)
        given = [o.calling(self, verb) for o in observers]
        phases = any(given)
        started, clock = time.time_ns(), time.perf_counter_ns()
        try:
            reply = call(phases)
            took = time.perf_counter_ns() - clock
            statistics = instance.statistics()
            ended = Call(verb, started, took, reply, statistics, instance.timings(statistics) if phases else (), None)
        except BaseException as e:
            failure = e.error if isinstance(e, Died) else e
            self._tell(observers, given, Call(verb, started, time.perf_counter_ns() - clock, b"", None, (), failure))
            raise
        self._tell(observers, given, ended)
        return reply

    def _tell(self, observers: Iterable[Observer], given: Iterable[Any], ended: Call) -> None:
        for observer, g in zip(observers, given):
            observer.called(self, ended, g)

    def observe(self, observer: Observer) -> None:
        """Has an observer told of every call and load from now on."""
        self._observers += (observer,)

    # -- What is loaded -----------------------------------------------------------------------------------------

    def describe(self) -> Dict[str, Any]:
        """What is loaded: name, revision, counts, files, predicates, statements, limits."""
        return dict(json.loads(self._ask("describe", b"{}", None)))

    def test(self, run: str = "") -> List[Dict[str, Any]]:
        """Runs the configuration's own ``[tests]`` whose names match the regular expression. Each has ``name``, ``ok``, ``want`` and ``got``."""
        request = json.dumps({"run": run} if run else {}).encode()
        return list(json.loads(self._ask("test", request, None))["tests"])

    def statistics(self) -> Dict[str, int]:
        """Instances, bytes of the sandbox's memory, and how many instances have died since the start, for metrics."""
        pool = self._pool
        return {"instances": pool.instances() if pool else 0, "memory_bytes": pool.memory_bytes() if pool else 0, "traps": self._traps}

    def watch(self, interval: float = 0.5, on_reload: Optional[Callable[[Optional[RuneError]], None]] = None) -> Watcher:
        """Reloads when the configuration's files change, in a thread, and keeps the last good configuration. See ``Watcher``."""
        return Watcher(self, interval, on_reload)

    def __repr__(self) -> str:
        pool = self._pool
        return "<rune.Engine %s>" % ("of nothing" if pool is None else (self._path or "of a string"))


def _register(instance: Instance, scope: _scope.Scope) -> None:
    reply = instance.verbs["overlay"](encoded('{"text":%s,"restrict":%s}' % (quote(scope.text), "true" if scope.restrict else "false")), 0)
    if reply.startswith(ERROR):
        raise error_from(reply, loading=True)
    scope.needs = frozenset(json.loads(reply)["overlay"]["needs"])


def _body(text: Union[str, bytes]) -> bytes:
    return encoded(text) if isinstance(text, str) else bytes(text)
