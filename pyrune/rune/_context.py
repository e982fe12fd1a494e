"""Who acts, and under which scopes: one context variable, so that what lost the one has lost the other too."""

from __future__ import annotations

import contextvars
import functools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable, Iterator, NamedTuple, Optional, Tuple, TypeVar, cast

if TYPE_CHECKING:
    from ._scope import Scope

F = TypeVar("F", bound=Callable[..., Any])


class Frame(NamedTuple):
    """What a task or thread has been told."""

    principal: Any = None
    scopes: Tuple[Scope, ...] = ()


EMPTY = Frame()
current: contextvars.ContextVar[Frame] = contextvars.ContextVar("rune", default=EMPTY)


@contextmanager
def principal(who: Any) -> Iterator[None]:
    """Says who acts in this task or thread: ``with rune.principal("agent:planner"): …``. Inner ones replace outer ones."""
    if who is None:
        raise TypeError("a principal is a string, a rune.Entity or a mapping of type and id, not None")
    token = current.set(current.get()._replace(principal=who))
    try:
        yield
    finally:
        current.reset(token)


def bind(function: F) -> F:
    """Gives a function that runs as who acts here and now, under the scopes of here and now, in whatever thread it is called.

    Threads of a pool start without: ``pool.submit(rune.bind(work), …)``.
    """
    frame = current.get()

    @functools.wraps(function)
    def bound(*args: Any, **kwargs: Any) -> Any:
        token = current.set(frame)
        try:
            return function(*args, **kwargs)
        finally:
            current.reset(token)

    return cast(F, bound)


def scope_of(engine: Any) -> Optional[Scope]:
    """The scope that calls of this engine are under here, the innermost."""
    for scope in reversed(current.get().scopes):
        if scope.engine is engine:
            return scope
    return None
