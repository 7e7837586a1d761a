"""JSON in one form only, so that what is signed on one side is what is checked on the other."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

DEPTH_MAX = 16
INTEGER_MAX = 2**53 - 1
"""What every reader of JSON keeps exactly. Amounts are texts: no two programs write a float alike."""


class Malformed(Exception):
    """What came has no form that is agreed upon. Its text names what was expected, and nothing of what came."""


def canonical(value: Any) -> bytes:
    """UTF-8, names sorted by code point, no spaces, nothing escaped that need not be. Malformed for what has no such form."""
    _check(value, 0)
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise Malformed("expected text without halves of characters") from None


def digest(value: Any) -> str:
    return hashlib.sha256(canonical(value)).hexdigest()


def parsed(content: bytes) -> dict[str, Any]:
    """An object as it came over the wire. Errors: Malformed."""
    try:
        value = json.loads(
            content.decode(), object_pairs_hook=_once, parse_float=_refused, parse_constant=_refused, parse_int=_integer
        )
    except (ValueError, RecursionError):
        raise Malformed("expected JSON") from None
    if not isinstance(value, dict):
        raise Malformed("expected a JSON object")
    _check(value, 0)
    return value


def text(values: Mapping[str, Any], name: str, most: int, form: str = "", missing: str | None = None) -> str:
    """form: a regular expression for the whole. missing: what it is where it is not there; None where it has to be."""
    value = values.get(name, missing)
    if not isinstance(value, str) or len(value) > most or (form and not re.fullmatch(form, value)):
        raise Malformed(f"expected {name}: text of at most {most} characters" + (f" of the form {form}" if form else ""))
    return value


def whole(values: Mapping[str, Any], name: str, least: int, most: int, missing: int | None = None) -> int:
    value = values.get(name, missing)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise Malformed(f"expected {name}: a whole number from {least} to {most}")
    return value


def fields(values: Mapping[str, Any], name: str, missing: Mapping[str, Any] | None = None) -> dict[str, Any]:
    value = values.get(name, missing)
    if not isinstance(value, Mapping):
        raise Malformed(f"expected {name}: an object")
    return dict(value)


def listed(values: Mapping[str, Any], name: str, most: int) -> list[Any]:
    value = values.get(name, [])
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > most:
        raise Malformed(f"expected {name}: a list of at most {most}")
    return list(value)


def _check(value: Any, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise Malformed(f"expected no more than {DEPTH_MAX} levels")
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise Malformed("expected names that are text")
        for each in value.values():
            _check(each, depth + 1)
    elif isinstance(value, list | tuple):
        for each in value:
            _check(each, depth + 1)
    elif isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise Malformed("expected longer numbers as text")
    elif not (value is None or isinstance(value, str)):
        raise Malformed("expected text, whole numbers, true, false, null, lists and objects")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise Malformed("expected each name once")
    return values


def _refused(number: str) -> Any:
    raise Malformed("expected numbers with a fraction as text")


def _integer(digits: str) -> int:
    if len(digits) > len(str(-INTEGER_MAX)):
        raise Malformed("expected longer numbers as text")
    return int(digits)
