"""Accounts to business partners of SAP and their codes back, against both simulated systems and a real database."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.documents.lifecycle import State
from mlconn_pipelines.flows.fetching import look_for_changes
from mlconn_pipelines.flows.freshness import freshness
from mlconn_pipelines.flows.ports.entries import DocumentRow
from mlconn_pipelines.flows.reference import refresh_reference
from mlconn_pipelines.flows.selection import EVERYTHING
from mlconn_pipelines.flows.sync.pipeline import READ_STEPS, WRITE_STEPS, compare
from mlconn_pipelines_tests.integration.sync_scene import ABSENCE_S, ACCOUNT_FLOWS, FLOWS, NAME, SyncScene, sync_scene

pytestmark = pytest.mark.database

Stage = Callable[..., SyncScene]


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Stage]:
    with ExitStack() as stack:

        def opened(*more: str, owners: Mapping[str, Any] | None = None, **accounts: Any) -> SyncScene:
            flows = {**FLOWS, **ACCOUNT_FLOWS, "accounts": {**ACCOUNT_FLOWS["accounts"], **accounts}}
            flows |= {flow: {"to": "contact_employees"} for flow in more}
            return stack.enter_context(
                sync_scene(tmp_path, ledger_database, flows=flows, field_ownership={"account": owners or {}})
            )

        yield opened


def a_new_customer(scene: SyncScene, name: str = "Northwind, Inc.", won: bool = True) -> str:
    """An account that SAP does not know, by default with a won deal; its id."""
    (deal,) = scene.org.win(1)
    seller = scene.account(scene.deal(deal["Id"])["AccountId"])
    values = {"Name": name, "Type": "Customer", "Phone": "555-0100", "BillingCity": "Seattle", "BillingState": "WA"}
    key = scene.org.add("Account", {**values, "BillingCountry": "US"})
    assert seller["AccountNumber"]
    if won:
        scene.org.edit("Opportunity", deal["Id"], {"AccountId": key})
    return key


def test_a_customer_is_made_once_and_the_held_deal_gets_its_order(stage: Stage) -> None:
    scene = stage()
    key = a_new_customer(scene)
    scene.run("opportunities")
    (held,) = scene.documents("opportunities")
    assert (held.state, held.reason_code) == ("on_hold", "account_without_code")
    scene.run()
    (made,) = scene.partners()
    (document,) = [row for row in scene.documents("accounts") if row.source_key == key]
    assert (made["CardName"], made["reference"]) == ("Northwind, Inc.", f"{NAME}:BusinessPartners:{document.id}")
    assert scene.account(key)["AccountNumber"] == made["CardCode"] == "C50001"
    partner = scene.erp.record("BusinessPartners", made["CardCode"])
    assert (partner["CardType"], partner["Currency"], partner["BPAddresses"][0]["City"]) == ("cCustomer", "$", "Seattle")
    for _ in range(3):
        scene.org.clock.move(dt.timedelta(seconds=2))
        scene.run()
    assert len(scene.partners()) == 1 and [order["CardCode"] for order in scene.made()] == ["C50001"]
    assert not [one for one in scene.erp.state(source=False)["updated"] if one["set"] == "BusinessPartners"]


def test_customers_that_sap_knows_are_left_as_they_are(stage: Stage) -> None:
    scene = stage(with_won_deal=False)
    scene.run("accounts", "customer_codes")
    assert set(scene.states("accounts")) == {"processed"} and scene.partners() == []
    state = scene.erp.state(source=False)
    assert not state["updated"] and scene.documents("customer_codes") == []
    asked = "GET /b1s/v2/BusinessPartners"
    before = scene.erp.faults.requests[asked]
    scene.org.clock.move(dt.timedelta(seconds=2))
    accounts = scene.documents("accounts")
    for row in accounts:
        scene.org.edit("Account", row.source_key, {"Phone": "1"})
    scene.run("accounts")
    assert scene.states("accounts") == {"processed": 2 * len(accounts)} and len(accounts) > 5
    assert scene.erp.faults.requests[asked] - before == 2  # what people edited there, and of many accounts at once


def test_an_account_is_a_customer_once_a_deal_of_it_is_won(stage: Stage) -> None:
    scene = stage()
    key = a_new_customer(scene, won=False)
    scene.run("accounts")
    assert key not in {row.source_key for row in scene.documents("accounts")}
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.org.edit("Opportunity", scene.org.win(1)[0]["Id"], {"AccountId": key})
    with scene.pipeline() as pipeline:
        assert look_for_changes(pipeline.route("accounts"))
    scene.run("accounts")
    assert [made["CardName"] for made in scene.partners()] == ["Northwind, Inc."]
    with scene.pipeline() as pipeline:
        assert not look_for_changes(pipeline.route("accounts"))
        assert freshness(pipeline.route("accounts"), dt.timedelta()).unread == ()


def test_a_possible_duplicate_waits_until_a_person_has_said_which_it_is(stage: Stage) -> None:
    scene = stage()
    there = scene.erp.add_partner(CardName="NORTHWIND Incorporated")
    another = scene.erp.add_partner(CardName="Southwind Ltd")
    linked, other = a_new_customer(scene), a_new_customer(scene, "Southwind")
    scene.run()
    held = {row.source_key: row for row in scene.documents("accounts") if row.state == "on_hold"}
    assert {key: row.reason_code for key, row in held.items()} == dict.fromkeys((linked, other), "customer_may_exist")
    assert there in held[linked].reason and another in held[other].reason and scene.partners() == []
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.org.edit("Account", linked, {"AccountNumber": there})
    with scene.pipeline() as pipeline:
        run = pipeline.run("accounts", "by hand", held[other].partition)
        pipeline.operator.approve(run, held[other].id, "it is another one")
    for _ in range(2):
        scene.run()
    assert [made["CardName"] for made in scene.partners()] == ["Southwind"]
    assert "on_hold" not in scene.states("accounts")
    assert {order["CardCode"] for order in scene.made()} == {there, scene.account(other)["AccountNumber"]}


@pytest.mark.parametrize("at_once", [False, True])
def test_of_two_accounts_with_one_code_the_second_waits_for_a_person(stage: Stage, at_once: bool) -> None:
    """They would write over each other in every run."""
    scene = stage(with_won_deal=False, owners={"name": "salesforce"})
    if not at_once:
        scene.run("accounts")
    code = "C20010"
    (first,) = [one.id for one in scene.org.store.all("Account") if one.values["AccountNumber"] == code]
    if at_once:
        scene.org.edit("Account", first, {"Name": "The first"})
    twin = scene.org.add("Account", {"Name": "Twin", "AccountNumber": code, "Type": "Customer"})
    name = scene.account(first)["Name"]
    for _ in range(3):
        scene.org.clock.move(dt.timedelta(seconds=2))
        scene.erp.move_clock(dt.timedelta(seconds=2))
        scene.run("accounts")
        with scene.pipeline() as pipeline:
            compare(pipeline, "accounts", "night")
    assert scene.erp.record("BusinessPartners", code)["CardName"] == name
    assert len(scene.erp.state(source=False)["updated"]) == at_once
    (held,) = [row for row in scene.documents("accounts") if row.state == "on_hold"]
    assert (held.source_key, held.reason_code) == (twin, "account_not_unique") and repr(name) in held.reason
    scene.org.merge(twin, first)
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.org.edit("Account", twin, {"Phone": "555-0177"})
    scene.run("accounts")
    assert scene.erp.record("BusinessPartners", code)["CardName"] == "Twin", "one that was merged is none any more"


def test_sap_is_asked_again_right_before_the_write(stage: Stage) -> None:
    scene = stage()
    key = a_new_customer(scene)
    with scene.pipeline() as pipeline:
        run = pipeline.run("accounts", "test", dt.date(2026, 11, 20))
        refresh_reference(pipeline.system, run)
        for step in (*READ_STEPS, WRITE_STEPS[0]):
            step.perform(pipeline, run, EVERYTHING)
        there = scene.erp.add_partner(CardName="Northwind")
        WRITE_STEPS[1].perform(pipeline, run, EVERYTHING)
    (held,) = [row for row in scene.documents("accounts") if row.source_key == key]
    assert (held.state, held.reason_code) == ("on_hold", "customer_may_exist") and there in held.reason
    assert scene.partners() == []


def test_of_two_accounts_that_are_alike_one_becomes_a_customer(stage: Stage) -> None:
    scene = stage()
    for name in ("Northwind, Inc.", "NORTHWIND"):
        a_new_customer(scene, name)
    scene.run("accounts")
    assert len(scene.partners()) == 1
    assert [row.reason_code for row in scene.documents("accounts") if row.state == "on_hold"] == ["customer_may_exist"]


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_customer_whose_answer_is_lost_is_made_once(stage: Stage, fault: str) -> None:
    scene = stage()
    key = a_new_customer(scene)
    scene.erp.faults.arm(fault, "/BusinessPartners", 1, method="POST")
    scene.run("accounts")
    assert scene.states("accounts")["outcome_unknown"] == 1
    time.sleep(ABSENCE_S)
    for _ in range(3):
        scene.hours_pass()
        scene.run()
    assert len(scene.partners()) == 1 and scene.account(key)["AccountNumber"] == "C50001"


def test_what_salesforce_owns_is_changed_and_what_sap_does_not_take_is_told(stage: Stage) -> None:
    scene = stage(owners=dict.fromkeys(("name", "phone", "addresses"), "salesforce"))
    key = a_new_customer(scene)
    scene.run("accounts", "customer_codes")
    scene.erp.change("BusinessPartners", "C50001", CardName="Ours to say", Notes="theirs")
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.org.edit("Account", key, {"Phone": "555-0199", "BillingCity": "Tacoma"})
    scene.run("accounts")
    partner = scene.erp.record("BusinessPartners", "C50001")
    assert (partner["CardName"], partner["Phone1"], partner["Notes"]) == ("Northwind, Inc.", "555-0199", "theirs")
    assert [row["City"] for row in partner["BPAddresses"]] == ["Tacoma"]
    scene.erp.company.passed_over.add("Phone1")
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.org.edit("Account", key, {"Phone": "1"})
    scene.run("accounts")
    (held,) = [row for row in scene.documents("accounts") if row.state == "on_hold"]
    assert held.reason_code == "value_not_taken" and "C50001" in held.reason and "Phone1" in held.reason
    assert len(scene.partners()) == 1


def test_deleting_and_merging_change_nothing_in_sap_and_ask_a_person(stage: Stage) -> None:
    scene = stage()
    deleted, loser, winner = (a_new_customer(scene, name) for name in ("Alpha", "Beta", "Gamma"))
    scene.run()
    before = [scene.erp.record("BusinessPartners", made["CardCode"]) for made in scene.partners()]
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.org.delete("Account", deleted)
    scene.org.merge(winner, loser)
    scene.run("accounts")
    with scene.engine.connect() as connection:
        told = dict(connection.exec_driver_sql("SELECT source_key, exception_code FROM document WHERE exception <> ''").all())
        words = dict(connection.exec_driver_sql("SELECT source_key, exception FROM document WHERE exception <> ''").all())
    assert "was deleted in Salesforce" in words[deleted]
    assert f"was merged into account {winner}, whose customer code should be" in words[loser]
    assert told == dict.fromkeys((deleted, loser), "cancelled_after_sending")
    assert [scene.erp.record("BusinessPartners", made["CardCode"]) for made in scene.partners()] == before


def test_a_code_may_be_made_of_a_field_and_the_account_be_found_by_its_id(stage: Stage) -> None:
    scene = stage(card_code="sf{Phone}", account_id_field="U_SF_Account")
    key = a_new_customer(scene)
    scene.run("accounts", "customer_codes")
    partner = scene.erp.record("BusinessPartners", "SF555-0100")
    assert partner["U_SF_Account"] == key and scene.account(key)["AccountNumber"] == "SF555-0100"
    by_hand = scene.erp.add_partner(CardName="Made by a clerk", U_SF_Account=(known := a_new_customer(scene, "Delta")))
    scene.run("accounts", "customer_codes")
    assert len(scene.partners()) == 1 and scene.account(known)["AccountNumber"] == by_hand


def test_a_code_that_somebody_entered_is_not_overwritten(stage: Stage) -> None:
    scene = stage()
    key = a_new_customer(scene)
    scene.run("accounts")
    scene.org.edit("Account", key, {"AccountNumber": "C20020"})
    scene.run("customer_codes")
    (held,) = scene.documents("customer_codes")
    assert (held.state, held.reason_code) == ("on_hold", "account_code_differs") and "C50001" in held.reason
    assert scene.account(key)["AccountNumber"] == "C20020"
    with scene.pipeline() as pipeline:
        pipeline.operator.approve(pipeline.run("customer_codes", "by hand", held.partition), held.id, "ours is right")
    scene.run("customer_codes")
    assert scene.account(key)["AccountNumber"] == "C50001"


def test_contacts_become_contact_persons_of_their_customer_once_it_is_one(stage: Stage) -> None:
    scene = stage("contacts")
    key = a_new_customer(scene)
    ann = scene.org.add(
        "Contact", {"AccountId": key, "FirstName": "Ann", "LastName": "Lee", "Email": "ann@nw.example", "Title": "CFO"}
    )
    scene.run("contacts")
    assert ann not in {row.source_key for row in scene.documents("contacts")}  # its account is no customer yet
    assert set(scene.states("contacts")) <= {"posted", "processed"}  # those of customers
    scene.org.clock.move(dt.timedelta(minutes=11))
    scene.run()
    people = scene.erp.record("BusinessPartners", "C50001")["ContactEmployees"]
    assert [(row["Name"], row["Position"], row["E_Mail"]) for row in people] == [("Ann Lee", "CFO", "ann@nw.example")]
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.org.edit("Contact", ann, {"Phone": "555-0101", "LastName": "Lee-Smith"})
    scene.org.add("Contact", {"AccountId": key, "LastName": "Cho"})
    scene.run("contacts")
    people = scene.erp.record("BusinessPartners", "C50001")["ContactEmployees"]
    assert [(row["Name"], row.get("LastName"), row.get("Phone1")) for row in people] == [
        ("Ann Lee", "Lee-Smith", "555-0101"),
        ("Cho", "Cho", None),
    ]
    with scene.pipeline() as pipeline:
        assert not look_for_changes(pipeline.route("contacts"))
        again = scene.org.faults.requests.total()
        assert compare(pipeline, "contacts", "night").found == 0
        assert scene.org.faults.requests.total() - again < 5  # none of them is read whole
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.org.delete("Contact", ann)
    scene.run("contacts")
    assert scene.erp.record("BusinessPartners", "C50001")["ContactEmployees"] == people


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_person_whose_answer_is_lost_is_added_once(stage: Stage, fault: str) -> None:
    scene = stage("contacts")
    (partner,) = [row for row in scene.org.store.all("Account") if row.values["AccountNumber"] == "C20020"]
    scene.org.add("Contact", {"AccountId": partner.id, "FirstName": "Ann", "LastName": "Lee"})
    before = len(scene.erp.record("BusinessPartners", "C20020")["ContactEmployees"])
    scene.erp.faults.arm(fault, "/BusinessPartners", 1, method="PATCH")
    scene.run("contacts")
    for _ in range(2):
        scene.hours_pass()
        scene.run("contacts")
    people = scene.erp.record("BusinessPartners", "C20020")["ContactEmployees"]
    assert [row["Name"] for row in people[before:]] == ["Ann Lee"] and set(scene.states("contacts")) <= {"posted", "processed"}


def test_what_somebody_changed_in_sap_of_what_salesforce_owns_is_found_at_night(stage: Stage) -> None:
    scene = stage(owners={"phone": "salesforce"})
    key, purged, merged = (a_new_customer(scene, name) for name in ("Northwind, Inc.", "Alpha", "Beta"))
    for _ in range(2):
        scene.org.clock.move(dt.timedelta(seconds=2))
        scene.run("accounts", "customer_codes")
    codes = {one: scene.account(one)["AccountNumber"] for one in (key, purged, merged)}
    with scene.pipeline() as pipeline:
        assert compare(pipeline, "accounts", "night").remaining == []
    for code in codes.values():
        scene.erp.change("BusinessPartners", code, Phone1="9", CardName="Theirs to say")
    with scene.org.lock:
        scene.org.store.purge(scene.org.store.get("Account", purged))
    scene.org.merge(key, merged)
    with scene.pipeline() as pipeline:
        found = compare(pipeline, "accounts", "night")
    assert "Northwind, Inc." in found.written_again and "Beta" not in found.written_again
    assert [(one.number, "no more" in one.words) for one in found.remaining] == [("Alpha", True)]
    scene.run("accounts")
    partner = scene.erp.record("BusinessPartners", codes[key])
    assert (partner["Phone1"], partner["CardName"]) == ("555-0100", "Theirs to say")
    assert scene.erp.record("BusinessPartners", codes[merged])["Phone1"] == "9" and len(scene.partners()) == 3


HOLD_PHONE = {"name": "salesforce", "phone": {"owner": "salesforce", "changed_elsewhere": "hold"}}


def test_what_somebody_changed_in_sap_goes_on_hold_where_the_setting_says_so(stage: Stage) -> None:
    scene = stage(owners=HOLD_PHONE)
    key = a_new_customer(scene)
    for _ in range(2):
        scene.org.clock.move(dt.timedelta(seconds=2))
        scene.run("accounts", "customer_codes")
    scene.erp.change("BusinessPartners", "C50001", Phone1="9")
    late = scene.org.add("Account", {"Name": "Late, without a stamp of its own", "Type": "Customer", "AccountNumber": "C20040"})
    with scene.pipeline() as pipeline:
        found = compare(pipeline, "accounts", "night")
    assert (found.written_again, found.asked_for, found.remaining) == ([], ["Northwind, Inc."], [])
    assert late in {row.source_key for row in scene.documents("accounts")} and found.found >= 1
    for _ in range(2):
        scene.run("accounts")
    (held,) = on_hold(scene)
    assert (held.reason_code, held.source_key) == ("field_changed_elsewhere", key)
    assert "Phone1 is '9' in SAP Business One and '555-0100' in Salesforce" in held.reason
    with scene.pipeline() as pipeline:
        assert compare(pipeline, "accounts", "night").asked_for == []  # asked once
        pipeline.operator.approve(pipeline.run("accounts", "person", dt.date.today()), held.id, "Ann said so")
    assert scene.erp.record("BusinessPartners", "C50001")["Phone1"] == "9"
    scene.run("accounts")
    assert scene.erp.record("BusinessPartners", "C50001")["Phone1"] == "555-0100" and not on_hold(scene)


def on_hold(scene: SyncScene) -> list[DocumentRow]:
    return [row for row in scene.documents("accounts") if row.state is State.ON_HOLD]


def test_a_change_at_salesforce_does_not_write_over_what_somebody_changed_in_sap(stage: Stage) -> None:
    scene = stage(owners=HOLD_PHONE)
    key = a_new_customer(scene)

    def later(**fields: str) -> None:
        scene.org.clock.move(dt.timedelta(seconds=2))
        if fields:
            scene.org.edit("Account", key, fields)
        scene.run("accounts", "customer_codes")

    def in_sap() -> tuple[str, str]:
        partner = scene.erp.record("BusinessPartners", "C50001")
        return partner["CardName"], partner["Phone1"]

    later()
    later()
    later(Phone="555-0101")
    assert in_sap() == ("Northwind, Inc.", "555-0101") and not on_hold(scene), "nobody else has changed it"
    scene.erp.change("BusinessPartners", "C50001", CardName="Theirs", Phone1="9")
    later(Name="Northwind Ltd")
    assert in_sap() == ("Theirs", "9"), "one of both is held, so that nothing is written"
    assert [row.reason_code for row in on_hold(scene)] == ["field_changed_elsewhere"]
    later(Phone="9")
    assert in_sap() == ("Northwind Ltd", "9") and not on_hold(scene), "both say the same: only the name was left to write"


def test_a_change_while_the_outcome_is_unknown_is_written_once_it_is_known(stage: Stage) -> None:
    scene = stage(owners={"phone": "salesforce"})
    key = a_new_customer(scene)
    scene.erp.faults.arm("cut_after", "/BusinessPartners", 1, method="POST")
    scene.run("accounts")
    scene.org.clock.move(dt.timedelta(seconds=2))
    scene.org.edit("Account", key, {"Phone": "555-0199"})
    scene.run("accounts")
    with scene.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM document WHERE exception <> ''").scalar() == 0
    time.sleep(ABSENCE_S)
    for _ in range(2):
        scene.hours_pass()
        scene.run("accounts")
    (made,) = scene.partners()
    assert scene.erp.record("BusinessPartners", made["CardCode"])["Phone1"] == "555-0199"
