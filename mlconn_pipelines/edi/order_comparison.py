"""What a supplier says (855, 856, 810) held against what we ordered: lines matched, quantities and prices in one unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from mlconn_pipelines.documents.item_id import code_of, covers
from mlconn_pipelines.documents.line import ProductId
from mlconn_pipelines.documents.price_basis import is_price_of_unit
from mlconn_pipelines.edi.checklist import Checklist
from mlconn_pipelines.edi.gtin import LENGTH_OF_QUALIFIER
from mlconn_pipelines.reasons import Reason
from mlconn_pipelines.x12.grammar.naming import meaning_of

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """One line of our order as the supplier read it. key: the ERP's id of the line. factors: X12 unit to stock units.

    item_code: the item, or the variant of it (`item_id`).
    """

    key: int
    number: str
    item_code: str
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    product_ids: tuple[ProductId, ...] = ()
    factors: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stated:
    """A quantity and price in the order line's own unit. None where nothing is stated, or the unit does not convert."""

    quantity: Decimal | None
    unit_price: Decimal | None
    unit_known: bool = True


class LineMatcher:
    """Finds the order line behind each stated one: by number unless the item contradicts it, then by item."""

    def __init__(self, lines: Sequence[OrderedLine]) -> None:
        self._lines = lines
        self._used: set[int] = set()

    def match(self, number: str, ids: Sequence[ProductId], item_codes: Sequence[str] = ()) -> OrderedLine | None:
        """item_codes: our items (`item_id`) that the ids were resolved to. Suppliers often count lines their own way, so that a number
        whose item is another order line's counts for that line.
        """
        numbered = next((line for line in self._lines if _same_number(line.number, number)), None)
        if numbered is not None and (not ids or _same_item(numbered, ids, item_codes)):
            return self._take(numbered)
        of_item = [line for line in self._lines if _same_item(line, ids, item_codes)]
        if of_item:
            return self._take(next((line for line in of_item if line.key not in self._used), of_item[0]))
        if numbered is not None and not contradicts(numbered, ids):
            return self._take(numbered)
        return None

    def _take(self, line: OrderedLine) -> OrderedLine:
        self._used.add(line.key)
        return line


def contradicts(line: OrderedLine, ids: Sequence[ProductId]) -> bool:
    """Whether an id of a kind that the order line has too is another one."""
    known = {product.qualifier: _bare(product) for product in line.product_ids}
    return any(known.get(product.qualifier, bare) != bare for product in ids for bare in (_bare(product),))


def in_order_unit(line: OrderedLine, quantity: Decimal | None, unit: str, unit_price: Decimal | None) -> Stated:
    """What is stated in `unit`, in the order line's unit."""
    if not unit or unit == line.unit:
        return Stated(quantity, unit_price)
    theirs, ours = line.factors.get(unit), line.factors.get(line.unit)
    if not theirs or not ours:
        return Stated(None, None, unit_known=False)
    return Stated(
        None if quantity is None else round(quantity * theirs / ours, 6),
        None if unit_price is None else round(unit_price * ours / theirs, 6),
    )


def check_unit(stated: Stated, line: OrderedLine, unit: str, notes: Checklist, place: str) -> None:
    """A unit that cannot be compared with the order's."""
    if not stated.unit_known:
        notes.reject(
            Reason.UNIT_DIFFERS,
            f"Item {line.item_code} was ordered in {line.unit} and is stated in {unit}, and the factor between them is unknown. "
            "Add it to unit_factors of the partner file, or ask the supplier.",
            place,
        )


def check_price(
    stated: Stated, line: OrderedLine, tolerance: Decimal, notes: Checklist, place: str, worked_out: str = ""
) -> bool:
    """Whether the price agrees with the order's up to the tolerance; a finding when it does not.

    worked_out: from what, where the price is not stated for the order's unit itself.
    """
    if stated.unit_price is None or line.unit_price is None or abs(stated.unit_price - line.unit_price) <= tolerance:
        return True
    notes.reject(
        Reason.PRICE_DIFFERS,
        f"Item {line.item_code}: the supplier's price is {plain(stated.unit_price)} per {line.unit}{worked_out}, "
        f"ordered at {plain(line.unit_price)}.",
        place,
    )
    return False


def check_not_above(
    quantity: Decimal, line: OrderedLine, verb: str, code: str, notes: Checklist, place: str, *, at_most: bool = True
) -> None:
    """A quantity above the ordered one (or, with at_most False, any other one) is a finding. verb: `shipped`, `invoiced`."""
    if quantity > line.quantity or (not at_most and quantity != line.quantity):
        notes.reject(
            code,
            f"Item {line.item_code}: {plain(quantity)} {line.unit} {verb}, {plain(line.quantity)} {line.unit} ordered.",
            place,
        )


def line_unknown(what: str, number: str, ids: Sequence[ProductId], notes: Checklist, place: str) -> None:
    """A stated line that no order line fits."""
    shown = ", ".join(f"{product.qualifier} {product.id}" for product in ids) or "no product number"
    notes.reject(Reason.LINE_UNKNOWN, f"{what} line {number or 'without number'} ({shown}) is not on the order.", place)


def check_price_basis(basis: str, unit: str, price: Decimal | None, element: str, notes: Checklist, place: str) -> bool:
    """Whether the price of one of the unit follows from the stated one; a finding where it does not. element: `PO105`, `IT105`."""
    if is_price_of_unit(basis, unit):
        return True
    meaning = meaning_of("639", basis)
    says = (f"is stated as {meaning!r}" if meaning else "has a basis that X12 does not know") + f" ({element} {basis})"
    stated = "" if price is None else f" {plain(price)}"
    notes.reject(
        Reason.PRICE_BASIS,
        f"The price{stated} {says}, and the line is in {unit or 'no unit'}: what one of them costs does not follow. Ask the partner; "
        "approve it if the price is that of one of the unit.",
        place,
    )
    return False


def plain(number: Decimal) -> str:
    """A number for people: no exponent, no trailing zeros.

    >>> plain(Decimal("12.500")), plain(Decimal("1E+2"))
    ('12.5', '100')
    """
    return f"{round(number, 6).normalize():f}" if number else "0"


def _same_number(one: str, other: str) -> bool:
    return bool(other) and (one == other or (one.isdecimal() and other.isdecimal() and int(one) == int(other)))


def _same_item(line: OrderedLine, ids: Sequence[ProductId], item_codes: Sequence[str]) -> bool:
    if line.item_code and any(covers(found, line.item_code) for found in item_codes):
        return True
    if line.item_code and any(product.id == code_of(line.item_code) for product in ids):
        return True
    known = {_bare(product) for product in line.product_ids}
    return any(_bare(product) in known for product in ids)


def _bare(product: ProductId) -> str:
    return product.id.lstrip("0") if product.qualifier in LENGTH_OF_QUALIFIER else product.id
