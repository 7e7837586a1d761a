"""Business Central in place of SAP, through the same flows: documents all the way, both ways, for the partners behind one Cleo."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.business_central_scene import BusinessCentralScene, business_central_scene
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import run_of

pytestmark = pytest.mark.database

SOME = ["northwind", "eastgate", "ferrolux"]
BUYS: dict[str, Any] = {"erp": {"orders_sent": "purchaseOrders"}, "only": ["ferrolux", "northwind"], "late_max_s": 3600}


def priced(lines: list[Any], price: str) -> list[tuple[Decimal, Decimal]]:
    return [(line["quantity"], line[price]) for line in lines if line["lineType"] == "Item"]


def buyers(bc: BusinessCentralScene) -> list[str]:
    return [p.name for p in bc.scene.world.partners if p.customer_code and p.name != "bigbarn"]


def test_every_customer_gets_its_posted_invoice_and_acknowledges_it(stage: Stage) -> None:
    with business_central_scene(stage) as bc:
        written = {name: bc.invoice(name) for name in buyers(bc)}
        bc.sell("northwind")
        bc.company.act("salesInvoices", bc.sell("northwind"), "release")
        bc.scene.settle()
        assert bc.scene.states("x12_810") == {"accepted": len(written)}, "a draft is no invoice, released or not"
        for name, invoice in written.items():
            (got,) = bc.scene.received("810", partner=name)
            record = bc.record("salesInvoices", invoice)
            assert (got.business_number, got.status, got.faults) == (record["number"], "accepted", [])
            assert got.facts is not None
            assert got.facts.total == record["totalAmountIncludingTax"]
            assert got.facts.order_number == record["externalDocumentNumber"]
            lines = bc.company.lines("salesInvoices", invoice)
            assert [(line.quantity, line.price) for line in got.facts.lines] == priced(lines, "unitPrice")


def test_an_invoice_that_is_paid_or_corrected_later_is_not_sent_again(stage: Stage) -> None:
    with business_central_scene(stage, only=SOME, flows={"x12_810": {"after_sending": "on_hold"}}) as bc:
        paid, corrected, canceled, unsent = (bc.invoice("northwind") for _ in range(4))
        bc.company.act("salesInvoices", unsent, "cancel")
        bc.scene.settle()
        assert bc.scene.states("x12_810") == {"accepted": 3, "skipped": 1}
        bc.company.act("salesInvoices", paid, "pay")
        bc.company.act("salesInvoices", corrected, "makeCorrectiveCreditMemo")
        bc.company.act("salesInvoices", canceled, "cancel")
        bc.scene.settle()
        assert len(bc.scene.uploads("810")) == 3
        told = bc.scene.rows("SELECT source_key, exception_code FROM document WHERE exception <> ''")
        assert [row["source_key"] for row in told] == [canceled], "only that one is cancelled for the partner too"


def test_every_customers_order_becomes_a_sales_order_and_comes_back_as_an_invoice_only(stage: Stage) -> None:
    with business_central_scene(stage) as bc:
        customers = [partner.name for partner in bc.scene.world.partners if partner.customer_code]
        for name in customers:
            bc.scene.partner.send_orders(1, partner=name)
        bc.scene.settle()
        assert not [(row.partner, row.reason) for row in bc.scene.documents(INBOUND, State.ON_HOLD)]
        assert bc.scene.states(INBOUND, set_ids=("850",)) == {"posted": len(customers)}
        created = {entry["externalDocumentNumber"]: entry for entry in bc.company.state(bodies=True)["created"]}
        posted = {row.business_number: row for row in bc.scene.documents(INBOUND, State.POSTED)}
        for sent in bc.scene.partner.outbox.sent:
            assert (sent.acknowledged, sent.acknowledgments) == ("accepted", 1), sent
            entry = created[sent.business_number.upper()]
            items = [line for line in entry["lines"] if line["type"] == "Item"]
            assert len(items) == len(sent.lines)
            value = sum(Decimal(str(line["quantity"])) * Decimal(str(line["price"])) for line in items)
            assert sent.total is not None and abs(value - sent.total) <= Decimal("0.01") * len(sent.lines)
            comments = [line["description"] for line in entry["body"]["salesOrderLines"] if "lineType" not in line]
            assert comments[0] == f"acme:salesOrders:{posted[sent.business_number].id}"
        for entry in created.values():
            bc.company.act("salesOrders", entry["id"], "release")
        bc.scene.settle()
        assert bc.scene.uploads("850") == [], "our own orders are no news to those who sent them"
        for entry in created.values():
            bc.company.act("salesOrders", entry["id"], "shipAndInvoice")
        bc.scene.settle()
        assert not [(row.partner, row.reason) for row in bc.scene.documents("x12_810") if row.state is not State.ACCEPTED]
        assert len(bc.scene.received("810")) == len(customers)


def test_an_order_whose_answer_was_lost_is_created_once(stage: Stage) -> None:
    with business_central_scene(stage, only=SOME) as bc:
        bc.company.faults.arm("cut_after", path="salesOrders", method="POST")
        bc.scene.partner.send_orders(1, partner="northwind")
        bc.scene.run(INBOUND)
        assert bc.scene.states(INBOUND, set_ids=("850",)) == {"outcome_unknown": 1}
        bc.scene.hours_pass()
        bc.scene.settle()
        assert bc.scene.states(INBOUND, set_ids=("850",)) == {"posted": 1}
        assert len(bc.company.state()["created"]) == 1
        assert bc.company.state()["business_duplicates"] == []


def test_an_order_that_was_never_stored_is_created_after_a_look(stage: Stage) -> None:
    with business_central_scene(stage, only=SOME) as bc:
        bc.company.faults.arm("504", path="salesOrders", method="POST")
        bc.scene.partner.send_orders(1, partner="northwind")
        bc.scene.run(INBOUND)
        assert bc.scene.states(INBOUND, set_ids=("850",)) == {"outcome_unknown": 1}
        bc.scene.hours_pass()
        bc.scene.settle()
        assert bc.scene.states(INBOUND, set_ids=("850",)) == {"posted": 1}
        assert len(bc.company.state()["created"]) == 1


def test_a_released_sales_order_is_sent_and_its_end_is_no_cancellation(stage: Stage) -> None:
    with business_central_scene(stage, only=SOME, late_max_s=3600) as bc:
        order = bc.sell("northwind", "salesOrders")
        bc.scene.settle()
        assert bc.scene.states("x12_850") == {}, "not before it is released"
        bc.company.act("salesOrders", order, "release")
        bc.scene.settle()
        assert bc.scene.states("x12_850") == {"accepted": 1}
        number = bc.record("salesOrders", order)["number"]
        bc.company.act("salesOrders", order, "shipAndInvoice")
        bc.scene.settle()
        assert bc.scene.states("x12_850") == {"accepted": 1}
        assert bc.scene.states("x12_810") == {"accepted": 1}
        clerks.answer_order(bc.scene, "northwind", number, "855")
        bc.scene.settle()
        (answer,) = bc.scene.documents(INBOUND, set_ids=("855",), direction="inbound")
        assert (answer.state, answer.reason_code) == (State.ON_HOLD, "order_gone")


def test_an_order_that_is_deleted_before_it_was_sent_waits_for_a_person(stage: Stage) -> None:
    with business_central_scene(stage, only=SOME) as bc:
        item = bc.company.company.sets["items"].find("number", clerks.sound_items(bc.scene, "northwind")[0].code)
        assert item is not None
        order, kept = bc.sell("northwind", "salesOrders"), bc.sell("northwind", "salesOrders")
        bc.company.company.write(item, {"blocked": True})
        bc.scene.refresh_reference()
        for each in (order, kept):
            bc.company.act("salesOrders", each, "release")
        bc.scene.run()
        assert bc.scene.states("x12_850") == {"on_hold": 2}
        bc.company.remove("salesOrders", order)
        bc.company.company.write(item, {"blocked": False})
        bc.scene.refresh_reference()
        bc.scene.settle()
        states = {row.source_key: (row.state, row.reason_code) for row in bc.scene.documents("x12_850")}
        assert states == {order: (State.ON_HOLD, "record_gone"), kept: (State.ACCEPTED, "")}
        (row,) = bc.scene.documents("x12_850", State.ON_HOLD)
        with bc.scene.pipeline() as pipeline:
            pipeline.operator.approve(run_of(pipeline, row.flow), row.id, "it was delivered by hand")
        bc.scene.settle()
        assert bc.scene.states("x12_850") == {"accepted": 2}


def test_a_suppliers_answer_moves_the_dates_of_the_purchase_order_and_sends_nothing(stage: Stage) -> None:
    with business_central_scene(stage, **BUYS) as bc:
        order = bc.buy("ferrolux")
        bc.scene.settle()
        assert bc.scene.states("x12_850") == {"accepted": 1}
        number = bc.record("purchaseOrders", order)["number"]
        (got,) = bc.scene.received("850", number, "ferrolux")
        assert (got.status, got.faults) == ("accepted", [])
        assert got.facts is not None
        lines = bc.company.lines("purchaseOrders", order)
        assert [(line.quantity, line.price) for line in got.facts.lines] == priced(lines, "directUnitCost")
        bc.company.faults.arm("stale_etag", path="purchaseOrderLines")
        clerks.answer_order(bc.scene, "ferrolux", number, "855", change="date")
        bc.scene.settle()
        (answer,) = bc.scene.documents(INBOUND, set_ids=("855",), direction="inbound")
        assert answer.state is State.PROCESSED
        (kept,) = bc.scene.rows("SELECT links FROM document WHERE id = %s", answer.id)
        told = {line["date"] for line in kept["links"]["lines"]}
        written = {line["expectedReceiptDate"] for line in bc.company.lines("purchaseOrders", order)}
        assert written == told and all(dt.date.fromisoformat(day) for day in written)
        bc.scene.settle()
        assert len(bc.scene.uploads("850")) == 1


def test_another_price_waits_for_a_person_and_then_changes_the_cost(stage: Stage) -> None:
    with business_central_scene(stage, **(BUYS | {"erp": {**BUYS["erp"], "apply_differences": True}})) as bc:
        order = bc.buy("ferrolux")
        bc.scene.settle()
        number = bc.record("purchaseOrders", order)["number"]
        before = priced(bc.company.lines("purchaseOrders", order), "directUnitCost")
        clerks.answer_order(bc.scene, "ferrolux", number, "855", change="price")
        bc.scene.settle()
        (answer,) = bc.scene.documents(INBOUND, set_ids=("855",), direction="inbound")
        assert (answer.state, answer.reason_code) == (State.ON_HOLD, "price_differs")
        assert priced(bc.company.lines("purchaseOrders", order), "directUnitCost") == before
        with bc.scene.pipeline() as pipeline:
            pipeline.operator.approve(run_of(pipeline, answer.flow), answer.id, "agreed by telephone")
        bc.scene.settle()
        assert priced(bc.company.lines("purchaseOrders", order), "directUnitCost") != before
        assert len(bc.scene.uploads("850")) == 1, "our own change goes to nobody"


def test_a_shipment_is_recorded_and_an_invoice_checked_against_the_purchase_order(stage: Stage) -> None:
    with business_central_scene(stage, erp=BUYS["erp"], only=BUYS["only"], late_max_s=0.2) as bc:
        bc.buy("ferrolux")
        bc.scene.settle()
        states = {set_id: bc.scene.states(INBOUND, set_ids=(set_id,), direction="inbound") for set_id in ("855", "856", "810")}
        assert states == {"855": {"processed": 1}, "856": {"processed": 1}, "810": {"processed": 1}}
        assert bc.company.state()["created"] == []
        (order,) = bc.scene.received("850")
        for set_id, named in (("810", "IN-AGAIN"), ("856", bc.scene.documents(INBOUND, set_ids=("856",))[0].business_number)):
            clerks.answer_order(bc.scene, "ferrolux", order.business_number, set_id, named=named)
        bc.scene.run(INBOUND)
        held = [row.reason_code for row in bc.scene.documents(INBOUND, State.ON_HOLD, direction="inbound")]
        assert held == ["invoiced_before", "business_duplicate"]
        assert len(bc.scene.uploads("824")) == 1


def test_a_line_without_a_value_of_its_dimension_waits_until_it_is_corrected(stage: Stage) -> None:
    with business_central_scene(stage, only=SOME) as bc:
        company = bc.company.company
        record = company.get("salesInvoices", bc.invoice("northwind"))
        company.set_dimensions(record, DEPARTMENT="SOLD")
        bc.scene.settle()
        (row,) = bc.scene.documents("x12_810")
        assert (row.state, row.reason_code) == (State.ON_HOLD, "dimension_value_unknown")
        company.set_dimensions(record, DEPARTMENT="ADM")
        bc.scene.settle()
        assert bc.scene.states("x12_810") == {"accepted": 1}


def test_invoices_go_out_without_a_right_to_read_dimensions_and_that_it_is_given_is_no_change(stage: Stage) -> None:
    with business_central_scene(stage, only=SOME, flows={"x12_810": {"after_sending": "on_hold"}}) as bc:
        company = bc.company.company
        company.unreadable |= {"dimensionSetLines", "dimensionValues"}
        invoices = [bc.invoice("northwind") for _ in range(2)]
        bc.scene.settle()
        assert bc.scene.states("x12_810") == {"accepted": 2}
        bc.company.act("salesInvoices", invoices[0], "pay")
        bc.scene.settle()
        for rights in (set[str](), {"dimensionSetLines"}, set[str]()):  # given, taken away and given again
            company.unreadable = rights
            for invoice in invoices:
                company.touch(company.get("salesInvoices", invoice))
            bc.scene.settle()
            assert bc.scene.rows("SELECT exception FROM document WHERE exception <> '' OR revision > 1") == []
        company.set_dimensions(company.get("salesInvoices", invoices[0]), DEPARTMENT="ADM")
        bc.scene.settle()
        (changed,) = bc.scene.rows("SELECT source_key FROM document WHERE exception <> ''")
        assert changed["source_key"] == invoices[0]


def test_reference_data_that_arrives_later_lets_a_document_go_on(stage: Stage) -> None:
    with business_central_scene(stage, only=SOME) as bc:
        item = bc.company.company.sets["items"].find("number", clerks.sound_items(bc.scene, "northwind")[0].code)
        assert item is not None
        bc.invoice("northwind")
        bc.company.company.write(item, {"blocked": True})
        bc.scene.refresh_reference()
        bc.scene.run()
        (row,) = bc.scene.documents("x12_810")
        assert (row.state, row.reason_code) == (State.ON_HOLD, "item_inactive")
        bc.company.company.write(item, {"blocked": False})
        bc.scene.refresh_reference()
        bc.scene.settle()
        assert bc.scene.states("x12_810") == {"accepted": 1}
