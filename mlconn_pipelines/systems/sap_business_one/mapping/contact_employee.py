"""A customer's contact to a row of the business partner's ContactEmployees: found by mail address or name, changed, or added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mlconn_pipelines.documents.customer import CustomerContact
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.customer_likeness import comparable_name
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.mapping import Change, Creation
from mlconn_pipelines.ports.records import Condition, Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.business_partner import ENTITY, KEY

NAME_MAX, POSITION_MAX, PHONE_MAX, MAIL_MAX = 50, 90, 20, 100

FIELDS: Mapping[str, tuple[str, ...]] = {
    "name": ("FirstName", "LastName"),
    "title": ("Position",),
    "phone": ("Phone1",),
    "email": ("E_Mail",),
}
"""Of a row of ContactEmployees, by what an owner may decide."""
IN_PARTNER: Mapping[str, tuple[str, ...]] = {
    name: tuple(f"ContactEmployees.{field}" for field in fields) for name, fields in FIELDS.items()
}


def conditions_of(contact: CustomerContact, references: Sequence[str]) -> tuple[Condition, ...]:
    return (Condition(KEY, "eq", contact.customer_code),)


def contact_outcome(
    contact: CustomerContact,
    references: Sequence[str],
    known: Iterable[Record],
    book: ReferenceBook,
    reference: str,
    *,
    owns: Sequence[str],
) -> Creation | Change:
    """What is to be changed of the customer's business partner. A person is never removed from it, nor what is empty in Salesforce.

    owns: what of a person who is there Salesforce decides: `name`, `title`, `phone`, `email`; a new one gets all of it.
    A row that bears no InternalCode is added by SAP; its names are unique within a business partner.
    """
    notes = Checklist()
    card = next((card for card in known if str(card[KEY]).casefold() == contact.customer_code.casefold()), None)
    if card is None:
        notes.reject(
            Reason.PARTNER_UNKNOWN,
            f"The account of {contact.name!r} names {contact.customer_code} as its customer code, and SAP has no such business partner. "
            "Correct the code in Salesforce.",
            contact.customer_code,
        )
        return Creation(ENTITY, None, notes.findings)
    _check_lengths(contact, notes)
    if notes.refused:
        return Creation(ENTITY, None, notes.findings)
    fields = {
        "FirstName": contact.first_name[:NAME_MAX],
        "LastName": contact.last_name[:NAME_MAX],
        "Position": contact.title[:POSITION_MAX],
        "Phone1": contact.phone[:PHONE_MAX],
        "E_Mail": contact.email[:MAIL_MAX],
    }
    told = {field: value for field, value in fields.items() if value}
    rows = [row for row in card.get("ContactEmployees") or () if row.get("InternalCode") is not None]
    there = _found(contact, rows)
    if there is None:
        return Change(str(card[KEY]), {"ContactEmployees": [{"Name": contact.name[:NAME_MAX], **told}]}, notes.findings)
    owned = {field for one in owns for field in FIELDS[one]}
    changed = {field: value for field, value in told.items() if field in owned and clean(str(there.get(field) or "")) != value}
    if not changed:
        return Change(str(card[KEY]), {}, notes.findings)
    row = {"InternalCode": there["InternalCode"], "Name": there.get("Name"), **changed}
    return Change(str(card[KEY]), {"ContactEmployees": [row]}, notes.findings)


def _check_lengths(contact: CustomerContact, notes: Checklist) -> None:
    """A name or title is cut, and that is said; a telephone number or mail address that is cut would be another one."""
    for what, value, most in (
        ("first name", contact.first_name, NAME_MAX),
        ("last name", contact.last_name, NAME_MAX),
        ("title", contact.title, POSITION_MAX),
    ):
        if len(value) > most:
            words = f"The {what} of {contact.name!r} has {len(value)} characters, and SAP takes {most}: it is told without the rest."
            notes.note(Reason.RECORD_UNREADABLE, words, what, "accept_with_error")
    for what, value, most in (("telephone number", contact.phone, PHONE_MAX), ("mail address", contact.email, MAIL_MAX)):
        if len(value) > most:
            notes.reject(
                Reason.RECORD_UNREADABLE,
                f"The {what} {value!r} of {contact.name!r} has {len(value)} characters, and SAP takes {most}. Shorten it in Salesforce.",
                what,
            )


def _found(contact: CustomerContact, rows: Sequence[Record]) -> Record | None:
    """By the mail address, else by the name, whichever way round it is written."""
    if contact.email:
        for row in rows:
            if str(row.get("E_Mail") or "").strip().casefold() == contact.email.casefold():
                return row
    name = sorted(comparable_name(contact.name).split())
    for row in rows:
        full = f"{row.get('FirstName') or ''} {row.get('LastName') or ''}"
        if any(sorted(comparable_name(text).split()) == name for text in (str(row.get("Name") or ""), full)):
            return row
    return None
