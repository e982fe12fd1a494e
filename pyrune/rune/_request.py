"""Requests as JSON text."""

from __future__ import annotations

from dataclasses import dataclass
from json.encoder import encode_basestring as quote
from typing import Any, Iterable, List, Mapping, Optional, Union

from ._errors import ConfigError, RequestError
from ._values import Entity, entity_text, is_sequence, record_text, uid_text

PARTS = ("principal", "action", "resource")
Subject = Union[str, Entity, Mapping[str, str]]


@dataclass(frozen=True)
class Request:
    """A request of ``authorize_batch``: the arguments of ``authorize``."""

    principal: Subject
    action: Subject
    resource: Subject
    context: Optional[Mapping[str, Any]] = None
    entities: Optional[Iterable[Any]] = None


def request_text(principal: Any, action: Any, resource: Any, context: Any = None, entities: Any = None, at: str = "") -> str:
    """The JSON of a request. ``at`` is what places in errors begin with."""
    if type(principal) is str and type(action) is str and type(resource) is str and entities is None:
        text = '{"principal":%s,"action":%s,"resource":%s' % (quote(principal), quote(action), quote(resource))
        return text + "}" if context is None else text + ',"context":' + record_text(context, at + "context") + "}"
    brought: List[str] = []
    parts = []
    for name, value in zip(PARTS, (principal, action, resource)):
        parts.append('"%s":%s' % (name, uid_text(value, at + name)))
        if isinstance(value, Entity) and value.defined:
            brought.append(entity_text(value, at + name))
    if context is not None:
        parts.append('"context":' + record_text(context, at + "context"))
    if entities is not None:
        if not is_sequence(entities) and not hasattr(entities, "__iter__") or isinstance(entities, (str, bytes, Mapping, Entity)):
            raise TypeError("%sentities: a list of rune.Entity or mappings, not %s" % (at, type(entities).__name__))
        brought += [entity_text(e, "%sentities[%d]" % (at, n)) for n, e in enumerate(entities)]
    if brought or entities is not None:
        parts.append('"entities":[%s]' % ",".join(brought))
    return "{" + ",".join(parts) + "}"


def item_text(item: Any, n: int) -> str:
    """The JSON of an item of a batch: a Request, a mapping of its fields, or a tuple in their order."""
    at = "requests[%d]." % n
    if isinstance(item, Request):
        return request_text(item.principal, item.action, item.resource, item.context, item.entities, at)
    if isinstance(item, Mapping):
        try:
            return request_text(at=at, **item)
        except TypeError as e:
            if "argument" not in str(e):
                raise
            raise TypeError("%s: principal, action, resource, and if need be context and entities" % at[:-1]) from None
    if is_sequence(item) and 3 <= len(item) <= 5:
        return item_text(Request(*item), n)
    raise TypeError("%s: a rune.Request, a mapping or a tuple, not %s" % (at[:-1], type(item).__name__))


def encoded(text: str) -> bytes:
    """The bytes of a request. Python's strings may hold halves of surrogate pairs, which no text has."""
    try:
        return text.encode()
    except UnicodeEncodeError as e:
        raise RequestError("%r isn't Unicode text: a lone surrogate" % text[max(0, e.start - 20):e.end], code="request.string") from None


def encoded_text(text: str, what: str) -> bytes:
    """The bytes of a text that is to be loaded."""
    if not isinstance(text, str):
        raise TypeError("%s is a string, not %s" % (what, type(text).__name__))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ConfigError("%s isn't Unicode text: it has a lone surrogate" % what, code="document.utf8") from None
