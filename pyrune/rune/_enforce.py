"""The decorator that asks before a function runs."""

from __future__ import annotations

import functools
import inspect
import re
import string
import threading
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, TypeVar, Union, cast

from . import _context
from ._engine import Engine
from ._errors import AuthorizationDenied, RequestError, RuneError
from ._pending import Pending
from ._pool import Pool
from ._request import Subject, encoded, request_text
from ._result import AuthorizationResult
from ._values import Entity, value_text

F = TypeVar("F", bound=Callable[..., Any])
Context = Union[str, Mapping[str, Any], Callable[..., Mapping[str, Any]], None]
OnDeny = Callable[[AuthorizationDenied], Any]

_QUOTED = re.compile(r'((?:[A-Za-z_]\w*::)*[A-Za-z_]\w*)::"(.*)"', re.DOTALL)
_default: Optional[Engine] = None
_lock = threading.Lock()


def set_default(engine: Optional[Engine]) -> None:
    """Names the engine that ``enforce`` asks where it was given none. None: nobody, and ``enforce`` raises."""
    global _default
    if engine is not None and not isinstance(engine, Engine):
        raise TypeError("an engine is a rune.Engine, not %s" % type(engine).__name__)
    with _lock:
        _default = engine


def enforce(*, action: Subject, resource: Union[Subject, Callable[..., Subject], None] = None, resource_type: Optional[str] = None,
            context: Context = None, principal: Union[Subject, Callable[..., Subject], None] = None, engine: Optional[Engine] = None,
            on_deny: Optional[OnDeny] = None, unsupported: str = "error") -> Callable[[F], F]:
    """Lets the function run only if the principal may do ``action`` on ``resource``; else raises AuthorizationDenied.

    Works on functions, methods (above or below ``classmethod`` and ``staticmethod``), coroutine functions, generators, async generators, partials and
    callable objects. Who may call is asked at each call, of generators too; of a coroutine when it is awaited. Signature, annotations and
    docstring stay.

    resource
        Text, a ``rune.Entity``, a mapping of type and id, or a function of the call's arguments that gives one. ``{name}`` in text stands for an
        argument, which becomes part of the id and never of the type: ``"file:{path}"``. Default: ``resource_type::"module.qualname"``.
    resource_type
        The type of the resource, then ``resource`` is its id alone.
    context
        The name of a context key for the record of the call's arguments, without ``self`` and ``cls``; or a mapping; or a function of the call's
        arguments that gives one.
    principal, engine
        Who acts, or a function of the call's arguments that tells; default: ``with rune.principal(…)``. Whom to ask; default: ``rune.set_default``.
        Without either the call raises, and the function doesn't run.
    on_deny
        Called with the AuthorizationDenied in place of raising it; what it returns is what the call gives.
    unsupported
        What to do with arguments that Cedar has no value for: ``"error"``, a TypeError, or ``"drop"`` them. None is always left out.
    """
    if unsupported not in ("error", "drop"):
        raise ValueError('unsupported is "error" or "drop", not %r' % (unsupported,))
    if engine is not None and not isinstance(engine, Engine):
        raise TypeError("engine is a rune.Engine, not %s" % type(engine).__name__)

    def decorate(decorated: F) -> F:
        function: Any = decorated
        if isinstance(function, (classmethod, staticmethod)):
            inner: Any = function.__func__
            return cast(F, type(function)(decorate(inner)))
        if inspect.isclass(function):
            raise TypeError("enforce guards calls: decorate %s.__init__, or a function that makes one" % function.__name__)
        if not callable(function):
            raise TypeError("enforce guards what can be called, not %s" % type(function).__name__)
        return cast(F, _guard(function, _Check(function, action, resource, resource_type, context, principal, engine, unsupported), on_deny))

    return decorate


def _guard(function: Callable[..., Any], check: _Check, on_deny: Optional[OnDeny]) -> Callable[..., Any]:
    if _is(inspect.iscoroutinefunction, function):

        @_like(function)
        async def guarded_coroutine(*args: Any, **kwargs: Any) -> Any:
            try:
                await check.asynchronous(args, kwargs)
            except AuthorizationDenied as denied:
                if on_deny is None or denied.result is None:
                    raise
                answer = on_deny(denied)
                return await answer if inspect.isawaitable(answer) else answer
            return await function(*args, **kwargs)

        return guarded_coroutine

    @_like(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            check(args, kwargs)
        except AuthorizationDenied as denied:
            if on_deny is None or denied.result is None:
                raise
            return on_deny(denied)
        return function(*args, **kwargs)

    return guarded


def _is(test: Callable[[Any], bool], function: Any) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    return test(function) or not inspect.isroutine(function) and test(getattr(type(function), "__call__", None))


def _like(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """functools.wraps, for whatever can be called: partials and objects lack names."""

    def wrap(wrapper: Callable[..., Any]) -> Callable[..., Any]:
        functools.update_wrapper(wrapper, function)
        if not hasattr(function, "__name__"):
            wrapper.__name__ = wrapper.__qualname__ = _named(function).rpartition(".")[2]
        return wrapper

    return wrap


def _named(function: Any) -> str:
    """module.qualname of a function, of what a partial calls, or of a callable object's class."""
    while isinstance(function, functools.partial):
        function = function.func
    if not hasattr(function, "__qualname__"):
        function = type(function)
    return "%s.%s" % (function.__module__, function.__qualname__)


class _Check:
    """What enforce asks for one function."""

    def __init__(self, function: Callable[..., Any], action: Subject, resource: Any, resource_type: Optional[str], context: Context,
                 principal: Any, engine: Optional[Engine], unsupported: str) -> None:
        self.name, self.action, self.context, self.principal, self.engine = _named(function), action, context, principal, engine
        self.drop = unsupported == "drop"
        self.signature = inspect.signature(function)
        first = next(iter(self.signature.parameters), "")
        self.receiver = first if first in ("self", "cls") else ""
        self.resource = _resource(resource, resource_type, self.name)
        if isinstance(self.resource, _Template):
            self.resource.require(self.signature, self.name)
        self.static = not (callable(resource) or callable(principal) or callable(context) or isinstance(self.resource, _Template)
                           or isinstance(context, str))

    def __call__(self, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> None:
        engine, body, who, what = self._request(args, kwargs)
        self._judge(AuthorizationResult(engine._ask("authorize", body, _context.scope_of(engine))), who, what)

    async def asynchronous(self, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> None:
        engine, body, who, what = self._request(args, kwargs)
        self._judge(await Pending(engine, body, _context.scope_of(engine)), who, what)

    def _request(self, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Tuple[Engine, bytes, Any, Any]:
        engine = self.engine or _default
        if engine is None:
            raise RuneError("%s is guarded, and there is no engine to ask" % self.name, code="enforce.no_engine",
                            help="rune.set_default(engine), or @rune.enforce(engine=…)")
        arguments: Dict[str, Any] = {} if self.static else self._arguments(args, kwargs)
        who = self.principal(**arguments) if callable(self.principal) else self.principal
        if who is None:
            who = _context.current.get().principal
        if who is None:
            raise RuneError("%s is guarded, and nobody acts here" % self.name, code="enforce.no_principal",
                            help="with rune.principal(…), in this thread and task; rune.bind(function) for threads of a pool")
        what = self.resource
        if isinstance(what, _Template):
            what = what.entity(engine, arguments)
        elif callable(what):
            what = what(**arguments)
        return engine, encoded(request_text(who, self.action, what, self._context(arguments))), who, what

    def _arguments(self, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Dict[str, Any]:
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    def _context(self, arguments: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
        if not isinstance(self.context, str):
            return self.context(**arguments) if callable(self.context) else self.context
        record = {}
        for name, value in arguments.items():
            if value is None or name == self.receiver:
                continue
            if self.drop:
                try:
                    value_text(value, name)
                except TypeError:
                    continue
            record[name] = value
        return {self.context: record}

    def _judge(self, result: AuthorizationResult, who: Any, what: Any) -> None:
        if not result.permitted:
            raise AuthorizationDenied(_denial(result, who, self.action, what), result)


def _denial(result: AuthorizationResult, who: Any, action: Any, what: Any) -> str:
    """Who may not do what, and the messages of those statements that have one."""
    messages = [r.message for r in result.reasons if r.message]
    text = "%s may not do %s on %s" % tuple(_shown(x) for x in (who, action, what))
    return text + ": " + "; ".join(messages) if messages else text


def _shown(subject: Any) -> str:
    return '%s::"%s"' % (subject["type"], subject["id"]) if isinstance(subject, Mapping) else str(subject)


def _resource(resource: Any, resource_type: Optional[str], name: str) -> Any:
    if resource is None:
        return Entity(resource_type or "Function", name)
    if isinstance(resource, str) and (resource_type is not None or "{" in resource or "}" in resource):
        return _Template(resource, resource_type)
    if resource_type is not None:
        raise TypeError("resource_type goes with a resource that is text")
    return resource


class _Template:
    """A resource whose id has arguments in it. Its type is settled before any argument is put in."""

    def __init__(self, text: str, kind: Optional[str]) -> None:
        quoted = _QUOTED.fullmatch(text) if kind is None else None
        if quoted:
            kind, text = quoted.groups()
        self.kind, self.text = kind, text
        self.pieces: List[Tuple[str, Optional[str], Optional[str], Optional[str]]] = list(string.Formatter().parse(text))
        self.settled: Tuple[Optional[Pool], str, str] = (None, "", "")

    def require(self, signature: inspect.Signature, name: str) -> None:
        """Raises TypeError for a {name} that the function has no parameter for."""
        for _, field, _, _ in self.pieces:
            if field is not None and re.split(r"[.\[]", field, maxsplit=1)[0] not in signature.parameters:
                raise TypeError("the resource %r names {%s}, which is no parameter of %s" % (self.text, field, name))

    def entity(self, engine: Engine, arguments: Mapping[str, Any]) -> Entity:
        """The resource of a call."""
        kind, skipped = (self.kind, "") if self.kind is not None else self._settle(engine)
        return Entity(kind, string.Formatter().vformat(self.text, (), arguments)[len(skipped):])

    def _settle(self, engine: Engine) -> Tuple[str, str]:
        """The type that the configuration gives to text that begins so, and how much of the text tells it."""
        pool, kind, skipped = self.settled
        if pool is engine._pool and pool is not None:
            return kind, skipped
        pool = engine._pool
        head = self.pieces[0][0] if self.pieces else ""
        if "::" in head:
            raise RequestError('the resource %r: write Type::"…" with quotation marks, or type:…' % self.text, code="entity.malformed")
        found = engine.query("resource(R)", principal=Entity("User", "x"), action=Entity("Action", "x"), resource=head + "x")[0][0]
        skipped = head[:len(head) + 1 - len(found.id)] if len(found.id) <= len(head) else ""
        self.settled = (pool, found.type, skipped)
        return found.type, skipped
