"""A contact of an account that is a customer to the person that the ERP is to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconn_pipelines.documents.customer import CustomerContact
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.content_hash import Projection, RecordHashing
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.mapping import RecordHeader, Translated
from mlconn_pipelines.ports.records import Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.records.stamps import key_of, stamp_of

ENTITY = "Contact"


def hashing_of(customer_code_field: str, number_field: str = "") -> RecordHashing:
    """Over what is told to the ERP, and whose contact it is. number_field: empty where the ERP's people do not come here."""
    own = Projection((customer_code_field,))
    told = Projection(("FirstName", "LastName", "Title", "Email", "Phone"), {"Account": own})
    if not number_field:
        return RecordHashing(ENTITY, told)
    return RecordHashing(ENTITY, Projection((*told.fields, number_field), told.parts), (told,))


def header_of(record: Record, customer_code_field: str, number_field: str = "") -> RecordHeader:
    """cancelled: the contact is deleted or merged, or its account is no customer."""
    account, hashing = record.get("Account"), hashing_of(customer_code_field, number_field)
    seen = {**record, "Account": account if isinstance(account, Mapping) else None}
    code, gone = _code(record, customer_code_field), record.get("IsDeleted") is True or bool(record.get("MasterRecordId"))
    return RecordHeader(
        key=key_of(record),
        stamp=stamp_of(record),
        business_number=_name(record) or str(record["Id"]),
        date=None,
        partner_code=code,
        content_hash=hashing.of(seen),
        projection=hashing.version,
        cancelled=gone or not code,
        cancelled_by="was deleted or merged in Salesforce" if gone else "belongs to no customer any more",
        correlation_reference="",
        line_count=0,
        amount=None,
        currency="",
    )


def contact_of(record: Record, customer_code_field: str, number_field: str = "") -> Translated:
    """The person, or a finding that says that it has no name."""
    notes, code = Checklist(), _code(record, customer_code_field)
    if not _name(record):
        notes.reject(Reason.RECORD_UNREADABLE, f"Contact {record['Id']} has no name. Enter one in Salesforce.", "LastName")
        return Translated(None, notes.findings, partner_code=code)
    contact = CustomerContact(
        of=key_of(record),
        customer_code=code,
        first_name=_text(record.get("FirstName")),
        last_name=_text(record.get("LastName")),
        title=_text(record.get("Title")),
        phone=_text(record.get("Phone")),
        email=_text(record.get("Email")),
        number=_text(record.get(number_field)) if number_field else "",
    )
    return Translated(contact, partner_code=code)


def _code(record: Record, field: str) -> str:
    account = record.get("Account")
    return _text(account.get(field)) if isinstance(account, Mapping) else ""


def _name(record: Record) -> str:
    return _text(f"{record.get('FirstName') or ''} {record.get('LastName') or ''}")


def _text(value: Any) -> str:
    return clean(str(value or ""))
