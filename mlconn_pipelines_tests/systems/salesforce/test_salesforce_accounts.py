"""Accounts as customers and as business partners of SAP, without a system: what is told, and what holds an account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mlconn_pipelines.documents.customer import Address, Customer
from mlconn_pipelines.documents.reference import Currency, book_of
from mlconn_pipelines.documents.serialization import from_json, to_json
from mlconn_pipelines.ports.mapping import Change, Creation
from mlconn_pipelines.systems.salesforce.mapping.accounts import code_of, customer_of, hashing_of, header_of, is_wanted
from mlconn_pipelines.systems.salesforce.mapping.settings import NewCustomers
from mlconn_pipelines.systems.sap_business_one.mapping.business_partner import (
    PartnerRules,
    business_partner_creation,
    conditions_of,
    partner_outcome,
)
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings

RULE = NewCustomers(currency="USD", tax_number_field="Tax__c")
BOOK = book_of(1, {"currency": {"$": Currency("$", "USD")}})
SETTINGS = SapSettings(reference_field="U_MLConnRef")
OURS = "acme_sf:BusinessPartners:1"
NORTHWIND = Customer(
    of="001000000000001AAA",
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
    return business_partner_creation(customer, PartnerRules(series=71), known, BOOK, OURS, SETTINGS)


def outcome(*known: dict[str, Any], customer: Customer = NORTHWIND, **rules: Any) -> Creation | Change:
    """As the flow makes it: of what SAP gives to the question, ours being known by one reference."""
    chosen = PartnerRules(**rules)
    asked = conditions_of(customer, [OURS], chosen, SETTINGS)
    met = {"eq": str.__eq__, "startswith": str.startswith, "endswith": str.endswith}
    given = [card for card in known if any(met[one.operator](str(card.get(one.field) or ""), one.value) for one in asked)]
    return partner_outcome(customer, [OURS], given, BOOK, OURS, chosen, SETTINGS)


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


def test_only_accounts_that_have_bought_are_meant_where_the_rule_says_so() -> None:
    rule = NewCustomers(with_won_deal=True)
    assert not is_wanted(account(), rule) and not is_wanted(account(HasWonOpportunity=False), rule)
    assert is_wanted(account(HasWonOpportunity=True), rule) and is_wanted(account(AccountNumber="C1"), rule)
    bought = customer_of(account(Type="Prospect", HasWonOpportunity=True), RULE).document
    assert isinstance(bought, Customer) and bought.kind == "customer"


def test_a_code_is_made_by_the_pattern_of_the_configuration() -> None:
    rule = NewCustomers(currency="USD", card_code="sf-{Number__c}")
    made = customer_of(account(Number__c="12a"), rule).document
    assert isinstance(made, Customer) and (made.of, made.new_code) == ("001000000000001AAA", "SF-12A")
    known = customer_of(account(AccountNumber="C1"), rule).document
    assert isinstance(known, Customer) and (known.code, known.new_code) == ("C1", "")
    without = customer_of(account(), rule)
    assert without.document is None and [one.place for one in without.findings] == ["Number__c"]


def test_a_code_that_is_entered_is_a_change_of_the_account() -> None:
    hashing, coded = hashing_of(RULE), account(AccountNumber=" C10010 ", SystemModstamp="2026-03-11T00:00:00.000+0000")
    assert code_of(account(), RULE) == ""
    assert code_of(coded, RULE) == header_of(coded, RULE).partner_code == "C10010"
    assert hashing.of(coded) != hashing.of(account())
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
    bare = created(customer=Customer("001", "Fabrikam", "lead", "USD")).payload
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
    nameless = Customer("001", "???", "customer", "USD", tax_number="n/a")
    assert created({"CardCode": "C7", "CardName": "!!!", "FederalTaxID": "n/a"}, customer=nameless).findings == ()


def test_a_currency_that_sap_does_not_have_leaves_nothing_to_create() -> None:
    made = created(customer=Customer("001", "Fabrikam", "customer", "CHF"))
    assert made.payload is None and [one.code for one in made.findings] == ["currency_unknown"]
    assert made.missing == (("currency", "CHF"),)


FOUND = {"CardCode": "C7", "CardName": "Northwind Ltd", "CardType": "cCustomer", "Phone1": "1", "U_MLConnRef": None}


@pytest.mark.parametrize(
    ("card", "customer", "rules"),
    [
        ({"U_MLConnRef": OURS}, NORTHWIND, {}),
        ({"U_SF": NORTHWIND.of}, NORTHWIND, {"account_id_field": "U_SF"}),
        ({"CardName": "Quite another"}, replace(NORTHWIND, code="c7"), {}),
    ],
)
def test_a_customer_that_is_there_is_found_and_never_made_again(card: dict[str, Any], customer: Customer, rules: Any) -> None:
    made = outcome({**FOUND, **card, "CardCode": card.get("CardCode", customer.code or "C7")}, customer=customer, **rules)
    assert isinstance(made, Change) and made.key.casefold() == "c7" and made.findings == ()
    assert not {"CardName", "Phone1", "BPAddresses"} & set(made.changes)  # Salesforce owns nothing where nothing is said


def test_the_first_rule_that_finds_one_counts() -> None:
    coded, linked = {**FOUND, "CardCode": "C8"}, {**FOUND, "U_MLConnRef": OURS}
    customer = replace(NORTHWIND, code="C8")
    assert getattr(outcome(coded, linked, customer=customer), "key", None) == "C7"
    assert getattr(outcome(coded, linked, customer=customer, match_by=("customer_code", "link")), "key", None) == "C8"


def test_only_what_salesforce_owns_is_changed_and_only_where_it_differs() -> None:
    address = {
        "RowNum": 4,
        "AddressName": "Main",
        "AddressType": "bo_BillTo",
        "Street": "Old St",
        "City": "Seattle",
        "Block": "B",
    }
    card = {**FOUND, "U_MLConnRef": OURS, "CardType": "cLid", "BilltoDefault": "Main", "BPAddresses": [address]}
    everything = ("name", "phone", "tax_number", "addresses")
    made = outcome(card, owns=everything)
    assert isinstance(made, Change) and made.changes == {
        "CardType": "cCustomer",
        "CardName": "Northwind, Inc.",
        "Phone1": "+1 206 555 0100",
        "FederalTaxID": "US 12-3456789",
        "BPAddresses": [
            {
                "RowNum": 4,
                "AddressName": "Main",
                "AddressType": "bo_BillTo",
                "Street": "1 Pine St",
                "City": "Seattle",
                "ZipCode": "98101",
                "State": "WA",
                "Country": "US",
            }
        ],
    }
    changed = {**card, **made.changes, "BPAddresses": [{**address, **made.changes["BPAddresses"][0]}]}
    again = outcome(changed, owns=everything)
    assert isinstance(again, Change) and again.changes == {}


def test_a_partner_that_is_found_for_an_account_without_code_bears_our_reference_then() -> None:
    rules = {"account_id_field": "U_SF"}
    made = outcome({**FOUND, "U_SF": NORTHWIND.of}, **rules)
    assert isinstance(made, Change) and made.changes == {"U_MLConnRef": OURS}


@pytest.mark.parametrize(
    ("known", "customer", "code"),
    [
        ([{**FOUND, "U_MLConnRef": OURS}, {**FOUND, "CardCode": "C8", "U_MLConnRef": OURS}], NORTHWIND, "customer_may_exist"),
        ([FOUND], replace(NORTHWIND, code="C99"), "partner_unknown"),
        ([{**FOUND, "CardType": "cSupplier"}], replace(NORTHWIND, code="C7"), "partner_type_mismatch"),
        ([{**FOUND, "CardName": "Else", "CardType": "cSupplier"}], replace(NORTHWIND, new_code="C7"), "customer_may_exist"),
        ([], replace(NORTHWIND, new_code="C" * 16), "record_unreadable"),
    ],
)
def test_what_nobody_but_a_person_can_settle_is_held(known: list[dict[str, Any]], customer: Customer, code: str) -> None:
    made = outcome(*known, customer=customer)
    assert [one.code for one in made.findings] == [code]
    assert not (made.changes if isinstance(made, Change) else made.payload and code != "customer_may_exist")


def test_a_supplier_that_is_called_alike_is_no_duplicate() -> None:
    made = outcome({**FOUND, "CardType": "cSupplier"}, series=71, group=100, payment_terms=-1, account_id_field="U_SF")
    assert isinstance(made, Creation) and made.findings == () and made.payload is not None
    assert {name: made.payload[name] for name in ("Series", "GroupCode", "PayTermsGrpCode", "U_SF")} == {
        "Series": 71,
        "GroupCode": 100,
        "PayTermsGrpCode": -1,
        "U_SF": NORTHWIND.of,
    }


@pytest.mark.parametrize("name", ["NORTHWIND Incorporated", "northwind", "Northwind, LLC"])
def test_possible_duplicates_are_asked_for_however_they_are_written(name: str) -> None:
    made = outcome({"CardCode": "C7", "CardName": name, "CardType": "cCustomer"})
    assert [one.code for one in made.findings] == ["customer_may_exist"]
    numbered = outcome({"CardCode": "C7", "CardName": "Else", "FederalTaxID": "123456789"})
    assert [one.code for one in numbered.findings] == ["customer_may_exist"]


def test_of_an_account_that_names_its_code_nothing_else_is_asked_for() -> None:
    coded = replace(NORTHWIND, code="C7")
    asked = conditions_of(coded, [OURS], PartnerRules(account_id_field="U_SF"), SETTINGS)
    assert [(one.field, one.operator) for one in asked] == [("U_MLConnRef", "eq"), ("U_SF", "eq"), ("CardCode", "eq")]
    assert len(conditions_of(NORTHWIND, [OURS], PartnerRules(), SETTINGS)) <= 16
