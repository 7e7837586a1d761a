"""Reads over sockets: addresses, tokens, envelopes, value conventions, filters, paging, expansion."""

import re
from decimal import Decimal
from xml.etree import ElementTree

import httpx
import pytest

ZERO = "00000000-0000-0000-0000-000000000000"


def code_of(answer: httpx.Response) -> str:
    assert re.search(r"  CorrelationId:  [0-9a-f-]{36}\.$", answer.json()["error"]["message"]), answer.text
    return answer.json()["error"]["code"]


def get(environment, path: str, **options) -> list[dict]:
    answer = environment.http.get(path, params={f"${name}": value for name, value in options.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


def test_companies_are_listed_and_named_in_both_ways(quiet_environment):
    e = quiet_environment
    company = e.http.get(f"{e.root}/companies").json()["value"][0]
    assert company["id"] == e.sandbox.company.id and company["name"] == "Meridian Trade & Supply"
    short = e.root.replace(re.search(r"/v2\.0/([^/]+)/Production", e.root)[1] + "/", "")
    for url in (f"{e.root}/items?company={company['id']}", f"{short}/companies({company['id']})/items"):
        assert len(e.http.get(url).json()["value"]) == 200
    assert code_of(e.http.get(f"{e.root}/companies({ZERO})/items")) == "Internal_CompanyNotFound"


def test_an_unknown_environment_answers_xml(quiet_environment):
    answer = quiet_environment.http.get(quiet_environment.root.replace("Production", "Renamed") + "/companies")
    assert answer.headers["content-type"].startswith("application/xml") and "<code>NoEnvironment</code>" in answer.text


def test_tokens_are_asked_for(environment):
    e = environment
    assert e.http.get("items?$top=1").status_code == 200
    e.sandbox.faults.arm("expired_token", "/items")
    answer = e.http.get("items?$top=1")
    assert answer.status_code == 401 and code_of(answer) == "Authentication_InvalidCredentials"
    e.sign_in()
    assert e.http.get("items?$top=1").status_code == 200
    assert (e.sandbox.state()["logins"], e.sandbox.state()["unauthorized"]) == (2, 1)


def test_empty_values_are_never_null(quiet_environment):
    invoices = get(quiet_environment, "salesInvoices")
    assert all(value is not None for row in invoices for value in row.values())
    local = next(row for row in invoices if row["currencyCode"] == "USD")
    assert local["currencyId"] == ZERO and local["promisedPayDate"] == "0001-01-01"
    assert local["@odata.etag"].startswith('W/"')
    foreign = next(row for row in invoices if row["currencyCode"] != "USD")
    assert get(quiet_environment, "currencies", filter=f"id eq {foreign['currencyId']}")[0]["code"] == foreign["currencyCode"]
    assert get(quiet_environment, "customers", top="1")[0]["blocked"] == "_x0020_"


def test_timestamps_drop_trailing_zeros(environment):
    stamps = [row["lastModifiedDateTime"] for row in get(environment, "salesInvoices")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,2}[1-9])?Z", stamp) for stamp in stamps)


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("status eq 'Open' or status eq 'Paid'", 200, ""),
        ("status eq 'Open' or number eq '1'", 400, "Application_FilterErrorException"),
        ("status in ('Open','Paid')", 501, "BadRequest_MethodNotImplemented"),
        ("contains(tolower(customerName),'trade')", 501, "BadRequest_MethodNotImplemented"),
        ("nothing eq 1", 400, "BadRequest"),
        ("lastModifiedDateTime gt '2019-08-18T20:05:51Z'", 400, "BadRequest"),
        ("salesInvoiceLines/any(l:l/quantity gt 100000)", 200, ""),
    ],
)
def test_filters_have_their_limits(quiet_environment, text, status, code):
    answer = quiet_environment.http.get("salesInvoices", params={"$filter": text})
    assert answer.status_code == status, answer.text
    if code:
        assert code_of(answer) == code
    elif "any" in text:
        assert len(answer.json()["value"]) == len(get(quiet_environment, "salesInvoices"))


def test_the_newer_schema_version_lifts_two_limits(quiet_environment):
    for text in ("status in ('Paid')", "contains(tolower(customerName),'trade')"):
        answer = quiet_environment.http.get("salesInvoices", params={"$filter": text, "$schemaversion": "2.1"})
        assert answer.status_code == 200 and answer.json()["value"]


def test_spaces_in_enums_may_be_encoded_or_not(environment):
    for text in ("status eq 'In Review'", "status eq 'In_x0020_Review'"):
        assert environment.http.get("salesOrders", params={"$filter": text}).json()["value"] == []


def test_pages_follow_the_link_and_miss_nothing(quiet_environment):
    e = quiet_environment
    whole = [row["id"] for row in get(e, "salesInvoices", filter="status ne 'Paid'")]
    got, url, pages = [], "salesInvoices?$filter=status ne 'Paid'", 0
    while url:
        answer = e.http.get(url, headers={"Prefer": "odata.maxpagesize=7"})
        rows = answer.json()["value"]
        got += [row["id"] for row in rows]
        url = answer.json().get("@odata.nextLink", "")
        pages += 1
        if url:
            assert "aid=FIN" in url and url.endswith(f"$skiptoken={rows[-1]['id']}") and len(rows) == 7
    assert got == whole and pages == -(-len(whole) // 7)


def test_pages_keep_their_place_when_the_last_row_goes_meanwhile(environment):
    e = environment
    first = e.http.get("salesInvoices?$select=id", headers={"Prefer": "odata.maxpagesize=5"}).json()
    e.sandbox.remove("salesInvoices", first["value"][-1]["id"])
    rest = e.http.get(first["@odata.nextLink"], headers={"Prefer": "odata.maxpagesize=20000"}).json()["value"]
    assert len(rest) == e.sandbox.state()["records"]["salesInvoices"] - 4


def test_a_last_row_that_changes_takes_its_place_along(environment):
    e = environment
    rows = e.sandbox.state()["records"]["salesInvoices"]
    first = e.http.get(
        "salesInvoices?$orderby=lastModifiedDateTime&$select=id", headers={"Prefer": "odata.maxpagesize=5"}
    ).json()
    assert len(e.http.get(first["@odata.nextLink"]).json()["value"]) == rows - 5
    e.sandbox.act("salesInvoices", first["value"][-1]["id"], "pay")  # it is the newest now
    assert e.http.get(first["@odata.nextLink"]).json()["value"] == []


def test_top_gives_no_link_below_a_page_and_the_remainder_above(quiet_environment):
    http = quiet_environment.http
    assert "@odata.nextLink" not in http.get("salesInvoices?$top=3").json()
    page = http.get("salesInvoices?$top=12", headers={"Prefer": "odata.maxpagesize=10"}).json()
    assert len(page["value"]) == 10 and len(http.get(page["@odata.nextLink"]).json()["value"]) == 2
    assert http.get("salesInvoices", headers={"Prefer": "odata.maxpagesize=20001"}).status_code == 413


def test_order_count_and_select(quiet_environment):
    options = {"$orderby": "totalAmountIncludingTax desc", "$count": "true", "$select": "number,totalAmountIncludingTax"}
    body = quiet_environment.http.get("salesInvoices", params=options).json()
    totals = [row["totalAmountIncludingTax"] for row in body["value"]]
    assert totals == sorted(totals, reverse=True) and body["@odata.count"] == len(totals)
    assert set(body["value"][0]) == {"@odata.etag", "number", "totalAmountIncludingTax"}


def test_dimensions_of_a_line_come_with_it_only_and_are_read_only_here(quiet_environment):
    e = quiet_environment
    answer = e.http.get("dimensionSetLines")
    assert answer.status_code == 400 and "You must get to the parent first to get to the dimension set line." in answer.text
    row = get(e, "salesInvoices", expand="salesInvoiceLines($expand=dimensionSetLines)", top="1")[0]
    line = row["salesInvoiceLines"][0]
    (held,) = line["dimensionSetLines"]
    assert (held["code"], held["valueCode"], held["parentType"]) == ("DEPARTMENT", "SALES", "Sales_x0020_Invoice_x0020_Line")
    assert get(e, f"salesInvoiceLines({line['id']})/dimensionSetLines") == [held]
    value = next(each for each in get(e, "dimensionValues", filter="code eq 'SALES'") if each["id"] == held["valueId"])
    assert value["dimensionId"] == held["id"] and "blocked" not in value
    assert e.http.post("dimensionValues", json={"code": "X"}).status_code == 405
    e.sandbox.company.unreadable |= {"dimensionSetLines", "dimensionValues"}
    for path in ("salesInvoices?$expand=salesInvoiceLines($expand=dimensionSetLines)", "dimensionValues"):
        refused = e.http.get(path)
        assert (refused.status_code, code_of(refused)) == (403, "Authorization_RequestDenied")


def test_lines_come_with_their_document_only(quiet_environment):
    e = quiet_environment
    answer = e.http.get("salesInvoiceLines")
    assert answer.status_code == 400 and "You must specify an Id or a Document Id to get the lines." in answer.text
    assert code_of(answer) == "Application_DialogException"
    row = get(e, "salesInvoices", expand="salesInvoiceLines($expand=item),customer($select=number)", top="1")[0]
    lines = row["salesInvoiceLines"]
    assert lines and [line["id"] for line in lines] == [
        line["id"] for line in get(e, "salesInvoiceLines", filter=f"documentId eq {row['id']}")
    ]
    assert row["customer"]["number"] == row["customerNumber"]
    about = next(line for line in lines if line["lineType"] == "Item")
    assert about["item"]["number"] == about["lineObjectNumber"]
    assert [line["id"] for line in get(e, f"salesInvoices({row['id']})/salesInvoiceLines")] == [line["id"] for line in lines]
    assert e.http.get("salesInvoices?$expand=nothing").status_code == 400


def test_totals_are_those_of_the_lines(quiet_environment):
    for row in get(quiet_environment, "salesInvoices", expand="salesInvoiceLines"):
        lines = row["salesInvoiceLines"]
        net = sum(Decimal(str(line["netAmount"])) for line in lines)
        gross = sum(Decimal(str(line["netAmountIncludingTax"])) for line in lines)
        assert net == Decimal(str(row["totalAmountExcludingTax"])) and gross == Decimal(str(row["totalAmountIncludingTax"]))


def test_what_is_not_there(quiet_environment):
    http = quiet_environment.http
    answer = http.get("contact")
    assert answer.status_code == 404 and "Resource not found for the segment 'contact'." in answer.text
    assert code_of(http.get(f"salesOrders({ZERO})")) == "Internal_RecordNotFound"
    assert http.put("items").status_code == 405
    assert http.get("items?$filter=" + "number eq 'x' or " * 600).status_code == 414


def test_every_catch_of_the_data_is_there(quiet_environment):
    e = quiet_environment
    e_world = e.sandbox.world
    codes = {p.customer_code for p in e_world.partners}
    rows = get(e, "salesInvoices", expand="salesInvoiceLines")
    assert {row["status"] for row in rows} == {"Open", "Draft", "Paid", "Canceled", "Corrective"}
    assert {row["currencyCode"] for row in rows} == {"USD", "EUR", "CAD"}
    assert any(row["customerNumber"] not in codes for row in rows)
    assert any(len(row["externalDocumentNumber"]) > 22 for row in rows)
    lines = [line for row in rows for line in row["salesInvoiceLines"]]
    assert {line["lineType"] for line in lines} == {"Item", "Comment", "Account"}
    assert any(line["unitOfMeasureCode"] == "WICKER" for line in lines)
    blocked = {item["number"] for item in get(e, "items", filter="blocked eq true")}
    assert any(line["lineObjectNumber"] in blocked for line in lines)
    assert any(not line["description"].isascii() for line in lines)
    assert any(row["orderNumber"] for row in rows) and len(rows) == 96
    posted = {entry["documentNumber"] for entry in get(e, "generalLedgerEntries", filter="documentType eq 'Invoice'")}
    open_ones = [row for row in rows if row["status"] == "Open"]
    assert 0 < sum(row["number"] not in posted for row in open_ones) < len(open_ones)
    by_days = {row["postingDate"] for row in rows}
    assert len(by_days) >= 25 and max(by_days) < "2026-11-20"


def test_the_same_seed_gives_the_same_records(environment, environment_with):
    with environment_with() as again:
        assert again.sandbox.state()["source"] == environment.sandbox.state()["source"]


def test_the_metadata_names_every_set(quiet_environment):
    e = quiet_environment
    answer = e.http.get(f"{e.root}/$metadata")
    assert answer.headers["content-type"].startswith("application/xml")
    edm = "{http://docs.oasis-open.org/odata/ns/edm}"
    tree = ElementTree.fromstring(answer.text)
    sets = {each.get("Name") for each in tree.iter(f"{edm}EntitySet")}
    assert {"salesOrders", "purchaseOrderLines", "unitsOfMeasure"} <= sets
    order = next(each for each in tree.iter(f"{edm}EntityType") if each.get("Name") == "salesOrder")
    lengths = {each.get("Name"): each.get("MaxLength") for each in order.iter(f"{edm}Property")}
    assert lengths["externalDocumentNumber"] == "35" and lengths["orderDate"] is None


def test_remembered_pages_are_made_anew_after_every_change(environment):
    e = environment
    e.sandbox.remembers_pages = True
    query = {"select": "id,status", "expand": "salesInvoiceLines"}
    before = get(e, "salesInvoices", **query)
    made = e.draft()
    again = get(e, "salesInvoices", **query)
    assert [row["id"] for row in again] == [*(row["id"] for row in before), made["id"]]
    assert len(get(e, "salesInvoices", top="1")) == 1
    e.sandbox.act("salesInvoices", made["id"], "post")
    assert get(e, "salesInvoices", **query)[-1]["status"] == "Open"
    other = before[0]["id"]
    e.sandbox.remove("salesInvoices", other)
    assert other not in {row["id"] for row in get(e, "salesInvoices", **query)}
