"""856 to a receipt of goods against the order's lines, entered and not posted."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.ship_notice import ShipNotice
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import OrderedLine, plain
from mlconn_pipelines.edi.shipment_comparison import lines_by_order, shipped_lines
from mlconn_pipelines.edi.supplied_order import check_standing
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sage_100.mapping.checks import check_kept, check_lines
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines.systems.sage_100.mapping.supplier_documents import OurOrder, our_order
from mlconn_pipelines.systems.sage_100.records.our_reference import comment_of
from mlconn_pipelines.systems.sage_100.records.purchase_order import COMPLETED
from mlconn_pipelines.systems.sage_100.records.reading import day_text
from mlconn_pipelines.systems.sage_100.records.widths import QUANTITY, REFERENCE, number_text

RECEIPTS = "receipts"
_UNRESOLVED = frozenset(
    (
        *(Reason.LINE_UNKNOWN, Reason.UNIT_DIFFERS, Reason.SEVERAL_ORDERS_SHIPPED, Reason.ORDER_GONE),
        *(Reason.VALUE_TOO_LONG, Reason.TOO_MANY_LINES, Reason.QUANTITY_NOT_POSITIVE),
    )
)
"""Findings by which something would be missing or cut: the receipt is not made then, whoever approves it."""


def receipt_of(
    notice: ShipNotice,
    orders: Mapping[str, Record],
    partner: Partner,
    book: ReferenceBook,
    reference: str,
    settings: Sage100Settings,
) -> Creation | None:
    """Parameters of the agent's receipt.enter, with our reference. Each line comes into the warehouse that it was ordered for."""
    notes = Checklist(partner)
    rows: list[dict[str, str]] = []
    number = vendor = ""
    for called, shipped in lines_by_order(notice).items():
        if called not in orders:
            continue
        order = our_order(orders[called], partner, book, settings)
        check_standing(order.supplied, notes)
        if number and number != order.document.PurchaseOrderNo:
            said = (
                f"The shipment is of purchase orders {number} and {order.document.PurchaseOrderNo}, and a receipt is entered for one. "
                "Enter the receipts by hand, then dismiss this, or ask for a ship notice for each order."
            )
            notes.reject(Reason.SEVERAL_ORDERS_SHIPPED, said, f"order {called}")
            continue
        number, vendor = order.document.PurchaseOrderNo, order.document.vendor
        if order.document.OrderStatus == COMPLETED:
            said = f"Purchase order {number} is completed in Sage, which takes no receipt for it any more. Look what came."
            notes.reject(Reason.ORDER_GONE, said, f"order {called}")
        for ordered, quantity in shipped_lines(order.supplied, shipped, notes).values():
            if quantity:  # of a line that is back-ordered whole nothing came
                rows.append(_row(order, ordered, quantity, notes))
    if not rows:
        notes.reject(Reason.NO_LINES, "The ship notice says of no line of a purchase order of ours that anything came.")
    check_kept(comment_of(reference), REFERENCE, "Our reference", notes, "Comment")
    check_lines(len(rows), notes)
    payload: dict[str, Any] = {
        "reference": comment_of(reference),
        "purchase_order": number,
        "date": day_text(notice.date),
        "lines": rows,
    }
    resolved = rows and not any(finding.code in _UNRESOLVED for finding in notes.findings)
    return Creation(RECEIPTS, payload if resolved else None, notes.findings, notes.missing, partner_code=vendor)


def _row(order: OurOrder, ordered: OrderedLine, quantity: Decimal, notes: Checklist) -> dict[str, str]:
    """The quantity in the order line's own unit."""
    source = order.sources[ordered.key]
    place = f"order {order.document.number}, line {ordered.number}"
    in_own_unit = source.QuantityOrdered * quantity / ordered.quantity if ordered.quantity else quantity
    if quantity < 0:
        said = f"Item {source.ItemCode}: {plain(quantity)} {ordered.unit} shipped. Enter what goes back by hand."
        notes.reject(Reason.QUANTITY_NOT_POSITIVE, said, place)
    before = source.QuantityReceived
    if before > 0 and in_own_unit <= source.QuantityOrdered < before + in_own_unit:
        said = (
            f"Item {source.ItemCode}: {plain(in_own_unit)} {source.UnitOfMeasure} shipped, and {plain(before)} of the "
            f"{plain(source.QuantityOrdered)} ordered came before."
        )
        notes.reject(Reason.OVER_SHIPPED, said, place)
    row = {"line_key": f"{source.LineKey:06}", "quantity": ""}
    try:
        row["quantity"] = number_text(in_own_unit, QUANTITY)
    except ValueError as fault:
        notes.reject(Reason.VALUE_TOO_LONG, f"The quantity of item {source.ItemCode} does not fit into Sage: {fault}.", place)
    if warehouse := order.document.warehouse_of(source):
        row["warehouse"] = warehouse
    return row
