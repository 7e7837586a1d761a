"""Won opportunities to sales orders in SAP, and their numbers back, against both simulated systems and a real database."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

import pytest

from mlconn_pipelines.flows.selection import Selection
from mlconn_pipelines.flows.sync.pipeline import bring_back
from mlconn_pipelines_tests.integration.sync_scene import ABSENCE_S, FLOWS, NAME, SyncScene, sync_scene

pytestmark = pytest.mark.database


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Callable[..., SyncScene]]:
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(sync_scene(tmp_path, ledger_database, **options))


def test_a_won_deal_becomes_one_order_and_learns_its_number(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    (won,) = scene.org.win(1, lines=2)
    scene.run()
    assert scene.states("opportunities") == {"posted": 1}, [row.reason for row in scene.documents("opportunities")]
    (order,) = scene.made()
    (document,) = scene.documents("opportunities")
    deal = scene.deal(won["Id"])
    assert (order["reference"], order["NumAtCard"]) == (f"{NAME}:Orders:{document.id}", deal["PO_Number__c"])
    record = scene.erp.record("Orders", order["DocEntry"])
    assert record["DocDate"][:10] == deal["CloseDate"].isoformat() and record["DocCurrency"] == "$"
    assert sum(Decimal(str(line["LineTotal"])) for line in record["DocumentLines"]) == Decimal(str(deal["Amount"]))
    assert deal["ERP_Order_Number__c"] == str(record["DocNum"]) and deal["ERP_Order_Status__c"] == "Open"
    scene.run()
    scene.run()
    assert len(scene.made()) == 1 and scene.states("opportunities") == {"posted": 1}
    assert scene.states("orders") == {"posted": 1}


def test_a_deal_that_is_not_won_is_no_document(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    (won,) = scene.org.win(1)
    scene.org.edit("Opportunity", won["Id"], {"StageName": "Negotiation"})
    scene.run()
    assert scene.documents("opportunities") == [] and scene.made() == []
    scene.org.clock.move(dt.timedelta(seconds=2))  # stamps are whole seconds
    scene.org.edit("Opportunity", won["Id"], {"StageName": "Closed Won"})
    scene.run()
    assert scene.states("opportunities") == {"posted": 1} and len(scene.made()) == 1


def test_a_change_or_a_reopening_afterwards_asks_a_person_and_changes_nothing(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    edited, reopened = (scene.org.win(1)[0]["Id"] for _ in range(2))
    scene.run()
    before = [scene.erp.record("Orders", one["DocEntry"]) for one in scene.made()]
    scene.org.clock.move(dt.timedelta(seconds=2))  # stamps are whole seconds
    scene.org.edit("Opportunity", edited, {"CloseDate": "2027-01-31"})
    scene.org.edit("Opportunity", reopened, {"StageName": "Negotiation"})
    scene.run("opportunities")
    with scene.engine.connect() as connection:
        told = dict(connection.exec_driver_sql("SELECT source_key, exception_code FROM document WHERE exception <> ''").all())
        words = connection.exec_driver_sql("SELECT exception FROM document WHERE exception <> ''").scalars().all()
    assert told == {edited: "changed_after_sending", reopened: "cancelled_after_sending"}
    assert all("left as it is" in one for one in words)
    assert [scene.erp.record("Orders", one["DocEntry"]) for one in scene.made()] == before
    assert scene.states("opportunities") == {"posted": 2}


def test_what_is_not_aligned_holds_the_deal_until_it_is(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    (won,) = scene.org.win(1)
    account = scene.deal(won["Id"])["AccountId"]
    with scene.org.lock:
        code = scene.org.store.get("Account", account).values["AccountNumber"]
    scene.org.edit("Account", account, {"AccountNumber": None})
    scene.run()
    (held,) = scene.documents("opportunities")
    assert (held.state, held.reason_code) == ("on_hold", "account_without_code") and "in Salesforce" in held.reason
    assert scene.made() == []
    scene.org.edit("Account", account, {"AccountNumber": code})
    with scene.pipeline() as pipeline:
        run = pipeline.run("opportunities", "again", held.partition)
        bring_back(pipeline, run, Selection(documents=(held.id,)), "the account has its code now")
    scene.run()
    assert scene.states("opportunities") == {"posted": 1} and len(scene.made()) == 1


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_an_order_whose_answer_is_lost_is_made_once(stage: Callable[..., SyncScene], fault: str) -> None:
    scene = stage()
    scene.org.win(1)
    scene.erp.faults.arm(fault, "/Orders", 1, method="POST")
    scene.run("opportunities")
    assert scene.states("opportunities") == {"outcome_unknown": 1}
    scene.hours_pass()
    time.sleep(ABSENCE_S)
    for _ in range(3):
        scene.run("opportunities")
        scene.hours_pass()
    assert scene.states("opportunities") == {"posted": 1} and len(scene.made()) == 1


def test_a_number_whose_answer_is_lost_is_written_again(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    (won,) = scene.org.win(1)
    scene.run("opportunities")
    scene.org.faults.arm("cut_after", "/composite", 1, method="PATCH")
    scene.run("orders")
    assert scene.states("orders") == {"ready": 1}
    scene.hours_pass()
    scene.run("orders")
    assert scene.states("orders") == {"posted": 1} and scene.deal(won["Id"])["ERP_Order_Number__c"]


def test_an_order_that_is_cancelled_in_the_erp_is_told(stage: Callable[..., SyncScene]) -> None:
    scene = stage()
    (won,) = scene.org.win(1)
    scene.run()
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.cancel("Orders", scene.made()[0]["DocEntry"])
    scene.run("orders")
    assert scene.deal(won["Id"])["ERP_Order_Status__c"] == "Cancelled"
    scene.run()
    assert scene.states("opportunities") == {"posted": 1}  # what we wrote is no change of the deal


def test_a_deal_in_another_currency_than_the_customers_asks_a_person(stage: Callable[..., SyncScene]) -> None:
    scene = stage(flows={**FLOWS, "opportunities": {**FLOWS["opportunities"], "currency": "EUR"}})
    scene.org.win(1)
    scene.run("opportunities")
    (held,) = scene.documents("opportunities")
    assert (held.state, held.reason_code) == ("on_hold", "currency_differs") and scene.made() == []
    with scene.pipeline() as pipeline:
        pipeline.operator.approve(pipeline.run("opportunities", "by hand", held.partition), held.id, "agreed with them")
    scene.run("opportunities")
    assert scene.erp.record("Orders", scene.made()[0]["DocEntry"])["DocCurrency"] == "EUR"


def test_an_org_with_one_currency_is_asked_for_it(stage: Callable[..., SyncScene]) -> None:
    deals = {name: value for name, value in FLOWS["opportunities"].items() if name != "currency"}
    scene = stage(flows={"opportunities": deals})
    scene.org.win(1)
    scene.run()
    (document,) = scene.documents("opportunities")
    assert (document.state, document.currency) == ("posted", "USD"), document.reason


def test_deals_of_an_org_with_several_currencies_state_theirs(stage: Callable[..., SyncScene]) -> None:
    deals = {name: value for name, value in FLOWS["opportunities"].items() if name != "currency"}
    scene = stage(profile="multi_currency", flows={"opportunities": deals})
    scene.org.win(1)
    scene.run()
    (order,) = scene.made()
    (document,) = scene.documents("opportunities")
    assert document.currency == "USD" and scene.erp.record("Orders", order["DocEntry"])["DocCurrency"] == "$"
