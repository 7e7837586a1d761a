"""The checks that every ERP's documents share; a system supplies its sentences, and what it calls things."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mlconn_pipelines.documents.reference import Account, Item, ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.text_fitting import NUMBER_MAX, PRODUCT_ID_MAX, clean
from mlconn_pipelines.reasons import Reason

_ISO_4217 = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class ItemSentences:
    """What a clerk reads, with {code}, {description} and {day} filled in. missing: empty where a line needs no item."""

    unknown: str
    missing: str = ""
    inactive: str = ""


def check_item(
    code: str, book: ReferenceBook, notes: Checklist, place: str, sentences: ItemSentences, day: dt.date | None = None
) -> Item | None:
    """The item, known and active (on the day, where the system has items of limited validity)."""
    if not code:
        if sentences.missing:
            notes.reject(Reason.ITEM_MISSING, sentences.missing, place)
        return None
    held = book.items.get(code)
    if held is None:
        notes.look_up("item", code)
        notes.reject(Reason.ITEM_UNKNOWN, sentences.unknown.format(code=repr(code)), place)
        return None
    if not held.active or not (day is None or held.validity.covers(day)):
        notes.look_up("item", code)
        said = sentences.inactive.format(code=code, description=held.description, day=day)
        notes.reject(Reason.ITEM_INACTIVE, said, place)
    if len(code) > PRODUCT_ID_MAX:
        notes.reject(
            Reason.ITEM_CODE_TOO_LONG, f"Item number {code!r} is longer than X12's {PRODUCT_ID_MAX} characters.", place
        )
    return held


def check_account(code: str, day: dt.date, book: ReferenceBook, notes: Checklist, place: str, system: str) -> None:
    """The line's account, if it names one: known, one that is posted to, in use on the day. system: as people call it.

    A book without a chart of accounts says nothing of it: that of an earlier day, by which old documents are rendered again, and
    that of a ledger which has not read the chart yet.
    """
    if not code or not book.accounts:
        return
    held = book.accounts.get(code)
    if held is None:
        notes.look_up("account", code)
        notes.reject(
            Reason.ACCOUNT_UNKNOWN, f"Account {code!r} is not in {system}'s chart of accounts. Correct the line.", place
        )
        return
    account = _in_the_way(held, day)
    if account is None:
        return
    notes.look_up("account", code)
    called = f"Account {account.number} ({account.name})" if account.name else f"Account {account.number}"
    if not account.postable:
        said = f"{called} is a heading or total, which nothing is posted to. Use another one."
        notes.reject(Reason.ACCOUNT_NOT_POSTABLE, said, place)
    else:
        said = f"{called} is blocked or not in use on {day}. Open it in {system}, or use another one."
        notes.reject(Reason.ACCOUNT_INACTIVE, said, place)


def _in_the_way(held: Sequence[Account], day: dt.date) -> Account | None:
    """What keeps an account from being used: in the company's own chart where its rules name one, else in each chart there is."""
    own = {account.chart for account in held if account.of_company}
    by_chart: dict[str, Account | None] = {}
    for account in held:
        if not own or account.chart in own:
            refused = None if account.may_be_used(day) else account
            by_chart[account.chart] = by_chart.get(account.chart) or refused
    return None if None in by_chart.values() else next(iter(by_chart.values()))


def check_dimension_value(
    dimension: str, called: str, code: str, day: dt.date, book: ReferenceBook, notes: Checklist, place: str, system: str
) -> None:
    """A dimension value of the line: known, one that is posted to, in use on the day. called: the dimension, as people call it.

    A dimension of which the book holds no value is left alone: that of an earlier day, by which old documents are rendered again,
    that of a ledger which has not read the values yet, and one whose values stand elsewhere in the system.
    """
    if not code or not (known := book.dimension_values.get(dimension)):
        return
    held = known.get(code)
    if held is None:
        notes.look_up("dimension_value", code)
        said = f"{code!r} is not a value of dimension {called} in {system}. Correct the line."
        notes.reject(Reason.DIMENSION_VALUE_UNKNOWN, said, place)
        return
    refused = next((value for value in held if not value.may_be_used(day)), None)
    if refused is None:
        return
    notes.look_up("dimension_value", code)
    name = next((f" ({value.name})" for value in held if value.name), "")
    if not refused.postable:
        said = f"Value {code}{name} of dimension {called} is a total, which nothing is posted to. Use another one."
    else:
        said = f"Value {code}{name} of dimension {called} is blocked or not in use on {day}. Open it in {system}, or use another one."
    notes.reject(Reason.DIMENSION_VALUE_INACTIVE, said, place)


def iso_4217(code: str, notes: Checklist, place: str) -> str:
    """A currency code of a system whose codes are those of ISO 4217; empty after a finding."""
    if _ISO_4217.fullmatch(code):
        return code
    notes.reject(Reason.CURRENCY_WITHOUT_ISO_CODE, f"Currency {code!r} is no ISO 4217 code such as USD.", place)
    return ""


def order_number_that_fits(text: str, notes: Checklist, place: str, system: str) -> str:
    """The customer's order number as X12 can carry it (BIG04, PRF01: 22 characters). system: its title, as people call it."""
    number = clean(text)
    if len(number) > NUMBER_MAX:
        notes.reject(
            Reason.ORDER_NUMBER_TOO_LONG,
            f"The customer's order number {number!r} has {len(number)} characters, the X12 limit is {NUMBER_MAX}. Correct it in "
            f"{system}.",
            place,
        )
    return number
