"""Reads of one object: what changed in a window, whole or as keys and stamps, and whole records by id."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial

from mlconn_pipelines.errors import ConnectionStopped, ConnectorError, CredentialRefused, Retryable
from mlconn_pipelines.ports.records import Header, KeyStamp, Record
from mlconn_pipelines.systems.salesforce.api.client import SalesforceApi
from mlconn_pipelines.systems.salesforce.api.describe import Descriptions
from mlconn_pipelines.systems.salesforce.api.faults import DeadLocator, QueryTooLarge
from mlconn_pipelines.systems.salesforce.api.objects import ALWAYS, Lines
from mlconn_pipelines.systems.salesforce.api.soql import all_of, literal, one_of, select, split_fields, split_values
from mlconn_pipelines.systems.salesforce.records.reading import day_of
from mlconn_pipelines.systems.salesforce.records.stamps import instant_from_text, instant_text, key_of, long_id, stamp_of
from mlconn_pipelines.transport.listed_rows import key_stamps, readable
from mlconn_pipelines.transport.odata import Page
from mlconn_pipelines.transport.parallel import in_parallel

OVERLAP = dt.timedelta(minutes=10)
"""Read twice: a record is stamped before it is committed."""

NARROWED_MAX = 12
"""How often in a row a window is halved whose query takes too long."""

BEGUN_AGAIN_MAX = 20
"""How often in a row a query is begun again whose pages are gone, without one row more."""

LATEST = 20
"""Records that `latest` asks for in each order."""

_ORDER = "SystemModstamp, Id"
_BEGINNING = dt.datetime(1999, 1, 1, tzinfo=dt.UTC)


class RecordReader:
    """Reads the objects of one org, those in the recycle bin too: `IsDeleted` tells them. Implements RecordSource and Totals.

    now: the time, aware. calls_in_flight: records by id are fetched by so many threads.
    """

    stamp_resolution_s = 1.0
    """Stamps are whole seconds."""

    def __init__(
        self,
        api: SalesforceApi,
        descriptions: Descriptions,
        history_days: int,
        calls_in_flight: int,
        now: Callable[[], dt.datetime],
    ) -> None:
        self._api, self._descriptions, self._now = api, descriptions, now
        self._history = dt.timedelta(days=history_days)
        self._calls_in_flight = calls_in_flight
        self._currency: str | None = None

    def changed(
        self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0, not_by: str = ""
    ) -> Iterator[Sequence[KeyStamp]]:
        """Pages of what changed, in the order of stamps. not_by: id of a user whose last changes are left out."""
        others = f"LastModifiedById != {literal(not_by)}" if not_by else ""
        for rows in self._window(entity, ALWAYS, self._begin(since, start, quiet_s), others):
            yield key_stamps(rows, key_of, stamp_of)

    def changed_records(self, entity: str, since: str | None, start: dt.date = dt.date.min) -> Iterator[Sequence[Record]]:
        """Pages of whole records that changed, without lines, in the order of stamps: one request a page, no other per record.

        since: as of `changed`; `newest` of a page's `key_stamps_of` is a watermark from which an interrupted read goes on.
        start: as of `changed`; left out, every record that there is. A record comes once unless it changes meanwhile.
        """
        parts = split_fields(self._descriptions.selected(entity), ALWAYS)
        for rows in self._window(entity, parts[0], self._begin(since, start)):
            yield self._joined(entity, rows, parts[1:]) if len(parts) > 1 else rows

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return max((at for at in (*(stamp.stamp for stamp in stamps if stamp.stamp[:1] != "#"), since) if at), default=None)

    def watermark_at(self, moment: dt.datetime) -> str:
        """Stamps are in UTC everywhere."""
        return instant_text(moment)

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        """Whole records with their lines. One that was deleted comes with `IsDeleted`, one that is gone for good is left out."""
        fields = split_fields(self._descriptions.selected(entity), ALWAYS)
        parts = split_values(dict.fromkeys(map(long_id, keys)))
        return in_parallel(
            lambda part: self._with_lines(entity, self._with_currency(entity, self._by_ids(entity, part, fields))),
            parts,
            self._calls_in_flight,
        )

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        """Pages of what carries a document date in [first, last], by the day of its creation in UTC where the object has none."""
        for rows in self._api.pages(select(ALWAYS, entity, self._within(entity, first, last)), entity, deleted=True):
            yield key_stamps(rows, key_of, stamp_of)

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        """By the last change, and by creation."""
        begin = self._begin(None, start)
        end = dt.datetime.combine(instant_from_text(until).date() + dt.timedelta(days=1), dt.time(), dt.UTC)
        where = all_of(_from(begin), f"SystemModstamp < {literal(end)}")
        found: dict[str, KeyStamp] = {}
        for order in ("SystemModstamp DESC", "CreatedDate DESC"):
            for rows in self._api.pages(select(ALWAYS, entity, where, order, LATEST), entity):
                found |= {stamp.key: stamp for stamp in key_stamps(rows, key_of, stamp_of)}
        return list(found.values())

    def headers(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[Header]]:
        """Pages of what carries a document date in [first, last], deleted ones as cancelled."""
        declared = self._descriptions.object(entity)
        described = self._descriptions.fields(entity)
        asked = [
            name for name in (*ALWAYS, "CreatedDate", declared.date, declared.number, declared.amount) if name in described
        ]

        def header(row: Record) -> Header | None:
            day = row.get(declared.date) if declared.date else str(row["CreatedDate"])[:10]
            return (
                None
                if not day
                else Header(
                    key=key_of(row),
                    stamp=stamp_of(row),
                    number=str(row.get(declared.number) or ""),
                    day=day_of(day),
                    amount=Decimal(str(row.get(declared.amount) or 0)),
                    cancelled=row.get("IsDeleted") is True,
                )
            )

        for rows in self._api.pages(select(asked, entity, self._within(entity, first, last)), entity, deleted=True):
            yield readable(rows, header)

    def rows(self, entity: str, first: dt.date, last: dt.date, fields: Sequence[str]) -> Iterator[Sequence[Record]]:
        """Implements DatedRows; deleted ones come with `IsDeleted`."""
        described = self._descriptions.fields(entity)
        asked = [*ALWAYS, *(name for name in dict.fromkeys(fields) if name in described and name not in ALWAYS)]
        where = self._within(entity, first, last)
        fits = partial(_fits_fields, entity, asked)
        return self._api.pages(select(asked, entity, where), entity, deleted=True, fits=fits, complete=True)

    def key_stamps_of(self, rows: Sequence[Record]) -> Sequence[KeyStamp]:
        """Keys and stamps of records that were read whole."""
        return key_stamps(rows, key_of, stamp_of)

    def query(self, entity: str, fields: Sequence[str], where: str = "", order: str = "") -> Iterator[Sequence[Record]]:
        """Pages of any other question about one object, deleted records left out. where, order: SOQL, by `soql.literal`."""
        return self._api.pages(select(fields, entity, where, order), entity)

    # Windows.

    def _begin(self, since: str | None, start: dt.date, quiet_s: float = 0.0) -> dt.datetime | None:
        """Where the window begins; None for everything that there is."""
        if since:
            return instant_from_text(since) - OVERLAP + dt.timedelta(seconds=quiet_s)
        return None if start == dt.date.min else dt.datetime.combine(start, dt.time(), dt.UTC) - self._history

    def _window(
        self, entity: str, fields: Sequence[str], begin: dt.datetime | None, only: str = ""
    ) -> Iterator[Sequence[Record]]:
        """Pages in the order of stamps, each record and stamp once. only: SOQL that they meet.

        Pages that are gone are asked for again from the last stamp on; a window whose query takes too long is halved.
        """
        end: dt.datetime | None = None
        last = ""
        at_last: set[str] = set()
        narrowed = again = 0
        while True:
            where = all_of(_from(begin), f"SystemModstamp < {literal(end)}" if end else "", only)
            soql = select(fields, entity, where, _ORDER)
            try:
                for rows in self._api.pages(soql, entity, deleted=True, fits=partial(_fits, begin)):
                    # Only what bears the last stamp can come again: a query that takes over begins there.
                    fresh = [row for row in rows if row.get("SystemModstamp") != last or row.get("Id") not in at_last]
                    for row in rows[-1:]:
                        if row["SystemModstamp"] != last:
                            last, at_last = row["SystemModstamp"], set()
                        at_last |= {row["Id"] for row in rows if row.get("SystemModstamp") == last}
                        begin, narrowed = instant_from_text(last), 0
                    if fresh:
                        again = 0
                        yield fresh
            except DeadLocator:
                again += 1
                if again > BEGUN_AGAIN_MAX:
                    raise
                continue
            except QueryTooLarge:
                narrowed += 1
                if narrowed > NARROWED_MAX:
                    raise
                first = begin or self._oldest(entity)
                end = first + ((end or self._now()) - first) / 2
                continue
            if end is None:
                return
            begin, end = end, None

    def _oldest(self, entity: str) -> dt.datetime:
        try:
            for rows in self._api.pages(select(ALWAYS, entity, "", _ORDER, 1), entity):
                for row in rows:
                    return instant_from_text(row["SystemModstamp"])
        except QueryTooLarge:
            pass
        return _BEGINNING

    def _within(self, entity: str, first: dt.date, last: dt.date) -> str:
        if date := self._descriptions.object(entity).date:
            return f"{date} >= {literal(first)} AND {date} <= {literal(last)}"
        begin, end = (dt.datetime.combine(day, dt.time(), dt.UTC) for day in (first, last + dt.timedelta(days=1)))
        return f"CreatedDate >= {literal(begin)} AND CreatedDate < {literal(end)}"

    # Whole records.

    def _by_ids(self, entity: str, keys: Sequence[str], parts: Sequence[Sequence[str]]) -> list[Record]:
        first, *more = parts
        asked = set(keys)

        def fits(page: Page) -> None:
            if any(long_id(str(row.get("Id"))) not in asked for row in page.rows):
                raise Retryable(f"{self._api.system}: asked for {entity} by id, it answered with others")
            _fits_fields(entity, first, page)

        found = [
            row
            for rows in self._api.pages(select(first, entity, one_of("Id", keys)), entity, deleted=True, fits=fits)
            for row in rows
        ]
        return self._joined(entity, found, more) if more else found

    def _joined(self, entity: str, rows: Sequence[Record], parts: Sequence[Sequence[str]]) -> list[Record]:
        """The records with the fields of further queries. One that changed in between is left out: its stamp is a later one now."""
        whole = {key_of(row): dict(row) for row in rows}
        for part in parts:
            other = {key_of(row): row for keys in split_values(whole) for row in self._by_ids(entity, keys, [part])}
            whole = {
                key: _merged(row, other[key])
                for key, row in whole.items()
                if key in other and other[key]["SystemModstamp"] == row["SystemModstamp"]
            }
        return list(whole.values())

    def _fits_parents(self, lines: Lines, fields: Sequence[str], parents: Collection[str], page: Page) -> None:
        _fits_fields(lines.entity, fields, page)
        if any(long_id(str(row.get(lines.parent))) not in parents for row in page.rows):
            raise Retryable(f"{self._api.system}: asked for {lines.entity} of some records, it answered with those of others")

    def _with_currency(self, entity: str, rows: Sequence[Record]) -> Sequence[Record]:
        """The org's own currency where it knows no other and the mapping wants it stated."""
        if not self._descriptions.mapped(entity).org_currency or "CurrencyIsoCode" in self._descriptions.fields(entity):
            return rows
        return [{**row, "CurrencyIsoCode": self.org_currency()} for row in rows]

    def org_currency(self) -> str:
        """Asked once; empty where the integration user may not see it."""
        if self._currency is None:
            try:
                pages = self._api.pages(select(("DefaultCurrencyIsoCode",), "Organization", "", ""), "Organization")
                told = [str(row.get("DefaultCurrencyIsoCode") or "") for rows in pages for row in rows]
                if not told:
                    raise Retryable(f"{self._api.system}: asked for the org itself, it answered that there is none")
                self._currency = told[0]
            except (Retryable, CredentialRefused, ConnectionStopped):
                raise
            except ConnectorError:
                self._currency = ""
        return self._currency

    def _with_lines(self, entity: str, rows: Sequence[Record]) -> Sequence[Record]:
        lines = self._descriptions.object(entity).lines
        if lines is None or not rows:
            return rows
        fields = self._descriptions.selected(lines.entity)
        of: dict[str, list[Record]] = {key_of(row): [] for row in rows}
        for part in split_values(of):
            asked = select(fields, lines.entity, one_of(lines.parent, part), "Id")
            for page in self._api.pages(
                asked, lines.entity, fits=partial(self._fits_parents, lines, fields, set(part)), complete=True
            ):
                for line in page:
                    of[long_id(str(line[lines.parent]))].append(line)
        # One that has lines and was given none did not come back as it is: it is asked for again by itself.
        whole = [row for row in rows if of[key_of(row)] or row.get(lines.told_by) is not True]
        return [{**row, lines.name: of[key_of(row)]} for row in whole]


def _merged(row: Record, other: Record) -> dict[str, object]:
    """One record out of two parts of it; what was read of its parents too."""
    merged = {**row, **other}
    for name, value in row.items():
        if isinstance(value, Mapping) and isinstance(other.get(name), Mapping):
            merged[name] = {**value, **other[name]}
    return merged


def _from(begin: dt.datetime | None) -> str:
    return f"SystemModstamp >= {literal(begin)}" if begin else ""


def _fits_fields(entity: str, fields: Sequence[str], page: Page) -> None:
    """Raises Retryable for rows that lack a field which was asked for: it would read as emptied."""
    names = {name.partition(".")[0] for name in fields}
    if missing := {name for row in page.rows for name in names - row.keys()}:
        raise Retryable(f"Salesforce: asked for {', '.join(sorted(missing))} of {entity}, it answered without")


def _fits(begin: dt.datetime | None, page: Page) -> None:
    """Raises Retryable for rows that the window does not have, or that lack what they are ordered by."""
    try:
        stamps = [instant_from_text(row["SystemModstamp"]) for row in (*page.rows[:1], *page.rows[-1:]) if row["Id"]]
    except (KeyError, TypeError, ValueError) as odd:
        raise Retryable(f"Salesforce: asked for records in order of SystemModstamp, it answered with others ({odd!r})") from odd
    if begin is not None and any(stamp < begin for stamp in stamps):
        raise Retryable("Salesforce: asked for the records of a window, it answered with others")
