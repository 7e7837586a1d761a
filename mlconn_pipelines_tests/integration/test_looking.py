"""What a look costs when nothing happened, and what is looked up when something new turns up."""

from __future__ import annotations

import copy
from collections import Counter

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.fetching import look_for_changes
from mlconn_pipelines.flows.receiving import look_for_files
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage

pytestmark = pytest.mark.database


def test_a_look_at_nothing_new_is_one_request_a_document_set_and_folder(stage: Stage) -> None:
    scene = stage(only=["northwind", "ferrolux"], late_max_s=3600)
    clerks.invoice(scene)
    clerks.delivery(scene)
    clerks.purchase_order(scene)
    scene.partner.send_orders(2, partner="northwind")
    scene.settle()
    with scene.pipeline() as pipeline:
        flows = [flow for flow in pipeline.settings.flow_names if flow != INBOUND]
        for _ in range(2):  # the first look resolves folder names, as a sensor that stays up does once
            before = Counter(scene.erp.faults.requests), Counter(scene.cleo.faults.requests)
            assert [look_for_changes(pipeline.route(flow)) for flow in flows] == [0, 0, 0]
            assert look_for_files(pipeline.inbound) == 0
        asked = [scene.erp.faults.requests - before[0], scene.cleo.faults.requests - before[1]]
        assert {kind: times for kind, times in asked[0].items() if times} == {
            f"GET /b1s/v2/{name}": 1 for name in ("Invoices", "PurchaseOrders", "DeliveryNotes")
        }
        assert sum(asked[1].values()) == len(pipeline.inbound.settings.folders)
        assert [pipeline.engine.queue.work(pipeline.name, flow) for flow in pipeline.settings.flow_names] == [0, 0, 0, 0]
        clerks.invoice(scene)
        assert look_for_changes(pipeline.route("x12_810")) == 1


def test_reference_data_is_read_whole_once_and_then_by_what_changed(stage: Stage) -> None:
    scene = stage(only=["northwind"], items=200)
    items = "GET /b1s/v2/Items"
    scene.refresh_reference()
    first = scene.erp.faults.requests[items]
    scene.refresh_reference()
    assert first > 1
    assert scene.erp.faults.requests[items] == first + 1


def test_an_item_that_is_newer_than_the_reference_data_is_looked_up(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    scene.refresh_reference()
    known = clerks.sound_items(scene, "northwind", 1)[0]
    values = copy.deepcopy(scene.erp.record("Items", known.code)) | {"ItemCode": "A1NEW", "ItemName": "Brand new"}
    scene.erp.company.sets["Items"].add(values)
    catalogue = {"ItemCode": "A1NEW", "CardCode": scene.partner_named("northwind").customer_code, "Substitute": "NEW-1"}
    scene.erp.company.sets["AlternateCatNum"].add(catalogue)
    line = {"ItemCode": "A1NEW", "Quantity": 3.0, "UnitPrice": 2.0}
    invoice = clerks.invoice(scene, DocumentLines=[line])
    order = clerks.an_order(scene)
    for segment in order.segments:
        if segment[0] == "PO1":
            segment[3], segment[7] = "EA", "NEW-1"
    clerks.put(scene, clerks.order_file(scene, [order], 7), "new.edi")
    scene.settle()
    assert [got.business_number for got in scene.received("810")] == [invoice.number]
    assert {line["item"] for entry in scene.erp.state()["created"] for line in entry["lines"]} == {"A1NEW"}


def test_a_file_of_an_unknown_partner_is_taken_in_once_the_partner_is_configured(stage: Stage) -> None:
    scene = stage(only=["northwind", "maplegate"], partners={"maplegate": {"x12": {"theirs": {"id": "SOMEONE"}}}})
    (ordered,) = scene.partner.send_orders(1, partner="maplegate")
    scene.settle()
    assert scene.rows("SELECT state, reason_code FROM received_file") == [
        {"state": "on_hold", "reason_code": "partner_unknown"}
    ]
    scene.reconfigure(partners={"maplegate": {"x12": {"theirs": {"id": scene.partner_named("maplegate").id}}}})
    scene.settle()
    assert [row.state for row in scene.documents(INBOUND, set_ids=("850",))] == [State.POSTED]
    assert (ordered.acknowledged, ordered.acknowledgments) == ("accepted", 1)


def test_an_api_providers_lost_answer_is_settled_by_the_997(stage: Stage) -> None:
    scene = stage(only=["bluepeak"])
    clerks.invoice(scene, "bluepeak")
    scene.cleo.faults.arm("cut_after", "/provider", method="POST")
    scene.run("x12_810")
    assert scene.states("x12_810") == {"outcome_unknown": 1}
    scene.hours_pass()
    scene.run("x12_810")
    assert scene.states("x12_810") == {"outcome_unknown": 1}
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}
    assert len(scene.cleo.received) == 1
