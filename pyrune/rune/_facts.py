"""Rows of facts as JSON."""

from __future__ import annotations

from json.encoder import encode_basestring as quote
from typing import Any, Iterable, List, Mapping, Sequence

from ._values import is_sequence, value_text

Row = Sequence[Any]
Rows = Iterable[Row]


def rows_text(tables: Mapping[str, Rows], at: str) -> str:
    """The JSON of rows by predicate. Raises TypeError with the place of what Cedar has no value for."""
    if not isinstance(tables, Mapping):
        raise TypeError("%s: a mapping of predicates to rows, not %s" % (at, type(tables).__name__))
    return "{" + ",".join([quote(predicate) + ":[" + ",".join(_row_texts(rows, "%s[%r]" % (at, predicate))) + "]" for predicate, rows in tables.items()]) + "}"


def _row_texts(rows: Rows, at: str) -> List[str]:
    if isinstance(rows, (str, bytes, Mapping)) or not hasattr(rows, "__iter__"):
        raise TypeError("%s: rows are a list of tuples, not %s" % (at, type(rows).__name__))
    texts = []
    for n, row in enumerate(rows):
        if not is_sequence(row):
            raise TypeError("%s[%d]: a row is a tuple or list, not %s" % (at, n, type(row).__name__))
        texts.append("[" + ",".join([value_text(v, "%s[%d][%d]" % (at, n, k)) for k, v in enumerate(row)]) + "]")
    return texts
