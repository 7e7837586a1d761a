"""A customer of the ERP to the Account that it is: found, changed in what the ERP owns, or made unless the org may have it already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlconn_pipelines.documents.customer import Customer
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.customer_likeness import comparable_name
from mlconn_pipelines.ports.mapping import Change, Creation
from mlconn_pipelines.ports.records import Condition, Record
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.salesforce.records.stamps import key_of

ENTITY = "Account"
NAME_MAX, PHONE_MAX = 255, 40
FIELDS: Mapping[str, tuple[str, ...]] = {"name": ("Name",), "phone": ("Phone",)}
"""Of an account, by what an owner may decide."""


def conditions_of(
    customer: Customer, references: Sequence[str], *, external_id: str, customer_code: str
) -> tuple[Condition, ...]:
    """By its code, and by its name as it stands: accounts are searched for what equals."""
    codes = (Condition(field, "eq", customer.code) for field in dict.fromkeys((external_id, customer_code)))
    return (*codes, Condition("Name", "eq", customer.name[:NAME_MAX]))


def account_outcome(
    customer: Customer,
    references: Sequence[str],
    known: Iterable[Record],
    book: ReferenceBook,
    reference: str,
    *,
    external_id: str,
    customer_code: str,
    owns: Sequence[str],
) -> Creation | Change:
    """owns: what of an account that is there the ERP decides: `name`, `phone`. Nothing is ever deleted.

    An account is the customer's by its external id, else by its code. One that only has the name is what a person looks at. None is
    made for a customer that an account became.
    """
    rows, notes = list(known), Checklist()
    found = [row for row in rows if _is(row, external_id, customer.code)] or [
        row for row in rows if _is(row, customer_code, customer.code)
    ]
    fields: Mapping[str, Any] = {"Name": customer.name[:NAME_MAX], "Phone": customer.phone[:PHONE_MAX]}
    if len(found) > 1:
        notes.reject(
            Reason.CUSTOMER_MAY_EXIST,
            f"Salesforce has {len(found)} accounts of the customer code {customer.code}. Merge them, or write it as {external_id} of the "
            "right one; then reprocess this.",
            customer.code,
        )
        return Creation(ENTITY, None, notes.findings)
    if found:
        (row,) = found
        if (named := str(row.get(customer_code) or "").strip()) and not _is(row, customer_code, customer.code):
            notes.reject(
                Reason.ACCOUNT_CODE_DIFFERS,
                f"The account {row.get('Name')!r} ({key_of(row)}) in Salesforce bears {customer.code} as {external_id} and {named} as "
                f"{customer_code}: one of them is another customer's. Correct it there, then reprocess this.",
                customer.code,
            )
            return Change(key_of(row), {}, notes.findings)
        wanted = {external_id: customer.code, **{name: fields[name] for one in owns for name in FIELDS[one] if fields[name]}}
        return Change(key_of(row), {name: value for name, value in wanted.items() if row.get(name) != value})
    if customer.from_account:  # which learns its code by the flow that made the customer
        return Change("", {})
    for row in rows:
        if comparable_name(str(row.get("Name") or "")) == comparable_name(customer.name):
            notes.reject(
                Reason.CUSTOMER_MAY_EXIST,
                f"The account {row.get('Name')!r} in Salesforce is called as customer {customer.code} is. If it is this customer, enter "
                f"{customer.code} as its {customer_code}, then reprocess this; if it is another one, approve this to make an account.",
                customer.code,
            )
            break
    address = customer.bill_to
    told = {
        external_id: customer.code,
        customer_code: customer.code,
        **fields,
        "BillingStreet": address.street,
        "BillingCity": address.city,
        "BillingState": address.state,
        "BillingPostalCode": address.postal_code,
        "BillingCountry": address.country,
        "CurrencyIsoCode": customer.currency,
    }
    return Creation(ENTITY, {name: value for name, value in told.items() if value}, notes.findings)


def _is(row: Record, field: str, code: str) -> bool:
    return str(row.get(field) or "").strip().casefold() == code.casefold()
