"""X12 810 of a supplier against the order of ours that it charges for."""

from __future__ import annotations

from decimal import Decimal

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.flows.ports.erp import Finding
from mlconn_pipelines.flows.ports.partner import Partner
from mlconn_pipelines.mappings.checklist import Checklist
from mlconn_pipelines.mappings.order_comparison import (
    OrderedLine,
    check_not_above,
    check_price,
    check_total,
    check_unit,
    in_order_unit,
    line_unknown,
)
from mlconn_pipelines.mappings.our_order import OurOrder, check_standing


def supplier_invoice_findings(invoice: Invoice, order: OurOrder | None, partner: Partner) -> tuple[Finding, ...]:
    """Whether the invoice adds up, and, against the order, its currency, lines, quantities and prices.

    order None: only what the invoice says by itself is checked; that its order is unknown is whoever calls' to report.
    """
    notes = Checklist(partner)
    check_total(invoice, notes)
    if order is not None:
        check_standing(order, notes)
        _check_currency(invoice, order, notes)
        invoiced: dict[int, tuple[OrderedLine, Decimal]] = {}
        for ordered, quantity, _ in charged_lines(invoice, order, partner, notes):
            _, so_far = invoiced.get(ordered.key, (ordered, Decimal()))
            invoiced[ordered.key] = (ordered, so_far + quantity)
        for ordered, quantity in invoiced.values():
            check_not_above(quantity, ordered, "invoiced", "quantity_differs", notes, f"line {ordered.number}")
    return notes.findings


def charged_lines(
    invoice: Invoice, order: OurOrder, partner: Partner, notes: Checklist
) -> list[tuple[OrderedLine, Decimal, Decimal]]:
    """Each order line that is invoiced, with quantity and price in its own unit; several invoice lines of one add up."""
    found: dict[tuple[int, Decimal], tuple[OrderedLine, Decimal, Decimal]] = {}
    for line in invoice.lines:
        place = f"line {line.number}" if line.number else "line without number"
        ordered = order.match(line.number, line.product_ids, "810")
        if ordered is None:
            line_unknown("Invoiced", line.number, line.product_ids, notes, place)
            continue
        quantity, price = _checked(line, ordered, partner, notes, place)
        if quantity is not None and price is not None:
            _, so_far, _ = found.get((ordered.key, price), (ordered, Decimal(), price))
            found[ordered.key, price] = (ordered, so_far + quantity, price)
    return list(found.values())


def _checked(
    line: InvoiceLine, ordered: OrderedLine, partner: Partner, notes: Checklist, place: str
) -> tuple[Decimal | None, Decimal | None]:
    stated = in_order_unit(ordered, line.quantity, line.unit, line.unit_price)
    check_unit(stated, ordered, line.unit, notes, place)
    check_price(stated, ordered, partner.price_tolerance, notes, place)
    return stated.quantity, stated.unit_price


def _check_currency(invoice: Invoice, order: OurOrder, notes: Checklist) -> None:
    if invoice.currency and order.currency and order.currency != invoice.currency:
        notes.reject(
            "currency_differs",
            f"The invoice is in {invoice.currency}, purchase order {order.number} in {order.currency}.",
            "CUR",
        )
