"""JSON taken apart without being changed: fields in order, repetitions included, values as they were written."""

from __future__ import annotations

import json
import re
from json.decoder import JSONDecodeError
from typing import List, NamedTuple, NoReturn, Tuple

from ._output import json_string


class Field(NamedTuple):
    """A field of an object, its value as it was written."""

    name: str
    value: str


def _refuse(constant: str) -> NoReturn:
    raise ValueError("%s isn't JSON" % constant)


# Numbers stay text: what they are is for the engine to judge, and very long ones are an error of int().
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse)
_BLANK = re.compile(r"[ \t\n\r]*")


class BadJSON(ValueError):
    """Text that isn't JSON, or not the JSON that is wanted."""


def object_fields(text: str) -> List[Field]:
    """The fields of the one object that text is."""
    try:
        at = _blank(text, 0)
        if text[at:at + 1] != "{":
            _value(text, at)
            raise BadJSON("it isn't a JSON object")
        fields, at = _fields(text, at + 1)
        if _blank(text, at) < len(text):
            raise BadJSON("something follows the JSON object")
        return fields
    except JSONDecodeError as e:
        raise _worded(text, e) from None
    except RecursionError:
        raise BadJSON("it isn't JSON: it nests too deep") from None


def _fields(text: str, at: int) -> Tuple[List[Field], int]:
    fields: List[Field] = []
    at = _blank(text, at)
    if text[at:at + 1] == "}":
        return fields, at + 1
    while True:
        if text[at:at + 1] != '"':
            raise JSONDecodeError("a name in quotation marks is expected", text, at)
        name, at = _DECODER.raw_decode(text, at)
        at = _expected(text, _blank(text, at), ":")
        end = _value(text, at)
        fields.append(Field(name, text[at:end]))
        at = _blank(text, end)
        if text[at:at + 1] == "}":
            return fields, at + 1
        at = _blank(text, _expected(text, at, ","))


def array_items(text: str) -> List[str]:
    """The items of the array that text is, as they were written. It is known to be one."""
    items: List[str] = []
    at = _blank(text, 1)
    while text[at] != "]":
        end = _value(text, at)
        items.append(text[at:end])
        at = _blank(text, end)
        if text[at] == ",":
            at = _blank(text, at + 1)
    return items


def is_array(text: str) -> bool:
    """Whether text is an array. Raises BadJSON if it isn't JSON."""
    try:
        at = _blank(text, 0)
        end = _blank(text, _value(text, at))
        if end < len(text):
            raise JSONDecodeError("something follows", text, end)
        return text[at] == "["
    except JSONDecodeError as e:
        raise _worded(text, e) from None
    except RecursionError:
        raise BadJSON("it isn't JSON: it nests too deep") from None


def _value(text: str, at: int) -> int:
    """Where the value at a place ends."""
    try:
        return _DECODER.raw_decode(text, at)[1]
    except JSONDecodeError:
        raise
    except ValueError as e:
        raise JSONDecodeError(str(e), text, at) from None


def _blank(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _expected(text: str, at: int, mark: str) -> int:
    if text[at:at + 1] != mark:
        raise JSONDecodeError("%s is expected" % mark, text, at)
    return _blank(text, at + 1)


def _worded(text: str, e: JSONDecodeError) -> BadJSON:
    if e.pos >= len(text.rstrip()) or e.msg.startswith("Unterminated"):
        return BadJSON("it isn't JSON: it ends too early")
    return BadJSON("it isn't JSON: at byte %d, %s" % (len(text[:e.pos].encode("utf-8", "replace")) + 1, e.msg[:1].lower() + e.msg[1:]))


def object_text(fields: List[Field]) -> str:
    """Fields as a JSON object."""
    return "{" + ",".join([json_string(f.name) + ":" + f.value for f in fields]) + "}"
