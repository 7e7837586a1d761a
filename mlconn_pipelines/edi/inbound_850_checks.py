"""Whether a partner's 850 or 875 says no more and nothing else than the order that we would make of it, whatever ERP it goes into.

What we cannot carry is held with a sentence: an order for three stores is not one order without a store.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.order_comparison import check_price_basis, plain
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.grammar.naming import meaning_of

FIRM_TYPES = frozenset(("SA", "NE", "DS", "DR", "RO", "EO", "RL", "KN", "OS", "RE", "PR", "NP", "NS", "CO", "SS"))
"""BEG02 of orders that ask for goods now, against payment, once."""

DELIVERED_TO = ("ST", "BS", "DA")
"""N101 of the place that goods are delivered to, the plainest first."""

_DELIVERED_TO_OF_LINE = frozenset((*DELIVERED_TO, "AE", "MQ", "RC", "UC", "CN", "SN"))
_STORES_SHOWN = 5


def check_can_be_taken(order: PurchaseOrder, notes: Checklist) -> None:
    """The order's purpose, type and places, and what each line says beside item, quantity, price and day."""
    _check_purpose(order, notes)
    _check_type(order, notes)
    places = _places(order.parties, DELIVERED_TO)
    if len(places) > 1:
        notes.reject(
            Reason.SEVERAL_SHIP_TOS,
            f"The order names {len(places)} places to deliver to ({_shown(places)}), and nothing says what goes where. "
            f"Approve it if all of it goes to {_shown(places[:1])}, or enter it by hand and dismiss this.",
            "N1 ST",
        )
    for line in order.lines:
        _check_line(line, order, places[:1], notes)


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


def _check_type(order: PurchaseOrder, notes: Checklist) -> None:
    if order.kind not in FIRM_TYPES:
        meaning, element = meaning_of("92", order.kind) or "which X12 does not list", order.STATED_IN["kind"]
        notes.reject(
            Reason.ORDER_TYPE_NOT_FIRM,
            f"The order is of type {order.kind or 'none'} ({meaning}), which is no firm new order ({element}). Approve it if it is "
            "one all the same; else do by hand what it asks for and dismiss this.",
            element,
        )


def _check_line(line: OrderLine, order: PurchaseOrder, of_order: Sequence[Party], notes: Checklist) -> None:
    place = f"line {line.number}"
    check_price_basis(line.price_basis, line.unit, line.unit_price, "PO105", notes, place)
    if line.unit_price is not None and line.unit_price < 0:
        notes.reject(
            Reason.PRICE_NEGATIVE, f"The price is {plain(line.unit_price)}, below zero. Ask the partner what is meant.", place
        )
    if not line.unit_price and (segment := next((id_ for id_ in ("CTP", "PO3", "G6810") if id_ in line.unread), "")):
        element = order.STATED_IN["unit_price"]
        notes.reject(
            Reason.PRICE_ELSEWHERE,
            f"The line has no price in {element}, but one in {segment}, which is not read yet. Ask the partner to send it in "
            f"{element}, or enter the order by hand and dismiss this; approved, the ERP's price list decides.",
            place,
        )
    if line.store_quantities or "QTY" in line.unread:
        _reject_stores(line, notes, place)
    if "SCH" in line.unread:
        notes.reject(
            Reason.SPLIT_BY_SCHEDULE,
            "The line has a schedule of quantities and days (SCH), which is not carried into an order yet. Enter the order by hand "
            "and dismiss this; approved, it becomes one line over the whole quantity.",
            place,
        )
    if "SLN" in line.unread:
        notes.reject(
            Reason.HAS_COMPONENTS,
            "The line names components (SLN), which are not carried into an order yet. Approve it if its own item, quantity and "
            "price are all that is ordered, or enter it by hand and dismiss this.",
            place,
        )
    others = [
        one for one in _places(line.parties, _DELIVERED_TO_OF_LINE) if not any(_is_same(one, known) for known in of_order)
    ]
    if others:
        notes.reject(
            Reason.LINE_SHIP_TO,
            f"The line goes to {_shown(others)}, not to the order's own place ({_shown(of_order) or 'it names none'}). Enter the "
            "order by hand and dismiss this; approved, all of it goes to the order's own place.",
            place,
        )


def _reject_stores(line: OrderLine, notes: Checklist, place: str) -> None:
    stores = [f"{one.store} {plain(one.quantity)}" for one in line.store_quantities]
    shown = f": {', '.join(stores[:_STORES_SHOWN])}{' ...' if len(stores) > _STORES_SHOWN else ''}" if stores else ""
    total = sum((one.quantity for one in line.store_quantities), Decimal())
    differs = (
        f" The stores add up to {plain(total)}, the line is over {plain(line.quantity)}."
        if stores and total != line.quantity
        else ""
    )
    notes.reject(
        Reason.SPLIT_BY_STORE,
        f"The line is split between places ({'SDQ' if stores else 'N1 with QTY'}){shown}, and an order for each is not made yet."
        f"{differs} Enter the orders by hand and dismiss this; approved, it becomes one order over the whole quantity.",
        place,
    )


def _places(parties: Sequence[Party], roles: Sequence[str] | frozenset[str]) -> list[Party]:
    """The parties of these roles, each place once, those of the plainest role first."""
    found: list[Party] = []
    ranked = sorted(
        (one for one in parties if one.role in roles),
        key=lambda one: DELIVERED_TO.index(one.role) if one.role in DELIVERED_TO else 9,
    )
    for party in ranked:
        if not any(_is_same(party, known) for known in found):
            found.append(party)
    return found


def _is_same(one: Party, other: Party) -> bool:
    """Whether both are one place: by its number where both have one, else by name and address."""
    if one.id and other.id:
        return (one.id_qualifier, one.id) == (other.id_qualifier, other.id)
    return _described(one) == _described(other)


def _described(party: Party) -> tuple[str, ...]:
    said = (party.name, party.name_2, *party.street, party.city, party.state, party.postal_code)
    return tuple(" ".join(text.split()).casefold() for text in said if text)


def _shown(places: Sequence[Party]) -> str:
    return ", ".join(" ".join(filter(None, (party.id, party.name, party.city))) or party.role for party in places)
