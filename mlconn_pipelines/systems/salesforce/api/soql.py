"""SOQL: literals, conditions, and a query as the path of a request. Long lists are split, since a URL is at most 16,384 bytes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from urllib.parse import quote

from mlconn_pipelines.records.decimal_json import number_text
from mlconn_pipelines.systems.salesforce.records.stamps import instant_text

Value = str | int | Decimal | bool | dt.date | dt.datetime | None

SELECTED_MAX = 6_000
"""Characters of one field list; with condition and headers, session included, the request stays well below 16,384 bytes."""
LISTED_MAX = 3_600
"""Characters of the values that one condition names; a WHERE string has at most 4,000."""

_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b"})


def literal(value: Value) -> str:
    """A value as it stands in a condition; moments and days bare, in UTC.

    >>> literal("O'Neil\\\\x"), literal(None), literal(dt.date(2026, 1, 5)), literal(Decimal("1E+2"))
    ("'O\\\\'Neil\\\\\\\\x'", 'null', '2026-01-05', '100')
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value.translate(_ESCAPES)}'"
        case dt.datetime():
            return instant_text(value)
        case dt.date():
            return value.isoformat()
        case Decimal():
            return number_text(value)
        case int():
            return str(value)


def one_of(name: str, values: Iterable[Value]) -> str:
    """`name IN (...)`."""
    return f"{name} IN ({','.join(map(literal, values))})"


def all_of(*terms: str) -> str:
    """The terms joined by AND; empty ones left out."""
    return " AND ".join(term for term in terms if term)


def select(fields: Iterable[str], entity: str, where: str = "", order: str = "", limit: int | None = None) -> str:
    """One query.

    >>> select(["Id"], "Account", "Name = 'A'", "Id", 1)
    "SELECT Id FROM Account WHERE Name = 'A' ORDER BY Id LIMIT 1"
    """
    text = f"SELECT {','.join(fields)} FROM {entity}"  # noqa: S608 - names of fields and objects, values by `literal`
    text += f" WHERE {where}" if where else ""
    text += f" ORDER BY {order}" if order else ""
    return text + (f" LIMIT {limit}" if limit is not None else "")


def query_path(soql: str, deleted: bool) -> str:
    """deleted: records in the recycle bin too.

    >>> query_path("SELECT Id FROM Account WHERE Name = 'A&B'", False)
    "query?q=SELECT%20Id%20FROM%20Account%20WHERE%20Name%20%3D%20'A%26B'"
    """
    return f"{'queryAll' if deleted else 'query'}?q={quote(soql, safe=_SAFE)}"


_SAFE = ",()':*"


def split_values(values: Iterable[str], size_max: int = LISTED_MAX) -> Iterator[Sequence[str]]:
    """The values in parts that each fit into one condition, percent-encoded as they are sent.

    >>> [len(part) for part in split_values(["0015g00000ABcdEAAT"] * 400)]
    [171, 171, 58]
    """
    part: list[str] = []
    room = size_max
    for value in values:
        size = len(quote(literal(value), safe=_SAFE)) + 1
        if part and size > room:
            yield part
            part, room = [], size_max
        part.append(value)
        room -= size
    if part:
        yield part


def split_fields(fields: Sequence[str], always: Sequence[str], size_max: int | None = None) -> Sequence[Sequence[str]]:
    """The fields in parts of one query each, every one of which has those of `always` too.

    >>> split_fields(["Id", "Name", "Phone"], ["Id"], 12)
    [['Id', 'Name'], ['Id', 'Phone']]
    """
    size_max = size_max or SELECTED_MAX
    first = list(always)
    parts = [list(first)]
    room = size_max - sum(len(name) + 1 for name in first)
    for name in (name for name in fields if name not in first):
        if len(name) + 1 > room and len(parts[-1]) > len(first):
            parts.append(list(first))
            room = size_max - sum(len(each) + 1 for each in first)
        parts[-1].append(name)
        room -= len(name) + 1
    return parts
