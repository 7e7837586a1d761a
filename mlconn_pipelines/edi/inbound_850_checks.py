"""Whether a partner's 850 or 875 says no more and nothing else than the order that we would make of it, whatever ERP it goes into.

What we cannot carry is held with a sentence: an order for three stores is not one order without a store.
"""

from __future__ import annotations

from collections.abc import Sequence

from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.order_prices import OF_OTHERS, in_words
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.documents.price_basis import units_of_price
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import check_price_basis, plain
from mlconn_pipelines.ports.partner import OrderRules
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.grammar.naming import meaning_of

FIRM_TYPES = frozenset(("SA", "NE", "DS", "DR", "RO", "EO", "RL", "KN", "OS", "RE", "PR", "NP", "NS", "CO", "SS"))
"""BEG02 of orders that ask for goods now, against payment, once."""

DELIVERED_TO = ("ST", "BS", "DA")
"""N101 of the place that goods are delivered to, the plainest first."""

DELIVERED_TO_OF_LINE = frozenset((*DELIVERED_TO, "AE", "MQ", "RC", "UC", "CN", "SN"))
_STORES_SHOWN = 5


def check_can_be_taken(order: PurchaseOrder, rules: OrderRules, notes: Checklist) -> None:
    """The order's purpose, type and places, and what each line says beside item, quantity, price, day and place."""
    _check_purpose(order, notes)
    _check_type(order, rules, notes)
    places = places_of(order.parties, DELIVERED_TO)
    if len(places) > 1:
        notes.reject(
            Reason.SEVERAL_SHIP_TOS,
            f"The order names {len(places)} places to deliver to ({shown(places)}), and nothing says what goes where. "
            f"Approve it if all of it goes to {shown(places[:1])}, or enter it by hand and dismiss this.",
            "N1 ST",
        )
    for line in order.lines:
        _check_line(line, order, rules, notes)


def _check_purpose(order: PurchaseOrder, notes: Checklist) -> None:
    """Only originals create a record, and what the partner's file lets pass as one."""
    allowed = notes.partner is not None and notes.partner.means_original("850", order.purpose)
    if order.purpose != "00" and not allowed:
        element = order.STATED_IN["purpose"]
        stated = f"{element} {order.purpose}" if element == "BEG01" else element  # which has codes of its own
        notes.reject(
            Reason.PURPOSE_NOT_SUPPORTED,
            f"The order is a {_PURPOSES.get(order.purpose, 'message of another purpose')} ({stated}), and only "
            "originals (00) create a record. Do it by hand and dismiss this, or reprocess it once the flow for it exists.",
            element,
        )


_PURPOSES = {"01": "cancellation", "04": "change", "05": "replacement", "06": "confirmation", "07": "duplicate"}


def _check_type(order: PurchaseOrder, rules: OrderRules, notes: Checklist) -> None:
    if order.kind not in (rules.types or FIRM_TYPES):
        meaning, element = meaning_of("92", order.kind) or "which X12 does not list", order.STATED_IN["kind"]
        which = "which the partner file does not list under orders.types" if rules.types else "which is no firm new order"
        notes.reject(
            Reason.ORDER_TYPE_NOT_FIRM,
            f"The order is of type {order.kind or 'none'} ({meaning}), {which} ({element}). Approve it if it is "
            "one all the same; else do by hand what it asks for and dismiss this.",
            element,
        )


def _check_line(line: OrderLine, order: PurchaseOrder, rules: OrderRules, notes: Checklist) -> None:
    place = f"line {line.number}"
    if units_of_price(line.price_basis, line.unit) is None:
        check_price_basis(line.price_basis, line.unit, line.unit_price, "PO105", notes, place)
    paid = order.price_of(line)
    if paid.amount is not None and paid.amount < 0:
        notes.reject(
            Reason.PRICE_NEGATIVE, f"The price is {plain(paid.amount)}, below zero. Ask the partner what is meant.", place
        )
    if paid.doubt:
        notes.reject(
            Reason.PRICE_ELSEWHERE,
            f"What the line costs does not follow: {paid.doubt}. Ask the partner which price is meant; approved, "
            f"{f'{plain(paid.amount)} is taken' if paid.amount is not None else 'the ERP takes its own price list'}.",
            place,
        )
    elif not paid.amount and (segment := next((id_ for id_ in ("CTP", "PO3", "G6810") if id_ in line.unread), "")):
        element = order.STATED_IN["unit_price"]
        notes.reject(
            Reason.PRICE_ELSEWHERE,
            f"The line has no price in {element}, but one in {segment}, which is not read. Ask the partner to send it in "
            f"{element}, or enter the order by hand and dismiss this; approved, the ERP's price list decides.",
            place,
        )
    of_others = [in_words(price) for price in line.prices if price.kind in OF_OTHERS]
    if of_others:
        notes.note(
            Reason.PRICE_OF_OTHERS,
            f"The line states {', '.join(of_others)}, which is not what it costs; it is not carried over.",
            place,
        )
    if line.components:
        _tell_components(line, rules, notes, place)
    elif "SLN" in line.unread:
        notes.reject(
            Reason.HAS_COMPONENTS,
            "The line names components (SLN), which were not read when it came. Approve it if its own item, quantity and price are all "
            "that is ordered, or enter it by hand and dismiss this.",
            place,
        )


def _tell_components(line: OrderLine, rules: OrderRules, notes: Checklist, place: str) -> None:
    named = []
    for one in line.components:
        ids = ", ".join(f"{product.qualifier} {product.id}" for product in one.product_ids) or "no product number"
        amount = "" if one.quantity is None else f" {plain(one.quantity)} {one.unit}".rstrip()
        named.append(f"{ids}{amount}")
    shown = f"{'; '.join(named[:_STORES_SHOWN])}{' ...' if len(named) > _STORES_SHOWN else ''}"
    if rules.components == "note":
        notes.note(
            Reason.HAS_COMPONENTS, f"The line names components, which are not entered: {shown}.", place, "accept_with_error"
        )
        return
    notes.reject(
        Reason.HAS_COMPONENTS,
        f"The line names components (SLN): {shown}. Approve it if its own item, quantity and price are all that is ordered, or enter "
        "it by hand and dismiss this; orders.components: note in the partner file takes such lines as they stand.",
        place,
    )


def places_of(parties: Sequence[Party], roles: Sequence[str] | frozenset[str]) -> list[Party]:
    """The parties of these roles, each place once, those of the plainest role first."""
    found: list[Party] = []
    ranked = sorted(
        (one for one in parties if one.role in roles),
        key=lambda one: DELIVERED_TO.index(one.role) if one.role in DELIVERED_TO else 9,
    )
    for party in ranked:
        if not any(is_same_place(party, known) for known in found):
            found.append(party)
    return found


def is_same_place(one: Party, other: Party) -> bool:
    """Whether both are one place: by its number where both have one, else by name and address."""
    if one.id and other.id:
        return (one.id_qualifier, one.id) == (other.id_qualifier, other.id)
    return _described(one) == _described(other)


def _described(party: Party) -> tuple[str, ...]:
    said = (party.name, party.name_2, *party.street, party.city, party.state, party.postal_code)
    return tuple(" ".join(text.split()).casefold() for text in said if text)


def shown(places: Sequence[Party]) -> str:
    return ", ".join(" ".join(filter(None, (party.id, party.name, party.city))) or party.role for party in places)
