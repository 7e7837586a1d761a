"""Reads of documents: keys and stamps of what changed, whole records by key, totals per day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.ports.records import Header, KeyStamp, Record
from mlconn_pipelines.systems.sap_business_one.api.client import ServiceLayer
from mlconn_pipelines.systems.sap_business_one.records.stamps import key_of, stamp_of
from mlconn_pipelines.transport.listed_rows import key_stamps, readable
from mlconn_pipelines.transport.parallel import in_parallel

OVERLAP = dt.timedelta(minutes=90)
"""Read twice: stamps are zoneless local time, in which an hour comes twice a year and records are committed late."""

AN_HOUR_COMES_TWICE_WITHIN = dt.timedelta(hours=2)
"""After a clock was put back by an hour it has passed everything that it showed before."""

KEYS_AT_ONCE = 40
"""Keys that one filter names; more make a URL that proxies refuse."""

LATEST = 20
"""Records that `latest` asks for in each order: one page of a server that was not asked for more."""

_DENSE = 2 / 3
"""The share of wanted keys from which a range of keys is read as a range."""

_STAMP = ("DocEntry", "UpdateDate", "UpdateTime")
_HEADER = ("DocNum", "DocDate", "DocTotal", "DocTotalFc", "Cancelled", "CancelStatus")


class DocumentReader:
    """Reads sets of type Document; implements RecordSource and Totals.

    calls_in_flight: whole records are fetched by so many threads. zone: of the server's clock, the integration's where None.
    """

    stamp_resolution_s = 1.0
    """UpdateTime has whole seconds."""

    def __init__(
        self,
        server: ServiceLayer,
        history_days: int,
        calls_in_flight: int,
        reference_field: str,
        zone: dt.tzinfo | None = None,
    ) -> None:
        self._zone = zone
        self._server, self._dialect = server, server.dialect
        self._history = dt.timedelta(days=history_days)
        self._calls_in_flight = calls_in_flight
        self._reference_field = reference_field

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        """Pages of what changed, highest keys first: rows added while paging lie outside and are found by the next poll."""
        if since is None:
            where = self._dialect.compare("UpdateDate", "ge", start - self._history)
        else:
            where = self._dialect.since("UpdateDate", "UpdateTime", window_start(since, quiet_s))
        return self._stamps(entity, where)

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return newest((stamp.stamp for stamp in stamps), since)

    def watermark_at(self, moment: dt.datetime) -> str:
        return watermark_at(moment.astimezone(self._zone) if self._zone else moment)

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        """Pages of what carries a document date in [first, last]."""
        return self._stamps(entity, self._dialect.within("DocDate", first, last))

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        """By the time of their last change, and by DocEntry, which is counted up."""
        days = self._dialect.within("UpdateDate", start - self._history, dt.date.fromisoformat(until[:10]))
        found: dict[str, KeyStamp] = {}
        for order in ("UpdateDate desc,UpdateTime desc,DocEntry desc", "DocEntry desc"):
            asked = {"$select": ",".join(_STAMP), "$filter": days, "$orderby": order, "$top": LATEST}
            for row in self._server.page(entity, asked).rows:
                found[str(row["DocEntry"])] = KeyStamp(str(row["DocEntry"]), stamp_of(row))
        return list(found.values())

    def records(self, entity: str, keys: Sequence[str], select: Sequence[str] = ()) -> Iterator[Record]:
        """Whole records; several requests run ahead of the reader, never more than there are threads. select: these properties only."""
        parts = batches([int(key) for key in keys], self._server.page_size)
        filters = [(part, self._key_filter(part), select) for part in parts]
        yield from in_parallel(lambda work: self._batch(entity, *work), filters, self._calls_in_flight)

    def headers(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[Header]]:
        """Pages of what carries a document date in [first, last], for comparing."""
        select = (*_STAMP, *_HEADER, self._reference_field)
        where = self._dialect.within("DocDate", first, last)
        for rows in self._server.keyset(entity, "DocEntry", where, select, newest_first=True):
            yield readable(rows, self._header)

    def rows(self, entity: str, first: dt.date, last: dt.date, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Implements DatedRows."""
        where = self._dialect.within("DocDate", first, last)
        return self._server.keyset(entity, "DocEntry", where, tuple(dict.fromkeys((*_STAMP, *fields))), newest_first=True)

    def _header(self, row: Record) -> Header:
        return Header(
            key=str(row["DocEntry"]),
            stamp=stamp_of(row),
            number=str(row.get("DocNum") or ""),
            day=dt.date.fromisoformat(str(row["DocDate"])[:10]),
            amount=document_total(row),
            cancelled=is_cancelled(row),
            correlation_reference=str(row.get(self._reference_field) or ""),
        )

    def _stamps(self, entity: str, where: str) -> Iterator[Sequence[KeyStamp]]:
        for rows in self._server.keyset(entity, "DocEntry", where, _STAMP, newest_first=True):
            yield key_stamps(reversed(rows), key_of, stamp_of)

    def _key_filter(self, keys: Sequence[int]) -> str:
        if is_dense(keys):
            return self._dialect.within("DocEntry", keys[0], keys[-1])
        return self._dialect.one_of("DocEntry", keys)

    def _batch(self, entity: str, keys: Sequence[int], where: str, select: Sequence[str] = ()) -> list[Record]:
        wanted, whole = set(keys), select or ("DocumentLines",)
        pages = self._server.keyset(entity, "DocEntry", where, select)
        found = [row for rows in pages for row in rows if row.get("DocEntry") in wanted]
        if any(name not in row for row in found for name in whole):  # an answer to another question: it would read as emptied
            raise Retryable(f"{self._server.system}: asked for {', '.join(whole)} of {entity}, it answered without")
        return found


def window_start(since: str, quiet_s: float = 0.0) -> dt.datetime:
    """Where the next read begins: the watermark less the overlap, in whole minutes, reckoned without any time zone.

    quiet_s: for how long looks have found nothing later than the watermark; the server's clock has gone on by as much.

    >>> window_start("2026-03-08T00:30:59")
    datetime.datetime(2026, 3, 7, 23, 0)
    >>> window_start("2026-03-08T00:30:59", quiet_s=7_200)
    datetime.datetime(2026, 3, 8, 1, 0)
    """
    quiet = dt.timedelta(minutes=quiet_s // 60)
    return dt.datetime.fromisoformat(since).replace(second=0, microsecond=0) - OVERLAP + quiet


def newest(stamps: Iterable[str], since: str | None) -> str | None:
    """The highest stamp; `since` where there is none. Stamps sort as text."""
    return max((stamp for stamp in (*stamps, since) if stamp), default=None)


def watermark_at(moment: dt.datetime) -> str:
    """What the server's clock shows, in the zone of the aware moment. In the hours after it was put back: what it would show
    had it not been, for what was stamped before is not of a time to come.

    >>> from zoneinfo import ZoneInfo
    >>> watermark_at(dt.datetime(2026, 1, 5, 18, 30, tzinfo=dt.UTC).astimezone(ZoneInfo("America/Chicago")))
    '2026-01-05T12:30:00'
    >>> watermark_at(dt.datetime(2026, 11, 1, 7, 10, tzinfo=dt.UTC).astimezone(ZoneInfo("America/Chicago")))  # 01:10 again
    '2026-11-01T02:10:00'
    """
    at = moment.astimezone(dt.UTC)
    before = (at - AN_HOUR_COMES_TWICE_WITHIN).astimezone(moment.tzinfo)
    offset = max(each.utcoffset() or dt.timedelta() for each in (moment, before))
    return (at + offset).replace(tzinfo=None).isoformat(timespec="seconds")


def batches(keys: Iterable[int], page_size: int) -> Iterator[Sequence[int]]:
    """Sorted keys in parts for one request each: up to a page of keys that lie close together, else at most 40.

    >>> [list(part) for part in batches([1, 2, 3, 900, 901], 100)]
    [[1, 2, 3, 900, 901]]
    >>> [len(part) for part in batches([*range(100), *range(1000, 9000, 100)], 100)]
    [100, 40, 40]
    """
    rest = sorted(set(keys))
    while rest:
        within_page = [key for key in rest[:page_size] if key - rest[0] < page_size]
        size = len(within_page) if is_dense(within_page) and len(within_page) > KEYS_AT_ONCE else KEYS_AT_ONCE
        yield rest[:size]
        rest = rest[size:]


def is_dense(keys: Sequence[int]) -> bool:
    """Whether a range over the sorted keys would fetch few others."""
    return len(keys) / (keys[-1] - keys[0] + 1) >= _DENSE


def is_cancelled(record: Record) -> bool:
    """Cancelled, or the document that cancels another."""
    return record.get("Cancelled") == "tYES" or record.get("CancelStatus") in ("csYes", "csCancellation")


def document_total(record: Record) -> Decimal:
    """In the document's currency: DocTotalFc, which is 0 where that is the local one, else DocTotal."""
    return Decimal(str(record.get("DocTotalFc") or record.get("DocTotal") or 0))
