"""Purchase orders of the open table, and vendors: what changed, single ones, orders of days.

A page of changes brings whole records, so that what is asked for next is there already. Lines have no stamp: the agent adds a hash
of all there is, which is part of the stamp here. Two changes can never bear the same one.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mlconn_pipelines.errors import ConfigurationError, Retryable
from mlconn_pipelines.ports.agents import AgentDesk
from mlconn_pipelines.ports.records import Header, KeyStamp, Record
from mlconn_pipelines.systems.sage_100.api.rows import checked
from mlconn_pipelines.systems.sage_100.records.master_data import VENDORS
from mlconn_pipelines.systems.sage_100.records.order_parts import parts_of
from mlconn_pipelines.systems.sage_100.records.purchase_order import (
    ORDERS,
    SENT_TYPES,
    amount_of,
    key_of,
    stamp_of,
    vendor_code,
)
from mlconn_pipelines.systems.sage_100.records.reading import day_or_none

KEPT = 2_000
"""Records of the last pages that are kept until they are asked for."""
LATEST = 10
KEYS_AT_ONCE = 100
NUMBER_LENGTH = 7
KEYS_OF: Mapping[str, Sequence[str]] = {ORDERS: ("PurchaseOrderNo",), VENDORS: ("VendorNo",)}
WATERMARK_LENGTH = len("20261128 15.50000")


class RecordReader:
    """Implements RecordSource and Totals. split: vendors (division-number) that get an order for each warehouse.

    zone: of the server's clock, which all stamps are in.
    """

    stamp_resolution_s = 0.0

    def __init__(self, desk: AgentDesk, company: str, split: frozenset[str], zone: ZoneInfo | None) -> None:
        self._desk, self._company, self._split, self._zone = desk, company, split, zone
        self._kept: OrderedDict[tuple[str, str], Record] = OrderedDict()

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        """The agent goes back by more than an hour itself: clocks of servers are set, and go back in autumn.

        quiet_s: of no use here, since what came twice has the same content.
        """
        for page in self._pages(entity, {"since": _moment(since, start)}):
            records = [record for row in page for record in self._records_of(entity, row)]
            self._keep(entity, records)
            yield [KeyStamp(_key(entity, record), stamp_of(record)) for record in records]

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        """A watermark is a stamp without its hash."""
        return max((*(stamp.stamp[:WATERMARK_LENGTH] for stamp in stamps), *filter(None, [since])), default=None)

    def watermark_at(self, moment: dt.datetime) -> str:
        local = moment.astimezone(self._zone) if self._zone else moment
        hours = Decimal(local.hour) + Decimal(local.minute) / 60 + Decimal(local.second) / 3600
        return f"{local:%Y%m%d} {hours:08.5f}"

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        """Those that a page brought just now; the others by their keys, many at once: each is hundreds of calls where it is alone."""
        asked: dict[str, None] = {}
        for key in keys:
            if (kept := self._kept.pop((entity, key), None)) is not None:
                yield kept
            else:
                asked[key] = None
        if entity == VENDORS:
            yield from self._vendors(list(asked))
            return
        _only_orders(entity)
        yield from self._orders(list(asked))

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        for page in self._of_days(entity, first, last):
            self._keep(entity, page)
            yield [KeyStamp(key_of(part), stamp_of(part)) for part in page]

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        """By the stamp, and by the number, which is counted up."""
        found: dict[str, str] = {}
        for page in self._pages(entity, {"since": _moment(None, start)}):
            for row in page:
                found.update((_key(entity, record), stamp_of(record)) for record in self._records_of(entity, row))
        day = until[:8] + "~"  # later than any time of that day
        there = {key: stamp for key, stamp in found.items() if stamp < day}
        keys = [*sorted(there, key=lambda key: there[key])[-LATEST:], *sorted(there)[-LATEST:]]
        return [KeyStamp(key, there[key]) for key in dict.fromkeys(keys)]

    def headers(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[Header]]:
        """Orders that are not sent are left out: there is nothing to compare them with."""
        for page in self._of_days(entity, first, last):
            yield [
                Header(key_of(part), stamp_of(part), key_of(part), _date_of(part) or first, amount_of(part) or Decimal())
                for part in page
                if str(part.get("OrderType")) in SENT_TYPES and str(part.get("OnHold")) != "Y"
            ]

    def order(self, key: str) -> Record | None:
        """As it is now, None where it is not in the open table any more."""
        return next(self._orders([key]), None)

    def _of_days(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[Record]]:
        """The agent lists by stamps, and an order may bear any date: all of the open table is looked through."""
        _only_orders(entity)
        for page in self._pages(ORDERS, {}):
            dated = [
                part
                for order in page
                for part in self._records_of(ORDERS, order)
                if first <= (_date_of(part) or dt.date.min) <= last
            ]
            if dated:
                yield dated

    def _orders(self, keys: Sequence[str]) -> Iterator[Record]:
        """As they are now, without those that the open table has not."""
        left = dict.fromkeys(keys)
        numbers = list(dict.fromkeys(number for key in keys for number in _numbers_of(key)))
        for start in range(0, len(numbers), KEYS_AT_ONCE):
            named = numbers[start : start + KEYS_AT_ONCE]
            for page in self._pages(ORDERS, {"keys": [[number] for number in named]}):
                for order in page:
                    if str(order["PurchaseOrderNo"]).strip() not in named:
                        raise Retryable(
                            "the agent was asked for some orders and told of another one", "They are asked for again."
                        )
                    for part in self._records_of(ORDERS, order):
                        if key_of(part) in left:
                            del left[key_of(part)]
                            yield part

    def _vendors(self, keys: Sequence[str]) -> Iterator[Record]:
        for start in range(0, len(keys), KEYS_AT_ONCE):
            named = [list(key.partition("-")[::2]) for key in keys[start : start + KEYS_AT_ONCE]]
            for page in self._pages(VENDORS, {"keys": named}):
                yield from page

    def _pages(self, entity: str, params: Mapping[str, Any]) -> Iterator[Sequence[Record]]:
        """Errors: ConfigurationError for an entity that is none of ours; those of the desk; Retryable for rows that are none."""
        key = KEYS_OF.get(entity, ())
        yield from checked(self._desk.pages(self._company, _changed(entity), params), key, has_lines=entity == ORDERS)

    def _records_of(self, entity: str, row: Record) -> Sequence[Record]:
        """An order may be one for each warehouse."""
        split = entity == ORDERS and _key(VENDORS, row) in self._split
        return parts_of(row) if split else [row]

    def _keep(self, entity: str, records: Iterable[Record]) -> None:
        for record in records:
            self._kept[entity, _key(entity, record)] = record
            self._kept.move_to_end((entity, _key(entity, record)))
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _moment(since: str | None, start: dt.date) -> dict[str, str]:
    """A watermark as the agent takes it; the beginning of the first day where there is none yet."""
    day, _, hours = (since or f"{start:%Y%m%d} 00.00000").partition(" ")
    return {"date": day, "time": hours}


def _numbers_of(key: str) -> Sequence[str]:
    """Of the orders that a key may be of: its own, or that of which it is a part."""
    whole, _, part = key.rpartition("-")
    return [number for number in ((key, whole) if whole and part else (key,)) if 0 < len(number) <= NUMBER_LENGTH]


def _date_of(order: Record) -> dt.date | None:
    """None where it cannot be read; the polls find such an order, and a person sees why."""
    try:
        return day_or_none(order.get("PurchaseOrderDate") or "")
    except ValueError:
        return None


def _changed(entity: str) -> str:
    """The verb that lists what changed. Errors: ConfigurationError."""
    if entity == VENDORS:
        return "vendor.changed"
    _only_orders(entity)
    return "po.changed"


def _key(entity: str, record: Record) -> str:
    return vendor_code(record.get("APDivisionNo"), record.get("VendorNo")) if entity == VENDORS else key_of(record)


def _only_orders(entity: str) -> None:
    if entity != ORDERS:
        raise ConfigurationError(f"Records of {entity!r} are not read from Sage, only {ORDERS} and {VENDORS}")
