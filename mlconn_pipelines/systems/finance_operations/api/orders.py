"""Purchase orders and their confirmations: what was confirmed lately, whole orders with their lines, headers by day.

Headers bear no time of change. The day of a confirmation is the only thing to read on by, so the last days are read again each
time and the ledger drops what it knows. Several confirmations of one order are one record, the latest, dated by the first.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from mlconn_pipelines.errors import ConfigurationError, NotFound
from mlconn_pipelines.ports.records import Header, KeyStamp, Record
from mlconn_pipelines.systems.finance_operations.api.service import DataService, within_days
from mlconn_pipelines.systems.finance_operations.records.naming import (
    CONFIRMATION_LINES,
    CONFIRMATIONS,
    ORDER_LINES,
    ORDERS,
    first_of,
    in_order,
    key_of,
    newest_of,
    order_number_of,
    stamp_of,
)
from mlconn_pipelines.systems.finance_operations.records.purchase_order import CANCELED
from mlconn_pipelines.transport.listed_rows import apart, readable
from mlconn_pipelines.transport.odata import all_of, any_of
from mlconn_pipelines.transport.parallel import in_parallel

ORDERS_AT_ONCE = 20
"""Orders that one filter names; more make a URL that proxies refuse."""

_KEY = ("dataAreaId", "PurchaseOrderNumber", "ConfirmationNumber", "ConfirmationDate")
_ORDER = "PurchaseOrderNumber"
_BY_ORDER = "PurchaseOrderNumber,ConfirmationDate,ConfirmationNumber"
_STANDING = ("dataAreaId", "PurchaseOrderNumber", "PurchaseOrderStatus", "DocumentApprovalStatus")


class OrderReader:
    """Implements RecordSource and Totals.

    reread_days: how many days before the newest confirmation are read again. calls_in_flight: threads of `records`.
    zone: of the legal entity's calendar, the integration's where None.
    """

    stamp_resolution_s = 0.0
    """Stamps carry the confirmation's number, and each confirmation has its own."""

    def __init__(self, service: DataService, reread_days: int, calls_in_flight: int, zone: dt.tzinfo | None = None) -> None:
        self._zone = zone
        self._service = service
        self._reread = dt.timedelta(days=reread_days)
        self._calls_in_flight = calls_in_flight

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        """Orders confirmed since, each with its latest confirmation. An order that goes on on the next page comes with that."""
        _only_confirmations(entity)
        first = start if since is None else dt.date.fromisoformat(since) - self._reread + dt.timedelta(days=quiet_s // 86_400)
        held: list[Record] = []
        for page in self._confirmations(within_days("ConfirmationDate", first), _KEY):
            sound, odd = apart(page, key_of)
            if odd:
                yield odd
            held += sound
            whole = [row for row in held if row["PurchaseOrderNumber"] != held[-1]["PurchaseOrderNumber"]]
            held = held[len(whole) :]
            yield [KeyStamp(key, stamp_of(newest_of(rows))) for key, rows in _by_order(whole).items()]
        if held:
            yield [KeyStamp(key, stamp_of(newest_of(rows))) for key, rows in _by_order(held).items()]

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return newest(stamps, since)

    def watermark_at(self, moment: dt.datetime) -> str:
        """Confirmations bear a day of the company's own calendar."""
        return (moment.astimezone(self._zone) if self._zone else moment).date().isoformat()

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        """Orders whose first confirmation is of these days."""
        _only_confirmations(entity)
        for histories in self._first_confirmed(first, last, _KEY):
            yield [KeyStamp(key, stamp_of(newest_of(rows))) for key, rows in histories.items()]

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        """By the day of a confirmation, and by order number, which is counted up."""
        _only_confirmations(entity)
        where = within_days("ConfirmationDate", start, dt.date.fromisoformat(until))
        numbers: dict[str, None] = {}
        for order in ("ConfirmationDate desc,PurchaseOrderNumber desc", "PurchaseOrderNumber desc,ConfirmationDate desc"):
            for page in self._service.pages(CONFIRMATIONS, where, select=_KEY, order=order, top=ORDERS_AT_ONCE):
                numbers.update(dict.fromkeys(map(_number, apart(page, key_of)[0])))
        return [
            KeyStamp(key, stamp_of(newest_of(rows)))
            for part in batches(list(numbers))
            for key, rows in self._histories(part, _KEY).items()
        ]

    def headers(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[Header]]:
        """Orders whose first confirmation is of these days, with what the latest amounts to, as they stand now."""
        _only_confirmations(entity)
        for histories in self._first_confirmed(first, last, (*_KEY, "TotalConfirmedAmount")):
            standing = self._standing([order_number_of(key) for key in histories])
            yield readable(histories.values(), partial(_header, standing))

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        """Whole orders, or the latest confirmations of orders; parts of them read at the same time."""
        read = {ORDERS: self._orders, CONFIRMATIONS: self._latest_confirmations}.get(entity)
        if read is None:
            raise ConfigurationError(f"{self._service.system} has no documents {entity!r} to read")
        yield from in_parallel(read, batches([order_number_of(key) for key in keys]), self._calls_in_flight)

    def update(self, entity: str, key: str, changes: Record) -> Record:
        """Fields of lines, one line after another, then the order as read back. changes: {lines' set: rows with LineNumber}."""
        if entity != ORDERS:
            raise ConfigurationError(f"Records of {entity!r} are not changed, only those of {ORDERS}")
        number = order_number_of(key)
        for row in changes.get(ORDER_LINES, ()):
            fields = {name: value for name, value in row.items() if name != "LineNumber"}
            keys: dict[str, str | int | Decimal] = {"PurchaseOrderNumber": number, "LineNumber": int(row["LineNumber"])}
            self._service.change(ORDER_LINES, keys, fields)
        if (record := next(iter(self._orders([number])), None)) is None:
            raise NotFound(f"{self._service.system} has no purchase order {number} in company {self._service.company}")
        return record

    def _latest_confirmations(self, numbers: Sequence[str]) -> list[Record]:
        confirmed = self._service.one_of("PurchaseOrderNumber", numbers)
        wanted = set(numbers)
        pages = self._confirmations(confirmed, asked_for={_ORDER: numbers})
        histories = _by_order(row for page in pages for row in page if _number(row) in wanted)
        newest = {key: newest_of(rows) for key, rows in histories.items()}
        headers = list(newest.values())
        lines = self._confirmed_lines(headers)
        if without := [header for header in headers if not lines.get(_confirmation(header))]:
            lines = {**lines, **self._confirmed_lines(without)}  # there is no order without lines: asked once more
        standing = self._standing(list(map(_number, headers)))
        return [
            {
                **header,
                CONFIRMATION_LINES: lines.get(_confirmation(header), []),
                "Confirmations": [{name: row.get(name) for name in _KEY[2:]} for row in in_order(histories[key])],
                "PurchaseOrder": standing.get(key, {}),
            }
            for key, header in newest.items()
        ]

    def _confirmed_lines(self, headers: Sequence[Record]) -> Mapping[tuple[str, str], list[Record]]:
        compare = self._service.dialect.compare
        if not headers:
            return {}
        where = any_of(
            *(
                all_of(
                    compare("PurchaseOrderNumber", "eq", _number(header)),
                    compare("ConfirmationNumber", "eq", str(header["ConfirmationNumber"])),
                )
                for header in headers
            )
        )
        days = {_confirmation(header): _day_text(header) for header in headers}
        asked_for = {_ORDER: list(map(_number, headers))}
        lines: defaultdict[tuple[str, str], list[Record]] = defaultdict(list)
        for row in self._service.rows(CONFIRMATION_LINES, where, order="PurchaseOrderNumber,LineNumber", asked_for=asked_for):
            confirmation = _confirmation(row)
            if _day_text(row) == days.get(confirmation):  # its day is part of a confirmation's key
                lines[confirmation].append(row)
        return lines

    def _orders(self, numbers: Sequence[str]) -> list[Record]:
        wanted, where = set(numbers), self._service.one_of("PurchaseOrderNumber", numbers)
        headers = self._service.rows(ORDERS, where, order="PurchaseOrderNumber", asked_for={_ORDER: numbers})
        lines = self._order_lines(list(map(_number, headers)))
        if without := [number for number in map(_number, headers) if not lines[number]]:
            lines |= self._order_lines(without)
        return [{**header, ORDER_LINES: lines[_number(header)]} for header in headers if _number(header) in wanted]

    def _order_lines(self, numbers: Sequence[str]) -> defaultdict[str, list[Record]]:
        lines: defaultdict[str, list[Record]] = defaultdict(list)
        if numbers:
            where = self._service.one_of(_ORDER, numbers)
            order = "PurchaseOrderNumber,LineNumber"
            for row in self._service.rows(ORDER_LINES, where, order=order, asked_for={_ORDER: numbers}):
                lines[_number(row)].append(row)
        return lines

    def _standing(self, numbers: Sequence[str]) -> Mapping[str, Record]:
        """How the orders themselves stand now, by key; confirmations are frozen copies. One that is missing is asked for again."""
        standing = self._stand(numbers)
        there = set(map(order_number_of, standing))
        return {**standing, **self._stand([number for number in numbers if number not in there])}

    def _stand(self, numbers: Sequence[str]) -> dict[str, Record]:
        if not numbers:
            return {}
        where = self._service.one_of(_ORDER, numbers)
        rows = self._service.rows(ORDERS, where, select=_STANDING, order=_ORDER, asked_for={_ORDER: numbers})
        return {key_of(row): row for row in apart(rows, key_of)[0]}

    def _first_confirmed(
        self, first: dt.date, last: dt.date, select: Sequence[str]
    ) -> Iterator[Mapping[str, Sequence[Record]]]:
        """All confirmations of orders whose first one is of these days, some orders at a time."""
        numbers: dict[str, None] = {}
        for page in self._confirmations(within_days("ConfirmationDate", first, last), _KEY):
            numbers.update(dict.fromkeys(map(_number, apart(page, key_of)[0])))
        for part in batches(list(numbers)):
            histories = self._histories(part, select)
            yield {
                key: history
                for key, history in histories.items()
                if first.isoformat() <= _day_text(first_of(history)) <= last.isoformat()
            }

    def _histories(self, numbers: Sequence[str], select: Sequence[str]) -> Mapping[str, Sequence[Record]]:
        """All confirmations of these orders, by key."""
        where, wanted = self._service.one_of(_ORDER, numbers), set(numbers)
        pages = self._confirmations(where, select, asked_for={_ORDER: numbers})
        return _by_order(row for page in pages for row in page if _number(row) in wanted)

    def _confirmations(
        self, where: str, select: Sequence[str] = (), asked_for: Mapping[str, Sequence[str]] | None = None
    ) -> Iterator[Sequence[Record]]:
        return self._service.pages(CONFIRMATIONS, where, select=select, order=_BY_ORDER, asked_for=asked_for)


def newest(stamps: Iterable[KeyStamp], since: str | None) -> str | None:
    """The latest day of the stamps; `since` where there is none.

    >>> newest([KeyStamp("usmf|1", "2026-01-05|1-1"), KeyStamp("usmf|2", "2026-01-04|2-1")], None)
    '2026-01-05'
    """
    return max((day for day in (*(stamp.stamp[:10] for stamp in stamps), since) if day), default=None)


def batches(numbers: Sequence[str]) -> Iterator[Sequence[str]]:
    """Each number once, in parts for one request each."""
    rest = list(dict.fromkeys(numbers))
    for start in range(0, len(rest), ORDERS_AT_ONCE):
        yield rest[start : start + ORDERS_AT_ONCE]


def _by_order(rows: Iterable[Record]) -> dict[str, list[Record]]:
    orders: dict[str, list[Record]] = {}
    for row in rows:
        orders.setdefault(key_of(row), []).append(row)
    return orders


def _confirmation(row: Record) -> tuple[str, str]:
    return _number(row), str(row.get("ConfirmationNumber"))


def _number(row: Record) -> str:
    return str(row.get("PurchaseOrderNumber") or "")


def _day_text(row: Mapping[str, Any]) -> str:
    """As it was written, be it a day or not; days sort as text."""
    return str(row.get("ConfirmationDate") or "")[:10]


def _day(row: Mapping[str, Any]) -> dt.date:
    return dt.date.fromisoformat(str(row["ConfirmationDate"])[:10])


def _only_confirmations(entity: str) -> None:
    if entity != CONFIRMATIONS:
        raise ConfigurationError(f"{entity!r} cannot be read by what changed: it has no stamp", f"Read {CONFIRMATIONS}.")


def _header(standing: Mapping[str, Record], rows: Sequence[Record]) -> Header:
    """Of an order by its confirmations. standing: headers of the orders themselves, by key."""
    key, latest = key_of(rows[0]), newest_of(rows)
    return Header(
        key=key,
        stamp=stamp_of(latest),
        number=order_number_of(key),
        day=_day(first_of(rows)),
        amount=Decimal(str(latest.get("TotalConfirmedAmount") or 0)),
        cancelled=standing.get(key, {}).get("PurchaseOrderStatus") == CANCELED,
    )
