"""Reading the simulated org: describe as the run-as user, queries and their pages, what was changed, deleted and merged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from mlconn_pipelines_tests.sandbox.salesforce.conftest import NOON, SignedIn

WON = "SELECT Id, Name FROM Opportunity WHERE IsWon = true"


def fields_of(org: SignedIn, name: str) -> dict[str, dict[str, Any]]:
    return {field["name"]: field for field in org.ask("GET", f"/sobjects/{name}/describe").json()["fields"]}


def test_profiles_decide_which_objects_and_fields_there_are(signed_in: Callable[..., SignedIn]) -> None:
    orgs = {name: signed_in(profile=name) for name in ("sales_cloud", "billing", "restricted_user", "multi_currency")}
    listed = {name: {one["name"] for one in org.ask("GET", "/sobjects/").json()["sobjects"]} for name, org in orgs.items()}
    assert [name for name in listed if "Invoice" in listed[name]] == ["billing"]
    assert [name for name in listed if "CurrencyType" in listed[name]] == ["multi_currency"]
    assert [name for name, org in orgs.items() if "CurrencyIsoCode" in fields_of(org, "Account")] == ["multi_currency"]
    assert orgs["sales_cloud"].refused("GET", "/sobjects/Invoice/describe") == (404, "NOT_FOUND")
    assert orgs["sales_cloud"].refused("GET", "/query?q=SELECT+Id+FROM+Invoice") == (400, "INVALID_TYPE")
    assert orgs["billing"].query("SELECT InvoiceNumber, BillingAccount.Name FROM Invoice WHERE Balance > 0 LIMIT 1")
    assert orgs["sales_cloud"].refused("GET", "/query?q=SELECT+CurrencyIsoCode+FROM+Account") == (400, "INVALID_FIELD")
    restricted = orgs["restricted_user"]
    assert "Order" not in listed["restricted_user"] and "ERP_Balance__c" not in fields_of(restricted, "Account")
    answer = restricted.ask("GET", "/query?q=SELECT+ERP_Balance__c+FROM+Account")
    assert "No such column 'ERP_Balance__c' on entity 'Account'" in answer.json()[0]["message"]
    assert fields_of(restricted, "Account")["ERP_Credit_Limit__c"]["updateable"] is False
    error = restricted.put("C1", ERP_Credit_Limit__c=5).json()[0]
    assert (error["errorCode"], error["fields"]) == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["ERP_Credit_Limit__c"])


def test_describe_names_what_a_client_must_know(org: SignedIn) -> None:
    account = fields_of(org, "Account")
    assert account["ERP_Code__c"]["unique"] and account["ERP_Code__c"]["externalId"] and account["ERP_Code__c"]["length"] == 20
    assert account["ERP_Ref__c"]["externalId"] and not account["ERP_Ref__c"]["unique"]
    assert (account["ERP_Balance__c"]["precision"], account["ERP_Balance__c"]["scale"]) == (18, 2)
    assert [value["value"] for value in account["ERP_Status__c"]["picklistValues"]] == ["Active", "Blocked"]
    assert account["ParentId"]["referenceTo"] == ["Account"] and account["SystemModstamp"]["createable"] is False
    described = org.ask("GET", "/sobjects/Opportunity/describe").json()
    assert described["keyPrefix"] == "006" and described["updateable"]
    assert [one["relationshipName"] for one in described["childRelationships"]] == ["OpportunityLineItems"]


def test_parents_come_nested_and_children_as_a_result_of_their_own(org: SignedIn) -> None:
    (deal, *_) = org.query(
        "SELECT Name, Amount, CloseDate, Account.Name, Account.BillingAddress, Pricebook2.Name, "
        "(SELECT Quantity, UnitPrice, TotalPrice, Product2.ProductCode FROM OpportunityLineItems) FROM Opportunity WHERE IsWon = true"
    )
    lines = deal["OpportunityLineItems"]
    assert lines["totalSize"] == 2 and lines["done"] and all(line["Product2"]["ProductCode"] for line in lines["records"])
    assert deal["Amount"] == pytest.approx(sum(line["TotalPrice"] for line in lines["records"]))
    assert deal["Account"]["attributes"]["type"] == "Account" and deal["Account"]["BillingAddress"]["city"]
    assert deal["Pricebook2"]["Name"] == "Standard Price Book" and dt.date.fromisoformat(deal["CloseDate"])
    (lonely,) = org.query("SELECT Parent.Name, (SELECT Id FROM Orders) FROM Account LIMIT 1")
    assert lonely["Parent"] is None and lonely["Orders"] is None


def test_conditions_choose_by_type(org: SignedIn) -> None:
    made = {code: org.put(code, **more).json()["id"] for code, more in (
        ("K1", {"AnnualRevenue": 10, "Site": "a_b"}), ("K2", {"AnnualRevenue": 20, "Site": "axb"}), ("K3", {"Type": "Partner"}),
    )}  # fmt: skip

    def found(where: str) -> list[str]:
        rows = org.query(f"SELECT ERP_Code__c FROM Account WHERE ERP_Code__c != null AND ({where}) ORDER BY ERP_Code__c DESC")
        return [row["ERP_Code__c"] for row in rows]

    assert found("AnnualRevenue > 10") == ["K2"] and found("NOT (AnnualRevenue >= 20)") == ["K3", "K1"]
    assert found("AnnualRevenue = null") == ["K3"] and found("AnnualRevenue IN (10, 20.0)") == ["K2", "K1"]
    assert found("Site LIKE 'A_B'") == ["K2", "K1"] and found("Site LIKE 'a\\_%'") == ["K1"]
    assert found("Name = 'k1' OR Type = 'Partner'") == ["K3", "K1"] and found("Site != 'axb'") == ["K3", "K1"]
    assert found(f"Id = '{made['K2'][:15]}'") == ["K2"] and found("Owner.Name LIKE 'Integration%'") == ["K3", "K2", "K1"]
    for literal in ("2026-11-20T12:00:00Z", "2026-11-20T12:00:00.000+00:00", "2026-11-20T13:00:00+0100"):
        assert found(f"SystemModstamp >= {literal}") == ["K3", "K2", "K1"] and found(f"SystemModstamp < {literal}") == []
    for where in ("SystemModstamp > '2026-01-01'", "Name = 5", "AnnualRevenue = 'a'", "IsDeleted = null1", "Description = 'x'"):
        assert org.refused("GET", "/query", params={"q": f"SELECT Id FROM Account WHERE {where}"})[0] == 400
    revenue = org.query(
        "SELECT AnnualRevenue FROM Account WHERE ERP_Code__c LIKE 'K%' ORDER BY AnnualRevenue NULLS LAST LIMIT 2 OFFSET 1"
    )
    assert [row["AnnualRevenue"] for row in revenue] == [20.0, None]
    counted = org.ask("GET", "/query", params={"q": "SELECT COUNT() FROM Account WHERE ERP_Code__c LIKE 'K%'"}).json()
    assert counted == {"totalSize": 3, "done": True, "records": []}


def test_pages_follow_their_locator_and_a_dead_one_is_told(signed_in: Callable[..., SignedIn]) -> None:
    org = signed_in(opportunities=450, page_size=0)
    whole = {row["Id"] for row in org.query(WON)}
    assert len(whole) == 450
    page = org.ask("GET", "/query", params={"q": WON}, headers={"Sforce-Query-Options": "batchSize=200"}).json()
    sizes, seen = [len(page["records"])], {row["Id"] for row in page["records"]}
    org.org.faults.arm("short_page", "/query/01g")
    while not page["done"]:
        assert page["totalSize"] == 450 and page["nextRecordsUrl"].startswith("/services/data/v63.0/query/01g")
        following, page = page["nextRecordsUrl"], org.http.get(page["nextRecordsUrl"]).json()
        sizes.append(len(page["records"]))
        seen |= {row["Id"] for row in page["records"]}
    assert sizes == [200, 100, 150] and seen == whole and "nextRecordsUrl" not in page
    org.org.clock.move(dt.timedelta(days=2))
    org.sign_in()
    answer = org.http.get(following)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")
    org.org.faults.arm("query_timeout", "/query")
    assert org.refused("GET", "/query", params={"q": WON}) == (400, "QUERY_TIMEOUT")


def test_what_was_deleted_merged_or_purged_is_found_where_salesforce_has_it(org: SignedIn) -> None:
    winner, loser, gone = (org.put(code).json()["id"] for code in ("W", "L", "G"))
    org.org.merge(winner, loser)
    org.org.store.purge(org.org.store.get("Account", gone))
    rows = {row["Id"]: row for row in org.query("SELECT Id, IsDeleted, MasterRecordId FROM Account", "queryAll")}
    assert rows[loser]["IsDeleted"] and rows[loser]["MasterRecordId"] == winner and gone not in rows
    assert loser not in {row["Id"] for row in org.query("SELECT Id FROM Account")}
    assert org.refused("PATCH", f"/sobjects/Account/{loser}", json={"Site": "x"}) == (404, "ENTITY_IS_DELETED")
    assert org.refused("GET", f"/sobjects/Account/{gone}") == (404, "NOT_FOUND")
    org.org.clock.move(dt.timedelta(minutes=3))
    window = {"start": "2026-11-20T11:00:00+00:00", "end": "2026-11-20T13:00:00Z"}
    deleted = org.ask("GET", "/sobjects/Account/deleted/", params=window).json()
    assert [one["id"] for one in deleted["deletedRecords"]] == [loser] and deleted["earliestDateAvailable"] < "2026-11-06"
    updated = org.ask("GET", "/sobjects/Account/updated/", params=window).json()
    assert winner in updated["ids"] and loser not in updated["ids"]
    assert updated["latestDateCovered"] == "2026-11-20T12:02:00.000+0000"
    old = {"start": "2026-10-01T00:00:00Z", "end": "2026-11-20T12:00:00Z"}
    for resource in ("updated", "deleted"):
        assert org.refused("GET", f"/sobjects/Account/{resource}", params=old) == (400, "INVALID_REPLICATION_DATE")


def test_a_change_can_become_visible_after_its_stamp(org: SignedIn) -> None:
    org.org.clock.running = False
    org.org.store.commit_delay_s = 90
    org.put("LATE")
    late = "SELECT SystemModstamp FROM Account WHERE ERP_Code__c = 'LATE'"
    assert org.query(late) == []
    org.org.clock.set(NOON + dt.timedelta(minutes=5))
    org.org.store.commit_delay_s = 0
    (row,) = org.query(late)
    assert row["SystemModstamp"] == "2026-11-20T12:00:00.000+0000"


def test_the_same_seed_gives_the_same_org(signed_in: Callable[..., SignedIn]) -> None:
    told = [signed_in().query("SELECT Id, Name, Amount, Account.AccountNumber FROM Opportunity") for _ in range(2)]
    assert told[0] == told[1] and len(told[0]) == 3
