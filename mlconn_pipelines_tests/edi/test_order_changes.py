"""What an 860 says: enough to make of the supplier's order the one that we have, and nothing where nothing differs."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlconn_pipelines.documents.line import DateReference, Packing, ProductId
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.order_change import OrderChange
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.edi.order_changes import order_change
from mlconn_pipelines_tests.x12.drawn_orders import order_lines, orders

DAY = dt.date(2026, 3, 2)


def line(number: str = "10", quantity: int = 5, price: str = "2.50", **fields: object) -> OrderLine:
    known = OrderLine(number, Decimal(quantity), "EA", Decimal(price), (ProductId("BP", f"A{number}"),))
    return replace(known, **fields)  # type: ignore[arg-type]


def order(*lines: OrderLine, **fields: object) -> PurchaseOrder:
    return replace(PurchaseOrder("4711", DAY, lines, currency="USD"), **fields)  # type: ignore[arg-type]


def change(had: PurchaseOrder, has: PurchaseOrder) -> OrderChange:
    found = order_change(had, has, 2, DAY)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (line(quantity=7), "QI"),
        (line(quantity=3), "QD"),
        (line(price="2.75"), "PC"),
        (line(dates=(DateReference("002", DAY),)), "RS"),
        (line(quantity=7, price="2.75"), "CA"),
        (line(quantity=7, unit="CA"), "CA"),
        (line(description="blue"), "CA"),
    ],
)
def test_a_line_says_what_changed_of_it_and_how_it_is_now(now: OrderLine, code: str) -> None:
    (changed,) = change(order(line(), line("20")), order(now, line("20"))).lines
    assert (changed.number, changed.change) == ("10", code)
    assert (changed.quantity, changed.quantity_left, changed.unit) == (now.quantity, now.quantity, now.unit)
    assert (changed.unit_price, changed.product_ids, changed.dates) == (now.unit_price, now.product_ids, now.dates)


def test_lines_that_came_and_went() -> None:
    found = change(order(line(), line("20")), order(line("20"), line("30")))
    assert [(one.number, one.change, one.quantity) for one in found.lines] == [
        ("30", "AI", Decimal(5)),
        ("10", "DI", Decimal()),
    ]


def test_a_heading_alone_is_a_change_without_lines() -> None:
    ship_to = (Party("ST", name="Dock 2"),)
    found = change(order(line()), order(line(), parties=ship_to))
    assert (found.lines, found.parties, found.order_number, found.order_date) == ((), ship_to, "4711", DAY)
    assert (found.change_number, found.date, found.purpose) == ("2", DAY, "04")


def test_nothing_to_say() -> None:
    had = order(line())
    assert order_change(had, replace(had, date=DAY + dt.timedelta(days=9)), 1, None) is None
    packed = replace(had, lines=(replace(line(), packing=Packing(size=Decimal(6))),))
    assert order_change(had, packed, 1, None) is None, "an 860 has no place for how a line is packed"


def applied(had: PurchaseOrder, found: OrderChange | None) -> dict[str, tuple[object, ...]]:
    """The supplier's order with the change put into it, line by line."""
    known = {one.number: (one.quantity, one.unit, one.unit_price, one.product_ids, one.dates) for one in had.lines}
    for one in found.lines if found else ():
        known.pop(one.number, None)
        if one.change != "DI":
            known[one.number] = (one.quantity, one.unit, one.unit_price, one.product_ids, one.dates)  # type: ignore[assignment]
    return known  # type: ignore[return-value]


@settings(max_examples=60)
@given(orders, st.lists(order_lines(), max_size=3), st.data())
def test_the_supplier_can_follow(had: PurchaseOrder, others: list[OrderLine], data: st.DataObject) -> None:
    known = {one.number: one for one in had.lines}
    had = replace(had, lines=tuple(known.values()))
    kept = data.draw(st.lists(st.sampled_from(had.lines), unique_by=lambda one: one.number))
    has = replace(had, lines=tuple({one.number: one for one in (*kept, *others)}.values()))
    assert applied(had, order_change(had, has, 1, None)) == applied(has, None)
    if has == had:
        assert order_change(had, has, 1, None) is None
