"""OData: quoting, filters, keys, next links, and the two forms of its errors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

import httpx

from mlconn_pipelines.records.decimal_json import number_text
from mlconn_pipelines.transport.http_responses import json_object, misshapen, object_of

Value = str | int | Decimal | bool | dt.date | dt.time | None


_QUOTE = "'"
_LINKS = ("@odata.nextLink", "odata.nextLink")


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


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one answer. link: where the server says that the next ones are, None on the last page."""

    rows: Sequence[Mapping[str, Any]]
    link: str | None = None


def page_of(response: httpx.Response) -> Page:
    """The records of an answer to a read of a set, with the link in either version's spelling.

    Errors: Retryable when it is not a set: what carries no list says nothing about what is there.
    """
    body = json_object(response)
    rows, links = body.get("value"), [body[name] for name in _LINKS if body.get(name) is not None]
    if not isinstance(rows, list) or _tells_an_error(body) or not all(isinstance(link, str) and link for link in links):
        raise misshapen(response, "a list of records (`value`)")
    # A row that is no object at all is one without any field: whoever reads it says so, and the others are read.
    return Page([row if isinstance(row, Mapping) else {} for row in rows], links[0] if links else None)


def record_of(response: httpx.Response, *keys: str) -> Mapping[str, Any]:
    """The record of an answer to a read of one. keys: what it must have. Errors: Retryable when it is none."""
    if (body := _record(response, keys)) is None:
        raise misshapen(response, f"a record with {' and '.join(keys)}")
    return body


def created_of(response: httpx.Response, *keys: str, sent: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    """The record that an answer to a create says it made. keys: what it must have. sent: what it must not contradict.

    Errors: OutcomeUnknown when the answer does not say what was made, or speaks of another record.
    """
    body = _record(response, keys)
    if body is None:
        raise misshapen(response, f"the record that was made, with {' and '.join(keys)}", write=True)
    for name, value in (sent or {}).items():
        if body.get(name) is not None and not _same(body[name], value):
            raise misshapen(response, f"the record that was made: its {name} is another one", write=True)
    return body


def _record(response: httpx.Response, keys: Sequence[str]) -> Mapping[str, Any] | None:
    body = object_of(response)
    if body is None or _tells_an_error(body) or any(body.get(key) in (None, "") for key in keys):
        return None
    return body


def _same(told: Any, sent: Any) -> bool:
    """Texts as servers compare them, numbers by their value however they are written."""
    if isinstance(sent, (int, Decimal)):
        try:
            return Decimal(str(told)) == sent
        except InvalidOperation:
            return False
    return str(told).strip().casefold() == str(sent).strip().casefold()


def _tells_an_error(body: Mapping[str, Any]) -> bool:
    """Also beside records: a server that fails in the middle of a page writes its error at the end."""
    return any(body.get(name) is not None for name in ("error", "odata.error"))


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
    if (body := object_of(response)) is None:
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
