"""Contact persons of SAP to contacts of Salesforce and back, against both simulated systems and a real database."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mlconn_pipelines.flows.fetching import look_for_changes
from mlconn_pipelines.flows.sync.pipeline import compare
from mlconn_pipelines.flows.sync.tracing import trace_record
from mlconn_pipelines_tests.integration.sync_scene import ABSENCE_S, FLOWS, SyncScene, sync_scene
from mlconn_pipelines_tests.integration.test_edits_on_both_sides import seconds_pass, written

pytestmark = pytest.mark.database

Stage = Callable[..., SyncScene]
CODE = "C20020"
OF_SAP = {"phone": "erp", "title": "erp"}
FIELDS = {"FirstName": "FirstName", "LastName": "LastName", "Title": "Position", "Phone": "Phone1", "Email": "E_Mail"}


@pytest.fixture
def stage(tmp_path: Path, ledger_database: str) -> Iterator[Stage]:
    with ExitStack() as stack:

        def opened(flow: str = "contact_employees", both_ways: bool = True, **owned: Any) -> SyncScene:
            """flow: that is on alone where it does not go both ways."""
            ends = {"contacts": {"to": "contact_employees"}, "contact_employees": {"to": "contacts"}}
            flows = {**FLOWS, **(ends if both_ways else {flow: ends[flow]})}
            ownership = {"field_ownership": {"contact": owned}} if owned else {}
            return stack.enter_context(sync_scene(tmp_path, ledger_database, flows=flows, **ownership))

        yield opened


def contacts(scene: SyncScene) -> list[dict[str, Any]]:
    """Of accounts that are there."""
    with scene.org.lock:
        accounts = {one.id for one in scene.org.store.all("Account")}
        return [{"Id": one.id, **one.values} for one in scene.org.store.all("Contact") if one.values["AccountId"] in accounts]


def people(scene: SyncScene, code: str = CODE) -> list[dict[str, Any]]:
    return [dict(row) for row in scene.erp.record("BusinessPartners", code)["ContactEmployees"]]


def enters(scene: SyncScene, code: str = CODE, **values: Any) -> str:
    """Somebody adds a contact person in SAP; the key of it."""
    scene.erp.change("BusinessPartners", code, ContactEmployees=[*people(scene, code), values])
    return f"{code}:{people(scene, code)[-1]['InternalCode']}"


def changes(scene: SyncScene, key: str, **values: Any) -> None:
    code, _, number = key.rpartition(":")
    rows = [{**row, **values} if str(row["InternalCode"]) == number else row for row in people(scene, code)]
    scene.erp.change("BusinessPartners", code, ContactEmployees=rows)


def of_key(scene: SyncScene, key: str) -> dict[str, Any]:
    (found,) = [row for row in contacts(scene) if row["ERP_Code__c"] == key]
    return found


def account_of(scene: SyncScene, code: str = CODE) -> str:
    (account,) = [one for one in scene.org.store.all("Account") if one.values["AccountNumber"] == code]
    return str(account.id)


def rounds(scene: SyncScene, count: int = 2) -> None:
    """Of the flows that tell of accounts and people."""
    with scene.pipeline() as pipeline:
        flows = [flow for flow in pipeline.settings.flow_names if flow not in FLOWS]
    for _ in range(count):
        seconds_pass(scene)
        scene.run(*flows)


def held(scene: SyncScene) -> dict[str, str]:
    return {row.source_key: row.reason_code for row in scene.documents("contact_employees") if row.state == "on_hold"}


def test_a_person_entered_in_sap_becomes_a_contact_once(stage: Stage) -> None:
    scene = stage()
    rounds(scene, 1)
    before = contacts(scene)
    assert all(row["ERP_Code__c"] for row in before), "who stands on both sides is joined"
    seconds_pass(scene)
    scene.run()  # their names stand in one field of SAP only, and Salesforce owns names
    changed = len(scene.erp.state(source=False)["updated"])
    key = enters(scene, Name="Bo Lee", FirstName="Bo", LastName="Lee", Position="Buyer", Phone1="555 01", E_Mail="bo@x.example")
    alone = enters(scene, "C90020", Name="No Account")
    rounds(scene, 3)
    made = of_key(scene, key)
    assert [made[field] for field in FIELDS] == ["Bo", "Lee", "Buyer", "555 01", "bo@x.example"]
    assert made["AccountId"] == account_of(scene) and len(contacts(scene)) == len(before) + 1
    assert people(scene)[-1]["Name"] == "Bo Lee" and len(scene.erp.state(source=False)["updated"]) == changed
    assert alone not in {row.source_key for row in scene.documents("contact_employees")}, "of no account's customer"
    with scene.pipeline() as pipeline:
        found = compare(pipeline, "contact_employees", "night")
        assert (found.remaining, found.written_again, found.found) == ([], [], 0)
        assert not look_for_changes(pipeline.route("contact_employees"))
        (row,) = [row for row in scene.documents("contact_employees") if row.source_key == key]
        traced = {one.name: one.origins[0].place for one in trace_record(pipeline.route("contact_employees"), row).traced}
    assert (traced["last_name"], traced["phone"]) == ("LastName", "Phone1")


def test_a_contact_of_salesforce_is_never_made_a_second_time(stage: Stage) -> None:
    scene = stage()
    ann = scene.org.add("Contact", {"AccountId": account_of(scene), "FirstName": "Ann", "LastName": "Lee" * 20})
    count = len(contacts(scene))
    scene.run("contacts")
    seconds_pass(scene)
    scene.org.edit("Contact", ann, {"FirstName": "Anna", "LastName": "Smith"})  # before the way back has told who she is
    seconds_pass(scene)
    scene.run("contacts")
    rounds(scene)
    assert len(contacts(scene)) == count and [row["LastName"] for row in people(scene)].count("Smith") == 1
    assert [row["Name"] for row in people(scene)].count(f"Ann {'Lee' * 20}"[:50]) == 1, "changed, not added"
    (ann_there,) = [row for row in contacts(scene) if row["Id"] == ann]
    assert ann_there["ERP_Code__c"] == f"{CODE}:{people(scene)[-1]['InternalCode']}"


def test_who_may_be_there_is_held_with_the_candidates_until_a_person_says_so(stage: Stage) -> None:
    scene = stage(both_ways=False)
    cy = scene.org.add("Contact", {"AccountId": account_of(scene), "LastName": "Cy", "Email": "cy@x.example"})
    same = enters(scene, Name="Somebody else", E_Mail="CY@x.example")
    other = enters(scene, Name="cy")
    count = len(contacts(scene))
    rounds(scene)
    assert {key: reason for key, reason in held(scene).items() if key in (same, other)} == dict.fromkeys(
        (same, other), "contact_may_exist"
    )
    (row,) = [row for row in scene.documents("contact_employees") if row.source_key == same]
    assert f"'Cy' (cy@x.example, {cy})" in row.reason and len(contacts(scene)) == count
    scene.org.edit("Contact", cy, {"ERP_Code__c": same})
    with scene.pipeline() as pipeline:
        for row in scene.documents("contact_employees"):
            run = pipeline.run("contact_employees", "by hand", row.partition)
            if row.source_key == other:
                pipeline.operator.approve(run, row.id, "another Cy")
            elif row.source_key == same:
                pipeline.operator.reprocess(run, row.id, "linked")
    rounds(scene)
    assert len(contacts(scene)) == count + 1 and of_key(scene, other)["LastName"] == "cy"
    assert not {same, other} & held(scene).keys() and of_key(scene, same)["LastName"] == "Cy"


def test_each_field_ends_as_its_owner_says_and_a_person_is_asked_where_the_row_says_so(stage: Stage) -> None:
    scene = stage(phone="erp", title={"owner": "erp", "changed_elsewhere": "hold"})
    key = enters(scene, Name="Bo Lee", LastName="Lee", Phone1="1", Position="Buyer")
    rounds(scene)
    scene.org.edit("Contact", of_key(scene, key)["Id"], {"Title": "CEO", "LastName": "Lee-Smith", "Phone": "9"})
    seconds_pass(scene)
    changes(scene, key, Phone1="2", Position="Chief buyer", E_Mail="theirs@x.example")
    rounds(scene)
    (row,) = [row for row in scene.documents("contact_employees") if row.state == "on_hold"]
    assert row.reason_code == "field_changed_elsewhere" and "'CEO'" in row.reason and "'Chief buyer'" in row.reason
    with scene.pipeline() as pipeline:
        pipeline.operator.approve(pipeline.run("contact_employees", "by hand", row.partition), row.id, "SAP is right")
    rounds(scene)
    now = of_key(scene, key)
    assert (now["Title"], now["LastName"], now["Phone"], now["Email"]) == ("Chief buyer", "Lee-Smith", "2", None)
    there = people(scene)[-1]
    assert (there["LastName"], there["Phone1"], there["E_Mail"]) == ("Lee-Smith", "2", "theirs@x.example")


def test_who_is_removed_on_either_side_is_told_and_nobody_is_deleted_or_made_again(stage: Stage) -> None:
    scene = stage(**OF_SAP)
    keys = [enters(scene, Name=name, Phone1="1") for name in ("Removed", "Inactive", "Deleted")]
    rounds(scene)
    count = len(contacts(scene))
    _, inactive, deleted = keys
    seconds_pass(scene)
    scene.org.delete("Contact", of_key(scene, deleted)["Id"])
    scene.erp.change("BusinessPartners", CODE, ContactEmployees=[row for row in people(scene) if row["Name"] != "Removed"])
    changes(scene, inactive, Active="tNO")
    changes(scene, deleted, Phone1="2")
    rounds(scene)
    assert len(contacts(scene)) == count - 1 and len(people(scene)) >= 2
    assert held(scene) == {deleted: "contact_not_there"}
    (contact,) = [row["Id"] for row in contacts(scene) if row["LastName"] == "Removed"]
    scene.org.edit("Contact", contact, {"LastName": "Renamed"})
    rounds(scene)
    (row,) = [row for row in scene.documents("contacts") if row.state == "on_hold"]
    assert (row.source_key, row.reason_code) == (contact, "contact_not_there"), "nobody is added again"
    with scene.engine.begin() as tx:
        (told,) = tx.exec_driver_sql(
            "SELECT source_key, exception FROM document WHERE source_key = %s AND exception <> ''", (inactive,)
        )
    assert "is not active in SAP any more" in told[1]
    with scene.pipeline() as pipeline:
        found = compare(pipeline, "contact_employees", "night")
    assert [(one.number, "has it no more" in one.words) for one in found.remaining] == [("Removed", True)]


def test_a_duplicate_rule_of_the_org_holds_with_the_record_that_it_names(stage: Stage) -> None:
    scene = stage()
    rounds(scene, 1)
    twin = scene.org.add("Contact", {"AccountId": account_of(scene, "C20050"), "LastName": "Di", "Email": "di@x.example"})
    key = enters(scene, Name="Di", E_Mail="di@x.example")
    scene.org.writer.duplicate_rule = True
    rounds(scene)
    (row,) = [row for row in scene.documents("contact_employees") if row.state == "on_hold"]
    assert (row.source_key, row.reason_code) == (key, "refused_by_server")
    assert "DUPLICATES_DETECTED" in row.reason and twin in row.reason


@pytest.mark.parametrize("fault", ["cut_before", "cut_after"])
def test_a_contact_whose_answer_is_lost_is_made_once(stage: Stage, fault: str) -> None:
    scene = stage()
    rounds(scene, 1)
    key = enters(scene, Name="Bo Lee", LastName="Lee")
    count = len(contacts(scene))
    scene.org.faults.arm(fault, "/composite", 1, method="PATCH")
    seconds_pass(scene)
    scene.run("contact_employees")
    time.sleep(ABSENCE_S)
    for _ in range(3):
        scene.hours_pass()
        scene.run()
    assert len(contacts(scene)) == count + 1 and of_key(scene, key)["LastName"] == "Lee"
    assert set(scene.states("contact_employees")) <= {"posted", "processed"}


def test_persons_of_a_customer_whose_account_is_known_later_come_then(stage: Stage) -> None:
    scene = stage(both_ways=False)
    code = scene.erp.add_partner(CardName="Later", Currency="$", ContactEmployees=[{"Name": "Dee", "E_Mail": "d@x.example"}])
    rounds(scene)
    count = len(contacts(scene))
    scene.org.add("Account", {"Name": "Later", "AccountNumber": code})
    rounds(scene)
    assert [row["LastName"] for row in contacts(scene)[count:]] == ["Dee"]


@pytest.mark.parametrize("both_ways", [True, False])
def test_a_shared_mailbox_makes_no_person_of_two_and_nothing_goes_round(stage: Stage, both_ways: bool) -> None:
    scene = stage(flow="contact_employees" if both_ways else "contacts", both_ways=both_ways)
    ids = [
        scene.org.add("Contact", {"AccountId": account_of(scene), "LastName": name, "Email": "info@x.example"})
        for name in ("Ann", "Cy")
    ]
    rounds(scene)
    (row,) = [row for row in scene.documents("contacts") if row.state == "on_hold"]
    assert (row.source_key, row.reason_code) == (ids[1], "contact_may_exist") and ids[0] in row.reason
    assert people(scene)[-1]["LastName"] == "Ann"
    before = written(scene)
    with scene.pipeline() as pipeline:
        assert compare(pipeline, "contacts", "night").written_again == []
    rounds(scene, 1)
    assert written(scene) == before
    scene.org.delete("Contact", ids[0])
    with scene.pipeline() as pipeline:
        pipeline.operator.reprocess(pipeline.run("contacts", "by hand", row.partition), row.id, "Ann is gone")
    rounds(scene, 1)
    if not both_ways:  # else Ann's number is gone with her, and a person says whose it is
        assert people(scene)[-1]["LastName"] == "Cy"


EDITS, AT_ONCE = 300, 100


def test_three_hundred_random_edits_of_people_end_in_agreement_and_then_nothing_is_written(stage: Stage) -> None:
    scene = stage(**OF_SAP)
    dice = random.Random(11)
    codes = sorted({one.values["AccountNumber"] for one in scene.org.store.all("Account")})[:4]
    rounds(scene, 1)
    for number in range(EDITS):
        code = dice.choice(codes)
        known = [row for row in contacts(scene) if row["AccountId"] == account_of(scene, code)]
        act = dice.choices(["adds", "enters", "edits", "changes"], weights=(1, 1, 5, 5))[0]
        if act == "adds":
            values = {"AccountId": account_of(scene, code), "FirstName": "New", "LastName": f"In Salesforce {number}"}
            scene.org.add("Contact", {**values, "Phone": f"{number}", "Email": f"s{number}@x.example"})
        elif act == "enters":
            enters(scene, code, Name=f"In SAP {number}", Position=f"Title {number}", E_Mail=f"e{number}@x.example")
        elif act == "edits":
            field = dice.choice(list(FIELDS))
            value = f"m{number}@x.example" if field == "Email" else f"{field} {number}"
            scene.org.edit("Contact", dice.choice(known)["Id"], {field: value})
        else:
            field = dice.choice(list(FIELDS.values()))
            value = f"n{number}@x.example" if field == "E_Mail" else f"{field} {number}"
            row = dice.choice(people(scene, code))
            changes(scene, f"{code}:{row['InternalCode']}", **{field: value})
        if number % AT_ONCE == AT_ONCE - 1:
            rounds(scene, 1)
    for _ in range(4):
        seconds_pass(scene)
        with scene.pipeline() as pipeline:
            for flow in ("contacts", "contact_employees"):
                compare(pipeline, flow, "night")
        scene.run()
        if not (differing := disagreements(scene)):
            break
    assert differing == []
    before = written(scene)
    rounds(scene)
    assert written(scene) == before, "nobody hears an echo"


def disagreements(scene: SyncScene) -> list[str]:
    """Also who stands on one side only, or twice."""
    persons = {
        f"{code}:{row['InternalCode']}": row
        for code in (one.values["AccountNumber"] for one in scene.org.store.all("Account"))
        for row in people(scene, code)
    }
    told = {str(row["ERP_Code__c"]): row for row in contacts(scene)}
    found = sorted(persons.keys() ^ told.keys()) + ["doubled"] * (len(contacts(scene)) - len(told))
    for key in persons.keys() & told.keys():
        for here, there in FIELDS.items():
            ours, theirs = told[key].get(here), persons[key].get(there)
            owner = theirs if here in ("Title", "Phone") else ours
            if owner and ours != theirs:
                found.append(f"{key}: {here} is {ours!r}, {there} is {theirs!r}")
    return found
