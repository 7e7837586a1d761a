"""The border: text and numbers from outside as they can be kept. PostgreSQL takes no NUL and no half of a surrogate pair.

Free text has what cannot be kept replaced where everybody sees it. What tells one thing from another (a key, a control number,
an order's number) would become another's by that: it gets a digest of what was received, so that it stays its own, and whoever
reads it (a fetch, a receipt) holds it by itself with a sentence. A number that is none (NaN, Infinity), or beyond all measure, is no
amount, and in JSON it is text, so that nobody takes it for nought.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any

REPLACEMENT = "\ufffd"
IDENTITY_MAX = 200
"""Characters. An index of PostgreSQL takes 2,704 bytes a row, and no identity of any system or of X12 is half as long."""
EXPONENT_MAX = 1_000
"""Of a number in JSON, either way. PostgreSQL takes 131,072 digits; nobody's quantity or price has a thousand."""
DIGITS_MAX = 60
"""Of an amount: so many before the point, and so many behind it."""
DEPTH_MAX = 200
"""Of JSON values within each other. Records of ERPs have four."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_WHOLE = 2**63
_PLAIN_MAX = 100
"""Characters of a number, point included, that is written without an exponent: so its exponent is small as well."""


def is_storable(text: str) -> bool:
    """Whether PostgreSQL takes it as it is."""
    return "\x00" not in text if text.isascii() else _UNSTORABLE.search(text) is None


def storable_text(text: str) -> str:
    """The text with U+FFFD for each character that cannot be kept.

    >>> storable_text("a" + chr(0) + "b") == "a" + REPLACEMENT + "b"
    True
    """
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub(REPLACEMENT, text)


def is_identity(text: str, longest: int = IDENTITY_MAX) -> bool:
    """Whether it can be kept as what tells one thing from another, unchanged."""
    return len(text) <= longest and is_storable(text)


def storable_identity(text: str, longest: int = IDENTITY_MAX) -> str:
    """The text where it is an identity, else what can be kept of it, and a digest of the whole. Twice is as good as once.

    >>> storable_identity("4711")
    '4711'
    >>> storable_identity("47" + chr(0)) != storable_identity("47" + chr(0) * 2)
    True
    """
    if is_identity(text, longest):
        return text
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{storable_text(text)[: longest - 17]}#{digest}"


def storable_whole(number: int) -> int:
    """The nearest number that a column of 64 bits takes."""
    return max(-_WHOLE, min(_WHOLE - 1, number))


def storable_amount(number: Decimal | None) -> Decimal | None:
    """An amount that can be added up, None where it is none: not finite, or of more digits than money has."""
    if number is None or not number.is_finite():
        return None
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return number if number.adjusted() < DIGITS_MAX and exponent >= -DIGITS_MAX else None


def storable_number(number: Decimal) -> Decimal | str:
    """A number of JSON; as text, which no field for numbers takes, where its digits would fill the disk or it has no finite value."""
    written = str(number)  # no shorter than its digits, and far quicker to count than they are
    if len(written) < _PLAIN_MAX and "E" not in written and number.is_finite():
        return number  # as nearly all are
    if not number.is_finite():
        return written
    few = len(written) <= EXPONENT_MAX or len(number.as_tuple().digits) <= EXPONENT_MAX
    return number if few and abs(number.adjusted()) <= EXPONENT_MAX else written


def storable_json(value: Any, depth: int = 0) -> Any:
    """A JSON value as it can be kept and read again: text, keys and numbers as above, and no deeper than anybody reads.

    A value in which nothing has to change is given back as it is.
    """
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(Decimal(value))
    if isinstance(value, Decimal):
        return storable_number(value)
    if isinstance(value, int):
        return value if value.bit_length() <= 3 * EXPONENT_MAX else _beyond_measure(value)
    if isinstance(value, Mapping | list | tuple) and depth >= DEPTH_MAX:
        return f"{REPLACEMENT} nested more than {DEPTH_MAX} deep"
    if isinstance(value, Mapping):
        made = {storable_text(str(key)): storable_json(held, depth + 1) for key, held in value.items()}
        return value if len(made) == len(value) and all(made.get(key) is held for key, held in value.items()) else made
    if isinstance(value, list | tuple):
        rows = [storable_json(held, depth + 1) for held in value]
        return value if all(new is old for new, old in zip(rows, value, strict=True)) else rows
    return value


def _beyond_measure(number: int) -> str:
    return f"{REPLACEMENT} a whole number of {number.bit_length()} bits"
