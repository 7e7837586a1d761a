"""An 861 against the ship notice that it names, and against an order of which there is only the document."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.line import ProductId, Reference
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.receiving_advice import OrderReference, ReceivedLine, ReceivingAdvice
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.documents.ship_notice import Package, ShipNotice, ShippedLine, ShippedOrder
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.receipt_comparison import check_against_shipment, check_receiving_advice, order_as_told
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines_tests.x12.guides import guide_of

DAY = dt.date(2026, 12, 10)
A1, A2 = (ProductId("BP", "A1"),), (ProductId("BP", "A2"),)
PARTNER = Partner("ferrolux", "Ferrolux", (), ("V1",), guide_of(), "to_ferrolux")
NOTICE = ShipNotice(
    "S-1",
    DAY,
    dt.time(9),
    (
        ShippedOrder(
            "P1", (ShippedLine("1", Decimal(6), "EA", A1),), (Package("", (ShippedLine("2", Decimal(4), "EA", A2),)),)
        ),
        ShippedOrder("P2", (ShippedLine("1", Decimal(9), "EA", A1),)),
    ),
)


def received(quantity: str, ids: Any = A1, order: str = "P1", **fields: Any) -> ReceivedLine:
    return ReceivedLine("7", ids, Decimal(quantity), "EA", **({"orders": (OrderReference(order),)} | fields))


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((received("6"), received("4", A2)), []),
        ((received("2"), received("4"), received("4", A2)), []),
        ((received("5"), received("4", A2)), ["quantity_differs"]),
        ((received("7"), received("4", A2)), ["quantity_differs"]),
        ((received("6"),), ["short_shipped"]),  # the other line is not spoken of; order P2 is not at all
        ((received("5", shipped=Decimal(6)), received("4", A2)), []),  # the advice says it itself, which is told elsewhere
        ((received("5", shipped=Decimal(5)), received("4", A2)), ["quantity_differs"]),
        ((received("6", orders=()), received("4", A2, orders=()), received("9", orders=())), []),
        ((received("6", orders=()), received("3", A2, orders=())), ["quantity_differs", "short_shipped"]),
        ((received("6", order="ELSE"),), []),
    ],
)
def test_an_861_is_compared_with_the_ship_notice(lines: tuple[ReceivedLine, ...], found: list[str]) -> None:
    notes = Checklist(PARTNER)
    check_against_shipment(ReceivingAdvice("RA-1", DAY, (), lines), NOTICE, PARTNER, ReferenceBook(1), notes)
    assert [finding.code for finding in notes.findings] == found


def test_an_order_of_which_there_is_only_the_document_is_compared_by_its_lines() -> None:
    order = PurchaseOrder("P1", DAY, (OrderLine("1", Decimal(6), "EA", None, A1),))
    notes = Checklist(PARTNER)
    told = {"P1": order_as_told(order, PARTNER, ReferenceBook(1))}
    check_receiving_advice(ReceivingAdvice("RA-1", DAY, (), (received("7"), received("1", A2))), told, notes)
    assert [(finding.code, finding.message) for finding in notes.findings] == [
        ("line_unknown", "Received line 7 (BP A2) is not on the order."),
        ("quantity_differs", "Item A1: 7 EA received, 6 EA ordered."),
    ]


@pytest.mark.parametrize(
    ("earlier", "found"),
    [
        ((), [("short_shipped", "Item A1: 4 of 6 EA received.")]),
        (("1",), [("short_shipped", "Item A1: 5 of 6 EA received.")]),
        (("2",), []),
        (("1", "2"), [("quantity_differs", "RA-0, RA-1")]),
    ],
)
def test_what_came_before_counts(earlier: tuple[str, ...], found: list[tuple[str, str]]) -> None:
    order = PurchaseOrder("P1", DAY, (OrderLine("1", Decimal(6), "EA", None, A1),))
    before = [ReceivingAdvice(f"RA-{place}", DAY, (), (received(quantity),)) for place, quantity in enumerate(earlier)]
    replaced = ReceivingAdvice("RA-9", DAY, (), (received("6"),), purpose="05")
    notes, told = Checklist(PARTNER), {"P1": order_as_told(order, PARTNER, ReferenceBook(1))}
    check_receiving_advice(ReceivingAdvice("RA-7", DAY, (), (received("4"),)), told, notes, [*before, replaced])
    assert [(finding.code, said in finding.message) for finding, (_, said) in zip(notes.findings, found, strict=True)] == [
        (code, True) for code, _ in found
    ]


def test_an_861_says_which_orders_and_shipments_it_is_about() -> None:
    lines = (received("1", order="P2", references=(Reference("SI", "S-2"),)), received("1", order="P1"))
    advice = ReceivingAdvice("RA-1", DAY, (), lines, orders=(OrderReference("P1"),), references=(Reference("SI", "S-1"),))
    assert (advice.order_numbers, advice.shipments) == (("P1", "P2"), ("S-1", "S-2"))
    assert advice.order_of(ReceivedLine("1", A1)) == OrderReference("P1")
