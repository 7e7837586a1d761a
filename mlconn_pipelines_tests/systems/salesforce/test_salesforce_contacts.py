"""Contacts as contact persons of SAP, without a system: what is told, and how a person is found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.documents.customer import CustomerContact
from mlconn_pipelines.documents.reference import book_of
from mlconn_pipelines.ports.mapping import Change, Creation
from mlconn_pipelines.systems.salesforce.mapping.contacts import contact_of, hashing_of, header_of
from mlconn_pipelines.systems.sap_business_one.mapping.contact_employee import FIELDS, conditions_of, contact_outcome

CODE = "AccountNumber"
ANN = CustomerContact("003A", "C7", "Ann", "Lee", "CFO", "1", "ann@nw.example")


def contact(**values: Any) -> dict[str, Any]:
    told = {"Id": "003000000000001AAA", "SystemModstamp": "2026-03-10T23:30:00.000+0000", "FirstName": "Ann", "LastName": "Lee"}
    return {**told, "Title": "CFO", "Phone": "1", "Email": "ann@nw.example", "Account": {CODE: "C7"}, **values}


def changes(*people: dict[str, Any], of: CustomerContact = ANN, code: str = "C7", owns: Iterable[str] = FIELDS) -> Any:
    (asked,) = conditions_of(of, [])
    assert (asked.field, asked.operator, asked.value) == ("CardCode", "eq", "C7")
    return contact_outcome(of, [], [{"CardCode": code, "ContactEmployees": list(people)}], book_of(1, {}), "", owns=tuple(owns))


@pytest.mark.parametrize(
    ("values", "cancelled"),
    [({}, False), ({"Account": None}, True), ({"Account": {CODE: None}}, True), ({"IsDeleted": True}, True)],
)
def test_contacts_of_customers_are_meant(values: dict[str, Any], cancelled: bool) -> None:
    assert header_of(contact(**values), CODE).cancelled is cancelled
    told = contact_of(contact(), CODE).document
    assert isinstance(told, CustomerContact) and (told.customer_code, told.name, told.title) == ("C7", "Ann Lee", "CFO")
    assert contact_of(contact(FirstName=None, LastName=" "), CODE).document is None


def test_another_customer_code_is_a_change_of_the_contact() -> None:
    hashing = hashing_of(CODE)
    assert hashing.of(contact(Account={CODE: "C8"})) != hashing.of(contact()) == hashing.of(contact(Description="x"))


@pytest.mark.parametrize(
    "there",
    [
        {"Name": "A. L.", "E_Mail": "ANN@nw.example"},
        {"Name": "Lee, Ann"},
        {"Name": "accounts payable", "FirstName": "Ann", "LastName": "Lee"},
    ],
)
def test_a_person_is_found_by_mail_address_or_name_and_keeps_theirs(there: dict[str, Any]) -> None:
    made = changes({"InternalCode": 3, "Name": "Bo"}, {"InternalCode": 4, **there})
    (row,) = made.changes["ContactEmployees"]
    assert (row["InternalCode"], row["Name"], row["Position"]) == (4, there["Name"], "CFO")
    again = changes({"InternalCode": 4, **there, **row})
    assert isinstance(again, Change) and again.changes == {}


def test_who_is_not_there_is_added_and_nobody_without_a_customer() -> None:
    made = changes({"InternalCode": 3, "Name": "Bo Lee", "E_Mail": "bo@nw.example"})
    assert [row.get("InternalCode") for row in made.changes["ContactEmployees"]] == [None]
    assert [one.code for one in changes(code="C70").findings] == ["partner_unknown"]


def test_a_person_is_found_by_its_number_and_by_what_was_told_before() -> None:
    there = {"InternalCode": 4, "Name": "Bo", "E_Mail": "bo@nw.example"}
    (row,) = changes({"InternalCode": 3, "Name": "Ann Lee"}, there, of=replace(ANN, number="C7:4")).changes["ContactEmployees"]
    assert (row["InternalCode"], row["LastName"]) == (4, "Lee")
    assert [one.code for one in changes(there, of=replace(ANN, number="C7:5")).findings] == ["contact_not_there"]
    brought_along = changes({"InternalCode": 3, "Name": "Ann Lee"}, of=replace(ANN, number="C1:3"))
    assert brought_along.changes["ContactEmployees"][0]["InternalCode"] == 3
    former = contact_outcome(
        ANN,
        [],
        [{"CardCode": "C7", "ContactEmployees": [there]}],
        book_of(1, {}),
        "",
        owns=tuple(FIELDS),
        former=[replace(ANN, email="bo@nw.example")],
    )
    assert isinstance(former, Change) and former.changes["ContactEmployees"][0]["InternalCode"] == 4
    cut = {"InternalCode": 5, "Name": f"Ann {'x' * 46}", "FirstName": "Ann", "LastName": "x" * 50}
    assert changes(cut, of=replace(ANN, last_name="x" * 60, email=""), owns=["name"]).changes == {}


def test_what_sap_takes_less_of_is_told_shorter_and_said_and_a_number_is_never_cut() -> None:
    made = changes(of=replace(ANN, title="x" * 91))
    assert made.changes["ContactEmployees"][0]["Position"] == "x" * 90
    assert [(one.severity, one.place) for one in made.findings] == [("accept_with_error", "title")]
    held = changes(of=replace(ANN, phone="+1 555 0100 extension 12"))
    assert isinstance(held, Creation) and held.payload is None
    (finding,) = held.findings
    assert finding.severity == "reject" and "has 24 characters, and SAP takes 20. Shorten it in Salesforce." in finding.message


def test_of_a_person_who_is_there_only_what_salesforce_owns_is_changed_and_a_new_one_gets_all() -> None:
    there = {"InternalCode": 4, "Name": "Ann Lee", "Position": "CEO", "Phone1": "2", "E_Mail": "ann@nw.example"}
    (row,) = changes(there, owns=["phone"]).changes["ContactEmployees"]
    assert row == {"InternalCode": 4, "Name": "Ann Lee", "Phone1": "1"}
    (row,) = changes(owns=[]).changes["ContactEmployees"]
    assert (row["Position"], row["Phone1"], row["E_Mail"]) == ("CFO", "1", "ann@nw.example")
