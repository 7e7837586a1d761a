"""The checks that documents share, either way: vendor, item, currency. In words for a clerk."""

from __future__ import annotations

from mlconn_pipelines.documents.reference import BusinessPartner, Item, ReferenceBook
from mlconn_pipelines.edi import reference_checks
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.reference_checks import ItemSentences, iso_4217
from mlconn_pipelines.reasons import Reason

_ITEM = ItemSentences(unknown="Item {code} is not released in this company of F&O. Release it, or correct the line.")


def check_vendor(code: str, book: ReferenceBook, notes: Checklist, place: str) -> BusinessPartner | None:
    """The vendor, known in the company and not on hold for everything."""
    held = book.partners.get(code)
    if held is None:
        notes.look_up("partner", code)
        notes.reject(
            Reason.PARTNER_UNKNOWN, f"Vendor {code!r} is not in this company of F&O. Create it, or correct the order.", place
        )
        return None
    if not held.active:
        notes.look_up("partner", code)
        notes.reject(
            Reason.PARTNER_INACTIVE, f"Vendor {code} ({held.name}) is on hold for everything in F&O. Release it there.", place
        )
    return held


def check_item(code: str, book: ReferenceBook, notes: Checklist, place: str) -> Item | None:
    """The item, released in the company; None for a line without one, which is of a procurement category."""
    return reference_checks.check_item(code, book, notes, place, _ITEM)


def check_currency(code: str, notes: Checklist) -> str:
    """F&O's currency codes are those of ISO 4217; anything else is a company's own, which nobody outside knows."""
    return iso_4217(code, notes, "CurrencyCode")
