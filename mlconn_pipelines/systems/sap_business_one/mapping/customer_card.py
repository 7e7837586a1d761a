"""A customer that people entered in SAP to the customer that sales people work with."""

from __future__ import annotations

from collections.abc import Collection

from mlconn_pipelines.documents.customer import Address, Customer
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.mapping import RecordHeader, Translated
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.systems.sap_business_one.mapping.business_partner import CARD_TYPES, ENTITY, KEY
from mlconn_pipelines.systems.sap_business_one.mapping.change_detection import master_header_of
from mlconn_pipelines.systems.sap_business_one.mapping.reference import business_partner

_HASHED = (KEY, "CardName", "CardType", "GroupCode", "Currency", "Phone1", "BilltoDefault", "BPAddresses", "Valid", "Frozen")


def hashing_of(reference_field: str) -> RecordHashing:
    return RecordHashing(ENTITY, Projection((*_HASHED, reference_field)))


def header_of(
    record: Record, reference_field: str, integration: str, groups: Collection[int], decides: bool = False
) -> RecordHeader:
    """cancelled: no customer of these groups (all, where none are named), frozen, or one that an account became or was found for.

    decides: whether SAP decides anything of an account, so that those are told, too.
    """
    why = ""
    if record.get("CardType") != CARD_TYPES["customer"]:
        why = "is no customer in SAP"
    elif groups and record.get("GroupCode") not in groups:
        why = "is in none of the groups that are told"
    elif record.get("Frozen") == "tYES":
        why = "is frozen in SAP"
    elif not decides and is_from_account(record, reference_field, integration):
        why = "is an account's business partner already"
    return master_header_of(record, KEY, hashing_of(reference_field), why, str(record[KEY]))


def is_from_account(record: Record, reference_field: str, integration: str) -> bool:
    return str(record.get(reference_field) or "").strip().startswith(f"{integration}:{ENTITY}:")


def customer_of(record: Record, reference_field: str, integration: str) -> Translated:
    notes = Checklist()
    try:
        code, known = business_partner(record)
    except DocumentRejected as refusal:
        notes.reject(refusal.code, str(refusal))
        return Translated(None, notes.findings, partner_code=str(record[KEY]))
    phone = clean(str(record.get("Phone1") or ""))
    ours = is_from_account(record, reference_field, integration)
    customer = Customer(
        code, known.name, "customer", known.currency, code, phone=phone, bill_to=_bill_to(record), from_account=ours
    )
    return Translated(customer, partner_code=code)


def _bill_to(record: Record) -> Address:
    """The default address that invoices go to, else the first one."""
    rows = [row for row in record.get("BPAddresses") or () if row.get("AddressType") == "bo_BillTo"]
    named = [row for row in rows if row.get("AddressName") == record.get("BilltoDefault")]
    there = (named or rows or [{}])[0]
    return Address(*(clean(str(there.get(name) or "")) for name in ("Street", "City", "State", "ZipCode", "Country")))
