"""The purchase orders that customers send, most of them sound, some with an oddity, all from the seed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from mlconn_simulators.partner.x12_text import Segment, plain
from mlconn_simulators.world.model import World, WorldItem, WorldPartner

Oddity = Literal[
    "unknown_item", "ambiguous_item", "unknown_unit", "change_order", "bad_syntax", "test_usage", "same_file_again",
    "same_number_again",
]  # fmt: skip

ODDITY_SHARES: dict[Oddity, float] = {
    "unknown_item": 0.02,
    "ambiguous_item": 0.01,
    "unknown_unit": 0.01,
    "change_order": 0.01,
    "bad_syntax": 0.01,
    "test_usage": 0.01,
    "same_file_again": 0.01,
    "same_number_again": 0.01,
}
"""Of the orders sent at the start; each comes at least once among forty orders or more."""

_GROUPED_SHARE = 0.15
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class DraftLine:
    """item: as the partner writes it, under `qualifier`. code: the company's own item code, empty where nothing fits."""

    number: str
    qualifier: str
    item: str
    code: str
    quantity: Decimal
    unit: str
    price: Decimal
    description: str

    def as_json(self) -> dict[str, Any]:
        return {"number": self.number, "qualifier": self.qualifier, "item": self.item, "code": self.code,
                "quantity": format(self.quantity, "f"), "unit": self.unit, "price": format(self.price, "f"),
                "description": self.description}  # fmt: skip


@dataclass(frozen=True)
class DraftOrder:
    """An order before it has control numbers. meant: `clean` or an oddity."""

    number: str
    lines: tuple[DraftLine, ...]
    segments: tuple[Segment, ...]
    total: Decimal
    meant: str = "clean"


@dataclass(frozen=True)
class DraftFile:
    """A file to be sent, one group in one interchange. twice: the very same bytes are put a second time."""

    partner: WorldPartner
    orders: tuple[DraftOrder, ...]
    usage: str = "P"
    twice: bool = False


@dataclass
class OrderBook:
    """Makes orders; numbers go on where they stopped. The same world gives the same orders in the same order."""

    world: World
    _dice: random.Random = field(init=False, repr=False)
    _number: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(f"orders-{self.world.seed}")
        self._pools = {partner.name: _pool(self.world, partner) for partner in self.world.partners if partner.customer_code}
        self._customers = [partner for partner in self.world.partners if self._pools.get(partner.name)]

    def at_the_start(self, count: int) -> list[DraftFile]:
        """Files with `count` orders in all, those sent twice counted twice; mostly one a file."""
        oddities = self._oddities(count)
        files: list[DraftFile] = []
        left = count
        while left > 0:
            oddity = oddities.pop() if oddities and (left <= 2 * len(oddities) or self._dice.random() < 0.15) else None
            made = self._file(oddity, left)
            files += made
            left -= sum(len(file.orders) * (2 if file.twice else 1) for file in made)
        return files

    def clean(self, count: int, *, partner: str | None = None, orders_per_file: int = 1) -> list[DraftFile]:
        """Sound orders. partner: its name, else customers in turn. Errors: ValueError for a partner that orders nothing."""
        customers = [each for each in self._customers if partner in (None, each.name)]
        if not customers:
            raise ValueError(f"No customer {partner!r}; there are {', '.join(each.name for each in self._customers)}")
        files = []
        for place in range(0, count, orders_per_file):
            customer = customers[(place // orders_per_file) % len(customers)]
            orders = tuple(self._order(customer) for _ in range(min(orders_per_file, count - place)))
            files.append(DraftFile(customer, orders))
        return files

    def odd(self, oddity: Oddity) -> list[DraftFile]:
        """The file or files with one oddity."""
        return self._file(oddity, 99)

    def _oddities(self, count: int) -> list[Oddity]:
        oddities: list[Oddity] = []
        for oddity, share in ODDITY_SHARES.items():
            times = int(share * count + 0.5)
            oddities += [oddity] * (max(1, times) if count >= 40 else times)
        self._dice.shuffle(oddities)
        return oddities

    def _file(self, oddity: Oddity | None, room: int) -> list[DraftFile]:
        customer = self._dice.choice(self._customers)
        match oddity:
            case "ambiguous_item":
                customer = next((each for each in self._customers if _shared_number(self.world, each)), customer)
                return [DraftFile(customer, (self._order(customer, oddity),))]
            case "bad_syntax" if room >= 3:
                orders = (self._order(customer), self._order(customer, oddity), self._order(customer))
                return [DraftFile(customer, orders)]
            case "test_usage":
                return [DraftFile(customer, (self._order(customer, oddity),), usage="T")]
            case "same_file_again" if room >= 2:
                return [DraftFile(customer, (self._order(customer),), twice=True)]
            case "same_number_again" if room >= 2:
                order = self._order(customer)
                return [DraftFile(customer, (order,)), DraftFile(customer, (replace(order, meant=oddity),))]
            case "unknown_item" | "unknown_unit" | "change_order":
                return [DraftFile(customer, (self._order(customer, oddity),))]
        count = self._dice.randint(2, 4) if self._dice.random() < _GROUPED_SHARE else 1
        return [DraftFile(customer, tuple(self._order(customer) for _ in range(min(count, room))))]

    def _order(self, customer: WorldPartner, oddity: Oddity | None = None) -> DraftOrder:
        self._number += 1
        number = f"{customer.name[:3].upper()}{self.world.seed % 100:02}{500_000 + self._number}"
        dice = self._dice
        items = dice.sample(self._pools[customer.name], min(dice.randint(1, 6), len(self._pools[customer.name])))
        lines = [self._line(place, customer, item) for place, item in enumerate(items, start=1)]
        lines[-1] = self._spoiled(lines[-1], customer, oddity)
        segments = _segments(self.world, customer, number, lines, dice)
        if oddity == "change_order":
            segments[0][1] = "04"
        elif oddity == "bad_syntax":
            segments[0][5] = ""  # BEG05, the order's date, is mandatory
        total = sum((line.quantity * line.price for line in lines), Decimal())
        return DraftOrder(number, tuple(lines), tuple(segments), total, oddity or "clean")

    def _line(self, place: int, customer: WorldPartner, item: WorldItem) -> DraftLine:
        dice = self._dice
        units = [unit for unit in item.units if unit in self.world.unit_codes]
        unit = item.stock_unit if dice.random() < 0.7 else dice.choice(units)
        price = (item.price * item.units[unit]).quantize(_CENT, ROUND_HALF_UP)
        quantity = Decimal(dice.randint(1, 60))
        qualifier, own = customer.product_qualifier, _number_of(item, customer)
        return DraftLine(
            str(place), qualifier, own, item.code, quantity, self.world.unit_codes[unit], price, plain(item.name, 80)
        )

    def _spoiled(self, line: DraftLine, customer: WorldPartner, oddity: Oddity | None) -> DraftLine:
        match oddity:
            case "unknown_item":
                return replace(line, item=f"NOSUCH{self._number:04}", code="")
            case "ambiguous_item" if shared := _shared_number(self.world, customer):
                return replace(line, qualifier=_own_qualifier(customer), item=shared, code="")
            case "unknown_unit":
                return replace(line, unit="BD")
        return line


def _segments(
    world: World, customer: WorldPartner, number: str, lines: Sequence[DraftLine], dice: random.Random
) -> list[Segment]:
    office, place = customer.addresses[0], dice.choice(customer.addresses)
    ordered_on = world.today - dt.timedelta(days=dice.randint(0, 3))
    wanted = world.today + dt.timedelta(days=dice.randint(5, 30))
    heading: list[Segment] = [
        ["BEG", "00", dice.choice(("SA", "SA", "SA", "NE")), number, "", f"{ordered_on:%Y%m%d}"],
        ["CUR", "BY", customer.currency],
        ["REF", "DP", f"{dice.randint(1, 99):03}"],
        ["PER", "BD", plain(customer.contact_name, 60), "TE", customer.contact_phone, "EM", customer.contact_email],
        ["DTM", "002", f"{wanted:%Y%m%d}"],
        ["N1", "BY", plain(customer.title, 60), "92", office.location_number],
        ["N1", "ST", plain(f"{customer.title} {place.name}", 60), "92", place.location_number],
        ["N3", plain(place.street, 55)],
        ["N4", plain(place.city, 30), place.state, place.postal_code, place.country],
    ]
    detail: list[Segment] = []
    for line in lines:
        quantity, price = format(line.quantity, "f"), format(line.price, "f")
        detail.append(["PO1", line.number, quantity, line.unit, price, "", line.qualifier, line.item])
        if line.description:
            detail.append(["PID", "F", "", "", "", line.description])
    return [*heading, *detail, ["CTT", str(len(lines))]]


def _pool(world: World, partner: WorldPartner) -> list[WorldItem]:
    """Items that this customer can order without a fault."""
    shared = _shared_number(world, partner)
    return [
        item
        for item in world.items
        if item.active
        and item.stock_unit in world.unit_codes
        and _number_of(item, partner)
        and not (shared and item.partner_numbers.get(partner.name) == shared)
    ]


def _number_of(item: WorldItem, partner: WorldPartner) -> str:
    """What this partner calls the item under their own qualifier; empty where they have no number for it."""
    match partner.product_qualifier:
        case "VP" | "VN":
            return item.code
        case "UP" | "EN" | "UK":
            return item.barcode
        case _:
            return item.partner_numbers.get(partner.name, "")


def _own_qualifier(partner: WorldPartner) -> str:
    return partner.product_qualifier if partner.product_qualifier not in ("VP", "VN", "UP", "EN", "UK") else "BP"


def _shared_number(world: World, partner: WorldPartner) -> str:
    """A number of the partner's that names two items; empty where there is none."""
    seen: set[str] = set()
    for item in world.items:
        number = item.partner_numbers.get(partner.name, "")
        if number and number in seen:
            return number
        seen.add(number)
    return ""
