"""Contact persons of SAP as contacts, without a system: who is told, who is found, and who may be there already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.documents.customer import CustomerContact
from mlconn_pipelines.documents.reference import book_of
from mlconn_pipelines.ports.mapping import Change, Creation
from mlconn_pipelines.systems.salesforce.mapping.contact_persons import PersonRules, conditions_of, contact_outcome
from mlconn_pipelines.systems.sap_business_one.mapping.contact_person import HAS_ACCOUNT, header_of, person_of
from mlconn_pipelines.systems.sap_business_one.records.contact_person import key_of, partner_of, people_of

RULES = PersonRules("ERP_Code__c", "AccountNumber", ("phone",))
ANN = CustomerContact("C7:17", "C7", "Ann", "Lee", "CFO", "1", "ann@nw.example")
ACCOUNT = {"AccountId": "001A", "Account": {"AccountNumber": "C7"}}


def person(**values: Any) -> dict[str, Any]:
    card = {"CardCode": "C7", "CardType": "cCustomer", "UpdateDate": "2026-03-10", "UpdateTime": "10:00:00"}
    row = {"InternalCode": 17, "Name": "Ann Lee", "Position": "CFO", "Active": "tYES", **values}
    (found,) = people_of({**card, "ContactEmployees": [row, {"Name": "not numbered yet"}]})
    return {**found, HAS_ACCOUNT: True, **values}


def contact(**values: Any) -> dict[str, Any]:
    told = {"Id": "003000000000001AAA", "FirstName": "Ann", "LastName": "Lee", "Phone": "1", "ERP_Code__c": None}
    return {**told, "Email": "ann@nw.example", **ACCOUNT, **values}


def outcome(*known: dict[str, Any], of: CustomerContact = ANN, rules: PersonRules = RULES) -> Creation | Change:
    return contact_outcome(of, [], [ACCOUNT, *known], book_of(1, {}), "", rules)


def test_a_person_is_a_record_of_its_own_under_its_partner_s_stamp() -> None:
    header = header_of(person())
    assert (header.key, header.stamp, header.partner_code) == ("C7:17", "2026-03-10T10:00:00", "C7")
    assert key_of(person()) == "C7:17" and partner_of("A:B:17") == "A:B"
    by_number, of_account = conditions_of(ANN, [], RULES)
    assert (by_number.field, by_number.value) == ("ERP_Code__c", "C7:17")
    assert (of_account.field, of_account.value) == ("Account.AccountNumber", "C7")


@pytest.mark.parametrize("values", [{"Active": "tNO"}, {HAS_ACCOUNT: False}, {"CardType": "cSupplier"}])
def test_who_is_not_told(values: dict[str, Any]) -> None:
    assert not header_of(person()).cancelled
    assert header_of(person(**values)).cancelled and header_of(person(**values)).cancelled_by


@pytest.mark.parametrize(
    ("names", "first", "last"),
    [
        ({"FirstName": "Ann", "LastName": "Lee"}, "Ann", "Lee"),
        ({"FirstName": "Ann"}, "Ann", "Lee"),
        ({"Name": "Purchasing Department"}, "", "Purchasing Department"),
        ({"Name": "Ann", "FirstName": "Ann"}, "", "Ann"),
        ({"Name": "Anna Lee", "FirstName": "Ann"}, "Ann", "Anna Lee"),
    ],
)
def test_a_contact_needs_a_last_name_and_a_name_is_never_taken_apart(names: dict[str, str], first: str, last: str) -> None:
    told = person_of(person(**names)).document
    assert isinstance(told, CustomerContact) and (told.first_name, told.last_name) == (first, last)
    assert person_of(person(Name=" ")).document is None


def test_a_name_that_stands_in_one_field_of_sap_is_not_doubled() -> None:
    rules = replace(RULES, owns=("name",))
    one = replace(ANN, first_name="", last_name="Ann Lee")
    linked = contact(ERP_Code__c="C7:17")
    for known, of, changes in (
        (linked, one, {}),
        (linked, replace(one, last_name="Ann Lee-Smith"), {"FirstName": None, "LastName": "Ann Lee-Smith"}),
        ({**linked, "FirstName": None, "LastName": "Ann Lee"}, one, {}),
        (linked, replace(ANN, first_name="Anna"), {"FirstName": "Anna"}),
    ):
        found = outcome(known, of=of, rules=rules)
        assert isinstance(found, Change) and found.changes == changes


def test_who_is_not_there_is_made_with_all_that_sap_has_even_where_the_account_has_nobody() -> None:
    made = outcome(contact(FirstName="Bo", Email="bo@nw.example"))
    assert isinstance(made, Creation) and not made.findings and made.payload == {
        "ERP_Code__c": "C7:17", "AccountId": "001A", "FirstName": "Ann", "LastName": "Lee", "Title": "CFO", "Phone": "1",
        "Email": "ann@nw.example",
    }  # fmt: skip
    assert isinstance(outcome(), Creation)


def test_the_linked_one_is_changed_in_what_sap_owns_only() -> None:
    linked = contact(ERP_Code__c="c7:17", FirstName="Theirs", Phone="2")
    assert outcome(linked) == Change("003000000000001AAA", {"ERP_Code__c": "C7:17", "Phone": "1"})
    assert outcome(linked | {"ERP_Code__c": "C7:17", "Phone": "1"}) == Change("003000000000001AAA", {})
    assert outcome(linked, of=replace(ANN, phone="")) == Change("003000000000001AAA", {"ERP_Code__c": "C7:17"})


@pytest.mark.parametrize("like", [{"FirstName": "LEE", "LastName": "Ann", "Email": None}, {"LastName": "B", "FirstName": "A"}])
def test_who_has_the_name_or_mail_address_holds_unless_contacts_come_here_too(like: dict[str, Any]) -> None:
    held = outcome(contact(**like))
    assert isinstance(held, Creation) and held.payload is not None, "which a person may approve"
    assert [one.code for one in held.findings] == ["contact_may_exist"] and "003000000000001AAA" in held.findings[0].message
    joined = replace(RULES, joined=True)
    assert outcome(contact(**like), rules=joined) == Change("003000000000001AAA", {"ERP_Code__c": "C7:17"})
    brought_along = contact(**like, ERP_Code__c="C1:5")
    assert isinstance(outcome(brought_along, rules=joined), Change), "moved here from another account"
    for known in ([contact(**like, ERP_Code__c="C7:5")], [contact(**like), contact(Id="003000000000002AAA")]):
        assert isinstance(outcome(*known, rules=joined), Creation)
    elsewhere = contact(**like, AccountId="001B", Account={"AccountNumber": "C8"})
    assert outcome(elsewhere).findings == ()


def test_a_contact_that_moved_and_accounts_that_are_not_clear_hold() -> None:
    moved = contact(ERP_Code__c="C7:17", AccountId="001B", Account=None)
    assert [one.code for one in outcome(moved, rules=replace(RULES, joined=True)).findings] == ["contact_not_there"]
    twice = outcome({"AccountId": "001B", "Account": {"AccountNumber": "C7"}})
    none = contact_outcome(ANN, [], [], book_of(1, {}), "", RULES)
    assert [[one.code for one in each.findings] for each in (twice, none)] == [
        ["account_not_unique"], ["customer_without_account"],
    ]  # fmt: skip


def test_a_name_is_cut_and_that_is_said_and_a_mail_address_never() -> None:
    made = outcome(of=replace(ANN, first_name="x" * 41))
    assert isinstance(made, Creation) and made.payload is not None and made.payload["FirstName"] == "x" * 40
    assert [one.severity for one in made.findings] == ["accept_with_error"]
    held = outcome(of=replace(ANN, email=f"{'a' * 80}@x.example"))
    assert isinstance(held, Creation) and held.payload is None and "shorten it in SAP" in held.findings[0].message
    cut = contact(LastName="y" * 60, Email=None)
    found = outcome(cut, of=replace(ANN, last_name="y" * 50), rules=replace(RULES, joined=True))
    assert isinstance(found, Change), "what SAP kept of a longer name"
