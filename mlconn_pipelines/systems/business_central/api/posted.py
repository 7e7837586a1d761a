"""Which sales invoices are posted: drafts and posted ones lie in one set, and `Open` is a status of both.

Sure signs are the statuses that only posted ones have, the order that an invoice was made from, and a number that changed since it
was a draft's, for posting keeps the id and gives another number. Else the general ledger tells, which posting writes in the same
transaction; but its entries name a number and `Invoice`, and purchase invoices may bear the same numbers. So the entries must be of
the invoice's own posting date, one account must have got what the customer owes, and purchase invoices under the number must not
explain them. Source: fact sheet, section 4 and trap 1; addition, section 2.7.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconn_pipelines.errors import ConnectorError, Retryable
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.business_central.api.client import BusinessCentralApi
from mlconn_pipelines.systems.business_central.records.reading import NO_ID, day_of, option
from mlconn_pipelines.systems.business_central.records.stamps import key_of

POSTED = frozenset({"Paid", "Canceled", "Corrective"})
AMBIGUOUS = "Open"
DRAFTS = frozenset({"Draft", "In Review"})
ENTRIES, PURCHASES = "generalLedgerEntries", "purchaseInvoices"
NUMBERS_AT_ONCE = 100
"""Numbers that one filter names, of at most 20 characters: below the 8,000 characters that the gateway takes."""
KNOWN_MAX = 50_000

SIGNS = "postingDate,totalAmountIncludingTax,currencyId,orderNumber"
"""What must be selected of an invoice beside id, number and status."""
_ENTRY = "documentNumber,documentType,postingDate,accountNumber,debitAmount,creditAmount"
_PURCHASE = "number,status,postingDate,totalAmountIncludingTax"


class PostedInvoices:
    """Tells posted invoices from drafts, and remembers them: nothing posted becomes a draft again. Safe to use from several threads."""

    def __init__(self, api: BusinessCentralApi) -> None:
        self._api = api
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._drafts: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def among(self, rows: Sequence[Record]) -> list[Record]:
        """The posted ones, in the order given. rows: with id, number, status and SIGNS."""
        unsure = [row for row in rows if option(row.get("status")) == AMBIGUOUS and not self._is_known(row)]
        by_itself = [row for row in unsure if row.get("orderNumber") or self._was_renumbered(row)]
        self._remember(by_itself)
        self._remember(self._booked([row for row in unsure if not self._is_known(row)]))
        drafts = [row for row in rows if option(row.get("status")) in DRAFTS]
        self._remember_drafts([*drafts, *(row for row in unsure if not self._is_known(row))])
        return [row for row in rows if option(row.get("status")) in POSTED or self._is_posted(row)]

    def _is_posted(self, row: Record) -> bool:
        return option(row.get("status")) == AMBIGUOUS and self._is_known(row)

    def _booked(self, rows: Sequence[Record]) -> list[Record]:
        """Those whose sale stands in the general ledger."""
        entries = self._entries({str(row.get("number") or "") for row in rows} - {""})
        maybe = [row for row in rows if _of_day(entries.get(str(row.get("number")), ()), row)]
        purchases = self._purchases({str(row["number"]) for row in maybe})
        return [row for row in maybe if _is_sale(row, entries[str(row["number"])], purchases)]

    def _entries(self, numbers: Iterable[str]) -> Mapping[str, list[Record]]:
        """The general ledger's entries of invoices, whoever's, by their number."""
        found: defaultdict[str, list[Record]] = defaultdict(list)
        for where in self._in_parts("documentNumber", numbers):
            for row in self._rows(ENTRIES, _ENTRY, where):
                if option(row.get("documentType")) == "Invoice":
                    found[str(row.get("documentNumber"))].append(row)
        return found

    def _purchases(self, numbers: Iterable[str]) -> Purchases:
        """Posted purchase invoices by their number. Where they may not be read, what the entries show by themselves must do."""
        found: defaultdict[str, list[Record]] = defaultdict(list)
        try:
            for where in self._in_parts("number", numbers):
                for row in self._rows(PURCHASES, _PURCHASE, where):
                    if option(row.get("status")) not in DRAFTS:
                        found[str(row.get("number"))].append(row)
        except Retryable:
            raise
        except ConnectorError:
            return Purchases({}, readable=False)
        return Purchases(found)

    def _rows(self, entity: str, select: str, where: str) -> list[Record]:
        """That there are none is believed after two answers: a draft is not read, and the watermark would pass what is none."""
        rows: list[Record] = []
        for _ in range(2):
            rows = rows or [row for page in self._api.pages(entity, {"$select": select, "$filter": where}) for row in page]
        return rows

    def _in_parts(self, name: str, numbers: Iterable[str]) -> Iterator[str]:
        wanted = sorted(numbers)
        for start in range(0, len(wanted), NUMBERS_AT_ONCE):
            yield self._api.dialect.one_of(name, wanted[start : start + NUMBERS_AT_ONCE])

    def _is_known(self, row: Record) -> bool:
        with self._lock:
            return _named(row) in self._known

    def _was_renumbered(self, row: Record) -> bool:
        with self._lock:
            draft = self._drafts.get(key_of(row))
        return draft is not None and draft != str(row.get("number") or "")

    def _remember(self, rows: Sequence[Record]) -> None:
        with self._lock:
            for row in rows:
                self._known[_named(row)] = None
                self._drafts.pop(key_of(row), None)
            while len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)

    def _remember_drafts(self, rows: Sequence[Record]) -> None:
        with self._lock:
            for row in rows:
                self._drafts[key_of(row)] = str(row.get("number") or "")
            while len(self._drafts) > KNOWN_MAX:
                self._drafts.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Purchases:
    """by_number: posted purchase invoices. readable: whether they could be asked for at all."""

    by_number: Mapping[str, Sequence[Record]]
    readable: bool = True


def _is_sale(row: Record, entries: Sequence[Record], purchases: Purchases) -> bool:
    """Whether the entries under its number are the invoice's own: one account got what the customer owes, on its posting date.

    The ledger is kept in the company's currency: of an invoice in another the amount says nothing, only that nothing was bought.
    """
    of_day = _of_day(entries, row)
    bought = _of_day(purchases.by_number.get(str(row["number"]), ()), row)
    total = _amount(row.get("totalAmountIncludingTax"))
    local = str(row.get("currencyId") or NO_ID) == NO_ID
    if not total or not local or all(entry.get("debitAmount") is None for entry in of_day):
        return not bought
    owed: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in of_day:
        owed[str(entry.get("accountNumber"))] += _amount(entry.get("debitAmount")) or Decimal()
        owed[str(entry.get("accountNumber"))] -= _amount(entry.get("creditAmount")) or Decimal()
    # A purchase of the same number, day and amount would leave the same on the account that it is for.
    same = any(_amount(purchase.get("totalAmountIncludingTax")) == total for purchase in bought)
    return total in owed.values() and not same


def _of_day(rows: Sequence[Record], invoice: Record) -> list[Record]:
    """Those that were posted on the invoice's posting date, as far as both are said."""
    day = day_of(invoice.get("postingDate"))
    return [row for row in rows if day is None or (said := day_of(row.get("postingDate"))) is None or said == day]


def _amount(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _named(row: Record) -> tuple[str, str]:
    """Posting keeps the id and gives another number, so a draft's pair is never a posted one's."""
    return key_of(row), str(row.get("number") or "")
