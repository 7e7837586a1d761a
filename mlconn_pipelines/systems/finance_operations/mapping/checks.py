"""The checks that documents share, either way: vendor, item, currency. In words for a clerk."""

from __future__ import annotations

import re

from mlconn_pipelines.documents.reference import BusinessPartner, Item, ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.text_fitting import PRODUCT_ID_MAX
from mlconn_pipelines.reasons import Reason

_ISO_4217 = re.compile(r"[A-Z]{3}")


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
    if not code:
        return None
    held = book.items.get(code)
    if held is None:
        notes.look_up("item", code)
        notes.reject(
            Reason.ITEM_UNKNOWN,
            f"Item {code!r} is not released in this company of F&O. Release it, or correct the line.",
            place,
        )
    if len(code) > PRODUCT_ID_MAX:
        notes.reject(
            Reason.ITEM_CODE_TOO_LONG, f"Item number {code!r} is longer than X12's {PRODUCT_ID_MAX} characters.", place
        )
    return held


def check_currency(code: str, notes: Checklist) -> str:
    """F&O's currency codes are those of ISO 4217; anything else is a company's own, which nobody outside knows."""
    if not _ISO_4217.fullmatch(code):
        notes.reject(Reason.CURRENCY_WITHOUT_ISO_CODE, f"Currency {code!r} is no ISO 4217 code such as USD.", "CurrencyCode")
        return ""
    return code
