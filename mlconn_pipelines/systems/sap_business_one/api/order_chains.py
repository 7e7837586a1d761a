"""Orders of ours, each read with all that was made of it; and changes of those documents as changes to look at."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.ports.records import ConnectionReport, KeyStamp, Record
from mlconn_pipelines.systems.sap_business_one.api.client import ServiceLayer
from mlconn_pipelines.systems.sap_business_one.api.reading import DocumentReader, is_cancelled, window_start
from mlconn_pipelines.systems.sap_business_one.records.order_chain import (
    COPIED_FROM,
    INVOICES,
    ORDERS,
    PAYMENTS,
    TYPES,
    bases_of,
    chain_of,
    kept_of,
    member_key,
    member_of,
)
from mlconn_pipelines.systems.sap_business_one.records.stamps import key_of
from mlconn_pipelines.transport.listed_rows import key_stamps
from mlconn_pipelines.transport.odata import all_of, any_of

DATED_BACK, DATED_FAR_BACK = dt.timedelta(days=2), dt.timedelta(days=31)
"""Payments have no stamp. Those are looked at whose date lies so far back: people date them, and cancel them later. The longer
one of both until something has changed on the day, so once in most cases."""

DAY = "day"
"""Key of a record that changes at midnight."""

BASES_AT_ONCE = 25
"""Base documents that one question names; more make a URL that proxies refuse."""

_LINKS = ("DocEntry", "UpdateDate", "UpdateTime", "DocumentLines")
_PAYMENT_LINKS = ("DocEntry", "DocDate", "Cancelled", "PaymentInvoices")

_Found = Mapping[str, Mapping[int, Record]]


@dataclass(frozen=True, slots=True)
class OrderChains:
    """Implements OrderChainSource.

    A delivery does not stamp its order, so the documents of chains are listed as records of their own, by keys such as
    `DeliveryNotes(5)`. Whoever asks for one gets the orders of ours that it goes back to, whole, and it as a record without
    content: what is remembered of it is its stamp. So is the day, under a key of its own: with it changes what is overdue.

    ours: how references of our orders begin. with_payments: incoming payments are looked at too. today: for what is overdue.
    """

    server: ServiceLayer
    documents: DocumentReader
    reference_field: str
    ours: str
    with_payments: bool
    today: Callable[[], dt.date]

    stamp_resolution_s = DocumentReader.stamp_resolution_s

    def changed(self, entity: str, since: str | None, start: dt.date, quiet_s: float = 0.0) -> Iterator[Sequence[KeyStamp]]:
        yield from self.documents.changed(entity, since, start, quiet_s)
        for name in COPIED_FROM:
            for page in self.documents.changed(name, since, start, quiet_s):
                yield _members(name, page)
        if self.with_payments:
            yield from self._payments(since, start, quiet_s)
        yield [self.day()]

    def day(self) -> KeyStamp:
        return KeyStamp(DAY, f"#{self.today()}")

    def newest(self, stamps: Iterable[KeyStamp], since: str | None) -> str | None:
        return self.documents.newest((stamp for stamp in stamps if stamp.stamp[:1] != "#"), since)

    def watermark_at(self, moment: dt.datetime) -> str:
        return self.documents.watermark_at(moment)

    def dated(self, entity: str, first: dt.date, last: dt.date) -> Iterator[Sequence[KeyStamp]]:
        return self.documents.dated(entity, first, last)

    def latest(self, entity: str, start: dt.date, until: str) -> Sequence[KeyStamp]:
        of_chains = (_members(name, self.documents.latest(name, start, until)) for name in COPIED_FROM)
        return [*self.documents.latest(entity, start, until), *(stamp for page in of_chains for stamp in page)]

    def records(self, entity: str, keys: Sequence[str]) -> Iterator[Record]:
        """Orders, those of ours with their chains; before any other record, all orders that it goes back to."""
        members: dict[str, list[str]] = defaultdict(list)
        asked = set[str]()
        for key in keys:
            if key == DAY:
                yield {"Member": DAY}
            elif (named := member_of(key)) is not None:
                members[named[0]].append(named[1])
            else:
                asked.add(key)
        links = {name: list(self._links(name, entries)) for name, entries in members.items()}
        touched = self._orders_of(links) - asked
        # Most of them may be other people's, of which nothing but that is wanted.
        told = list(self.documents.records(entity, sorted(touched), ("DocEntry", self.reference_field)))
        ours = {key_of(one) for one in told if self._is_ours(one)}
        orders = list(self.documents.records(entity, sorted(asked | ours)))
        # What was made of one that is missing would count as seen, and nobody ask again.
        if left := touched - set(map(key_of, told)) | ours - set(map(key_of, orders)):
            raise Retryable(f"{self.server.system}: {entity} {min(left)} is what others were made of, and was not given out")
        chains = self._chains([int(key_of(order)) for order in orders if self._is_ours(order)], links)
        for order in orders:
            yield {**order, **chains.get(int(key_of(order)), {})}
        for name, rows in links.items():
            for row in rows:
                yield {"Member": member_key(name, key_of(row)), **row}

    def check(self) -> Sequence[ConnectionReport]:
        for name in COPIED_FROM:
            self.server.page(name, {"$select": ",".join(_LINKS), "$top": 1})
            self._copies(name, {base: {0} for base in COPIED_FROM[name]})
        if self.with_payments:
            self.server.page(PAYMENTS, {"$select": ",".join(_PAYMENT_LINKS), "$top": 1})
        read = [*COPIED_FROM, *([PAYMENTS] if self.with_payments else [])]
        return [ConnectionReport(self.server.system, True, f"read what is made of orders: {', '.join(read)}")]

    def _is_ours(self, order: Record) -> bool:
        return str(order.get(self.reference_field) or "").startswith(self.ours)

    def _payments(self, since: str | None, start: dt.date, quiet_s: float) -> Iterator[Sequence[KeyStamp]]:
        day = window_start(since, quiet_s).date() if since else start
        back = DATED_FAR_BACK if not since or since[:10] < self.today().isoformat() else DATED_BACK
        where = self.server.dialect.compare("DocDate", "ge", day - back)
        for rows in self.server.keyset(PAYMENTS, "DocEntry", where, ("DocEntry", "Cancelled"), newest_first=True):
            # No moment, so that it moves no watermark.
            yield _members(PAYMENTS, key_stamps(reversed(rows), key_of, lambda row: f"#{row.get('Cancelled')}"))

    # Up, from what changed to the orders.

    def _links(self, name: str, entries: Iterable[str]) -> Iterator[Record]:
        return self.documents.records(name, list(entries), _PAYMENT_LINKS if name == PAYMENTS else _LINKS)

    def _orders_of(self, links: Mapping[str, Sequence[Record]]) -> set[str]:
        orders, seen = set[str](), set[tuple[str, int]]()
        while links:
            bases: dict[str, set[int]] = defaultdict(set)
            for name, rows in links.items():
                for base, entry in (one for row in rows for one in bases_of(name, row)):
                    if base == ORDERS:
                        orders.add(str(entry))
                    elif (base, entry) not in seen:
                        bases[base].add(entry)
                        seen.add((base, entry))
            links = {name: list(self._links(name, map(str, sorted(entries)))) for name, entries in bases.items()}
            for name, entries in bases.items():
                if left := entries - {int(key_of(row)) for row in links[name]}:
                    raise Retryable(
                        f"{self.server.system}: {name} {min(left)} is what others were made of, and was not given out"
                    )
        return orders

    # Down, from orders to all that was made of them.

    def _chains(
        self, entries: Sequence[int], links: Mapping[str, Sequence[Record]]
    ) -> Mapping[int, Mapping[str, Sequence[Record]]]:
        """links: documents by which some of these orders were found, and which are part of their chains."""
        found: dict[str, dict[int, Record]] = {name: {} for name in COPIED_FROM}
        fresh: dict[str, set[int]] = {ORDERS: set(entries)} if entries else {}
        while fresh:
            copies = {name: self._copies(name, fresh) - found[name].keys() for name in COPIED_FROM}
            fresh = {name: keys for name, keys in copies.items() if keys}
            for name, keys in fresh.items():
                found[name] |= self._whole(name, keys)
        of_ours = set(entries)
        for name, rows in links.items():
            for row in rows:
                if int(key_of(row)) not in found.get(name, ()) and any(
                    base == ORDERS and entry in of_ours for base, entry in bases_of(name, row)
                ):
                    raise Retryable(
                        f"{self.server.system}: {name} {key_of(row)} was made of an order, and is not among its copies"
                    )
        return {entry: chain_of(entry, found) for entry in entries}

    def _copies(self, name: str, of: Mapping[str, set[int]]) -> set[int]:
        """Keys of the documents of a set that have lines copied from any of those."""
        compare = self.server.dialect.compare
        joined, lines = f"{name}/DocEntry", f"{name}/DocumentLines"
        bases = [(TYPES[base], entry) for base in COPIED_FROM[name] for entry in sorted(of.get(base, ()))]
        expand = f"{name}($select=DocEntry),{lines}($select=LineNum)"
        keys = set[int]()
        for at in range(0, len(bases), BASES_AT_ONCE):
            by_type: dict[int, list[int]] = defaultdict(list)
            for number, entry in bases[at : at + BASES_AT_ONCE]:
                by_type[number].append(entry)
            named = (
                all_of(compare(f"{lines}/BaseType", "eq", number), self.server.dialect.one_of(f"{lines}/BaseEntry", entries))
                for number, entries in by_type.items()
            )
            where = all_of(f"{joined} eq {lines}/DocEntry", any_of(*named))
            for rows in self.server.pages(f"$crossjoin({name},{lines})", {"$expand": expand, "$filter": where}):
                keys.update(self._key_in(row, name) for row in rows)
        return keys

    def _key_in(self, row: Record, name: str) -> int:
        try:
            return int(key_of(row[name]))
        except (KeyError, TypeError, ValueError) as odd:
            raise Retryable(
                f"{self.server.system}: asked for {name} by their lines, it answered with others ({odd!r})"
            ) from odd

    def _whole(self, name: str, keys: set[int]) -> dict[int, Record]:
        """Errors: Retryable where one does not come. What was posted stays, so an order without it would be told wrongly."""
        found = {int(key_of(row)): row for row in self.documents.records(name, list(map(str, sorted(keys))))}
        if left := keys - found.keys():
            raise Retryable(f"{self.server.system}: {name} {min(left)} is named by its lines, and was not given out")
        return {key: self._kept(name, row) for key, row in found.items()}

    def _kept(self, name: str, row: Record) -> Record:
        kept: dict[str, Any] = kept_of(row)
        is_open = row.get("DocumentStatus") == "bost_Open" and not is_cancelled(row)
        if name == INVOICES and is_open and str(row.get("DocDueDate") or "9")[:10] < self.today().isoformat():
            kept["Overdue"] = "tYES"
        return kept


def _members(name: str, page: Sequence[KeyStamp]) -> list[KeyStamp]:
    return [replace(stamp, key=member_key(name, stamp.key)) for stamp in page]
