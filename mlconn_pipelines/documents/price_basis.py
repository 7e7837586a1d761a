"""What a price is stated for (X12 element 639; PO105, IT105): one of the unit, ten to some power of them, a measure, or no such thing.

Source: the code list of element 639 in 004010 and 005010. Codes that only say which price it is (`CT` by contract, `CA` by
catalogue) leave it that of one unit. Those of a measure fit where the unit is that measure too.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

_STATED_PER_UNIT = ("PE", "UM", "UP", "LE", "QE", "RE", "TE", "WE")
_KIND_OF_PRICE_ONLY = ("CA", "CP", "CT", "DI", "DR", "FX", "KR", "NT", "PQ", "PR", "QT", "SC", "ST", "SW", "VQ", "WH")
_PER_UNIT = frozenset(("", *_STATED_PER_UNIT, *_KIND_OF_PRICE_ONLY))

_POWERS: Mapping[str, int] = {
    "PN": 1,
    **dict.fromkeys(("HP", "LC", "QH", "RC", "TC", "WC"), 2),
    **dict.fromkeys(("TP", "LM", "QS", "RM", "TM", "WM"), 3),
    "TT": 4,
    "HT": 5,
}
_POWER_OF_UNIT: Mapping[str, int] = {"HU": 2, "TH": 3}  # a hundred, a thousand: then one unit is what the price is for

_MEASURES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("PD", "LD", "RD", "TD", "WD"), ("DZ",)),
    "PP": ("LB", "PN", "01", "24"),
    "PK": ("KG", "50", "53", "58"),
    "PG": ("GR",),
    "PO": ("OZ",),
    "PA": ("TO",),
    "PT": ("TN",),
    "PL": ("LT",),
    "ML": ("ML",),
    "PF": ("FT", "LF"),
    "PY": ("YD",),
    "HF": ("HF", "HL"),
    "TF": ("TL", "TM", "TQ"),
    "PS": ("TS",),
}
"""Basis to the units (element 355) that are this very measure."""


_DOZENS = ("PD", "LD", "RD", "TD", "WD")
_SINGLE = ("EA", "PC", "UN")
"""Units (element 355) of single things, of which a dozen has twelve."""

_GRAMS: Mapping[str, Decimal] = {
    "LB": Decimal("453.59237"),
    "KG": Decimal(1000),
    "GR": Decimal(1),
    "OZ": Decimal("28.349523125"),
    "TN": Decimal("907184.74"),
    "LT": Decimal("1016046.9088"),
    "MP": Decimal(1_000_000),
}
_MILLIMETRES: Mapping[str, Decimal] = {
    "FT": Decimal("304.8"),
    "LF": Decimal("304.8"),
    "YD": Decimal("914.4"),
    "IN": Decimal("25.4"),
    "MR": Decimal(1000),
    "CM": Decimal(10),
}
_MEASURED: Mapping[str, tuple[Mapping[str, Decimal], str]] = {
    "PP": (_GRAMS, "LB"),
    "PK": (_GRAMS, "KG"),
    "PG": (_GRAMS, "GR"),
    "PO": (_GRAMS, "OZ"),
    "PT": (_GRAMS, "TN"),
    "PL": (_GRAMS, "LT"),
    "PF": (_MILLIMETRES, "FT"),
    "PY": (_MILLIMETRES, "YD"),
}
"""Basis to the kind of measure, and to the unit of it that the price is for."""


def units_of_price(basis: str, unit: str) -> Decimal | None:
    """How many of the unit a price is for that a document holds as the price of one (or as it is stated, where it is of another
    measure); None where that does not follow.

    >>> units_of_price("PE", "EA"), units_of_price("PD", "EA"), units_of_price("PP", "LB"), units_of_price("PP", "EA")
    (Decimal('1'), Decimal('12'), Decimal('1'), None)
    """
    if is_price_of_unit(basis, unit):
        return Decimal(1)
    if basis in _DOZENS and unit in _SINGLE:
        return Decimal(12)
    sizes, of_price = _MEASURED.get(basis, ({}, ""))
    return sizes[of_price] / sizes[unit] if unit in sizes else None


def power_of_ten(basis: str, unit: str) -> int:
    """How many zeros the number of units has that a price is stated for; 0 for one unit and for whatever is no power of ten.

    >>> power_of_ten("HP", "EA"), power_of_ten("HP", "HU"), power_of_ten("PP", "LB")
    (2, 0, 0)
    """
    power = _POWERS.get(basis, 0)
    return 0 if power and power == _POWER_OF_UNIT.get(unit) else power


def is_price_of_unit(basis: str, unit: str) -> bool:
    """Whether the price of one unit follows from a stated one. Not where it is for a pound of something sold by the piece, is
    still to be agreed (`TB`), is none (`NC`), or where X12 has no such code.

    >>> is_price_of_unit("", "EA"), is_price_of_unit("TP", "EA"), is_price_of_unit("PP", "LB"), is_price_of_unit("PP", "EA")
    (True, True, True, False)
    """
    return basis in _PER_UNIT or basis in _POWERS or unit in _MEASURES.get(basis, ())
