"""Sage 100 all the way: an order leaves as an 850, what the vendor says comes back, by the agent that dials the gateway."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.route import INBOUND
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.sage_100_agent.supervised import POSTING
from mlconn_pipelines_tests.scenario import Scene
from mlconn_pipelines_tests.systems.all_systems import SAGE
from mlconn_pipelines_tests.systems.sage_100.described import Sage100
from sage_100_agent.supervision.supervisor import TRIES_MAX

pytestmark = [pytest.mark.database, pytest.mark.slow]

VENDOR = "ferrolux"


def begin(stage: Stage, **options: Any) -> tuple[Scene, Sage100]:
    scene = stage(system=SAGE, late_max_s=3600, only=[VENDOR], **options)
    assert isinstance(scene.system, Sage100)
    return scene, scene.system


def received(scene: Scene, set_id: str) -> DocumentRow:
    (row,) = scene.documents(INBOUND, set_ids=(set_id,), direction="inbound")
    return row


def test_an_order_leaves_once_and_what_its_vendor_says_is_entered(stage: Stage) -> None:
    scene, sage = begin(stage)
    people = sage.sandbox.people
    number = sage.order(scene)
    quote = sage.order(scene, OrderType="Q")
    scene.settle()
    (got,) = scene.received("850", number, VENDOR)
    assert (got.status, got.faults) == ("accepted", []) and got.facts is not None
    assert [(line.number, line.quantity) for line in got.facts.lines] == [("1", 10), ("2", 11)]
    assert scene.states("x12_850") == {"accepted": 1} and scene.received("850", quote) == []

    clerks.answer_order(scene, VENDOR, number, "855", change="date")
    scene.settle()
    assert received(scene, "855").state == State.PROCESSED, received(scene, "855").reason
    links = scene.rows("SELECT links FROM document WHERE id = %s", received(scene, "855").id)[0]["links"]
    days = {line["date"].replace("-", "") for line in links["lines"]}
    assert {line["RequiredDate$"] for line in sage.sandbox.order(number)["lines"]} == days and len(days) == 1

    clerks.answer_order(scene, VENDOR, number, "856")
    scene.settle()
    row = received(scene, "856")
    assert row.state == State.POSTED, row.reason
    (receipt,) = sage.entered("PO_ReceiptHeader")
    assert (receipt["order"], receipt["reference"], receipt["posted"]) == (number, f"acme:{row.id}", False)
    assert [(line["OrderLineKey$"], line["QuantityReceived"], line["WarehouseCode$"]) for line in receipt["lines"]] == [
        ("000001", 10.0, "000"),
        ("000002", 11.0, "000"),
    ]

    clerks.answer_order(scene, VENDOR, number, "810")
    scene.settle()
    row = received(scene, "810")
    assert row.state == State.POSTED, row.reason
    (invoice,) = sage.entered("AP_InvoiceHeader")
    assert (invoice["order"], invoice["reference"], invoice["posted"]) == (number, f"acme:{row.id}", False)
    assert invoice["key"][-1] == row.business_number
    assert sage.left_overs() == []

    people.post_receipts()
    scene.settle()
    assert scene.states("x12_850") == {"accepted": 1} and len(scene.uploads("850")) == 1


def test_a_receipt_that_could_not_be_posted_at_first_is_posted_by_a_later_run(stage: Stage) -> None:
    scene, sage = begin(stage)
    scene.reconfigure(erp={"post_receipts": True})
    sage.sandbox.company.batches |= {"P/O"}
    sage.go_away()
    sage.come_back(allowance=POSTING)
    number = sage.order(scene)
    scene.settle()
    for _ in range(TRIES_MAX):
        sage.sandbox.site.faults.arm("die", "PO_ReceiptRegister_upd.nProcessReport")
    clerks.answer_order(scene, VENDOR, number, "856")
    scene.settle()
    row = received(scene, "856")
    assert row.state == State.OUTCOME_UNKNOWN and "is entered and not posted yet" in row.reason
    assert len(sage.entered("PO_ReceiptHeader")) == 1
    scene.hours_pass()
    scene.settle()
    row = received(scene, "856")
    assert row.state == State.POSTED, row.reason
    (done,) = [each for each in sage.sandbox.company["PO_ReceiptHistoryHeader"].rows.values() if each["Comment$"]]
    assert done["Comment$"] == f"acme:{row.id}" and done["PurchaseOrderNo$"] == number
    assert sage.sandbox.site.calls["PO_ReceiptRegister_upd.nUpdate"] == 1
    assert scene.rows("SELECT text FROM alert") == [] and sage.left_overs() == []


def test_a_receipt_that_its_site_does_not_post_counts_as_entered_and_says_so(stage: Stage) -> None:
    scene, sage = begin(stage)
    scene.reconfigure(erp={"post_receipts": True})
    number = sage.order(scene)
    scene.settle()
    clerks.answer_order(scene, VENDOR, number, "856")
    scene.settle()
    row = received(scene, "856")
    assert row.state == State.POSTED and len(sage.entered("PO_ReceiptHeader")) == 1
    (shown,) = scene.rows("SELECT exception, exception_code FROM document WHERE exception <> ''")
    (alert,) = scene.rows("SELECT text FROM alert WHERE resolved_at IS NULL")
    assert (
        shown["exception_code"] == "entered_only" and "allow.toml" in shown["exception"] and shown["exception"] in alert["text"]
    )


def test_an_order_changed_after_it_was_sent_is_on_hold_and_another_receipt_is_no_change(stage: Stage) -> None:
    scene, sage = begin(stage, flows={"x12_850": {"after_sending": "on_hold"}})
    people, number = sage.sandbox.people, sage.order(scene)
    scene.settle()
    people.receive(number, {"000001": 4.0})
    people.print_order(number)
    scene.settle()
    assert scene.rows("SELECT 1 FROM document WHERE exception <> ''") == []
    people.edit_line(number, "000001", QuantityOrdered=12.0)
    scene.settle()
    (row,) = scene.rows("SELECT exception FROM document WHERE exception <> ''")
    assert "changed in the source after it had been sent" in row["exception"]
    assert scene.states("x12_850") == {"accepted": 1} and len(scene.uploads("850")) == 1


def test_an_order_on_hold_leaves_when_it_is_released_and_a_closed_one_is_not_asked_for(stage: Stage) -> None:
    scene, sage = begin(stage)
    number = sage.order(scene, OnHold="Y")
    scene.settle()
    assert scene.uploads("850") == []
    sage.sandbox.people.edit_order(number, OnHold="N")
    scene.settle()
    assert len(scene.received("850", number)) == 1
    sage.sandbox.people.close_order(number)
    sage.sandbox.people.purge()
    scene.settle()
    assert scene.states("x12_850") == {"accepted": 1} and scene.rows("SELECT text FROM alert") == []


def test_an_order_for_several_warehouses_leaves_as_its_vendor_wants_it(stage: Stage) -> None:
    ways = {"polarpack": "store_quantities", "eastgate": "order_each"}
    scene = stage(system=SAGE, late_max_s=3600, only=[VENDOR, *ways])
    codes = {f"00-{scene.partner_named(name).supplier_code}": way for name, way in ways.items()}
    scene.reconfigure(erp={"several_warehouses": codes})
    sage = scene.system
    assert isinstance(sage, Sage100)

    def order(name: str) -> str:
        first, second = clerks.sound_items(scene, name)
        east = {"ItemCode$": second.code, "QuantityOrdered": 7.0, "WarehouseCode$": "001"}
        return sage.order(scene, name, {"ItemCode$": first.code, "QuantityOrdered": 5.0}, east)

    by_line, by_store, each = (order(name) for name in (VENDOR, *ways))
    scene.settle()
    texts = {got.business_number: got for got in scene.received("850")}
    assert sorted(texts) == sorted([by_line, by_store, f"{each}-000", f"{each}-001"])
    assert {(got.status, *got.faults) for got in texts.values()} == {("accepted",)}
    rows = scene.rows("SELECT business_number, canonical FROM document WHERE flow = 'x12_850'")
    lines = {row["business_number"]: row["canonical"]["lines"] for row in rows}
    assert [line["parties"][0]["id"] for line in lines[by_line]] == ["000", "001"]
    assert [line["store_quantities"][0]["store"] for line in lines[by_store]] == ["000", "001"]
    assert [len(lines[f"{each}-{warehouse}"]) for warehouse in ("000", "001")] == [1, 1]
    assert sum(b"SDQ" in file.content for file in scene.uploads("850")) == 1

    clerks.answer_order(scene, "eastgate", f"{each}-001", "856")
    scene.settle()
    row = received(scene, "856")
    assert row.state == State.POSTED, row.reason
    (receipt,) = sage.entered("PO_ReceiptHeader")
    came = [(line["QuantityReceived"], line["WarehouseCode$"]) for line in receipt["lines"] if line["QuantityReceived"]]
    assert (receipt["order"], came) == (each, [(7.0, "001")])


def test_an_861_is_recorded_and_enters_nothing(stage: Stage) -> None:
    scene, sage = begin(stage)
    number = sage.order(scene)
    scene.settle()
    (sent,) = scene.documents("x12_850")
    (document,) = scene.rows("SELECT canonical FROM document WHERE id = %s", sent.id)
    line = document["canonical"]["lines"][0]
    product = line["product_ids"][0]
    head = [("BRA", "RA-1", "20990302", "00", "1"), ("DTM", "050", "20990301")]
    told = [("RCD", "1", line["quantity"], line["unit"]), ("LIN", "", product["qualifier"], product["id"])]
    place = ("PRF", number, "", "", "", line["number"])
    clerks.send_set(scene, VENDOR, "861", [*head, *told, place, ("CTT", "1")], "RA-1")
    scene.settle()
    assert received(scene, "861").state == State.PROCESSED, received(scene, "861").reason
    assert sage.sandbox.state()["created"] == []


def test_vendors_go_as_files_to_the_partner_that_takes_them(stage: Stage) -> None:
    scene, sage = begin(stage)
    scene.reconfigure({VENDOR: {"vendors": "json"}}, flows={"vendors": {"send_from": dt.date(2020, 1, 1)}})
    scene.settle()
    files = scene.uploads("vendor_")
    told = [json.loads(file.content)[0] for file in files]
    assert len(told) == len({vendor["number"] for vendor in told}) > 5
    assert scene.states("vendors") == {"sent": len(told)}
    (mine,) = (vendor for vendor in told if vendor["number"] == f"00-{scene.partner_named(VENDOR).supplier_code}")

    sage.sandbox.people.edit_vendor(scene.partner_named(VENDOR).supplier_code, City="Troy")
    scene.settle()
    (changed,) = scene.uploads("vendor_")[len(files) :]
    assert json.loads(changed.content) == [mine | {"city": "Troy"}] and changed.name > max(file.name for file in files)
    (shown,) = scene.documents("vendors", ids=(scene.documents("vendors")[-1].id,))
    assert (shown.kind, shown.set_id, shown.revision) == ("vendor", "", 2)
