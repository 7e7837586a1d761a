"""What changed of a purchase order that the supplier has: X12 860. The same for every system, since documents are compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.order_change import ChangedLine, OrderChange

ADDED, DELETED, CHANGED = "AI", "DI", "CA"
MORE, LESS, PRICE, RESCHEDULED = "QI", "QD", "PC", "RS"
"""X12 element 670. A line of which several things changed is `CA`."""


def order_change(had: PurchaseOrder, has: PurchaseOrder, number: int, changed_on: dt.date | None) -> OrderChange | None:
    """had: as the supplier has it. has: as it is now. number: of this change, from 1. None where nothing differs.

    The heading is stated as it is now, of the lines only those that differ, each as it is now; a deleted line with quantity 0.
    What is still to come (POC04) is the whole quantity, since an order does not tell what has been delivered of it.
    """
    lines = tuple(_changed_lines(had, has))
    if not lines and _heading(had) == _heading(has):
        return None
    return OrderChange(
        order_number=has.number,
        order_date=had.date,
        lines=lines,
        date=changed_on,
        kind=has.kind,
        release=has.release,
        change_number=str(number),
        contract=has.contract,
        currency=has.currency,
        parties=has.parties,
        references=has.references,
        contacts=has.contacts,
        dates=has.dates,
        terms=has.terms,
        allowances_and_charges=has.allowances_and_charges,
        notes=has.notes,
        carriers=has.carriers,
    )


def _heading(order: PurchaseOrder) -> PurchaseOrder:
    return replace(order, lines=(), date=dt.date.min)


def _changed_lines(had: PurchaseOrder, has: PurchaseOrder) -> Iterator[ChangedLine]:
    before = {line.number: line for line in had.lines}
    for line in has.lines:
        was = before.pop(line.number, None)
        if was is None:
            yield _stated(line, ADDED)
        elif (change := _what_changed(was, line)) is not None:
            yield _stated(line, change)
    for line in before.values():
        yield replace(_stated(line, DELETED), quantity=Decimal(), quantity_left=Decimal())


def _what_changed(was: OrderLine, line: OrderLine) -> str | None:
    if replace(was, packing=line.packing) == line:  # an 860 has no place for how a line is packed
        return None
    now = replace(line, packing=was.packing)
    if was.unit == line.unit and replace(now, quantity=was.quantity) == was:
        return MORE if line.quantity > was.quantity else LESS
    if replace(now, unit_price=was.unit_price, price_basis=was.price_basis) == was:
        return PRICE
    if replace(now, dates=was.dates) == was:
        return RESCHEDULED
    return CHANGED


def _stated(line: OrderLine, change: str) -> ChangedLine:
    return ChangedLine(
        number=line.number,
        change=change,
        product_ids=line.product_ids,
        quantity=line.quantity,
        quantity_left=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        description=line.description,
        references=line.references,
        dates=line.dates,
        allowances_and_charges=line.allowances_and_charges,
        store_quantities=line.store_quantities,
        price_basis=line.price_basis,
        notes=line.notes,
        parties=line.parties,
    )
