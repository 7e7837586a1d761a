"""An item's variant is part of it, out and in: documents name it by its id alone, partners by numbers in their file."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.order_acknowledgment import AcknowledgedLine, LineAnswer, OrderAcknowledgment
from mlconn_pipelines_tests.systems.business_central.mapping.business_central_records import (
    book,
    codes,
    invoice,
    line,
    mapping,
    partner,
    purchase_line,
    purchase_order,
)

BLUE, RED = "aaaaaaaa-0000-4000-8000-00000000b10e", "aaaaaaaa-0000-4000-8000-000000000fed"
NO_ID = "00000000-0000-0000-0000-000000000000"
VARIANTS = [
    {"id": BLUE.upper(), "itemNumber": "1896-S", "code": "Blue", "description": "Desk, blue"},
    {"id": RED, "itemNumber": "1896-S", "code": "RED", "description": "Desk, red"},
]
BOOK = book(item_variants=VARIANTS)
ITEMS = {"T-1": "1896-S", "T-1-B": "1896-S|blue", "T-1-R": "1896-S|RED"}


@pytest.mark.parametrize(
    ("variant", "theirs", "description", "findings"),
    [
        (BLUE, "T-1-B", "ATHENS Desk, BLUE", []),
        (RED, "T-1-R", "ATHENS Desk, RED", []),
        (NO_ID, "T-1", "ATHENS Desk", []),
    ],
)
def test_a_variant_goes_out_under_the_partners_number_for_it(
    variant: str, theirs: str, description: str, findings: list[str]
) -> None:
    found = mapping().outbound.document("x12_810", invoice([line(1, itemVariantId=variant)]), partner(items=ITEMS), BOOK)
    assert codes(found.findings, "reject") == codes(found.findings, "accept_with_error") == findings
    (shown,) = found.document.lines  # type: ignore[union-attr]
    assert ProductId("BP", theirs) in shown.product_ids and ProductId("VP", "1896-S") in shown.product_ids
    assert shown.description == description


def test_a_variant_without_a_number_of_its_own_is_told() -> None:
    found = mapping().outbound.document(
        "x12_810", invoice([line(1, itemVariantId=RED)]), partner(items={"T-1": "1896-S"}), BOOK
    )
    assert codes(found.findings, "accept_with_error") == ["variant_not_numbered"]


def test_a_variant_that_the_service_does_not_show_is_looked_up_and_then_held() -> None:
    found = mapping().outbound.document("x12_810", invoice([line(1, itemVariantId=RED)]), partner(items=ITEMS), book())
    assert codes(found.findings) == ["variant_unknown"] and found.missing == (("variant", RED),)


def created(*ids: ProductId, items: Any = ITEMS, known: Any = BOOK) -> Any:
    ordered = OrderLine("1", Decimal(4), "EA", Decimal("12.5"), ids)
    order = PurchaseOrder(number="PO-1", date=dt.date(2026, 3, 1), lines=(ordered,))
    return mapping().orders.order(order, partner(items=items), known, "acme:salesOrders:D1")


@pytest.mark.parametrize(
    ("ids", "variant"),
    [
        ((ProductId("BP", "T-1-B"),), BLUE),
        ((ProductId("BP", "T-1"),), None),
        ((ProductId("VP", "1896-S"), ProductId("BP", "T-1-R")), RED),
        ((ProductId("BP", "T-1-R"), ProductId("VP", "1896-S")), RED),
    ],
)
def test_an_850_orders_the_variant_that_its_numbers_mean(ids: tuple[ProductId, ...], variant: str | None) -> None:
    creation = created(*ids)
    assert codes(creation.findings) == [], creation.findings
    fields = creation.payload["salesOrderLines"][0]
    assert fields["lineObjectNumber"] == "1896-S" and fields.get("itemVariantId") == variant


def test_a_variant_of_the_partner_file_that_is_not_there_is_looked_up_and_then_held() -> None:
    creation = created(ProductId("BP", "G"), items={"G": "1896-S|GREEN"})
    assert codes(creation.findings) == ["variant_unknown"] and creation.payload is None
    assert ("variant", "1896-S") in creation.missing


def test_an_answer_is_to_the_line_whose_variant_its_number_means() -> None:
    order = purchase_order([purchase_line(1, itemVariantId=BLUE), purchase_line(2, itemVariantId=RED)])
    day = dt.date(2026, 4, 1)
    answers = tuple(
        AcknowledgedLine(
            "", Decimal(4), "EA", Decimal("12.5"), (ProductId("VP", theirs),), (LineAnswer("IA", Decimal(4), "EA", day),)
        )
        for theirs in ("T-1-R",)
    )
    answer = OrderAcknowledgment(order_number="106001", date=day, kind="AC", lines=answers)
    change = mapping(orders_sent="purchaseOrders").suppliers.effect(answer, order, partner(items=ITEMS), BOOK)
    assert [(told["line"], told["item"]) for told in change.lines] == [("2", "1896-S|RED")], change.findings


def test_another_variant_is_a_change() -> None:
    facts = [
        mapping().outbound.header("x12_810", invoice([line(1, itemVariantId=each)])).content_hash for each in (BLUE, RED, NO_ID)
    ]
    assert len(set(facts)) == 3
