"""Reads over sockets: tokens, companies, composite keys, enum filters, pages, value conventions, the data's catches."""

import re
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import pytest

CONFIRMED = (
    "DocumentApprovalStatus eq Microsoft.Dynamics.DataEntities.VersioningDocumentState'Confirmed' and "
    "PurchaseOrderStatus eq Microsoft.Dynamics.DataEntities.PurchStatus'Backorder'"
)


def inner(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == "" and error["message"] == "An error has occurred." and error["innererror"]["stacktrace"]
    return error["innererror"]["message"]


def test_tokens_are_for_the_environment(environment):
    e = environment
    assert e.http.get("VendorsV2?$top=1").status_code == 200
    e.sign_in(e.root)  # the address that it listens at
    assert e.http.get("VendorsV2?$top=1").status_code == 200
    e.sign_in("https://api.businesscentral.dynamics.com")
    assert e.http.get("VendorsV2?$top=1").status_code == 401
    e.sign_in()
    e.sandbox.faults.arm("expired_token", "/VendorsV2")
    refused = e.http.get("VendorsV2")
    assert refused.status_code == 401 and "Bearer" in refused.headers["www-authenticate"]
    assert e.sandbox.state()["unauthorized"] == 2


def test_reads_see_the_default_company_unless_asked_for_all(quiet_environment):
    http = quiet_environment.http
    mine = http.get("PurchaseOrderHeadersV2").json()["value"]
    every = http.get("PurchaseOrderHeadersV2?cross-company=true").json()["value"]
    assert {row["dataAreaId"] for row in mine} == {"usmf"} and {row["dataAreaId"] for row in every} == {"usmf", "demf"}
    other = next(row for row in every if row["dataAreaId"] == "demf")
    assert http.get("PurchaseOrderHeadersV2?$filter=dataAreaId eq 'demf'").json()["value"] == []
    upper = http.get("PurchaseOrderHeadersV2?$filter=dataAreaId eq 'DEMF'&cross-company=true").json()["value"]
    assert len(upper) == sum(row["dataAreaId"] == "demf" for row in every)
    key = f"PurchaseOrderHeadersV2(dataAreaId='DEMF',PurchaseOrderNumber='{other['PurchaseOrderNumber']}')"
    assert http.get(key).status_code == 404
    assert http.get(f"{key}?cross-company=true").json()["@odata.etag"] == other["@odata.etag"]
    assert len(http.get("Units").json()["value"]) == 5


def test_one_code_two_vendors(quiet_environment):
    rows = quiet_environment.rows("VendorsV2")
    names = {}
    for row in rows:
        names.setdefault(row["VendorAccountNumber"], set()).add(row["VendorOrganizationName"])
    assert any(len(each) == 2 for each in names.values())


def test_keys_must_be_whole_and_quoted(quiet_environment):
    http = quiet_environment.http
    assert "number of keys" in inner(http.get("PurchaseOrderHeadersV2('00000001')"), 400)
    assert "number of keys" in inner(http.get("PurchaseOrderLinesV2(dataAreaId='usmf',PurchaseOrderNumber='00000001')"), 400)
    line = "PurchaseOrderLinesV2(dataAreaId='usmf',PurchaseOrderNumber='00000001',LineNumber={})"
    assert http.get(line.format("1")).status_code == 200
    assert inner(http.get(line.format("'1'")), 400)
    assert inner(http.get(line.format("99")), 404)
    row = quiet_environment.rows("PurchaseOrderConfirmationHeaders", filter="dataAreaId eq 'usmf'")[0]
    key = ",".join(f"{name}='{row[name]}'" for name in ("dataAreaId", "PurchaseOrderNumber", "ConfirmationNumber"))
    confirmation = http.get(f"PurchaseOrderConfirmationHeaders({key},ConfirmationDate={row['ConfirmationDate']})")
    assert confirmation.json()["TotalConfirmedAmount"] == row["TotalConfirmedAmount"]
    assert "Resource not found for the segment 'Nothing'." in inner(http.get("Nothing"), 404)
    assert http.get("purchaseorderheadersv2").status_code == 404


def test_enums_want_their_type_and_know_eq_and_ne_only(quiet_environment):
    e = quiet_environment
    rows = e.rows("PurchaseOrderHeadersV2", filter=CONFIRMED)
    assert rows and {(row["DocumentApprovalStatus"], row["PurchaseOrderStatus"]) for row in rows} == {
        ("Confirmed", "Backorder")
    }
    for wrong in (
        "PurchaseOrderStatus eq 'Confirmed'",
        "DocumentApprovalStatus eq 'Confirmed'",
        "PurchaseOrderStatus eq Microsoft.Dynamics.DataEntities.PurchStatus'Confirmed'",
        "PurchaseOrderStatus eq Microsoft.Dynamics.DataEntities.NoYes'Yes'",
        "PurchaseOrderStatus gt Microsoft.Dynamics.DataEntities.PurchStatus'None'",
        "PurchaseOrderNumber in ('1','2')",
        "contains(PurchaseOrderNumber,'1')",
        "Surprise eq 1",
    ):
        assert inner(e.http.get("PurchaseOrderHeadersV2", params={"$filter": wrong}), 400)


def test_stars_are_wildcards_and_dates_compare(quiet_environment):
    e = quiet_environment
    rows = e.rows("VendorsV2", filter="VendorOrganizationName eq '*mill*' and dataAreaId eq 'usmf'")
    assert [row["VendorOrganizationName"] for row in rows] == ["Cedar Mill Supply Co."]
    day = "2026-11-10T00:00:00Z"
    later = e.rows("PurchaseOrderConfirmationHeaders", filter=f"ConfirmationDate ge {day}")
    whole = e.rows("PurchaseOrderConfirmationHeaders")
    assert 0 < len(later) < len(whole) and all(row["ConfirmationDate"] > day for row in later)


def test_pages_end_at_their_size_and_links_keep_the_companies(environment_with):
    with environment_with(page_size=10) as e:
        for query in ("cross-company=true", "cross-company=true&$orderby=CurrencyCode desc", "cross-company=true&$top=25"):
            got, url, pages = [], f"PurchaseOrderHeadersV2?{query}", 0
            while url:
                body = e.http.get(url).json()
                got += [(row["dataAreaId"], row["PurchaseOrderNumber"]) for row in body["value"]]
                url = body.get("@odata.nextLink", "")
                pages += 1
                assert not url or "cross-company=true" in url
            wanted = 25 if "$top" in query else 48
            assert len(got) == len(set(got)) == wanted and pages == -(-wanted // 10)
        body = e.http.get("ReleasedProductsV2?$count=true&$select=ItemNumber").json()
        assert body["@odata.count"] == 200 and set(body["value"][0]) == {"@odata.etag", "ItemNumber"}
        seen, url = set(), "ReleasedProductsV2?$select=ItemNumber"
        while url:
            body = e.http.get(url).json()
            seen |= {row["ItemNumber"] for row in body["value"]}
            url = body.get("@odata.nextLink")
        assert {"PIPE 3/4", "LAMP#40%", "SET&GO", "O'RING-12", "BOLT+M8"} <= seen and len(seen) == 200
        assert e.http.get("ReleasedProductsV2/$count").text == "200"
        e.sandbox.faults.arm("row_added", "/PurchaseOrderHeadersV2")
        before = e.sandbox.state()["records"]["PurchaseOrderHeadersV2"]
        e.http.get("PurchaseOrderHeadersV2")
        assert e.sandbox.state()["records"]["PurchaseOrderHeadersV2"] == before + 1


def test_values_are_written_as_this_system_does(quiet_environment):
    e = quiet_environment
    headers = e.rows("PurchaseOrderHeadersV2")
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT12:00:00Z", row["RequestedDeliveryDate"]) for row in headers)
    assert all(row["FixedDueDate"] == "1900-01-01T12:00:00Z" for row in headers)
    assert {row["IsChangeManagementActive"] for row in headers} == {"No", "Yes"}
    assert not {"TotalAmount", "ModifiedDateTime", "CreatedDateTime"} & set(headers[0])
    assert headers[0]["@odata.etag"].startswith('W/"')
    assert "ms-dyn-aid" in e.http.get("Units").headers


def test_every_catch_of_the_data_is_there(quiet_environment):
    e = quiet_environment
    headers, lines = e.rows("PurchaseOrderHeadersV2"), e.rows("PurchaseOrderLinesV2")
    assert len(headers) == 200
    assert {row["PurchaseOrderStatus"] for row in headers} == {"Backorder", "Canceled", "Invoiced"}
    assert {row["DocumentApprovalStatus"] for row in headers} == {"Draft", "InReview", "Approved", "Confirmed"}
    assert {row["CurrencyCode"] for row in headers} == {"USD", "EUR", "CAD"}
    assert any(len(row["VendorOrderReference"]) > 30 for row in headers)
    confirmations = e.rows("PurchaseOrderConfirmationHeaders")
    assert any(row["ConfirmationNumber"].endswith("-2") for row in confirmations)
    assert {row["IsDeleted"] for row in lines} == {"No", "Yes"}
    assert {row["PurchaseOrderLineStatus"] for row in lines} == {"Backorder", "Canceled", "Invoiced"}
    assert {row["PurchasePriceQuantity"] for row in lines} == {1, 100}
    assert any(row["PurchaseUnitSymbol"] == "wicker" for row in lines) and any(row["LineNumber"] > 9 for row in lines)
    assert any(not row["LineDescription"].isascii() for row in lines) and any(row["ExternalItemNumber"] for row in lines)
    days = {row["ConfirmationDate"][:10] for row in confirmations}
    assert len(days) >= 28 and max(days) < "2026-11-20"
    confirmed_lines = e.rows("PurchaseOrderConfirmationLines")
    for row in confirmations:
        amounts = [line["LineAmount"] for line in confirmed_lines if line["ConfirmationNumber"] == row["ConfirmationNumber"]
                   and line["dataAreaId"] == row["dataAreaId"]]  # fmt: skip
        assert amounts and sum(amounts) == pytest.approx(row["TotalConfirmedAmount"])


def test_the_same_seed_gives_the_same_records(environment, environment_with):
    with environment_with() as again:
        assert again.sandbox.state()["source"] == environment.sandbox.state()["source"]


def test_keys_with_slashes_and_other_signs(quiet_environment):
    http = quiet_environment.http
    for number in ("PIPE 3/4", "LAMP#40%", "SET&GO", "O'RING-12", "BOLT+M8"):
        key = quote(number.replace("'", "''"), safe="")
        answer = http.get(f"ReleasedProductsV2(dataAreaId='usmf',ItemNumber='{key}')")
        assert answer.status_code == 200 and answer.json()["ItemNumber"] == number
        found = http.get("ReleasedProductsV2", params={"$filter": "ItemNumber eq '" + number.replace("'", "''") + "'"}).json()[
            "value"
        ]
        assert [row["ItemNumber"] for row in found] == [number]


def test_the_metadata_has_keys_and_enums(quiet_environment):
    answer = quiet_environment.http.get("$metadata")
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    tree = ElementTree.fromstring(answer.text)
    named = {each.get("Name"): each.get("EntityType") for each in tree.iter(f"{edm}EntitySet")}
    kind = named["PurchaseOrderConfirmationHeaders"].rsplit(".", 1)[1]
    entity = next(each for each in tree.iter(f"{edm}EntityType") if each.get("Name") == kind)
    assert [each.get("Name") for each in entity.iter(f"{edm}PropertyRef")] == [
        "dataAreaId", "PurchaseOrderNumber", "ConfirmationNumber", "ConfirmationDate"
    ]  # fmt: skip
    status = next(each for each in tree.iter(f"{edm}EnumType") if each.get("Name") == "PurchStatus")
    assert {each.get("Name"): each.get("Value") for each in status}["Canceled"] == "4"
