"""A partner's order as it was meant: what it costs, what goes where and when, by the rules of the partner file.

What comes out is an order that a mapping carries over line by line; what could not be made of it is a finding.
"""

from __future__ import annotations

from dataclasses import replace

from mlconn_pipelines.documents.order import PurchaseOrder
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.inbound_850_checks import check_can_be_taken
from mlconn_pipelines.edi.order_splitting import split_lines
from mlconn_pipelines.edi.order_totals import check_totals
from mlconn_pipelines.ports.partner import Partner


def order_as_meant(
    order: PurchaseOrder, partner: Partner, notes: Checklist, *, system: str, has_line_addresses: bool = False
) -> PurchaseOrder:
    """The order with the price of each line and its lines split. system, has_line_addresses: of the ERP that it goes into."""
    check_can_be_taken(order, partner.orders, notes)
    check_totals(order, notes)
    lines = split_lines(order, partner.orders, notes, system=system, has_line_addresses=has_line_addresses)
    priced = (replace(line, unit_price=order.price_of(line).amount, price_basis="", prices=()) for line in lines)
    return replace(order, lines=tuple(priced), prices=())
