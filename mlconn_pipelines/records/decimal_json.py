"""JSON whose numbers never pass through a double: a Decimal leaves as its own digits, in the scale of the field that it is for."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode  # `json.dumps` would make a new one for every value
NO_SCALES: Mapping[str, int] = {}


def to_scale(value: Decimal, places: int) -> Decimal:
    """The value with at most so many decimals, halves up; trailing zeros left out.

    >>> to_scale(Decimal("0.0000005"), 6), to_scale(Decimal("12.500"), 6)
    (Decimal('0.000001'), Decimal('12.5'))
    """
    text = number_text(value, places)
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def fits(value: Decimal, places: int) -> bool:
    """Whether so many decimals hold the value exactly.

    >>> fits(Decimal("1.250000"), 2), fits(Decimal("1.255"), 2)
    (True, False)
    """
    return value == to_scale(value, places)


def dumps(value: Any, scales: Mapping[str, int] = NO_SCALES, *, sort_keys: bool = False) -> str:
    """The JSON of a record. scales: decimals of a field's numbers, by its name; a field without one keeps the number's own.

    Errors: TypeError for a value that has no form in JSON, ValueError for a number that is none.

    >>> dumps({"amount": Decimal("12345678901234567.895"), "price": Decimal("12.5"), "n": 3}, {"price": 6})
    '{"amount": 12345678901234567.895, "price": 12.500000, "n": 3}'
    """
    return _text(value, None, scales, sort_keys)


def number_text(value: Decimal, places: int | None = None) -> str:
    """A number's digits without exponent, in so many decimals where they are given.

    >>> number_text(Decimal("1E+3")), number_text(Decimal("-0.00"), 2)
    ('1000', '0.00')
    """
    if not value.is_finite():
        raise ValueError(f"{value} is no number")
    if places is not None:
        wide = Context(prec=max(value.adjusted(), 0) + places + 2, rounding=ROUND_HALF_UP)
        value = value.quantize(Decimal(1).scaleb(-places), context=wide)
    return f"{value:f}" if value else f"{value.copy_abs():f}"


def _text(value: Any, places: int | None, scales: Mapping[str, int], sort_keys: bool) -> str:
    match value:
        case None | bool() | int() | str():
            return _ENCODE(value)
        case Decimal():
            return number_text(value, places)
        case float():
            return number_text(Decimal(str(value)), places)
        case Mapping():
            named = sorted(value.items()) if sort_keys else value.items()
            pairs = [
                f"{_ENCODE(name)}: {_ENCODE(part) if type(part) is str else _text(part, scales.get(name), scales, sort_keys)}"
                for name, part in named
            ]
            return "{" + ", ".join(pairs) + "}"
        case Sequence():
            return "[" + ", ".join([_text(part, places, scales, sort_keys) for part in value]) + "]"
        case dt.date() | dt.time():
            return _ENCODE(value.isoformat())
    raise TypeError(f"{type(value).__name__} has no form in JSON")
