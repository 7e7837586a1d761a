"""Reads of documents: keys and stamps of what changed, whole records by key, totals per day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial

from mlconn_pipelines.errors import ConfigurationError, ConnectorError, Retryable
from mlconn_pipelines.ports.records import Header, KeyStamp, Record
from mlconn_pipelines.systems.business_central.api.client import BusinessCentralApi, FirstPage, changed_since, has_id
from mlconn_pipelines.systems.business_central.api.entities import DOCUMENTS, SALES_INVOICES, SALES_ORDERS
from mlconn_pipelines.systems.business_central.api.posted import SIGNS, PostedInvoices
from mlconn_pipelines.systems.business_central.records.correlation_reference import COMMENT_LINE, reference_in
from mlconn_pipelines.systems.business_central.records.reading import day_of, option
from mlconn_pipelines.systems.business_central.records.stamps import instant_in, instant_of, instant_text, key_of, stamp_of
from mlconn_pipelines.transport.listed_rows import apart, key_stamps, readable
from mlconn_pipelines.transport.odata import all_of
from mlconn_pipelines.transport.parallel import in_parallel

OVERLAP = dt.timedelta(minutes=10)
"""Read twice: a record is stamped before it is committed, and requests may run for ten minutes."""

KEYS_AT_ONCE = 100
"""Keys that one filter names: some 5,600 characters of the 8,000 that the gateway takes."""

REFUSALS = 2
"""So many tell that the application may not read dimensions, each with a good answer without them after it."""

LATEST = 20
"""Records that `latest` asks for in each order."""

RELEASED, DRAFT = "Open", "Draft"
_STAMP = "id,number,status,lastModifiedDateTime"


class DocumentReader:
    """Reads sets of documents with lines; implements RecordSource and Totals.

    Of invoices only posted ones exist here, of orders only released ones unless told so.

    calls_in_flight: whole records are fetched by so many threads. reference_field: where our own orders carry our reference.
    """

    stamp_resolution_s = 0.0
    """Stamps carry the etag, which is another after every change."""

    def __init__(
        self,
        api: BusinessCentralApi,
        history_days: int,
        calls_in_flight: int,
        reference_field: str,
        send_unreleased_orders: bool = False,
    ) -> None:
        self._api, self._posted = api, PostedInvoices(api)
        self._history = dt.timedelta(days=history_days)
        self._calls_in_flight = calls_in_flight
        self._reference_field = reference_field
        self._send_unreleased = send_unreleased_orders
        self._dimensions = "($expand=dimensionSetLines)"

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        """Pages of what changed, in the service's own order."""
        first = dt.datetime.combine(start - self._history, dt.time(), dt.UTC)
        return self._stamps(entity, changed_since(window_start(since, quiet_s) if since else first))

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return newest_of_stamps((stamp.stamp for stamp in stamps), since)

    def watermark_at(self, moment: dt.datetime) -> str:
        """Stamps are in UTC everywhere."""
        return instant_text(moment)

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        """Pages of what carries a document date in [first, last]."""
        return self._stamps(entity, self._api.dialect.within(DOCUMENTS[entity].date, first, last))

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        """By the time of their last change, and by document date: keys are no numbers here."""
        first = dt.datetime.combine(start - self._history, dt.time(), dt.UTC)
        where = all_of(changed_since(first), f"lastModifiedDateTime le {until}")
        if entity == SALES_INVOICES:
            where = all_of(where, self._api.dialect.compare("status", "ne", DRAFT))
        found: dict[str, KeyStamp] = {}
        for order in ("lastModifiedDateTime desc", f"{DOCUMENTS[entity].date} desc"):
            asked = {"$select": _selected(entity), "$filter": self._due(entity, where), "$orderby": order, "$top": LATEST}
            for rows in self._api.pages(entity, asked):
                found |= {key_of(row): KeyStamp(key_of(row), stamp_of(row)) for row in self._sent(entity, rows)}
        return list(found.values())

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        """Whole records with their lines. One that is gone (an order invoiced in full, say) is left out."""
        unique = list(dict.fromkeys(keys))
        parts = [unique[start : start + KEYS_AT_ONCE] for start in range(0, len(unique), KEYS_AT_ONCE)]
        for first in in_parallel(lambda part: [self._first_page(entity, part)], parts, self._calls_in_flight):
            for rows in self._api.pages_from(first):
                yield from rows

    def headers(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[Header]]:
        """Pages of what carries a document date in [first, last], for comparing: posted invoices, orders that are due."""
        declared = DOCUMENTS[entity]
        parameters = {
            "$select": _selected(entity, declared.date, "totalAmountIncludingTax"),
            "$filter": self._due(entity, self._api.dialect.within(declared.date, first, last)),
        }
        if entity == SALES_ORDERS and self._reference_field == COMMENT_LINE:
            parameters["$expand"] = declared.lines
        elif entity == SALES_ORDERS:
            parameters["$select"] += f",{self._reference_field}"
        for rows in self._api.pages(entity, parameters):
            yield readable(self._sent(entity, rows), partial(self._header, declared.date))

    def _header(self, date: str, row: Record) -> Header | None:
        if (day := day_of(row.get(date))) is None:
            return None
        return Header(
            key=key_of(row),
            stamp=stamp_of(row),
            number=str(row.get("number") or ""),
            day=day,
            amount=Decimal(str(row.get("totalAmountIncludingTax") or 0)),
            cancelled=option(row.get("status")) == "Canceled",
            correlation_reference=reference_in(row, self._reference_field),
        )

    def _stamps(self, entity: str, where: str) -> Iterator[Sequence[KeyStamp]]:
        if entity not in DOCUMENTS:
            raise ConfigurationError(f"Business Central documents are {', '.join(DOCUMENTS)}, not {entity!r}")
        parameters = {"$select": _selected(entity), "$filter": self._due(entity, where)}
        for rows in self._api.pages(entity, parameters):
            sound, odd = apart(rows, key_of)
            yield [*key_stamps(self._sent(entity, sound), key_of, stamp_of), *odd]

    def _due(self, entity: str, where: str) -> str:
        if entity == SALES_INVOICES or self._send_unreleased:
            return where
        return all_of(where, self._api.dialect.compare("status", "eq", RELEASED))

    def _sent(self, entity: str, rows: Sequence[Record]) -> Sequence[Record]:
        return self._posted.among(rows) if entity == SALES_INVOICES else rows

    def _first_page(self, entity: str, keys: Sequence[str]) -> FirstPage:
        """With the lines' dimensions, unless the application turns out to have no right to read them."""

        def read(below: str) -> FirstPage:
            return self._api.first_page(entity, {"$filter": has_id(keys), "$expand": DOCUMENTS[entity].lines + below})

        for _ in range(REFUSALS if self._dimensions else 0):
            try:
                return read(self._dimensions)
            except Retryable:
                raise
            except ConnectorError:
                read("")
        self._dimensions = ""
        return read("")


def _selected(entity: str, *more: str) -> str:
    """What is read of a record to stamp it and, of an invoice, to tell whether it is posted."""
    signs = SIGNS.split(",") if entity == SALES_INVOICES else []
    return ",".join(dict.fromkeys([*_STAMP.split(","), *more, *signs]))


def window_start(watermark: str, quiet_s: float = 0.0) -> dt.datetime:
    """Where the next read begins: the watermark less the overlap, UTC.

    quiet_s: for how long looks have found nothing later than the watermark; the service's clock has gone on by as much.

    >>> window_start("2026-03-08T00:30:59.500Z").isoformat()
    '2026-03-08T00:20:59.500000+00:00'
    """
    return dt.datetime.fromisoformat(watermark) - OVERLAP + dt.timedelta(seconds=quiet_s)


def newest_of_stamps(stamps: Iterable[str], watermark: str | None) -> str | None:
    """The latest moment of the stamps; the watermark where there is none."""
    return max((at for at in (*map(instant_in, stamps), watermark) if at), default=None)


def newest_of_records(records: Iterable[Record], watermark: str | None) -> str | None:
    return max((at for at in (*map(instant_of, records), watermark) if at), default=None)
