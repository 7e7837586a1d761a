"""What is made of a sales order: deliveries, invoices, returns, credit notes, each of which names the lines that it was copied from.

A line of an order has no pointer to what was copied from it: only the copies point back.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

ORDERS, DELIVERIES, INVOICES, RETURNS, CREDITS = "Orders", "DeliveryNotes", "Invoices", "Returns", "CreditNotes"
PAYMENTS = "IncomingPayments"

TYPES: Mapping[str, int] = {INVOICES: 13, CREDITS: 14, DELIVERIES: 15, RETURNS: 16, ORDERS: 17}
"""Object types, as BaseType names them."""

COPIED_FROM: Mapping[str, tuple[str, ...]] = {
    DELIVERIES: (ORDERS, INVOICES),
    INVOICES: (ORDERS, DELIVERIES),
    RETURNS: (DELIVERIES,),
    CREDITS: (INVOICES, RETURNS),
}
"""The sets of a chain, each with those that its lines are copied from. A delivery is copied from an invoice that reserves goods."""

_SETS = {number: name for name, number in TYPES.items()}
_MEMBER = re.compile(r"([A-Za-z]+)\((\d+)\)")


@dataclass(frozen=True, slots=True)
class ChainLine:
    """WithoutInventoryMovement: a credit for money alone; the goods stay where they are."""

    LineNum: int = 0
    Quantity: Decimal = Decimal()
    UnitsOfMeasurment: Decimal = Decimal()
    RemainingOpenQuantity: Decimal = Decimal()
    LineTotal: Decimal = Decimal()
    RowTotalFC: Decimal = Decimal()
    BaseType: int = -1
    BaseEntry: int | None = None
    BaseLine: int | None = None
    WithoutInventoryMovement: bool = False


@dataclass(frozen=True, slots=True)
class ChainDocument:
    """PaidToDate: local currency, whatever settled it. ReserveInvoice: its goods leave by a delivery that is copied from it.

    Overdue: open after the day that it was due, as of when it was read; no property of SAP.
    """

    DocEntry: int = 0
    DocNum: int = 0
    DocDate: dt.date | None = None
    DocDueDate: dt.date | None = None
    DocTotal: Decimal = Decimal()
    DocTotalFc: Decimal = Decimal()
    PaidToDate: Decimal = Decimal()
    DocumentStatus: str = "bost_Open"
    Cancelled: bool = False
    CancelStatus: str = "csNo"
    ReserveInvoice: bool = False
    TrackingNumber: str = ""
    Overdue: bool = False
    DocumentLines: tuple[ChainLine, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it is neither cancelled nor the document that cancels another."""
        return not self.Cancelled and self.CancelStatus == "csNo"


HEADER = tuple(each.name for each in fields(ChainDocument) if each.name != "DocumentLines")
LINE = tuple(each.name for each in fields(ChainLine))
"""What is kept of each document of a chain."""


def kept_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """A document without what says nothing of how far an order has come."""
    lines = record.get("DocumentLines") or ()
    kept = {name: record[name] for name in HEADER if name in record}
    return {**kept, "DocumentLines": [{name: line[name] for name in LINE if name in line} for line in lines]}


def member_key(name: str, entry: str | int) -> str:
    """The key of a document of a chain, as the Service Layer addresses it.

    >>> member_key("DeliveryNotes", 5), member_of("DeliveryNotes(5)"), member_of("17")
    ('DeliveryNotes(5)', ('DeliveryNotes', '5'), None)
    """
    return f"{name}({entry})"


def member_of(key: str) -> tuple[str, str] | None:
    """Set and DocEntry of such a key; None of an order's."""
    found = _MEMBER.fullmatch(key)
    return (found[1], found[2]) if found else None


def bases_of(name: str, record: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Sets and keys of what a document was copied from, or cancels, or a payment pays."""
    if name == PAYMENTS:
        for row in record.get("PaymentInvoices") or ():
            if row.get("InvoiceType") == "it_Invoice" and row.get("DocEntry") is not None:
                yield INVOICES, int(row["DocEntry"])
        return
    for line in record.get("DocumentLines") or ():
        base = _SETS.get(int(line.get("BaseType") or -1))
        if (base == name or base in COPIED_FROM.get(name, ())) and line.get("BaseEntry") is not None:
            yield str(base), int(line["BaseEntry"])


def chain_of(entry: int, found: Mapping[str, Mapping[int, Mapping[str, Any]]]) -> dict[str, list[Mapping[str, Any]]]:
    """Of documents by set and key, those that hang on one order, by set."""
    chain: dict[str, list[Mapping[str, Any]]] = {name: [] for name in COPIED_FROM}
    reached: set[tuple[str, int]] = {(ORDERS, entry)}
    growing = True
    while growing:
        growing = False
        for name, records in found.items():
            for key, record in records.items():
                if (name, key) not in reached and not reached.isdisjoint(bases_of(name, record)):
                    reached.add((name, key))
                    chain[name].append(record)
                    growing = True
    return chain


def order_lines(entry: int, documents: Iterable[tuple[str, ChainDocument]]) -> dict[tuple[str, int, int], int]:
    """(set, DocEntry, LineNum) of lines of a chain, each with the LineNum of the order's line that it goes back to."""
    lines: Sequence[tuple[str, int, ChainLine]] = [
        (name, document.DocEntry, line) for name, document in documents for line in document.DocumentLines
    ]
    found: dict[tuple[str, int, int], int] = {}
    growing = True
    while growing:
        growing = False
        for name, key, line in lines:
            if (here := (name, key, line.LineNum)) in found or line.BaseEntry is None or line.BaseLine is None:
                continue
            base = _SETS.get(line.BaseType, "")
            if base == ORDERS and line.BaseEntry == entry:
                found[here] = line.BaseLine
                growing = True
            elif (origin := found.get((base, line.BaseEntry, line.BaseLine))) is not None:
                found[here] = origin
                growing = True
    return found
