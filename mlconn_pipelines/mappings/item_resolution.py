"""Our items behind a partner's product ids, and the ids that a partner wants of our items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.flows.ports.partner import Partner
from mlconn_pipelines.mappings.gtin import LENGTH_OF_QUALIFIER, gtin_fault, qualified, spellings

SELLER_QUALIFIERS = ("VP", "VN", "VC", "VA", "MG")
"""X12 element 235: numbers that the seller gave."""
BUYER_QUALIFIERS = ("BP", "IN", "CB", "PI")
"""Numbers that the buyer gave. SK (stock keeping unit) may be either side's."""
BARCODE_QUALIFIERS = (*LENGTH_OF_QUALIFIER, "UA", "UI")


@dataclass(frozen=True, slots=True)
class Resolution:
    """candidates: our item codes under the first id that is known at all; one is an answer. disagreeing: other ids' items."""

    candidates: tuple[str, ...]
    by: ProductId | None = None
    disagreeing: tuple[tuple[ProductId, str], ...] = ()


def resolve(
    ids: Sequence[ProductId], partner: Partner, codes: Sequence[str], book: ReferenceBook, set_id: str, *, we_sell: bool = True
) -> Resolution:
    """Which of our items a partner's line means: ids in the guide's qualifier order, each looked up in four places.

    The partner file's `items`, the ERP's cross-references of the partner's codes, our own item codes (ids that we gave, and SK),
    barcodes. The first id that is found decides; ids that are found and mean another item are named.
    """
    order = partner.guide.qualifiers(set_id)
    ranked = sorted(ids, key=lambda product: order.index(product.qualifier) if product.qualifier in order else len(order))
    ours = (*(SELLER_QUALIFIERS if we_sell else BUYER_QUALIFIERS), "SK")
    first: tuple[str, ...] = ()
    by: ProductId | None = None
    disagreeing: list[tuple[ProductId, str]] = []
    for product in ranked:
        found = _found(product, partner, codes, book, ours)
        if found and by is None:
            first, by = found, product
        elif len(found) == 1 and len(first) == 1 and found != first:
            disagreeing.append((product, found[0]))
    return Resolution(first, by, tuple(disagreeing))


def _found(
    product: ProductId, partner: Partner, codes: Sequence[str], book: ReferenceBook, ours: tuple[str, ...]
) -> tuple[str, ...]:
    if configured := partner.items.get(product.id):
        return (configured,)
    crossed = [item for code in codes for item in book.cross_references.get((code, product.id), ())]
    if crossed:
        return tuple(dict.fromkeys(crossed))
    if product.qualifier in ours and product.id in book.items:
        return (product.id,)
    if product.qualifier in BARCODE_QUALIFIERS:
        under = [item for number in spellings(product.id) for item in book.items_by_barcode.get(number, ())]
        return tuple(dict.fromkeys(under))
    return ()


def product_ids(
    item_code: str, partner_number: str, barcode: str, wanted: Iterable[str], *, we_sell: bool
) -> tuple[ProductId, ...]:
    """The ids of one line under the qualifiers that the partner wants, most wanted first, one of each kind.

    Our item code goes under a number of the side that we are on, the partner's own number under one of theirs, a barcode under
    the qualifier of its length. SK holds the partner's number where there is one, else our code.
    """
    ours, theirs = (SELLER_QUALIFIERS, BUYER_QUALIFIERS) if we_sell else (BUYER_QUALIFIERS, SELLER_QUALIFIERS)
    wanted = tuple(wanted)
    gtin = qualified(barcode, wanted) if barcode and not gtin_fault(barcode) else None
    values = dict.fromkeys(ours, item_code) | dict.fromkeys(theirs, partner_number)
    values["SK"] = partner_number or item_code
    if gtin:
        values[gtin[0]] = gtin[1]
    chosen: dict[str, ProductId] = {}
    for qualifier in wanted:
        value = values.get(qualifier, "")
        if value and value not in chosen:
            chosen[value] = ProductId(qualifier, value)
    return tuple(chosen.values())
