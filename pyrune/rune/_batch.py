"""The reply to a batch, item by item, without parsing it."""

from __future__ import annotations

import re
from typing import List, Union

from ._errors import ABIError, RequestError, error_from
from ._result import AuthorizationResult

HEAD, TAIL = b'{"results":[', b"]}"
# Inside a string of the reply a quotation mark follows a backslash, never a brace: so this matches between items alone.
_BETWEEN = re.compile(rb',(?=\{"(?:decision":"|error":\{))')


def results(reply: bytes, count: int) -> List[Union[AuthorizationResult, RequestError]]:
    """The items of ``{"results":[…]}``, in order, as many as there were requests."""
    items = _BETWEEN.split(reply[len(HEAD):-len(TAIL)])
    if len(items) != count or not reply.startswith(HEAD):
        raise ABIError("the reply to a batch of %d can't be read" % count, code="abi.reply", json=reply)
    return [AuthorizationResult(item) if item.startswith(b'{"decision"') else _error(item) for item in items]


def _error(item: bytes) -> RequestError:
    error = error_from(item)
    return error if isinstance(error, RequestError) else RequestError(error.message, code=error.code, help=error.help, json=item)
