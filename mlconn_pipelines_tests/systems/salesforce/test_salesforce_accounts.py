"""Accounts as customers and as business partners of SAP, without a system: what is told, and what holds an account."""

from __future__ import annotations

from typing import Any

import pytest

from mlconn_pipelines.documents.customer import Address, Customer
from mlconn_pipelines.documents.reference import Currency, book_of
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.systems.salesforce.mapping.accounts import code_of, customer_of, hashing_of, header_of, is_wanted
from mlconn_pipelines.systems.salesforce.mapping.settings import NewCustomers
from mlconn_pipelines.systems.sap_business_one.mapping.business_partner import business_partner_creation
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings

RULE = NewCustomers(currency="USD", tax_number_field="Tax__c")
BOOK = book_of(1, {"currency": {"$": Currency("$", "USD")}})
SETTINGS = SapSettings(reference_field="U_MLConnRef")
NORTHWIND = Customer(
    name="Northwind, Inc.",
    kind="customer",
    currency="USD",
    phone="+1 206 555 0100",
    tax_number="US 12-3456789",
    bill_to=Address("1 Pine St", "Seattle", "WA", "98101", "US"),
)


def account(**values: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "Id": "001000000000001AAA",
        "SystemModstamp": "2026-03-10T23:30:00.000+0000",
        "Name": "Northwind,  Inc.",
        "Type": "Customer - Direct",
        "Phone": "+1 206 555 0100",
        "BillingStreet": "1 Pine St",
        "BillingCity": "Seattle",
        "BillingState": "Washington",
        "BillingStateCode": "WA",
        "BillingPostalCode": "98101",
        "BillingCountry": "us",
        "Tax__c": "US 12-3456789",
    }
    return told | values


def created(*known: dict[str, Any], customer: Customer = NORTHWIND) -> Creation:
    return business_partner_creation(customer, 71, known, BOOK, "acme_sf:BusinessPartners:1", SETTINGS)


def test_an_account_is_told_to_the_letter() -> None:
    told = customer_of(account(), RULE)
    assert (told.document, told.findings) == (NORTHWIND, ())
    assert from_json(Customer, to_json(NORTHWIND)) == NORTHWIND
    prospect = customer_of(account(Type="Prospect", CurrencyIsoCode="EUR"), RULE).document
    assert isinstance(prospect, Customer) and (prospect.kind, prospect.currency) == ("lead", "EUR")


@pytest.mark.parametrize(
    ("values", "code", "place"),
    [
        ({"Name": None}, "record_unreadable", "Name"),
        ({"BillingCountry": "United States"}, "record_unreadable", "BillingCountry"),
        ({"ShippingState": "Washington"}, "record_unreadable", "ShippingState"),
    ],
)
def test_what_the_erp_cannot_take_holds_the_account(values: dict[str, Any], code: str, place: str) -> None:
    told = customer_of(account(**values), RULE)
    assert told.document is None
    assert [(one.code, one.place) for one in told.findings] == [(code, place)]


def test_an_account_without_a_currency_waits_for_the_configuration() -> None:
    told = customer_of(account(), NewCustomers())
    assert told.document is None and [one.code for one in told.findings] == ["currency_unknown"]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({}, True),
        ({"Type": "Partner"}, False),
        ({"RecordTypeId": "012000000000002AAA"}, False),
        ({"IsDeleted": True}, False),
        ({"MasterRecordId": "001000000000009AAA"}, False),
    ],
)
def test_a_rule_says_which_accounts_are_meant(values: dict[str, Any], wanted: bool) -> None:
    rule = NewCustomers(types=("Customer - Direct",), record_types=("012000000000001AAA",))
    record = account(**({"RecordTypeId": "012000000000001AAA"} | values))
    assert is_wanted(record, rule) is wanted
    assert header_of(record, rule).cancelled is not wanted


def test_the_code_that_is_written_back_is_no_change_of_the_account() -> None:
    hashing, coded = hashing_of(RULE), account(AccountNumber=" C10010 ", SystemModstamp="2026-03-11T00:00:00.000+0000")
    assert code_of(account(), RULE) == "" and code_of(coded, RULE) == header_of(coded, RULE).partner_code == "C10010"
    assert hashing.of(coded) == hashing.of(account())
    for changed in (
        {"Phone": "1"},
        {"Type": "Prospect"},
        {"BillingCity": "Tacoma"},
        {"ShippingCountryCode": "CA"},
        {"Tax__c": ""},
    ):
        assert hashing.of(account(**changed)) != hashing.of(account()), changed


def test_a_new_customer_is_a_business_partner_that_bears_our_reference() -> None:
    made = created({"CardCode": "C1", "CardName": "Southwind Inc", "FederalTaxID": "987654321"})
    assert made.findings == () and made.entity == "BusinessPartners"
    assert made.payload == {
        "CardName": "Northwind, Inc.",
        "CardType": "cCustomer",
        "Currency": "$",
        "Series": 71,
        "Phone1": "+1 206 555 0100",
        "FederalTaxID": "US 12-3456789",
        "U_MLConnRef": "acme_sf:BusinessPartners:1",
        "BPAddresses": [
            {
                "AddressName": "Bill to",
                "AddressType": "bo_BillTo",
                "Street": "1 Pine St",
                "City": "Seattle",
                "ZipCode": "98101",
                "State": "WA",
                "Country": "US",
            }
        ],
    }
    bare = created(customer=Customer("Fabrikam", "lead", "USD")).payload
    assert bare is not None and bare["CardType"] == "cLid" and not {"BPAddresses", "Phone1", "FederalTaxID"} & set(bare)


@pytest.mark.parametrize(
    ("known", "alike"),
    [
        ({"CardName": "NORTHWIND Incorporated"}, "name"),
        ({"CardName": "Another", "FederalTaxID": "123456789"}, "tax number"),
        ({"CardName": "Nörthwind L.L.C.", "FederalTaxID": "US123456789"}, "name and tax number"),
    ],
)
def test_a_possible_duplicate_is_named_and_a_person_may_approve_it(known: dict[str, Any], alike: str) -> None:
    made = created({"CardCode": "C7", **known}, {"CardCode": "C8", "CardName": "Northwind Traders", "FederalTaxID": None})
    (finding,) = made.findings
    assert (finding.code, finding.severity, finding.place) == ("customer_may_exist", "reject", "C7")
    assert f"C7 in SAP has the same {alike} as" in finding.message and "approve this" in finding.message
    assert made.payload is not None  # for the approval


def test_nothing_in_common_is_no_duplicate() -> None:
    nameless = Customer("???", "customer", "USD", tax_number="n/a")
    assert created({"CardCode": "C7", "CardName": "!!!", "FederalTaxID": "n/a"}, customer=nameless).findings == ()


def test_a_currency_that_sap_does_not_have_leaves_nothing_to_create() -> None:
    made = created(customer=Customer("Fabrikam", "customer", "CHF"))
    assert made.payload is None and [one.code for one in made.findings] == ["currency_unknown"]
    assert made.missing == (("currency", "CHF"),)
