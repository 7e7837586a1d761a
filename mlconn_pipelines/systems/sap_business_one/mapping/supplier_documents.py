"""What suppliers say to our purchase orders: 855, 856 and 810 against the order's lines, and the drafts they become."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.order_acknowledgment import OrderAcknowledgment
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.edi.acknowledgment_comparison import Correction, answers_to
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import OrderedLine
from mlconn_pipelines.edi.shipment_comparison import lines_by_order, shipped_lines
from mlconn_pipelines.edi.supplied_order import SuppliedOrder, check_standing
from mlconn_pipelines.edi.units import x12_factors
from mlconn_pipelines.ports.mapping import AcknowledgmentEffect, Creation
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.outbound_lines import mapped_lines
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings
from mlconn_pipelines.systems.sap_business_one.records.marketing_document import DocumentLine, MarketingDocument
from mlconn_pipelines.systems.sap_business_one.records.reading import read


@dataclass(frozen=True, slots=True)
class OurOrder:
    """supplied: the order as its supplier read it. sources: the record's own lines by LineNum."""

    document: MarketingDocument
    supplied: SuppliedOrder
    sources: dict[int, DocumentLine]


def our_order(record: Record, partner: Partner, book: ReferenceBook) -> OurOrder:
    """DocumentRejected when the record cannot be read. What is inactive by now was in order when we sent it."""
    document = read(MarketingDocument, record)
    unheard = Checklist(partner)
    day = document.DocDate
    assert day is not None, "SAP stores no document without a date"
    mapped = mapped_lines(document, partner, book, "850", day, unheard, we_sell=False)
    lines = tuple(
        OrderedLine(
            key=line.source.LineNum,
            number=line.number,
            item_code=line.source.ItemCode,
            quantity=line.measure.quantity,
            unit=line.measure.unit,
            unit_price=line.measure.unit_price,
            product_ids=line.product_ids,
            factors=x12_factors(book.items.get(line.source.ItemCode), partner, book),
        )
        for line in mapped
    )
    sources = {line.LineNum: line for line in document.DocumentLines}
    currency = book.currencies.get(document.DocCurrency)
    supplied = SuppliedOrder(
        system="SAP",
        number=str(document.DocNum),
        supplier_code=document.CardCode,
        currency=currency.iso if currency else "",
        cancelled=document.cancelled,
        lines=lines,
        partner=partner,
        book=book,
    )
    return OurOrder(document, supplied, sources)


def change_of(
    answer: OrderAcknowledgment, record: Record, partner: Partner, book: ReferenceBook, settings: SapSettings
) -> AcknowledgmentEffect:
    """Dates at once, prices and quantities after approval and by setting, rejected lines never: a person closes them in SAP."""
    order = our_order(record, partner, book)
    notes, differences = Checklist(partner), Checklist(partner)
    answers = answers_to(answer, order.supplied, partner, notes, differences)
    dates = {key: _dates(key, date, record, settings) for key, date in answers.dates.items()}
    corrections = {key: _corrected(correction, order) for key, correction in answers.corrections.items()}
    open_lines = _open_lines(order, notes, any(dates.values()))
    changes = _patch({key: values for key, values in dates.items() if key in open_lines})
    approved = {key: dates.get(key, {}) | corrections.get(key, {}) for key in dates.keys() | corrections.keys()}
    approved_changes = _patch({k: v for k, v in approved.items() if k in open_lines}) if settings.apply_differences else changes
    expected = _patched(record, changes) if changes else {}
    return AcknowledgmentEffect(changes, approved_changes, differences.findings, answers.told, notes.findings, expected)


def _corrected(correction: Correction, order: OurOrder) -> dict[str, Any]:
    """The line's fields that make the order agree, in SAP's own unit."""
    ordered, source = correction.ordered, order.sources[correction.ordered.key]
    fields: dict[str, Any] = {}
    if (quantity := correction.quantity) is not None:
        fields["Quantity"] = round(source.Quantity * quantity / ordered.quantity, 6) if ordered.quantity else quantity
    if correction.unit_price is not None:
        in_sap_unit = ordered.quantity / source.Quantity if source.Quantity else Decimal(1)
        fields |= {"UnitPrice": round(correction.unit_price * in_sap_unit, 6), "DiscountPercent": 0}
    return fields


def _dates(key: int, date: dt.date, record: Record, settings: SapSettings) -> dict[str, Any]:
    """The configured date fields that hold another day yet."""
    rows: Sequence[Record] = record.get("DocumentLines") or ()
    held: Record = next((line for line in rows if line.get("LineNum") == key), {})
    return {name: date.isoformat() for name in settings.confirmed_date_fields if str(held.get(name) or "")[:10] != str(date)}


def _open_lines(order: OurOrder, notes: Checklist, dates: bool) -> set[int]:
    """LineNums that SAP still lets us change."""
    closed = order.document.DocumentStatus == "bost_Close" or order.document.cancelled
    if closed and dates and not order.document.cancelled:
        notes.note(
            Reason.ORDER_CLOSED,
            f"Purchase order {order.document.DocNum} is closed in SAP; the confirmed dates are not written.",
        )
    return set() if closed else {key for key, line in order.sources.items() if line.LineStatus != "bost_Close"}


def _patch(lines: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """A PATCH body: SAP finds lines by LineNum and merges their fields."""
    rows = [{"LineNum": key, **values} for key, values in sorted(lines.items()) if values]
    return {"DocumentLines": rows} if rows else {}


def _patched(record: Record, patch: Record) -> Record:
    """The record as SAP will hold it after a PATCH of line fields that nothing else follows from, such as dates."""
    changed = {row["LineNum"]: row for row in patch["DocumentLines"]}
    lines = [{**line, **changed.get(line.get("LineNum"), {})} for line in record.get("DocumentLines") or ()]
    return {**record, "DocumentLines": lines}


RECEIPTS, RECEIPT_OBJECT = "PurchaseDeliveryNotes", "oPurchaseDeliveryNotes"
PURCHASE_ORDER_TYPE = 22


def receipt_of(
    notice: ShipNotice,
    orders: Mapping[str, Record],
    partner: Partner,
    book: ReferenceBook,
    reference: str,
    settings: SapSettings,
) -> Creation | None:
    """A draft goods receipt copied from the purchase orders' lines.

    `DocObjectCode` in the payload says that it is to be stored among the drafts.
    """
    notes = Checklist(partner)
    rows: list[dict[str, Any]] = []
    card, branch = "", None
    for number, shipped in lines_by_order(notice).items():
        if number not in orders:
            continue
        order = our_order(orders[number], partner, book)
        check_standing(order.supplied, notes)
        if card and card != order.document.CardCode:
            notes.reject(Reason.ORDER_OF_OTHER_SUPPLIER, f"Purchase order {number} is of another supplier than the others.")
        card = card or order.document.CardCode
        branch = branch or order.document.BPL_IDAssignedToInvoice
        for ordered, quantity in shipped_lines(order.supplied, shipped, notes).values():
            rows.append(base_line(order, ordered, quantity))
    if not rows:
        notes.reject(Reason.NO_LINES, "No line of the ship notice belongs to a purchase order of ours.")
    payload = {
        "DocObjectCode": RECEIPT_OBJECT,
        "CardCode": card,
        "NumAtCard": notice.number,
        "DocDate": notice.date.isoformat(),
        "TaxDate": notice.date.isoformat(),
        "DocDueDate": notice.date.isoformat(),
        settings.reference_field: reference,
        "Comments": f"X12 856 {notice.number} of {partner.title or partner.name}"[:254],
        **settings.branch_fields(branch),
        "DocumentLines": rows,
    }
    return Creation(RECEIPTS, payload if rows else None, notes.findings, notes.missing, partner_code=card)


def base_line(order: OurOrder, ordered: OrderedLine, quantity: Decimal) -> dict[str, Any]:
    """A line copied from a purchase order's, the quantity in the order line's own SAP unit."""
    source = order.sources[ordered.key]
    in_sap_unit = source.Quantity * quantity / ordered.quantity if ordered.quantity else quantity
    return {
        "BaseType": PURCHASE_ORDER_TYPE,
        "BaseEntry": order.document.DocEntry,
        "BaseLine": ordered.key,
        "Quantity": round(in_sap_unit, 6),
    }
