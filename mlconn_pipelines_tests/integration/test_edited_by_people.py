"""What people edit of what we wrote is found by the next look, long before the night: written again, or held, and else left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.config.loading import load_configuration
from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.sync.edited import are_edited, look_at_edited
from mlconn_pipelines.wiring.listening import heard_of
from mlconn_pipelines_tests.integration.sync_scene import ACCOUNT_FLOWS, FLOWS, SyncScene, sync_scene
from mlconn_pipelines_tests.integration.test_receivables import accounts

pytestmark = pytest.mark.database

TOLD = {"status": "ERP_Order_Status__c", "payment_status": "ERP_Payment_Status__c"}
INVOICE = {"paid_amount": "ERP_Paid__c", "open_amount": "ERP_Open__c"}
ORDERS = {**FLOWS["orders"], "order": TOLD, "invoice": INVOICE}
HELD = {"owner": "erp", "changed_elsewhere": "hold"}

Stage = Callable[..., SyncScene]


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Stage]:
    with ExitStack() as stack:

        def made(flows: Mapping[str, Any], profile: str = "sales_cloud", **changes: Any) -> SyncScene:
            whole = {**FLOWS, **flows}
            return stack.enter_context(sync_scene(tmp_path, ledger_database, profile=profile, flows=whole, **changes))

        yield made


def moments_pass(scene: SyncScene) -> None:
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.erp.move_clock(dt.timedelta(seconds=2))


def edited(scene: SyncScene, flow: str, every_s: float = 0) -> int:
    """As the sensor sees it."""
    with scene.pipeline() as pipeline:
        return are_edited(replace(pipeline.route(flow), edits_every_s=every_s))


def only(scene: SyncScene, entity: str) -> dict[str, Any]:
    with scene.org.lock:
        (record,) = scene.org.store.all(entity)
        return dict(record.values)


def test_what_somebody_wrote_over_an_opportunity_is_written_again_at_once(stage: Stage) -> None:
    scene = stage({})
    (won,) = scene.org.win(1)
    scene.run()
    scene.run("orders")
    assert scene.states("orders") == {"posted": 1} and edited(scene, "orders") == 0, "our own change is nobody's edit"
    moments_pass(scene)
    scene.org.edit("Opportunity", won["Id"], {"ERP_Order_Status__c": "Lost in the post"})
    assert edited(scene, "orders") == 1
    scene.run("orders")
    assert scene.deal(won["Id"])["ERP_Order_Status__c"] == "Open" and scene.states("orders") == {"posted": 2}
    moments_pass(scene)
    scene.org.edit("Opportunity", won["Id"], {"Description": "theirs"})
    scene.run("orders")
    assert scene.states("orders") == {"posted": 2} and edited(scene, "orders") == 0, "it is looked at once"
    assert scene.deal(won["Id"])["Description"] == "theirs"


def test_a_sensor_looks_only_so_often(stage: Stage) -> None:
    scene = stage({})
    (won,) = scene.org.win(1)
    scene.run()
    with scene.pipeline() as pipeline:
        route = replace(pipeline.route("orders"), edits_every_s=3_600)
        assert are_edited(route) == 0
        moments_pass(scene)
        scene.org.edit("Opportunity", won["Id"], {"ERP_Order_Status__c": "x"})
        assert are_edited(route) == 0 and are_edited(replace(route, edits_every_s=0)) == 1


def test_order_and_invoice_are_looked_at_too(stage: Stage) -> None:
    scene = stage({"orders": ORDERS}, "billing")
    (won,) = scene.org.win(1)
    scene.run()
    document = scene.erp.copy("Orders", scene.made()[0]["DocEntry"], "Invoices")
    number = str(scene.erp.record("Invoices", document)["DocNum"])
    account = scene.deal(won["Id"])["AccountId"]
    with scene.org.lock:  # Billing makes it
        invoice = scene.org.store.add("Invoice", {"BillingAccountId": account, "ERP_Invoice__c": number}).id
    moments_pass(scene)
    scene.run("orders")

    def of_invoice() -> Any:
        with scene.org.lock:
            return scene.org.store.get("Invoice", invoice).values["ERP_Open__c"]

    told, order = of_invoice(), only(scene, "Order")
    assert told and order["ERP_Payment_Status__c"] == "Open"
    for entity, key, changed in (
        ("Invoice", invoice, {"ERP_Open__c": 1}),
        ("Order", order["Id"], {"ERP_Payment_Status__c": "Paid"}),
        ("Order", order["Id"], {"ERP_Order_Number__c": None}),
    ):
        moments_pass(scene)
        scene.org.edit(entity, key, changed)
        assert edited(scene, "orders") == 1
        scene.run("orders")
        now = only(scene, "Order")
        assert of_invoice() == told and all(
            now[name] == order[name] for name in ("ERP_Payment_Status__c", "ERP_Order_Number__c")
        )


def test_an_order_is_looked_at_by_its_order_number(stage: Stage) -> None:
    scene = stage({"orders": {**ORDERS, "order": {**TOLD, "number": "OrderNumber", "create": False}, "invoice": None}})
    (won,) = scene.org.win(1)
    scene.run("opportunities")
    account, number = scene.deal(won["Id"])["AccountId"], str(scene.made()[0]["DocNum"])
    with scene.org.lock:
        order = scene.org.store.add("Order", {"AccountId": account, "OrderNumber": number.zfill(8), "Status": "Draft"}).id
    scene.run("orders")
    moments_pass(scene)
    scene.org.edit("Order", order, {"ERP_Order_Status__c": "Lost"})
    scene.run("orders")
    assert only(scene, "Order")["ERP_Order_Status__c"] == "Open"


def test_an_org_without_these_objects_is_not_asked_for_them(stage: Stage) -> None:
    scene = stage({"orders": {**ORDERS, "order": None}})
    scene.org.win(1)
    scene.run()
    scene.run("orders")
    assert scene.states("orders") == {"posted": 1} and edited(scene, "orders") == 0


def test_their_change_events_start_the_flow(stage: Stage) -> None:
    scene = stage({"orders": ORDERS}, "billing", salesforce={"change_events": {}})
    (heard,) = heard_of(load_configuration(scene.settings.config).syncs.values())
    assert heard.listeners[0].flows == {"Opportunity": "opportunities", "Order": "orders", "Invoice": "orders"}


def test_accounts_that_sap_owns_are_written_again_or_held(stage: Stage) -> None:
    flows = {"customers": {"to": "accounts"}}
    scene = stage(flows, field_ownership={"account": {"phone": "erp", "name": HELD}})
    code = scene.erp.add_partner(CardName="Ravenna Home", Phone1="555 01", Currency="$")
    scene.run("customers")
    scene.run("customers")
    (key,) = [row["Id"] for row in accounts(scene).values() if row["AccountNumber"] == code]
    moments_pass(scene)
    scene.org.edit("Account", key, {"Phone": "9"})
    scene.run("customers")
    assert scene.account(key)["Phone"] == "555 01"
    moments_pass(scene)
    scene.org.edit("Account", key, {"Name": "As the seller calls it"})
    scene.run("customers")
    assert scene.account(key)["Name"] == "As the seller calls it"
    (held,) = [one for one in scene.documents("customers") if one.state is State.ON_HOLD]
    moments_pass(scene)
    scene.org.edit("Account", key, {"Name": "Once more"})  # while a person is asked already
    with scene.pipeline() as pipeline:
        run = pipeline.run("customers", "again", held.partition)
        looked = look_at_edited(pipeline.route("customers"), pipeline.operator, run)
    assert not looked.problems and looked["written_over_by_people"] == 0
    assert held.reason_code == "field_changed_elsewhere" and "'As the seller calls it' in Salesforce" in held.reason


def test_business_partners_that_salesforce_owns_are_written_again(stage: Stage) -> None:
    flows = {**ACCOUNT_FLOWS, "accounts": {**ACCOUNT_FLOWS["accounts"], "with_won_deal": False}}
    scene = stage(flows, field_ownership={"account": {"phone": "salesforce"}})
    key = scene.org.add("Account", {"Name": "Northwind, Inc.", "Type": "Customer", "Phone": "555-0100"})
    for _ in range(2):
        scene.run("accounts", "customer_codes")
        moments_pass(scene)
    code = scene.account(key)["AccountNumber"]
    scene.erp.change("BusinessPartners", code, Phone1="9", Notes="theirs")
    scene.run("accounts")
    partner = scene.erp.record("BusinessPartners", code)
    assert (partner["Phone1"], partner["Notes"]) == ("555-0100", "theirs")
    written = len(scene.erp.state(source=False)["updated"])
    moments_pass(scene)
    scene.run("accounts")
    assert len(scene.erp.state(source=False)["updated"]) == written, "nobody hears an echo"
