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
    DOWN_PAYMENTS,
    DRAWN,
    HEADER,
    INVOICES,
    LINE,
    ORDERS,
    RECONCILED,
    RECONCILIATIONS,
    RETURNS,
    ROWS,
    TYPES,
    ChainDocument,
    ChainLine,
    Reconciliation,
    order_lines,
)
from mlconn_pipelines.systems.sap_business_one.records.reading import read
from mlconn_pipelines.systems.sap_business_one.records.stamps import stamp_of

CENT = Decimal("0.01")

_LINE = Projection(("LineNum", "Quantity", "RemainingOpenQuantity", "LineStatus", "Price", "LineTotal"), ordered_by="LineNum")
_COPY = Projection(
    HEADER,
    {
        "DocumentLines": Projection(LINE, ordered_by="LineNum"),
        "DownPaymentsToDraw": Projection(DRAWN, ordered_by="DocEntry"),
    },
    ordered_by="DocEntry",
)
_MATCH = Projection(("ReconNum",), {ROWS: Projection(RECONCILED)}, ordered_by="ReconNum")
STATUS_HASHING = RecordHashing(
    ORDERS,
    Projection(
        ("DocNum", "DocCurrency", "DocTotal", "DocumentStatus", "Cancelled", "CancelStatus"),
        {"DocumentLines": _LINE, **dict.fromkeys(COPIED_FROM, _COPY), RECONCILIATIONS: _MATCH},
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
        credited_amount=chain.credited,
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
    matched: Sequence[Reconciliation] = ()

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
        """Invoices, and down payments as far as no invoice has drawn them."""
        found = [(one, self._invoice(one)) for one in self.of(INVOICES) if self.ours(INVOICES, one)]
        found += [(one, told) for one in self.of(DOWN_PAYMENTS) if (told := self._down_payment(one)).amount > 0]
        return tuple(told for _, told in sorted(found, key=lambda each: _by_day(each[0])))

    @property
    def credited(self) -> Decimal:
        """By credit notes that were made of it, and by others that were matched with its invoices."""
        made = sum((self.part(CREDITS, one, one.DocTotal) for one in self.of(CREDITS)), Decimal())
        of_these = [(name, one) for name in (INVOICES, DOWN_PAYMENTS) for one in self.of(name)]
        return made + sum((self.part(name, one, self._matched_credit(name, one)) for name, one in of_these), Decimal())

    def _invoice(self, invoice: ChainDocument) -> OrderInvoice:
        """With what it draws of down payments as paid, which SAP takes off its total."""
        drawn = self.part(INVOICES, invoice, sum((one.GrossAmountToDraw for one in invoice.DownPaymentsToDraw), Decimal()))
        return self._told(INVOICES, invoice, self.part(INVOICES, invoice, invoice.DocTotal), drawn)

    def _down_payment(self, one: ChainDocument) -> OrderInvoice:
        """What is not drawn yet. A request is no invoice: of it what was paid counts."""
        rows = (row for invoice in self.of(INVOICES) for row in invoice.DownPaymentsToDraw if row.DocEntry == one.DocEntry)
        drawn = self.part(DOWN_PAYMENTS, one, sum((row.GrossAmountToDraw for row in rows), Decimal()))
        owed = min(one.PaidToDate, one.DocTotal) if one.DownPaymentType == "dptRequest" else one.DocTotal
        amount = self.part(DOWN_PAYMENTS, one, owed)
        return self._told(DOWN_PAYMENTS, one, amount, -min(drawn, amount))

    def _told(self, name: str, one: ChainDocument, total: Decimal, drawn: Decimal) -> OrderInvoice:
        """drawn: what its total does not hold of it though it was paid; below zero what its total holds and another tells."""
        notes = ((note, self._based_on(note, name, one)) for note in self.of(CREDITS))
        made = sum((self.part(CREDITS, note, note.DocTotal, lines) for note, lines in notes if lines), Decimal())
        amount = total + drawn
        credited = min(made + self.part(name, one, self._matched_credit(name, one)), amount)
        closed = one.DocumentStatus == "bost_Close"
        settled = drawn + (total if closed else min(self.part(name, one, one.PaidToDate), total))
        return OrderInvoice(
            number=str(one.DocNum),
            date=one.DocDate,
            due_date=one.DocDueDate,
            amount=amount,
            paid=max(settled - credited, Decimal()),
            credited=credited,
            overdue=one.Overdue,
            is_down_payment=name == DOWN_PAYMENTS,
        )

    def _matched_credit(self, name: str, one: ChainDocument) -> Decimal:
        """How much of a document's settled amount came from credit notes that were not made of it, in local currency.

        Of a reconciliation of several sides each has its share.
        """
        of_its_own = {note.DocEntry for note in self.of(CREDITS) if self._based_on(note, name, one)}
        found = Decimal()
        for match in self.matched:
            rows = [(int(row.SrcObjTyp or -1), row) for row in match.InternalReconciliationRows]
            debits = (TYPES[INVOICES], TYPES[DOWN_PAYMENTS])
            given = sum((row.ReconcileAmount for kind, row in rows if kind not in debits), Decimal())
            notes = (row for kind, row in rows if kind == TYPES[CREDITS] and row.SrcObjAbs not in of_its_own)
            taken = (row.ReconcileAmount for kind, row in rows if (kind, row.SrcObjAbs) == (TYPES[name], one.DocEntry))
            if given:
                found += sum(taken, Decimal()) * sum((row.ReconcileAmount for row in notes), Decimal()) / given
        return found

    def _based_on(self, note: ChainDocument, name: str, one: ChainDocument) -> list[ChainLine]:
        return [line for _, line in self.ours(CREDITS, note) if line.BaseType == TYPES[name] and line.BaseEntry == one.DocEntry]

    def part(self, name: str, document: ChainDocument, amount: Decimal, of: Sequence[ChainLine] | None = None) -> Decimal:
        """The order's part of an amount in local currency, by the lines' totals; in the order's currency."""
        mine = [line for _, line in self.ours(name, document)] if of is None else of
        total = sum((line.LineTotal for line in document.DocumentLines), Decimal())
        share = sum((line.LineTotal for line in mine), Decimal()) / total if total else Decimal(bool(mine))
        rate = document.DocTotalFc / document.DocTotal if document.DocTotalFc and document.DocTotal else Decimal(1)
        if (
            not document.DocTotal
            and total
            and (foreign := sum((line.RowTotalFC for line in document.DocumentLines), Decimal()))
        ):
            rate = foreign / total  # all of it was drawn from down payments
        return (amount * share * rate).quantize(CENT)


def _chain_of(record: Record, order: MarketingDocument) -> _Chain:
    documents = [(name, read(ChainDocument, row)) for name in COPIED_FROM for row in record.get(name) or ()]
    matched = [read(Reconciliation, row) for row in record.get(RECONCILIATIONS) or ()]
    return _Chain(DELIVERIES in record, documents, order_lines(order.DocEntry, documents), matched)


def _by_day(one: ChainDocument) -> tuple[dt.date, int]:
    return one.DocDate or dt.date.min, one.DocEntry
