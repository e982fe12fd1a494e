"""The engine's calls, as they are written in the documentation."""

from __future__ import annotations

import array
import asyncio
import mmap
import pickle
import tempfile
from pathlib import Path
from typing import Any, Callable, List

import pytest

import rune
from conftest import ROLES, ROOT

AGENTS = ROOT / "testdata" / "examples" / "agents" / "config.rune"


def test_as_written(write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write("config.rune", ROLES).parent)
    engine = rune.Engine()
    engine.load_config("config.rune")
    result = engine.authorize(principal="user:alice", action="read", resource="file:/tmp/data.txt")
    assert result.decision == rune.Decision.PERMIT

    async def later() -> rune.AuthorizationResult:
        return await engine.authorize_async(principal="user:alice", action="read", resource="file:/tmp/data.txt")

    assert asyncio.run(later()) == result
    rune.set_default(engine)

    @rune.enforce(action="execute", resource_type="function")
    def sensitive_operation() -> int:
        return 7

    with rune.principal("user:alice"):
        assert sensitive_operation() == 7
    additional_rules = 'forbid(P, "read", _) :- principal(P).'
    with engine.scoped_rules(additional_rules):
        assert not engine.authorize(principal="user:alice", action="read", resource="file:/tmp/data.txt")
    assert engine.authorize(principal="user:alice", action="read", resource="file:/tmp/data.txt")


def test_result(engine: rune.Engine) -> None:
    permit, deny = engine.authorize("alice", "write", "x"), engine.authorize("bob", "write", "x")
    assert permit and permit.permitted and permit.decision is rune.Decision.PERMIT and permit.decision
    assert not deny and not deny.permitted and deny.decision is rune.Decision.DENY and not deny.decision
    assert [(r.kind, r.effect) for r in permit.reasons] == [("rule", "permit")] and deny.reasons == ()
    assert permit.revision == engine.revision == permit.diagnostics.revision and permit.diagnostics.errors == ()
    assert permit.json.startswith(b'{"decision":"permit","reasons":[{"id":"')
    assert "permit by " in repr(permit) and "no statement" in repr(deny)
    assert permit != deny and len({permit, deny, engine.authorize("alice", "write", "x")}) == 2
    assert pickle.loads(pickle.dumps(permit)) == permit
    assert str(deny.decision) == "deny"


def test_subjects(engine: rune.Engine) -> None:
    for alice in ("alice", "user:alice", 'User::"alice"', rune.Entity("User", "alice"), {"type": "User", "id": "alice"}):
        assert engine.authorize(alice, "write", "x"), alice
        assert engine.query("principal(P)", principal=alice, action="a", resource="r") == [(rune.Entity("User", "alice"),)]


def test_entities_come_along() -> None:
    engine = rune.Engine()
    engine.load("permit (principal in Group::\"staff\", action, resource) when { resource.open };", name="a.cedar")
    carol, door = rune.Entity("User", "carol", parents=[rune.Entity("Group", "staff")]), rune.Entity("Door", "1", attrs={"open": True})
    assert engine.authorize(carol, "enter", door)
    assert not engine.authorize("carol", "enter", door)
    assert engine.authorize("carol", "enter", rune.Entity("Door", "1"), entities=[carol, {"uid": door, "attrs": {"open": True}}])
    refusing = rune.Engine(entities="refuse")
    refusing.load("permit (principal, action, resource);", name="a.cedar")
    with pytest.raises(rune.RequestError) as e:
        refusing.authorize(carol, "enter", "x")
    assert e.value.code == "request.entities_not_allowed"


def test_batch(engine: rune.Engine) -> None:
    results = engine.authorize_batch([
        rune.Request("alice", "write", "x"), {"principal": "bob", "action": "write", "resource": "x"}, ("", "write", "x"),
        ("bob", "read", '},{"decision":"permit",{"error":{'), ("alice", "a", "x", {"k": [1]}),
    ])
    assert [bool(r) for r in results] == [True, False, False, True, True]
    bad = results[2]
    assert isinstance(bad, rune.RequestError) and bad.code == "entity.empty" or isinstance(bad, rune.RequestError)
    assert engine.authorize_batch([]) == []
    with pytest.raises(TypeError, match=r"requests\[1\]: principal, action, resource"):
        engine.authorize_batch([("a", "b", "c"), {"principal": "a"}])
    with pytest.raises(TypeError, match=r"requests\[0\]\.context\.k: "):
        engine.authorize_batch([("a", "b", "c", {"k": object()})])


def test_json(engine: rune.Engine) -> None:
    assert engine.authorize_json(b'{"principal":"alice","action":"a","resource":"r"}') == engine.authorize("alice", "a", "r").json
    with pytest.raises(rune.RequestError):
        engine.authorize_json("{")


def test_query(engine: rune.Engine) -> None:
    rows = engine.query("has_role(U, R)")
    assert rows == [(rune.Entity("User", "alice"), "admin"), (rune.Entity("User", "bob"), "viewer")]
    assert rows.columns == ("U", "R") and rows.revision == engine.revision
    with pytest.raises(rune.RequestError) as e:
        engine.query("has_role(U,")
    assert (e.value.line, e.value.column) == (1, 12) and e.value.diagnostics[0].code == e.value.code
    with pytest.raises(TypeError):
        engine.query("has_role(U, R)", context={})
    with pytest.raises(TypeError):
        engine.query(1)  # type: ignore[arg-type]


def test_update(engine: rune.Engine) -> None:
    before = engine.revision
    after = engine.update(insert={"has_role": [("carol", "admin")]}, delete={"has_role": [["alice", "admin"]]})
    assert before != after == engine.revision == engine.authorize("carol", "a", "x").revision
    assert engine.authorize("carol", "a", "x") and not engine.authorize("alice", "a", "x")
    with pytest.raises(rune.RequestError):
        engine.update(insert={"has_role": [("dave", "admin")], "missing": [(1,)]})
    assert not engine.authorize("dave", "a", "x") and engine.revision == after
    engine.add_facts("has_role", (pair for pair in [("dave", "viewer")]))
    assert engine.authorize("dave", "read", "x")
    for rows in ([1], ["ab"], "ab", {"a": 1}, 5):
        with pytest.raises(TypeError, match=r"insert\['has_role'\]"):
            engine.update({"has_role": rows})  # type: ignore[dict-item]


def test_add_facts_as_csv(engine: rune.Engine) -> None:
    """Any contiguous buffer is CSV: the same facts as rows of Python values."""
    other = rune.Engine()
    other.load(ROLES)
    csv = b'user,role\r\ncarol,"admin"\r\ndave,viewer\r\n'
    want = other.add_facts("has_role", [("dave", "viewer"), ("carol", "admin")])
    for n, buffer in enumerate([csv, bytearray(csv), memoryview(csv), array.array("B", csv)]):
        engine.load(ROLES)
        assert engine.add_facts("has_role", buffer) == want == engine.revision, n
        assert engine.authorize("carol", "a", "x") and not engine.authorize("erin", "a", "x")
    with tempfile.TemporaryFile() as f:
        f.write(csv)
        f.flush()
        with mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            engine.load(ROLES)
            assert engine.add_facts("has_role", mapped) == want
    pool = engine._loaded()
    pool.discard(pool.take())  # the next sandbox gets the facts from the log
    assert engine.authorize("carol", "a", "x") and engine.query("has_role(U, R)") == other.query("has_role(U, R)")
    with pytest.raises(rune.RequestError) as e:
        engine.add_facts("has_role", b"user,role\nerin,admin\nfrank\n")
    assert (e.value.line, e.value.column, e.value.code) == (3, 1, "csv.width")
    assert engine.revision == want and not engine.authorize("erin", "a", "x")
    with pytest.raises(TypeError, match="side by side"):
        engine.add_facts("has_role", memoryview(csv)[::2])
    with pytest.raises(rune.RequestError):
        engine.add_facts("has_role", b"")
    with pytest.raises(rune.RequestError):
        engine.add_facts('miss"ing', csv)
    for rows in ("user,role\n", 5, None):
        with pytest.raises(TypeError):
            engine.add_facts("has_role", rows)
    with pytest.raises(TypeError):
        engine.add_facts(b"has_role", csv)  # type: ignore[arg-type]


def test_nothing_loaded() -> None:
    engine = rune.Engine()
    for call in (lambda: engine.authorize("a", "b", "c"), lambda: engine.query("p(X)"), lambda: engine.update(), lambda: engine.scope("x"),
                 lambda: engine.describe(), lambda: engine.revision):
        with pytest.raises(rune.ABIError):
            call()
    with pytest.raises(rune.ConfigError):
        engine.reload()
    assert engine.statistics() == {"instances": 0, "memory_bytes": 0, "traps": 0} and "nothing" in repr(engine)


def test_load_keeps_the_last_good_one(engine: rune.Engine) -> None:
    with pytest.raises(rune.ConfigError) as e:
        engine.load('version = "rune/1.0"\n[rules]\np(X) :- q(X).\nr(X) :- s(X).', name="bad.rune")
    error = e.value
    assert [d.line for d in error.diagnostics] == [3, 4] and error.file == "bad.rune"
    assert str(error).startswith("bad.rune:3:9: error: there is no predicate") and "\n    |         ^\n" in str(error)
    assert error.diagnostics[0].excerpt == "p(X) :- q(X)."
    assert pickle.loads(pickle.dumps(error)).diagnostics == error.diagnostics
    assert engine.authorize("alice", "a", "x")


def test_example() -> None:
    engine = rune.Engine.from_file(AGENTS)
    assert engine.authorize("agent:planner", "call", "tool:search")
    assert engine.describe()["revision"] == engine.revision and engine.warnings == ()
    assert engine.statistics()["instances"] == 1 and engine.statistics()["memory_bytes"] > 1 << 20


def test_tests_of_a_configuration() -> None:
    engine = rune.Engine()
    engine.load(ROLES + '[tests]\n"a" = { principal = "alice", action = "x", resource = "y", expect = "permit" }\n'
                '"b" = { principal = "bob", action = "x", resource = "y", expect = "permit" }\n')
    assert [(t["name"], t["ok"]) for t in engine.test()] == [("a", True), ("b", False)]
    assert [t["name"] for t in engine.test("^b")] == ["b"]


def test_host_context() -> None:
    text = 'version = "rune/1.0"\n[defaults]\nhost_context = ["tenant"]\n[rules]\npermit(P, "read", R) :- principal(P), resource(R), context("tenant", T), T == "t1".\n'
    with pytest.raises(rune.ConfigError) as e:
        rune.Engine().load(text)
    assert e.value.code == "host.needs" and "tenant" in str(e.value)
    tenants = iter(["t1", "t1", "t2", "t1"])
    engine = rune.Engine(host_context=lambda: {"tenant": next(tenants), "unused": object()})
    engine.load(text)
    assert [bool(engine.authorize("a", "read", "x")) for _ in range(3)] == [True, False, True]
    with pytest.raises(rune.RequestError):
        rune_engine = rune.Engine(host_context={"tenant": "t1"})
        rune_engine.load(text)
        rune_engine.authorize("a", "read", "x", {"tenant": "t1"})


def test_now() -> None:
    engine = rune.Engine()
    engine.load('permit (principal, action, resource) when { context.now > datetime("2020-01-01") && context.now < datetime("2200-01-01") };', name="a.cedar")
    assert engine.authorize("a", "b", "c") and engine.authorize("a", "b", "c")
    with pytest.raises(rune.RequestError):
        engine.authorize("a", "b", "c", {"now": 1})


def test_limits() -> None:
    engine = rune.Engine(limits={"steps": 1})
    engine.load(ROLES)
    result = engine.authorize("alice", "a", "x")
    assert not result and result.reasons[0].kind == "engine"
    with pytest.raises(rune.LimitError):
        engine.query("has_role(U, R)")


def test_options() -> None:
    wrong: List[Any] = [{"entities": "all"}, {"limits": {"step": 1}}, {"limits": {"steps": 0}}, {"limits": {"steps": True}}, {"instances": 0}]
    for options in wrong:
        with pytest.raises(ValueError):
            rune.Engine(**options)


def test_slow_calls_of_async_go_to_a_thread(engine: rune.Engine) -> None:
    import threading
    from rune import _pending

    threads = []

    def note() -> dict:  # type: ignore[type-arg]
        threads.append(threading.get_ident())
        return {"tenant": "x"}

    asked = rune.Engine(host_context=note)
    asked.load('version = "rune/1.0"\n[defaults]\nhost_context = ["tenant"]\n[rules]\npermit(P, _, _) :- principal(P), context("tenant", "x").\n')
    threads.clear()

    async def twice() -> None:
        assert await asked.authorize_async("a", "b", "c")
        asked._slow = _pending.CALM
        assert await asked.authorize_async("a", "b", "c")

    asyncio.run(twice())
    assert threads[0] == threading.get_ident() != threads[1]


def test_forgotten_await_is_no_permit(engine: rune.Engine) -> None:
    with pytest.raises(TypeError, match="awaited"):
        if engine.authorize_async("alice", "a", "x"):
            raise AssertionError
