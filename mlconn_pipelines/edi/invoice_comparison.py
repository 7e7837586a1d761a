"""A supplier's 810 held against our order and what was invoiced of it before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mlconn_pipelines.documents.invoice import Invoice, InvoiceLine
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.invoice_total import check_total
from mlconn_pipelines.edi.order_comparison import (
    OrderedLine,
    Stated,
    check_not_above,
    check_price,
    check_price_basis,
    check_unit,
    in_order_unit,
    line_unknown,
    plain,
)
from mlconn_pipelines.edi.purposes import as_credit, check_invoice_type, check_purpose, is_to_be_entered
from mlconn_pipelines.edi.supplied_order import SuppliedOrder, check_standing
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason


@dataclass(frozen=True, slots=True)
class InvoicedLine:
    """What is invoiced of an order line, in the order line's own unit."""

    ordered: OrderedLine
    quantity: Decimal
    unit_price: Decimal


def check_invoice(
    invoice: Invoice,
    order: SuppliedOrder | None,
    partner: Partner,
    notes: Checklist,
    before: Sequence[Invoice] = (),
    *,
    takes_credits: bool = False,
) -> None:
    """Whether the invoice adds up, and, against the order, its currency, lines, quantities and prices.

    order None: only what the invoice says by itself is checked; that its order is unknown is whoever calls' to report.
    before: what was invoiced of the order so far. takes_credits: the ERP's credit document is made of a credit.
    """
    check_invoice_type(invoice, notes, takes_credits=takes_credits)
    check_purpose(invoice.purpose, "BIG08", notes)
    for stated in invoice.lines:
        check_price_basis(stated.price_basis, stated.unit, stated.unit_price, "IT105", notes, f"line {stated.number}")
    check_total(invoice, notes)
    if order is None:
        return
    check_standing(order, notes)
    credit = as_credit(invoice) if takes_credits else None
    if invoice.currency and order.currency and invoice.currency != order.currency:
        notes.reject(
            Reason.CURRENCY_DIFFERS,
            f"The invoice is in {invoice.currency}, purchase order {order.number} in {order.currency}.",
            "CUR",
        )
    totals: dict[int, tuple[OrderedLine, Decimal]] = {}
    for line in invoiced_lines(credit or invoice, order, partner, notes):
        _, so_far = totals.get(line.ordered.key, (line.ordered, Decimal()))
        totals[line.ordered.key] = (line.ordered, so_far + line.quantity)
    already = _invoiced_before(before, order, partner)
    for ordered, quantity in totals.values():
        check_not_above(quantity, ordered, "invoiced", Reason.QUANTITY_DIFFERS, notes, f"line {ordered.number}")
        earlier, numbers = already.get(ordered.key, (Decimal(), ()))
        if earlier and credit is None and quantity <= ordered.quantity < earlier + quantity:
            notes.reject(
                Reason.INVOICED_BEFORE,
                f"Item {ordered.item_code}: {plain(quantity)} {ordered.unit} invoiced, and {plain(earlier)} of the "
                f"{plain(ordered.quantity)} {ordered.unit} ordered were invoiced before (invoice {', '.join(numbers)}). Ask the "
                "supplier; approve it if both are owed, dismiss it if it is the same once more.",
                f"line {ordered.number}",
            )


def _invoiced_before(
    invoices: Sequence[Invoice], order: SuppliedOrder, partner: Partner
) -> Mapping[int, tuple[Decimal, tuple[str, ...]]]:
    """By the order line's key, what was invoiced of it and by which invoices. Credits and the like take no part."""
    found: dict[int, tuple[Decimal, tuple[str, ...]]] = {}
    for invoice in invoices:
        if not is_to_be_entered(invoice, partner):
            continue
        # With a matcher of its own, as each invoice begins at the first line; what was found about it then was told then.
        for line in invoiced_lines(invoice, replace(order), partner, Checklist(partner)):
            so_far, numbers = found.get(line.ordered.key, (Decimal(), ()))
            found[line.ordered.key] = (so_far + line.quantity, tuple(dict.fromkeys((*numbers, invoice.number))))
    return found


def invoiced_lines(invoice: Invoice, order: SuppliedOrder, partner: Partner, notes: Checklist) -> list[InvoicedLine]:
    """Each order line that is invoiced; several invoice lines of one at the same price add up."""
    found: dict[tuple[int, Decimal], InvoicedLine] = {}
    for line in invoice.lines:
        place = f"line {line.number}" if line.number else "line without number"
        ordered = order.match(line.number, line.product_ids, "810")
        if ordered is None:
            line_unknown("Invoiced", line.number, line.product_ids, notes, place)
            continue
        if (stated := _by_units_shipped(invoice, line, ordered)) is not None:
            share = abs(ordered.unit_price or Decimal()) * partner.weighed_price_tolerance
            charged = f" ({plain(line.quantity)} {line.unit} at {plain(line.unit_price)})"
            check_price(stated, ordered, max(share, partner.price_tolerance), notes, place, charged)
        else:
            stated = in_order_unit(ordered, line.quantity, line.unit, line.unit_price)
            check_unit(stated, ordered, line.unit, notes, place)
            check_price(stated, ordered, partner.price_tolerance, notes, place)
        if stated.quantity is None or stated.unit_price is None:
            continue
        so_far = found.get((ordered.key, stated.unit_price))
        quantity = stated.quantity + (so_far.quantity if so_far else Decimal())
        found[ordered.key, stated.unit_price] = InvoicedLine(ordered, quantity, stated.unit_price)
    return list(found.values())


def _by_units_shipped(invoice: Invoice, line: InvoiceLine, ordered: OrderedLine) -> Stated | None:
    """What is charged by another measure than was ordered (cases that are weighed) in the order's unit, at what the amount comes to.

    None where the line is in the order's unit, or does not say how many of those went out. What ISS says is of all lines together,
    and so of this one where it is the only one.
    """
    if line.unit in ("", ordered.unit):
        return None
    of_invoice = invoice.units_shipped if len(invoice.lines) == 1 else ()
    counted = [
        in_order_unit(ordered, one.quantity, one.unit, None).quantity for one in line.units_shipped or of_invoice if one.unit
    ]
    quantity = sum((one for one in counted if one is not None), Decimal())
    if not quantity or None in counted:
        return None
    return Stated(quantity, round(line.extended / quantity, 6))
