"""What is made of a sales order: deliveries, down payments, invoices, returns, credit notes, each naming the lines it was copied from.

A line of an order has no pointer to what was copied from it: only the copies point back. What was matched afterwards (a credit note
or a payment on account with an invoice) stands in an internal reconciliation and nowhere else.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

ORDERS, DELIVERIES, INVOICES, RETURNS, CREDITS = "Orders", "DeliveryNotes", "Invoices", "Returns", "CreditNotes"
DOWN_PAYMENTS, PAYMENTS, RECONCILIATIONS = "DownPayments", "IncomingPayments", "InternalReconciliations"

TYPES: Mapping[str, int] = {INVOICES: 13, CREDITS: 14, DELIVERIES: 15, RETURNS: 16, ORDERS: 17, DOWN_PAYMENTS: 203}
"""Object types, as BaseType names them."""

COPIED_FROM: Mapping[str, tuple[str, ...]] = {
    DELIVERIES: (ORDERS, INVOICES),
    DOWN_PAYMENTS: (ORDERS,),
    INVOICES: (ORDERS, DELIVERIES),
    RETURNS: (DELIVERIES,),
    CREDITS: (INVOICES, RETURNS, DOWN_PAYMENTS),
}
"""The sets of a chain, each with those that its lines are copied from. A delivery is copied from an invoice that reserves goods."""

PAID_BY = {"it_Invoice": INVOICES, "it_DownPayment": DOWN_PAYMENTS}
"""What a row of a payment calls the documents that it pays."""

_SETS = {number: name for name, number in TYPES.items()}
ROWS = "InternalReconciliationRows"
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
class DrawnDownPayment:
    """What an invoice takes from a down payment, tax included, in local currency."""

    DocEntry: int = 0
    GrossAmountToDraw: Decimal = Decimal()


@dataclass(frozen=True, slots=True)
class ReconciledAmount:
    """One document's part in a reconciliation. SrcObjTyp: its object type, SrcObjAbs: its DocEntry."""

    SrcObjTyp: str = ""
    SrcObjAbs: int = 0
    ReconcileAmount: Decimal = Decimal()


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Documents of one customer that were matched with each other, in local currency."""

    ReconNum: int = 0
    InternalReconciliationRows: tuple[ReconciledAmount, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainDocument:
    """DocTotal of an invoice: less the down payments that it draws. PaidToDate: local currency, whatever settled it, but what was drawn.
    ReserveInvoice: its goods leave by a delivery that is copied from it. DownPaymentType: a request (dptRequest) is no invoice.

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
    DownPaymentType: str = ""
    DocumentLines: tuple[ChainLine, ...] = ()
    DownPaymentsToDraw: tuple[DrawnDownPayment, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it is neither cancelled nor the document that cancels another."""
        return not self.Cancelled and self.CancelStatus == "csNo"


HEADER = tuple(each.name for each in fields(ChainDocument) if each.name not in ("DocumentLines", "DownPaymentsToDraw"))
LINE = tuple(each.name for each in fields(ChainLine))
DRAWN = tuple(each.name for each in fields(DrawnDownPayment))
RECONCILED = tuple(each.name for each in fields(ReconciledAmount))
"""What is kept of each document of a chain."""


def kept_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """A document without what says nothing of how far an order has come."""
    kept = {name: record[name] for name in HEADER if name in record}
    if drawn := record.get("DownPaymentsToDraw"):
        kept["DownPaymentsToDraw"] = _only(DRAWN, drawn)
    return {**kept, "DocumentLines": _only(LINE, record.get("DocumentLines") or ())}


def reconciliation_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """A reconciliation likewise."""
    return {"ReconNum": record["ReconNum"], ROWS: _only(RECONCILED, record.get(ROWS) or ())}


def _only(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names if name in row} for row in rows]


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
    """Sets and keys of what a document was copied from, or cancels, a payment pays, or a reconciliation matches."""
    if name == PAYMENTS:
        for row in record.get("PaymentInvoices") or ():
            if (paid := PAID_BY.get(str(row.get("InvoiceType")))) is not None and row.get("DocEntry") is not None:
                yield paid, int(row["DocEntry"])
        return
    if name == RECONCILIATIONS:
        for row in record.get(ROWS) or ():
            if (matched := _SETS.get(int(row.get("SrcObjTyp") or -1))) in (INVOICES, DOWN_PAYMENTS):
                yield str(matched), int(row["SrcObjAbs"])
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
