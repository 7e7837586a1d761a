"""Writing values as Avro binary, as much of it as change events need. No reader: the clients bring theirs."""

from __future__ import annotations

import struct
from typing import Any


def encoded(schema: Any, value: Any) -> bytes:
    """Bare binary of a value by its schema. Errors: ValueError for a value that does not fit."""
    if isinstance(schema, list):
        place = next((place for place, each in enumerate(schema) if _fits(each, value)), None)
        if place is None:
            raise ValueError(f"{value!r} is none of {schema}")
        return _whole(place) + encoded(schema[place], value)
    kind = schema["type"] if isinstance(schema, dict) else schema
    match kind:
        case "null":
            return b""
        case "boolean":
            return b"\1" if value else b"\0"
        case "int" | "long":
            return _whole(value)
        case "double":
            return struct.pack("<d", value)
        case "string":
            data = str(value).encode()
            return _whole(len(data)) + data
        case "enum":
            return _whole(schema["symbols"].index(value))
        case "array":
            items = b"".join(encoded(schema["items"], each) for each in value)
            return (_whole(len(value)) + items if value else b"") + b"\0"
        case "record":
            return b"".join(encoded(each["type"], value.get(each["name"])) for each in schema["fields"])
    raise ValueError(f"{kind} is not written here")


def _fits(schema: Any, value: Any) -> bool:
    kind = schema["type"] if isinstance(schema, dict) else schema
    match kind:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "int" | "long":
            return isinstance(value, int) and not isinstance(value, bool)
        case "double":
            return isinstance(value, float)
        case "string":
            return isinstance(value, str)
        case "record":
            return isinstance(value, dict)
    return False


def _whole(number: int) -> bytes:
    rest = number << 1 if number >= 0 else (-number << 1) - 1
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)
