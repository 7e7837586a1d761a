"""The made-up trading partners: sixteen, with every habit of identifiers, separators and folders that real ones have."""

from __future__ import annotations

import random
from dataclasses import dataclass

from mlconn_simulators.world.model import WorldAddress, WorldPartner

SHARED_OUTLET = "inbox"
"""The Cleo folder in which most partners' files land."""

_STARS = ("*", ">", "^", "~")
_PIPES = ("|", ":", "^", "~")
_LINES = ("*", ":", "U", "\n")
_CONTROLS = ("\x1d", "\x1f", "\x1e", "\x1c")
_PLUS = ("+", "<", "!", "'")


@dataclass(frozen=True)
class _Habits:
    """parts: c(ustomer), s(upplier) or both. brk: a line break after each segment. own_outlet: a folder of their own."""

    name: str
    title: str
    parts: str
    qualifier: str
    id: str
    group_id: str
    version: str
    separators: tuple[str, str, str, str]
    brk: bool
    currency: str
    product_qualifier: str
    own_outlet: bool = False


_US, _EU, _CA = "USD", "EUR", "CAD"
_PARTNERS = (
    _Habits("northwind", "Northwind Traders Inc.", "c", "01", "123456789", "", "004010", _STARS, False, _US, "BP"),
    _Habits("bluepeak", "Blue Peak Outfitters", "c", "12", "2125550142", "", "004010", _PIPES, True, _US, "UP"),
    _Habits("kestrel", "Kestrel & Sons Ltd", "c", "ZZ", "KESTREL", "KESTRELGRO", "004010VICS", _STARS, True, _US, "UP", True),
    _Habits("muellerbau", "Müller Baustoffe GmbH & Co. KG", "c", "14", "4012345000009", "", "005010", _STARS, False, _EU, "EN"),
    _Habits("harborline", "Harbor Line Stores", "c", "08", "6123420000", "HLSTORES", "004010VICS", _PIPES, False, _US, "UP"),
    _Habits("maplegate", "Maple Gate Hardware Ltée", "c", "ZZ", "MAPLEGATE", "", "005010", _STARS, True, _CA, "VP"),
    _Habits("quillstone", "Quill*Stone ~ Papers > Pens", "c", "ZZ", "QUILLSTONE", "", "004010", _LINES, False, _US, "BP"),
    _Habits("bigbarn", "Big Barn Home & Garden Centers of the Greater Mississippi Valley, Inc.", "c", "01", "987654321",
            "BIGBARNUS", "004010", _STARS, False, _US, "VP"),
    _Habits("ferrolux", "Ferrolux Metals SpA", "s", "ZZ", "FERROLUX", "", "004010", _STARS, False, _EU, "VP"),
    _Habits("cedarmill", "Cedar Mill Supply Co.", "s", "01", "555443333", "", "004010", _PIPES, True, _US, "VP"),
    _Habits("polarpack", "Polar Pack Verpackungen AG", "s", "14", "7612345000000", "PPVERP", "005010", _STARS, False, _EU, "EN", True),
    _Habits("tidewater", "Tidewater Components LLC", "s", "ZZ", "TIDEWATERCOMPON", "", "005010", _CONTROLS, False, _US, "UP"),
    _Habits("granitform", "Granit Form Inc.", "s", "12", "5145550199", "", "004010", _PLUS, True, _CA, "VP"),
    _Habits("orchardco", "Orchard & Company", "cs", "ZZ", "ORCHARDCO", "", "004010", _STARS, True, _US, "BP"),
    _Habits("silverfern", "Silver Fern Distribution", "cs", "08", "9400000000", "", "005010", _PIPES, False, _CA, "VP"),
    _Habits("eastgate", "Eastgate Wholesale", "cs", "ZZ", "EASTGATE", "EGWHOLE", "004010", _STARS, False, _US, "SK"),
)  # fmt: skip

_PLACES = {
    _US: (("Memphis", "TN", "38103", "US"), ("Columbus", "OH", "43215", "US"), ("Reno", "NV", "89501", "US"),
          ("Savannah", "GA", "31401", "US"), ("St. Paul", "MN", "55101", "US"), ("El Paso", "TX", "79901", "US")),
    _EU: (("München", "BY", "80331", "DE"), ("Köln", "NW", "50667", "DE"), ("Torino", "TO", "10121", "IT"),
          ("Łódź", "LD", "90-001", "PL")),
    _CA: (("Montréal", "QC", "H2Y 1C6", "CA"), ("Toronto", "ON", "M5H 2N2", "CA"), ("Halifax", "NS", "B3J 1S9", "CA")),
}  # fmt: skip
_STREETS = ("100 Main Street", "77 Rue de l'Église", "Industriestraße 12", "4500 Commerce Pkwy, Dock 7", "9 O'Neill Ave")
_CONTACTS = ("Ann Lee", "José Núñez", "Marek Kowalski", "D'Arcy O'Brien", "Zoë Fischer", "Sam Park")


def make_partners(dice: random.Random) -> tuple[WorldPartner, ...]:
    """All partners, in a fixed order; addresses and contacts follow the dice."""
    return tuple(_partner(number, habits, dice) for number, habits in enumerate(_PARTNERS, start=1))


def _partner(number: int, habits: _Habits, dice: random.Random) -> WorldPartner:
    contact = dice.choice(_CONTACTS)
    return WorldPartner(
        name=habits.name,
        title=habits.title,
        customer_code=f"C{20000 + number * 10}" if "c" in habits.parts else "",
        supplier_code=f"V{10000 + number * 10}" if "s" in habits.parts else "",
        qualifier=habits.qualifier,
        id=habits.id,
        group_id=habits.group_id or habits.id,
        version=habits.version,
        separators=habits.separators,
        line_break=habits.brk,
        currency=habits.currency,
        product_qualifier=habits.product_qualifier,
        inbox=f"to_{habits.name}",
        outlet=f"from_{habits.name}" if habits.own_outlet else SHARED_OUTLET,
        addresses=tuple(_address(number, place, habits, dice) for place in range(dice.randint(2, 4))),
        contact_name=contact,
        contact_email=f"edi@{habits.name}.example",
        contact_phone=f"+1 555 01{number:02}",
    )


def _address(number: int, place: int, habits: _Habits, dice: random.Random) -> WorldAddress:
    city, state, postal_code, country = dice.choice(_PLACES[habits.currency])
    return WorldAddress(
        name="Head Office" if place == 0 else f"DC {place:02} {city}",
        street=dice.choice(_STREETS),
        city=city,
        state=state,
        postal_code=postal_code,
        country=country,
        # Their own store number for some, a 13-digit location number for others.
        location_number=f"{number:02}{place:02}" if number % 2 else gtin(f"0{61234:05}{number:03}{place:03}"),
    )


def gtin(body: str) -> str:
    """A number with its GS1 check digit behind it.

    >>> gtin("03600029145")
    '036000291452'
    """
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)
