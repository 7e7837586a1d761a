"""A customer to the business partner that it is: found, changed in what Salesforce owns, or created unless SAP may know it already."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlconn_pipelines.documents.customer import Address, Customer, CustomerCode
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.edi.customer_likeness import comparable_name, comparable_tax_number
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.mapping import Change, Creation, RecordHeader, Translated
from mlconn_pipelines.ports.records import Condition, Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.change_detection import master_header_of
from mlconn_pipelines.systems.sap_business_one.mapping.inbound_850 import currency_fields
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings

ENTITY, KEY = "BusinessPartners", "CardCode"
CODE_MAX = 15
CARD_TYPES = {"customer": "cCustomer", "lead": "cLid"}
FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("CardName",),
    "phone": ("Phone1",),
    "tax_number": ("FederalTaxID",),
    "addresses": ("BPAddresses",),
}
"""Of a business partner, by what an owner may decide."""
_OUR_ROWS = {"bo_BillTo": "Bill to", "bo_ShipTo": "Ship to"}


@dataclass(frozen=True, slots=True)
class PartnerRules:
    """How customers and business partners belong together. Same names and meanings as in the configuration.

    match_by: what is tried, in this order. owns: what of a partner that is there Salesforce decides. account_id_field: empty where
    no field of the partner takes the account's id. series, group, payment_terms: of a new one; None for what SAP proposes.
    """

    match_by: tuple[str, ...] = ("link", "account_id", "customer_code")
    owns: tuple[str, ...] = ()
    account_id_field: str = ""
    series: int | None = None
    group: int | None = None
    payment_terms: int | None = None


def conditions_of(
    customer: Customer, references: Iterable[str], rules: PartnerRules, settings: SapSettings
) -> tuple[Condition, ...]:
    """What a business partner may meet that is this customer, or may be taken for it.

    Names are asked for by how they begin, tax numbers by how they end, since either is written in many ways; what comes is compared
    as a whole then. Of an account that names its code nothing else is asked for: no other partner is it, and none is created.
    """
    name, tax_number = comparable_name(customer.name), comparable_tax_number(customer.tax_number)
    asked = [Condition(settings.reference_field, "eq", reference) for reference in references]
    if rules.account_id_field:
        asked.append(Condition(rules.account_id_field, "eq", customer.of))
    asked += [Condition(KEY, "eq", code) for code in (customer.code, customer.new_code) if code]
    if customer.code and "customer_code" in rules.match_by:
        return tuple(asked)
    if name:
        asked += [Condition("CardName", "startswith", begins) for begins in _beginnings(customer.name, name)]
    if tax_number:
        asked += [Condition("FederalTaxID", "eq", customer.tax_number), Condition("FederalTaxID", "endswith", tax_number[-3:])]
    return tuple(asked)


def partner_outcome(
    customer: Customer,
    references: Iterable[str],
    known: Iterable[Record],
    book: ReferenceBook,
    reference: str,
    rules: PartnerRules,
    settings: SapSettings,
) -> Creation | Change:
    """What becomes of the customer, by the business partners that meet a condition of `conditions_of`.

    The one that it is is changed in what Salesforce owns. None is created for a code that SAP does not have, nor, unless a person
    approves it, beside one that may be the same.
    """
    known, notes = list(known), Checklist()
    found = _matched(customer, set(references), known, rules, settings)
    if len(found) > 1:
        codes = ", ".join(str(card[KEY]) for card in found)
        notes.reject(
            Reason.CUSTOMER_MAY_EXIST,
            f"Business partners {codes} in SAP all claim to be {customer.name!r}. Enter the code of the right one at the account in "
            "Salesforce, and clear the others' reference in SAP; then reprocess this.",
            codes,
        )
    elif found:
        return _change(customer, found[0], reference, rules, settings)
    elif customer.code and "customer_code" in rules.match_by:
        notes.reject(
            Reason.PARTNER_UNKNOWN,
            f"The account {customer.name!r} names {customer.code} as its customer code, and SAP has no such business partner. "
            "Correct it in Salesforce, or clear it to have one created.",
            customer.code,
        )
    if notes.refused:
        return Creation(ENTITY, None, notes.findings)
    return business_partner_creation(customer, rules, known, book, reference, settings)


def business_partner_creation(
    customer: Customer,
    rules: PartnerRules,
    known: Iterable[Record],
    book: ReferenceBook,
    reference: str,
    settings: SapSettings,
) -> Creation:
    """The record to create, or findings that say why not.

    known: business partners with CardCode, CardName, CardType and FederalTaxID. The payload comes along with a possible
    duplicate, so that a person who knows better can approve it.
    """
    notes = Checklist()
    currency = currency_fields(customer.currency, None, book, notes).get("DocCurrency")
    if len(customer.new_code) > CODE_MAX:
        notes.reject(
            Reason.RECORD_UNREADABLE,
            f"{customer.new_code!r}, made by `card_code`, has {len(customer.new_code)} characters; SAP takes {CODE_MAX}.",
            KEY,
        )
    for code, alike in _possible_duplicates(customer, known):
        notes.reject(
            Reason.CUSTOMER_MAY_EXIST,
            f"Business partner {code} in SAP has the same {alike} as {customer.name!r}. If it is this customer, enter {code} as its "
            "customer code at the account in Salesforce, and this goes on by itself; if it is another one, approve this to create it.",
            code,
        )
    payload: dict[str, Any] = {
        "CardName": customer.name,
        "CardType": CARD_TYPES[customer.kind],
        "Currency": currency,
        settings.reference_field: reference,
    }
    further = {
        KEY: customer.new_code,
        "Series": rules.series,
        "GroupCode": rules.group,
        "PayTermsGrpCode": rules.payment_terms,
        "Phone1": customer.phone,
        "FederalTaxID": customer.tax_number,
        "BPAddresses": [
            *_address("Bill to", "bo_BillTo", customer.bill_to),
            *_address("Ship to", "bo_ShipTo", customer.ship_to),
        ],
    }
    if rules.account_id_field:
        further[rules.account_id_field] = customer.of
    payload |= {name: value for name, value in further.items() if value not in (None, "", [])}
    possible = currency and len(customer.new_code) <= CODE_MAX
    return Creation(ENTITY, payload if possible else None, notes.findings, notes.missing)


def _matched(
    customer: Customer, references: Collection[str], known: Iterable[Record], rules: PartnerRules, settings: SapSettings
) -> list[Record]:
    """By the first rule that any business partner meets."""
    meets: Mapping[str, Callable[[Record], bool]] = {
        "link": lambda card: str(card.get(settings.reference_field) or "").strip() in references,
        "account_id": lambda card: bool(rules.account_id_field) and card.get(rules.account_id_field) == customer.of,
        "customer_code": lambda card: bool(customer.code) and str(card[KEY]).casefold() == customer.code.casefold(),
    }
    for rule in rules.match_by:
        if found := [card for card in known if meets[rule](card)]:
            return found
    return []


def _change(customer: Customer, card: Record, reference: str, rules: PartnerRules, settings: SapSettings) -> Change:
    """Only what differs. A code that the account does not have yet is told to it by way of our reference in the partner."""
    code, notes = str(card[KEY]), Checklist()
    if card.get("CardType") == "cSupplier":
        notes.reject(
            Reason.PARTNER_TYPE_MISMATCH,
            f"Business partner {code} is a supplier in SAP, and the account {customer.name!r} is a customer. Enter the customer's code "
            "at the account in Salesforce.",
            code,
        )
        return Change(code, {}, notes.findings)
    wanted: dict[str, Any] = {}
    if card.get("CardType") == "cLid" and customer.kind == "customer":
        wanted["CardType"] = CARD_TYPES["customer"]
    owned = {
        "name": ("CardName", customer.name),
        "phone": ("Phone1", customer.phone),
        "tax_number": ("FederalTaxID", customer.tax_number),
    }
    wanted |= {field: value for name, (field, value) in owned.items() if name in rules.owns and value}
    if not customer.code and not card.get(settings.reference_field):
        wanted[settings.reference_field] = reference
    if rules.account_id_field and not card.get(rules.account_id_field):
        wanted[rules.account_id_field] = customer.of
    changes = {field: value for field, value in wanted.items() if clean(str(card.get(field) or "")) != value}
    if "addresses" in rules.owns:
        sides = (("bo_BillTo", "BilltoDefault", customer.bill_to), ("bo_ShipTo", "ShipToDefault", customer.ship_to))
        if rows := [row for side in sides for row in _changed_address(card, *side)]:
            changes["BPAddresses"] = rows
    return Change(code, changes, notes.findings)


def _changed_address(card: Record, address_type: str, default_field: str, address: Address) -> list[Record]:
    """The partner's default address of the type as the account has it; a row of ours where the partner has none."""
    (told,) = _address(_OUR_ROWS[address_type], address_type, address) or ({},)
    rows = [row for row in card.get("BPAddresses") or () if row.get("AddressType") == address_type]
    names = (card.get(default_field), told.get("AddressName"))
    there = next((row for name in names for row in rows if row.get("AddressName") == name), rows[0] if rows else None)
    if not told or there is None:
        return [told] if told else []
    fields = {field: told.get(field) for field in ("Street", "City", "ZipCode", "State", "Country")}
    if all(clean(str(there.get(field) or "")) == (value or "") for field, value in fields.items()):
        return []
    return [{**{name: there.get(name) for name in ("RowNum", "AddressName", "AddressType")}, **fields}]


def code_hashing_of(reference_field: str) -> RecordHashing:
    return RecordHashing(ENTITY, Projection((KEY, reference_field)))


def code_header_of(record: Record, reference_field: str, integration: str) -> RecordHeader:
    """cancelled: not a business partner of this integration, so that no account is to be told of it."""
    reference, hashing = str(record.get(reference_field) or "").strip(), code_hashing_of(reference_field)
    return master_header_of(record, KEY, hashing, not reference.startswith(f"{integration}:{ENTITY}:"), str(record[KEY]))


def code_of_partner(record: Record, of: str, book: ReferenceBook) -> Translated:
    """of: the account that the business partner is, by the key of its own system."""
    return Translated(CustomerCode(str(record[KEY]), of), partner_code=str(record[KEY]))


def _beginnings(name: str, comparable: str) -> list[str]:
    """How names like this one may begin, in the usual cases: three letters at least, of the name as it is and without accents and signs.

    >>> _beginnings("Nörthwind, Inc.", "northwind")
    ['Nörthwind', 'NÖRTHWIND', 'nörthwind', 'northwind', 'Northwind', 'NORTHWIND']
    """
    found: list[str] = []
    for text in (re.sub(r"[,;]", " ", clean(name)), comparable):
        words = text.split()
        short = next((count for count in range(1, len(words)) if len(" ".join(words[:count])) > 2), len(words))
        begins = " ".join(words[:short])
        found += [begins, begins.capitalize(), begins.upper(), begins.lower()]
    return list(dict.fromkeys(filter(None, found)))


def _possible_duplicates(customer: Customer, known: Iterable[Record]) -> Iterator[tuple[str, str]]:
    """CardCode of each, and what it has in common with the customer. That a supplier is called alike is usual."""
    name, tax_number = comparable_name(customer.name), comparable_tax_number(customer.tax_number)
    for card in known:
        code = str(card[KEY])
        if card.get("CardType") == "cSupplier" and code.casefold() != customer.new_code.casefold():
            continue
        same = (
            ("code", bool(customer.new_code) and code.casefold() == customer.new_code.casefold()),
            ("name", bool(name) and comparable_name(str(card.get("CardName") or "")) == name),
            ("tax number", bool(tax_number) and comparable_tax_number(str(card.get("FederalTaxID") or "")) == tax_number),
        )
        if alike := " and ".join(word for word, is_same in same if is_same):
            yield code, alike


def _address(name: str, address_type: str, address: Address) -> list[Record]:
    fields = {
        "Street": address.street,
        "City": address.city,
        "ZipCode": address.postal_code,
        "State": address.state,
        "Country": address.country,
    }
    told = {field: value for field, value in fields.items() if value}
    return [{"AddressName": name, "AddressType": address_type, **told}] if told else []
