"""Business partners created and changed over sockets: numbers, codes that are taken, rows of collections, what is passed over."""

import pytest

NEW = {"CardName": "Northwind, Inc.", "CardType": "cCustomer", "Currency": "$", "U_MLConnRef": "acme_sf:BusinessPartners:1"}


def test_a_series_numbers_business_partners_and_they_are_found_by_a_reference(company):
    first, second = (company.post("BusinessPartners", NEW | {"Series": 71}) for _ in range(2))
    assert (first.status_code, first.json()["CardCode"], second.json()["CardCode"]) == (201, "C50001", "C50002")
    assert first.headers["location"].endswith("BusinessPartners('C50001')") and first.headers["etag"]
    assert first.json()["UpdateDate"] == "2026-11-20T00:00:00Z" and first.json()["CurrentAccountBalance"] is None
    found = company.http.get("BusinessPartners?$filter=U_MLConnRef eq 'acme_sf:BusinessPartners:1'").json()["value"]
    assert [row["CardCode"] for row in found] == ["C50001", "C50002"]
    assert [one["CardCode"] for one in company.sandbox.state()["partners"]] == ["C50001", "C50002"]
    lead = company.post("BusinessPartners", {"CardName": "Maybe", "CardType": "cLid"})
    assert lead.json()["CardCode"] == "L50001"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"CardCode": "c90010"}, "-10"),
        ({"CardCode": "X" * 16}, "-5002"),
        ({"Series": 70}, "-5002"),
        ({"Series": 72}, "-5002"),
        ({"Series": 71, "CardCode": "C1"}, "-5002"),
        ({"CardType": "cNobody"}, "-5002"),
        ({"Currency": "XXX"}, "-2028"),
        ({"Nonsense": 1}, "-1000"),
    ],
)
def test_what_a_new_business_partner_may_not_be(company, changes, code):
    before = len(company.sandbox.company.sets["BusinessPartners"])
    answer = company.post("BusinessPartners", NEW | changes)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert len(company.sandbox.company.sets["BusinessPartners"]) == before


def test_rows_of_a_collection_are_changed_by_their_key_and_what_is_read_only_is_passed_over(company):
    address = {"AddressName": "Bill to", "AddressType": "bo_BillTo", "City": "Seattle"}
    company.post(
        "BusinessPartners", NEW | {"CardCode": "SF1", "BPAddresses": [address, address | {"AddressType": "bo_ShipTo"}]}
    )
    company.sandbox.company.passed_over.add("Phone1")
    changes = {
        "CardName": "Northwind Ltd",
        "Phone1": "1",
        "CardCode": "OTHER",
        "CurrentAccountBalance": 5,
        "BPAddresses": [{"RowNum": 1, "City": "Tacoma"}, {"AddressName": "Third", "AddressType": "bo_ShipTo"}],
    }
    assert company.http.patch("BusinessPartners('SF1')", json=changes).status_code == 204
    held = company.sandbox.record("BusinessPartners", "SF1")
    assert (held["CardName"], held.get("Phone1"), held.get("CurrentAccountBalance")) == ("Northwind Ltd", None, 0)
    assert [(row["RowNum"], row["AddressName"], row.get("City")) for row in held["BPAddresses"]] == [
        (0, "Bill to", "Seattle"),
        (1, "Bill to", "Tacoma"),
        (2, "Third", None),
    ]


def test_contact_persons_are_added_changed_and_told_apart_by_name(company):
    company.post("BusinessPartners", NEW | {"CardCode": "SF1"})
    for person in ({"Name": "Ann Lee"}, {"Name": "Bo Lee"}):
        assert company.http.patch("BusinessPartners('SF1')", json={"ContactEmployees": [person]}).status_code == 204
    again = company.http.patch("BusinessPartners('SF1')", json={"ContactEmployees": [{"Name": "ann lee"}]})
    assert (again.status_code, again.json()["error"]["code"]) == (400, "-5002")
    people = company.sandbox.record("BusinessPartners", "SF1")["ContactEmployees"]
    company.http.patch(
        "BusinessPartners('SF1')", json={"ContactEmployees": [{"InternalCode": people[1]["InternalCode"], "Phone1": "1"}]}
    )
    people = company.sandbox.record("BusinessPartners", "SF1")["ContactEmployees"]
    assert [(row["Name"], row.get("Phone1")) for row in people] == [("Ann Lee", None), ("Bo Lee", "1")]
