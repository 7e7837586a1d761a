"""What an order states of itself as a whole (AMT*TT, CTT02) held against its lines."""

from __future__ import annotations

from decimal import Decimal

from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.edi.allowances import amount_of, amount_of_line
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import CENT, plain
from mlconn_pipelines.reasons import Reason


def check_totals(order: PurchaseOrder, notes: Checklist) -> None:
    """A difference is told; a partner file may have it held (`severities`). Totals with and without allowances, charges and taxes are
    both in use.
    """
    if order.stated_quantity is not None:
        quantity = sum((line.quantity for line in order.lines), Decimal())
        if quantity != order.stated_quantity:
            notes.note(
                Reason.ORDER_TOTAL_DIFFERS,
                f"The order states {plain(order.stated_quantity)} as the sum of its quantities (CTT02), and its lines make "
                f"{plain(quantity)}. Ask the partner whether a line is missing.",
                "CTT02",
            )
    if order.stated_total is None:
        return
    unpriced = [line.number for line in order.lines if order.price_of(line).amount is None]
    if unpriced:
        notes.note(
            Reason.ORDER_TOTAL_DIFFERS,
            f"The order states a total of {order.stated_total:.2f} (AMT*TT), which was not compared: line {', '.join(unpriced[:5])} has no "
            "price.",
            "AMT",
        )
        return
    total = order.total
    extras = [amount_of(one, order) for one in order.allowances_and_charges]
    extras += [amount_of_line(one, line, order) for line in order.lines for one in line.allowances_and_charges]
    with_extras = total + sum((one for one in extras if one is not None), Decimal())
    taxes = [tax.amount for tax in (*order.taxes, *(tax for line in order.lines for tax in line.taxes)) if tax.amount]
    with_taxes = with_extras + sum(taxes, Decimal())
    if all(abs(order.stated_total - amount) > CENT for amount in (total, with_extras, with_taxes)):
        besides = f", {with_taxes:.2f} with allowances, charges and taxes" if with_taxes != total else ""
        notes.note(
            Reason.ORDER_TOTAL_DIFFERS,
            f"The order states a total of {order.stated_total:.2f} (AMT*TT), and its lines make {total:.2f}{besides}. Ask the partner "
            "whether a price or a line is wrong.",
            "AMT",
        )
