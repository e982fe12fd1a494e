"""enforce: the body runs if and only if it may."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import inspect
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Dict, Iterator, List, Tuple

import pytest

import rune
from conftest import ROLES

ran: List[Any] = []
guard = rune.enforce(action="write", resource="x")


@pytest.fixture(autouse=True)
def _fresh() -> None:
    ran.clear()


def body(value: int = 0) -> int:
    ran.append(value)
    return value + 1


@guard
def function(value: int) -> int:
    """A docstring."""
    return body(value)


class Thing:
    @guard
    def method(self, value: int) -> int:
        return body(value)

    @guard
    @classmethod
    def class_above(cls, value: int) -> int:
        return body(value)

    @classmethod
    @guard
    def class_below(cls, value: int) -> int:
        return body(value)

    @guard
    @staticmethod
    def static_above(value: int) -> int:
        return body(value)

    @staticmethod
    @guard
    def static_below(value: int) -> int:
        return body(value)

    @guard
    def __call__(self, value: int) -> int:
        return body(value)

    @property
    @guard
    def prop(self) -> int:
        return body(1)


class Callable_:
    def __call__(self, value: int) -> int:
        return body(value)


class AsyncCallable:
    async def __call__(self, value: int) -> int:
        return body(value)


@guard
async def coroutine(value: int) -> int:
    await asyncio.sleep(0)
    return body(value)


@guard
def generator(value: int) -> Iterator[int]:
    yield body(value)


@guard
async def async_generator(value: int) -> AsyncIterator[int]:
    yield body(value)


async def _collect(value: int) -> int:
    return [x async for x in async_generator(value)][0]


def _plus(a: int, value: int) -> int:
    return body(value)


async def _async_plus(a: int, value: int) -> int:
    return body(value)


partial = guard(functools.partial(_plus, 5))
async_partial = guard(functools.partial(_async_plus, 5))
CALLS: Dict[str, Callable[[int], Any]] = {
    "function": function,
    "method": lambda n: Thing().method(n),
    "classmethod above": Thing.class_above,
    "classmethod below": Thing.class_below,
    "staticmethod above": Thing.static_above,
    "staticmethod below": lambda n: Thing().static_below(n),
    "__call__": lambda n: Thing()(n),
    "property": lambda n: Thing().prop,
    "callable object": guard(Callable_()),
    "async callable object": lambda n: asyncio.run(guard(AsyncCallable())(n)),
    "lambda": guard(lambda n: body(n)),
    "coroutine": lambda n: asyncio.run(coroutine(n)),
    "generator": lambda n: list(generator(n))[0],
    "async generator": lambda n: asyncio.run(_collect(n)),
    "partial": partial,
    "partial of coroutine": lambda n: asyncio.run(async_partial(n)),
    "method of a bound object": guard(Callable_().__call__),
    "builtin": guard(ran.append),
    "class's constructor": guard(lambda n: Thing().__class__ and body(n)),
}
ALL = pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))


@ALL
def test_permit(default: rune.Engine, call: Callable[[int], Any]) -> None:
    with rune.principal("alice"):
        assert call(1) in (2, None)
    assert ran == [1]


@ALL
def test_denial(default: rune.Engine, call: Callable[[int], Any]) -> None:
    with rune.principal("bob"), pytest.raises(rune.AuthorizationDenied) as e:
        call(1)
    assert ran == [] and isinstance(e.value, PermissionError)
    assert e.value.result is not None and not e.value.result and str(e.value) == "bob may not do write on x"


@ALL
def test_nobody_acts(default: rune.Engine, call: Callable[[int], Any]) -> None:
    with pytest.raises(rune.RuneError) as e:
        call(1)
    assert ran == [] and e.value.code == "enforce.no_principal"


@ALL
def test_no_engine(call: Callable[[int], Any]) -> None:
    rune.set_default(None)
    with rune.principal("alice"), pytest.raises(rune.RuneError) as e:
        call(1)
    assert ran == [] and e.value.code == "enforce.no_engine"


@ALL
def test_nothing_is_loaded(call: Callable[[int], Any]) -> None:
    rune.set_default(rune.Engine())
    try:
        with rune.principal("alice"), pytest.raises(rune.ABIError):
            call(1)
    finally:
        rune.set_default(None)
    assert ran == []


@ALL
def test_request_that_is_not_valid(default: rune.Engine, call: Callable[[int], Any]) -> None:
    for who in ("", "\ud800", rune.Entity("no type", "x")):
        with rune.principal(who), pytest.raises(rune.RequestError):
            call(1)
    assert ran == []


@ALL
def test_thread_that_lost_the_scope(default: rune.Engine, call: Callable[[int], Any]) -> None:
    outcomes: List[object] = []

    def work() -> None:
        try:
            call(1)
        except rune.RuneError as e:
            outcomes.append(e.code)

    with rune.principal("alice"), default.scoped_rules('forbid(P, "write", _) :- principal(P).', restrict=True):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        with ThreadPoolExecutor(1) as pool:
            with pytest.raises(rune.AuthorizationDenied):
                pool.submit(rune.bind(call), 1).result()
    # Threads of free-threaded builds, and of 3.14, start with their creator's context: then the scope is there as well as the principal.
    assert ran == [] and outcomes in (["enforce.no_principal"], [])


def test_scope_denies(default: rune.Engine) -> None:
    with rune.principal("alice"):
        with default.scoped_rules('forbid(P, "write", _) :- principal(P).', restrict=True), pytest.raises(rune.AuthorizationDenied):
            function(1)
        assert ran == [] and function(1) == 2


def test_check_is_at_the_call(default: rune.Engine) -> None:
    with rune.principal("bob"), pytest.raises(rune.AuthorizationDenied):
        generator(1)
    with rune.principal("bob"), pytest.raises(rune.AuthorizationDenied):
        async_generator(1)
    with rune.principal("alice"):
        permitted = generator(1)
    assert list(permitted) == [2]


def test_removing_the_check_is_noticed(tmp_path: Path) -> None:
    """Mutants of enforce, each without one piece of what it checks: these tests fail on all of them."""
    from rune import _enforce
    source = Path(_enforce.__file__).read_text("utf-8")
    mutations = [
        ("            await check.asynchronous(args, kwargs)", "            pass"),
        ("            check(args, kwargs)", "            pass"),
        ("        if not result.permitted:", "        if False:"),
    ]
    for n, (old, new) in enumerate([("", ""), *mutations]):
        assert old in source, old
        program = tmp_path / ("mutant%d.py" % n)
        program.write_text("""
import sys, asyncio, rune
from rune import _enforce
exec(compile(%r, _enforce.__file__, "exec"), _enforce.__dict__)
engine = rune.Engine()
engine.load(%r)
rune.enforce = _enforce.enforce
_enforce.set_default(engine)
ran = []
guard = rune.enforce(action="write", resource="x")
@guard
def plain(): ran.append(1)
@guard
async def later(): ran.append(2)
for who in ("bob", None):
    for call in (plain, lambda: asyncio.run(later())):
        try:
            if who is None: call()
            else:
                with rune.principal(who): call()
        except (rune.AuthorizationDenied, rune.RuneError, TypeError): pass
        else: ran.append(3)
sys.exit(1 if ran else 0)
""" % (source.replace(old, new), ROLES), "utf-8")
        status = subprocess.run([sys.executable, str(program)], capture_output=True, timeout=120).returncode
        assert status == (1 if n else 0), (old, status)


def test_signature_and_docstring_stay() -> None:
    assert str(inspect.signature(function)) in ("(value: 'int') -> 'int'", "(value: int) -> int")
    assert function.__doc__ == "A docstring." and function.__name__ == "function" and function.__module__ == __name__
    assert inspect.iscoroutinefunction(coroutine) and not inspect.iscoroutinefunction(function)
    assert list(inspect.signature(partial).parameters) == ["value"] and list(inspect.signature(Thing.method).parameters) == ["self", "value"]
    assert list(inspect.signature(Thing.class_above).parameters) == ["value"]
    assert function.__wrapped__.__qualname__ == "function"  # type: ignore[attr-defined]


POLICIES = """
permit (principal, action == Action::"read", resource in Folder::"public");
permit (principal, action == Action::"read", resource == File::"/tmp/a");
permit (principal, action == Action::"run", resource == Tool::"shell") when { context.args.cmd == "ls" };
@reason("mind the cat")
forbid (principal, action == Action::"run", resource) when { context.args has danger };
permit (principal, action == Action::"execute", resource == function::"%s.named");
permit (principal, action == Action::"execute", resource == Function::"%s.unnamed");
""" % (__name__, __name__)


@pytest.fixture
def policies() -> Iterator[rune.Engine]:
    engine = rune.Engine()
    engine.load(POLICIES, name="p.cedar")
    rune.set_default(engine)
    with rune.principal("agent:x"):
        yield engine
    rune.set_default(None)


@rune.enforce(action="execute", resource_type="function")
def named() -> int:
    return 1


@rune.enforce(action="execute")
def unnamed() -> int:
    return 2


def test_default_resource(policies: rune.Engine) -> None:
    assert named() == 1 and unnamed() == 2


def test_template(policies: rune.Engine) -> None:
    @rune.enforce(action="read", resource="file:{path}")
    def read(path: str, mode: str = "r") -> str:
        return path

    @rune.enforce(action="read", resource='File::"{path}"')
    def quoted(path: str) -> str:
        return path

    @rune.enforce(action="read", resource="{path}", resource_type="File")
    def typed(path: str) -> str:
        return path

    for call in (read, quoted, typed):
        assert call("/tmp/a") == "/tmp/a"
        for path in ('/tmp/b', 'Folder::"public"', '"/tmp/a', '/tmp/a"', "", 'x" in Folder::"public', "folder:public", '{path}'):
            with pytest.raises(rune.AuthorizationDenied) as e:
                call(path)
            assert e.value.result is not None
    assert 'File::' in str(e.value)
    with pytest.raises(TypeError, match="names {missing}"):
        rune.enforce(action="read", resource="file:{missing}")(lambda path: path)
    with pytest.raises(rune.RequestError):
        rune.enforce(action="read", resource="File::{path}")(lambda path: path)("x")


def test_arguments_as_context(policies: rune.Engine) -> None:
    @rune.enforce(action="run", resource="Tool:shell", context="args")
    def shell(cmd: str, timeout: Any = None, *, danger: Any = None) -> str:
        return cmd

    assert shell("ls") == shell(cmd="ls") == shell("ls", None) == "ls"
    calls: List[Callable[[], object]] = [lambda: shell("rm"), lambda: shell(cmd="rm"), lambda: shell("ls", danger=True)]
    for call in calls:
        with pytest.raises(rune.AuthorizationDenied):
            call()
    with pytest.raises(rune.AuthorizationDenied) as e:
        shell("ls", danger=True)
    assert str(e.value) == "agent:x may not do run on Tool:shell: mind the cat"
    with pytest.raises(TypeError, match=r"context\.args\.timeout: Cedar has no value for object"):
        shell("ls", object())
    with pytest.raises(TypeError):
        shell("ls", bogus=1)  # type: ignore[call-arg]

    @rune.enforce(action="run", resource="Tool:shell", context="args", unsupported="drop")
    def lenient(cmd: str, timeout: Any = None) -> str:
        return cmd

    assert lenient("ls", object()) == "ls"

    class Shell:
        @rune.enforce(action="run", resource="Tool:shell", context="args")
        def run(self, cmd: str) -> str:
            return cmd

        @rune.enforce(action="run", resource=lambda self, cmd: rune.Entity("Tool", "shell"), context=lambda self, cmd: {"args": {"cmd": cmd}},
                      principal=lambda self, cmd: "agent:other")
        async def later(self, cmd: str) -> str:
            return cmd

    assert Shell().run("ls") == asyncio.run(Shell().later("ls")) == "ls"
    with pytest.raises(rune.AuthorizationDenied):
        Shell().run("rm")
    with pytest.raises(rune.AuthorizationDenied, match="agent:other"):
        asyncio.run(Shell().later("rm"))


def test_on_deny(default: rune.Engine) -> None:
    seen: List[str] = []

    def told(denied: rune.AuthorizationDenied) -> str:
        seen.append(str(denied))
        return "no"

    async def told_later(denied: rune.AuthorizationDenied) -> str:
        return "no"

    @rune.enforce(action="write", resource="x", on_deny=told)
    def plain() -> str:
        return str(body())

    @rune.enforce(action="write", resource="x", on_deny=told_later)
    async def later() -> str:
        return str(body())

    with rune.principal("bob"):
        assert plain() == asyncio.run(later()) == "no" and ran == [] and seen == ["bob may not do write on x"]
    with pytest.raises(rune.RuneError):
        plain()

    @rune.enforce(action="write", resource="x", on_deny=told)
    def raising() -> str:
        raise rune.AuthorizationDenied("from within")

    with rune.principal("alice"), pytest.raises(rune.AuthorizationDenied, match="from within"):
        raising()


def test_own_engine_and_principal(engine: rune.Engine) -> None:
    @rune.enforce(action="write", resource="x", engine=engine, principal="alice")
    def mine() -> int:
        return body()

    assert mine() == 1
    with rune.principal("bob"):
        assert mine() == 1


def test_wrong_use(engine: rune.Engine) -> None:
    wrong: List[Any] = [{"unsupported": "ignore"}, {"engine": "x"}, {"resource": rune.Entity("A", "b"), "resource_type": "A"}]
    for options in wrong:
        with pytest.raises((TypeError, ValueError)):
            rune.enforce(action="a", **options)(lambda: 1)
    for thing in (Thing, 5, None):
        with pytest.raises(TypeError):
            guard(thing)  # type: ignore[type-var]
    with pytest.raises(TypeError):
        rune.set_default("engine")  # type: ignore[arg-type]
    with pytest.raises(TypeError), rune.principal(None):
        pass
    with pytest.raises(TypeError):
        rune.enforce("read")  # type: ignore[misc]
