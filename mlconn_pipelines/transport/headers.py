"""Headers of records for comparing, out of rows as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from mlconn_pipelines.ports.records import Header, Record

Row = TypeVar("Row", Record, Sequence[Record])
"""A row, or the rows that make up one record."""


def readable(rows: Iterable[Row], header_of: Callable[[Row], Header | None]) -> list[Header]:
    """Those that can be read as headers. What cannot is held where it is read whole, and told there.

    >>> import datetime as dt
    >>> from decimal import Decimal
    >>> def header(row: Record) -> Header:
    ...     return Header(row["id"], "", "", dt.date.fromisoformat(row["day"]), Decimal(row["amount"]))
    >>> rows = [{"id": "1", "day": "31.12.2026", "amount": "1"}, {"id": "2", "day": "2026-12-31", "amount": "NaN"}, {"id": "3"}]
    >>> [one.key for one in readable([*rows, {"id": "4", "day": "2026-12-31", "amount": "1.50"}], header)]
    ['4']
    """
    found = []
    for row in rows:
        try:
            header = header_of(row)
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            continue
        if header is not None and header.amount.is_finite():
            found.append(header)
    return found
