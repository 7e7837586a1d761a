"""X12 850 or 875 to a sales order with its lines: codes resolved, nothing guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlconn_pipelines.documents.item_id import code_of
from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.party import Party, party_of
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
from mlconn_pipelines.edi.inbound_850_checks import DELIVERED_TO
from mlconn_pipelines.edi.order_as_meant import order_as_meant
from mlconn_pipelines.edi.order_comparison import plain
from mlconn_pipelines.edi.order_remarks import line_remarks, marked_for
from mlconn_pipelines.edi.packing import check_pack
from mlconn_pipelines.edi.text_fitting import clean, wrap
from mlconn_pipelines.edi.units import Measure, erp_units, line_unit_of, to_erp, x12_factors
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.mapping import Creation
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.records.decimal_json import to_scale
from mlconn_pipelines.systems.business_central.mapping.checks import check_item, check_partner, variant_id_of
from mlconn_pipelines.systems.business_central.mapping.sets import SALES_ORDERS, SYSTEM_TITLE
from mlconn_pipelines.systems.business_central.mapping.settings import BusinessCentralSettings
from mlconn_pipelines.systems.business_central.records.correlation_reference import COMMENT_LINE
from mlconn_pipelines.systems.business_central.records.scales import PRICE, QUANTITY

ORDER_NUMBER_MAX = 35
DESCRIPTION_MAX = 100
NAME_MAX, CITY_MAX, POST_CODE_MAX = 100, 30, 20


def creation_of(
    order: PurchaseOrder, partner: Partner, book: ReferenceBook, reference: str, settings: BusinessCentralSettings
) -> Creation:
    """The sales order to create, or findings that say why not.

    A payload comes along with findings that only a person can judge (another currency than the customer's), so that an approval
    can post it; what cannot be resolved leaves none.
    """
    notes = Checklist(partner)
    order = order_as_meant(order, partner, notes, system=SYSTEM_TITLE)
    codes = partner.customer_codes
    if not codes:
        notes.reject(
            Reason.PARTNER_CODE_MISSING, f"{partner.name} has no customer_codes in the partner file, which a sales order needs."
        )
        return Creation(SALES_ORDERS, None, notes.findings, notes.missing)
    customer = check_partner(codes[0], "customer", book, notes)
    lines = [_line(line, order, partner, codes, book, notes) for line in order.lines]
    if not lines:
        notes.reject(Reason.NO_LINES, "The order has no lines.")
    complete = [line for line in lines if line is not None]
    possible = customer is not None and bool(complete) and len(complete) == len(lines) and order.purpose == "00"
    header: dict[str, Any] = {
        "customerNumber": codes[0],
        "externalDocumentNumber": _order_number(order, notes),
        "orderDate": order.date.isoformat(),
        "requestedDeliveryDate": delivery_day(order, notes).isoformat(),
    }
    header |= _currency(order, customer, book, notes)
    header |= _ship_to(order, customer, partner, book, notes)
    if settings.reference_field == COMMENT_LINE:
        told = [{"description": reference}]
    else:
        header[settings.reference_field] = reference
        told = []
    told += [{"description": text} for text in _comments(order, notes)]
    payload = header | {"salesOrderLines": [*complete, *told]} if possible else None
    prices = tuple((f"line {line.number}", made.get("unitPrice")) for line, made in zip(order.lines, complete, strict=False))
    return Creation(SALES_ORDERS, payload, notes.findings, notes.missing, codes[0], prices if payload else ())


def _order_number(order: PurchaseOrder, notes: Checklist) -> str:
    """As Business Central keeps it: at most 35 characters, in capitals."""
    number = clean(order.number)
    if len(number) > ORDER_NUMBER_MAX:
        notes.reject(
            Reason.ORDER_NUMBER_TOO_LONG,
            f"The order number {number!r} has {len(number)} characters, {SYSTEM_TITLE} takes {ORDER_NUMBER_MAX}.",
            order.STATED_IN["number"],
        )
    elif number != number.upper():
        notes.note(
            Reason.ORDER_NUMBER_IN_CAPITALS,
            f"{SYSTEM_TITLE} keeps the order number {number!r} in capitals; its invoice will name {number.upper()!r}.",
            order.STATED_IN["number"],
        )
    return number.upper()


def _line(
    line: OrderLine, order: PurchaseOrder, partner: Partner, codes: tuple[str, ...], book: ReferenceBook, notes: Checklist
) -> Mapping[str, Any] | None:
    place = f"line {line.number}"
    ours = item_of(line, order, partner, codes, book, notes, place, catalogue="")
    if line.quantity <= 0:
        notes.reject(
            Reason.QUANTITY_NOT_POSITIVE, f"The quantity is {plain(line.quantity)}; an order needs more than zero.", place
        )
        return None
    item = check_item(code_of(ours), book, notes, place) if ours else None
    variant_id = variant_id_of(ours, book, notes, place)
    if item is None or variant_id is None:
        return None
    try:
        measure = _measure(line, partner, item, book)
    except DocumentRejected as refusal:
        notes.reject(refusal.code, str(refusal), place)
        return None
    check_decimals(measure.quantity, QUANTITY, SYSTEM_TITLE, notes, place)
    check_pack(line, x12_factors(item, partner, book), notes, place)
    fields: dict[str, Any] = {"lineType": "Item", "lineObjectNumber": item.code, "quantity": measure.quantity}
    if variant_id:
        fields["itemVariantId"] = variant_id
    if measure.unit:
        fields["unitOfMeasureCode"] = measure.unit
    if measure.unit_price is None:
        notes.note(
            Reason.PRICE_MISSING, f"The order states no price for item {item.code}; {SYSTEM_TITLE}'s price list decides.", place
        )
    else:
        fields["unitPrice"] = price = to_scale(measure.unit_price, PRICE)
        check_rounding(line, measure.quantity * price, SYSTEM_TITLE, notes, place)
    if wanted := wanted_day(line.dates):
        fields["shipmentDate"] = wanted.isoformat()
    return fields


def _measure(line: OrderLine, partner: Partner, item: Item, book: ReferenceBook) -> Measure:
    """The line in the item's base unit, else in the one other unit that is agreed for it, whose content the service knows.

    API v2.0 does not show which other units an item has; it refuses one that the item lacks. DocumentRejected (`unit_unknown`).
    """
    agreed = {book.units[name].code for name in erp_units(line.unit, partner) if name in book.units}
    if len(agreed) == 1 and item.stock_unit not in agreed and line.unit not in partner.unit_factors:
        return Measure(line.quantity, agreed.pop(), line.unit_price)
    own_unit = line_unit_of(item, book, purchase=False)
    return to_erp(line.quantity, line.unit_price, line.unit, partner, item, own_unit, book)


def _currency(order: PurchaseOrder, customer: BusinessPartner | None, book: ReferenceBook, notes: Checklist) -> dict[str, Any]:
    """Nothing where the order states none or the customer's own, which the service takes by itself.

    A customer without one trades in the company's own, which no record names: it is the one that is not among the foreign ones.
    The service refuses a code that it does not know at all.
    """
    if not order.currency or customer is None or order.currency == customer.currency:
        return {}
    if customer.currency or order.currency in book.currencies:
        notes.reject(
            Reason.CURRENCY_DIFFERS,
            f"The order is in {order.currency}, customer {customer.code} trades in "
            f"{customer.currency or 'the local currency'}. Approve it if that is meant.",
            "CUR",
        )
    return {"currencyCode": order.currency}


def _ship_to(
    order: PurchaseOrder, customer: BusinessPartner | None, partner: Partner, book: ReferenceBook, notes: Checklist
) -> dict[str, Any]:
    """The address as stated, else that of the customer whom the partner file names for the location, else a finding.

    API v2.0 knows no ship-to codes: a location is a customer of its own there, or only an address. An order without a ship-to
    party leaves Business Central its default.
    """
    stated = party_of(order.parties, *DELIVERED_TO)
    if stated is None or customer is None:
        return {}
    if stated.street or stated.city or stated.postal_code:
        return _address(stated, notes)
    configured = partner.ship_to.get(stated.id, "") if stated.id else ""
    known = book.partner(configured, "customer") if configured else None
    if known is not None and known.kind == "customer":
        return _address(known.ship_to[known.default_ship_to], notes)
    if configured:
        notes.look_up("partner", configured)
        notes.reject(
            Reason.SHIP_TO_UNKNOWN,
            f"Location {stated.id} is customer {configured!r} in the partner file, and {SYSTEM_TITLE} has no such customer. Create "
            "it, or correct the partner file.",
            "N1 ST",
        )
        return {}
    notes.reject(
        Reason.SHIP_TO_UNKNOWN,
        f"Location {stated.id or stated.name!r} of {partner.name} is not known. Add it to `ship_to` of the partner file with the "
        f"number of the customer in {SYSTEM_TITLE} whose address it is.",
        "N1 ST",
    )
    return {}


def _address(stated: Party, notes: Checklist) -> dict[str, str]:
    street = (*stated.street, "", "")
    fields = {
        "shipToName": (" ".join(filter(None, (stated.name, stated.name_2))), NAME_MAX),
        "shipToAddressLine1": (street[0], NAME_MAX),
        "shipToAddressLine2": (" ".join(filter(None, street[1:])), NAME_MAX),
        "shipToCity": (stated.city, CITY_MAX),
        "shipToState": (stated.state, CITY_MAX),
        "shipToPostCode": (stated.postal_code, POST_CODE_MAX),
        "shipToCountry": (stated.country, 10),
    }
    for name, (text, most) in fields.items():
        if len(text) > most:
            notes.note(Reason.ADDRESS_SHORTENED, f"{name} takes {most} characters; left out: {text[most:]!r}.", "N1 ST")
    return {name: text[:most] for name, (text, most) in fields.items() if text}


def _comments(order: PurchaseOrder, notes: Checklist) -> list[str]:
    """What has no field of its own, as comment lines: allowances and charges, which are not posted as money, and notes."""
    extras = allowances_in_words(order)
    for extra in extras:
        notes.note(Reason.ALLOWANCE_NOT_POSTED, f"{extra} of the order stands in a comment line only; enter it there.", "SAC")
    release = [f"release {order.release}"] if order.release else []
    of_lines = [f"line {line.number}: {remark}" for line in order.lines for remark in line_remarks(line)]
    texts = (*release, *marked_for(order.parties), *extras, *order.notes, *of_lines)
    return [text for note in texts for text in wrap(note, DESCRIPTION_MAX)]
