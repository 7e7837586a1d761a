"""X12 850 or 875 to a PurchaseOrders or Orders record: codes resolved, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconn_pipelines.documents.kinds import set_of
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.reference import BusinessPartner, Item, ReferenceBook
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.inbound_850 import (
    allowances_in_words,
    check_decimals,
    check_rounding,
    delivery_day,
    item_of,
    wanted_day,
)
from mlconn_pipelines.edi.order_as_meant import order_as_meant
from mlconn_pipelines.edi.order_comparison import plain
from mlconn_pipelines.edi.order_remarks import line_remarks, marked_for
from mlconn_pipelines.edi.packing import check_pack
from mlconn_pipelines.edi.text_fitting import clean
from mlconn_pipelines.edi.units import line_unit_of, to_erp, x12_factors
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.records.decimal_json import to_scale
from mlconn_pipelines.systems.sap_business_one.mapping.checks import check_item, check_partner
from mlconn_pipelines.systems.sap_business_one.mapping.inbound_850_ship_to import line_ship_to_fields, ship_to_fields
from mlconn_pipelines.systems.sap_business_one.mapping.sets import PARTNER_KIND_OF_TARGET
from mlconn_pipelines.systems.sap_business_one.mapping.settings import SapSettings
from mlconn_pipelines.systems.sap_business_one.records.scales import PRICE, QUANTITY

COMMENTS_MAX, FREE_TEXT_MAX = 254, 100


def creation_of(order: PurchaseOrder, partner: Partner, book: ReferenceBook, reference: str, settings: SapSettings) -> Creation:
    """The record to create, or findings that say why not.

    A payload comes along with findings that only a person can judge (another currency than the partner's), so that an approval
    can post it; what cannot be resolved leaves none.
    """
    target = settings.order_target
    kind = PARTNER_KIND_OF_TARGET[target]
    notes = Checklist(partner)
    order = order_as_meant(order, partner, notes, system="SAP", has_line_addresses=True)
    codes = partner.codes(kind)
    if not codes:
        other = next((name for name, wanted in PARTNER_KIND_OF_TARGET.items() if name != target), "")
        notes.reject(
            Reason.PARTNER_CODE_MISSING,
            f"{partner.name} has no {kind}_codes in the partner file, which order_target {target} needs; "
            f"order_target {other} takes the other kind.",
        )
        return Creation(target, None, notes.findings, notes.missing)
    code = codes[0]
    card = check_partner(code, kind, order.date, book, notes)
    lines = [_line(line, order, partner, codes, card, book, settings, notes) for line in order.lines]
    if not lines:
        notes.reject(Reason.NO_LINES, "The order has no lines.")
    header: dict[str, Any] = {
        "CardCode": code,
        "NumAtCard": order.number,
        "DocDate": order.date.isoformat(),
        "TaxDate": order.date.isoformat(),
        "DocDueDate": delivery_day(order, notes).isoformat(),
        settings.reference_field: reference,
        "Comments": _comments(order, partner, notes),
        **settings.branch_fields(),
    }
    header |= currency_fields(order.currency, card, book, notes)
    header |= _contact(order, card)
    header |= ship_to_fields(order, card, partner, notes)
    complete = [line for line in lines if line is not None]
    possible = card is not None and bool(complete) and len(complete) == len(lines) and order.purpose == "00"
    payload = header | {"DocumentLines": complete} if possible else None
    prices = tuple((f"line {line.number}", made.get("UnitPrice")) for line, made in zip(order.lines, complete, strict=False))
    return Creation(target, payload, notes.findings, notes.missing, code, prices if payload else ())


def _line(
    line: OrderLine,
    order: PurchaseOrder,
    partner: Partner,
    codes: tuple[str, ...],
    card: BusinessPartner | None,
    book: ReferenceBook,
    settings: SapSettings,
    notes: Checklist,
) -> Mapping[str, Any] | None:
    place = f"line {line.number}"
    item = _item(line, order, partner, codes, book, settings, notes, place)
    if line.quantity <= 0:
        notes.reject(
            Reason.QUANTITY_NOT_POSITIVE, f"The quantity is {plain(line.quantity)}; an order needs more than zero.", place
        )
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
    check_decimals(measure.quantity, QUANTITY, "SAP", notes, place)
    check_pack(line, x12_factors(item, partner, book), notes, place)
    fields: dict[str, Any] = {"ItemCode": item.code, "Quantity": measure.quantity}
    if measure.unit_id:
        fields["UoMEntry"] = int(measure.unit_id)
    elif measure.in_stock_units:
        fields["UseBaseUnits"] = "tYES"
    if measure.unit_price is None:
        notes.note(Reason.PRICE_MISSING, f"The order states no price for item {item.code}; SAP's price list decides.", place)
    else:
        fields["UnitPrice"] = price = to_scale(measure.unit_price, PRICE)
        check_rounding(line, measure.quantity * price, "SAP", notes, place)
    if wanted := wanted_day(line.dates):
        fields["ShipDate"] = wanted.isoformat()
    fields |= line_ship_to_fields(line, card, partner, notes, place)
    if remarks := " / ".join(line_remarks(line)):
        fields["FreeText"] = remarks[:FREE_TEXT_MAX]
        if len(remarks) > FREE_TEXT_MAX:
            words = f"The line's notes are longer than SAP's free text; left out: {remarks[FREE_TEXT_MAX:]!r}."
            notes.note(Reason.NOTES_SHORTENED, words, place)
    return fields


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
    code = item_of(line, order, partner, codes, book, notes, place, "SAP's business partner catalogue")
    if not code:
        return None
    item = check_item(code, order.date, book, notes, place)
    purchase = settings.order_target == "PurchaseOrders"
    if item is not None and not (item.for_purchase if purchase else item.for_sale):
        word = "purchase" if purchase else "sales"
        notes.reject(Reason.ITEM_NOT_FOR_ORDER, f"Item {item.code} ({item.description}) is no {word} item in SAP.", place)
    return item


def currency_fields(currency: str, card: BusinessPartner | None, book: ReferenceBook, notes: Checklist) -> dict[str, Any]:
    """DocCurrency as the company writes it; nothing where the order states none, then the business partner's counts."""
    if not currency:
        return {}
    codes = sorted((c.code != c.iso, c.code) for c in book.currencies.values() if c.iso == currency)
    if not codes:
        notes.look_up("currency", currency)
        notes.reject(Reason.CURRENCY_UNKNOWN, f"Currency {currency} is not among SAP's currencies. Define it there.", "CUR")
        return {}
    own = book.currencies.get(card.currency) if card else None
    if card is not None and own is not None and own.iso != currency:
        notes.reject(
            Reason.CURRENCY_DIFFERS,
            f"The order is in {currency}, business partner {card.code} trades in {own.iso}. Approve it if that is meant.",
            "CUR",
        )
    same_as_partner = card is not None and own is not None and own.iso == currency
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
    extras = allowances_in_words(order)
    for extra in extras:
        notes.note(Reason.ALLOWANCE_NOT_POSTED, f"{extra} of the order stands in SAP's remarks only; enter it there.", "SAC")
    texts = [
        f"X12 {set_of(order)} {order.number} of {partner.title or partner.name}",
        *([f"release {order.release}"] if order.release else []),
        *marked_for(order.parties),
        *extras,
        *map(clean, order.notes),
    ]
    text = clean(" / ".join(filter(None, texts)))
    if len(text) > COMMENTS_MAX:
        notes.note(
            Reason.NOTES_SHORTENED,
            f"The order's notes are longer than SAP's remarks; left out: {text[COMMENTS_MAX:]!r}.",
            "NTE",
        )
    return text[:COMMENTS_MAX]
