"""A document on hold goes out by itself once what was wrong is put right, wherever that was."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines_tests.integration import clerks
from mlconn_pipelines_tests.integration.conftest import Stage
from mlconn_pipelines_tests.scenario import Scene
from mlconn_simulators.sap_business_one.accounting import REVENUES
from mlconn_simulators.world.items import ODD

pytestmark = pytest.mark.database


def set_aside(scene: Scene, code: str) -> DocumentRow:
    """The scene's only invoice, put on hold for that reason however often it is looked at."""
    for _ in range(2):
        scene.run("x12_810")
    (row,) = scene.documents("x12_810")
    assert (row.state, row.reason_code) == (State.ON_HOLD, code)
    assert scene.uploads() == []
    scene.erp.move_clock(dt.timedelta(minutes=3))
    return row


def test_a_record_corrected_in_the_erp_goes_out_at_the_next_run(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    invoice = clerks.invoice(scene, NumAtCard="Release 17 for the spring campaign")
    row = set_aside(scene, "order_number_too_long")
    assert "Release 17" in row.reason
    scene.erp.change("Invoices", invoice.entry, NumAtCard="REL-17")
    scene.settle()
    (again,) = scene.documents("x12_810")
    assert (again.id, again.state) == (row.id, State.ACCEPTED)
    (got,) = scene.received("810")
    assert got.facts is not None
    assert got.facts.order_number == "REL-17"


def test_a_line_corrected_in_the_erp_goes_out_at_the_next_run(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    odd = next(item for item in scene.world.items if ODD in item.units and item.active)
    entry = scene.erp.company.unit_entries[ODD]
    line = {"ItemCode": odd.code, "Quantity": 2.0, "UnitPrice": 7.0, "UoMEntry": entry}
    invoice = clerks.invoice(scene, DocumentLines=[line])
    assert ODD in set_aside(scene, "unit_unknown").reason
    fine = clerks.sound_items(scene, "northwind", 1)[0]
    scene.erp.change("Invoices", invoice.entry, DocumentLines=[{"LineNum": 0, "ItemCode": fine.code, "UoMEntry": -1}])
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}


def test_an_item_activated_in_the_erp_revives_its_documents(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    item = clerks.sound_items(scene, "northwind", 1)[0]
    clerks.invoice(scene)
    clerks.switch_item(scene, item.code, active=False)
    assert item.code in set_aside(scene, "item_inactive").reason
    clerks.switch_item(scene, item.code, active=True)
    scene.refresh_reference()
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}


def test_an_account_opened_in_the_erp_revives_its_documents(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    clerks.invoice(scene)
    scene.erp.change("ChartOfAccounts", REVENUES, FrozenFor="tYES")
    scene.refresh_reference()
    assert "Account 41000001 (Sales revenues) is blocked" in set_aside(scene, "account_inactive").reason
    scene.erp.change("ChartOfAccounts", REVENUES, FrozenFor="tNO")
    scene.refresh_reference()
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}


def test_a_barcode_entered_in_the_erp_revives_its_documents(stage: Stage) -> None:
    scene = stage(only=["northwind"], partners={"northwind": {"x12": {"product_id_qualifiers": ["UP"]}}})
    item = clerks.sound_items(scene, "northwind", 1)[0]
    held = {name: scene.erp.record("Items", item.code)[name] for name in ("BarCode", "ItemBarCodeCollection")}
    scene.erp.change("Items", item.code, BarCode=None, ItemBarCodeCollection=[])
    scene.refresh_reference()
    clerks.invoice(scene, DocumentLines=[{"ItemCode": item.code, "Quantity": 2.0, "UnitPrice": 7.0}])
    assert item.code in set_aside(scene, "product_id_missing").reason
    scene.erp.change("Items", item.code, **held)
    scene.refresh_reference()
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}


def test_an_item_activated_just_before_the_check_is_looked_up_and_not_refused(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    item = clerks.sound_items(scene, "northwind", 1)[0]
    clerks.switch_item(scene, item.code, active=False)
    scene.refresh_reference()
    scene.erp.move_clock(dt.timedelta(minutes=3))
    clerks.switch_item(scene, item.code, active=True)
    clerks.invoice(scene)
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}


def test_a_unit_added_to_the_partner_file_revives_its_documents(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    odd = next(item for item in scene.world.items if ODD in item.units and item.active)
    line = {"ItemCode": odd.code, "Quantity": 2.0, "UnitPrice": 7.0, "UoMEntry": scene.erp.company.unit_entries[ODD]}
    clerks.invoice(scene, DocumentLines=[line])
    set_aside(scene, "unit_unknown")
    scene.reconfigure(partners={"northwind": {"units": {ODD: "BK"}}})
    scene.settle()
    assert scene.states("x12_810") == {"accepted": 1}
    (got,) = scene.received("810")
    assert got.facts is not None
    assert [(line.quantity, line.unit) for line in got.facts.lines] == [(Decimal(2), "BK")]


def test_a_customer_who_becomes_a_partner_gets_what_waited(stage: Stage) -> None:
    scene = stage(only=["northwind", "maplegate"], partners={"maplegate": {"customer_codes": ["C99999"]}})
    invoice = clerks.invoice(scene, "maplegate")
    set_aside(scene, "partner_unknown")
    code = scene.partner_named("maplegate").customer_code
    scene.reconfigure(partners={"maplegate": {"customer_codes": [code]}})
    scene.settle()
    assert [got.partner for got in scene.received("810", invoice.number)] == ["maplegate"]


def test_an_order_with_an_unknown_item_is_posted_once_the_catalogue_knows_it(stage: Stage) -> None:
    scene = stage(only=["northwind"])
    order = clerks.an_order(scene)
    theirs = order.segments[-1 - 2][7] if order.segments[-2][0] == "PID" else order.segments[-2][7]
    for segment in order.segments:
        if segment[0] == "PO1" and segment[7] == theirs:
            segment[7] = "THEIR-OWN-1"
    clerks.put(scene, clerks.order_file(scene, [order], 77), "order.edi")
    scene.settle()
    (row,) = scene.documents("inbound", set_ids=("850",))
    assert (row.state, row.reason_code) == (State.ON_HOLD, "item_unknown")
    scene.reconfigure(partners={"northwind": {"items": {"THEIR-OWN-1": clerks.sound_items(scene, "northwind", 1)[0].code}}})
    scene.settle()
    assert scene.states("inbound", set_ids=("850",)) == {"posted": 1}
    assert [entry["NumAtCard"] for entry in scene.erp.state()["created"]] == [order.number]
