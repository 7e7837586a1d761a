"""X12 850 to a PurchaseOrders or Orders record: codes resolved, nothing guessed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from mlconn_pipelines.documents.line import DateReference
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.reference import BusinessPartner, Item, ReferenceBook
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.flows.ports.erp import Creation
from mlconn_pipelines.flows.ports.partner import Partner
from mlconn_pipelines.mappings.checklist import Checklist
from mlconn_pipelines.mappings.item_resolution import resolve
from mlconn_pipelines.mappings.order_comparison import plain
from mlconn_pipelines.mappings.sap_business_one.checks import check_item, check_partner
from mlconn_pipelines.mappings.sap_business_one.inbound_ship_to import ship_to_fields
from mlconn_pipelines.mappings.sap_business_one.sets import PARTNER_KIND_OF_TARGET
from mlconn_pipelines.mappings.sap_business_one.settings import SapSettings
from mlconn_pipelines.mappings.text_fitting import clean
from mlconn_pipelines.mappings.units import line_unit_of, to_erp

COMMENTS_MAX = 254
_WANTED_DATES = ("002", "010", "067", "068", "063", "064", "038", "017", "106", "001")
"""DTM01 by which a delivery date is asked for, the plainest first."""
_PURPOSES = {"01": "cancellation", "04": "change", "05": "replacement", "06": "confirmation", "07": "duplicate"}
_CENT = Decimal("0.01")


def creation_of(order: PurchaseOrder, partner: Partner, book: ReferenceBook, reference: str, settings: SapSettings) -> Creation:
    """The record to create, or findings that say why not.

    A payload comes along with findings that only a person can judge (another currency than the partner's), so that an approval
    can post it; what cannot be resolved leaves none.
    """
    target = settings.order_target
    kind = PARTNER_KIND_OF_TARGET[target]
    notes = Checklist(partner)
    _check_purpose(order, notes)
    codes = partner.codes(kind)
    if not codes:
        other = next((name for name, wanted in PARTNER_KIND_OF_TARGET.items() if name != target), "")
        notes.reject(
            "partner_code_missing",
            f"{partner.name} has no {kind}_codes in the partner file, which order_target {target} needs; "
            f"order_target {other} takes the other kind.",
        )
        return Creation(target, None, notes.findings, notes.missing)
    code = codes[0]
    card = check_partner(code, kind, order.date, book, notes)
    lines = [_line(line, order, partner, codes, book, settings, notes) for line in order.lines]
    if not lines:
        notes.reject("no_lines", "The order has no lines.")
    header: dict[str, Any] = {
        "CardCode": code,
        "NumAtCard": order.number,
        "DocDate": order.date.isoformat(),
        "TaxDate": order.date.isoformat(),
        "DocDueDate": _due(order, notes).isoformat(),
        settings.reference_field: reference,
        "Comments": _comments(order, partner, notes),
    }
    header |= _currency(order, card, book, notes)
    header |= _contact(order, card)
    header |= ship_to_fields(order, card, partner, notes)
    complete = [line for line in lines if line is not None]
    possible = card is not None and bool(complete) and len(complete) == len(lines) and order.purpose == "00"
    payload = header | {"DocumentLines": complete} if possible else None
    return Creation(target, payload, notes.findings, notes.missing, partner_code=code)


def _check_purpose(order: PurchaseOrder, notes: Checklist) -> None:
    if order.purpose != "00":
        notes.reject(
            "purpose_not_supported",
            f"The order is a {_PURPOSES.get(order.purpose, 'message of another purpose')} (BEG01 {order.purpose}), and only "
            "originals (00) create a record. Do it by hand and dismiss this, or replay it once the flow for it exists.",
            "BEG01",
        )


def _line(
    line: OrderLine,
    order: PurchaseOrder,
    partner: Partner,
    codes: tuple[str, ...],
    book: ReferenceBook,
    settings: SapSettings,
    notes: Checklist,
) -> Mapping[str, Any] | None:
    place = f"line {line.number}"
    item = _item(line, order, partner, codes, book, settings, notes, place)
    if line.quantity <= 0:
        notes.reject("quantity_not_positive", f"The quantity is {plain(line.quantity)}; an order needs more than zero.", place)
        return None
    if item is None:
        return None
    purchase = settings.order_target == "PurchaseOrders"
    try:
        measure = to_erp(
            line.quantity, line.unit_price, line.unit, partner, item, line_unit_of(item, book, purchase=purchase), book
        )
    except DocumentRejected as refusal:
        notes.reject(refusal.code, str(refusal), place)
        return None
    fields: dict[str, Any] = {"ItemCode": item.code, "Quantity": measure.quantity}
    if measure.unit_id:
        fields["UoMEntry"] = int(measure.unit_id)
    elif measure.in_stock_units:
        fields["UseBaseUnits"] = "tYES"
    if measure.unit_price is None:
        notes.note("price_missing", f"The order states no price for item {item.code}; SAP's price list decides.", place)
    else:
        fields["UnitPrice"] = measure.unit_price
        _check_rounding(line, measure.quantity * measure.unit_price, notes, place)
    if wanted := _wanted(line.dates):
        fields["ShipDate"] = wanted.isoformat()
    return fields


def _check_rounding(line: OrderLine, amount: Decimal, notes: Checklist, place: str) -> None:
    stated = line.quantity * (line.unit_price or Decimal())
    if stated.quantize(_CENT, ROUND_HALF_UP) != amount.quantize(_CENT, ROUND_HALF_UP):
        notes.note(
            "price_rounded",
            f"The line amounts to {stated:.2f}; in SAP's unit, with six decimals of the price, to {amount:.2f}.",
            place,
        )


def _item(
    line: OrderLine,
    order: PurchaseOrder,
    partner: Partner,
    codes: tuple[str, ...],
    book: ReferenceBook,
    settings: SapSettings,
    notes: Checklist,
    place: str,
) -> Item | None:
    found = resolve(line.product_ids, partner, codes, book, "850")
    shown = ", ".join(f"{product.qualifier} {product.id}" for product in line.product_ids) or "no product number"
    if not found.candidates:
        for product in line.product_ids:
            notes.look_up("item", product.id)
            notes.look_up("cross_reference", product.id)
        notes.reject(
            "item_unknown",
            f"No item of ours is known under {shown}. Enter the number in SAP's business partner catalogue, or under `items` "
            f"of the partner file {partner.name}.",
            place,
        )
        return None
    if len(found.candidates) > 1:
        assert found.by is not None
        notes.reject(
            "item_ambiguous",
            f"{found.by.qualifier} {found.by.id} means several items: {', '.join(found.candidates)}. Leave one of them in SAP's "
            f"business partner catalogue, or name the right one under `items` of the partner file {partner.name}.",
            place,
        )
        return None
    for product, other in found.disagreeing:
        notes.note(
            "item_numbers_disagree",
            f"Taken as item {found.candidates[0]}, but {product.qualifier} {product.id} is item {other}.",
            place,
        )
    item = check_item(found.candidates[0], order.date, book, notes, place)
    purchase = settings.order_target == "PurchaseOrders"
    if item is not None and not (item.for_purchase if purchase else item.for_sale):
        word = "purchase" if purchase else "sales"
        notes.reject("item_not_for_order", f"Item {item.code} ({item.description}) is no {word} item in SAP.", place)
    return item


def _wanted(dates: Iterable[DateReference]) -> dt.date | None:
    by_qualifier: dict[str, dt.date] = {}
    for stated in dates:
        by_qualifier.setdefault(stated.qualifier, stated.date)
    return next((by_qualifier[qualifier] for qualifier in _WANTED_DATES if qualifier in by_qualifier), None)


def _due(order: PurchaseOrder, notes: Checklist) -> dt.date:
    """The order's delivery date: its own, else the earliest of its lines, else the order date."""
    of_lines = [wanted for line in order.lines if (wanted := _wanted(line.dates))]
    wanted = _wanted(order.dates) or min(of_lines, default=None)
    if wanted is None:
        notes.note("delivery_date_missing", "The order states no delivery date; the order date is taken.", "DTM")
        return order.date
    if wanted < order.date:
        notes.note(
            "delivery_date_before_order",
            f"The delivery date {wanted} lies before the order date {order.date}, which is taken instead.",
            "DTM",
        )
    return max(wanted, order.date)


def _currency(order: PurchaseOrder, card: BusinessPartner | None, book: ReferenceBook, notes: Checklist) -> dict[str, Any]:
    """DocCurrency as the company writes it; nothing where the order states none, then the business partner's counts."""
    if not order.currency:
        return {}
    codes = sorted((c.code != c.iso, c.code) for c in book.currencies.values() if c.iso == order.currency)
    if not codes:
        notes.look_up("currency", order.currency)
        notes.reject("currency_unknown", f"Currency {order.currency} is not among SAP's currencies. Define it there.", "CUR")
        return {}
    own = book.currencies.get(card.currency) if card else None
    if card is not None and own is not None and own.iso != order.currency:
        notes.reject(
            "currency_differs",
            f"The order is in {order.currency}, business partner {card.code} trades in {own.iso}. Approve it if that is meant.",
            "CUR",
        )
    same_as_partner = card is not None and own is not None and own.iso == order.currency
    return {"DocCurrency": card.currency if same_as_partner and card else codes[0][1]}


def _contact(order: PurchaseOrder, card: BusinessPartner | None) -> dict[str, Any]:
    """The contact person whom the order names by a mail address or name that SAP knows."""
    if card is None:
        return {}
    named = [*order.contacts, *(contact for party in order.parties for contact in party.contacts)]
    for contact in named:
        for code, known in card.contacts.items():
            same_mail = contact.email and contact.email.casefold() == known.email.casefold()
            if same_mail or (contact.name and contact.name.casefold() == known.name.casefold()):
                return {"ContactPersonCode": int(code)}
    return {}


def _comments(order: PurchaseOrder, partner: Partner, notes: Checklist) -> str:
    """What has no field of its own: the partner's notes, allowances and charges. The latter are not posted as money."""
    extras = [
        f"{'Charge' if extra.indicator == 'C' else 'Allowance'} {extra.code} {extra.amount:.2f} {extra.description}".strip()
        for extra in (*order.allowances_and_charges, *(one for line in order.lines for one in line.allowances_and_charges))
    ]
    for extra in extras:
        notes.note("allowance_not_posted", f"{extra} of the order stands in SAP's remarks only; enter it there.", "SAC")
    texts = [f"X12 850 {order.number} of {partner.title or partner.name}", *extras, *map(clean, order.notes)]
    text = clean(" / ".join(filter(None, texts)))
    if len(text) > COMMENTS_MAX:
        notes.note(
            "notes_shortened", f"The order's notes are longer than SAP's remarks; left out: {text[COMMENTS_MAX:]!r}.", "NTE"
        )
    return text[:COMMENTS_MAX]
