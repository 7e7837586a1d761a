"""One document of each kind all the way, for every trading partner: what left is what arrived, and both sides know."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_simulators.partner.inbox import Received

pytestmark = pytest.mark.database


def assert_same_lines(got: Received, record: dict[str, Any], *, priced: bool = True) -> None:
    """Quantities and prices, line by line, as a partner received them against the ERP's record."""
    assert got.facts is not None
    theirs = [(line.quantity, line.price if priced else None) for line in got.facts.lines]
    ours = [
        (Decimal(str(line["Quantity"])), Decimal(str(line["Price"])) if priced else None) for line in record["DocumentLines"]
    ]
    assert theirs == ours
    assert all(line.item for line in got.facts.lines)


def test_every_customer_gets_its_invoice_and_acknowledges_it(stage: Stage) -> None:
    scene = stage()
    customers = [partner.name for partner in scene.world.partners if partner.customer_code and partner.name != "bigbarn"]
    written = {name: clerks.invoice(scene, name) for name in customers}
    scene.settle()
    assert scene.states("x12_810") == {"accepted": len(customers)}
    for name, invoice in written.items():
        (got,) = scene.received("810", partner=name)
        record = scene.erp.record("Invoices", invoice.entry)
        assert (got.business_number, got.status, got.faults) == (invoice.number, "accepted", [])
        assert got.facts is not None
        total = record["DocTotal"] if record["DocCurrency"] == "$" else record["DocTotalFc"]
        assert got.facts.total == Decimal(str(total))
        assert got.facts.order_number == f"PO-{name[:4]}"
        assert_same_lines(got, record)
    assert not scene.partner.inbox.business_duplicates


def test_every_supplier_gets_its_purchase_order(stage: Stage) -> None:
    scene = stage(late_max_s=3600)
    suppliers = [partner.name for partner in scene.world.partners if partner.supplier_code]
    written = {name: clerks.purchase_order(scene, name) for name in suppliers}
    scene.settle()
    assert scene.states("x12_850") == {"accepted": len(suppliers)}
    for name, order in written.items():
        (got,) = scene.received("850", order.number, name)
        assert (got.status, got.faults) == ("accepted", [])
        assert_same_lines(got, scene.erp.record("PurchaseOrders", order.entry))


def test_every_customer_gets_its_ship_notice(stage: Stage) -> None:
    scene = stage()
    customers = [partner.name for partner in scene.world.partners if partner.customer_code and partner.name != "bigbarn"]
    written = {name: clerks.delivery(scene, name) for name in customers}
    scene.settle()
    assert scene.states("x12_856") == {"accepted": len(customers)}
    for name, notice in written.items():
        (got,) = scene.received("856", notice.number, name)
        assert (got.status, got.faults) == ("accepted", [])
        assert got.facts is not None
        assert {line.order_number for line in got.facts.lines} == {f"PO-{name[:4]}"}
        assert_same_lines(got, scene.erp.record("DeliveryNotes", notice.entry), priced=False)


def test_every_customers_order_becomes_a_sales_order_and_is_acknowledged(stage: Stage) -> None:
    scene = stage()
    customers = [partner.name for partner in scene.world.partners if partner.customer_code]
    for name in customers:
        scene.partner.send_orders(1, partner=name)
    scene.settle()
    assert not [(row.partner, row.reason) for row in scene.documents("inbound", State.ON_HOLD)]
    assert scene.states("inbound", set_ids=("850",)) == {"posted": len(customers)}
    for sent in scene.partner.outbox.sent:
        assert (sent.acknowledged, sent.acknowledgments) == ("accepted", 1), sent
    created = {entry["NumAtCard"]: entry for entry in scene.erp.state()["created"]}
    posted = {row.business_number: row for row in scene.documents("inbound", State.POSTED)}
    for sent in scene.partner.outbox.sent:
        record = created[sent.business_number]
        assert record["set"] == "Orders"
        assert record["reference"] == f"acme:Orders:{posted[sent.business_number].id}"
        value = sum(Decimal(str(line["quantity"])) * Decimal(str(line["price"])) for line in record["lines"])
        assert sent.total is not None
        assert abs(value - sent.total) <= Decimal("0.01") * len(sent.lines)
        assert len(record["lines"]) == len(sent.lines)


def test_a_document_says_what_it_is_and_between_which_systems_it_travels(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    clerks.invoice(scene)
    scene.system.send(scene)
    scene.settle()
    told = scene.rows("SELECT DISTINCT kind, direction, source, target FROM document ORDER BY kind, direction")
    assert [tuple(row.values()) for row in told] == [
        ("functional_acknowledgment", "inbound", "cleo", "sap_business_one"),
        ("functional_acknowledgment", "outbound", "", "cleo"),
        ("invoice", "outbound", "sap_business_one", "cleo"),
        ("purchase_order", "inbound", "cleo", "sap_business_one"),
    ]
