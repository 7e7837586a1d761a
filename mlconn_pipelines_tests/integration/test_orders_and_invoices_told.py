"""Salesforce's Order and Invoice are told what their opportunity is told, where the org has them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.flows.selection import EVERYTHING
from mlconn_pipelines.flows.sync.pipeline import READ_STEPS, WRITE_STEPS
from mlconn_pipelines_tests.integration.sync_scene import FLOWS, SyncScene, sync_scene

pytestmark = pytest.mark.database

ORDER = {"status": "ERP_Order_Status__c", "invoice_numbers": "ERP_Invoices__c", "payment_status": "ERP_Payment_Status__c"}
INVOICE = {"paid_amount": "ERP_Paid__c", "open_amount": "ERP_Open__c", "payment_status": "ERP_Payment_Status__c"}


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Callable[..., SyncScene]]:
    with ExitStack() as stack:

        def made(profile: str = "sales_cloud", flows: Mapping[str, Any] | None = None, **order: Any) -> SyncScene:
            orders = {**FLOWS["orders"], "order": {**ORDER, **order}, "invoice": INVOICE}
            flows = flows or {**FLOWS, "orders": orders}
            return stack.enter_context(sync_scene(tmp_path, ledger_database, profile=profile, flows=flows))

        yield made


def held(scene: SyncScene, entity: str) -> list[Mapping[str, Any]]:
    with scene.org.lock:
        return [dict(record.values) for record in scene.org.store.all(entity)]


def next_poll(scene: SyncScene) -> None:
    scene.erp.move_clock(dt.timedelta(minutes=1))
    scene.run("orders")


def test_an_order_is_made_once_for_a_deal_and_told_after_it_was_activated(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    (won,) = scene.org.win(1)
    scene.run()
    (order,) = held(scene, "Order")
    deal, sap = scene.deal(won["Id"]), scene.made()[0]
    assert (order["ERP_Order_Number__c"], order["Status"]) == (str(sap["DocNum"]), "Draft")
    assert [order[name] for name in ("AccountId", "OpportunityId", "Pricebook2Id")] == [
        deal["AccountId"],
        won["Id"],
        deal["Pricebook2Id"],
    ]
    assert order["EffectiveDate"] == deal["CloseDate"] and order["ERP_Order_Status__c"] == "Open"
    with scene.org.lock:
        scene.org.store.set(scene.org.store.get("Order", order["Id"]), {"Status": "Activated"})
    scene.erp.copy("Orders", sap["DocEntry"], "DeliveryNotes", {0: 1})
    next_poll(scene)
    (order,) = held(scene, "Order")
    assert (order["Status"], order["ERP_Order_Status__c"]) == ("Activated", "Partly delivered")


@pytest.mark.parametrize(
    ("telling", "first", "then"),
    [("deal", {"PATCH": 1}, {"PATCH": 1}), ("order", {"GET": 2, "PATCH": 2}, {"GET": 1, "PATCH": 2})],
)
def test_what_is_told_takes_as_few_requests_as_it_can(
    stage: Callable[..., SyncScene], telling: str, first: Mapping[str, int], then: Mapping[str, int]
) -> None:
    """A deal is written and not read; an Order is looked for, and its deal read only to make one."""
    scene = stage(flows={**FLOWS, "orders": {**FLOWS["orders"], "order": ORDER} if telling == "order" else FLOWS["orders"]})
    scene.org.win(1)
    scene.run("opportunities")
    entry = scene.made()[0]["DocEntry"]

    def asked() -> Mapping[str, int]:
        """Of the org, while what was read is written."""
        scene.erp.move_clock(dt.timedelta(minutes=1))
        *before, write = (*READ_STEPS, *WRITE_STEPS)
        with scene.pipeline() as pipeline:
            run = pipeline.run("orders", "test", pipeline.engine.today())
            for step in before:
                step.perform(pipeline, run, EVERYTHING)
            already = Counter(scene.org.faults.requests)
            write.perform(pipeline, run, EVERYTHING)
            made = Counter(scene.org.faults.requests) - already
        return Counter(path.partition(" ")[0] for path in made.elements() if "/describe" not in path)

    assert asked() == first
    scene.erp.copy("Orders", entry, "DeliveryNotes", {0: 1})
    assert asked() == then
    assert asked() == {}, "nothing changed"


def test_the_order_that_a_deal_has_is_taken(stage: Callable[..., SyncScene]) -> None:
    scene = stage(create=False)
    (won,) = scene.org.win(1)
    deal = scene.deal(won["Id"])
    with scene.org.lock:
        values = {
            "AccountId": deal["AccountId"],
            "OpportunityId": won["Id"],
            "Status": "Draft",
            "EffectiveDate": deal["CloseDate"],
        }
        scene.org.store.add("Order", values)
    scene.org.win(1)  # has none, and none is to be made
    scene.run()
    (order,) = held(scene, "Order")
    assert order["ERP_Order_Number__c"] == scene.deal(won["Id"])["ERP_Order_Number__c"]
    assert order["ERP_Order_Status__c"] == "Open" and scene.states("orders") == {"posted": 2}


def test_which_of_several_orders_is_meant_is_for_a_person(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    (won,) = scene.org.win(1)
    account = scene.deal(won["Id"])["AccountId"]
    with scene.org.lock:
        first, _ = (
            scene.org.store.add("Order", {"AccountId": account, "OpportunityId": won["Id"], "Status": "Draft"}) for _ in "12"
        )
    scene.run()
    (document,) = scene.documents("orders")
    number = scene.deal(won["Id"])["ERP_Order_Number__c"]
    assert (document.state, document.reason_code) == ("on_hold", "several_orders_of_deal") and number in document.reason
    scene.org.edit("Order", first.id, {"ERP_Order_Number__c": number})
    scene.erp.copy("Orders", scene.made()[0]["DocEntry"], "DeliveryNotes")
    next_poll(scene)
    assert [order["ERP_Order_Status__c"] for order in held(scene, "Order")] == ["Delivered", None]


def test_an_order_whose_answer_is_lost_is_made_once(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    scene.org.win(1)
    scene.run("opportunities")
    scene.org.faults.arm("cut_after", "/composite/sobjects/Order", 1, method="PATCH")
    scene.run("orders")
    assert scene.states("orders") == {"ready": 1} and len(held(scene, "Order")) == 1
    scene.hours_pass()
    scene.run("orders")
    assert scene.states("orders") == {"posted": 1} and len(held(scene, "Order")) == 1


def test_an_org_without_the_objects_tells_the_opportunity_alone(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    scene.org.access.hidden_objects.add("Order")
    (won,) = scene.org.win(1)
    scene.run()
    assert scene.states("orders") == {"posted": 1} and scene.deal(won["Id"])["ERP_Order_Status__c"] == "Open"
    with scene.pipeline() as pipeline:
        reports = [one for one in pipeline.connectors["salesforce"].check() if one.detail.startswith(("Order ", "Invoice "))]
    assert len(reports) == 2 and all(one.ok and "told nothing" in one.detail for one in reports)


def test_an_invoice_that_bears_our_number_is_told_its_payment(stage: Callable[..., SyncScene]) -> None:
    scene = stage("billing")
    (won,) = scene.org.win(1)
    scene.run()
    invoice = scene.erp.copy("Orders", scene.made()[0]["DocEntry"], "Invoices")
    record = scene.erp.record("Invoices", invoice)
    with scene.org.lock:
        account = scene.deal(won["Id"])["AccountId"]
        values = {"BillingAccountId": account, "ERP_Invoice__c": str(record["DocNum"]), "Balance": Decimal(1)}
        scene.org.store.add("Invoice", values)
        before = len(held(scene, "Invoice"))
    scene.erp.pay("Invoices", invoice, amount=10)
    next_poll(scene)
    told = [one for one in held(scene, "Invoice") if one["ERP_Payment_Status__c"]]
    assert [one["ERP_Invoice__c"] for one in told] == [str(record["DocNum"])] and len(held(scene, "Invoice")) == before
    assert told[0]["ERP_Payment_Status__c"] == "Partly paid" and told[0]["ERP_Paid__c"] == 10
    assert float(told[0]["ERP_Open__c"]) == round(record["DocTotal"] - 10, 2)
    (order,) = held(scene, "Order")
    assert (order["ERP_Invoices__c"], order["ERP_Payment_Status__c"]) == (str(record["DocNum"]), "Partly paid")


def test_an_order_is_found_by_its_order_number(stage: Callable[..., SyncScene]) -> None:
    scene = stage(number="OrderNumber", create=False)
    (won,) = scene.org.win(1)
    scene.run("opportunities")
    account, number = scene.deal(won["Id"])["AccountId"], str(scene.made()[0]["DocNum"])
    with scene.org.lock:
        for each in (number.zfill(8), "00000002"):
            scene.org.store.add("Order", {"AccountId": account, "OrderNumber": each, "Status": "Draft"})
    scene.run("orders")
    told = {one["OrderNumber"]: one["ERP_Order_Status__c"] for one in held(scene, "Order")}
    assert told == {number.zfill(8): "Open", "00000002": None}
    with scene.pipeline() as pipeline:
        assert all(one.ok for one in pipeline.connectors["salesforce"].check())
