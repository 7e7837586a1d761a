"""The checks that documents share, either way: vendor, item, account with its segments, width. In words for a clerk."""

from __future__ import annotations

import datetime as dt

from mlconn_pipelines.documents.reference import BusinessPartner, Item, ReferenceBook
from mlconn_pipelines.edi import reference_checks
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.reference_checks import ItemSentences, check_dimension_value
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.sage_100.mapping.sets import SYSTEM_TITLE
from mlconn_pipelines.systems.sage_100.mapping.settings import Sage100Settings
from mlconn_pipelines.systems.sage_100.records.master_data import segment_values
from mlconn_pipelines.systems.sage_100.records.widths import LINES_MAX, is_kept

_ITEM = ItemSentences(
    missing="The line has no item code. Enter one in Sage.",
    unknown="Item {code} is not in Sage. Create it, or correct the line.",
    inactive="Item {code} ({description}) is marked as inactive in Sage. Activate it, or use another.",
)


def check_vendor(code: str, book: ReferenceBook, notes: Checklist) -> BusinessPartner | None:
    """The vendor of that division and number, known and active."""
    held = book.partners.get(code)
    if held is None:
        notes.look_up("partner", code)
        said = f"Vendor {code!r} (division and number) is not in Sage. Create it, or correct the order."
        notes.reject(Reason.PARTNER_UNKNOWN, said, "VendorNo")
    elif not held.active:
        notes.look_up("partner", code)
        said = f"Vendor {code} ({held.name}) is inactive in Sage. Activate it, or use another."
        notes.reject(Reason.PARTNER_INACTIVE, said, "VendorNo")
    return held


def check_item(code: str, book: ReferenceBook, notes: Checklist, place: str) -> Item | None:
    """The item, known and active."""
    return reference_checks.check_item(code, book, notes, place, _ITEM)


def check_account(key: str, day: dt.date, book: ReferenceBook, notes: Checklist, place: str, settings: Sage100Settings) -> None:
    """The account of that key, and whether the cost centres in it are in use on the day: a closed one closes all its accounts."""
    reference_checks.check_account(key, day, book, notes, place, SYSTEM_TITLE)
    for account in book.accounts.get(key, ()):
        check_segments(account.number, day, book, notes, place, settings)


def check_segments(
    shown: str, day: dt.date, book: ReferenceBook, notes: Checklist, place: str, settings: Sage100Settings
) -> None:
    """The segments behind the main account. shown: as people read the account."""
    for number, code in segment_values(shown):
        check_dimension_value(str(number), settings.segment_title(number), code, day, book, notes, place, SYSTEM_TITLE)


def check_kept(text: str, width: int, what: str, notes: Checklist, place: str) -> None:
    """Nothing is cut: what Sage has no room for is a person's."""
    if not is_kept(text, width):
        said = f"{what} {text!r} does not fit into Sage, which keeps {width} characters of Windows' code page 1252. Enter it by hand."
        notes.reject(Reason.VALUE_TOO_LONG, said, place)


def check_lines(count: int, notes: Checklist) -> None:
    """Whether the agent takes so many at once."""
    if count > LINES_MAX:
        said = f"The document has {count} lines, and at most {LINES_MAX} are entered at once. Enter it by hand."
        notes.reject(Reason.TOO_MANY_LINES, said, "lines")


def account_key_of(
    shown: str, day: dt.date, book: ReferenceBook, notes: Checklist, place: str, settings: Sage100Settings
) -> str:
    """The key of an account that people wrote down, in use on the day; empty after a finding."""
    key = next((key for key, held in book.accounts.items() if any(one.number == shown for one in held)), "")
    if key:
        check_account(key, day, book, notes, place, settings)
        return key
    notes.look_up("account", shown)
    check_segments(shown, day, book, notes, place, settings)
    said = f"Account {shown!r} is not in Sage's chart of accounts. Correct it in the integration's file."
    notes.reject(Reason.ACCOUNT_UNKNOWN, said, place)
    return ""
