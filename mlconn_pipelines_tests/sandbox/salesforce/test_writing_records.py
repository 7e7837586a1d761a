"""Writing to the simulated org: upserts by external id, collections row by row, and the rules that refuse."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mlconn_pipelines_tests.sandbox.salesforce.conftest import SignedIn

UPSERT = "/composite/sobjects/Account/ERP_Code__c"


def row(code: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, "ERP_Code__c": code, "Name": code} | values


def codes(answer: httpx.Response) -> list[str]:
    """The outcome of every row: the error's code, or created, or updated."""
    assert answer.status_code == 200, answer.text
    return [
        one["errors"][0]["statusCode"] if not one["success"] else "created" if one.get("created") else "done"
        for one in answer.json()
    ]


def test_an_upsert_creates_then_updates_and_keeps_the_value_whole(signed_in: Callable[..., SignedIn]) -> None:
    org = signed_in()
    created = org.put("N%201/%C3%A9", Name="Slash")
    assert created.status_code == 201 and created.json() == {
        "id": created.json()["id"],
        "success": True,
        "errors": [],
        "created": True,
    }
    again = org.put("n%201%2F%C3%A9", Name="Slash")
    assert again.status_code == 200 and again.json()["id"] == created.json()["id"] and again.json()["created"] is False
    (kept,) = org.query("SELECT ERP_Code__c FROM Account WHERE Name = 'Slash'")
    assert kept["ERP_Code__c"] == "N 1/é"
    org.org.update_status = 204
    assert org.put("N%201/%C3%A9").status_code == 204 and org.put("N%201/%C3%A9").content == b""
    assert org.put("C1", ERP_Code__c="C1").json()[0]["errorCode"] == "INVALID_FIELD"
    assert org.refused("PATCH", "/sobjects/Account/Nope__c/1", json={"Name": "x"}) == (404, "NOT_FOUND")
    assert org.refused("PATCH", "/sobjects/Account/Name/1", json={"Site": "x"}) == (404, "NOT_FOUND")


def test_several_records_of_one_external_id_are_listed(org: SignedIn) -> None:
    for name in ("First", "Second"):
        assert org.ask("POST", "/sobjects/Account/", json={"Name": name, "ERP_Ref__c": "abc"}).status_code == 201
    answer = org.ask("PATCH", "/sobjects/Account/ERP_Ref__c/ABC", json={"Site": "x"})
    assert (
        answer.status_code == 300
        and len(answer.json()) == 2
        and answer.json()[0].startswith("/services/data/v63.0/sobjects/Account/001")
    )
    rows = [{"attributes": {"type": "Account"}, "ERP_Ref__c": "ABC", "Site": "x"}]
    assert codes(org.ask("PATCH", "/composite/sobjects/Account/ERP_Ref__c", json={"records": rows})) == [
        "DUPLICATE_EXTERNAL_ID"
    ]


def test_rows_of_a_collection_fail_one_by_one(org: SignedIn) -> None:
    org.put("C1")
    rows = [
        row("C1"),
        row("C2"),
        row("C3", Name="n" * 256),
        row("C4", ERP_Status__c="Odd"),
        row("C5", Nope=1),
        row(""),
        row("C7"),
        row("c7"),
    ]
    assert codes(org.ask("PATCH", UPSERT, json={"records": rows})) == [
        "done", "created", "STRING_TOO_LONG", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "INVALID_FIELD", "MISSING_ARGUMENT",
        "DUPLICATE_VALUE", "DUPLICATE_VALUE",
    ]  # fmt: skip
    assert len(org.ask("PATCH", UPSERT, json={"records": [row(f"D{n}") for n in range(200)]}).json()) == 200
    assert org.refused("PATCH", UPSERT, json={"records": [row(f"E{n}") for n in range(201)]}) == (400, "EXCEEDED_ID_LIMIT")
    assert org.refused("PATCH", UPSERT, content=b"[") == (400, "JSON_PARSER_ERROR")
    assert org.refused("PATCH", UPSERT, json={"records": "rows"}) == (400, "JSON_PARSER_ERROR")


def test_all_or_none_leaves_nothing_of_a_collection(org: SignedIn) -> None:
    org.put("C1", Site="before")
    body = {"allOrNone": True, "records": [row("C1", Site="after"), row("C2"), row("C3", Name=None)]}
    assert codes(org.ask("PATCH", UPSERT, json=body)) == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK", "ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING",
    ]  # fmt: skip
    rows = org.query("SELECT ERP_Code__c, Site FROM Account WHERE ERP_Code__c LIKE 'C_'")
    assert [(one["ERP_Code__c"], one["Site"]) for one in rows] == [("C1", "before")]


def test_a_locked_row_fails_alone_and_passes_when_it_comes_again(org: SignedIn) -> None:
    org.org.faults.arm("row_locked", "/composite/sobjects", rows=[1])
    assert codes(org.ask("PATCH", UPSERT, json={"records": [row("C1"), row("C2")]})) == ["created", "UNABLE_TO_LOCK_ROW"]
    assert codes(org.ask("PATCH", UPSERT, json={"records": [row("C2")]})) == ["created"]
    org.org.faults.arm("row_locked", "/sobjects/Account")
    assert org.put("C1").json()[0]["errorCode"] == "UNABLE_TO_LOCK_ROW"


def test_collections_create_update_delete_and_retrieve(org: SignedIn) -> None:
    rows = [{"attributes": {"type": "Account"}, "Name": "A"}, {"attributes": {"type": "Nope"}, "Name": "B"}]
    created = org.ask("POST", "/composite/sobjects/", json={"records": rows}).json()
    assert [one["success"] for one in created] == [True, False] and created[1]["errors"][0]["statusCode"] == "INVALID_TYPE"
    record_id = created[0]["id"]
    update = [
        {"attributes": {"type": "Account"}, "id": record_id, "Site": "s"},
        {"attributes": {"type": "Account"}, "Site": "s"},
    ]
    assert codes(org.ask("PATCH", "/composite/sobjects", json={"records": update})) == ["done", "MISSING_ARGUMENT"]
    asked = {"ids": f"{record_id},001000000000000AAA", "fields": "Name,Site"}
    (found, nothing) = org.ask("GET", "/composite/sobjects/Account", params=asked).json()
    assert (found["Id"], found["Site"], nothing) == (record_id, "s", None)
    posted = org.ask("POST", "/composite/sobjects/Account", json={"ids": [record_id], "fields": ["Name"]}).json()
    assert posted[0]["Name"] == "A" and "Site" not in posted[0]
    assert codes(org.ask("DELETE", "/composite/sobjects", params={"ids": f"{record_id},xyz"})) == ["done", "MALFORMED_ID"]
    runs = [{"attributes": {"type": kind}, "Name": "x"} for _ in range(6) for kind in ("Account", "Product2")]
    assert org.refused("POST", "/composite/sobjects", json={"records": runs}) == (400, "LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Site": "x"}, "REQUIRED_FIELD_MISSING"),
        ({"Name": "x", "ERP_Code__c": "TAKEN"}, "DUPLICATE_VALUE"),
        ({"Name": "x", "ParentId": "001000000000000AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Name": "x", "AnnualRevenue": "much"}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
        ({"Name": "x", "Parent": {"ERP_Code__c": "NOBODY"}}, "INVALID_FIELD"),
        ({"Name": "x", "SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "TAKEN"}, "DUPLICATES_DETECTED"),
        ({"Name": ["x"]}, "JSON_PARSER_ERROR"),
        ({"Name": "x", "AnnualRevenue": 1e300}, "INVALID_TYPE_ON_FIELD_IN_RECORD"),
    ],
)
def test_a_rule_refuses_by_its_code(org: SignedIn, body: dict[str, Any], code: str) -> None:
    org.put("TAKEN")
    org.org.writer.duplicate_rule = True
    assert org.refused("POST", "/sobjects/Account", json=body) == (400, code)


def test_a_duplicate_rule_is_passed_on_request_and_inactive_owners_are_not(org: SignedIn) -> None:
    org.put("TWIN")
    org.org.writer.duplicate_rule = True
    allow = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert org.ask("POST", "/sobjects/Account", json={"Name": "TWIN"}, headers=allow).status_code == 201
    (left,) = org.query("SELECT Id FROM User WHERE IsActive = false")
    assert org.refused("POST", "/sobjects/Account", json={"Name": "x", "OwnerId": left["Id"]}) == (
        400,
        "INACTIVE_OWNER_OR_USER",
    )


def test_a_deal_takes_its_amount_from_its_lines_and_its_stage_says_whether_it_is_won(org: SignedIn) -> None:
    account = org.put("C1").json()["id"]
    deal = {"Name": "D", "AccountId": account, "StageName": "Negotiation", "CloseDate": "2026-12-01", "Amount": 5}
    deal_id = org.ask("POST", "/sobjects/Opportunity", json=deal).json()["id"]
    (entry,) = org.query("SELECT Id, UnitPrice, ProductCode FROM PricebookEntry LIMIT 1")
    line = {"OpportunityId": deal_id, "PricebookEntryId": entry["Id"], "Quantity": 3, "UnitPrice": 10.5, "Discount": 10}
    assert org.refused("POST", "/sobjects/OpportunityLineItem", json=line | {"TotalPrice": 5}) == (
        400,
        "FIELD_INTEGRITY_EXCEPTION",
    )
    assert org.ask("POST", "/sobjects/OpportunityLineItem", json=line).status_code == 201
    assert (
        org.ask("PATCH", f"/sobjects/Opportunity/{deal_id}", json={"Amount": 1, "StageName": "Closed Won"}).status_code == 204
    )
    told = org.ask(
        "GET", f"/sobjects/Opportunity/{deal_id}?fields=Amount,IsWon,IsClosed,CloseDate,HasOpportunityLineItem"
    ).json()
    assert (told["Amount"], told["IsWon"], told["IsClosed"], told["CloseDate"]) == (28.35, True, True, "2026-12-01")
    book = org.ask("POST", "/sobjects/Pricebook2", json={"Name": "Other", "IsActive": True}).json()["id"]
    (product,) = org.query(f"SELECT Product2Id FROM PricebookEntry WHERE Id = '{entry['Id']}'")
    price = {"Pricebook2Id": book, "Product2Id": product["Product2Id"], "UnitPrice": 9, "IsActive": True}
    other = org.ask("POST", "/sobjects/PricebookEntry", json=price).json()["id"]
    wrong = org.ask("POST", "/sobjects/OpportunityLineItem", json=line | {"PricebookEntryId": other})
    assert "pricebook entry is in a different pricebook" in wrong.json()[0]["message"]


def test_an_order_is_drafted_filled_and_then_activated(org: SignedIn) -> None:
    account = org.put("C1").json()["id"]
    (entry,) = org.query("SELECT Id, Pricebook2Id FROM PricebookEntry LIMIT 1")
    draft = {"AccountId": account, "EffectiveDate": "2026-12-01", "Status": "Draft", "Pricebook2Id": entry["Pricebook2Id"]}
    assert org.refused("POST", "/sobjects/Order", json=draft | {"Status": "Activated"}) == (400, "FAILED_ACTIVATION")
    order = org.ask("POST", "/sobjects/Order", json=draft).json()["id"]
    assert org.refused("PATCH", f"/sobjects/Order/{order}", json={"Status": "Activated"}) == (400, "FAILED_ACTIVATION")
    item = {"OrderId": order, "PricebookEntryId": entry["Id"], "Quantity": 2, "UnitPrice": 4}
    assert org.ask("POST", "/sobjects/OrderItem", json=item).status_code == 201
    assert org.ask("PATCH", f"/sobjects/Order/{order}", json={"Status": "Activated"}).status_code == 204
    assert org.refused("POST", "/sobjects/OrderItem", json=item) == (400, "FIELD_INTEGRITY_EXCEPTION")
    (told,) = org.query("SELECT OrderNumber, TotalAmount, Account.ERP_Code__c, ActivatedDate FROM Order")
    assert (told["OrderNumber"], told["TotalAmount"], told["Account"]["ERP_Code__c"]) == ("00000001", 8.0, "C1") and told[
        "ActivatedDate"
    ]


def test_the_org_remembers_who_wrote(org: SignedIn) -> None:
    headers = {"Sforce-Call-Options": "client=mlconn, defaultNamespace=x"}
    created = org.ask("PATCH", UPSERT, json={"records": [row("C1"), row("C2", Nope=1)]}, headers=headers).json()
    org.put("C1")
    writes = org.http.get("/_sandbox/state?object=Account").json()["writes"]
    assert [(write["client"], write["ids"]) for write in writes] == [("mlconn", [created[0]["id"]]), ("", [created[0]["id"]])]


def test_a_slow_write_is_carried_out_though_its_client_has_left(org: SignedIn) -> None:
    fault = org.org.faults.arm("slow", "/sobjects/Account", seconds=5.0)
    with pytest.raises(httpx.ReadTimeout):
        org.ask("PATCH", "/sobjects/Account/ERP_Code__c/LATE", json={"Name": "Late"}, timeout=0.1)
    assert org.org.store.having("Account", "ERP_Code__c", "LATE") == []
    fault.let_go.set()
    until = time.monotonic() + 5
    while not org.org.store.having("Account", "ERP_Code__c", "LATE") and time.monotonic() < until:
        threading.Event().wait(0.01)
    assert len(org.org.store.having("Account", "ERP_Code__c", "LATE")) == 1


def test_currencies_are_written_where_the_org_has_several(signed_in: Callable[..., SignedIn]) -> None:
    org = signed_in(profile="multi_currency")
    org.put("C1", CurrencyIsoCode="EUR")
    org.put("C2")
    rows = org.query("SELECT CurrencyIsoCode FROM Account WHERE ERP_Code__c IN ('C1', 'C2') ORDER BY ERP_Code__c")
    assert [one["CurrencyIsoCode"] for one in rows] == ["EUR", "USD"]
    assert {one["IsoCode"] for one in org.query("SELECT IsoCode FROM CurrencyType")} == {"USD", "EUR", "CAD"}
    assert signed_in().put("C1", CurrencyIsoCode="EUR").json()[0]["errorCode"] == "INVALID_FIELD"


def test_a_composite_request_refers_back_and_halts_what_depends_on_a_failure(org: SignedIn) -> None:
    base = "/services/data/v63.0/sobjects"
    account = {"method": "PATCH", "url": f"{base}/Account/ERP_Code__c/C1", "referenceId": "a", "body": {"Name": "One"}}
    contact = {
        "method": "POST",
        "url": f"{base}/Contact",
        "referenceId": "c",
        "body": {"LastName": "L", "AccountId": "@{a.id}"},
    }
    bad = {"method": "POST", "url": f"{base}/Contact", "referenceId": "b", "body": {"Nope": 1}}
    after = {"method": "GET", "url": f"{base}/Contact/@{{b.id}}", "referenceId": "d"}
    used = org.org.used

    def statuses(**more: Any) -> list[int]:
        answer = org.ask("POST", "/composite", json={"compositeRequest": [account, contact, bad, after]} | more)
        assert answer.status_code == 200
        return [each["httpStatusCode"] for each in answer.json()["compositeResponse"]]

    assert statuses(allOrNone=True) == [400, 400, 400, 400] and org.org.writes == [] and org.org.used == used + 1
    assert org.query("SELECT Id FROM Account WHERE ERP_Code__c = 'C1'") == []
    assert statuses() == [201, 201, 400, 400]
    assert org.query("SELECT Account.Name FROM Contact WHERE LastName = 'L'")[0]["Account"]["Name"] == "One"
    assert org.refused("POST", "/composite", json={"compositeRequest": [{"method": "GET", "url": base}]})[0] == 400


def test_the_loser_of_an_upsert_race_finds_the_record_when_it_comes_again(org: SignedIn) -> None:
    org.org.faults.arm("upsert_race", "ERP_Code__c/C1")
    lost = org.put("C1")
    assert lost.status_code == 400 and lost.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    again = org.put("C1")
    assert again.status_code == 200 and again.json()["id"] in lost.json()[0]["message"]


def test_an_external_id_that_moved_is_found_at_its_new_record_alone(org: SignedIn) -> None:
    first = org.put("C1").json()["id"]
    org.ask("PATCH", f"/sobjects/Account/{first}", json={"ERP_Code__c": "C2"})
    second = org.put("C1").json()["id"]
    assert second != first and org.put("C2").json()["id"] == first
    org.ask("DELETE", f"/sobjects/Account/{first}")
    third = org.put("C2").json()["id"]
    assert third not in (first, second)
    body = {"allOrNone": True, "records": [row("C1", Site="x"), row("C9"), row("C8", Nope=1)]}
    assert not any(one["success"] for one in org.ask("PATCH", UPSERT, json=body).json())
    assert org.put("C1").json()["id"] == second and org.put("C9").status_code == 201
