from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from decimal import Decimal

import pytest

from mlconn_pipelines.errors import ConfigurationError, DocumentRejected, OutcomeUnknown, Retryable
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.api.writing import RecordWriter
from mlconn_pipelines_tests.systems.salesforce.simulated_org import QUICK, SimulatedOrg, simulated_org
from mlconn_pipelines_tests.transport.scripted_server import Answer, scripted_server


@pytest.fixture
def org() -> Iterator[SimulatedOrg]:
    with simulated_org() as made:
        yield made


def rows(count: int, **values: object) -> list[dict[str, object]]:
    return [{"ERP_Code__c": f"C{number:05d}", "Name": f"Account {number}", **values} for number in range(count)]


def test_records_are_upserted_in_collections_and_a_second_time_changed(org: SimulatedOrg) -> None:
    writer = org.client().writer
    parts = list(writer.collections("Account", rows(450)))
    assert [len(part) for part in parts] == [200, 200, 50]
    results = [result for part in parts for result in writer.upsert("Account", part)]
    assert all(result.ok and result.created for result in results)
    again = writer.upsert("Account", rows(1, ERP_Balance__c=Decimal("12345678.90")))
    assert again[0].ok and not again[0].created and again[0].key == results[0].key
    assert org.value("Account", again[0].key, "ERP_Balance__c") == Decimal("12345678.90")
    assert {write["client"] for write in org.sandbox.writes} == {"mlconn"} and len(org.sandbox.writes) == 4
    assert org.limiter.turns


def test_each_record_has_a_result_of_its_own(org: SimulatedOrg) -> None:
    writer = org.client().writer
    sound, long, bad = rows(3)
    results = writer.upsert("Account", [sound, {**long, "Phone": "1" * 41}, {**bad, "ERP_Status__c": "Asleep"}])
    assert [result.ok for result in results] == [True, False, False]
    assert isinstance(results[1].error, DocumentRejected) and "Phone" in str(results[1].error)
    assert results[2].faults[0].code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_a_locked_record_is_tried_again_alone(org: SimulatedOrg) -> None:
    client = org.client()
    writer = RecordWriter(client.api, client.descriptions, nullcontext, QUICK)
    org.sandbox.faults.arm("row_locked", "/composite", rows=[1, 3])
    org.sandbox.faults.arm("row_locked", "/composite", rows=[0])  # and the first of them once more
    results = writer.upsert("Account", rows(5))
    assert all(result.ok for result in results)
    assert [len(write["ids"]) for write in org.sandbox.writes] == [3, 1, 1]
    org.sandbox.faults.arm("row_locked", "/composite", count=None, rows=[0])
    locked, other = writer.upsert("Account", rows(2))
    assert other.ok and locked.is_locked and isinstance(locked.error, Retryable)


def test_records_that_are_there_are_written_by_their_id(org: SimulatedOrg) -> None:
    writer = org.client().writer
    key = min(org.ids("Opportunity"))
    changed = writer.update("Opportunity", key, {"ERP_Order_Number__c": "4711"})
    assert changed["ERP_Order_Number__c"] == "4711" and changed["Id"] == key
    gone = writer.upsert("Opportunity", [{"Id": "006gR00000ZZZZZAAA", "ERP_Order_Number__c": "4712"}], by="Id")
    assert not gone[0].ok and len(org.ids("Opportunity")) == 3
    assert {write["path"].partition("composite")[2] for write in org.sandbox.writes} == {"/sobjects"}


def test_a_single_record_is_found_by_our_reference_and_created_once(org: SimulatedOrg) -> None:
    target = org.client().connector.target
    target.reserve()
    assert target.find("Account", "C'1\\") is None
    stored = target.create("Account", {"ERP_Code__c": "C'1\\", "Name": "O'Neil"})
    assert target.find("Account", "C'1\\") == target.find("Account", "C'1\\") and stored.key
    assert target.create("Account", {"ERP_Code__c": "C'1\\", "Name": "O'Neil"}).key == stored.key
    assert [one.key for one in target.under_reference("Account", "C'1\\")] == [stored.key]


def test_nothing_is_written_by_a_field_by_which_records_could_double(org: SimulatedOrg) -> None:
    for field in ("ERP_Ref__c", "AccountNumber", "Nowhere__c", ""):
        writer = org.client(mapped={"Account": MappedObject(external_id=field)}).writer
        with pytest.raises(ConfigurationError, match="not a unique external id"):
            writer.upsert("Account", rows(1))
    assert not org.sandbox.writes


@pytest.mark.parametrize("lie", ["200_error", "200_empty", "200_html", "200_truncated", "200_empty_list"])
def test_an_answer_that_says_nothing_leaves_the_outcome_open(org: SimulatedOrg, lie: str) -> None:
    client = org.client()
    org.sandbox.faults.arm(lie, "/composite", method="PATCH")
    with pytest.raises(OutcomeUnknown):
        client.writer.upsert("Account", rows(2))
    assert all(result.ok for result in client.writer.upsert("Account", rows(2)))
    assert sum(one in {"Account 0", "Account 1"} for one in names(org)) == 2


@pytest.mark.parametrize("fault", ["edge_406", "edge_420", "500", "cut_after"])
def test_a_write_that_the_edge_answers_is_not_known_to_be_lost(org: SimulatedOrg, fault: str) -> None:
    client = org.client()
    client.descriptions.fields("Account")
    org.sandbox.faults.arm(fault, "/composite")
    with pytest.raises(OutcomeUnknown):
        client.writer.upsert("Account", rows(1))


def test_a_lost_race_is_written_once_more(org: SimulatedOrg) -> None:
    twin = {
        "attributes": {"type": "Account"},
        "success": False,
        "errors": [{"statusCode": "DUPLICATE_VALUE", "message": "dup"}],
    }
    client = org.client()
    (key,) = (result.key for result in client.writer.upsert("Account", rows(1)))
    client.descriptions.fields("Account")
    with scripted_server(lambda asked: Answer(200, [twin]) if len(instance.asked) == 1 else Answer(200, [sound])) as instance:
        sound = {"id": key, "success": True, "errors": [], "created": False}
        org.sessions.values = {**(org.sessions.values or {}), "instance_url": instance.url}
        org.sessions.generation += 1
        client = org.client()
        client.descriptions._known["Account"] = org.opened[0].descriptions._known["Account"]
        (result,) = client.writer.upsert("Account", rows(1))
    assert result.ok and result.key == key and len(instance.asked) == 2


def test_results_of_other_records_are_no_answer(org: SimulatedOrg) -> None:
    client = org.client()
    first, second, *_ = sorted(org.ids("Opportunity"))
    client.descriptions.fields("Opportunity")
    org.sandbox.faults.arm("200_duplicate", "/composite", skip=1)
    assert client.writer.upsert("Opportunity", [{"Id": first, "Name": "A"}], by="Id")[0].ok
    with pytest.raises(OutcomeUnknown, match="names others"):
        client.writer.upsert("Opportunity", [{"Id": second, "Name": "B"}], by="Id")


def test_a_record_that_was_merged_into_another_says_into_which(org: SimulatedOrg) -> None:
    loser, winner, deleted = sorted(org.ids("Account"))[:3]
    org.sandbox.merge(winner, loser)
    org.sandbox.store.delete(org.sandbox.store.get("Account", deleted))
    rows = [{"Id": key, "Phone": "1"} for key in (loser, winner, deleted)]
    merged, written, gone = org.client().writer.upsert("Account", rows, by="Id")
    assert f"merged into {winner}" in str(merged.error) and written.ok
    assert f"Account {gone.external_id} was deleted; restore it from the recycle bin" in str(gone.error)


def test_a_deal_that_was_deleted_is_named(org: SimulatedOrg) -> None:
    (deal,) = org.sandbox.win(1)
    org.sandbox.delete("Opportunity", deal["Id"])
    (gone,) = org.client().writer.upsert("Opportunity", [{"Id": deal["Id"], "Name": "x"}], by="Id")
    assert f"Opportunity {deal['Id']} was deleted; restore it" in str(gone.error)


def test_records_of_one_account_are_written_together(org: SimulatedOrg) -> None:
    writer = org.client().writer
    given = [{"Id": f"006gR{number:010d}AAA", "AccountId": f"001{number % 3}"} for number in range(401)]
    parts = list(writer.collections("Opportunity", given, by="Id"))
    accounts = [row["AccountId"] for part in parts for row in part]
    assert [len(part) for part in parts] == [200, 200, 1] and accounts == sorted(accounts)
    twins = list(writer.collections("Account", [{"ERP_Code__c": "A"}, {"ERP_Code__c": "a"}]))
    assert [len(part) for part in twins] == [1, 1]


def names(org: SimulatedOrg) -> list[str]:
    return [str(org.value("Account", key, "Name")) for key in org.ids("Account")]
