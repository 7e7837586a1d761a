"""Our items behind a partner's product ids, and the ids that a partner wants of our items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlconn_pipelines.documents.item_id import code_of, covers, from_most_specific, normal, variant_in_words, variant_of
from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.gtin import LENGTH_OF_QUALIFIER, gtin_fault, qualified, spellings
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason

SELLER_QUALIFIERS = ("VP", "VN", "VC", "VA", "MG")
"""X12 element 235: numbers that the seller gave."""
BUYER_QUALIFIERS = ("BP", "IN", "CB", "PI")
"""Numbers that the buyer gave. SK (stock keeping unit) may be either side's."""
BARCODE_QUALIFIERS = (*LENGTH_OF_QUALIFIER, "UA", "UI")


@dataclass(frozen=True, slots=True)
class Resolution:
    """candidates: our items (`item_id`) under the first id that is known at all; one is an answer. disagreeing: other ids' items."""

    candidates: tuple[str, ...]
    by: ProductId | None = None
    disagreeing: tuple[tuple[ProductId, str], ...] = ()


def resolve(
    ids: Sequence[ProductId], partner: Partner, codes: Sequence[str], book: ReferenceBook, set_id: str, *, we_sell: bool = True
) -> Resolution:
    """Which of our items a partner's line means: ids in the guide's qualifier order, each looked up in four places.

    The partner file's `items`, the ERP's cross-references of the partner's codes, our own item codes (ids that we gave, and SK),
    barcodes. The first id that is found decides; ids that are found and mean another item are named. Further ids may say which
    variant it is, where the first one only says the item or is the number of several of its variants.
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
        elif len(first) == 1 and len(found) == 1 and not _agree(found[0], first[0]):
            disagreeing.append((product, found[0]))
        else:
            first = _narrowed(first, found)
    return Resolution(first, by, tuple(disagreeing))


def _found(
    product: ProductId, partner: Partner, codes: Sequence[str], book: ReferenceBook, ours: tuple[str, ...]
) -> tuple[str, ...]:
    if configured := partner.items.get(product.id):
        return (_as_known(configured, book),)
    crossed = [item for code in codes for item in book.cross_references.get((code, product.id), ())]
    if crossed:
        return tuple(dict.fromkeys(crossed))
    if product.qualifier in ours and product.id in book.items:
        return (product.id,)
    if product.qualifier in BARCODE_QUALIFIERS:
        under = [item for number in spellings(product.id) for item in book.items_by_barcode.get(number, ())]
        return tuple(dict.fromkeys(under))
    return ()


def _narrowed(items: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Of variants of one item those that the others allow, as closely as either says; all of them where none is allowed."""
    if len({code_of(item) for item in items}) != 1:
        return items
    closer = [item if covers(other, item) else other for item in items for other in others if _agree(item, other)]
    return tuple(dict.fromkeys(closer)) or items


def _agree(one: str, other: str) -> bool:
    return covers(one, other) or covers(other, one)


def _as_known(written: str, book: ReferenceBook) -> str:
    """An item of the partner file as `item_id` has it; a code that the ERP knows as it stands is no variant."""
    return written if written in book.items else normal(written)


def partner_number(
    item: str,
    stated: str,
    partner: Partner,
    partner_code: str,
    book: ReferenceBook,
    notes: Checklist,
    place: str,
    set_id: str,
    catalogue: str,
    *,
    we_sell: bool,
) -> str:
    """The partner's own number for an item or a variant of it: the partner file's, the line's own, the ERP's cross-reference.

    Several that fit equally well are a finding, unless the partner wants none of them anyway. stated: on the line itself.
    catalogue: where the ERP keeps partners' numbers, in words.
    """
    configured = _configured(item, partner, book)
    if configured or stated:
        return configured or stated
    numbers = book.numbers_for(partner_code, item)
    if len(numbers) < 2:
        return numbers[0] if numbers else ""
    theirs = (*(BUYER_QUALIFIERS if we_sell else SELLER_QUALIFIERS), "SK")
    if any(qualifier in theirs for qualifier in partner.guide.qualifiers(set_id)):
        notes.reject(
            Reason.PARTNER_NUMBER_AMBIGUOUS,
            f"{partner.name} has several numbers for item {item}: {', '.join(numbers)}. Leave one of them in {catalogue}, or name the "
            f"right one under `items` of the partner file.",
            place,
        )
    return ""


def _configured(item: str, partner: Partner, book: ReferenceBook) -> str:
    """Their number in the partner file for the item; the first that is written there of those that say most of the variant."""
    if not (written := partner.numbers_by_code.get(code_of(item))):
        return ""
    theirs = {number: _as_known(ours, book) for number, ours in written.items()}
    for covering in from_most_specific(item):
        if (number := next((number for number, ours in theirs.items() if ours in covering), None)) is not None:
            return number
    return ""


def with_variant(description: str, item: str) -> str:
    """A line's description that says which variant it is, where it does not yet."""
    missing = [
        part
        for part in variant_in_words(item).split(", ")
        if part and part.split()[-1].casefold() not in description.casefold()
    ]
    return ", ".join(filter(None, (description, *missing)))


def check_variant_is_told(
    item: str, number: str, partner: Partner, book: ReferenceBook, code: str, notes: Checklist, place: str
) -> None:
    """A finding where a variant goes out that none of the partner's numbers means in particular. code: theirs in the ERP."""
    if not variant_of(item) or (number and _means_the_variant(item, number, partner, code, book)):
        return
    notes.note(
        Reason.VARIANT_NOT_NUMBERED,
        f"{partner.name} has no number for item {code_of(item)} in {variant_in_words(item)}; only the description says which is meant.",
        place,
    )


def _means_the_variant(item: str, number: str, partner: Partner, code: str, book: ReferenceBook) -> bool:
    """Whether the number is for exactly this variant; one that only the line itself names is the line's own."""
    ours = [_as_known(written, book) for theirs, written in partner.items.items() if theirs == number]
    ours += book.cross_references.get((code, number), ())
    return not ours or item in ours


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
