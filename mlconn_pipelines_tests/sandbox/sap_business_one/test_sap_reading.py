"""Query options, paging, filters and record shapes, over sockets."""

import hashlib
import time
from urllib.parse import quote

import pytest


def rows(company, path: str, **headers) -> list[dict]:
    answer = company.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["value"]


def entries(company, text: str) -> list[int]:
    path = f"Invoices?$select=DocEntry&$orderby=DocEntry&$filter={quote(text)}"
    return [row["DocEntry"] for row in rows(company, path, Prefer="odata.maxpagesize=1000")]


def test_a_page_holds_twenty_and_the_next_link_is_relative(quiet_company):
    body = quiet_company.http.get("Orders?$select=DocEntry").json()
    assert len(body["value"]) == 20 and body["@odata.nextLink"] == "Orders?$select=DocEntry&$skip=20"
    assert set(body["value"][0]) == {"@odata.etag", "DocEntry"}


@pytest.mark.parametrize("headers", [{"Prefer": "odata.maxpagesize=50"}, {"B1S-PageSize": "50"}])
def test_paging_to_the_end_meets_every_record_once(quiet_company, headers):
    path, seen = f"Invoices?$filter={quote('DocEntry gt 3 and DocEntry le 190')}&$orderby=DocEntry desc", []
    while path:
        body = quiet_company.http.get(path, headers=headers).json()
        seen += [row["DocEntry"] for row in body["value"]]
        path = body.get("@odata.nextLink")
        if path:
            assert "$filter=DocEntry%20gt%203" in path  # repeated as it came, still encoded
    assert seen == list(range(190, 3, -1))


def test_top_spans_pages_and_counts_down(quiet_company):
    body = quiet_company.http.get("Invoices?$select=DocEntry&$top=50").json()
    assert body["@odata.nextLink"] == "Invoices?$select=DocEntry&$top=30&$skip=20"
    third = quiet_company.http.get("Invoices?$select=DocEntry&$top=10&$skip=40").json()
    assert len(third["value"]) == 10 and "@odata.nextLink" not in third


def test_count_inline_and_as_plain_text(quiet_company):
    number = quiet_company.sandbox.state()["records"]["Invoices"]
    plain = quiet_company.http.get("Invoices/$count")
    assert plain.text == str(number) and plain.headers["content-type"].startswith("text/plain")
    assert quiet_company.http.get("Invoices?$select=DocEntry&$count=true").json()["@odata.count"] == number
    assert quiet_company.http.get("Invoices/$count?$filter=DocEntry le 7").text == "7"
    broken = quiet_company.http.get("Invoices/$count?$filter=Nothing eq 7")
    assert broken.status_code == 502 and "Proxy Error" in broken.text


def test_filters_agree_with_a_plain_look_at_all_records(quiet_company):
    records = [quiet_company.sandbox.record("Invoices", entry) for entry in entries(quiet_company, "DocEntry gt 0")]
    day = records[len(records) // 2]["UpdateDate"][:10]
    number = next(r["NumAtCard"] for r in records if r["NumAtCard"])

    def by(test) -> list[int]:
        return [r["DocEntry"] for r in records if test(r)]

    # A reversal lies outside the thirty days' order, so that dates and keys do not run in step everywhere.
    same = [
        (f"UpdateDate ge '{day}'", lambda r: r["UpdateDate"][:10] >= day),
        (f"UpdateDate gt {day}", lambda r: r["UpdateDate"][:10] > day),
        (f"UpdateDate lt datetime'{day}T00:00:00'", lambda r: r["UpdateDate"][:10] < day),
        (f"DocDate eq '{day}T00:00:00Z'", lambda r: r["DocDate"][:10] == day),
        (f"(UpdateDate gt '{day}' or (UpdateDate eq '{day}' and UpdateTime ge '12:00:00'))",
         lambda r: r["UpdateDate"][:10] > day or (r["UpdateDate"][:10] == day and r["UpdateTime"] >= "12:00")),
        ("Cancelled eq 'tYES'", lambda r: r["Cancelled"] == "tYES"),
        ("CancelStatus eq 'csCancellation' or Cancelled eq 'tYES'", lambda r: r["CancelStatus"] != "csNo"),
        ("not (DocumentStatus eq 'bost_Open') and DocTotal gt 500.5",
         lambda r: r["DocumentStatus"] != "bost_Open" and r["DocTotal"] > 500.5),
        ("1000 lt DocTotal", lambda r: r["DocTotal"] > 1000),
        ("contains(CardName,'ü')", lambda r: "ü" in r["CardName"]),
        ("startswith(CardName,'Quill') and endswith(CardName,'Pens')",
         lambda r: r["CardName"].startswith("Quill") and r["CardName"].endswith("Pens")),
        ("substringof('Barn',CardName)", lambda r: "Barn" in r["CardName"]),
        (f"NumAtCard eq '{number}'", lambda r: r["NumAtCard"] == number),
        ("Comments eq null", lambda r: r.get("Comments") is None),
        ("Comments ne null and not contains(Comments,'Tor')", lambda r: r.get("Comments") and "Tor" not in r["Comments"]),
        ("Comments ne 'Call before delivery'", lambda r: r.get("Comments") not in (None, "Call before delivery")),
        ("DocEntry eq 3 or DocEntry eq 5 or DocEntry eq 99999", lambda r: r["DocEntry"] in (3, 5)),
        ("U_MLConnRef eq 'none'", lambda r: False),
    ]  # fmt: skip
    for text, test in same:
        assert entries(quiet_company, text) == by(test), text
    assert by(same[5][1]) and by(same[9][1]) and by(same[10][1]) and by(same[11][1]), "the seed should have such records"


def test_a_quote_in_a_text_is_doubled(quiet_company):
    item = rows(quiet_company, "Items?$select=ItemCode&$filter=ItemCode eq 'O''RING-12'")
    assert [row["ItemCode"] for row in item] == ["O'RING-12"]
    assert quiet_company.http.get("Items('O''RING-12')").json()["ItemCode"] == "O'RING-12"
    assert quiet_company.http.get("Items('BOLT%2BM8')").json()["ItemCode"] == "BOLT+M8"
    assert quiet_company.http.get("Items(ItemCode='PIPE 3/4')").json()["ItemCode"] == "PIPE 3/4"


def test_text_compares_by_case_unless_asked_not_to(quiet_company):
    path = "BusinessPartners?$select=CardCode&$filter=contains(CardName,'northwind')"
    assert rows(quiet_company, path) == []
    assert len(rows(quiet_company, path, **{"B1S-CaseInsensitive": "true"})) == 1


def test_of_a_time_only_hour_and_minute_count(quiet_company):
    record = quiet_company.sandbox.record("Invoices", 9)
    minute = record["UpdateTime"][:5]
    assert 9 in entries(quiet_company, f"UpdateTime eq '{minute}:59'") and 9 not in entries(
        quiet_company, f"UpdateTime gt '{minute}'"
    )


@pytest.mark.parametrize(
    "query",
    [
        "$filter=Nothing eq 1", "$select=DocEntry,Nothing", "$orderby=Nothing", "$filter=DocEntry eq '5'", "$filter=DocEntry is 5",
        "$filter=(DocEntry eq 5", "$filter=DocDate eq 'soon'", "$filter=CardCode eq 5", "$top=many", "$filter=Cancelled eq tNO",
        "$filter=DocumentLines eq 'x'", "$search=x", "$filter=DocEntry eq 5 DocNum eq 6",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error(quiet_company, query):
    answer = quiet_company.http.get(f"Invoices?{query}")
    assert answer.status_code == 400 and isinstance(answer.json()["error"]["code"], str)


def test_expand_of_a_collection_is_error_201(quiet_company):
    answer = quiet_company.http.get("Invoices?$expand=DocumentLines")
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "201"


def test_lines_are_selected_whole_with_every_property(quiet_company):
    row = rows(quiet_company, "Invoices?$select=DocEntry,DocumentLines,AddressExtension&$filter=DocEntry eq 2")[0]
    assert set(row) == {"@odata.etag", "DocEntry", "DocumentLines", "AddressExtension"}
    line = row["DocumentLines"][0]
    assert line["BaseType"] in (-1, 15) and "CostingCode5" in line and "SerialNumbers" in line and len(line) > 100
    whole = quiet_company.http.get("Invoices(2)").json()
    assert whole["DocumentLines"] == row["DocumentLines"] and whole["U_MLConnRef"] is None and whole["PaymentBlock"] == "tNO"
    assert whole["DocDate"].endswith("T00:00:00Z") and len(whole) > 150


def test_etags_are_the_hash_of_the_version(quiet_company):
    answer = quiet_company.http.get("BusinessPartners('C20010')")
    assert answer.headers["etag"] == 'W/"356A192B7913B04C54574D18C28D46E6395428AB"' == answer.json()["@odata.etag"]
    assert hashlib.sha1(b"1").hexdigest().upper() in answer.headers["etag"]


def test_an_unknown_key_is_404_and_a_wrong_one_an_error(quiet_company):
    answer = quiet_company.http.get("Orders(99999)")
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "-2028"
    assert quiet_company.http.get("Orders('1')").status_code == 400


def test_every_set_can_be_read(quiet_company):
    for name in quiet_company.sandbox.state(source=False)["records"]:
        assert quiet_company.http.get(name).status_code == 200, name
    fields = rows(quiet_company, "UserFieldsMD?$filter=TableName eq 'OINV' and Name eq 'MLConnRef'")
    assert fields[0]["Type"] == "db_Alpha"
    number = rows(quiet_company, "AlternateCatNum?$top=1")[0]
    key = ",".join(f"{name}='{quote(number[name])}'" for name in ("ItemCode", "CardCode", "Substitute"))
    assert quiet_company.http.get(f"AlternateCatNum({key})").json()["Substitute"] == number["Substitute"]


def test_sets_without_stamps_have_none(quiet_company):
    assert quiet_company.http.get("ProfitCenters?$filter=UpdateDate ge '2026-01-01'").status_code == 400
    assert any(row["UpdateDate"] is None for row in rows(quiet_company, "Items?$select=UpdateDate&$top=100"))


def test_rows_added_and_changed_between_pages(company):
    before = company.sandbox.state()["records"]["Invoices"]
    day = f"{company.sandbox.clock.now():%Y-%m-%d}"
    assert entries(company, f"UpdateDate ge '{day}'") == []
    company.sandbox.faults.arm("row_added", "/Invoices")
    company.sandbox.faults.arm("row_changed", "/Invoices")
    company.http.get("Invoices?$select=DocEntry&$orderby=DocEntry")
    assert company.sandbox.state()["records"]["Invoices"] == before + 1
    assert len(entries(company, f"UpdateDate ge '{day}'")) == 2


def test_keyset_pages_and_lookups_of_ten_thousand_documents_are_quick(company_with):
    with company_with(documents=10_000) as company:

        def timed(path: str) -> float:
            best = 9.0
            for _ in range(5):
                start = time.perf_counter()
                rows(company, path, Prefer="odata.maxpagesize=100")
                best = min(best, time.perf_counter() - start)
            return best

        assert timed("Invoices?$filter=DocEntry gt 3000&$orderby=DocEntry") < 0.2
        keys = " or ".join(f"DocEntry eq {n}" for n in range(1000, 1050))
        assert timed(f"Invoices?$select=DocEntry,CardCode&$filter={keys}") < 0.5
        assert timed("Invoices?$select=DocEntry&$filter=NumAtCard eq 'none' and CardCode eq 'C20010'") < 0.5
        start = time.perf_counter()
        root = company.url.removesuffix("b1s/v2/")
        assert "source" not in company.http.get(f"{root}_sandbox/state?source=0").json()
        assert time.perf_counter() - start < 5
