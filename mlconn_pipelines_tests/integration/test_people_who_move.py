"""People who change hands in Salesforce: converted leads, merged contacts and accounts, contacts that move to another account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mlconn_pipelines.flows.sync.pipeline import compare
from mlconn_pipelines_tests.integration.sync_scene import ACCOUNT_FLOWS, FLOWS, SyncScene, sync_scene
from mlconn_pipelines_tests.integration.test_contact_employees import (
    CODE,
    account_of,
    changes,
    contacts,
    enters,
    held,
    of_key,
    people,
    rounds,
)
from mlconn_pipelines_tests.integration.test_edits_on_both_sides import seconds_pass, written

pytestmark = pytest.mark.database

OTHER = "C20050"


@pytest.fixture
def scene(tmp_path: Path, ledger_database: str) -> Iterator[SyncScene]:
    accounts = {**ACCOUNT_FLOWS["accounts"], "with_won_deal": False}
    flows = {**FLOWS, **ACCOUNT_FLOWS, "accounts": accounts}
    flows |= {"contacts": {"to": "contact_employees"}, "contact_employees": {"to": "contacts"}}
    owned = {"field_ownership": {"contact": {"phone": "erp"}}}
    with ExitStack() as stack:
        yield stack.enter_context(sync_scene(tmp_path, ledger_database, flows=flows, **owned))


def told(scene: SyncScene) -> dict[str, str]:
    """What people are told of records that became one of the other system, by flow and record."""
    with scene.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT flow, source_key, exception FROM document WHERE exception <> ''").all()
    return {f"{flow} {key}": words for flow, key, words in rows}


def is_still(scene: SyncScene) -> bool:
    """Nothing goes round, in runs and at night."""
    rounds(scene)
    before = written(scene)
    with scene.pipeline() as pipeline:
        for flow in pipeline.comparisons:
            compare(pipeline, flow, "night")
    rounds(scene)
    return written(scene) == before


def test_a_converted_lead_arrives_as_its_account_and_contact(scene: SyncScene) -> None:
    rounds(scene)
    leads = [
        scene.org.add("Lead", {"FirstName": "Ann", "LastName": name, "Company": "Northwind", "Email": f"{name}@nw.example"})
        for name in ("Lee", "Cho")
    ]
    rounds(scene)
    assert scene.partners() == [], "a lead is nothing yet"
    made = scene.org.convert(leads[0])
    seconds_pass(scene)
    rounds(scene)
    (partner,) = scene.partners()
    code = scene.account(made["ConvertedAccountId"])["AccountNumber"]
    assert (partner["CardName"], partner["CardCode"]) == ("Northwind", code)
    scene.org.convert(leads[1], account=made["ConvertedAccountId"])
    rounds(scene)
    assert [row["Name"] for row in people(scene, code)] == ["Ann Lee", "Ann Cho"] and len(scene.partners()) == 1
    assert is_still(scene)
    assert [row["LastName"] for row in contacts(scene) if row["AccountId"] == made["ConvertedAccountId"]] == ["Lee", "Cho"]
    ids = {key for write in scene.org.writes for key in write["ids"]}
    assert not ids & set(leads), "leads are never written"


def test_merged_contacts_leave_both_persons_in_sap_and_a_person_is_told(scene: SyncScene) -> None:
    keys = [enters(scene, Name=name, LastName=name, E_Mail=f"{name}@x.example") for name in ("Winner", "Loser")]
    rounds(scene)
    winner, loser = (of_key(scene, key)["Id"] for key in keys)
    seconds_pass(scene)
    scene.org.merge(winner, loser)
    rounds(scene)
    assert "was deleted or merged in Salesforce" in told(scene)[f"contacts {loser}"]
    changes(scene, keys[1], Phone1="9")
    count = len(contacts(scene))
    rounds(scene)
    assert held(scene) == {keys[1]: "contact_not_there"} and len(contacts(scene)) == count
    assert [row["Name"] for row in people(scene)][-2:] == ["Winner", "Loser"]
    assert of_key(scene, keys[0])["LastName"] == "Winner" and is_still(scene)


def test_a_contact_that_moves_is_a_person_of_the_other_customer_too(scene: SyncScene) -> None:
    key = enters(scene, Name="Mona", LastName="Mona", E_Mail="mona@x.example")
    rounds(scene)
    mona = of_key(scene, key)["Id"]
    seconds_pass(scene)
    scene.org.edit("Contact", mona, {"AccountId": account_of(scene, OTHER)})
    rounds(scene)
    (there,) = [row for row in people(scene, OTHER) if row["Name"] == "Mona"]
    (moved,) = [row for row in contacts(scene) if row["LastName"] == "Mona"]
    assert (moved["Id"], moved["ERP_Code__c"]) == (mona, f"{OTHER}:{there['InternalCode']}")
    assert "Mona" in [row["Name"] for row in people(scene)], "nobody is removed"
    changes(scene, key, Phone1="7")
    rounds(scene)
    assert held(scene) == {key: "contact_not_there"} and of_key(scene, f"{OTHER}:{there['InternalCode']}")["Phone"] is None
    assert is_still(scene) and len([row for row in contacts(scene) if row["LastName"] == "Mona"]) == 1


def test_contacts_of_merged_accounts_are_persons_of_the_winner_s_customer(scene: SyncScene) -> None:
    key = enters(scene, OTHER, Name="Mona", LastName="Mona", E_Mail="mona@x.example")
    rounds(scene)
    mona = of_key(scene, key)["Id"]
    seconds_pass(scene)
    scene.org.merge(account_of(scene), account_of(scene, OTHER))
    rounds(scene, 3)
    (there,) = [row for row in people(scene) if row["Name"] == "Mona"]
    (moved,) = [row for row in contacts(scene) if row["LastName"] == "Mona"]
    assert (moved["Id"], moved["ERP_Code__c"]) == (mona, f"{CODE}:{there['InternalCode']}")
    assert "Mona" in [row["Name"] for row in people(scene, OTHER)]
    assert is_still(scene)
    assert "belongs to no account's customer" in told(scene)[f"contact_employees {key}"], "its customer has no account any more"
