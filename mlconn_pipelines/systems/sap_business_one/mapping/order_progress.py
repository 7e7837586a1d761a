"""How far an order of ours has come: delivered, invoiced and paid, by the chain of documents that were made of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.sales_order import OrderInvoice, SalesOrderStatus
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.mapping import RecordHeader, Translated
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sap_business_one.mapping.change_detection import header_of
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import DocumentLine, MarketingDocument
from mlconn_pipelines.systems.sap_business_one.records.order_chain import (
    COPIED_FROM,
    CREDITS,
    DELIVERIES,
    HEADER,
    INVOICES,
    LINE,
    ORDERS,
    RETURNS,
    TYPES,
    ChainDocument,
    ChainLine,
    order_lines,
)
from mlconn_pipelines.systems.sap_business_one.records.reading import read
from mlconn_pipelines.systems.sap_business_one.records.stamps import stamp_of

CENT = Decimal("0.01")

_LINE = Projection(("LineNum", "Quantity", "RemainingOpenQuantity", "LineStatus", "Price", "LineTotal"), ordered_by="LineNum")
_COPY = Projection(HEADER, {"DocumentLines": Projection(LINE, ordered_by="LineNum")}, ordered_by="DocEntry")
STATUS_HASHING = RecordHashing(
    ORDERS,
    Projection(
        ("DocNum", "DocCurrency", "DocTotal", "DocumentStatus", "Cancelled", "CancelStatus"),
        {"DocumentLines": _LINE, **dict.fromkeys(COPIED_FROM, _COPY)},
    ),
)


def status_header_of(record: Record, reference_field: str, integration: str) -> RecordHeader:
    """cancelled: not an order of this integration, so that nobody is to be told of it. What SAP cancelled is told.

    So is a document of a chain: its orders come beside it, and of it nothing but the stamp is kept.
    """
    if (member := record.get("Member")) is not None:
        return RecordHeader(str(member), stamp_of(record), str(member), None, "", "", True, "", 0, None, "")
    facts = header_of(ORDERS, record, reference_field)
    return RecordHeader(
        key=facts.key,
        stamp=facts.stamp,
        business_number=facts.business_number,
        date=facts.date,
        partner_code=facts.partner_code,
        content_hash=STATUS_HASHING.of(record),
        projection=STATUS_HASHING.version,
        cancelled=not facts.correlation_reference.startswith(f"{integration}:{ORDERS}:"),
        correlation_reference="",
        line_count=facts.line_count,
        amount=facts.amount,
        currency=facts.currency,
    )


def origin_of(record: Record, reference_field: str) -> str:
    """The id of the document that the order was made for."""
    return str(record.get(reference_field) or "").rpartition(":")[2]


def status_of(record: Record, of: str, book: ReferenceBook) -> Translated:
    """of: the deal that the order was made for, by the key of its own system."""
    notes = Checklist()
    try:
        order = read(MarketingDocument, record)
        chain = _chain_of(record, order)
    except DocumentRejected as refusal:
        notes.reject(refusal.code, str(refusal))
        return Translated(None, notes.findings)
    currency = book.currencies.get(order.DocCurrency)
    moved = chain.moved
    lines = [_line(line, chain, moved) for line in order.DocumentLines]
    number, date = chain.last_delivery
    status = SalesOrderStatus(
        number=str(order.DocNum or order.DocEntry),
        of=of,
        state=_state(order, lines),
        ordered_quantity=sum((line.ordered for line in lines), Decimal()),
        delivered_quantity=sum((line.delivered for line in lines), Decimal()),
        open_quantity=sum((line.open for line in lines), Decimal()),
        amount=sum((line.ordered * line.price for line in lines), Decimal()),
        delivered_amount=sum((line.delivered * line.price for line in lines), Decimal()),
        open_amount=sum((line.open * line.price for line in lines), Decimal()),
        currency=currency.iso if currency else "",
        delivery_number=number,
        delivery_date=date,
        tracking_number=chain.tracking_number,
        invoices=chain.invoices,
        date=order.DocDate,
        credited_amount=sum((chain.part(CREDITS, one, one.DocTotal) for one in chain.of(CREDITS)), Decimal()),
    )
    return Translated(status, notes.findings, partner_code=order.CardCode)


@dataclass(frozen=True, slots=True)
class _Line:
    """Quantities in the unit of the order's line. price: after discount, without tax."""

    ordered: Decimal
    delivered: Decimal
    open: Decimal
    price: Decimal


def _line(line: DocumentLine, chain: _Chain, moved: _Moved) -> _Line:
    """Of an open line SAP says itself what was taken of it, should a document of the chain not have been given out.

    Of one that was closed, by hand perhaps, only the chain knows.
    """
    unit = line.UnitsOfMeasurment or Decimal(1)
    sent, back, reserved = (each.get(line.LineNum, Decimal()) / unit for each in (moved.sent, moved.back, moved.reserved))
    remaining = max(min(line.RemainingOpenQuantity, line.Quantity), Decimal())
    is_open = line.LineStatus != "bost_Close"
    if is_open or not chain.known:
        sent = max(sent, line.Quantity - remaining - reserved)
    return _Line(
        line.Quantity, max(sent - back, Decimal()), (remaining if is_open else Decimal()) + reserved, line.Price or Decimal()
    )


def _state(order: MarketingDocument, lines: Sequence[_Line]) -> str:
    if order.cancelled:
        return "cancelled"
    if lines and all(line.delivered >= line.ordered for line in lines):
        return "delivered"
    if order.DocumentStatus == "bost_Close" and not any(line.open for line in lines):
        return "closed"
    return "partly_delivered" if any(line.delivered for line in lines) else "open"


@dataclass(frozen=True, slots=True)
class _Moved:
    """Quantities by the order's line, in stock units."""

    sent: dict[int, Decimal]
    back: dict[int, Decimal]
    reserved: dict[int, Decimal]


@dataclass(frozen=True, slots=True)
class _Chain:
    """What was made of an order. known: whether it was read. lines: as of `order_lines`."""

    known: bool
    documents: Sequence[tuple[str, ChainDocument]]
    lines: Mapping[tuple[str, int, int], int]

    def of(self, name: str) -> list[ChainDocument]:
        """Those that count, of one set, in the order of their days."""
        found = [one for each, one in self.documents if each == name and one.counts]
        return sorted(found, key=_by_day)

    def ours(self, name: str, document: ChainDocument) -> list[tuple[int, ChainLine]]:
        """Its lines that go back to the order, each with the order's line."""
        found = ((self.lines.get((name, document.DocEntry, line.LineNum)), line) for line in document.DocumentLines)
        return [(of, line) for of, line in found if of is not None]

    @property
    def moved(self) -> _Moved:
        """Deliveries, and invoices that goods leave by; what came back; and what invoices only reserve."""
        moved = _Moved({}, {}, {})
        reserving = {one.DocEntry for one in self.of(INVOICES) if one.ReserveInvoice}
        for name in (DELIVERIES, INVOICES, RETURNS, CREDITS):
            for document in self.of(name):
                for of, line in self.ours(name, document):
                    quantity, to = line.Quantity, moved.back if name in (RETURNS, CREDITS) else moved.sent
                    if name == INVOICES and document.ReserveInvoice:
                        quantity, to = line.RemainingOpenQuantity, moved.reserved
                    elif name == INVOICES and line.BaseType != TYPES[ORDERS]:
                        continue  # delivered before
                    elif name == CREDITS and (
                        line.BaseType != TYPES[INVOICES] or line.BaseEntry in reserving or line.WithoutInventoryMovement
                    ):
                        continue  # returned before, never sent, or a matter of money
                    to[of] = to.get(of, Decimal()) + quantity * (line.UnitsOfMeasurment or Decimal(1))
        return moved

    @property
    def _shipments(self) -> list[ChainDocument]:
        """Deliveries of the order, and invoices that its goods left by."""
        deliveries = [one for one in self.of(DELIVERIES) if self.ours(DELIVERIES, one)]
        by_invoice = [
            one
            for one in self.of(INVOICES)
            if not one.ReserveInvoice and any(line.BaseType == TYPES[ORDERS] for _, line in self.ours(INVOICES, one))
        ]
        return sorted([*deliveries, *by_invoice], key=_by_day)

    @property
    def last_delivery(self) -> tuple[str, dt.date | None]:
        """Number and day."""
        shipments = self._shipments
        return (str(shipments[-1].DocNum), shipments[-1].DocDate) if shipments else ("", None)

    @property
    def tracking_number(self) -> str:
        """The newest that there is."""
        return next((one.TrackingNumber for one in reversed(self._shipments) if one.TrackingNumber.strip()), "")

    @property
    def invoices(self) -> tuple[OrderInvoice, ...]:
        return tuple(self._invoice(one) for one in self.of(INVOICES) if self.ours(INVOICES, one))

    def _invoice(self, invoice: ChainDocument) -> OrderInvoice:
        amount = self.part(INVOICES, invoice, invoice.DocTotal)
        notes = ((one, self._based_on(one, invoice)) for one in self.of(CREDITS))
        credited = min(sum((self.part(CREDITS, one, one.DocTotal, lines) for one, lines in notes if lines), Decimal()), amount)
        closed = invoice.DocumentStatus == "bost_Close"
        settled = amount if closed else min(self.part(INVOICES, invoice, invoice.PaidToDate), amount)
        return OrderInvoice(
            number=str(invoice.DocNum),
            date=invoice.DocDate,
            due_date=invoice.DocDueDate,
            amount=amount,
            paid=max(settled - credited, Decimal()),
            credited=credited,
            overdue=invoice.Overdue,
        )

    def _based_on(self, note: ChainDocument, invoice: ChainDocument) -> list[ChainLine]:
        return [
            line
            for _, line in self.ours(CREDITS, note)
            if line.BaseType == TYPES[INVOICES] and line.BaseEntry == invoice.DocEntry
        ]

    def part(self, name: str, document: ChainDocument, amount: Decimal, of: Sequence[ChainLine] | None = None) -> Decimal:
        """The order's part of an amount in local currency, by the lines' totals; in the order's currency."""
        mine = [line for _, line in self.ours(name, document)] if of is None else of
        total = sum((line.LineTotal for line in document.DocumentLines), Decimal())
        share = sum((line.LineTotal for line in mine), Decimal()) / total if total else Decimal(bool(mine))
        rate = document.DocTotalFc / document.DocTotal if document.DocTotalFc and document.DocTotal else Decimal(1)
        return (amount * share * rate).quantize(CENT)


def _chain_of(record: Record, order: MarketingDocument) -> _Chain:
    documents = [(name, read(ChainDocument, row)) for name in COPIED_FROM for row in record.get(name) or ()]
    return _Chain(DELIVERIES in record, documents, order_lines(order.DocEntry, documents))


def _by_day(one: ChainDocument) -> tuple[dt.date, int]:
    return one.DocDate or dt.date.min, one.DocEntry
