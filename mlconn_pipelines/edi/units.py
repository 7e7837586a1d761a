"""ERP units and X12 units, both ways, with factors. A unit without an agreement is a finding, never a guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from mlconn_pipelines.documents.reference import Item, ReferenceBook
from mlconn_pipelines.errors import DocumentRejected
from mlconn_pipelines.ports.partner import Partner
from mlconn_pipelines.reasons import Reason

QUANTITY_STEP = Decimal("0.000001")
PRICE_STEP = Decimal("0.000001")
"""What ERPs keep of quantities and prices."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity in some unit and the price of one of that unit.

    unit_id: the ERP's id of a unit that must be named, since the ERP would take another by itself. in_stock_units: the quantity
    counts the item's stock unit, which the ERP must be told too.
    """

    quantity: Decimal
    unit: str
    unit_price: Decimal | None = None
    unit_id: str = ""
    in_stock_units: bool = False


def _unknown(what: str, hint: str) -> DocumentRejected:
    return DocumentRejected(what, hint, code=Reason.UNIT_UNKNOWN)


def unit_factors(item: Item | None, book: ReferenceBook) -> Mapping[str, Decimal]:
    """How many stock units one of each ERP unit holds: the item's unit group first, then what the item itself says."""
    if item is None:
        return {}
    return {**item.unit_factors, **book.unit_factors.get(item.unit_group, {})}


def x12_factors(item: Item | None, partner: Partner, book: ReferenceBook) -> Mapping[str, Decimal]:
    """How many stock units of the item one of each X12 unit holds: the partner file first, then the item's own units."""
    own = {x12: held for erp, held in unit_factors(item, book).items() for x12 in (partner.units.get(erp, erp),)}
    return {**own, **partner.unit_factors}


def line_unit_of(item: Item, book: ReferenceBook, *, purchase: bool) -> str:
    """The unit that the ERP gives a new line of this item by itself; empty where it has none."""
    unit_id = item.purchase_unit_id if purchase else item.sales_unit_id
    by_id = next((unit.code for unit in book.units.values() if unit.id == unit_id), "") if unit_id else ""
    return by_id or (item.purchase_unit if purchase else item.sales_unit)


def x12_unit(erp_unit: str, partner: Partner) -> str:
    """The agreed X12 unit; the partner's default for a line without a unit. DocumentRejected (`unit_unknown`) when there is no agreement.

    A unit that the ERP already writes as this partner's X12 code needs no entry.
    """
    if not erp_unit:
        return partner.default_unit
    if agreed := partner.units.get(erp_unit):
        return agreed
    if erp_unit in _x12_units(partner):
        return erp_unit
    raise _unknown(
        f"unit {erp_unit!r} has no X12 unit agreed with {partner.name}",
        f"Add it to `units` of the partner file, such as {erp_unit}: EA",
    )


def erp_units(unit: str, partner: Partner) -> tuple[str, ...]:
    """The ERP units that stand for an X12 unit with this partner, the agreements read backwards; may be several or none."""
    agreed = [erp for erp, x12 in partner.units.items() if x12 == unit]
    if unit in _x12_units(partner) and unit not in partner.units:
        agreed.append(unit)
    return tuple(agreed)


def to_x12(
    quantity: Decimal,
    unit_price: Decimal | None,
    erp_unit: str,
    partner: Partner,
    factors: Mapping[str, Decimal],
    line_factor: Decimal = Decimal(),
) -> Measure:
    """An ERP line's quantity and price in the agreed X12 unit.

    DocumentRejected (`unit_unknown`) without an agreement, or without an exact result.

    factors: of `unit_factors`; line_factor: stock units in the line's unit as the line says, used where the item does not.
    They matter only when the partner file gives the X12 unit another content than the ERP's unit has.
    """
    unit = x12_unit(erp_unit, partner)
    held = factors.get(erp_unit) or line_factor
    agreed = partner.unit_factors.get(unit)
    if not agreed or not held or agreed == held:
        return Measure(quantity, unit, unit_price)
    converted = _exact_quantity(quantity * held / agreed)
    if converted is None:
        raise _unknown(
            f"{quantity:f} {erp_unit} of {held:f} stock units each are no exact number of {unit} of {agreed:f} each",
            f"Correct unit_factors of the partner file {partner.name}, or the ERP's unit",
        )
    return Measure(converted, unit, _price_for(unit_price, quantity, converted))


def to_erp(
    quantity: Decimal, unit_price: Decimal | None, unit: str, partner: Partner, item: Item, line_unit: str, book: ReferenceBook
) -> Measure:
    """An X12 line's quantity and price in the ERP's own unit.

    DocumentRejected (`unit_unknown`) when the unit has no agreement or no factor.

    line_unit: the unit that the ERP gives a new line of this item when none is named (its sales or purchase unit). In order:
    that unit; another unit of the item's group, named by its id; that unit again, converted; the stock unit, converted.
    """
    group = book.unit_factors.get(item.unit_group, {})
    factors = unit_factors(item, book)
    agreed = erp_units(unit, partner)
    explicit = partner.unit_factors.get(unit)
    if explicit is None and not line_unit and unit == partner.default_unit:
        return Measure(quantity, line_unit, unit_price)
    fitting = [name for name in agreed if explicit is None or factors.get(name) == explicit]
    if any(_same(line_unit, name, book) for name in fitting):
        return Measure(quantity, line_unit, unit_price)
    for name in fitting:
        if name in group and name in book.units:
            return Measure(quantity, name, unit_price, unit_id=book.units[name].id)
    held = explicit or _stock_units_in(agreed, item, factors)
    if held is None:
        raise _no_way_from(unit, agreed, partner, item)
    in_stock = quantity * held
    whole = _exact_quantity(in_stock / (factors.get(line_unit) or Decimal(1)))
    if whole is not None:
        return Measure(whole, line_unit, _price_for(unit_price, quantity, whole))
    counted = _exact_quantity(in_stock)
    if counted is None:
        raise _unknown(
            f"{quantity:f} {unit} of {held:f} stock units each have more than six decimals in stock units of item {item.code}",
            f"Correct unit_factors of the partner file {partner.name}, or ask the partner for another quantity",
        )
    return Measure(counted, item.stock_unit, _price_for(unit_price, quantity, counted), in_stock_units=True)


def _no_way_from(unit: str, agreed: tuple[str, ...], partner: Partner, item: Item) -> DocumentRejected:
    if not agreed:
        return _unknown(
            f"unit {unit!r} of {partner.name} has no ERP unit", f"Add one to `units` of the partner file, such as Stk: {unit}"
        )
    return _unknown(
        f"unit {unit!r} of {partner.name} is {' or '.join(agreed)} here, and item {item.code} has no such unit",
        f"Add the unit to the item, or its content to unit_factors of the partner file, such as {unit}: 12",
    )


def _same(one: str, other: str, book: ReferenceBook) -> bool:
    """Whether two spellings (code and name) mean one unit."""
    return one == other or (one in book.units and book.units[one] is book.units.get(other))


def _stock_units_in(agreed: tuple[str, ...], item: Item, factors: Mapping[str, Decimal]) -> Decimal | None:
    for unit in agreed:
        if factor := factors.get(unit):
            return factor
        if unit == item.stock_unit:
            return Decimal(1)
    return None


def _x12_units(partner: Partner) -> set[str]:
    return {partner.default_unit, *partner.units.values(), *partner.unit_factors}


def _exact_quantity(quantity: Decimal) -> Decimal | None:
    """With at most six decimals, or None when that would change it."""
    stepped = quantity.quantize(QUANTITY_STEP)
    return stepped.normalize() + 0 if stepped == quantity else None


def _price_for(unit_price: Decimal | None, quantity: Decimal, converted: Decimal) -> Decimal | None:
    """The price of one converted unit, so that quantity times price stays what it was up to six decimals of the price."""
    if unit_price is None or quantity == converted or not converted:
        return unit_price
    exact = unit_price * quantity / converted
    stepped = exact.quantize(PRICE_STEP, ROUND_HALF_UP)
    return stepped.normalize() + 0 if stepped == exact else stepped
