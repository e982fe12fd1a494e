"""Rows of facts as JSON or as CSV."""

from __future__ import annotations

from json.encoder import encode_basestring as quote
from typing import Any, Iterable, List, Mapping, Optional, Sequence

from ._values import is_sequence, value_text

Row = Sequence[Any]
Rows = Iterable[Row]
Buffer = Any  # what has the buffer protocol: no type says so before Python 3.12


def csv_view(rows: Any) -> Optional[memoryview]:
    """The bytes of a buffer, or None for what is none. Raises TypeError for one whose bytes don't lie side by side."""
    try:
        view = memoryview(rows)
    except TypeError:
        return None
    if not view.c_contiguous:
        raise TypeError("the bytes of this %s don't lie side by side: give a contiguous buffer" % type(rows).__name__)
    return view.cast("B") if view.nbytes else memoryview(b"")


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
