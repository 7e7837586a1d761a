"""JSON whose numbers keep every digit: decimals are written as they are and read without passing through floats."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

_MARK = "\ue000"
_MARKED = re.compile(f'"{_MARK}([^"]*){_MARK}"')


def _marked(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{_MARK}{plain_number(value)}{_MARK}"
    raise TypeError(f"{type(value).__name__} has no JSON form")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, default=_marked)


def plain_number(value: Decimal) -> str:
    """Without exponent and trailing zeros.

    >>> plain_number(Decimal("1.50")), plain_number(Decimal("1E+3"))
    ('1.5', '1000')
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def dumps(value: Any) -> str:
    """
    >>> dumps({"amount": Decimal("12345678901234567.89"), "price": Decimal("10.00")})
    '{"amount":12345678901234567.89,"price":10}'
    """
    return _MARKED.sub(r"\1", _ENCODER.encode(value))


def loads(text: bytes | str) -> Any:
    """Numbers with a point become Decimal. Errors: ValueError for what is no JSON."""
    return json.loads(text, parse_float=Decimal)
