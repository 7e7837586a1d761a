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
from mlconn_pipelines.systems.sap_business_one.api.reading import KEYS_AT_ONCE, DocumentReader, is_cancelled, window_start
from mlconn_pipelines.systems.sap_business_one.records.order_chain import (
    COPIED_FROM,
    DOWN_PAYMENTS,
    INVOICES,
    ORDERS,
    PAYMENTS,
    RECONCILIATIONS,
    ROWS,
    TYPES,
    bases_of,
    chain_of,
    kept_of,
    member_key,
    member_of,
    reconciliation_of,
)
from mlconn_pipelines.systems.sap_business_one.records.stamps import key_of
from mlconn_pipelines.transport.listed_rows import key_stamps
from mlconn_pipelines.transport.odata import all_of, any_of

DATED_BACK, DATED_FAR_BACK = dt.timedelta(days=2), dt.timedelta(days=31)
"""Payments and reconciliations have no stamp. Those are looked at whose date lies so far back: people date them, and cancel them later.
The longer one of both until something has changed on the day, so once in most cases."""

DAY = "day"
"""Key of a record that changes at midnight."""

BASES_AT_ONCE = 25
"""Base documents that one question names; more make a URL that proxies refuse."""

_LINKS = ("DocEntry", "UpdateDate", "UpdateTime", "DocumentLines")
_PAYMENT_LINKS = ("DocEntry", "DocDate", "Cancelled", "PaymentInvoices")
_MATCHES = ("ReconNum", "ReconDate", "CancelAbs", ROWS)
UNSTAMPED: Mapping[str, tuple[str, str, str]] = {
    PAYMENTS: ("DocEntry", "DocDate", "Cancelled"),
    RECONCILIATIONS: ("ReconNum", "ReconDate", "CancelAbs"),
}
"""Sets without stamps: key, date, and what tells that one was cancelled."""

BY_HAND = ("rtManual", "rtAutomatic", "rtSemiAutomatic")
"""Kinds of reconciliations that people make; payments and credit notes that name their invoice make others, and are read themselves."""

_Found = Mapping[str, Mapping[int, Record]]


@dataclass(frozen=True, slots=True)
class OrderChains:
    """Implements OrderChainSource.

    A delivery does not stamp its order, so the documents of chains are listed as records of their own, by keys such as
    `DeliveryNotes(5)`. Whoever asks for one gets the orders of ours that it goes back to, whole, and it as a record without
    content: what is remembered of it is its stamp. So is the day, under a key of its own: with it changes what is overdue.

    ours: how references of our orders begin. with_payments: incoming payments, and what
    was matched afterwards, are looked at too. today: for what is overdue.
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
            for name in UNSTAMPED:
                yield from self._unstamped(name, since, start, quiet_s)
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
            self.server.page(RECONCILIATIONS, {"$select": ",".join(_MATCHES), "$filter": self._by_hand(), "$top": 1})
        read = [*COPIED_FROM, *(UNSTAMPED if self.with_payments else ())]
        return [ConnectionReport(self.server.system, True, f"read what is made of orders: {', '.join(read)}")]

    def _is_ours(self, order: Record) -> bool:
        return str(order.get(self.reference_field) or "").startswith(self.ours)

    def _unstamped(self, name: str, since: str | None, start: dt.date, quiet_s: float) -> Iterator[Sequence[KeyStamp]]:
        key, date, cancelled = UNSTAMPED[name]
        day = window_start(since, quiet_s).date() if since else start
        back = DATED_FAR_BACK if not since or since[:10] < self.today().isoformat() else DATED_BACK
        where = self.server.dialect.compare(date, "ge", day - back)
        if name == RECONCILIATIONS:
            where = all_of(where, self._by_hand())
        for rows in self.server.keyset(name, key, where, (key, cancelled), newest_first=True):
            # No moment, so that it moves no watermark.
            stamps = key_stamps(reversed(rows), lambda row: str(int(row[key])), lambda row: f"#{row.get(cancelled)}")
            yield _members(name, stamps)

    def _by_hand(self) -> str:
        return any_of(*(self.server.dialect.compare("ReconType", "eq", kind) for kind in BY_HAND))

    # Up, from what changed to the orders.

    def _links(self, name: str, entries: Iterable[str]) -> Iterator[Record]:
        if name == RECONCILIATIONS:
            return self._matches(list(map(int, entries)))
        return self.documents.records(name, list(entries), _PAYMENT_LINKS if name == PAYMENTS else _LINKS)

    def _matches(self, numbers: Sequence[int]) -> Iterator[Record]:
        """Reconciliations by their numbers, which stand as their DocEntry."""
        for at in range(0, len(numbers), KEYS_AT_ONCE):
            where = self.server.dialect.one_of("ReconNum", numbers[at : at + KEYS_AT_ONCE])
            for rows in self._reconciliations(where):
                yield from ({**row, "DocEntry": row["ReconNum"]} for row in rows if row["ReconNum"] in numbers)

    def _reconciliations(self, where: str) -> Iterator[Sequence[Record]]:
        for rows in self.server.keyset(RECONCILIATIONS, "ReconNum", where, _MATCHES):
            if any(name not in row for row in rows for name in _MATCHES):
                raise Retryable(f"{self.server.system}: asked for {ROWS} of {RECONCILIATIONS}, it answered without")
            yield rows

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
        matched = self._matched(found) if self.with_payments else []
        return {entry: _with_matches(chain_of(entry, found), matched) for entry in entries}

    def _matched(self, found: _Found) -> list[Record]:
        """What was matched by hand with these documents, and stands. Rows cannot be asked for by their documents: all since the first
        of those that something was paid of are read, and none where nothing was.
        """
        paid = {
            (name, key): str(row.get("DocDate"))[:10]
            for name in (INVOICES, DOWN_PAYMENTS)
            for key, row in found[name].items()
            if row.get("PaidToDate") and row.get("DocDate")
        }
        if not paid:
            return []
        first = dt.date.fromisoformat(min(paid.values())) - DATED_FAR_BACK
        where = all_of(self.server.dialect.compare("ReconDate", "ge", first), self._by_hand())
        stand = (row for rows in self._reconciliations(where) for row in rows if not row["CancelAbs"])
        return [row for row in stand if not paid.keys().isdisjoint(bases_of(RECONCILIATIONS, row))]

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
        asks_for_money = name == INVOICES or (name == DOWN_PAYMENTS and row.get("DownPaymentType") != "dptRequest")
        if asks_for_money and is_open and str(row.get("DocDueDate") or "9")[:10] < self.today().isoformat():
            kept["Overdue"] = "tYES"
        return kept


def _with_matches(chain: dict[str, list[Record]], matched: Sequence[Record]) -> Mapping[str, Sequence[Record]]:
    documents = {(name, int(key_of(one))) for name in (INVOICES, DOWN_PAYMENTS) for one in chain[name]}
    of_chain = [reconciliation_of(one) for one in matched if not documents.isdisjoint(bases_of(RECONCILIATIONS, one))]
    return {**chain, RECONCILIATIONS: of_chain}


def _members(name: str, page: Sequence[KeyStamp]) -> list[KeyStamp]:
    return [replace(stamp, key=member_key(name, stamp.key)) for stamp in page]
