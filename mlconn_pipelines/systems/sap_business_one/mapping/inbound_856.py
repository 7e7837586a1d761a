"""X12 856 of a supplier against our purchase orders, and the draft goods receipt that it may become."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import OrderedLine
from mlconn_pipelines.edi.supplier_documents import check_standing, lines_by_order, shipped_lines
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.ordered_lines import OurOrder, our_order
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings

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
