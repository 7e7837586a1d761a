"""OData: quoting, filters, keys, next links, and the two forms of its errors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx

from mlconn_pipelines.connectors.answers import parsed
from mlconn_pipelines.records.decimal_json import number_text

Value = str | int | Decimal | bool | dt.date | dt.time | None


_QUOTE = "'"


@dataclass(frozen=True, slots=True)
class Dialect:
    """quoted_dates: dates and times as quoted text (`'2026-01-05'`), the way some servers want it, or bare as the standard."""

    quoted_dates: bool = False

    def literal(self, value: Value) -> str:
        """A value as it stands in a filter.

        >>> Dialect().literal("O'Neil"), Dialect(True).literal(dt.date(2026, 1, 5)), Dialect().literal(None)
        ("'O''Neil'", "'2026-01-05'", 'null')
        """
        match value:
            case None:
                return "null"
            case bool():
                return "true" if value else "false"
            case str():
                return "'" + value.replace("'", "''") + "'"
            case dt.datetime():
                raise TypeError("filters take calendar dates and clock times, never instants")
            case dt.date() | dt.time():
                text = value.isoformat() if isinstance(value, dt.date) else value.isoformat("seconds")
                return f"'{text}'" if self.quoted_dates else text
            case Decimal():
                return number_text(value)
            case int():
                return str(value)

    def compare(self, name: str, operator: str, value: Value) -> str:
        """`name operator literal`; operator: eq, ne, gt, ge, lt, le."""
        return f"{name} {operator} {self.literal(value)}"

    def one_of(self, name: str, values: Iterable[Value]) -> str:
        """`name` equals one of the values."""
        return any_of(*(self.compare(name, "eq", value) for value in values))

    def since(self, date_name: str, time_name: str, at: dt.datetime) -> str:
        """Changed at or after a zoneless moment, where day and clock are two properties; seconds are left out.

        `date ge D and time ge T` would lose a later day's earlier hours.
        """
        later = self.compare(date_name, "gt", at.date())
        same_day = self.compare(date_name, "eq", at.date())
        same_time = self.compare(time_name, "ge", at.time().replace(second=0, microsecond=0))
        return any_of(later, all_of(same_day, same_time))

    def within(self, name: str, first: Value, last: Value) -> str:
        """`name` in [first, last]."""
        return all_of(self.compare(name, "ge", first), self.compare(name, "le", last))


def all_of(*terms: str) -> str:
    """The terms joined by `and`, those that are themselves joined in brackets; empty ones left out."""
    return _joined(" and ", terms)


def any_of(*terms: str) -> str:
    """The terms joined by `or`."""
    return _joined(" or ", terms)


def entity_path(entity: str, key: str | int) -> str:
    """The path of one record: numbers bare, text quoted and percent-encoded.

    >>> entity_path("Orders", 1), entity_path("Items", "i+1/'a")
    ('Orders(1)', "Items('i%2B1%2F''a')")
    """
    if isinstance(key, int):
        return f"{entity}({key})"
    text = quote(key.replace("'", "''"), safe="'")
    return f"{entity}('{text}')"


def keyed_path(entity: str, keys: Mapping[str, str | int | Decimal]) -> str:
    """The path of one record whose key has several parts, all of them named.

    >>> keyed_path("PurchaseOrderLinesV2", {"dataAreaId": "usmf", "PurchaseOrderNumber": "PO'1", "LineNumber": 3})
    "PurchaseOrderLinesV2(dataAreaId='usmf',PurchaseOrderNumber='PO''1',LineNumber=3)"
    """
    parts = (f"{name}={quote(Dialect().literal(value), safe=_QUOTE)}" for name, value in keys.items())
    return f"{entity}({','.join(parts)})"


def rows_of(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The records of a page."""
    rows = body.get("value")
    return rows if isinstance(rows, list) else []


def next_link(body: Mapping[str, Any]) -> str | None:
    """The link to the next page in either version's spelling; None on the last page."""
    link = body.get("@odata.nextLink") or body.get("odata.nextLink")
    return link if isinstance(link, str) and link else None


@dataclass(frozen=True, slots=True)
class Fault:
    """An OData error. code: text, even where the server writes a number; empty where it has none."""

    code: str
    message: str

    @property
    def text(self) -> str:
        """Code and words, for an error message."""
        return f"{self.code}: {self.message}" if self.code else self.message


def fault_of(response: httpx.Response) -> Fault | None:
    """The error in an answer's body; None when the body has none in OData's form (an HTML page, nothing at all)."""
    try:
        body = parsed(response)
    except ValueError:
        return None
    if not isinstance(body, dict):
        return None
    error = body.get("error", body.get("odata.error"))
    if not isinstance(error, dict):
        return None
    details = error.get("details")
    parts = [_text(error.get("message"))]
    if isinstance(details, list):
        parts += [_text(detail.get("message")) for detail in details if isinstance(detail, dict)]
    code = error.get("code")
    return Fault("" if code is None else str(code), "; ".join(dict.fromkeys(part for part in parts if part)))


def _text(message: Any) -> str:
    if isinstance(message, Mapping):
        message = message.get("value")
    return message.strip() if isinstance(message, str) else ""


def _joined(word: str, terms: Iterable[str]) -> str:
    there = [term for term in terms if term]
    return (
        there[0] if len(there) == 1 else word.join(f"({term})" if " and " in term or " or " in term else term for term in there)
    )
