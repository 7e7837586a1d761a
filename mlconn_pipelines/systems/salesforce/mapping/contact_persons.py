"""A contact person of the ERP to the Contact that it is: found, changed in what the ERP owns, or made unless it may be there already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlconn_pipelines.documents.customer import CustomerContact
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.customer_likeness import same_person
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.ports.mapping import Change, Creation
from mlconn_pipelines.ports.records import Condition, Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.records.stamps import key_of

ENTITY = "Contact"
OF_ACCOUNT = "Account."
"""Before a field of the account that a contact is of."""

LAST_NAME_IN_ERP = 50
"""Characters of a last name that the ERP keeps, which is fewer than a contact has."""

FIELDS: Mapping[str, Sequence[tuple[str, str, int]]] = {
    "name": (("FirstName", "first_name", 40), ("LastName", "last_name", 80)),
    "title": (("Title", "title", 128),),
    "phone": (("Phone", "phone", 40),),
    "email": (("Email", "email", 80),),
}
"""By what an owner may decide: fields of the contact, where their values stand in a person, and how much they take."""


@dataclass(frozen=True, slots=True)
class PersonRules:
    """How contact persons and contacts belong together. Same names and meanings as in the configuration.

    joined: whether contacts become contact persons too, found by mail address or name. Then a contact that is found so, and no
    other, is the person: it came from there, or will be joined with it.
    """

    external_id: str
    customer_code: str
    owns: tuple[str, ...] = ()
    joined: bool = False


def conditions_of(person: CustomerContact, references: Sequence[str], rules: PersonRules) -> tuple[Condition, ...]:
    """By its number, and everybody of its account."""
    return (
        Condition(rules.external_id, "eq", person.of),
        Condition(f"{OF_ACCOUNT}{rules.customer_code}", "eq", person.customer_code),
    )


def contact_outcome(
    person: CustomerContact,
    references: Sequence[str],
    known: Iterable[Record],
    book: ReferenceBook,
    reference: str,
    rules: PersonRules,
) -> Creation | Change:
    """What becomes of the person, by the contacts that meet a condition. Nobody is deleted, nor what is empty in the ERP.

    An account comes as a row of its own without a contact, so that one without any is known, too.
    """
    rows, notes = list(known), Checklist()
    people = [row for row in rows if row.get("Id")]
    found = next((row for row in people if _number(row, rules).casefold() == person.of.casefold()), None)
    if found is not None and not _is_of(found, person, rules):
        notes.reject(
            Reason.CONTACT_NOT_THERE,
            f"The contact {_named(found)} in Salesforce, which is contact person {person.of}, does not belong to the account of customer "
            f"{person.customer_code} any more, and is left as it is. If the person left, make it inactive in SAP; if it is another "
            f"one, clear {rules.external_id} of the contact, then reprocess this.",
            person.of,
        )
        return Creation(ENTITY, None, notes.findings)
    accounts = {str(row["AccountId"]) for row in rows if row.get("AccountId") and _is_of(row, person, rules)}
    if found is None and len(accounts) != 1:
        _reject_account(person, len(accounts), rules, notes)
        return Creation(ENTITY, None, notes.findings)
    alike = [row for row in people if _is_of(row, person, rules) and _is_like(row, person)]
    if found is None and rules.joined and len(alike) == 1 and not _is_linked(alike[0], person, rules):
        (found,) = alike
    if found is not None:
        return _change(person, found, rules, notes)
    if alike:
        notes.reject(
            Reason.CONTACT_MAY_EXIST,
            f"Contact person {person.of}, {person.name}, may be in Salesforce already: {', '.join(map(_named, alike))} of the same "
            f"account has the name or mail address. If it is this person, enter {person.of} as its {rules.external_id}, then "
            "reprocess this; if not, approve this to make a contact.",
            person.of,
        )
    (account,) = accounts
    told = dict(_told(person, FIELDS, notes))
    possible = not any(finding.code == Reason.RECORD_UNREADABLE and finding.severity == "reject" for finding in notes.findings)
    made = {rules.external_id: person.of, "AccountId": account, **told}
    return Creation(ENTITY, made if possible else None, notes.findings)


def told_before(person: CustomerContact, rules: PersonRules) -> Creation:
    """Instead of making a contact for a person that had one: somebody removed it, or took its number away."""
    notes = Checklist()
    notes.reject(
        Reason.CONTACT_NOT_THERE,
        f"Contact person {person.of}, {person.name}, had a contact in Salesforce, and none bears its number now: it was deleted, or "
        f"merged into another one. If another contact is this person, enter {person.of} as its {rules.external_id}, then reprocess "
        "this; if the person left, make it inactive in SAP and dismiss this.",
        person.of,
    )
    return Creation(ENTITY, None, notes.findings)


def _reject_account(person: CustomerContact, count: int, rules: PersonRules, notes: Checklist) -> None:
    if count:
        notes.reject(
            Reason.ACCOUNT_NOT_UNIQUE,
            f"Salesforce has {count} accounts of the customer code {person.customer_code}. Merge them, or correct the code "
            f"({rules.customer_code}), then reprocess this.",
            person.customer_code,
        )
        return
    notes.reject(
        Reason.CUSTOMER_WITHOUT_ACCOUNT,
        f"No account in Salesforce has the customer code {person.customer_code} of {person.name}. Enter it at the right one "
        f"({rules.customer_code}), and this goes on by itself.",
        person.customer_code,
    )


def _change(person: CustomerContact, row: Record, rules: PersonRules, notes: Checklist) -> Change:
    owned = {name: FIELDS[name] for name in rules.owns}
    wanted: dict[str, str | None] = {rules.external_id: person.of, **dict(_told(person, owned, notes))}
    if "LastName" in wanted and not person.first_name and row.get("FirstName"):  # one field there, which an org may have in two
        if clean(_identity(row)[0]) == wanted["LastName"]:
            del wanted["LastName"]
        else:
            wanted["FirstName"] = None
    changes = {field: value for field, value in wanted.items() if clean(str(row.get(field) or "")) != clean(value or "")}
    return Change(key_of(row), changes, notes.findings)


def _told(
    person: CustomerContact, fields: Mapping[str, Sequence[tuple[str, str, int]]], notes: Checklist
) -> Iterator[tuple[str, str]]:
    """A name or title is cut, and that is said; a telephone number or mail address that is cut would be another one."""
    for owned, parts in fields.items():
        for field, of, most in parts:
            value = getattr(person, of)
            if len(value) > most:
                may_be_cut = owned in ("name", "title")
                what_to_do = "it is told without the rest." if may_be_cut else "shorten it in SAP."
                notes.note(
                    Reason.RECORD_UNREADABLE,
                    f"{field} of {person.name!r} has {len(value)} characters, and Salesforce takes {most}: {what_to_do}",
                    field,
                    "accept_with_error" if may_be_cut else "reject",
                )
            if value:
                yield field, value[:most].rstrip()


def _number(row: Record, rules: PersonRules) -> str:
    return str(row.get(rules.external_id) or "").strip()


def _is_linked(row: Record, person: CustomerContact, rules: PersonRules) -> bool:
    """Whether the contact is another person of the customer. A number of another customer's is one that it brought along."""
    return _number(row, rules).rpartition(":")[0].casefold() == person.customer_code.casefold()


def _is_of(row: Record, person: CustomerContact, rules: PersonRules) -> bool:
    account = row.get("Account")
    code = account.get(rules.customer_code) if isinstance(account, Mapping) else None
    return str(code or "").strip().casefold() == person.customer_code.casefold()


def _identity(row: Record) -> tuple[str, str]:
    return f"{row.get('FirstName') or ''} {row.get('LastName') or ''}", str(row.get("Email") or "")


def _is_like(row: Record, person: CustomerContact) -> bool:
    """A name that came from here may have been cut there."""
    name, email = _identity(row)
    cut = f"{row.get('FirstName') or ''} {str(row.get('LastName') or '')[:LAST_NAME_IN_ERP]}"
    return any(same_person(person.name, person.email, one, email) for one in (name, cut))


def _named(row: Record) -> str:
    name, email = _identity(row)
    return f"{name.strip()!r} ({', '.join(filter(None, (email, key_of(row))))})"
