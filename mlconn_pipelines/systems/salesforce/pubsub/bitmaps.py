"""Which fields a change event means: bitmaps over the fields of the Avro schema that the event was written by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class UnreadableBitmap(ValueError):
    """A bitmap that does not fit the schema of its event."""


def field_names(schema: Mapping[str, Any], bitmaps: Sequence[str]) -> tuple[str, ...]:
    """Names in the schema's order, those within compound fields as `BillingAddress.City`. Errors: UnreadableBitmap.

    schema: as JSON has it. `0x41` is bits 0 and 6 of the top level; `4-0x06` bits 1 and 2 within field 4.

    >>> schema = {"fields": [{"name": "ChangeEventHeader", "type": "string"}, {"name": "Name", "type": ["null", "string"]}]}
    >>> field_names(schema, ["0x02"])
    ('Name',)
    """
    fields = schema["fields"]
    named: list[tuple[int, int, str]] = []
    for bitmap in bitmaps:
        parent, nested, digits = bitmap.rpartition("-")
        if not nested:
            named += [(place, -1, fields[place]["name"]) for place in _bits(digits, len(fields))]
            continue
        if not parent.isdecimal() or int(parent) >= len(fields):
            raise UnreadableBitmap(f"{bitmap!r} names no field of {len(fields)}")
        place = int(parent)
        inner = _inner(fields[place]["type"])
        named += [(place, bit, f"{fields[place]['name']}.{inner[bit]['name']}") for bit in _bits(digits, len(inner))]
    return tuple(name for _, _, name in sorted(named))


def _bits(digits: str, count: int) -> list[int]:
    try:
        value = int(digits, 16)
    except ValueError:
        raise UnreadableBitmap(f"{digits!r} is no hexadecimal number") from None
    if not digits.lower().startswith("0x") or value < 0 or value >> count:
        raise UnreadableBitmap(f"{digits!r} is no bitmap of {count} fields")
    return [bit for bit in range(count) if value >> bit & 1]


def _inner(kind: Any) -> Sequence[Mapping[str, Any]]:
    """Fields of the record in a union: the first member that is neither null nor a string."""
    members = kind if isinstance(kind, list) else [kind]
    found = next((each for each in members if isinstance(each, Mapping) and "fields" in each), None)
    if found is None:
        raise UnreadableBitmap("the field that a bitmap looks into is no record")
    fields: Sequence[Mapping[str, Any]] = found["fields"]
    return fields
