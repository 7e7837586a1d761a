"""The forms of parameters: the part of JSON Schema that the verbs need, held strictly. What is not named is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

Form = Mapping[str, object]


class BadForm(Exception):
    """Parameters that are not of their verb's form: nothing was done."""


def text(max: int, pattern: str = r"[^\x00-\x1f\x7f-\x9f]+") -> Form:
    """Without control characters; min is one character, since an empty text is told by leaving the field out."""
    return {"type": "string", "minLength": 1, "maxLength": max, "pattern": f"^(?:{pattern})$"}


DATE = text(8, "[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
"""YYYYMMDD. That the day exists is Sage's to say."""
HOURS = text(8, r"[0-9]{1,2}(\.[0-9]{1,5})?")
"""A time as Sage stamps it: decimal hours."""


def decimal(whole: int, places: int) -> Form:
    """A number as text, so that no digit is lost on the way."""
    return {"type": "string", "maxLength": whole + places + 2, "pattern": f"^-?[0-9]{{1,{whole}}}(\\.[0-9]{{1,{places}}})?$"}


def one_of(*values: str) -> Form:
    return {"type": "string", "enum": list(values)}


def items(form: Form, most: int, least: int = 1) -> Form:
    return {"type": "array", "items": form, "minItems": least, "maxItems": most}


def fields(required: Mapping[str, Form] | None = None, **optional: Form) -> Form:
    needed = required or {}
    return {"type": "object", "properties": {**needed, **optional}, "required": list(needed), "additionalProperties": False}


def check(value: object, form: Form, where: str = "params") -> None:
    """Raises BadForm with the place and what was expected there."""
    kind = form["type"]
    if kind == "object":
        _check_fields(value, form, where)
    elif kind == "array":
        if not isinstance(value, list):
            raise BadForm(f"{where}: expected a list")
        least, most = form["minItems"], form["maxItems"]
        assert isinstance(least, int) and isinstance(most, int)
        if not least <= len(value) <= most:
            raise BadForm(f"{where}: expected {least} to {most} entries, not {len(value)}")
        for place, entry in enumerate(value):
            check(entry, _form(form["items"]), f"{where}[{place}]")
    else:
        _check_text(value, form, where)


def _check_fields(value: object, form: Form, where: str) -> None:
    if not isinstance(value, dict):
        raise BadForm(f"{where}: expected fields")
    known, required = _form(form["properties"]), form["required"]
    assert isinstance(required, list)
    if unknown := sorted(str(name) for name in value if name not in known):
        raise BadForm(f"{where}: unknown field {', '.join(unknown)}")
    if missing := [name for name in required if name not in value]:
        raise BadForm(f"{where}: {', '.join(missing)} is missing")
    for name, entry in value.items():
        check(entry, _form(known[name]), f"{where}.{name}")


def _check_text(value: object, form: Form, where: str) -> None:
    if not isinstance(value, str):
        raise BadForm(f"{where}: expected text")
    allowed, most = form.get("enum"), form.get("maxLength")
    if isinstance(allowed, list) and value not in allowed:
        raise BadForm(f"{where}: expected one of {', '.join(allowed)}")
    if isinstance(most, int) and len(value) > most:
        raise BadForm(f"{where}: expected at most {most} characters")
    pattern = form.get("pattern")
    if isinstance(pattern, str) and not re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value):
        raise BadForm(f"{where}: {value[:40]!r} is not of the form expected")


def _form(value: object) -> Form:
    assert isinstance(value, Mapping)
    return value


def number(value: object) -> Decimal:
    """A number of a checked form."""
    return Decimal(str(value))
