"""A new customer to a BusinessPartners record, unless SAP may know it already."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from mlconn_pipelines.documents.customer import Address, Customer
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.inbound_850 import currency_fields
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings

ENTITY = "BusinessPartners"
CARD_TYPES = {"customer": "cCustomer", "lead": "cLid"}
_LEGAL_FORMS = re.compile(
    r"ab|ag|as|bv|company|co|corp|corporation|gmbh|inc|incorporated|kg|limited|llc|llp|lp|ltd|nv|oy|plc|pty|sa|sarl|sas|se|spa|srl"
)


def business_partner_creation(
    customer: Customer, series: int | None, known: Iterable[Record], book: ReferenceBook, reference: str, settings: SapSettings
) -> Creation:
    """The record to create, or findings that say why not.

    series: numbers the record; None for the company's first. known: business partners with CardCode, CardName and FederalTaxID.
    The payload comes along with a possible duplicate, so that a person who knows better can approve it.
    """
    notes = Checklist()
    currency = currency_fields(customer.currency, None, book, notes).get("DocCurrency")
    for code, alike in _possible_duplicates(customer, known):
        notes.reject(
            Reason.CUSTOMER_MAY_EXIST,
            f"Business partner {code} in SAP has the same {alike} as {customer.name!r}. If it is this customer, enter {code} as its "
            "customer code at the account in Salesforce and dismiss this; if it is another one, approve this to create it.",
            code,
        )
    payload: dict[str, Any] = {
        "CardName": customer.name,
        "CardType": CARD_TYPES[customer.kind],
        "Currency": currency,
        settings.reference_field: reference,
    }
    further = {
        "Series": series,
        "Phone1": customer.phone,
        "FederalTaxID": customer.tax_number,
        "BPAddresses": [
            *_address("Bill to", "bo_BillTo", customer.bill_to),
            *_address("Ship to", "bo_ShipTo", customer.ship_to),
        ],
    }
    payload |= {name: value for name, value in further.items() if value}
    return Creation(ENTITY, payload if currency else None, notes.findings, notes.missing)


def comparable_name(name: str) -> str:
    """What is left of a name without case, accents, punctuation and legal form; empty where nothing can be compared.

    >>> comparable_name("Müller & Söhne, Inc."), comparable_name("MULLER AND SOHNE"), comparable_name("The Co. Co.")
    ('muller and sohne', 'muller and sohne', 'the')
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))
    words = re.sub(r"[\W_]+", " ", re.sub(r"[.'\u2019]", "", plain.replace("&", " and "))).split()
    while len(words) > 1 and _LEGAL_FORMS.fullmatch(words[-1]):
        words.pop()
    return " ".join(words)


def comparable_tax_number(number: str) -> str:
    """Letters and digits only, without the country's letters, which some enter and some do not.

    >>> comparable_tax_number("DE 123.456.789"), comparable_tax_number("123456789"), comparable_tax_number("n/a")
    ('123456789', '123456789', '')
    """
    found = re.sub(r"[\W_]", "", number).upper()
    return re.sub(r"^[A-Z]{2}(?=.*\d{5})", "", found) if any(sign.isdigit() for sign in found) else ""


def _possible_duplicates(customer: Customer, known: Iterable[Record]) -> Iterator[tuple[str, str]]:
    """CardCode of each, and what it has in common with the customer."""
    name, tax_number = comparable_name(customer.name), comparable_tax_number(customer.tax_number)
    for card in known:
        same = (
            ("name", bool(name) and comparable_name(str(card.get("CardName") or "")) == name),
            ("tax number", bool(tax_number) and comparable_tax_number(str(card.get("FederalTaxID") or "")) == tax_number),
        )
        if alike := " and ".join(word for word, is_same in same if is_same):
            yield str(card["CardCode"]), alike


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
