"""A contact person of a business partner to the person that sales people know."""

from __future__ import annotations

from dataclasses import replace

from mlconn_pipelines.documents.customer import CustomerContact
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.mapping import RecordHeader, Translated
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.change_detection import master_header_of
from mlconn_pipelines.systems.sap_business_one.records.contact_person import ROWS, key_of

NUMBER = "InternalCode"
HAS_ACCOUNT = "HasAccount"
"""What is noted on a person whose customer the other system knows; no property of SAP."""

HASHING = RecordHashing(ROWS, Projection(("CardCode", NUMBER, "Name", "FirstName", "LastName", "Position", "Phone1", "E_Mail")))


def header_of(record: Record) -> RecordHeader:
    """cancelled: of no customer that has an account, or not active any more. Nobody is removed for that."""
    why = ""
    if record.get(HAS_ACCOUNT) is not True:
        why = "belongs to no account's customer"
    elif record.get("CardType") == "cSupplier":
        why = "belongs to a supplier"
    elif record.get("Active") == "tNO":
        why = "is not active in SAP any more"
    header = master_header_of(record, NUMBER, HASHING, why, str(record["CardCode"]))
    return replace(header, key=key_of(record), business_number=_text(record, "Name") or key_of(record))


def person_of(record: Record) -> Translated:
    notes, code = Checklist(), str(record["CardCode"])
    first_name, last_name = _names(record)
    if not last_name:
        words = f"Contact person {key_of(record)} has no name. Enter one in SAP."
        notes.reject(Reason.RECORD_UNREADABLE, words, "Name")
        return Translated(None, notes.findings, partner_code=code)
    person = CustomerContact(
        of=key_of(record),
        customer_code=code,
        first_name=first_name,
        last_name=last_name,
        title=_text(record, "Position"),
        phone=_text(record, "Phone1"),
        email=_text(record, "E_Mail"),
    )
    return Translated(person, partner_code=code)


def _names(record: Record) -> tuple[str, str]:
    """First and last name. Many people have nothing but `Name`, which may be a department too: it is never taken apart."""
    first, last, name = (_text(record, field) for field in ("FirstName", "LastName", "Name"))
    last = last or (name.removeprefix(f"{first} ") if first != name else "")
    return (first, last) if last else ("", first)


def _text(record: Record, field: str) -> str:
    return clean(str(record.get(field) or ""))
