"""The checks that every document shares, either way: customer or vendor, item, currency. In words for a clerk."""

from __future__ import annotations

from mlconn_pipelines.documents.item_id import code_of, item_id, variant_of
from mlconn_pipelines.documents.reference import BusinessPartner, Item, ReferenceBook
from mlconn_pipelines.edi import reference_checks
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.reference_checks import ItemSentences, iso_4217, order_number_that_fits
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.systems.business_central.mapping.sets import SYSTEM_TITLE
from mlconn_pipelines.systems.business_central.records.sales_document import DocumentLine

_ITEM = ItemSentences(
    missing=f"The line has no item number. Enter one in {SYSTEM_TITLE}.",
    unknown=f"Item {{code}} is not in {SYSTEM_TITLE}. Create it, or correct the line.",
    inactive=f"Item {{code}} ({{description}}) is blocked in {SYSTEM_TITLE}. Unblock it, or use another.",
)
_WORD = {"customer": "Customer", "supplier": "Vendor"}


def check_partner(code: str, kind: str, book: ReferenceBook, notes: Checklist) -> BusinessPartner | None:
    """The customer or vendor (kind `customer` or `supplier`), known and not blocked for everything."""
    word = _WORD[kind]
    held = book.partner(code, kind)
    if held is None or held.kind != kind:
        notes.look_up("partner", code)
        notes.reject(
            Reason.PARTNER_UNKNOWN, f"{word} {code!r} is not in {SYSTEM_TITLE}. Create it, or correct the partner's code.", word
        )
        return None
    if not held.active:
        notes.look_up("partner", code)
        notes.reject(
            Reason.PARTNER_INACTIVE,
            f"{word} {code} ({held.name}) is blocked in {SYSTEM_TITLE}. Unblock it, or use another.",
            word,
        )
    return held


def check_item(code: str, book: ReferenceBook, notes: Checklist, place: str) -> Item | None:
    """The item, known and not blocked."""
    return reference_checks.check_item(code, book, notes, place, _ITEM)


def check_variant(line: DocumentLine, book: ReferenceBook, notes: Checklist, place: str) -> str:
    """The line's item, or the variant of it (`item_id`); empty for a line that is no item's."""
    code, variant = line.lineObjectNumber, line.itemVariantId.lower()
    if not code or not variant:
        return code
    held = book.variants.get(variant)
    if held is None:
        notes.look_up("variant", variant)
        notes.reject(
            Reason.VARIANT_UNKNOWN,
            f"Item {code} is ordered in a variant that {SYSTEM_TITLE} does not show. Give the application a permission set that reads "
            "item variants, or correct the line.",
            place,
        )
        return code
    return item_id(code, held.code)


def variant_id_of(item: str, book: ReferenceBook, notes: Checklist, place: str) -> str | None:
    """The id of the variant that `item_id` names, empty for an item without one; None after a finding."""
    code, variant = code_of(item), variant_of(item)
    if not variant or (known := book.variant_ids.get((code, variant))) is not None:
        return known if variant else ""
    notes.look_up("variant", code)
    notes.reject(
        Reason.VARIANT_UNKNOWN,
        f"Item {code} has no variant {variant} in {SYSTEM_TITLE}. Create it, or correct `items` of the partner file.",
        place,
    )
    return None


def check_currency(code: str, notes: Checklist) -> str:
    """Codes are those of ISO 4217 as a rule; the service tells no other. Empty after a finding."""
    return iso_4217(code, notes, "currencyCode")


def order_number(text: str, notes: Checklist) -> str:
    """The customer's order number as X12 can carry it."""
    return order_number_that_fits(text, notes, "externalDocumentNumber", SYSTEM_TITLE)
