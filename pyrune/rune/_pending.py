"""A decision that is to be awaited."""

from __future__ import annotations

import contextvars
import time
from typing import TYPE_CHECKING, Any, Awaitable, Generator, Optional

from ._result import AuthorizationResult

if TYPE_CHECKING:
    from ._engine import Engine
    from ._scope import Scope

SLOW = 1_000_000  # nanoseconds: a call that took so long sends later ones to a thread
CALM = 32  # quick calls in a row, after which they are made inline again


class Pending(Awaitable[AuthorizationResult]):
    """What ``authorize_async`` gives. Its truth is an error: a forgotten ``await`` must not permit."""

    __slots__ = ("_engine", "_body", "_scope")

    def __init__(self, engine: Engine, body: bytes, scope: Optional[Scope]) -> None:
        self._engine, self._body, self._scope = engine, body, scope

    def __bool__(self) -> bool:
        raise TypeError("authorize_async is to be awaited: its result isn't a decision yet")

    def _decide(self) -> AuthorizationResult:
        engine = self._engine
        started = time.perf_counter_ns()
        result = AuthorizationResult(engine._ask("authorize", self._body, self._scope))
        if time.perf_counter_ns() - started > SLOW:
            engine._slow = CALM
        elif engine._slow:
            engine._slow -= 1
        return result

    def __await__(self) -> Generator[Any, None, AuthorizationResult]:
        if not self._engine._slow:
            return self._decide()
        import asyncio
        context = contextvars.copy_context()  # for a function that gives host context
        future = asyncio.get_running_loop().run_in_executor(None, context.run, self._decide)
        return (yield from future.__await__())
