"""Items of SAP to products of Salesforce, against both simulated systems and a real database."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.sync.pipeline import compare
from mlconn_pipelines_tests.integration.sync_scene import ABSENCE_S, FLOWS, SyncScene, sync_scene

pytestmark = pytest.mark.database

Stage = Callable[..., SyncScene]


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Stage]:
    with ExitStack() as stack:

        def opened(**owners: Any) -> SyncScene:
            flows = {**FLOWS, "sales_items": {"to": "products"}}
            return stack.enter_context(sync_scene(tmp_path, ledger_database, flows=flows, field_ownership={"product": owners}))

        yield opened


def products(scene: SyncScene) -> dict[str, dict[str, Any]]:
    """What the org holds, by code; two of one code count as none."""
    with scene.org.lock:
        rows = [dict(record.values) for record in scene.org.store.all("Product2")]
    return {row["ProductCode"]: row for row in rows if [each["ProductCode"] for each in rows].count(row["ProductCode"]) == 1}


def an_item(scene: SyncScene, code: str, **changes: Any) -> None:
    """Another item, entered now."""
    with scene.erp.lock:
        items = scene.erp.company.sets["Items"]
        like = next(iter(items)).values
        items.add({**like, "ItemCode": code, "ItemName": f"Item {code}", **changes, **scene.erp.company.stamp()})


def test_products_that_are_there_are_linked_and_a_new_one_is_made_once(stage: Stage) -> None:
    scene = stage()
    before = products(scene)
    an_item(scene, "NEW-1")
    an_item(scene, "PARTS", SalesItem="tNO")
    scene.run("sales_items")
    after = products(scene)
    assert set(after) == {*before, "NEW-1"} and all(row["ERP_Item__c"] == code for code, row in after.items())
    assert {code: (row["Name"], row["IsActive"]) for code, row in after.items()} == {
        **{code: (row["Name"], row["IsActive"]) for code, row in before.items()},
        "NEW-1": ("Item NEW-1", True),
    }
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.change("Items", "NEW-1", ItemName="Another name")
    scene.run("sales_items")
    assert products(scene)["NEW-1"]["Name"] == "Item NEW-1"  # SAP owns nothing where nothing is said


def test_what_sap_owns_is_changed_and_an_item_that_is_frozen_becomes_inactive(stage: Stage) -> None:
    scene = stage(name="erp", active="erp")
    code = next(code for code, row in products(scene).items() if row["IsActive"])
    scene.run("sales_items")
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.change("Items", code, ItemName="Renamed", Frozen="tYES", Valid="tNO")
    scene.run("sales_items")
    assert (products(scene)[code]["Name"], products(scene)[code]["IsActive"]) == ("Renamed", False)
    scene.org.edit("Product2", products(scene)[code]["Id"], {"Name": "By somebody"})
    with scene.pipeline() as pipeline:
        assert compare(pipeline, "sales_items", "night").written_again == [code]
    scene.run("sales_items")
    assert products(scene)[code]["Name"] == "Renamed"
    with scene.pipeline() as pipeline:
        assert compare(pipeline, "sales_items", "night").words().endswith("are there.")


def test_two_products_of_one_code_ask_a_person(stage: Stage) -> None:
    scene = stage()
    code = next(iter(products(scene)))
    twin = scene.org.add("Product2", {"Name": "Twin", "ProductCode": code, "IsActive": True})
    scene.run("sales_items")
    (held,) = [row for row in scene.documents("sales_items") if row.state == "on_hold"]
    assert (held.source_key, held.reason_code) == (code, "item_ambiguous")
    scene.org.edit("Product2", twin, {"ERP_Item__c": code})
    with scene.pipeline() as pipeline:
        pipeline.operator.reprocess(pipeline.run("sales_items", "by hand", held.partition), held.id, "it is the twin")
    scene.run("sales_items")
    assert "on_hold" not in scene.states("sales_items")


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_product_whose_answer_is_lost_is_made_once(stage: Stage, fault: str) -> None:
    scene = stage()
    scene.run("sales_items")
    scene.erp.move_clock(dt.timedelta(seconds=2))
    an_item(scene, "NEW-1")
    scene.org.faults.arm(fault, "/composite", 1, method="PATCH")
    scene.run("sales_items")
    time.sleep(ABSENCE_S)
    for _ in range(3):
        scene.hours_pass()
        scene.run("sales_items")
    assert products(scene)["NEW-1"]["ERP_Item__c"] == "NEW-1" and set(scene.states("sales_items")) <= {"posted", "processed"}


def test_an_item_that_was_frozen_from_the_first_is_made_once_it_is_sold(stage: Stage) -> None:
    scene = stage()
    an_item(scene, "NEW-9", Frozen="tYES")
    scene.run("sales_items")
    assert "NEW-9" not in products(scene)
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.change("Items", "NEW-9", Frozen="tNO")
    scene.run("sales_items")
    assert [row.reason for row in scene.documents("sales_items") if row.state is State.ON_HOLD] == []
    assert products(scene)["NEW-9"]["IsActive"] is True
