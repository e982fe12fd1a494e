"""Python values as Cedar JSON, and back.

========================================  =====================================================
Python                                    Cedar
========================================  =====================================================
``bool``, ``int``, ``str``                bool, long (64 bits), string
``Decimal``, ``float``                    decimal, if four digits after the point hold it
``datetime`` with a time zone, ``date``   datetime, in milliseconds (a finer rest is dropped)
``timedelta``                             duration, in milliseconds
``ipaddress`` addresses and interfaces    ip
``list``, ``tuple``, ``set``, frozenset   set
mapping with string keys                  record
:class:`Entity`                           entity
========================================  =====================================================

Anything else is a ``TypeError`` that names the place. The keys ``__entity`` and ``__extn``, by which JSON tells entities and extension
values from records, are refused in mappings, so that data of strangers can't make any.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime, timedelta, timezone
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network, ip_interface
from json.encoder import encode_basestring
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple, Union

quote = encode_basestring  # text as JSON, quotation marks included
LEAST, GREATEST = -(1 << 63), (1 << 63) - 1
LONGS = range(LEAST, GREATEST + 1)
RESERVED = ("__entity", "__extn")
MAX_DEPTH = 200  # as the engine counts
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MILLISECOND = timedelta(milliseconds=1)
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)  # whatever the thread's own context rounds to
IP = (IPv4Address, IPv6Address, IPv4Interface, IPv6Interface, IPv4Network, IPv6Network)


class Entity:
    """An entity: its type and id, and, if it is to be brought along with a request, its attributes, parents and tags.

    Entities are equal if type and id are. ``Entity("User", "alice")`` names one; with ``attrs``, ``parents`` or ``tags`` it also defines it.
    """

    __slots__ = ("type", "id", "attrs", "parents", "tags")

    def __init__(self, type: str, id: str, attrs: Optional[Mapping[str, Any]] = None, parents: Optional[Iterable[Any]] = None,
                 tags: Optional[Mapping[str, Any]] = None) -> None:
        for name, text in (("type", type), ("id", id)):
            if not isinstance(text, str):
                raise TypeError("%s of an entity is a string, not %s" % (name, _kind(text)))
        self.type, self.id = type, id
        self.attrs, self.tags = attrs, tags
        if isinstance(parents, (str, Entity)):
            raise TypeError("parents are a list of entities, not one")
        self.parents: Optional[Tuple[Any, ...]] = None if parents is None else tuple(parents)

    @property
    def defined(self) -> bool:
        """Whether more than its name is given."""
        return self.attrs is not None or self.parents is not None or self.tags is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entity) and (self.type, self.id) == (other.type, other.id)

    def __hash__(self) -> int:
        return hash((self.type, self.id))

    def __str__(self) -> str:
        return "%s::%s" % (self.type, quote(self.id))

    def __repr__(self) -> str:
        more = "".join(", %s=%r" % (name, getattr(self, name)) for name in ("attrs", "parents", "tags") if getattr(self, name) is not None)
        return "Entity(%r, %r%s)" % (self.type, self.id, more)


def uid_text(value: Any, at: str) -> str:
    """The JSON of what names an entity in a request: text in the language's form, an Entity, or a mapping of type and id."""
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, Entity):
        return '{"type":%s,"id":%s}' % (quote(value.type), quote(value.id))
    if isinstance(value, Mapping):
        if set(value) == {"type", "id"} and isinstance(value["type"], str) and isinstance(value["id"], str):
            return '{"type":%s,"id":%s}' % (quote(value["type"]), quote(value["id"]))
        raise TypeError('%s: a mapping that names an entity has the keys "type" and "id", of strings' % at)
    raise TypeError("%s: a string, a rune.Entity or a mapping of type and id, not %s" % (at, _kind(value)))


def entity_text(entity: Union[Entity, Mapping[str, Any]], at: str) -> str:
    """The JSON that defines an entity: a rune.Entity, or a mapping of uid, attrs, parents and tags whose values are Python values."""
    if isinstance(entity, Entity):
        uid, attrs, parents, tags = entity, entity.attrs, entity.parents, entity.tags
    elif isinstance(entity, Mapping):
        unknown = [k for k in entity if k not in ("uid", "attrs", "parents", "tags")]
        if unknown or "uid" not in entity:
            raise TypeError("%s: an entity has uid, attrs, parents and tags%s" % (at, ", not %r" % unknown[0] if unknown else ""))
        uid, attrs, parents, tags = entity["uid"], entity.get("attrs"), entity.get("parents"), entity.get("tags")
        if isinstance(uid, str):
            raise TypeError("%s.uid: a rune.Entity or a mapping of type and id, not str" % at)
    else:
        raise TypeError("%s: a rune.Entity or a mapping, not %s" % (at, _kind(entity)))
    out = ['{"uid":', uid_text(uid, at + ".uid"), ',"attrs":']
    _record({} if attrs is None else attrs, out, _Place(at + ".attrs"), 1)
    out.append(',"parents":[')
    for n, parent in enumerate(parents or ()):
        place = "%s.parents[%d]" % (at, n)
        if isinstance(parent, str):
            raise TypeError("%s: a rune.Entity or a mapping of type and id, not str" % place)
        out += ("," if n else "", uid_text(parent, place))
    out.append("]")
    if tags is not None:
        out.append(',"tags":')
        _record(tags, out, _Place(at + ".tags"), 1)
    out.append("}")
    return "".join(out)


def record_text(value: Any, at: str) -> str:
    """The Cedar JSON of a mapping. Raises TypeError with the place of what Cedar has no value for."""
    out: List[str] = []
    _record(value, out, _Place(at), 1)
    return "".join(out)


def simple_record_text(value: Any) -> str:
    """What record_text gives for a dict of texts, numbers and truths, in half the time; "" for all else, valid or not."""
    if type(value) is not dict:
        return ""
    text = ""
    for key, item in value.items():
        if type(key) is not str:
            return ""
        try:
            name = _keys[key]
        except KeyError:
            name = _key(key)
            if not name:
                return ""
        kind = type(item)
        if kind is str:
            text += f"{name}{quote(item)}"
        elif kind is bool:
            text += f"{name}true" if item else f"{name}false"
        elif kind is int and LEAST <= item <= GREATEST:
            text += f"{name}{item}"
        else:
            return ""
    return f"{{{text[1:]}}}"


_keys: Dict[str, str] = {}  # how names of attributes that have been seen are written


def _key(key: str) -> str:
    if key in RESERVED:
        return ""
    text = f",{quote(key)}:"
    if len(key) <= 32 and len(_keys) < 1024:
        _keys[key] = text
    return text


def value_text(value: Any, at: str) -> str:
    """The Cedar JSON of a value. Raises TypeError with the place of what Cedar has no value for."""
    out: List[str] = []
    _write(value, out, _Place(at), 1)
    return "".join(out)


class _Place:
    """Where a value stands. Its text is made only for an error."""

    __slots__ = ("up", "key")

    def __init__(self, key: Any, up: Optional[_Place] = None) -> None:
        self.key, self.up = key, up

    def __str__(self) -> str:
        steps: List[str] = []
        place: Optional[_Place] = self
        while place is not None:
            if place.up is None:
                steps.append(str(place.key))
            elif isinstance(place.key, int):
                steps.append("[%d]" % place.key)
            else:
                steps.append("." + place.key if place.key.isidentifier() else "[%s]" % quote(place.key))
            place = place.up
        return "".join(reversed(steps)) if len(steps) < 20 else "".join(reversed(steps[-12:])) + "…"


def _write(value: Any, out: List[str], at: _Place, depth: int) -> None:
    kind = type(value)
    if kind is str:
        out.append(quote(value))
        return
    writer = _WRITERS.get(kind)
    if writer is not None:
        writer(value, out, at, depth)
        return
    for base, writer in _BASES:
        if isinstance(value, base):
            writer(value, out, at, depth)
            return
    raise TypeError("%s: Cedar has no value for %s" % (at, _kind(value)))


def _bool(value: bool, out: List[str], at: _Place, depth: int) -> None:
    out.append("true" if value else "false")


def _int(value: int, out: List[str], at: _Place, depth: int) -> None:
    number = int(value)
    if number not in LONGS:
        raise TypeError("%s: an integer of more than 64 bits" % at)
    out.append(str(number))


def _str(value: str, out: List[str], at: _Place, depth: int) -> None:
    out.append(quote(str.__str__(value)))


def _float(value: float, out: List[str], at: _Place, depth: int) -> None:
    if not math.isfinite(value):
        raise TypeError("%s: Cedar has no value for the float %r" % (at, value))
    _decimal(Decimal(repr(float(value))), out, at, depth)


def _decimal(value: Decimal, out: List[str], at: _Place, depth: int) -> None:
    if not value.is_finite() or value.adjusted() > 15:
        raise TypeError("%s: Cedar has no value for Decimal(%r)" % (at, str(value)))
    scaled = _EXACT.scaleb(value, 4)
    whole = int(scaled)
    if whole != scaled or whole not in LONGS:
        raise TypeError("%s: a decimal has up to four digits after the point and fits 64 bits: %s doesn't" % (at, value))
    digits = "%05d" % abs(whole)
    _extension(out, "decimal", ("-" if whole < 0 else "") + digits[:-4] + "." + digits[-4:])


def _datetime(value: datetime, out: List[str], at: _Place, depth: int) -> None:
    if value.utcoffset() is None:
        raise TypeError("%s: a datetime without a time zone could be any moment: give it one" % at)
    ms = (value - EPOCH) // MILLISECOND
    moment = EPOCH + ms * MILLISECOND
    _extension(out, "datetime", "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % (moment.year, moment.month, moment.day, moment.hour, moment.minute,
                                                                       moment.second, moment.microsecond // 1000))


def _date(value: date, out: List[str], at: _Place, depth: int) -> None:
    _extension(out, "datetime", "%04d-%02d-%02d" % (value.year, value.month, value.day))


def _duration(value: timedelta, out: List[str], at: _Place, depth: int) -> None:
    _extension(out, "duration", "%dms" % (value // MILLISECOND))


def _ip(value: Any, out: List[str], at: _Place, depth: int) -> None:
    if getattr(value, "scope_id", None) is not None:
        raise TypeError("%s: Cedar's ip has no scope: %s" % (at, value))
    text = str(value)
    if value.version == 6 and "." in text:  # an IPv4 address in IPv6, which newer Pythons write as no Cedar reads it
        text = re.sub(r"[0-9.]+(?=/|$)", lambda m: "%x:%x" % divmod(int(IPv4Address(m.group())), 1 << 16), text, count=1)
    _extension(out, "ip", text)


def _extension(out: List[str], name: str, text: str) -> None:
    out.append('{"__extn":{"fn":"%s","arg":"%s"}}' % (name, text))


def _entity(value: Entity, out: List[str], at: _Place, depth: int) -> None:
    out.append('{"__entity":{"type":%s,"id":%s}}' % (quote(value.type), quote(value.id)))


def _set(value: Iterable[Any], out: List[str], at: _Place, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise TypeError("%s: deeper than %d, or it contains itself" % (at, MAX_DEPTH))
    out.append("[")
    for n, item in enumerate(value):
        if n:
            out.append(",")
        _write(item, out, _Place(n, at), depth + 1)
    out.append("]")


def _record(value: Mapping[str, Any], out: List[str], at: _Place, depth: int) -> None:
    if type(value) is not dict and not isinstance(value, Mapping):
        raise TypeError("%s: a mapping, not %s" % (at, _kind(value)))
    if depth > MAX_DEPTH:
        raise TypeError("%s: deeper than %d, or it contains itself" % (at, MAX_DEPTH))
    separator = "{"
    for key, item in value.items():
        if not isinstance(key, str):
            raise TypeError("%s: a key of a record is a string, not %s" % (at, _kind(key)))
        if key in RESERVED:
            raise TypeError("%s: the key %r is reserved; entities are rune.Entity, extension values Decimal, datetime and so on" % (at, key))
        out += (separator, quote(key), ":")
        _write(item, out, _Place(key, at), depth + 1)
        separator = ","
    out.append("}" if separator == "," else "{}")


_Writer = Callable[[Any, List[str], _Place, int], None]
_BASES: Tuple[Tuple[Any, _Writer], ...] = (
    (bool, _bool), (int, _int), (str, _str), (float, _float), (Decimal, _decimal), (datetime, _datetime), (date, _date), (timedelta, _duration),
    (IP, _ip), (Entity, _entity), (Mapping, _record), ((list, tuple, set, frozenset, Set), _set),
)
_WRITERS: Dict[type, _Writer] = {kind: writer for kinds, writer in _BASES for kind in (kinds if isinstance(kinds, tuple) else (kinds,))
                                 if kind not in (Mapping, Set)}
_WRITERS[dict] = _record


def _kind(value: Any) -> str:
    return "None" if value is None else type(value).__name__


def python_value(value: Any) -> Any:
    """The Python value of parsed Cedar JSON. A datetime that Python can't hold stays the text that Cedar prints."""
    if isinstance(value, dict):
        if len(value) == 1:
            if "__entity" in value:
                return Entity(value["__entity"]["type"], value["__entity"]["id"])
            if "__extn" in value:
                return _EXTENSIONS[value["__extn"]["fn"]](value["__extn"]["arg"])
        return {key: python_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [python_value(item) for item in value]
    return value


def _read_datetime(text: str) -> Union[datetime, str]:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        return text


def _read_duration(text: str) -> timedelta:
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    ms, number = 0, ""
    unit = ""
    for c in text + " ":
        if c.isdigit() or c == " ":
            if unit:
                ms += int(number) * {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}[unit]
                number, unit = "", ""
            number += c
        else:
            unit += c
    return sign * timedelta(milliseconds=ms)


def _read_ip(text: str) -> Any:
    ip = ip_interface(text)
    return ip if "/" in text else ip.ip


_EXTENSIONS: Dict[str, Callable[[str], Any]] = {"decimal": Decimal, "datetime": _read_datetime, "duration": _read_duration, "ip": _read_ip}


def is_sequence(value: Any) -> bool:
    """Whether value is a row or a list of rows: a sequence that is no text."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))
