"""The made-up items: two hundred, some with names and numbers that break careless programs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal

from mlconn_simulators.world.model import WorldItem, WorldPartner
from mlconn_simulators.world.partners import gtin

EACH, BOX, CARTON, KILOGRAM, ODD = "Each", "Box 12", "Carton 48", "kg", "Wicker Basket"
UNIT_CODES = {EACH: "EA", BOX: "BX", CARTON: "CA", KILOGRAM: "KG"}
"""ERP unit to X12 unit. The odd one has no agreement: documents in it cannot leave."""

AMBIGUOUS = ("northwind", "orchardco")
"""Partners that gave two items one number, once each."""

_KINDS = ("Bolt", "Bracket", "Hinge", "Washer", "Lamp", "Shelf", "Cable", "Valve", "Filter", "Handle", "Panel", "Clamp")
_MATERIALS = ("steel", "brass", "oak", "nylon", "zinc", "copper", "beech", "rubber")
_ODD_NAMES = (
    'Rohr 3/4" verzinkt, Länge 2 m',
    "Señal luminosa «Ñandú» ámbar",
    "Cable *shielded* 4x0,75 mm²",
    "Tape ~ double sided ~ 50 mm",
    "Valve > 6 bar (DN 25)",
    "Hose | 10 m | green",
    "O'Brien's \"Best\" hinge & screw set",
    "  Panel with blanks around  ",
    "Лампа настольная, 40 Вт",
    "特製ネジ M8×20 (箱入り)",
    "Pressure reducing valve with integrated strainer, brass body, union connections both sides, pressure gauge 0–10 bar, DN 20",
    "Shelf board, solid beech, oiled, edges rounded on all four sides, drilled for hidden supports, length 1,200 mm (pair)",
    "Łącznik kątowy 90° – ocynkowany",
    "Emoji set 🙂 for break rooms",
    "Line one\nline two of the name",
)
_ODD_CODES = {7: "BOLT+M8", 19: "O'RING-12", 31: "PIPE 3/4", 43: "LAMP#40%", 55: "SET&GO"}


def make_items(dice: random.Random, partners: Sequence[WorldPartner], count: int = 200) -> tuple[WorldItem, ...]:
    """Items in a fixed order. Every 40th is inactive, every 13th has an odd name, every 20th no barcode."""
    items = [_item(number, dice, partners) for number in range(1, count + 1)]
    for name in AMBIGUOUS:
        first, second = _two_with_a_number(items, name)
        second.partner_numbers[name] = first.partner_numbers[name]
    return tuple(items)


def _two_with_a_number(items: Sequence[WorldItem], partner: str) -> tuple[WorldItem, WorldItem]:
    numbered = [item for item in items if item.active and partner in item.partner_numbers]
    return numbered[-2], numbered[-1]


def _item(number: int, dice: random.Random, partners: Sequence[WorldPartner]) -> WorldItem:
    stock_unit = KILOGRAM if number % 25 == 0 else EACH
    units = {stock_unit: Decimal(1)}
    if stock_unit == EACH and number % 2 == 0:
        units[BOX] = Decimal(12)
    if stock_unit == EACH and number % 6 == 0:
        units[CARTON] = Decimal(48)
    if number % 10 == 3:
        units[ODD] = Decimal(7)
    plain = f"{dice.choice(_KINDS)} {dice.choice(_MATERIALS)} {dice.randint(2, 120)} mm"
    return WorldItem(
        code=_ODD_CODES.get(number, f"A{1000 + number}"),
        name=_ODD_NAMES[number // 13 % len(_ODD_NAMES)] if number % 13 == 0 else plain,
        barcode="" if number % 20 == 0 else gtin(f"61414100{number:03}"),
        stock_unit=stock_unit,
        price=Decimal(dice.randint(45, 48_000)) / 100,
        units=units,
        partner_numbers={p.name: f"{p.name[:2].upper()}-{number:05}" for p in partners if dice.random() < 0.6},
        active=number % 40 != 0,
    )
