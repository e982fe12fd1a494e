"""Python values as Cedar's, and what is none."""

from __future__ import annotations

import json
from collections import UserDict
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from ipaddress import IPv6Address, IPv6Interface, ip_address, ip_interface
from typing import Any, Callable, List, Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rune
from conftest import ROLES
from rune._request import batch_text, request_text
from rune._values import python_value, record_text, simple_record_text, value_text

utc = timezone.utc
strings = st.text(st.characters(exclude_categories=["Cs"]) if hasattr(st.characters, "exclude_categories") else st.characters(blacklist_categories=["Cs"]))
leaves: st.SearchStrategy[Any] = st.one_of(
    st.booleans(), st.integers(-(1 << 63), (1 << 63) - 1), strings, st.decimals(-10**14, 10**14, places=4, allow_nan=False),
    st.datetimes(timezones=st.just(utc)).map(lambda d: d.replace(microsecond=d.microsecond // 1000 * 1000)),
    st.timedeltas(timedelta(-10000), timedelta(10000)).map(lambda d: timedelta(milliseconds=d // timedelta(milliseconds=1))),
    st.ip_addresses(), st.builds(rune.Entity, st.from_regex(r"[A-Z][a-z]{0,5}(::[A-Z][a-z]{0,5})?", fullmatch=True), strings))
keys = strings.filter(lambda k: k not in ("__entity", "__extn"))
values = st.recursive(leaves, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)), max_leaves=12)

echo = rune.Engine()
echo.load('version = "rune/1.0"\n[rules]\nvalue(V) :- context("v", V).\n')


@settings(max_examples=60, deadline=None)
@given(leaves)
def test_values_come_back(value: Any) -> None:
    assert python_value(json.loads(value_text(value, "v"))) == value
    assert echo.query("value(V)", principal="a", action="b", resource="c", context={"v": value}) == [(value,)]


@pytest.mark.parametrize("text", ["::ffff:0.0.0.0", "::ffff:1.2.3.4", "::ffff:255.255.255.255", "::1", "::102:304"])
def test_addresses_in_addresses(text: str) -> None:
    """An IPv4 address in an IPv6 address stays what it is, however this Python writes it."""
    address, interface = IPv6Address(text), IPv6Interface(text + "/100")
    both: List[Any] = [address, interface]
    for value in both:
        written = json.loads(value_text(value, "v"))["__extn"]["arg"]
        assert "." not in written and type(value)(written) == value


@settings(max_examples=60, deadline=None)
@given(values)
def test_nested_values_are_taken(value: Any) -> None:
    json.loads(value_text(value, "v"))
    assert len(echo.query("value(V)", principal="a", action="b", resource="c", context={"v": value})) == 1


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.one_of(leaves, st.none(), st.floats(), st.binary(), st.integers(), st.text(), st.complex_numbers(), st.decimals()),
                    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.one_of(st.text(), st.integers(), st.just("__entity"), st.just("__extn")), inner)),
                    max_leaves=6))
def test_whatever_comes_is_decided_or_refused(value: Any) -> None:
    """Never another exception, and never a permit where there was none."""
    engine = echo
    calls: List[Callable[[], object]] = [lambda: engine.authorize("a", "b", "c", {"v": value}), lambda: engine.authorize(value, "b", "c"),
                                         lambda: engine.authorize("a", "b", "c", value), lambda: engine.authorize("a", "b", "c", entities=[value])]
    for call in calls:
        try:
            assert not call()
        except (TypeError, rune.RequestError):
            pass


def nested(n: int) -> Any:
    value: Any = 1
    for _ in range(n):
        value = [value]
    return value


cycle: List[Any] = []
cycle.append(cycle)
ring: dict = {}  # type: ignore[type-arg]
ring["ring"] = ring

BAD = {
    "float": (0.12345, r"v: a decimal has up to four digits"),
    "float too large": (1e300, r"v: "),
    "nan": (float("nan"), r"v: Cedar has no value for the float nan"),
    "infinity": (float("inf"), r"v: Cedar has no value for the float inf"),
    "decimal nan": (Decimal("sNaN"), "v: Cedar has no value"),
    "decimal huge": (Decimal("1E+999999"), "v: Cedar has no value"),
    "decimal tiny": (Decimal("1E-999999"), "v: a decimal has up to four"),
    "none": (None, "v: Cedar has no value for None"),
    "huge int": (1 << 63, "v: an integer of more than 64 bits"),
    "huger int": (-(10 ** 5000), "v: an integer of more than 64 bits"),
    "bytes": (b"x", "v: Cedar has no value for bytes"),
    "bytearray": (bytearray(b"x"), "v: Cedar has no value for bytearray"),
    "naive datetime": (datetime(2020, 1, 1), "v: a datetime without a time zone"),
    "cycle of lists": (cycle, r"v\[0\]\[0\].*deeper than 200"),
    "cycle of dicts": (ring, "ring.*deeper than 200"),
    "too deep": (nested(300), "deeper than 200"),
    "__entity": ({"__entity": {"type": "User", "id": "root"}}, "v: the key '__entity' is reserved"),
    "__extn within": ([{"a": {"__extn": {"fn": "ip", "arg": "::1"}}}], r"v\[0\]\.a: the key '__extn' is reserved"),
    "key that is no string": ({1: 2}, "v: a key of a record is a string, not int"),
    "odd key": ({"a b": {"c": None}}, r'v\["a b"\]\.c: '),
    "object": (object(), "v: Cedar has no value for object"),
    "generator": ((x for x in [1]), "v: Cedar has no value for generator"),
    "complex": (1j, "v: Cedar has no value for complex"),
    "function": (len, "v: Cedar has no value for builtin"),
    "class": (int, "v: Cedar has no value for type"),
    "scoped address": (ip_address("fe80::1"), None) if not hasattr(ip_address("::1"), "scope_id") else (ip_address("fe80::1%eth0"), "v: Cedar's ip has no scope"),
}


class Text(str):
    """A text that says that it is equal to another."""

    def __eq__(self, other: object) -> bool:
        return other == "k"

    def __hash__(self) -> int:
        return hash("k")


fields = st.one_of(st.booleans(), st.integers(-(1 << 64), 1 << 64), st.text(), st.builds(Text, st.text()), st.floats(), st.none(), st.just([1]))
names = st.one_of(st.sampled_from(["k", "__entity", "__extn", 'a"b', "\ud800"]), st.text(), st.builds(Text, strings), st.integers(0, 1))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(names, fields, max_size=4))
@example({"k": (1 << 63) - 1, "l": -(1 << 63)}).via("the greatest and the least")
@example({"k": 1 << 63}).via("one more")
@example({"k": -(1 << 63) - 1}).via("one less")
def test_simple_records(value: Any) -> None:
    """The short way gives what the long one does, and nothing of what that refuses."""
    simple_record_text({"k": 1})
    try:
        want = record_text(value, "context")
    except TypeError:
        want = ""
    got = simple_record_text(value)
    assert got in ("", want)
    simple = all(type(k) is str for k in value) and all(type(v) in (str, bool, int) for v in value.values())
    assert got == want or not simple


def test_simple_records_are_long() -> None:
    """Many attributes, whose names aren't all kept."""
    many = {"n%d" % n: n for n in range(3000)}
    assert json.loads(simple_record_text(many)) == json.loads(simple_record_text(many)) == many


@settings(max_examples=100, deadline=None)
@given(st.tuples(*[st.one_of(st.text(), st.builds(lambda t, i: {"type": t, "id": i}, strings, strings), st.builds(rune.Entity, strings, strings), st.none(),
                             st.just({"type": "T", "id": 1}), st.just({"type": "T", "ID": "i"}))] * 3),
       st.one_of(st.none(), st.dictionaries(names, fields, max_size=2)), st.sampled_from([None, [], [rune.Entity("U", "a", {"x": 1})], 1]))
def test_batches_are_of_requests(subjects: Any, context: Any, entities: Any) -> None:
    """Whatever form an item has, and whatever is in it, its text and its error are those of the request alone."""
    try:
        want = '{"requests":[%s]}' % request_text(subjects[0], subjects[1], subjects[2], context, entities)
    except TypeError as e:
        want = "requests[0]." + str(e)
    item = {"principal": subjects[0], "action": subjects[1], "resource": subjects[2], "context": context, "entities": entities}
    forms: List[Any] = [item, UserDict(item), rune.Request(subjects[0], subjects[1], subjects[2], context, entities), (*subjects, context, entities), [*subjects, context, entities]]
    if entities is None:
        forms += [{key: value for key, value in item.items() if key != "entities"}, (*subjects, context)]
        if context is None:
            forms += [dict(zip(("principal", "action", "resource"), subjects)), subjects]
    for form in forms:
        try:
            assert batch_text([form]) == (want, 1)
        except TypeError as e:
            assert str(e) == want


@pytest.mark.parametrize("item", [
    {}, {"principal": "a", "action": "b"}, {"principal": "a", "action": "b", "context": {}}, {"principal": "a", "action": "b", "resource": "c", "contexts": {}},
    {"principal": "a", "action": "b", "resource": "c", "at": ""}, {"principal": "a", "action": "b", "resource": "c", "context": {}, "entity": []},
    {"principal": "a", "action": "b", "resource": "c", "context": {}, "entities": [], 1: 2}, (), ("a", "b"), ("a", "b", "c", {}, [], 1), "abc", b"abc", None, 1,
    UserDict({"principal": "a", "action": "b", "resource": "c", "at": 1})])
def test_what_is_no_item(item: Any) -> None:
    with pytest.raises(TypeError, match=r"^requests\[1\]: "):
        batch_text([("a", "b", "c"), item])


@pytest.mark.parametrize("value, message", [v for v in BAD.values() if v[1]], ids=[k for k, v in BAD.items() if v[1]])
def test_what_cedar_has_no_value_for(engine: rune.Engine, value: Any, message: str) -> None:
    with pytest.raises(TypeError, match="context." + message if not message.startswith(("ring", "deeper")) else message):
        engine.authorize("alice", "a", "x", {"v": value})
    with pytest.raises(TypeError):
        engine.authorize("alice", "a", "x", entities=[rune.Entity("A", "b", attrs={"v": value})])
    with pytest.raises(TypeError):
        engine.update({"has_role": [("x", value)]})
    assert engine.authorize("alice", "a", "x")


def test_bad_subjects(engine: rune.Engine) -> None:
    bad: List[Any] = [None, 1, b"alice", ["alice"], {"type": "User"}, {"type": "User", "id": 1}, {"type": "User", "id": "x", "more": 1}, 1.5, object()]
    for value in bad:
        for arguments in ((value, "a", "x"), ("alice", value, "x"), ("alice", "a", value)):
            with pytest.raises(TypeError, match="principal: |action: |resource: "):
                engine.authorize(*arguments)
    for text in ("\ud800", "a\udfff", "", 'User::"x', "User::x", rune.Entity("a b", "x"), rune.Entity("", "x")):
        with pytest.raises(rune.RequestError):
            engine.authorize(text, "a", "x")
    contexts: List[Any] = [[], "x", 1, [("a", 1)], b"{}"]
    for context in contexts:
        with pytest.raises(TypeError, match="context: a mapping"):
            engine.authorize("alice", "a", "x", context)
    wrong: List[Any] = ["x", {"uid": 1}, 5, rune.Entity("A", "b"), [1], [None], [{}], [{"uid": "x"}], [{"uid": rune.Entity("A", "b"), "attr": {}}],
                     [{"uid": rune.Entity("A", "b"), "parents": ["x"]}]]
    for entities in wrong:
        with pytest.raises(TypeError, match="entities"):
            engine.authorize("alice", "a", "x", entities=entities)
    pairs: List[Any] = [(1, "x"), ("X", None)]
    for arguments_ in pairs:
        with pytest.raises(TypeError):
            rune.Entity(*arguments_)
    with pytest.raises(TypeError):
        rune.Entity("A", "b", parents="x")
    with pytest.raises(rune.RequestError):
        engine.authorize("alice", "a", "x", {"a": "\ud800"})
    with pytest.raises(rune.RequestError):
        engine.authorize("alice", "a", "x", {"\udc00": "a"})


def test_long_strings(engine: rune.Engine) -> None:
    text = "é\"\\\n" * (10 << 18)
    assert engine.authorize("alice", "a", "x", {"text": text})
    assert not engine.authorize(text, "a", "x") and not engine.authorize("bob", text, "x") and engine.authorize("bob", "read", text)
    assert echo.query("value(V)", principal="a", action="b", resource="c", context={"v": text}) == [(text,)]


def test_whole_decimals_whatever_the_context() -> None:
    with localcontext() as c:
        c.prec = 3
        assert value_text(Decimal("12345.6789"), "v") == '{"__extn":{"fn":"decimal","arg":"12345.6789"}}'
    assert value_text(-0.5, "v") == '{"__extn":{"fn":"decimal","arg":"-0.5000"}}'
    assert value_text(Decimal("-0.0001"), "v") == '{"__extn":{"fn":"decimal","arg":"-0.0001"}}'


def test_kinds_of_values() -> None:
    import collections
    import enum

    class Colour(str, enum.Enum):
        RED = "red"

    class Size(enum.IntEnum):
        BIG = 3

    class Frozen(Mapping[str, int]):
        def __getitem__(self, key: str) -> int:
            return 1

        def __iter__(self) -> Any:
            return iter(["k"])

        def __len__(self) -> int:
            return 1

    for value, text in ((Colour.RED, '"red"'), (Size.BIG, "3"), (True, "true"), (Frozen(), '{"k":1}'), ((1, 2), "[1,2]"), (frozenset([1]), "[1]"),
                        (collections.OrderedDict(a=1), '{"a":1}'), (date(2024, 2, 29), '{"__extn":{"fn":"datetime","arg":"2024-02-29"}}'),
                        (datetime(2024, 2, 29, 12, 0, 0, 1999, timezone(timedelta(hours=2))), '{"__extn":{"fn":"datetime","arg":"2024-02-29T10:00:00.001Z"}}'),
                        (timedelta(days=-1), '{"__extn":{"fn":"duration","arg":"-86400000ms"}}'),
                        (ip_interface("10.0.0.0/8"), '{"__extn":{"fn":"ip","arg":"10.0.0.0/8"}}'), ({}.keys(), "[]"),
                        (rune.Entity("A", '"'), '{"__entity":{"type":"A","id":"\\""}}')):
        assert value_text(value, "v") == text


def test_entity() -> None:
    a = rune.Entity("User", "alice")
    assert a == rune.Entity("User", "alice", attrs={"x": 1}) and len({a, rune.Entity("User", "alice", parents=[])}) == 1
    assert a != rune.Entity("Group", "alice") and a != "User::alice"
    assert str(a) == 'User::"alice"' and repr(a) == "Entity('User', 'alice')" and "attrs={'x': 1}" in repr(rune.Entity("A", "b", attrs={"x": 1}))
