"""What customers owe: whom invoices, payments and journal entries moved, and balance and open documents of each.

Nothing stamps a business partner whose balance moves, and a payment has no stamp at all. But whatever moves a balance posts a
journal entry that names the partner, and entries are numbered; what moves no balance (an order, a due date) is stamped itself.
What is matched afterwards by hand (money on account or a credit note with an invoice) posts nothing and stamps nothing, but is
numbered itself: an internal reconciliation. What leaves no trace at all is found as all rows are read from time to time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.ports.records import ConnectionReport, Record
from mlconn_pipelines.ports.rows import Moved
from mlconn_pipelines.records.reading import decimal_from_json, whole_from_json
from mlconn_pipelines.systems.sap_business_one.api.client import ServiceLayer
from mlconn_pipelines.systems.sap_business_one.api.reading import KEYS_AT_ONCE, window_start
from mlconn_pipelines.systems.sap_business_one.records.stamps import master_stamp_of
from mlconn_pipelines.transport.odata import all_of, any_of

ENTRIES = "JournalEntries"
NUMBERED: Mapping[str, tuple[str, str]] = {
    ENTRIES: ("JdtNum", "JournalEntryLines"),
    "InternalReconciliations": ("ReconNum", "InternalReconciliationRows"),
}
"""Sets of which new ones tell by themselves whose row may be another: their keys, and the rows that name the customer."""
STAMPED: Mapping[str, str] = {
    "Invoices": "DocEntry",
    "CreditNotes": "DocEntry",
    "DownPayments": "DocEntry",
    "Orders": "DocEntry",
    "DeliveryNotes": "DocEntry",
    "BusinessPartners": "CardCode",
}
"""Sets whose changes tell by their stamp that a customer's row may be another, with their keys."""

_CUSTOMER = (
    *("CardCode", "CardName", "CardType", "Currency", "CurrentAccountBalance", "OpenOrdersBalance", "CreditLimit"),
    *("Valid", "ValidFrom", "ValidTo", "Frozen", "FrozenFrom", "FrozenTo"),
)
PAYMENTS, _PAYMENT = "IncomingPayments", ("DocEntry", "CardCode", "DocDate", "Cancelled")
_OPEN = ("DocEntry", "CardCode", "DocDueDate", "DocTotal", "PaidToDate")
OPEN_DOCUMENTS = {"Invoices": "OpenInvoices", "DownPayments": "OpenDownPayments", "CreditNotes": "OpenCreditNotes"}
"""Where a row has the open amounts of a set, a list of DueDate and Amount."""

BEGINNING = "1900-01-01T00:00:00"
"""The mark of a set that holds nothing yet."""

GAP_MAX = 100
"""Numbers that are waited for below the highest: an entry may be stored after a later one."""


class ReceivablesReader:
    """Implements RowSource; a row is a customer with the open amounts of their invoices, down payments and credit notes.

    payments_since: the day since when a row has the date of the customer's last payment; None where nobody wants it.
    """

    def __init__(self, server: ServiceLayer, payments_since: Callable[[], dt.date] | None = None) -> None:
        self._server, self._dialect = server, server.dialect
        self._payments_since = payments_since

    def marks(self) -> Mapping[str, str]:
        found = {entity: self._highest(entity) for entity in NUMBERED}
        for entity, key in STAMPED.items():
            order = f"UpdateDate desc,UpdateTime desc,{key} desc"
            rows = self._first(entity, order, _stamped(entity))
            stamp = max((master_stamp_of(row) for row in rows), default="") or BEGINNING
            found[entity] = stamped_mark(stamp, self._since(entity, stamp))
        return found

    def moved(self, marks: Mapping[str, str], at_a_glance: bool = False) -> Moved:
        """At a glance: the first page of entries or reconciliations, and no more where that names somebody."""
        found: set[str] = set()
        after: dict[str, str] = {}
        for entity, (key, rows_name) in NUMBERED.items():
            before = marks.get(entity) or self._highest(entity)  # none yet: marks of an earlier release
            named: set[str] = set()
            numbers: list[int] = []
            where = self._dialect.compare(key, "gt", int(before.partition(" ")[0]))
            for rows in self._pages(entity, key, where, (key, rows_name)):
                numbers += (whole_from_json(row[key]) for row in rows)
                named.update(code for row in rows for code in _partners(row.get(rows_name)))
                if at_a_glance:
                    break
            after[entity] = numbered_mark(before, numbers)
            if after[entity] != before:  # else those that are read again until a missing one has come
                found |= named
            if at_a_glance and found:
                return Moved(frozenset(found), marks)
        for entity in STAMPED:
            before = marks.get(entity, BEGINNING)
            rows = self._since(entity, before.partition(" ")[0])
            after[entity] = stamped_mark(max((master_stamp_of(row) for row in rows), default=before.partition(" ")[0]), rows)
            if after[entity] != before:
                found.update(str(row["CardCode"]) for row in rows)
        return Moved(frozenset(found), after)

    def check(self) -> Sequence[ConnectionReport]:
        read: dict[str, Sequence[str]] = {name: _stamped(name) for name in STAMPED}
        read |= {
            **NUMBERED,
            "BusinessPartners": _CUSTOMER,
            **dict.fromkeys(OPEN_DOCUMENTS, _OPEN),
        }
        if self._payments_since is not None:
            read[PAYMENTS] = _PAYMENT
        for entity, names in read.items():
            self._server.page(entity, {"$select": ",".join(names), "$top": 1})
        return [ConnectionReport(self._server.system, True, f"read what customers owe: {', '.join(read)}")]

    def rows(self, keys: Collection[str] | None = None) -> Iterator[Sequence[Record]]:
        """All of them: what is open is read first, as amounts by due date."""
        customers = self._dialect.compare("CardType", "eq", "cCustomer")
        if keys is None:
            amounts, paid = {name: self._open(entity, "") for entity, name in OPEN_DOCUMENTS.items()}, self._last_payments("")
            for rows in self._pages("BusinessPartners", "CardCode", customers, _CUSTOMER):
                yield [_with_amounts(row, amounts, paid) for row in rows]
            return
        ordered = sorted(set(keys))
        for start in range(0, len(ordered), KEYS_AT_ONCE):
            part = ordered[start : start + KEYS_AT_ONCE]
            of_these = self._dialect.one_of("CardCode", part)
            amounts = {name: self._open(entity, of_these, part) for entity, name in OPEN_DOCUMENTS.items()}
            paid = self._last_payments(of_these, part)
            for rows in self._pages("BusinessPartners", "CardCode", all_of(of_these, customers), _CUSTOMER, part):
                yield [_with_amounts(row, amounts, paid) for row in rows]

    def _highest(self, entity: str) -> str:
        key, _ = NUMBERED[entity]
        newest = self._first(entity, f"{key} desc", (key,))
        return str(whole_from_json(newest[0][key])) if newest else "0"

    def _first(self, entity: str, order: str, select: Sequence[str]) -> Sequence[Record]:
        return self._fits(
            entity, self._server.page(entity, {"$select": ",".join(select), "$orderby": order, "$top": 1}).rows, select
        )

    def _pages(
        self, entity: str, key: str, where: str, select: Sequence[str], of: Collection[str] = ()
    ) -> Iterator[Sequence[Record]]:
        """of: the customers that were asked for, all where none is named."""
        for rows in self._server.keyset(entity, key, where, select):
            yield self._fits(entity, rows, select, of)

    def _fits(self, entity: str, rows: Sequence[Record], select: Sequence[str], of: Collection[str] = ()) -> Sequence[Record]:
        """Errors: Retryable for rows that are of another question."""
        asked = {code.casefold() for code in of}
        others = bool(asked) and any(str(row.get("CardCode")).casefold() not in asked for row in rows)
        if others or any(name not in row for row in rows for name in select):
            raise Retryable(f"{self._server.system}: asked for {', '.join(select)} of {entity}, it answered with others")
        return rows

    def _since(self, entity: str, stamp: str) -> list[Record]:
        """What was stamped since, with the overlap of every read by stamps."""
        start = window_start(stamp)
        where = self._dialect.since("UpdateDate", "UpdateTime", start)
        if entity == "BusinessPartners":  # one that was never changed may have no UpdateDate
            where = any_of(where, self._dialect.compare("CreateDate", "ge", start.date()))
        return [row for rows in self._pages(entity, STAMPED[entity], where, _stamped(entity)) for row in rows]

    def _open(self, entity: str, where: str, of: Collection[str] = ()) -> dict[str, dict[str, Decimal]]:
        """Amounts by customer and due date."""
        found: dict[str, dict[str, Decimal]] = {}
        still_open = all_of(self._dialect.compare("DocumentStatus", "eq", "bost_Open"), where)
        if entity == "DownPayments":  # a request for one is owed by nobody yet
            still_open = all_of(self._dialect.compare("DownPaymentType", "eq", "dptInvoice"), still_open)
        for rows in self._pages(entity, "DocEntry", still_open, _OPEN, of):
            for row in rows:
                due = str(row.get("DocDueDate") or "")[:10]
                of_customer = found.setdefault(str(row["CardCode"]), {})
                amount = decimal_from_json(row["DocTotal"]) - decimal_from_json(row.get("PaidToDate") or 0)
                of_customer[due] = of_customer.get(due, Decimal()) + amount
        return found

    def _last_payments(self, where: str, of: Collection[str] = ()) -> dict[str, str]:
        """The day of each customer's newest payment that stands, by their code; payments have no stamp to ask by."""
        if self._payments_since is None:
            return {}
        since = self._dialect.compare("DocDate", "ge", self._payments_since())
        stands = self._dialect.compare("Cancelled", "eq", "tNO")
        found: dict[str, str] = {}
        for rows in self._pages(PAYMENTS, "DocEntry", all_of(since, stands, where), _PAYMENT, of):
            for row in rows:
                code = str(row.get("CardCode") or "")
                found[code] = max(found.get(code, ""), str(row["DocDate"])[:10])
        return found


def numbered_mark(before: str, numbers: Sequence[int]) -> str:
    """The highest number that none is missing below, and those beyond it, which are read again until the missing one has come.

    A number may stay out for good: no more than some are waited for.

    >>> numbered_mark("7", [8, 9]), numbered_mark("7", [8, 10]), numbered_mark("8 10", [9, 10]), numbered_mark("7", [500])
    ('9', '8 10', '10', '400 500')
    """
    seen = set(numbers)
    reached = int(before.partition(" ")[0])
    reached = max(reached, max(seen, default=reached) - GAP_MAX)
    while reached + 1 in seen:
        reached += 1
    return " ".join(map(str, (reached, *sorted(number for number in seen if number > reached))))


def stamped_mark(stamp: str, rows: Iterable[Record]) -> str:
    """The newest stamp, and a digest of what the window before it holds: another digest tells of what came late.

    >>> stamped_mark("2026-01-05T12:00:00", [{"DocEntry": 7, "UpdateDate": "2026-01-05", "UpdateTime": "10:29:59"}])
    '2026-01-05T12:00:00 e3b0c44298fc'
    """
    start = window_start(stamp).isoformat(timespec="seconds")
    told = sorted(f"{row.get('DocEntry') or row['CardCode']} {at}" for row in rows if (at := master_stamp_of(row)) >= start)
    return f"{stamp} {hashlib.sha256('|'.join(told).encode()).hexdigest()[:12]}"


def _stamped(entity: str) -> Sequence[str]:
    """What is read to see whether a record changed."""
    created = ("CreateDate", "CreateTime") if entity == "BusinessPartners" else ()
    return tuple(dict.fromkeys((STAMPED[entity], "CardCode", "UpdateDate", "UpdateTime", *created)))


def _partners(rows: Iterable[Record] | None) -> Iterator[str]:
    for line in rows or ():
        name = line.get("ShortName")
        if name and name != line.get("AccountCode"):
            yield str(name)


def _with_amounts(row: Record, amounts: Mapping[str, Mapping[str, Mapping[str, Decimal]]], paid: Mapping[str, str]) -> Record:
    code = str(row["CardCode"])
    listed = {
        name: [{"DueDate": due or None, "Amount": amount} for due, amount in sorted(of_all.get(code, {}).items())]
        for name, of_all in amounts.items()
    }
    return {**row, **listed, "LastPaymentDate": paid.get(code)}
