"""An account that the ERP does not know yet to the customer that it stands for."""

from __future__ import annotations

import re

from mlconn_pipelines.documents.customer import Address, Customer
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.mapping import RecordHeader, Translated
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.mapping.settings import NewCustomers
from mlconn_pipelines.systems.salesforce.records.accounts import HAS_WON_DEAL
from mlconn_pipelines.systems.salesforce.records.stamps import key_of, stamp_of

ENTITY = "Account"
_CODED = {"State": re.compile(r"[A-Z0-9]{1,3}"), "Country": re.compile(r"[A-Z]{2}")}
_IN_BRACES = re.compile(r"\{(\w+)\}")
_OF_ADDRESS = ("Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode")


def hashing_of(customers: NewCustomers) -> RecordHashing:
    """Over what is told to the ERP, and the customer code: whoever enters one settles which business partner is meant.

    That we write it back is a change as well, by which the next read sees that nothing is left to be done.
    """
    own = (customers.customer_code_field, *filter(None, (customers.tax_number_field,)))
    addresses = tuple(f"{kind}{part}" for kind in ("Billing", "Shipping") for part in _OF_ADDRESS)
    return RecordHashing(ENTITY, Projection(("Name", "Type", "Phone", "CurrencyIsoCode", *addresses, *own)))


def is_wanted(record: Record, customers: NewCustomers) -> bool:
    """Whether the ERP is to know the account: there, not merged into another, and meant by the rule."""
    if record.get("IsDeleted") is True or record.get("MasterRecordId"):
        return False
    if customers.with_won_deal and record.get(HAS_WON_DEAL) is not True and not code_of(record, customers):
        return False
    names = ((customers.types, "Type"), (customers.record_types, "RecordTypeId"))
    return all(not wanted or _text(record, field) in wanted for wanted, field in names)


def code_of(record: Record, customers: NewCustomers) -> str:
    """The customer's code in the ERP, empty for one that it does not know yet: the only link between the two."""
    return _text(record, customers.customer_code_field)


def header_of(record: Record, customers: NewCustomers) -> RecordHeader:
    """Read without judging. cancelled: the account is deleted, merged, or not meant by the rule."""
    hashing = hashing_of(customers)
    return RecordHeader(
        key=key_of(record),
        stamp=stamp_of(record),
        business_number=_text(record, "Name") or str(record["Id"]),
        date=None,
        partner_code=code_of(record, customers),
        content_hash=hashing.of(record),
        projection=hashing.version,
        cancelled=not is_wanted(record, customers),
        cancelled_by=_left_by(record, customers),
        correlation_reference="",
        line_count=0,
        amount=None,
        currency=_text(record, "CurrencyIsoCode") or customers.currency,
    )


def _left_by(record: Record, customers: NewCustomers) -> str:
    """Why the account is none for the ERP any more."""
    if winner := _text(record, "MasterRecordId"):
        code = code_of(record, customers)
        return (
            f"was merged into account {winner}, whose customer code should be {code} now,"
            if code
            else f"was merged into {winner}"
        )
    if record.get("IsDeleted") is True:
        return "was deleted in Salesforce"
    return "" if is_wanted(record, customers) else "is not meant by the flow's rule any more"


def customer_of(record: Record, customers: NewCustomers) -> Translated:
    """The customer, or findings that say what of the account cannot be told to the ERP."""
    notes, name = Checklist(), _text(record, "Name")
    if not name:
        notes.reject(Reason.RECORD_UNREADABLE, f"Account {record['Id']} has no name. Enter one in Salesforce.", "Name")
    currency = _text(record, "CurrencyIsoCode") or customers.currency
    if not currency:
        notes.reject(
            Reason.CURRENCY_UNKNOWN,
            f"{name!r} states no currency, and none is set. Set `currency` of the flow opportunities in the integration's file.",
            "CurrencyIsoCode",
        )
    new_code = _new_code(record, customers, notes)
    bill_to, ship_to = (_address(record, kind, notes) for kind in ("Billing", "Shipping"))
    if notes.refused:
        return Translated(None, notes.findings)
    bought_nothing = _text(record, "Type") in customers.lead_types and record.get(HAS_WON_DEAL) is not True
    customer = Customer(
        of=key_of(record),
        name=name,
        kind="lead" if bought_nothing else "customer",
        currency=currency,
        code=code_of(record, customers),
        new_code=new_code,
        phone=_text(record, "Phone"),
        tax_number=_text(record, customers.tax_number_field) if customers.tax_number_field else "",
        bill_to=bill_to,
        ship_to=ship_to,
    )
    return Translated(customer, notes.findings, partner_code=customer.code)


def _new_code(record: Record, customers: NewCustomers, notes: Checklist) -> str:
    """By the pattern; empty where the ERP numbers its customers, and where this one has a code."""
    if not customers.card_code or code_of(record, customers):
        return ""
    if missing := [field for field in fields_of_code(customers) if not _text(record, field)]:
        notes.reject(
            Reason.RECORD_UNREADABLE,
            f"{_text(record, 'Name')!r} has no {missing[0]}, of which its code in SAP is to be made. Enter it in Salesforce.",
            missing[0],
        )
        return ""
    return _IN_BRACES.sub(lambda found: _text(record, found[1]), customers.card_code).upper()


def fields_of_code(customers: NewCustomers) -> tuple[str, ...]:
    """Fields of the account that the pattern of new codes names."""
    return tuple(dict.fromkeys(_IN_BRACES.findall(customers.card_code)))


def _address(record: Record, kind: str, notes: Checklist) -> Address:
    return Address(
        street=_text(record, f"{kind}Street"),
        city=_text(record, f"{kind}City"),
        state=_coded(record, kind, "State", notes),
        postal_code=_text(record, f"{kind}PostalCode"),
        country=_coded(record, kind, "Country", notes),
    )


def _coded(record: Record, kind: str, part: str, notes: Checklist) -> str:
    """A state or country by its code, which an org with picklists for both keeps beside the name. A name is never guessed at."""
    field = f"{kind}{part}"
    told = (_text(record, f"{field}Code") or _text(record, field)).upper()
    if told and not _CODED[part].fullmatch(told):
        notes.reject(
            Reason.RECORD_UNREADABLE,
            f"{_text(record, field)!r} in {field} of {_text(record, 'Name')!r} is no code of a {part.lower()}, which is what SAP "
            "takes. Enter the code in Salesforce, then reprocess this.",
            field,
        )
    return told


def _text(record: Record, field: str) -> str:
    return clean(str(record.get(field) or ""))
