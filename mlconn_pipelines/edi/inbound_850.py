"""What a partner's X12 850 or 875 means, whatever ERP it goes into: its purpose, its days, the items behind its product numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from mlconn_pipelines.documents.kinds import set_of
from mlconn_pipelines.documents.line import DateReference
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.reference import ReferenceBook
from mlconn_pipelines.edi.allowances import amount_of, amount_of_line, in_words
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.item_resolution import resolve
from mlconn_pipelines.ports.mapping import Creation, ErpMapping, Finding
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.records.decimal_json import fits
from mlconn_pipelines.x12.grammar.naming import meaning_of

WANTED_DATES = (
    *("002", "010", "067", "068", "063", "064", "038", "017", "106"),
    *("069", "070", "074", "077", "079", "118", "037"),
)
"""DTM01 by which a day of delivery, or of shipping, is asked for, the plainest first."""
_DEADLINES = ("001", "061")
"""DTM01 of the day after which the order is void: a day for which nothing is asked."""
_CENT = Decimal("0.01")


def wanted_day(dates: Iterable[DateReference]) -> dt.date | None:
    """The delivery date that is asked for, None where none is."""
    by_qualifier: dict[str, dt.date] = {}
    for stated in dates:
        by_qualifier.setdefault(stated.qualifier, stated.date)
    return next((by_qualifier[qualifier] for qualifier in WANTED_DATES if qualifier in by_qualifier), None)


def delivery_day(order: PurchaseOrder, notes: Checklist) -> dt.date:
    """The order's delivery date: its own, else the earliest of its lines, else the order date."""
    _tell_deadlines(order, notes)
    _tell_other_days(order.dates, notes, "DTM")
    for line in order.lines:
        _tell_other_days(line.dates, notes, f"line {line.number}")
    of_lines = [wanted for line in order.lines if (wanted := wanted_day(line.dates))]
    wanted = wanted_day(order.dates) or min(of_lines, default=None)
    if wanted is None:
        stated = dict.fromkeys(map(_date_in_words, _all_dates(order)))
        others = f" (it states {', '.join(stated)})" if stated else ""
        notes.note(Reason.DELIVERY_DATE_MISSING, f"The order states no delivery date{others}; the order date is taken.", "DTM")
        return order.date
    if wanted < order.date:
        notes.note(
            Reason.DELIVERY_DATE_BEFORE_ORDER,
            f"The delivery date {wanted} lies before the order date {order.date}, which is taken instead.",
            "DTM",
        )
    return max(wanted, order.date)


def _tell_deadlines(order: PurchaseOrder, notes: Checklist) -> None:
    for stated in dict.fromkeys(one for one in _all_dates(order) if one.qualifier in _DEADLINES):
        notes.note(Reason.DEADLINE, f"The order is to be cancelled if it comes late: {_date_in_words(stated)}.", "DTM")


def _tell_other_days(dates: Sequence[DateReference], notes: Checklist, place: str) -> None:
    """A window has two ends, and a record one day: the others are named."""
    taken = wanted_day(dates)
    others = [one for one in dates if one.date != taken and one.qualifier not in _DEADLINES]
    if taken is not None and others:
        said = ", ".join(dict.fromkeys(map(_date_in_words, others)))
        notes.note(Reason.OTHER_DATES, f"{taken} is taken as the day of delivery; also stated: {said}.", place)


def _all_dates(order: PurchaseOrder) -> list[DateReference]:
    return [*order.dates, *(one for line in order.lines for one in line.dates)]


def _date_in_words(stated: DateReference) -> str:
    meaning = meaning_of("374", stated.qualifier)
    return f"{meaning} {stated.date} ({stated.qualifier})" if meaning else f"{stated.date} ({stated.qualifier})"


def item_of(
    line: OrderLine,
    order: PurchaseOrder,
    partner: Partner,
    codes: Sequence[str],
    book: ReferenceBook,
    notes: Checklist,
    place: str,
    catalogue: str,
) -> str:
    """Our item behind a line's product numbers, or the variant of it (`item_id`); empty after a finding.

    codes: the partner's in the ERP. catalogue: where the ERP keeps partners' own numbers, in words; empty where it keeps none.
    """
    found = resolve(line.product_ids, partner, codes, book, set_of(order))
    shown = ", ".join(f"{product.qualifier} {product.id}" for product in line.product_ids) or "no product number"
    if not found.candidates:
        for product in line.product_ids:
            notes.look_up("item", product.id)
            notes.look_up("cross_reference", product.id)
        entered = f"Enter the number in {catalogue}, or under" if catalogue else "Enter the number under"
        notes.reject(
            Reason.ITEM_UNKNOWN,
            f"No item of ours is known under {shown}. {entered} `items` of the partner file {partner.name}.",
            place,
        )
        return ""
    if len(found.candidates) > 1:
        assert found.by is not None
        left = f"Leave one of them in {catalogue}, or name" if catalogue else "Name"
        notes.reject(
            Reason.ITEM_AMBIGUOUS,
            f"{found.by.qualifier} {found.by.id} means several items: {', '.join(found.candidates)}. {left} the right one under "
            f"`items` of the partner file {partner.name}.",
            place,
        )
        return ""
    for product, other in found.disagreeing:
        notes.note(
            Reason.ITEM_NUMBERS_DISAGREE,
            f"Taken as item {found.candidates[0]}, but {product.qualifier} {product.id} is item {other}.",
            place,
        )
    return found.candidates[0]


def check_decimals(quantity: Decimal, places: int, system: str, notes: Checklist, place: str) -> None:
    """quantity: in the ERP's unit. A price may be rounded, which `check_rounding` tells; a quantity may not."""
    if not fits(quantity, places):
        notes.reject(
            Reason.QUANTITY_NOT_EXACT,
            f"The quantity {quantity:f} has more than the {places} decimals that {system} keeps. Ask the partner for another one.",
            place,
        )


def check_rounding(line: OrderLine, amount: Decimal, system: str, notes: Checklist, place: str) -> None:
    """amount: of the line in the ERP's unit."""
    stated = line.quantity * (line.unit_price or Decimal())
    if stated.quantize(_CENT, ROUND_HALF_UP) != amount.quantize(_CENT, ROUND_HALF_UP):
        notes.note(
            Reason.PRICE_ROUNDED,
            f"The line amounts to {stated:.2f}; in {system}'s unit and decimals of the price, to {amount:.2f}.",
            place,
        )


def allowances_in_words(order: PurchaseOrder) -> list[str]:
    """Allowances and charges of the order and its lines, which are not posted as money."""
    told = [in_words(one, comes_to=amount_of(one, order)) for one in order.allowances_and_charges]
    told += [
        in_words(one, comes_to=amount_of_line(one, line, order)) for line in order.lines for one in line.allowances_and_charges
    ]
    return [words[:1].upper() + words[1:] for words in told]


def order_record(mapping: ErpMapping, order: PurchaseOrder, partner: Partner, book: ReferenceBook, reference: str) -> Creation:
    """The record that an order becomes; of a system that takes none from outside, why a person enters it."""
    if mapping.orders is not None:
        return mapping.orders.order(order, partner, book, reference)
    refusal = Finding(
        Reason.NO_ORDERS_TAKEN,
        f"{partner.name} sent purchase order {order.number}, and no order is created in {mapping.title}. Enter it there by hand "
        "if it is wanted, then dismiss this.",
    )
    return Creation("", None, (refusal,))
