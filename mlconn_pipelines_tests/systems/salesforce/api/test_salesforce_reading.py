from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from mlconn_pipelines.errors import Retryable
from mlconn_pipelines.systems.salesforce.api import soql
from mlconn_pipelines.systems.salesforce.api.describe import FieldMissing
from mlconn_pipelines.systems.salesforce.api.faults import NotAvailable
from mlconn_pipelines.systems.salesforce.api.objects import MappedObject
from mlconn_pipelines.systems.salesforce.records.accounts import Account
from mlconn_pipelines.systems.salesforce.records.opportunities import Opportunity
from mlconn_pipelines.systems.salesforce.records.reading import read
from mlconn_pipelines_tests.systems.salesforce.simulated_org import NOON, SimulatedOrg, changed, simulated_org
from mlconn_simulators.salesforce.service import Service

LIES = ["200_error", "200_empty", "200_html", "200_truncated", "200_null"]


@pytest.fixture
def org() -> Iterator[SimulatedOrg]:
    with simulated_org() as made:
        yield made


def whole(org: SimulatedOrg, entity: str, since: str | None = None) -> list[str]:
    return [row["Id"] for rows in org.client().reader.changed_records(entity, since) for row in rows]


def test_what_changed_comes_once_over_pages_and_from_a_watermark_with_overlap(org: SimulatedOrg) -> None:
    org.sandbox.page_size = 50
    org.add_accounts(130)
    org.sandbox.clock.move(dt.timedelta(hours=1))
    org.add_accounts(130)
    client = org.client()
    stamps = changed(client, "Account")
    assert {stamp.key for stamp in stamps} == org.ids("Account") and len(stamps) == len(org.ids("Account"))
    assert [stamp.stamp for stamp in stamps] == sorted(stamp.stamp for stamp in stamps)
    newest = client.reader.newest(stamps, None)
    assert newest == stamps[-1].stamp
    org.sandbox.clock.move(dt.timedelta(minutes=11))
    late = org.add_accounts(1)
    again = changed(client, "Account", newest)
    assert late[0] in {stamp.key for stamp in again} and 1 < len(again) < len(stamps)
    first = NOON.date() + dt.timedelta(days=31)
    assert changed(client, "Account", None, first) == []


def test_a_first_read_that_breaks_off_goes_on_where_it_was(org: SimulatedOrg) -> None:
    org.sandbox.page_size = 100
    org.add_accounts(450)
    reader = org.client().reader
    since, got = None, set[str]()
    for number, rows in enumerate(reader.changed_records("Account", None)):
        got |= {row["Id"] for row in rows}
        since = reader.newest(reader.key_stamps_of(rows), since)
        if number == 2:
            break
    org.sandbox.clock.move(dt.timedelta(hours=1))
    assert got | set(whole(org, "Account", since)) == org.ids("Account")


def test_short_pages_and_dead_locators_lose_and_double_nothing(org: SimulatedOrg) -> None:
    org.sandbox.page_size = 40
    with org.sandbox.lock:  # many of one second
        for number in range(150):
            org.sandbox.store.add("Account", {"Name": f"Same {number}"})
    org.sandbox.faults.arm("short_page", "/query", count=2, skip=1)
    org.sandbox.faults.arm("dead_locator", "/query", count=3, skip=1)
    got = whole(org, "Account")
    assert set(got) == org.ids("Account") and len(got) == len(set(got))


def test_a_window_that_takes_too_long_is_halved(org: SimulatedOrg) -> None:
    org.add_accounts(200)
    org.sandbox.faults.arm("query_timeout", "/queryAll", count=2)
    got = whole(org, "Account")
    assert set(got) == org.ids("Account") and len(got) == len(set(got))


def test_a_record_that_is_committed_after_later_ones_is_not_lost(org: SimulatedOrg) -> None:
    org.sandbox.store.commit_delay_s = 300
    (late,) = org.add_accounts(1)
    org.sandbox.store.commit_delay_s = 0
    org.add_accounts(3)
    client = org.client()
    first = changed(client, "Account")
    org.sandbox.clock.move(dt.timedelta(minutes=6))
    second = changed(client, "Account", client.reader.newest(first, None))
    assert late not in {stamp.key for stamp in first} and late in {stamp.key for stamp in second}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("asked", ["/describe", "/query?", "/services/oauth2/token"])
def test_every_kind_of_read_is_asked_for_again(org: SimulatedOrg, asked: str, lie: str) -> None:
    org.sandbox.faults.arm(lie, asked)
    assert len(list(org.client().reader.records("Opportunity", sorted(org.ids("Opportunity"))))) == 3
    assert not org.sessions.refusals


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_of_another_shape_is_asked_for_again(org: SimulatedOrg, lie: str) -> None:
    org.sandbox.page_size = 20
    org.add_accounts(60)
    org.sandbox.faults.arm(lie, "/query", skip=2)
    assert set(whole(org, "Account")) == org.ids("Account")
    org.sandbox.faults.arm(lie, "/query", count=None)
    with pytest.raises(Retryable):
        whole(org, "Account")


def test_an_opportunity_whose_lines_are_not_given_out_does_not_come_back(org: SimulatedOrg) -> None:
    keys = sorted(org.ids("Opportunity"))
    org.sandbox.faults.arm("200_empty_list", "FROM OpportunityLineItem", count=None)
    assert list(org.client().reader.records("Opportunity", keys)) == []
    org.sandbox.faults.disarm()
    assert {row["Id"] for row in org.client().reader.records("Opportunity", keys)} == set(keys)


def test_a_line_that_is_missing_of_an_answer_is_seen_by_its_count(org: SimulatedOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its price may be nothing, so that no sum shows it."""
    page = Service._page

    def without_the_last(service: Any, *given: Any) -> Any:
        answer = page(service, *given)
        if answer.body["records"][0]["attributes"]["type"] == "OpportunityLineItem":
            answer.body["records"].pop()
        return answer

    keys = sorted(org.ids("Opportunity"))
    with monkeypatch.context() as patched:
        patched.setattr(Service, "_page", without_the_last)
        with pytest.raises(Retryable, match=r"has \d+ records, and \d+ of them came"):
            list(org.client().reader.records("Opportunity", keys))
    assert len(list(org.client().reader.records("Opportunity", keys))) == len(keys)


def test_an_answer_to_another_question_is_no_whole_record(org: SimulatedOrg) -> None:
    """A deal without `IsWon` would read as one that is not won."""
    keys = sorted(org.ids("Opportunity"))
    for asked in ("SystemModstamp,Name", "FROM OpportunityLineItem"):
        struck = org.sandbox.faults.arm("200_duplicate", asked)
        changed(org.client(), "Opportunity")
        assert all("IsWon" in row for row in org.client().reader.records("Opportunity", keys))
        assert not struck.left


@pytest.mark.parametrize(("profile", "stated"), [("sales_cloud", "USD"), ("multi_currency", None)])
def test_the_orgs_currency_is_stated_where_it_knows_one_only(profile: str, stated: str | None) -> None:
    with simulated_org(profile=profile) as org:
        client = org.client(mapped={"Opportunity": MappedObject(org_currency=True)})
        told = list(client.reader.records("Opportunity", sorted(org.ids("Opportunity"))))
        assert told and {row["CurrencyIsoCode"] for row in told} == {stated or told[0]["CurrencyIsoCode"]}


def test_whole_opportunities_have_their_lines_and_read_as_records(org: SimulatedOrg) -> None:
    client = org.client()
    keys = sorted(org.ids("Opportunity"))
    rows = {row["Id"]: row for row in client.reader.records("Opportunity", [*keys, keys[0][:15], "006gR00000ZZZZZAAA"])}
    assert sorted(rows) == keys
    opportunity = read(Opportunity, rows[keys[0]])
    assert opportunity.IsWon and opportunity.CloseDate and opportunity.CurrencyIsoCode == ""
    assert len(opportunity.OpportunityLineItems) == 2
    totals = sum((line.TotalPrice or Decimal() for line in opportunity.OpportunityLineItems), Decimal())
    assert opportunity.Amount == totals and isinstance(opportunity.Amount, Decimal)


def test_deleted_and_merged_records_come_as_such(org: SimulatedOrg) -> None:
    winner, loser, gone = sorted(org.ids("Account"))[:3]
    org.sandbox.merge(winner, loser)
    with org.sandbox.lock:
        org.sandbox.store.purge(org.sandbox.store.records["Account"][gone])
    rows = {row["Id"]: read(Account, row) for row in org.client().reader.records("Account", [winner, loser, gone])}
    assert set(rows) == {winner, loser}
    assert rows[loser].IsDeleted and rows[loser].MasterRecordId == winner and not rows[winner].IsDeleted
    assert loser in {stamp.key for stamp in changed(org.client(), "Account")}


def test_a_field_or_an_object_that_the_user_does_not_see_is_named() -> None:
    with simulated_org(profile="restricted_user") as org:
        client = org.client(mapped={"Account": MappedObject(("ERP_Code__c", "ERP_Balance__c"))})
        with pytest.raises(FieldMissing, match="ERP_Balance__c"):
            list(client.reader.changed_records("Account", None))
        with pytest.raises(NotAvailable, match="Order is not available"):
            list(client.reader.changed_records("Order", None))


def test_a_long_list_of_fields_is_asked_for_in_parts_and_joined(org: SimulatedOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    org.sandbox.page_size = 30
    org.add_accounts(70)
    whole_rows = {row["Id"]: row for rows in org.client().reader.changed_records("Account", None) for row in rows}
    monkeypatch.setattr(soql, "SELECTED_MAX", 120)
    joined = {row["Id"]: row for rows in org.client().reader.changed_records("Account", None) for row in rows}
    assert joined == whole_rows and len(joined) == len(org.ids("Account"))
    key = min(org.ids("Opportunity"))
    mapped = {
        "Opportunity": MappedObject(("Account.Name", "ERP_Order_Number__c", "ERP_Order_Status__c", "Account.AccountNumber"))
    }
    (record,) = org.client(mapped=mapped).reader.records("Opportunity", [key])
    assert read(Opportunity, record).IsWon and len(record["OpportunityLineItems"]) == 2
    assert {"Name", "AccountNumber"} <= set(record["Account"])


def test_a_record_that_changes_between_two_parts_comes_with_the_next_window(
    org: SimulatedOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = org.add_accounts(5)
    monkeypatch.setattr(soql, "SELECTED_MAX", 120)
    client = org.client()
    client.descriptions.selected("Account")
    pages = client.reader._window("Account", ("Id", "IsDeleted", "SystemModstamp", "Name"), None)
    rows = next(pages)
    org.sandbox.clock.move(dt.timedelta(seconds=5))
    org.sandbox.edit("Account", keys[0], {"Phone": "1"})
    joined = client.reader._joined("Account", rows, [("Id", "IsDeleted", "SystemModstamp", "Phone")])
    assert {row["Id"] for row in joined} == org.ids("Account") - {keys[0]}
    assert keys[0] in whole(org, "Account")


def test_counts_and_amounts_of_a_day(org: SimulatedOrg) -> None:
    client = org.client()
    days = (NOON.date(), NOON.date() + dt.timedelta(days=40))
    headers = [header for page in client.reader.headers("Opportunity", *days) for header in page]
    assert {header.key for header in headers} == org.ids("Opportunity")
    assert all(header.amount == org.value("Opportunity", header.key, "Amount") for header in headers)
    assert {stamp.key for page in client.reader.dated("Opportunity", *days) for stamp in page} == org.ids("Opportunity")
    latest = client.reader.latest("Opportunity", NOON.date(), client.reader.watermark_at(NOON))
    assert {stamp.key for stamp in latest} == org.ids("Opportunity")


def test_requests_name_us_and_their_errors_never_tell_the_session(org: SimulatedOrg) -> None:
    client = org.client()
    client.api.granted()
    token = (org.sessions.values or {})["access_token"]
    org.sandbox.faults.arm("500", "/query", count=None)
    with pytest.raises(Retryable) as failed:
        changed(client, "Account")
    assert token not in str(failed.value) and token not in json.dumps(org.sandbox.state()) and token not in repr(client)
