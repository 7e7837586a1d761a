"""A customer's contact to a row of the business partner's ContactEmployees: found by mail address or name, changed, or added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mlconn_pipelines.documents.customer import CustomerContact
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.customer_likeness import same_person
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.mapping import Change, Creation
from mlconn_pipelines.ports.records import Condition, Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sap_business_one.mapping.business_partner import ENTITY, KEY
from mlconn_pipelines.systems.sap_business_one.mapping.contact_person import NUMBER
from mlconn_pipelines.systems.sap_business_one.records.contact_person import ROWS, key_of, partner_of, people_of

NAME_MAX = 50

FIELDS: Mapping[str, Sequence[tuple[str, str, str, int]]] = {
    "name": (("FirstName", "first_name", "first name", NAME_MAX), ("LastName", "last_name", "last name", NAME_MAX)),
    "title": (("Position", "title", "title", 90),),
    "phone": (("Phone1", "phone", "telephone number", 20),),
    "email": (("E_Mail", "email", "mail address", 100),),
}
"""By what an owner may decide: fields of the row, where their values stand in a contact, what people call them, how much they take."""
IN_PARTNER = {name: tuple(f"{ROWS}.{field}" for field, *_ in parts) for name, parts in FIELDS.items()}


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
    former: Sequence[CustomerContact] = (),
) -> Creation | Change:
    """What is to be changed of the customer's business partner. A person is never removed from it, nor what is empty in Salesforce.

    owns: what of a person who is there Salesforce decides: `name`, `title`, `phone`, `email`; a new one gets all of it.
    former: the contact as it was told before, newest first; a person whom nobody is like any more is found by what was told.
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
    rows = list(people_of(card))
    there = _numbered(contact, rows)
    if there is None and partner_of(contact.number).casefold() == contact.customer_code.casefold():
        notes.reject(
            Reason.CONTACT_NOT_THERE,
            f"{contact.name!r} was contact person {contact.number} in SAP, which is not there any more. Nobody is added again by itself: "
            "clear that number at the contact in Salesforce to have the person added, else dismiss this.",
            contact.number,
        )
        return Creation(ENTITY, None, notes.findings)
    there = there or next(filter(None, (_found(one, rows) for one in (contact, *former))), None)
    told = _told(contact, FIELDS if there is None else {name: FIELDS[name] for name in owns}, notes)
    if notes.refused:
        return Creation(ENTITY, None, notes.findings)
    if there is None:
        return Change(str(card[KEY]), {ROWS: [{"Name": contact.name[:NAME_MAX], **told}]}, notes.findings)
    changed = {field: value for field, value in told.items() if clean(str(there.get(field) or "")) != value}
    if not changed:
        return Change(str(card[KEY]), {}, notes.findings)
    row = {NUMBER: there[NUMBER], "Name": there.get("Name"), **changed}
    return Change(str(card[KEY]), {ROWS: [row]}, notes.findings)


def is_added(change: Change) -> bool:
    return not number_in(change)


def number_in(change: Change) -> str:
    """Of the person that a change is about, empty for one who is added."""
    (row,) = change.changes[ROWS]
    return "" if row.get(NUMBER) is None else key_of({KEY: change.key, **row})


def is_like(contact: CustomerContact, known: Iterable[Record], number: str) -> bool:
    """Whether the contact would be taken for the person of that number."""
    people = [row for card in known for row in people_of(card) if key_of(row) == number]
    return _found(contact, people) is not None


def _told(
    contact: CustomerContact, fields: Mapping[str, Sequence[tuple[str, str, str, int]]], notes: Checklist
) -> dict[str, str]:
    """A name or title is cut, and that is said; a telephone number or mail address that is cut would be another one."""
    found = {}
    for owned, parts in fields.items():
        for field, of, what, most in parts:
            value = getattr(contact, of)
            has = f"The {what} of {contact.name!r} has {len(value)} characters, and SAP takes {most}"
            if len(value) > most and owned in ("name", "title"):
                notes.note(Reason.RECORD_UNREADABLE, f"{has}: it is told without the rest.", what, "accept_with_error")
            elif len(value) > most:
                notes.reject(Reason.RECORD_UNREADABLE, f"{has}. Shorten it in Salesforce.", what)
            if value:
                found[field] = value[:most].rstrip()
    return found


def _numbered(contact: CustomerContact, rows: Sequence[Record]) -> Record | None:
    """The person that the contact is by its number; a number of another customer's is one that it brought along."""
    return next((row for row in rows if key_of(row).casefold() == contact.number.casefold()), None)


def _found(contact: CustomerContact, rows: Sequence[Record]) -> Record | None:
    """By the mail address, else by the name, whichever way round it is written; SAP has no more of a name than it takes."""
    kept = f"{contact.first_name[:NAME_MAX]} {contact.last_name[:NAME_MAX]}"
    for names, email in ((("",), contact.email), ((contact.name, kept), "")):
        for row in rows:
            full, mail = f"{row.get('FirstName') or ''} {row.get('LastName') or ''}", str(row.get("E_Mail") or "")
            there = (str(row.get("Name") or ""), full)
            if any(same_person(name, email, other, mail) for name in names for other in there):
                return row
    return None
