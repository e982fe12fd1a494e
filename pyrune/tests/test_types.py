"""What type checkers see. mypy and pyright read this file (``make lint-pyrune``); run, it only shows that the code is as it says."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, AsyncIterator, Awaitable, Callable, Dict, Iterator, List, Optional, Tuple, Type, Union

import rune

if TYPE_CHECKING or sys.version_info >= (3, 11):
    if sys.version_info >= (3, 11):
        from typing import assert_type
    else:
        from typing_extensions import assert_type
else:
    def assert_type(value: Any, kind: Any) -> Any:
        return value


@rune.enforce(action="read", resource="file:{path}")
def read(path: str, size: int = 0) -> bytes:
    return path.encode()


@rune.enforce(action="read")
async def fetch(url: str) -> List[int]:
    return [1]


@rune.enforce(action="read")
def numbers(n: int) -> Iterator[int]:
    yield n


@rune.enforce(action="read")
async def lines(name: str) -> AsyncIterator[str]:
    yield name


class Service:
    @rune.enforce(action="run")
    def method(self, x: int) -> str:
        return str(x)

    @classmethod
    @rune.enforce(action="run")
    def made(cls: Type[Service], x: int) -> Service:
        return cls()

    @staticmethod
    @rune.enforce(action="run")
    def fixed(x: int) -> Dict[str, int]:
        return {"x": x}


def function(x: int, *, y: str) -> float:
    return 1.0


async def of_decorators(service: Service) -> None:
    """Decorated functions keep their parameters and what they give."""
    assert_type(read("x", size=1), bytes)
    assert_type(await fetch("x"), List[int])
    assert_type(numbers(1), Iterator[int])
    assert_type(lines("x"), AsyncIterator[str])
    assert_type(service.method(1), str)
    assert_type(Service.made(1), Service)
    assert_type(Service.fixed(1), Dict[str, int])
    assert_type(rune.bind(function)(1, y="x"), float)
    read(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    read("x", length=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    service.method("x")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    rune.bind(function)(1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def of_an_engine(engine: rune.Engine) -> None:
    """Results have the types that the documentation says."""
    result = engine.authorize("user:alice", "read", rune.Entity("File", "x"), {"mfa": True})
    assert_type(result, rune.AuthorizationResult)
    assert_type(result.decision, rune.Decision)
    assert_type(result.reasons, Tuple[rune.Reason, ...])
    assert_type(await engine.authorize_async("a", "b", "c"), rune.AuthorizationResult)
    assert_type(engine.authorize_batch([("a", "b", "c")]), List[Union[rune.AuthorizationResult, rune.RequestError]])
    assert_type(engine.query("p(X)").columns, Tuple[str, ...])
    assert_type(rune.Engine.from_file("x"), rune.Engine)
    assert_type(engine.update(), str)
    with engine.scoped_rules("p(1).") as scope:
        assert_type(scope, rune.Scope)
    engine.authorize("a", "b")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    engine.authorize(1, "b", "c")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def of_errors(error: rune.ConfigError, denied: rune.AuthorizationDenied) -> None:
    assert_type(error.diagnostics, Tuple[rune.Diagnostic, ...])
    assert_type(denied.result, Optional[rune.AuthorizationResult])


def test_as_the_types_say(default: rune.Engine) -> None:
    """What is decorated is what its type says, here where alice may do everything."""
    with rune.principal("alice"):
        assert read("x", size=1) == b"x" and list(numbers(3)) == [3]
        service = Service()
        assert service.method(1) == "1" and isinstance(Service.made(1), Service) and Service.fixed(2) == {"x": 2}
    checks: List[Callable[..., Awaitable[None]]] = [of_decorators, of_an_engine]
    assert all(callable(check) for check in checks)
