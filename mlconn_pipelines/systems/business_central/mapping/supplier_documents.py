"""X12 855, 856 and 810 against the orders that we sent from Business Central, and what an 855 changes of them.

An order's `status` is the service's own: what a supplier says of each line is kept in the ledger, days go to the lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.acknowledgment_comparison import Correction, answers_to
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import OrderedLine
from mlconn_pipelines.edi.supplied_order import SuppliedOrder
from mlconn_pipelines.edi.units import x12_factors
from mlconn_pipelines.ports.mapping import AcknowledgmentEffect
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.business_central.mapping.outbound_lines import mapped_lines
from mlconn_pipelines.systems.business_central.mapping.sets import PURCHASE_ORDERS, SYSTEM_TITLE
from mlconn_pipelines.systems.business_central.mapping.settings import BusinessCentralSettings
from mlconn_pipelines.systems.business_central.records.purchase_order import PurchaseLine, PurchaseOrder
from mlconn_pipelines.systems.business_central.records.reading import read
from mlconn_pipelines.systems.business_central.records.sales_document import DocumentLine, SalesLine, SalesOrder


@dataclass(frozen=True, slots=True)
class OurOrder:
    """supplied: the order as its receiver read it. sources: the record's own lines by sequence."""

    document: SalesOrder | PurchaseOrder
    supplied: SuppliedOrder
    sources: Mapping[int, DocumentLine]


def our_order(record: Record, partner: Partner, book: ReferenceBook, settings: BusinessCentralSettings) -> OurOrder:
    """DocumentRejected when the record cannot be read. What is blocked by now was in order when we sent it."""
    we_sell = settings.orders_sent != PURCHASE_ORDERS
    document = read(SalesOrder, record) if we_sell else read(PurchaseOrder, record)
    mapped = mapped_lines(document, partner, book, "850", Checklist(partner), we_sell=we_sell)
    lines = tuple(
        OrderedLine(
            key=line.source.sequence,
            number=line.number,
            item_code=line.item,
            quantity=line.measure.quantity,
            unit=line.measure.unit,
            unit_price=line.measure.unit_price,
            product_ids=line.product_ids,
            factors=x12_factors(book.items.get(line.source.lineObjectNumber), partner, book),
        )
        for line in mapped
    )
    supplied = SuppliedOrder(
        system=SYSTEM_TITLE,
        number=document.number,
        supplier_code=document.partner_code,
        currency=document.currencyCode,
        cancelled=False,  # orders are deleted, never cancelled; a deleted one is not there to be compared
        lines=lines,
        partner=partner,
        book=book,
    )
    return OurOrder(document, supplied, {line.sequence: line for line in document.lines})


def change_of(
    answer: OrderAcknowledgment, record: Record, partner: Partner, book: ReferenceBook, settings: BusinessCentralSettings
) -> AcknowledgmentEffect:
    """Dates at once, prices and quantities of purchase orders after approval and by setting; rejected lines are a person's."""
    order = our_order(record, partner, book, settings)
    notes, differences = Checklist(partner), Checklist(partner)
    answers = answers_to(answer, order.supplied, partner, notes, differences)
    dates = {
        key: {_date_field(order.sources[key]): day.isoformat()}
        for key, day in answers.dates.items()
        if settings.confirmed_dates and _date_of(order.sources[key]) != day
    }
    approved: dict[int, dict[str, Any]] = {key: dict(fields) for key, fields in dates.items()}
    if settings.apply_differences and isinstance(order.document, PurchaseOrder):
        for key, correction in answers.corrections.items():
            approved[key] = approved.get(key, {}) | _corrected(correction, order)
    set_name = "purchaseOrderLines" if isinstance(order.document, PurchaseOrder) else "salesOrderLines"
    # The dates are in no projection, so that writing them makes no revision and nothing is expected of the next one.
    return AcknowledgmentEffect(
        _rows(set_name, dates), _rows(set_name, approved), differences.findings, answers.told, notes.findings
    )


def _date_field(line: DocumentLine) -> str:
    return "expectedReceiptDate" if isinstance(line, PurchaseLine) else "shipmentDate"


def _date_of(line: DocumentLine) -> Any:
    match line:
        case PurchaseLine():
            return line.expectedReceiptDate
        case SalesLine():
            return line.shipmentDate
    return None


def _corrected(correction: Correction, order: OurOrder) -> dict[str, Any]:
    """The line's fields that make the order agree, in its own unit. The X12 price is net, so no discount may come on top."""
    ordered, source = correction.ordered, order.sources[correction.ordered.key]
    fields: dict[str, Any] = {}
    if (quantity := correction.quantity) is not None:
        fields["quantity"] = round(source.quantity * quantity / ordered.quantity, 5) if ordered.quantity else quantity
    if correction.unit_price is not None:
        in_own_unit = ordered.quantity / source.quantity if source.quantity else 1
        fields["directUnitCost"] = round(correction.unit_price * in_own_unit, 5)
        if source.discountPercent or source.discountAmount:
            fields["discountPercent"] = 0
    return fields


def _rows(set_name: str, lines: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    rows = [{"sequence": key, **fields} for key, fields in sorted(lines.items()) if fields]
    return {set_name: rows} if rows else {}
