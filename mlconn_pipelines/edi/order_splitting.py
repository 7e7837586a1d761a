"""Lines for several stores or several days, as the partner file has them: lines of one order, an order for each store, or held.

What is split has to make the whole: the parts of a line are added up and compared with its quantity before anything is made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mlconn_pipelines.documents.order import OrderLine, PurchaseOrder
from mlconn_pipelines.documents.party import Party
from mlconn_pipelines.edi.allowances import in_words
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.inbound_850_checks import DELIVERED_TO, DELIVERED_TO_OF_LINE, is_same_place, places_of, shown
from mlconn_pipelines.edi.order_comparison import plain
from mlconn_pipelines.ports.partner import OrderRules
from mlconn_pipelines.reasons import Reason

MARK_FOR = "Z7"
_PARTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Part:
    """What of a line is for one place, which bears the role of a ship-to; None for the order's own."""

    place: Party | None
    quantity: Decimal


def split_lines(
    order: PurchaseOrder, rules: OrderRules, notes: Checklist, *, system: str, has_line_addresses: bool
) -> tuple[OrderLine, ...]:
    """The order's lines with those for several places or days made into several, as far as the rules say so; a finding for each that
    stays whole. has_line_addresses: the ERP keeps a place with each line. system: the ERP, as sentences call it.
    """
    made: list[OrderLine] = []
    of_order = places_of(order.parties, DELIVERED_TO)[:1]
    for line in order.lines:
        by_place = _by_place(line, of_order)
        whole = _bare(line, line.quantity)
        if fault := _schedule_fault(line, rules, bool(by_place)):
            notes.reject(Reason.SPLIT_BY_SCHEDULE, fault, f"line {line.number}")
            made.append(whole)
            continue
        if by_place is None:
            made += _by_schedule(whole) if line.schedules else [whole]
            continue
        if rules.several_stores == "lines" and has_line_addresses and not _parts_fault(line, by_place):
            made += [_line_of(line, part, of_order) for part in by_place]
            continue
        _reject_places(line, by_place, of_order, rules, notes, system)
        made.append(whole)
    return tuple(made)


def orders_by_store(order: PurchaseOrder, rules: OrderRules) -> tuple[PurchaseOrder, ...]:
    """The orders that an order for several places becomes, one for each; none where it is to stay one, or cannot be divided rightly.

    A place is where its order goes to, unless the order names one where everything goes: then it is marked for the place.
    """
    of_order = places_of(order.parties, DELIVERED_TO)
    if rules.several_stores != "order_per_store" or len(of_order) > 1:
        return ()
    divided: dict[str, tuple[Party | None, list[OrderLine]]] = {}
    for line in order.lines:
        by_place = _by_place(line, of_order) or [Part(None, line.quantity)]
        if _parts_fault(line, by_place) or (line.schedules and len(by_place) > 1) or "SCH" in line.unread:
            return ()
        for part in by_place:
            own = None if part.place is not None and any(is_same_place(part.place, known) for known in of_order) else part.place
            if own is None and not of_order:
                return ()  # nobody says where this line goes
            key = "" if own is None else _name_of(own)
            divided.setdefault(key, (own, []))[1].append(_bare(line, part.quantity))
    if all(place is None for place, _ in divided.values()):
        return ()
    return tuple(_order_of(order, place, lines) for place, lines in divided.values())


def _order_of(order: PurchaseOrder, place: Party | None, lines: Sequence[OrderLine]) -> PurchaseOrder:
    """What of the order is for one place. Its totals, and amounts of the whole order, are told and not repeated as this one's."""
    goes_to = places_of(order.parties, DELIVERED_TO)
    store = _name_of(goes_to[0] if place is None else place)
    parties = order.parties
    if place is not None:
        described = bool(place.street or place.city)
        parties = (*(one for one in parties if one not in goes_to), place)
        if goes_to and not described:
            parties = (*order.parties, replace(place, role=MARK_FOR))
    whole = [one for one in order.allowances_and_charges if one.amount is not None or one.rate_quantity is not None]
    told = tuple(f"of the whole order: {in_words(one)}" for one in whole)
    return replace(
        order,
        lines=tuple(lines),
        parties=parties,
        store=store,
        stated_total=None,
        stated_quantity=None,
        allowances_and_charges=tuple(one for one in order.allowances_and_charges if one not in whole),
        notes=(*order.notes, *told),
    )


def _by_place(line: OrderLine, of_order: Sequence[Party]) -> list[Part] | None:
    """The parts of a line by place; None where all of it goes where the order does."""
    if line.store_quantities:
        return [Part(Party("ST", id_qualifier=one.qualifier, id=one.store), one.quantity) for one in line.store_quantities]
    if with_quantity := [one for one in line.parties if one.quantity is not None]:
        return [
            Part(replace(_ship_to(one), quantity=None, unit="", quantity_kind=""), one.quantity or Decimal())
            for one in with_quantity
        ]
    others = _elsewhere(line, of_order)
    return [Part(_ship_to(one), line.quantity) for one in others] or None


def _elsewhere(line: OrderLine, of_order: Sequence[Party]) -> list[Party]:
    places = places_of(line.parties, DELIVERED_TO_OF_LINE)
    return [one for one in places if not any(is_same_place(one, known) for known in of_order)]


def _ship_to(party: Party) -> Party:
    return replace(party, role="ST")


def _line_of(line: OrderLine, part: Part, of_order: Sequence[Party]) -> OrderLine:
    """A part as a line of its own, with its place. A store without an address is marked for where the order names another place."""
    assert part.place is not None
    marked = bool(line.store_quantities) and bool(of_order)
    place = replace(part.place, role=MARK_FOR) if marked else part.place
    bare = _bare(line, part.quantity)
    return replace(bare, parties=(*bare.parties, place))


def _bare(line: OrderLine, quantity: Decimal) -> OrderLine:
    """A part without what named all parts. An allowance by amount is the whole line's: it is not repeated with each."""
    parties = tuple(one for one in line.parties if one.role not in DELIVERED_TO_OF_LINE and one.quantity is None)
    if quantity == line.quantity:
        return replace(line, parties=parties, store_quantities=())
    whole = [one for one in line.allowances_and_charges if one.amount is not None or one.rate_quantity is not None]
    return replace(
        line,
        quantity=quantity,
        parties=parties,
        store_quantities=(),
        allowances_and_charges=tuple(one for one in line.allowances_and_charges if one not in whole),
        notes=(*line.notes, *(f"of the whole line: {in_words(one)}" for one in whole)),
    )


def _by_schedule(line: OrderLine) -> list[OrderLine]:
    return [replace(_bare(line, one.quantity), dates=(*one.dates, *line.dates), schedules=()) for one in line.schedules]


def _schedule_fault(line: OrderLine, rules: OrderRules, has_places: bool) -> str:
    """Why the parts of a schedule cannot become lines, empty where they can, or there are none."""
    if not line.schedules:
        if "SCH" not in line.unread:
            return ""
        return (
            "The line has a schedule of quantities and days at one of its places (SCH after N1), which is not carried into an order. "
            "Enter the order by hand and dismiss this; approved, it becomes one line over the whole quantity."
        )
    parts = [f"{plain(one.quantity)} {' '.join(str(date.date) for date in one.dates)}" for one in line.schedules]
    said = f"The line has a schedule of quantities and days (SCH): {_some(parts)}."
    by_hand = "Enter the order by hand and dismiss this; approved, it becomes one line over the whole quantity."
    total = sum((one.quantity for one in line.schedules), Decimal())
    if any(one.unit not in ("", line.unit) for one in line.schedules):
        return f"{said} Its unit is another than the line's ({line.unit}). {by_hand}"
    if total != line.quantity:
        return f"{said} The parts add up to {plain(total)}, the line is over {plain(line.quantity)}. Ask the partner. {by_hand}"
    if any(one.quantity <= 0 for one in line.schedules):
        return f"{said} A part of it is not above zero. {by_hand}"
    if any(one.location for one in line.schedules):
        places = ", ".join(dict.fromkeys(one.location for one in line.schedules if one.location))
        return f"{said} Its parts are for places of their own (SCH04 {places}), which is not carried into an order. {by_hand}"
    if has_places:
        return f"{said} It is split between places too, and nothing says which of them gets what when. {by_hand}"
    if rules.schedules != "lines":
        return f"{said} The partner file does not say what becomes of it: with orders.schedules: lines it is a line for each. {by_hand}"
    return ""


def _parts_fault(line: OrderLine, parts: Sequence[Part]) -> str:
    """Why the parts of a line for several places do not make the line; empty where they do."""
    units = {one.unit for one in line.store_quantities} | {one.unit for one in line.parties if one.quantity is not None}
    if units - {"", line.unit}:
        return f"Their unit ({', '.join(sorted(units - {''}))}) is another than the line's ({line.unit})."
    total = sum((part.quantity for part in parts), Decimal())
    if len(parts) > 1 and not line.store_quantities and all(part.quantity == line.quantity for part in parts):
        return "It names several places, and nothing says how much of it goes where."
    if total != line.quantity:
        return f"The stores add up to {plain(total)}, the line is over {plain(line.quantity)}."
    if any(part.quantity <= 0 for part in parts):
        return "A part of it is not above zero."
    return ""


def _reject_places(
    line: OrderLine, parts: Sequence[Part], of_order: Sequence[Party], rules: OrderRules, notes: Checklist, system: str
) -> None:
    fault, place = _parts_fault(line, parts), f"line {line.number}"
    if not fault:
        fault = {
            "hold": "The partner file does not say what becomes of it: orders.several_stores takes order_per_store or lines.",
            "lines": f"{system} keeps no place with a line, which orders.several_stores: lines of the partner file would need; "
            "order_per_store makes an order for each.",
            "order_per_store": "It could not be divided: another line of the order names no place, or has a schedule.",
        }[rules.several_stores]
    if not line.store_quantities and all(one.quantity is None for one in line.parties):
        notes.reject(
            Reason.LINE_SHIP_TO,
            f"The line goes to {shown([part.place for part in parts if part.place])}, not to the order's own place "
            f"({shown(of_order) or 'it names none'}). {fault} Enter the order by hand and dismiss this; approved, all of it goes to the "
            "order's own place.",
            place,
        )
        return
    stores = [f"{_name_of(part.place)} {plain(part.quantity)}" for part in parts if part.place]
    notes.reject(
        Reason.SPLIT_BY_STORE,
        f"The line is split between places ({'SDQ' if line.store_quantities else 'N1 with QTY'}): {_some(stores)}. {fault} "
        "Enter the orders by hand and dismiss this; approved, it becomes one order over the whole quantity.",
        place,
    )


def _name_of(place: Party) -> str:
    """By which a place is told from others: its number, else what describes it."""
    return place.id or " ".join(filter(None, (place.name, *place.street, place.city)))


def _some(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:_PARTS_SHOWN])}{' ...' if len(parts) > _PARTS_SHOWN else ''}"
