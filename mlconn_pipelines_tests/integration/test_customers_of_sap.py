"""Customers that people entered in SAP to accounts of Salesforce, against both simulated systems and a real database."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.sync.pipeline import compare
from mlconn_pipelines_tests.integration.sync_scene import ABSENCE_S, ACCOUNT_FLOWS, FLOWS, SyncScene, sync_scene

pytestmark = pytest.mark.database

Stage = Callable[..., SyncScene]
ADDRESS = {"AddressType": "bo_BillTo", "AddressName": "Office", "Street": "5 Canal Street", "City": "Savannah", "Country": "US"}


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Stage]:
    with ExitStack() as stack:

        def opened(with_accounts: bool = False, owners: Mapping[str, Any] | None = None, **settings: Any) -> SyncScene:
            flows = {**FLOWS, "customers": {"to": "accounts", **settings}}
            if with_accounts:
                flows |= {**ACCOUNT_FLOWS, "accounts": {**ACCOUNT_FLOWS["accounts"], "with_won_deal": False}}
            made = stack.enter_context(
                sync_scene(tmp_path, ledger_database, flows=flows, field_ownership={"account": owners or {}})
            )
            told = {row["AccountNumber"] for row in accounts(made)}
            for card in list(made.erp.company.sets["BusinessPartners"]):  # those of SAP alone are not of these tests
                if card.values["CardCode"] not in told:
                    made.erp.change("BusinessPartners", card.values["CardCode"], Frozen="tYES")
            return made

        yield opened


def accounts(scene: SyncScene) -> list[dict[str, Any]]:
    with scene.org.lock:
        return [{"Id": one.id, **one.values} for one in scene.org.store.all("Account")]


def of_code(scene: SyncScene, code: str) -> list[dict[str, Any]]:
    return [row for row in accounts(scene) if row["AccountNumber"] == code]


def test_a_new_customer_becomes_an_account_once_and_those_that_are_there_are_linked(stage: Stage) -> None:
    scene = stage()
    before = accounts(scene)
    code = scene.erp.add_partner(CardName="Ravenna Home", Phone1="555 01", BPAddresses=[ADDRESS], Currency="$")
    scene.erp.add_partner(CardName="Parts Ltd", CardType="cSupplier", Currency="$")
    scene.run("customers")
    scene.run("customers")
    after = accounts(scene)
    assert len(after) == len(before) + 1 and all(row["ERP_Code__c"] == row["AccountNumber"] for row in after)
    (made,) = of_code(scene, code)
    assert (made["Name"], made["Phone"], made["BillingStreet"], made["BillingCountry"]) == (
        "Ravenna Home", "555 01", "5 Canal Street", "US",
    )  # fmt: skip
    with scene.pipeline() as pipeline:
        assert compare(pipeline, "customers", "night").remaining == []


def test_an_account_of_the_same_name_asks_a_person_who_may_approve_another_one(stage: Stage) -> None:
    scene = stage()
    scene.org.add("Account", {"Name": "Ravenna Home"})
    code = scene.erp.add_partner(CardName="Ravenna Home", Currency="$")
    scene.run("customers")
    (held,) = [row for row in scene.documents("customers") if row.state == "on_hold"]
    assert held.reason_code == "customer_may_exist" and "is called as customer" in held.reason and of_code(scene, code) == []
    with scene.pipeline() as pipeline:
        pipeline.operator.approve(pipeline.run("customers", "by hand", held.partition), held.id, "another shop")
    scene.run("customers")
    assert len(of_code(scene, code)) == 1


def test_what_sap_owns_is_changed_and_what_it_does_not_stays(stage: Stage) -> None:
    scene = stage(owners={"phone": "erp"})
    scene.run("customers")
    code = accounts(scene)[0]["AccountNumber"]
    (before,) = of_code(scene, code)
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.change("BusinessPartners", code, CardName="Renamed in SAP", Phone1="555 77")
    scene.run("customers")
    (after,) = of_code(scene, code)
    assert (after["Name"], after["Phone"]) == (before["Name"], "555 77")


def test_an_account_that_bears_the_codes_of_two_customers_asks_a_person(stage: Stage) -> None:
    """What the one is called would stand above what the other owes."""
    scene = stage(owners={"name": "erp"})
    scene.run("customers")
    one, other = accounts(scene)[:2]
    scene.org.edit("Account", one["Id"], {"AccountNumber": other["AccountNumber"]})
    with scene.pipeline() as pipeline:
        (told,) = compare(pipeline, "customers", "night").remaining
    assert f"{one['ERP_Code__c']} as ERP_Code__c and {other['AccountNumber']} as AccountNumber" in told.words
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.change("BusinessPartners", one["ERP_Code__c"], CardName="Renamed in SAP")
    scene.run("customers")
    (held,) = [row for row in scene.documents("customers") if row.state == "on_hold"]
    assert held.reason_code == "account_code_differs" and scene.account(one["Id"])["Name"] == one["Name"]


def test_accounts_and_customers_never_make_anything_of_each_other_s_work(stage: Stage) -> None:
    scene = stage(with_accounts=True)
    scene.org.add("Account", {"Name": "New in Salesforce"})
    code = scene.erp.add_partner(CardName="New in SAP", Currency="$")
    count = len(accounts(scene))
    for _ in range(4):
        scene.org.clock.move(dt.timedelta(seconds=2))
        scene.erp.move_clock(dt.timedelta(seconds=2))
        scene.run()
    assert len(accounts(scene)) == count + 1 and len(of_code(scene, code)) == 1
    assert [row["CardName"] for row in scene.partners() if not row.get("removed")] == ["New in Salesforce"]
    (theirs,) = [row for row in accounts(scene) if row["Name"] == "New in Salesforce"]
    assert theirs["AccountNumber"], "its code went back"


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_an_account_whose_answer_is_lost_is_made_once(stage: Stage, fault: str) -> None:
    scene = stage()
    scene.run("customers")
    scene.erp.move_clock(dt.timedelta(seconds=2))
    code = scene.erp.add_partner(CardName="Ravenna Home", Currency="$")
    scene.org.faults.arm(fault, "/composite", 1, method="PATCH")
    scene.run("customers")
    time.sleep(ABSENCE_S)
    for _ in range(3):
        scene.hours_pass()
        scene.run("customers")
    assert len(of_code(scene, code)) == 1
    assert set(scene.states("customers")) <= {"posted", "processed"}


def test_a_group_that_is_not_told_is_left_out_until_the_customer_moves(stage: Stage) -> None:
    scene = stage(groups=[100])
    code = scene.erp.add_partner(CardName="Ravenna Home", GroupCode=102, Currency="$")
    scene.run("customers")
    assert of_code(scene, code) == []
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.change("BusinessPartners", code, GroupCode=100)
    scene.run("customers")
    assert len(of_code(scene, code)) == 1


def test_no_account_is_made_again_for_one_that_somebody_deleted_until_a_person_says_so(stage: Stage) -> None:
    scene = stage(owners={"phone": "erp"})
    code = scene.erp.add_partner(CardName="Ravenna Home", Phone1="555 01", Currency="$")
    scene.run("customers")
    (made,) = of_code(scene, code)
    scene.org.delete("Account", made["Id"])
    scene.erp.move_clock(dt.timedelta(seconds=2))
    scene.erp.change("BusinessPartners", code, Phone1="555 02")
    scene.run("customers")
    (held,) = [row for row in scene.documents("customers") if row.state is State.ON_HOLD]
    assert held.reason_code == "record_not_there" and of_code(scene, code) == []
    with scene.pipeline() as pipeline:
        pipeline.operator.approve(pipeline.run("customers", "person", held.partition), held.id, "it is needed after all")
    scene.run("customers")
    (again,) = of_code(scene, code)
    assert again["Phone"] == "555 02" and again["Id"] != made["Id"]


def test_sap_decides_what_it_owns_of_an_account_that_became_its_customer_and_makes_none_of_it(stage: Stage) -> None:
    scene = stage(with_accounts=True, owners={"phone": "erp"})
    key = scene.org.add("Account", {"Name": "Northwind, Inc.", "Type": "Customer", "Phone": "555-0100"})
    scene.run("accounts", "customers")  # before the code is back on the account
    (code,) = [one["CardCode"] for one in scene.partners()]
    assert [row["Id"] for row in accounts(scene) if row["Name"] == "Northwind, Inc."] == [key]
    for phone in ("555-0200", "555-0300"):
        scene.run("customer_codes")
        scene.erp.move_clock(dt.timedelta(seconds=2))
        scene.erp.change("BusinessPartners", code, Phone1=phone, CardName="Theirs")
        scene.run("customers")
        (row,) = of_code(scene, code)
        assert (row["Id"], row["Phone"], row["Name"]) == (key, phone, "Northwind, Inc.")
    assert scene.states("customers").get("on_hold", 0) == 0


def test_an_account_states_the_currency_of_its_customer_where_the_org_has_several(tmp_path: Path, ledger_database: str) -> None:
    flows = {**FLOWS, "customers": {"to": "accounts"}}
    with sync_scene(tmp_path, ledger_database, profile="multi_currency", flows=flows) as scene:
        code = scene.erp.add_partner(CardName="Lyon SARL", Currency="EUR")
        scene.run("customers")
        (made,) = of_code(scene, code)
        assert made["CurrencyIsoCode"] == "EUR"


def test_the_right_to_make_accounts_is_looked_at(stage: Stage) -> None:
    scene = stage()
    scene.org.access.not_made.add("Account")
    with scene.pipeline() as pipeline:
        (report,) = [one for one in pipeline.connectors["salesforce"].check() if "Account" in one.detail]
    assert not report.ok and "give it `Create` on the object" in report.detail
