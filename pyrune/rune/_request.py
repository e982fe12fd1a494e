"""Requests as JSON text."""

from __future__ import annotations

from dataclasses import dataclass
from json.encoder import encode_basestring as quote
from typing import Any, Iterable, List, Mapping, Optional, Tuple, Union

from ._errors import ConfigError, RequestError
from ._values import Entity, entity_text, is_sequence, record_text, simple_record_text, uid_text

FIELDS = "principal, action, resource, and if need be context and entities"
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
    if type(principal) is str and type(action) is str and type(resource) is str and entities is None:  # as what follows does, but at once
        if context is None:
            return f'{{"principal":{quote(principal)},"action":{quote(action)},"resource":{quote(resource)}}}'
        simple = simple_record_text(context)
        if simple:
            return f'{{"principal":{quote(principal)},"action":{quote(action)},"resource":{quote(resource)},"context":{simple}}}'
    brought: List[str] = []
    text = (f'{{"principal":{_subject(principal, "principal", at, brought)},"action":{_subject(action, "action", at, brought)}'
            f',"resource":{_subject(resource, "resource", at, brought)}')
    if context is not None:
        text = f'{text},"context":{simple_record_text(context) or record_text(context, at + "context")}'
    if entities is not None:
        if not is_sequence(entities) and not hasattr(entities, "__iter__") or isinstance(entities, (str, bytes, Mapping, Entity)):
            raise TypeError("%sentities: a list of rune.Entity or mappings, not %s" % (at, type(entities).__name__))
        brought += [entity_text(e, "%sentities[%d]" % (at, n)) for n, e in enumerate(entities)]
    if brought or entities is not None:
        return '%s,"entities":[%s]}' % (text, ",".join(brought))
    return text + "}"


def _subject(value: Any, name: str, at: str, brought: List[str]) -> str:
    """The JSON of who, what or on what. The definition of an entity that has one goes to brought."""
    if type(value) is dict and len(value) == 2:
        try:
            return f'{{"type":{quote(value["type"])},"id":{quote(value["id"])}}}'
        except (KeyError, TypeError):
            pass  # not this, and told what by the following
    text = uid_text(value, at + name)
    if isinstance(value, Entity) and value.defined:
        brought.append(entity_text(value, at + name))
    return text


def batch_text(requests: Iterable[Any]) -> Tuple[str, int]:
    """The JSON of a batch, and how many requests it has: each a Request, a mapping of its fields, or a tuple in their order."""
    texts = [item_text(item, n) for n, item in enumerate(requests)]
    return '{"requests":[' + ",".join(texts) + "]}", len(texts)


def item_text(item: Any, n: int) -> str:
    """The JSON of the nth request of a batch."""
    kind = type(item)
    if kind is dict:
        fields = item
    elif kind is tuple or is_sequence(item):
        if not 3 <= len(item) <= 5:
            raise TypeError("requests[%d]: %s" % (n, FIELDS))
        principal, action, resource, *more = item
        context, entities = (*more, None, None)[:2]
        return request_text(principal, action, resource, context, entities, f"requests[{n}].")
    elif isinstance(item, Request):
        return request_text(item.principal, item.action, item.resource, item.context, item.entities, f"requests[{n}].")
    elif isinstance(item, Mapping):
        fields = dict(item)
    else:
        raise TypeError("requests[%d]: a rune.Request, a mapping or a tuple, not %s" % (n, kind.__name__))
    try:
        principal, action, resource = fields["principal"], fields["action"], fields["resource"]
    except KeyError:
        raise TypeError("requests[%d]: %s" % (n, FIELDS)) from None
    size = len(fields)
    if size == 3:
        return request_text(principal, action, resource, None, None, f"requests[{n}].")
    if size != 3 + ("context" in fields) + ("entities" in fields):
        raise TypeError("requests[%d]: %s" % (n, FIELDS))
    return request_text(principal, action, resource, fields.get("context"), fields.get("entities"), f"requests[{n}].")


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
